//! What is to be done, by whom, until when.

use crate::work::Subject;
use crate::{Result, Tx};
use posthouse_domain::{Day, Instant};
use sqlx::FromRow;
use uuid::Uuid;

/// `due_on` of a task that is due on no day: after every day.
const NO_DAY: Day = Day::MAX;
/// `due_at` of a task that is due at no instant of its day: after all of them.
const NO_INSTANT: Instant = Instant::MAX;

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TaskRow {
    /// Id.
    pub id: Uuid,
    /// What kind of thing it is about, if it is about one.
    pub subject_kind: Option<String>,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Its number among the tasks of that one.
    pub number: Option<i64>,
    /// What kind of work it is, as the kind of subject has them.
    pub kind: String,
    /// What is to be done.
    pub title: String,
    /// Who is to do it, as a text.
    pub assignee: Option<String>,
    /// The normal form of that.
    pub assignee_form: Option<String>,
    /// Who is to do it, as an actor.
    pub assignee_id: Option<Uuid>,
    /// What that actor is called; not written with the task.
    pub assignee_name: Option<String>,
    /// Until which day.
    pub due_on: Option<Day>,
    /// Until when on that day, in ms since 1970.
    pub due_at: Option<Instant>,
    /// What came of it.
    pub outcome: Option<String>,
    /// The actor that said it is done.
    pub done_by: Option<Uuid>,
    /// When it said so, in ms since 1970.
    pub done_at: Option<Instant>,
    /// The actor that wrote it down; none if the host did, or an earlier build.
    pub created_by: Option<Uuid>,
    /// When it was written down.
    pub created_at: Instant,
    /// For `If-Match`.
    pub version: i64,
}

macro_rules! select_tasks {
    () => {
        "SELECT t.id, t.subject_kind, t.subject_id, t.number, t.kind, t.title, t.assignee, t.assignee_form, t.assignee_id,
            a.name AS assignee_name, NULLIF(t.due_on, 2147483647) AS due_on, NULLIF(t.due_at, 9223372036854775807) AS due_at,
            t.outcome, t.done_by, t.done_at, t.created_by, t.created_at, t.version
         FROM task t LEFT JOIN actor a ON a.agency_id = t.agency_id AND a.id = t.assignee_id"
    };
}

/// One task.
///
/// # Errors
/// Failures of the database.
pub async fn task(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<TaskRow>> {
    fetch_optional!(
        tx,
        TaskRow,
        concat!(select_tasks!(), " WHERE t.agency_id = $1 AND t.id = $2"),
        agency,
        id
    )
}

/// The tasks of a subject in the order in which they were written down.
///
/// # Errors
/// Failures of the database.
pub async fn tasks_of(tx: &mut Tx, agency: Uuid, subject: Subject<'_>) -> Result<Vec<TaskRow>> {
    fetch_all!(
        tx,
        TaskRow,
        concat!(
            select_tasks!(),
            " WHERE t.agency_id = $1 AND t.subject_kind = $2 AND t.subject_id = $3 ORDER BY t.number"
        ),
        agency,
        subject.kind,
        subject.id
    )
}

/// The id of a subject's task of this number.
///
/// # Errors
/// Failures of the database.
pub async fn task_numbered(tx: &mut Tx, agency: Uuid, subject: Subject<'_>, number: i64) -> Result<Option<Uuid>> {
    let found = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT id FROM task WHERE agency_id = $1 AND subject_kind = $2 AND subject_id = $3 AND number = $4",
        agency,
        subject.kind,
        subject.id,
        number
    )?;
    Ok(found.map(|(id,)| id))
}

/// How many tasks of a subject are not done.
///
/// # Errors
/// Failures of the database.
pub async fn open_tasks(tx: &mut Tx, agency: Uuid, subject: Subject<'_>) -> Result<i64> {
    let (open,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM task WHERE agency_id = $1 AND subject_kind = $2 AND subject_id = $3 AND done_at IS NULL",
        agency,
        subject.kind,
        subject.id
    )?;
    Ok(open)
}

/// How many tasks a subject has, and the number of the next one.
///
/// # Errors
/// Failures of the database.
pub async fn next_number(tx: &mut Tx, agency: Uuid, subject: Subject<'_>) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT COUNT(*), COALESCE(MAX(number), 0) + 1 FROM task WHERE agency_id = $1 AND subject_kind = $2 AND subject_id = $3",
        agency,
        subject.kind,
        subject.id
    )
}

/// Where a task stands in the order of all tasks: by day, by instant of the day, by id; what is due at no time comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Until which day.
    pub due_on: Option<Day>,
    /// Until when on that day.
    pub due_at: Option<Instant>,
    /// Id.
    pub id: Uuid,
}

impl Place {
    /// Where a task stands.
    pub fn of(row: &TaskRow) -> Self {
        Self {
            due_on: row.due_on,
            due_at: row.due_at,
            id: row.id,
        }
    }
}

/// Whether tasks are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not done, due or not.
    Open,
    /// Not done although they were due by this day and instant.
    Overdue(Day, Instant),
    /// Done.
    Done,
}

