//! One customer: who they are, where they stand, what happened, and where every value came from.

use super::facts::{self, Fact};
use super::segments::bindings;
use super::timeline::{Line, line};
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use posthouse_app::clock::SystemEntropy;
use posthouse_app::profiles::{AttributeView, BookingView, CustomerView, Month, Standing};
use posthouse_app::team::Scope;
use posthouse_domain::Entropy;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// Entries of a page of the timeline, and bookings of a page.
const PAGE: usize = 30;

/// What stands large above everything else.
struct Figure {
    title: String,
    value: String,
    below: String,
}

/// A fact with its value.
struct Known {
    fact: Fact,
    value: String,
}

/// A month of the small picture.
struct Bar {
    x: usize,
    y: u64,
    height: u64,
    is_late: bool,
    title: String,
}

#[derive(Template)]
#[template(path = "customers/record.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    tab: &'static str,
    id: Uuid,
    name: String,
    member_no: Option<String>,
    phone: Option<String>,
    city: Option<String>,
    figures: Vec<Figure>,
    bars: Vec<Bar>,
    customer: CustomerView,
    lines: Vec<Line>,
    more: Option<String>,
    bookings: Vec<BookingView>,
    known: Vec<Known>,
    may_write: bool,
    /// Names the note that is written on this page.
    once: Uuid,
}

impl Record {
    fn preference(&self, key: &str) -> String {
        self.ui.say_of("customers-field-", key).to_string()
    }

    fn attribute(&self, attribute: &AttributeView) -> String {
        let known = format!("customers-field-{}", attribute.key).replace('_', "-");
        if crate::texts::has(&known) {
            return self.ui.say_of("customers-field-", &attribute.key).to_string();
        }
        attribute.key.clone()
    }

    fn days(&self, booking: &BookingView) -> String {
        match (booking.departs_on, booking.returns_on) {
            (Some(departs), Some(returns)) => format!("{} – {}", self.ui.day(&departs), self.ui.day(&returns)),
            (Some(day), None) | (None, Some(day)) => self.ui.day(&day),
            (None, None) => String::new(),
        }
    }

    fn tone(&self, booking: &BookingView) -> &'static str {
        match booking.status.as_str() {
            "completed" | "in_trip" => "good",
            "confirmed" | "contracted" | "paid" => "acc",
            "cancelled" | "refunded" => "bad",
            _ => "",
        }
    }
}

/// The next entries of a timeline.
#[derive(Template)]
#[template(path = "customers/lines.html")]
struct Lines {
    ui: Ui,
    lines: Vec<Line>,
    more: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    tab: Option<String>,
    cursor: Option<String>,
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Part(is_part): Part,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let profiles = desk.app().profiles();
    let bindings = bindings(&desk, caller, ui).await?;
    let page_of =
        |cursor: Option<String>| cursor.map(|cursor| format!("/customers/{id}?cursor={}", cursor.replace('&', "%26")));
    if let (true, Some(cursor)) = (is_part, asked.cursor.as_deref()) {
        let (entries, next) = profiles.timeline(caller, id, Some(cursor), PAGE).await?;
        let lines = entries.into_iter().map(|entry| line(entry, &bindings, ui)).collect();
        return page(&Lines {
            ui,
            lines,
            more: page_of(next),
        });
    }
    let mut customer = profiles.get(caller, id).await?;
    let standing = profiles.standing(caller, id).await?;
    let facts = facts::all(&desk, caller, ui).await?;
    let tab = match asked.tab.as_deref() {
        Some("trips") => "trips",
        Some("facts") => "facts",
        Some("profile") => "profile",
        _ => "timeline",
    };
    let bookings = if tab == "trips" {
        profiles.bookings(caller, id, None, 100).await?.0
    } else {
        Vec::new()
    };
    let lines = std::mem::take(&mut customer.timeline)
        .into_iter()
        .map(|entry| line(entry, &bindings, ui))
        .collect();
    let known = facts.into_iter().filter_map(|fact| {
        let value = customer.facts.get(&fact.key)?;
        (!value.is_null()).then(|| Known {
            value: fact.shown_json(value, ui),
            fact,
        })
    });
    let known: Vec<Known> = known.collect();
    let shown = |key: &str| customer.profile.get(key).and_then(Value::as_str).map(str::to_owned);
    let identity = |kind: &str| {
        customer
            .identities
            .iter()
            .find(|one| one.kind == kind)
            .and_then(|one| one.value.clone())
    };
    let name = shown("name").unwrap_or_else(|| ui.say("customers-nameless").to_string());
    page(&Record {
        ui,
        shell: Shell::new(&session, ui, "customers"),
        tab,
        id,
        name,
        member_no: identity("member_no"),
        phone: identity("phone"),
        city: shown("home_city"),
        figures: figures(&customer, &known, &standing, ui),
        bars: bars(&standing, ui),
        more: page_of(customer.timeline_next.clone()),
        customer,
        lines,
        bookings,
        known,
        may_write: caller.may(Scope::Intake).is_ok(),
        once: SystemEntropy.id(desk.app().now()),
    })
}

