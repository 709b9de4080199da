//! Orders of rewards, to be handed out or called off.

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
use posthouse_app::AppError;
use posthouse_app::loyalty::RedemptionView;
use posthouse_app::team::Scope;
use serde::Deserialize;
use uuid::Uuid;

const HERE: &str = "/members/orders";
/// Orders of a page.
const PAGE: usize = 50;
const STATES: [&str; 4] = ["requested", "fulfilled", "cancelled", ""];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: Option<String>,
    before: Option<Uuid>,
}

struct Row {
    order: RedemptionView,
    name: String,
    reward: String,
    by: String,
}

#[derive(Template)]
#[template(path = "members/orders.html")]
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
        .redemptions(caller, (wanted, None), asked.before, PAGE)
        .await?;
    let customers: Vec<Uuid> = found.iter().map(|row| row.customer).collect();
    let labels = app.profiles().labels(caller, &customers).await?;
    let people: Vec<Uuid> = found.iter().map(|row| row.requested_by).collect();
    let names = app.audit().names(caller, &people).await?;
    let rewards = app.loyalty().rewards(caller).await?;
    let row = |order: RedemptionView| Row {
        name: labels
            .get(&order.customer)
            .map_or_else(String::new, |label| label.label.clone()),
        reward: rewards.iter().find(|reward| reward.key == order.reward).map_or_else(
            || order.reward.clone(),
            |reward| ui.local(&reward.terms.title).to_owned(),
        ),
        by: names.get(&order.requested_by).cloned().unwrap_or_default(),
        order,
    };
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "members"),
        tabs: tabs("orders"),
        states: STATES,
        rows: found.into_iter().map(row).collect(),
        next,
        may_decide: caller.may(Scope::Intake).is_ok(),
        state,
    })
}

/// Says that a reward was handed out, or calls the order off.
pub(super) async fn decide(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, verdict)): Path<(Uuid, String)>,
    Form(said): Form<Said>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    let (ui, loyalty) = (Ui::from(bare), desk.app().loyalty());
    let note = said.note();
    let decided = match verdict.as_str() {
        "fulfil" => loyalty.fulfil(caller, id, note).await,
        "cancel" => loyalty.cancel(caller, id, note).await,
        _ => Err(AppError::NotFound("redemption")),
    };
    done(decided, scripted, HERE, ui, |view| {
        ui.say_of("members-order-is-", &view.state)
    })
}
