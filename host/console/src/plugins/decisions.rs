//! What rules were asked and said, one case at a time, and asking them again.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::facts::Facts;
use crate::parts::schema::word;
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::texts::has;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use posthouse_app::rules::{BindingView, DecisionFilter, DecisionView, Replay};
use posthouse_app::segments::SEGMENTATION;
use posthouse_app::team::{Scope, Session};
use posthouse_domain::Localized;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// Decisions of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    binding: String,
    customer: Option<Uuid>,
    #[serde(default)]
    outcome: String,
    cursor: Option<Uuid>,
}

/// A decision of the list: what the host made of it in words.
#[derive(Debug)]
struct Row {
    id: Uuid,
    at: i64,
    binding: String,
    is_fault: bool,
    outcome: String,
    said: String,
    off: i64,
}

#[derive(Template)]
#[template(path = "plugins/decisions.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    bindings: Vec<BindingView>,
    asked: Asked,
    rows: Vec<Row>,
    next: Option<Uuid>,
}

fn said(ui: Ui, decision: &DecisionView) -> String {
    let text: Localized = serde_json::from_value(decision.effect["text"].clone()).unwrap_or_default();
    ui.local(&text).to_owned()
}

fn row(ui: Ui, decision: DecisionView) -> Row {
    Row {
        said: said(ui, &decision),
        off: decision.effect["off"].as_i64().unwrap_or_default(),
        id: decision.id,
        at: decision.at,
        is_fault: decision.outcome != "answered",
        binding: decision.binding,
        outcome: decision.outcome,
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let (ui, app) = (Ui::from(bare), desk.app());
    let mut bindings = app.bindings().list(caller).await?;
    // whoever sorts customers is asked about everyone at once
    bindings.retain(|binding| binding.extension_point != SEGMENTATION);
    let chosen = bindings.iter().find(|binding| binding.name == asked.binding);
    let filter = DecisionFilter {
        binding: chosen.map(|binding| (binding.extension_point.clone(), binding.name.clone())),
        customer: asked.customer,
        subject: None,
        digest: None,
        outcome: Some(asked.outcome.clone()).filter(|outcome| !outcome.is_empty()),
    };
    let (found, next) = app.decisions().list(caller, filter, asked.cursor, PAGE).await?;
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "plugins"),
        tabs: tabs(caller, "decisions"),
        bindings,
        rows: found.into_iter().map(|decision| row(ui, decision)).collect(),
        next,
        asked,
    })
}

/// A value of what was asked or said, with the place where it stands.
#[derive(Debug, PartialEq, Eq)]
struct Cell {
    place: String,
    value: String,
}

#[derive(Template)]
#[template(path = "plugins/decision.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    decision: DecisionView,
    said: String,
    plugin: String,
    facts: Vec<Cell>,
    request: Vec<Cell>,
    output: Vec<Cell>,
    log: Vec<(String, String)>,
    replay: Option<Replay>,
    difference: Option<(String, String, String)>,
    may_replay: bool,
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    draw(&desk, &session, bare.into(), id, None).await
}

/// Asks the rule again, with the plugin, settings and input of then. Nothing is changed.
pub(super) async fn replay(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    session.caller.may(Scope::Rules)?;
    let replay = desk.app().decisions().replay(&session.caller, id).await?;
    draw(&desk, &session, bare.into(), id, Some(replay)).await
}

async fn draw(desk: &Desk, session: &Session, ui: Ui, id: Uuid, replay: Option<Replay>) -> Answer {
    let (app, caller) = (desk.app(), &session.caller);
    let decision = app.decisions().get(caller, id).await?;
    let plugin = app.plugins().get(caller, &decision.digest).await?;
    let names = Facts::of(desk, caller, ui).await?;
    let facts = decision.input["request"]["facts"].as_object().into_iter().flatten();
    let facts = facts.map(|(key, value)| Cell {
        place: names.named(key).title,
        value: names.told(key, value),
    });
    let facts = facts.collect();
    let mut request = decision.input["request"].clone();
    if let Value::Object(request) = &mut request {
        request.remove("facts");
    }
    let lines = decision.log.as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let or_nothing = |value: &Option<Value>| value.as_ref().map_or_else(|| "—".into(), plain);
    page(&Record {
        ui,
        shell: Shell::new(session, ui, "plugins"),
        said: said(ui, &decision),
        plugin: format!("{} {}", plugin.name, plugin.version),
        facts,
        request: cells(ui, &request),
        output: cells(ui, &reasons_in_words(ui, &plugin.reasons, &decision.output)),
        log: lines
            .map(|line| (text(&line["level"]), text(&line["message"])))
            .collect(),
        difference: replay
            .as_ref()
            .and_then(|replay| replay.difference.as_ref())
            .map(|found| (found.at.clone(), or_nothing(&found.then), or_nothing(&found.now))),
        may_replay: caller.may(Scope::Rules).is_ok(),
        replay,
        decision,
    })
}

