//! The timeline in words: each entry says what happened, and to what it leads.

use super::segments::Bindings;
use crate::ui::Ui;
use posthouse_app::timeline::TimelineEntry;
use posthouse_domain::time::parse_day;
use serde_json::Value;

/// An entry as it is shown.
pub(super) struct Line {
    /// `acc`, `good`, `warn`, `bad` or nothing: the colour of its dot.
    pub(super) tone: &'static str,
    pub(super) at: i64,
    pub(super) title: String,
    pub(super) detail: String,
    /// Who told it.
    pub(super) source: String,
}

fn text<'v>(data: &'v Value, key: &str) -> Option<&'v str> {
    data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An entry in words.
pub(super) fn line(entry: TimelineEntry, bindings: &Bindings, ui: Ui) -> Line {
    let data = &entry.data;
    let between = if ui.is_chinese() { "、" } else { ", " };
    let (tone, title, detail) = match entry.r#type.as_str() {
        "segment.moved" => moved(data, bindings, ui),
        "contact.made" => {
            let channel = text(data, "channel").map(|channel| channel_name(channel, ui));
            let title = match &channel {
                Some(channel) => ui.say("customers-contact-by").with("channel", channel).to_string(),
                None => ui.say("customers-contact").to_string(),
            };
            (
                "",
                title,
                text(data, "note")
                    .or_else(|| text(data, "topic"))
                    .unwrap_or_default()
                    .to_owned(),
            )
        }
        "site.viewed" => ("", ui.say("customers-viewed").to_string(), place(data, between)),
        "site.searched" => {
            let asked = text(data, "query").map_or_else(|| place(data, between), str::to_owned);
            ("", ui.say("customers-searched").to_string(), asked)
        }
        "review.written" => reviewed(data, ui, between),
        "profile.updated" => (
            "",
            ui.say("customers-profile-changed").to_string(),
            changed(data, ui, between),
        ),
        booking if booking.starts_with("booking.") => {
            let state = booking.trim_start_matches("booking.");
            let tone = match state {
                "confirmed" | "contracted" | "paid" => "acc",
                "in_trip" | "completed" => "good",
                "cancelled" | "refunded" => "bad",
                _ => "",
            };
            (
                tone,
                ui.say_of("customers-booking-", state).to_string(),
                trip(data, ui, between),
            )
        }
        other => ("", other.to_owned(), String::new()),
    };
    Line {
        tone,
        at: entry.occurred_at,
        title,
        detail,
        source: entry.source,
    }
}

fn moved(data: &Value, bindings: &Bindings, ui: Ui) -> (&'static str, String, String) {
    let binding = text(data, "binding").unwrap_or_default();
    let title = |key: &str| text(data, key).map(|key| bindings.title(&format!("{binding}.{key}")));
    let said = match (title("from"), title("to")) {
        (Some(from), Some(to)) => ui.say("customers-moved").with("from", from).with("to", to),
        (None, Some(to)) => ui.say("customers-entered").with("to", to),
        (Some(from), None) => ui.say("customers-left").with("from", from),
        (None, None) => ui.say("customers-profile-changed"),
    };
    ("acc", said.to_string(), binding.to_owned())
}

fn reviewed(data: &Value, ui: Ui, between: &str) -> (&'static str, String, String) {
    let rating = data.get("rating").and_then(Value::as_i64);
    let tone = match rating {
        Some(..=2) => "bad",
        Some(4..) => "good",
        _ => "",
    };
    let title = match rating {
        Some(rating) => ui.say("customers-reviewed-rated").with("rating", rating.to_string()),
        None => ui.say("customers-reviewed"),
    };
    let what = text(data, "text").map(str::to_owned);
    (tone, title.to_string(), what.unwrap_or_else(|| place(data, between)))
}

fn place(data: &Value, between: &str) -> String {
    let found = ["product", "sku", "destination", "theme"]
        .iter()
        .filter_map(|key| text(data, key));
    found.collect::<Vec<_>>().join(between)
}

fn trip(data: &Value, ui: Ui, between: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let what = text(data, "product").or_else(|| text(data, "destination"));
    parts.extend(what.or_else(|| text(data, "booking_id")).map(str::to_owned));
    let days = (
        text(data, "departs").and_then(parse_day),
        text(data, "returns").and_then(parse_day),
    );
    match days {
        (Some(departs), Some(returns)) => parts.push(format!("{} – {}", ui.day(&departs), ui.day(&returns))),
        (Some(day), None) | (None, Some(day)) => parts.push(ui.day(&day)),
        (None, None) => {}
    }
    if let Some(travellers) = data.get("travellers").and_then(Value::as_i64) {
        parts.push(ui.say("customers-travellers").count("count", travellers).to_string());
    }
    parts.join(if ui.is_chinese() { "，" } else { between })
}

/// What somebody set by hand, by the names of the fields.
fn changed(data: &Value, ui: Ui, between: &str) -> String {
    let mut fields: Vec<String> = Vec::new();
    let field = |key: &str| {
        let known = format!("customers-field-{key}").replace('_', "-");
        if crate::texts::has(&known) {
            ui.say_of("customers-field-", key).to_string()
        } else {
            key.to_owned()
        }
    };
    if let Some(name) = text(data, "name") {
        fields.push(format!("{} {name}", field("name")));
    }
    for key in ["attributes", "preferences"] {
        let told = data.get(key).and_then(Value::as_object).into_iter().flatten();
        fields.extend(told.map(|(key, value)| match value {
            Value::String(value) => format!("{} {value}", field(key)),
            _ => field(key),
        }));
    }
    let kinds = data.get("identities").and_then(Value::as_array).into_iter().flatten();
    fields.extend(kinds.filter_map(Value::as_str).map(field));
    fields.join(between)
}

/// By what somebody was reached.
pub(super) fn channel_name(channel: &str, ui: Ui) -> String {
    let known = format!("customers-channel-{channel}");
    if crate::texts::has(&known) {
        ui.say_of("customers-channel-", channel).to_string()
    } else {
        channel.to_owned()
    }
}
