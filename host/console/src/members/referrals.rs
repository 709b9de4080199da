//! Referrals: who brought whom, what became of it, and writing down another.

use super::typed::refused;
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::ReferralView;
use posthouse_app::team::Scope;
use posthouse_domain::words;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

const HERE: &str = "/members/referrals";
/// Referrals of a page.
const PAGE: usize = 50;
const STATES: [&str; 5] = ["", "registered", "first_trip", "rewarded", "rejected"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: String,
    before: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "members/referrals.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    state: String,
    states: [&'static str; 5],
    rows: Vec<ReferralView>,
    names: HashMap<Uuid, String>,
    next: Option<String>,
    may_refer: bool,
}

impl List {
    fn name(&self, id: &Uuid) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    fn tone(&self, state: &str) -> &'static str {
        match state {
            "rewarded" => "good",
            "rejected" => "bad",
            "first_trip" => "acc",
            _ => "",
        }
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let (ui, app) = (Ui::from(bare), desk.app());
    let wanted = Some(asked.state.as_str()).filter(|state| !state.is_empty());
    let (rows, next) = app
        .loyalty()
        .referrals(caller, (wanted, None), asked.before, PAGE)
        .await?;
    let people: Vec<Uuid> = rows
        .iter()
        .flat_map(|row| row.referrer.into_iter().chain([row.customer]))
        .collect();
    let labels = app.profiles().labels(caller, &people).await?;
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "members"),
        tabs: tabs("referrals"),
        states: STATES,
        names: labels.into_iter().map(|(id, label)| (id, label.label)).collect(),
        rows,
        next,
        may_refer: caller.may(Scope::Intake).is_ok(),
        state: asked.state,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Brought {
    code: String,
    other: String,
}

/// Writes down who brought a customer.
pub(super) async fn refer(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Brought>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    may_enter(caller)?;
    let ui = Ui::from(bare);
    let put = async {
        let customer = Uuid::try_parse(&sent.other).map_err(|_| {
            let detail = words!("choose a customer from the list", "请从列表中选择一位客户");
            AppError::invalid("no_customer", detail)
        })?;
        desk.app().loyalty().refer(caller, &sent.code, customer).await
    };
    match put.await {
        Ok(found) => {
            let said = match &found.why {
                Some(why) => ui.say_of("members-rejected-", why),
                None => ui.say("members-referred"),
            };
            Ok(led(scripted, HERE, &Done::said(said)))
        }
        Err(error) => refused(error, scripted, HERE, ui),
    }
}