/// The four numbers an office asks for first.
fn figures(customer: &CustomerView, known: &[Known], standing: &Standing, ui: Ui) -> Vec<Figure> {
    let value = |key: &str| {
        known
            .iter()
            .find(|known| known.fact.key == key)
            .map(|known| known.value.clone())
    };
    let whole = |key: &str| customer.facts.get(key).and_then(Value::as_i64);
    let dash = || "—".to_owned();
    let rank = standing
        .spend
        .map(|place| ui.say("customers-top").count("percent", place.percent).to_string());
    let last = whole("recency-days").map(|days| ui.say("customers-last-trip").count("days", days).to_string());
    let margin = value("margin-12m").map(|margin| ui.say("customers-margin").with("margin", margin).to_string());
    let contact = whole("days-since-contact").map(|days| ui.say("customers-days-ago").count("days", days).to_string());
    vec![
        Figure {
            title: ui.say("customers-figure-spend").to_string(),
            value: value("spend-24m").unwrap_or_else(dash),
            below: rank.unwrap_or_default(),
        },
        Figure {
            title: ui.say("customers-figure-trips").to_string(),
            value: value("trips-24m").unwrap_or_else(dash),
            below: last.unwrap_or_default(),
        },
        Figure {
            title: ui.say("customers-figure-worth").to_string(),
            value: value("clv-24m").unwrap_or_else(dash),
            below: margin.unwrap_or_default(),
        },
        Figure {
            title: ui.say("customers-figure-contacts").to_string(),
            value: value("contacts-90d").unwrap_or_else(dash),
            below: contact.unwrap_or_default(),
        },
    ]
}

/// What was booked in each of twelve months, the highest as high as the picture.
fn bars(standing: &Standing, ui: Ui) -> Vec<Bar> {
    const HEIGHT: u64 = 32;
    // by amounts, or by bookings for somebody from whom amounts are kept
    let size = |month: &Month| {
        month
            .amount
            .map_or(month.bookings, |amount| amount.max(0).unsigned_abs())
    };
    let most = standing.months.iter().map(size).max().unwrap_or(0).max(1);
    let bar = |(place, month): (usize, &Month)| {
        let height = (u128::from(size(month)) * u128::from(HEIGHT) / u128::from(most)) as u64;
        let height = height.max(1);
        let amount = month.amount.map(|amount| ui.money(amount));
        Bar {
            x: place * 14,
            y: HEIGHT - height,
            height,
            is_late: place >= 9 && month.bookings > 0,
            title: format!(
                "{} · {}",
                month.month,
                amount.unwrap_or_else(|| ui.number(month.bookings))
            ),
        }
    };
    standing.months.iter().enumerate().map(bar).collect()
}
