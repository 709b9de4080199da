//! Crises: complaints that were joined, or what somebody has opened.

use super::list::{Row, rows};
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
use axum::extract::{Form, Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::complaints::{CRISIS_KINDS, CaseFilter, CrisisFilter, CrisisStep, CrisisView, NewCrisis};
use posthouse_app::team::Scope;
use posthouse_app::work::{TaskFilter, TaskView};
use serde::Deserialize;
use uuid::Uuid;

const HERE: &str = "/complaints/crises";
/// Crises and cases of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    id: Option<Uuid>,
    cursor: Option<String>,
}

/// A crisis with its cases and tasks.
struct Shown {
    crisis: CrisisView,
    cases: Vec<Row>,
    tasks: Vec<TaskView>,
}

#[derive(Template)]
#[template(path = "complaints/crises.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    crises: Vec<CrisisView>,
    shown: Option<Shown>,
    next: Option<String>,
    once: Uuid,
    may_act: bool,
    kinds: [&'static str; 5],
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
    let complaints = app.complaints();
    let all = CrisisFilter::default();
    let (crises, next) = complaints.crises(caller, &all, asked.cursor.as_deref(), PAGE).await?;
    let shown = match asked.id {
        Some(id) => {
            let crisis = complaints.crisis(caller, &id.to_string()).await?;
            let filter = CaseFilter {
                crisis: Some(id),
                ..CaseFilter::default()
            };
            let (cases, _) = complaints.list(caller, &filter, None, PAGE).await?;
            let subject = format!("crisis/{id}");
            let filter = TaskFilter {
                subject: Some(&subject),
                ..TaskFilter::default()
            };
            let (tasks, _) = app.tasks().list(caller, &filter, None, PAGE).await?;
            let cases = rows(&desk, caller, ui, cases).await?;
            Some(Shown { crisis, cases, tasks })
        }
        None => None,
    };
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "complaints"),
        tabs: tabs("crises"),
        crises,
        shown,
        next,
        once: once::name(&desk),
        may_act: caller.may(Scope::Intake).is_ok(),
        kinds: CRISIS_KINDS,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    kind: String,
    title: String,
    product: String,
    cases: String,
    once: String,
}

pub(super) async fn begin(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let caller = once::caller(&desk, &session, ("crisis", &sent.once), &sent);
    let new = NewCrisis {
        kind: sent.kind.clone(),
        title: sent.title.clone(),
        product: maybe(&sent.product),
        cause: None,
        playbook: None,
        cases: sent.cases.split([',', '，', ' ', '\n']).filter_map(maybe).collect(),
    };
    let opened = desk.app().complaints().open_crisis(&caller, &new).await;
    let to = opened
        .as_ref()
        .map_or_else(|_| HERE.to_owned(), |crisis| format!("{HERE}?id={}", crisis.id));
    done(opened, scripted, &to, ui, |crisis| {
        ui.say("complaints-crisis-opened").with("number", crisis.number)
    })
}

pub(super) async fn step(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, step)): Path<(Uuid, String)>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let known = CrisisStep::ALL.into_iter().find(|one| one.as_str() == step);
    let moved = match known {
        Some(step) => {
            desk.app()
                .complaints()
                .move_crisis(&session.caller, &id.to_string(), step, None, None)
                .await
        }
        None => Err(AppError::NotFound("crisis")),
    };
    done(moved, scripted, &format!("{HERE}?id={id}"), ui, |crisis| {
        ui.say_of("complaints-crisis-state-", &crisis.state)
    })
}
