//! Adjustments: what somebody has asked for, and another person says yes or no to.

use super::typed::{Said, done};
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::loyalty::{Adjust, AdjustmentView};
use posthouse_app::team::Scope;
use posthouse_domain::loyalty::Wallet;
use serde::Deserialize;
use uuid::Uuid;

const HERE: &str = "/members/adjustments";
/// Adjustments of a page.
const PAGE: usize = 50;
/// The states of a list, the one that waits first.
pub(super) const STATES: [&str; 4] = ["waiting", "approved", "rejected", ""];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: Option<String>,
    before: Option<Uuid>,
}

/// An adjustment, with people by their names.
pub(super) struct Row {
    pub(super) asked: AdjustmentView,
    pub(super) name: String,
    pub(super) what: String,
    by: String,
    decided_by: String,
    /// Whether the reader may say yes.
    may_approve: bool,
}

#[derive(Template)]
#[template(path = "members/adjustments.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    state: String,
    states: [&'static str; 4],
    rows: Vec<Row>,
    next: Option<String>,
    may_decide: bool,
}

/// What is asked for, in words.
pub(super) fn what(asked: &Adjust, titles: &[(String, String)], ui: Ui) -> String {
    match asked {
        Adjust::Wallet(wallet, points, _) => {
            let wallet = match wallet {
                Wallet::Points => ui.say("members-wallet-points"),
                Wallet::Status => ui.say("members-status"),
            };
            format!("{} {wallet}", ui.signed(*points))
        }
        Adjust::Tier(key, until) => {
            let title = titles.iter().find(|(known, _)| known == key);
            let title = title.map_or(key.as_str(), |(_, title)| title);
            let until = ui.say("members-valid-until").with("day", ui.day(until));
            format!("{title} · {until}")
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
    let state = asked.state.unwrap_or_else(|| STATES[0].to_owned());
    let wanted = Some(state.as_str()).filter(|state| !state.is_empty());
    let (found, next) = app
        .loyalty()
        .adjustments(caller, (wanted, None), asked.before, PAGE)
        .await?;
    let customers: Vec<Uuid> = found.iter().map(|row| row.customer).collect();
    let labels = app.profiles().labels(caller, &customers).await?;
    let people: Vec<Uuid> = found
        .iter()
        .flat_map(|row| [Some(row.asked_by), row.decided_by])
        .flatten()
        .collect();
    let names = app.audit().names(caller, &people).await?;
    let ladder = app.loyalty().ladder(caller).await?;
    let titles: Vec<(String, String)> = ladder
        .into_iter()
        .map(|rung| (rung.key, ui.local(&rung.title).to_owned()))
        .collect();
    let may_decide = caller.may(Scope::Approvals).is_ok();
    let named = |id: Uuid| names.get(&id).cloned().unwrap_or_default();
    let row = |asked: AdjustmentView| Row {
        name: labels
            .get(&asked.customer)
            .map_or_else(String::new, |label| label.label.clone()),
        what: what(&asked.what, &titles, ui),
        by: named(asked.asked_by),
        decided_by: asked.decided_by.map(named).unwrap_or_default(),
        may_approve: may_decide && asked.state == "waiting" && asked.asked_by != caller.actor,
        asked,
    };
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "members"),
        tabs: tabs("adjustments"),
        states: STATES,
        rows: found.into_iter().map(row).collect(),
        next,
        may_decide,
        state,
    })
}

/// Says yes or no.
pub(super) async fn decide(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, verdict)): Path<(Uuid, String)>,
    Form(said): Form<Said>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Approvals)?;
    let (ui, loyalty) = (Ui::from(bare), desk.app().loyalty());
    let note = said.note();
    let decided = match verdict.as_str() {
        "approve" => loyalty.approve(caller, id, note).await,
        "reject" => loyalty.reject(caller, id, note).await,
        _ => Err(posthouse_app::AppError::NotFound("adjustment")),
    };
    done(decided, scripted, HERE, ui, |view| {
        ui.say_of("members-decided-", &view.state)
    })
}
