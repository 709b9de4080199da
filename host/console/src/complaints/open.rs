//! A case that somebody of the staff writes down.

use super::typed::{done, maybe};
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::once;
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use posthouse_app::complaints::{Contact, NewCase};
use posthouse_app::team::Scope;
use posthouse_domain::complaints::{Cause, Kind};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    customer: Option<Uuid>,
    booking: String,
}

#[derive(Template)]
#[template(path = "complaints/new.html")]
struct New {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    once: Uuid,
    customer: String,
    name: String,
    booking: String,
    kinds: &'static [Kind],
    causes: &'static [Cause],
}

/// How cases come.
const CHANNELS: [&str; 6] = ["phone", "wechat", "shop", "web", "email", "guide"];

impl New {
    fn channels(&self) -> [&'static str; 6] {
        CHANNELS
    }
}

pub(super) async fn form(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let name = match asked.customer {
        Some(customer) => {
            let labels = desk.app().profiles().labels(caller, &[customer]).await?;
            labels
                .get(&customer)
                .map_or_else(String::new, |label| label.label.clone())
        }
        None => String::new(),
    };
    page(&New {
        ui,
        shell: Shell::new(&session, ui, "complaints"),
        tabs: tabs("cases"),
        once: once::name(&desk),
        customer: asked.customer.map(|id| id.to_string()).unwrap_or_default(),
        name,
        booking: asked.booking,
        kinds: Kind::ALL,
        causes: Cause::ALL,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    other: String,
    name: String,
    phone: String,
    email: String,
    booking: String,
    kind: String,
    cause: String,
    cause_detail: String,
    channel: String,
    severity: String,
    supplier: String,
    guide: String,
    text: String,
    once: String,
}

pub(super) async fn open(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let caller = once::caller(&desk, &session, ("complain", &sent.once), &sent);
    let new = NewCase {
        customer: Uuid::try_parse(&sent.other).ok(),
        contact: Contact {
            name: maybe(&sent.name),
            phone: maybe(&sent.phone),
            email: maybe(&sent.email),
        },
        booking: maybe(&sent.booking),
        kind: Kind::parse(&sent.kind).unwrap_or(Kind::Complaint),
        cause: Cause::parse(&sent.cause),
        cause_detail: maybe(&sent.cause_detail),
        channel: maybe(&sent.channel).unwrap_or_else(|| CHANNELS[0].to_owned()),
        text: sent.text.clone(),
        severity: sent.severity.parse().ok(),
        supplier: maybe(&sent.supplier),
        guide: maybe(&sent.guide),
    };
    let opened = desk.app().complaints().open(&caller, &new).await;
    let to = opened
        .as_ref()
        .map_or_else(|_| "/complaints".to_owned(), |case| format!("/complaints/{}", case.id));
    done(opened, scripted, &to, ui, |case| {
        ui.say("complaints-opened").with("number", case.number)
    })
}
