//! One customer: who they are, where they stand, what happened, and where every value came from.

use super::bulk::{Colleague, colleagues};
use super::facts::{self, Fact};
use super::membership::{Membership, membership};
use super::segments::bindings;
use super::timeline::{Line, line};
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, page};
use crate::once;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use posthouse_app::links::LinkView;
use posthouse_app::profiles::{AttributeView, BookingView, CustomerView, IdentityView, Month, Standing};
use posthouse_app::quotes::{QuoteFilter, QuoteView};
use posthouse_app::segments::PastCustomer;
use posthouse_app::team::{Mask, Scope};
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::link::LinkKind;
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
    live: String,
    version: i64,
    tab: &'static str,
    id: Uuid,
    name: String,
    member_no: Option<String>,
    phone: Option<String>,
    city: Option<String>,
    figures: Vec<Figure>,
    bars: Vec<Bar>,
    membership: Option<Membership>,
    customer: CustomerView,
    lines: Vec<Line>,
    more: Option<String>,
    tabs: Vec<&'static str>,
    bookings: Vec<BookingView>,
    quotes: Vec<QuoteView>,
    known: Vec<Known>,
    may_quote: bool,
    /// The past day whose segments are shown, as a form writes it; empty for now.
    as_of: String,
    today: String,
    past: Option<PastCustomer>,
    colleagues: Vec<Colleague>,
    kinds: [&'static str; 5],
    may_see_documents: bool,
    may_write: bool,
    /// Names the note that is written on this page.
    once: Uuid,
}

impl Record {
    /// Whether the number behind an identity can be asked for.
    fn may_look(&self, identity: &IdentityView) -> bool {
        self.may_see_documents && identity.kind.parse().is_ok_and(IdentityKind::is_document)
    }

    fn is_owner(&self, one: &Colleague) -> bool {
        self.customer.owner.as_ref().is_some_and(|owner| owner.id == one.id)
    }

    /// What a quote is for: the first line of its basket.
    fn basket(&self, quote: &QuoteView) -> String {
        quote.basket.lines.first().map_or_else(String::new, |line| {
            line.destination.clone().unwrap_or_else(|| line.sku.clone())
        })
    }

    fn had_no_rule(&self, past: &PastCustomer) -> bool {
        past.segments.iter().all(|place| place.revision.is_none())
    }

    fn was_in_none(&self, past: &PastCustomer) -> bool {
        past.segments.iter().all(|place| place.title.is_none())
    }

    /// Where a link is taken away: it is kept with the one whose family, payer, … the other is.
    fn unlink(&self, link: &LinkView) -> String {
        let (own, other) = match link.direction {
            "of" => (link.customer_id, self.id),
            _ => (self.id, link.customer_id),
        };
        format!("/customers/{own}/links/{}/{other}/remove?page={}", link.kind, self.id)
    }

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
    /// A past day on which it is asked where the customer stood.
    #[serde(default)]
    as_of: String,
}

/// The version that there is by now, for a page that is open.
pub(super) async fn version(State(desk): State<Desk>, Staff(session): Staff, Path(id): Path<Uuid>) -> Answer {
    session.caller.may(Scope::Read)?;
    let version = desk.app().profiles().version(&session.caller, id).await?;
    Ok(version.to_string().into_response())
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
    let is_past = !asked.as_of.is_empty() && asked.as_of != ui.day_field(ui.today());
    let past = match is_past {
        true => Some(desk.app().segments().customer_as_of(caller, id, &asked.as_of).await?),
        false => None,
    };
    let may_write = caller.may(Scope::Intake).is_ok();
    let facts = facts::all(&desk, caller, ui).await?;
    // prices are what masks of money hide
    let sees_quotes = !caller.is_masked(Mask::Money);
    let tab = match asked.tab.as_deref() {
        Some("trips") => "trips",
        Some("quotes") if sees_quotes => "quotes",
        Some("facts") => "facts",
        Some("profile") => "profile",
        _ => "timeline",
    };
    let bookings = if tab == "trips" {
        profiles.bookings(caller, id, None, 100).await?.0
    } else {
        Vec::new()
    };
    let quotes = match tab {
        "quotes" => {
            let filter = QuoteFilter { customer: Some(id) };
            desk.app().quotes().list(caller, filter, None, 100).await?.0
        }
        _ => Vec::new(),
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
        live: format!("/customers/{id}/version"),
        version: customer.version,
        tab,
        id,
        name,
        member_no: identity("member_no"),
        phone: identity("phone"),
        city: shown("home_city"),
        figures: figures(&customer, &known, &standing, ui),
        bars: bars(&standing, ui),
        more: page_of(customer.timeline_next.clone()),
        membership: membership(&desk, caller, id, ui).await?,
        customer,
        lines,
        tabs: ["timeline", "trips", "quotes", "facts", "profile"]
            .into_iter()
            .filter(|tab| *tab != "quotes" || sees_quotes)
            .collect(),
        bookings,
        quotes,
        may_quote: caller.may(Scope::Quotes).is_ok(),
        known,
        as_of: match is_past {
            true => asked.as_of,
            false => String::new(),
        },
        today: ui.day_field(ui.today()),
        past,
        colleagues: match may_write {
            true => colleagues(&desk, caller).await?,
            false => Vec::new(),
        },
        kinds: LinkKind::ALL.map(LinkKind::as_str),
        may_see_documents: caller.may(Scope::Documents).is_ok(),
        may_write,
        once: once::name(&desk),
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
