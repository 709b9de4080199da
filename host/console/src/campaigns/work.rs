//! What has to be ready before a campaign starts.

use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::ui::Ui;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::team::{Caller, Scope};
use posthouse_app::work::{Assignee, Due, NewTask, TaskChange};
use posthouse_domain::time::parse_day;
use posthouse_domain::words;
use serde::Deserialize;
use uuid::Uuid;

/// A task beside a campaign.
pub(super) struct Task {
    pub(super) id: Uuid,
    pub(super) title: String,
    pub(super) assignee: Option<String>,
    pub(super) due: Option<String>,
    pub(super) is_overdue: bool,
    done_at: Option<i64>,
}

impl Task {
    pub(super) fn is_done(&self) -> bool {
        self.done_at.is_some()
    }
}

/// The tasks of a campaign in the order in which they were written down.
pub(super) async fn tasks(desk: &Desk, caller: &Caller, ui: Ui, campaign: Uuid) -> Answer<Vec<Task>> {
    let found = desk.app().tasks().of(caller, &format!("campaign/{campaign}")).await?;
    let task = |task: posthouse_app::work::TaskView| Task {
        id: task.id,
        title: task.title,
        assignee: task.assignee,
        due: task.due_on.map(|day| ui.day(&day)),
        is_overdue: task.is_overdue,
        done_at: task.done_at,
    };
    Ok(found.into_iter().map(task).collect())
}

#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    title: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    assignee: String,
    #[serde(default)]
    due: String,
}

pub(super) async fn add(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let due = match sent.due.trim() {
        "" => Due::Never,
        text => Due::On(
            parse_day(text)
                .ok_or_else(|| AppError::invalid("bad_day", words!("{text:?} is not a day", "{text:?} 不是日期")))?,
        ),
    };
    let new = NewTask {
        kind: Some(sent.kind).filter(|kind| !kind.is_empty()),
        title: sent.title,
        assignee: match sent.assignee.trim() {
            "" => Assignee::Nobody,
            name => Assignee::Named(name.to_owned()),
        },
        due,
    };
    let tasks = desk.app().tasks();
    tasks
        .add(&session.caller, Some(&format!("campaign/{id}")), &new)
        .await?;
    let done = Done::said(Ui::from(bare).say("campaigns-task-added"));
    Ok(led(scripted, &format!("/campaigns/{id}"), &done))
}

pub(super) async fn set(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, task, state)): Path<(Uuid, Uuid, String)>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let (is_done, back) = match state.as_str() {
        "done" => (true, "open"),
        "open" => (false, "done"),
        _ => return Err(AppError::NotFound("task").into()),
    };
    let change = TaskChange {
        done: Some(is_done),
        ..TaskChange::default()
    };
    desk.app().tasks().change(&session.caller, task, &change, None).await?;
    let said = match is_done {
        true => ui.say("campaigns-task-set-done"),
        false => ui.say("campaigns-task-set-open"),
    };
    let path = format!("/campaigns/{id}");
    let done = Done::said(said).undone_by(ui.say("campaigns-undo"), format!("{path}/tasks/{task}/{back}"));
    Ok(led(scripted, &path, &done))
}
