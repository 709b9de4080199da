//! What has to be ready before a campaign starts: staff trained, materials made.

use super::life::state_of;
use super::{find, find_locked, short};
use crate::Tasks;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::campaign::State;
use posthouse_domain::{Day, Instant, words};
use posthouse_store::campaign_parts::{self as store, TaskRow};
use posthouse_store::campaigns::CampaignRow;
use posthouse_store::{Access, Tx};
use serde_json::json;
use uuid::Uuid;

/// The kinds of tasks.
pub const TASK_KINDS: [&str; 3] = ["training", "materials", "other"];
/// Most tasks of a campaign.
const MOST: usize = 200;

/// Something that has to be ready.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// Counts from 1.
    pub task: i64,
    /// `training`, `materials` or `other`.
    pub kind: String,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub assignee: Option<String>,
    /// Until which day.
    pub due_on: Option<Day>,
    /// Whether it is done.
    pub done: bool,
    /// The key that said so.
    pub done_by: Option<Uuid>,
    /// When it said so, in ms since 1970.
    pub done_at: Option<Instant>,
    /// When it was written down, in ms since 1970.
    pub created_at: Instant,
}

impl From<TaskRow> for TaskView {
    fn from(row: TaskRow) -> Self {
        Self {
            task: row.task,
            kind: row.kind,
            title: row.title,
            assignee: row.assignee,
            due_on: row.due_on,
            done: row.done_at.is_some(),
            done_by: row.done_by,
            done_at: row.done_at,
            created_at: row.created_at,
        }
    }
}

/// A task to be written down.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// `training`, `materials` or `other`.
    pub kind: String,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub assignee: Option<String>,
    /// Until which day.
    pub due_on: Option<Day>,
}

/// What is to become different of a task; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    /// Whether it is done.
    pub done: Option<bool>,
    /// Another title.
    pub title: Option<String>,
    /// Somebody else; an empty text is nobody.
    pub assignee: Option<String>,
    /// Another day.
    pub due_on: Option<Day>,
}

fn assignee_of(text: Option<&str>) -> Result<Option<String>> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| short(&words!("assignee", "负责人"), text))
        .transpose()
}

/// Passes campaigns that are not over: nothing has to be prepared for those that are.
fn check_not_over(row: &CampaignRow) -> Result<()> {
    match state_of(row)? {
        State::Ended | State::Evaluated => {
            let detail = words!(
                "{key}: a campaign that is {state} cannot get further tasks",
                "{key}：状态为 {state} 的活动无需再筹备",
                key = row.key,
                state = row.state
            );
            Err(AppError::conflict("wrong_state", detail))
        }
        _ => Ok(()),
    }
}

impl Tasks<'_> {
    /// A campaign's tasks in the order in which they were written down.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn list(&self, caller: &Caller, campaign: &str) -> Result<Vec<TaskView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, campaign).await?;
        let tasks = store::tasks(&mut tx, agency, row.id).await?;
        Ok(tasks.into_iter().map(TaskView::from).collect())
    }

    /// Writes a task down.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_kind`, `bad_name`, `too_many_tasks`; `wrong_state` once the campaign is over.
    pub async fn add(&self, caller: &Caller, campaign: &str, new: &NewTask) -> Result<TaskView> {
        if !TASK_KINDS.contains(&new.kind.as_str()) {
            let detail = words!(
                "task kind {kind:?} is not known; use {known}",
                "任务类型 {kind:?} 无法识别；可用 {known}",
                kind = new.kind,
                known = TASK_KINDS.join(", ")
            );
            return Err(AppError::invalid("bad_kind", detail));
        }
        let row = TaskRow {
            task: 0,
            kind: new.kind.clone(),
            title: short(&words!("title", "标题"), &new.title)?,
            assignee: assignee_of(new.assignee.as_deref())?,
            due_on: new.due_on,
            done_by: None,
            done_at: None,
            created_at: self.app.clock.now(),
        };
        retrying!(self.try_add(caller, campaign, row.clone()))
    }

    async fn try_add(&self, caller: &Caller, campaign: &str, mut row: TaskRow) -> Result<TaskView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let found = find_locked(&mut tx, agency, campaign).await?;
        check_not_over(&found)?;
        let there = store::tasks(&mut tx, agency, found.id).await?;
        if there.len() >= MOST {
            let detail = words!(
                "a campaign can have {MOST} tasks; remove one that is not needed",
                "一个活动最多 {MOST} 项任务；请先移除不需要的"
            );
            return Err(AppError::conflict("too_many_tasks", detail));
        }
        row.task = there.last().map_or(1, |last| last.task + 1);
        store::put_task(&mut tx, agency, found.id, &row).await?;
        self.note(&mut tx, caller, "task.create", found.id, row.task).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    async fn note(&self, tx: &mut Tx, caller: &Caller, action: &str, campaign: Uuid, task: i64) -> Result<()> {
        let subject = format!("campaign/{campaign}");
        self.app
            .audit()
            .note(tx, caller, action, &subject, json!({ "task": task }))
            .await
    }

    /// Changes a task, or says that it is done.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_name`; `wrong_state` once the campaign is over.
    pub async fn change(&self, caller: &Caller, campaign: &str, task: i64, change: &TaskChange) -> Result<TaskView> {
        retrying!(self.try_change(caller, campaign, task, change))
    }

    async fn try_change(&self, caller: &Caller, campaign: &str, task: i64, change: &TaskChange) -> Result<TaskView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let found = find_locked(&mut tx, agency, campaign).await?;
        let row = store::task(&mut tx, agency, found.id, task).await?;
        let mut row = row.ok_or(AppError::NotFound("task"))?;
        check_not_over(&found)?;
        if let Some(title) = &change.title {
            row.title = short(&words!("title", "标题"), title)?;
        }
        if let Some(assignee) = &change.assignee {
            row.assignee = assignee_of(Some(assignee))?;
        }
        row.due_on = change.due_on.or(row.due_on);
        match change.done {
            // who said it first is kept
            Some(true) if row.done_at.is_none() => {
                (row.done_by, row.done_at) = (Some(caller.key), Some(self.app.clock.now()));
            }
            Some(false) => (row.done_by, row.done_at) = (None, None),
            _ => {}
        }
        store::put_task(&mut tx, agency, found.id, &row).await?;
        self.note(&mut tx, caller, "task.change", found.id, task).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    /// Takes a task away.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `wrong_state` once the campaign is over.
    pub async fn delete(&self, caller: &Caller, campaign: &str, task: i64) -> Result<()> {
        retrying!(self.try_delete(caller, campaign, task))
    }

    async fn try_delete(&self, caller: &Caller, campaign: &str, task: i64) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let found = find_locked(&mut tx, agency, campaign).await?;
        let there = store::task(&mut tx, agency, found.id, task).await?;
        there.ok_or(AppError::NotFound("task"))?;
        check_not_over(&found)?;
        store::delete_task(&mut tx, agency, found.id, task).await?;
        self.note(&mut tx, caller, "task.delete", found.id, task).await?;
        tx.commit().await?;
        Ok(())
    }
}
