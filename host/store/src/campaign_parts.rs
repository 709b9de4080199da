//! What belongs to a campaign: its steps and its tasks.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// One step of a campaign's life.
#[derive(Debug, Clone, FromRow)]
pub struct StepRow {
    /// Counts from 1.
    pub step: i64,
    /// What was done.
    pub action: String,
    /// The state before.
    pub origin: String,
    /// The state after.
    pub target: String,
    /// SHA-256 of the plan it was done with.
    pub plan_hash: String,
    /// What was said.
    pub note: Option<String>,
    /// The key that did it; none if the host did.
    pub taken_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub at: i64,
}

/// Writes the next step down. Whoever calls this holds the campaign's lock; `step` of the row is not looked at.
///
/// # Errors
/// Failures of the database.
pub async fn add_step(tx: &mut Tx, agency: Uuid, campaign: Uuid, row: &StepRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO campaign_step (agency_id, campaign_id, step, action, origin, target, plan_hash, note, taken_by, at)
         SELECT $1, $2, COALESCE(MAX(step), 0) + 1, $3, $4, $5, $6, $7, $8, $9
         FROM campaign_step WHERE agency_id = $1 AND campaign_id = $2",
        agency,
        campaign,
        &row.action,
        &row.origin,
        &row.target,
        &row.plan_hash,
        row.note.as_deref(),
        row.taken_by,
        row.at
    )
    .map(drop)
}

/// Steps before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn steps(tx: &mut Tx, agency: Uuid, campaign: Uuid, before: i64, limit: i64) -> Result<Vec<StepRow>> {
    fetch_all!(
        tx,
        StepRow,
        "SELECT step, action, origin, target, plan_hash, note, taken_by, at FROM campaign_step
         WHERE agency_id = $1 AND campaign_id = $2 AND step < $3 ORDER BY step DESC LIMIT $4",
        agency,
        campaign,
        before,
        limit
    )
}

/// The last step that was one of two actions.
///
/// # Errors
/// Failures of the database.
pub async fn last_step(
    tx: &mut Tx,
    agency: Uuid,
    campaign: Uuid,
    (one, other): (&str, &str),
) -> Result<Option<StepRow>> {
    fetch_optional!(
        tx,
        StepRow,
        "SELECT step, action, origin, target, plan_hash, note, taken_by, at FROM campaign_step
         WHERE agency_id = $1 AND campaign_id = $2 AND action IN ($3, $4) ORDER BY step DESC LIMIT 1",
        agency,
        campaign,
        one,
        other
    )
}

/// Something that has to be ready before a campaign starts.
#[derive(Debug, Clone, FromRow)]
pub struct TaskRow {
    /// Counts from 1.
    pub task: i64,
    /// `training`, `materials` or `other`.
    pub kind: String,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub assignee: Option<String>,
    /// Until which day.
    pub due_on: Option<i32>,
    /// The key that said it is done.
    pub done_by: Option<Uuid>,
    /// When it said so, in ms since 1970.
    pub done_at: Option<i64>,
    /// When it was written down.
    pub created_at: i64,
}

macro_rules! task_columns {
    () => {
        "task, kind, title, assignee, due_on, done_by, done_at, created_at"
    };
}

/// A campaign's tasks in the order in which they were written down.
///
/// # Errors
/// Failures of the database.
pub async fn tasks(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<Vec<TaskRow>> {
    fetch_all!(
        tx,
        TaskRow,
        concat!(
            "SELECT ",
            task_columns!(),
            " FROM campaign_task WHERE agency_id = $1 AND campaign_id = $2 ORDER BY task"
        ),
        agency,
        campaign
    )
}

/// How many of a campaign's tasks are not done.
///
/// # Errors
/// Failures of the database.
pub async fn open_tasks(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<i64> {
    let (open,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM campaign_task WHERE agency_id = $1 AND campaign_id = $2 AND done_at IS NULL",
        agency,
        campaign
    )?;
    Ok(open)
}

/// One task.
///
/// # Errors
/// Failures of the database.
pub async fn task(tx: &mut Tx, agency: Uuid, campaign: Uuid, task: i64) -> Result<Option<TaskRow>> {
    fetch_optional!(
        tx,
        TaskRow,
        concat!(
            "SELECT ",
            task_columns!(),
            " FROM campaign_task WHERE agency_id = $1 AND campaign_id = $2 AND task = $3"
        ),
        agency,
        campaign,
        task
    )
}

/// Writes a task down or changes it. Whoever calls this holds the campaign's lock.
///
/// # Errors
/// Failures of the database.
pub async fn put_task(tx: &mut Tx, agency: Uuid, campaign: Uuid, row: &TaskRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO campaign_task (agency_id, campaign_id, task, kind, title, assignee, due_on, done_by, done_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (agency_id, campaign_id, task) DO UPDATE SET title = excluded.title, assignee = excluded.assignee,
            due_on = excluded.due_on, done_by = excluded.done_by, done_at = excluded.done_at",
        agency,
        campaign,
        row.task,
        &row.kind,
        &row.title,
        row.assignee.as_deref(),
        row.due_on,
        row.done_by,
        row.done_at,
        row.created_at
    )
    .map(drop)
}

/// Deletes a task; `false` if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn delete_task(tx: &mut Tx, agency: Uuid, campaign: Uuid, task: i64) -> Result<bool> {
    let deleted = execute!(
        tx,
        "DELETE FROM campaign_task WHERE agency_id = $1 AND campaign_id = $2 AND task = $3",
        agency,
        campaign,
        task
    )?;
    Ok(deleted == 1)
}