impl Record {
    fn used(&self, what: &str) -> String {
        self.ui.number(self.decision.usage[what].as_i64().unwrap_or_default())
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "—".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a rule said, with its reasons as the plugin words them instead of their codes.
fn reasons_in_words(ui: Ui, reasons: &Value, output: &Value) -> Value {
    let word = |code: &str| {
        let found = reasons.as_array()?.iter().find(|reason| reason["code"] == code)?;
        let text: Localized = serde_json::from_value(found["text"].clone()).ok()?;
        Some(ui.local(&text).to_owned())
    };
    match output {
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| match (key.as_str(), value) {
                ("reason", Value::String(code)) => (key.clone(), word(code).unwrap_or_else(|| code.clone()).into()),
                _ => (key.clone(), reasons_in_words(ui, reasons, value)),
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Array(items) => items.iter().map(|item| reasons_in_words(ui, reasons, item)).collect(),
        one => one.clone(),
    }
}

/// A field of a request or an answer, as people call it.
fn called(ui: Ui, key: &str) -> String {
    let text = format!("plugins-field-{}", key.replace('_', "-"));
    match has(&text) {
        true => ui.say_of("plugins-field-", key).to_string(),
        false => key.replace('_', " "),
    }
}

/// What stands in a field, as people write it.
fn told(ui: Ui, key: &str, value: &Value) -> String {
    match (key, value.as_i64()) {
        ("unit_price" | "amount" | "off" | "price", Some(minor)) => ui.money(minor),
        ("rate", Some(points)) => format!("{}%", points as f64 / 100.0),
        ("departs" | "returns" | "today" | "booked" | "on" | "since" | "member_since" | "valid_until", Some(day)) => {
            i32::try_from(day).map_or_else(|_| day.to_string(), |day| ui.day(&day))
        }
        // rules count from nought
        ("line", Some(line)) => (line + 1).to_string(),
        ("kind", None) => word(ui, value),
        ("at", Some(at)) => ui.exact(&at),
        _ => plain(value),
    }
}

/// Every value with its place, in the order of the document.
fn cells(ui: Ui, document: &Value) -> Vec<Cell> {
    fn walk(ui: Ui, (key, value): (&str, &Value), place: &str, cells: &mut Vec<Cell>) {
        let below = |name: String| {
            if place.is_empty() {
                name
            } else {
                format!("{place} › {name}")
            }
        };
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                fields
                    .iter()
                    .for_each(|(key, value)| walk(ui, (key, value), &below(called(ui, key)), cells));
            }
            Value::Array(items) if !items.is_empty() => {
                (1..)
                    .zip(items)
                    .for_each(|(number, value)| walk(ui, (key, value), &below(format!("{number}")), cells));
            }
            Value::Object(_) | Value::Array(_) => cells.push(Cell {
                place: place.to_owned(),
                value: "—".into(),
            }),
            one => cells.push(Cell {
                place: place.to_owned(),
                value: told(ui, key, one),
            }),
        }
    }
    let mut found = Vec::new();
    walk(ui, ("", document), "", &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Language;
    use serde_json::json;

    #[test]
    fn a_document_is_told_value_by_value() {
        let ui = Ui::of_test(Language::En);
        let document =
            json!({"basket": {"lines": [{"unit_price": 123_450, "departs": null}, {"kind": "tour"}]}, "codes": []});
        let found = cells(ui, &document);
        let found: Vec<_> = found
            .iter()
            .map(|cell| (cell.place.as_str(), cell.value.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("Basket › Lines › 1 › Departure", "—"),
                ("Basket › Lines › 1 › Unit price", "¥1,234.50"),
                ("Basket › Lines › 2 › Kind", "Tours"),
                ("Codes", "—"),
            ]
        );
    }

    #[test]
    fn reasons_are_in_the_words_of_the_plugin() {
        let reasons = json!([{"code": "stage", "text": {"zh-CN": "该召回了", "en": "To be won back"}}]);
        let said = json!({"offers": [{"reason": "stage"}, {"reason": "gone"}]});
        let worded = reasons_in_words(Ui::of_test(Language::Zh), &reasons, &said);
        assert_eq!(worded, json!({"offers": [{"reason": "该召回了"}, {"reason": "gone"}]}));
    }
}