/// Which tasks are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter<'f> {
    /// About this.
    pub subject: Option<Subject<'f>>,
    /// In this state.
    pub progress: Option<Progress>,
    /// Of one person: an actor, those who have its holder, and what is assigned to that name.
    pub person: Option<(Uuid, Option<&'f str>)>,
    /// Beside those of that person also what is assigned to nobody.
    pub or_nobody: bool,
}

/// Tasks after a place, in the order in which they are due.
///
/// # Errors
/// Failures of the database.
pub async fn tasks(
    tx: &mut Tx,
    agency: Uuid,
    filter: &Filter<'_>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<TaskRow>> {
    fetch_built!(tx, TaskRow, |q| {
        q.push(concat!(select_tasks!(), " WHERE t.agency_id = "))
            .push_bind(agency);
        if let Some(subject) = filter.subject {
            q.push(" AND t.subject_kind = ")
                .push_bind(subject.kind.to_owned())
                .push(" AND t.subject_id = ")
                .push_bind(subject.id);
        }
        match filter.progress {
            Some(Progress::Open) => {
                q.push(" AND t.done_at IS NULL");
            }
            Some(Progress::Overdue(day, instant)) => {
                q.push(" AND t.done_at IS NULL AND (t.due_on, t.due_at) <= (")
                    .push_bind(day)
                    .push(", ")
                    .push_bind(instant)
                    .push(")");
            }
            Some(Progress::Done) => {
                q.push(" AND t.done_at IS NOT NULL");
            }
            None => {}
        }
        if let Some((actor, holder)) = filter.person {
            let holder = holder.map(str::to_owned);
            q.push(" AND (t.assignee_form = ")
                .push_bind(holder.clone())
                .push(" OR t.assignee_id IN (SELECT id FROM actor WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND (id = ")
                .push_bind(actor)
                .push(" OR holder = ")
                .push_bind(holder)
                .push("))");
            if filter.or_nobody {
                q.push(" OR (t.assignee IS NULL AND t.assignee_id IS NULL)");
            }
            q.push(")");
        }
        if let Some(place) = after {
            q.push(" AND (t.due_on, t.due_at, t.id) > (")
                .push_bind(place.due_on.unwrap_or(NO_DAY))
                .push(", ")
                .push_bind(place.due_at.unwrap_or(NO_INSTANT))
                .push(", ")
                .push_bind(place.id)
                .push(")");
        }
        q.push(" ORDER BY t.due_on, t.due_at, t.id LIMIT ").push_bind(limit);
    })
}

/// Writes a new task down. Whoever calls this for a subject holds the subject's lock.
///
/// # Errors
/// Failures of the database.
pub async fn insert_task(tx: &mut Tx, agency: Uuid, row: &TaskRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO task (agency_id, id, subject_kind, subject_id, number, kind, title, assignee, assignee_form, assignee_id,
            due_on, due_at, outcome, done_by, done_at, created_by, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        agency,
        row.id,
        row.subject_kind.as_deref(),
        row.subject_id,
        row.number,
        &row.kind,
        &row.title,
        row.assignee.as_deref(),
        row.assignee_form.as_deref(),
        row.assignee_id,
        row.due_on.unwrap_or(NO_DAY),
        row.due_at.unwrap_or(NO_INSTANT),
        row.outcome.as_deref(),
        row.done_by,
        row.done_at,
        row.created_by,
        row.created_at,
        row.version
    )
    .map(drop)
}

/// Changes what can become different of a task, on top of the version before; `false` if it is at another one, or gone.
///
/// # Errors
/// Failures of the database.
pub async fn change_task(tx: &mut Tx, agency: Uuid, row: &TaskRow) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE task SET title = $4, assignee = $5, assignee_form = $6, assignee_id = $7, due_on = $8, due_at = $9, outcome = $10,
            done_by = $11, done_at = $12, version = $3 WHERE agency_id = $1 AND id = $2 AND version = $3 - 1",
        agency,
        row.id,
        row.version,
        &row.title,
        row.assignee.as_deref(),
        row.assignee_form.as_deref(),
        row.assignee_id,
        row.due_on.unwrap_or(NO_DAY),
        row.due_at.unwrap_or(NO_INSTANT),
        row.outcome.as_deref(),
        row.done_by,
        row.done_at
    )?;
    Ok(changed == 1)
}

/// Deletes a task; `false` if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn delete_task(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<bool> {
    let deleted = execute!(tx, "DELETE FROM task WHERE agency_id = $1 AND id = $2", agency, id)?;
    Ok(deleted == 1)
}

/// Ids and assignees of tasks after an id, at most `limit`, for whoever brings the assignees into their form.
///
/// # Errors
/// Failures of the database.
pub async fn assignees_from(tx: &mut Tx, agency: Uuid, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Option<String>)>> {
    fetch_all!(
        tx,
        (Uuid, Option<String>),
        "SELECT id, assignee FROM task WHERE agency_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        agency,
        after,
        limit
    )
}

/// Sets the normal form of an assignee.
///
/// # Errors
/// Failures of the database.
pub async fn set_assignee_form(tx: &mut Tx, agency: Uuid, task: Uuid, form: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE task SET assignee_form = $3 WHERE agency_id = $1 AND id = $2",
        agency,
        task,
        form
    )
    .map(drop)
}
