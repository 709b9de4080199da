//! Tasks as people see them.

use crate::Tasks;
use crate::error::Result;
use crate::team::Caller;
use posthouse_domain::{Day, Instant};
use posthouse_store::Tx;
use posthouse_store::work::TaskRow;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What a task is about.
#[derive(Debug, Clone)]
pub struct About {
    /// What it is: `campaign`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The task's number among its tasks, from 1.
    pub number: i64,
}

/// Something that is to be done.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// Id.
    pub id: Uuid,
    /// What it is about; it may be about nothing in particular.
    pub about: Option<About>,
    /// What kind of work it is.
    pub kind: String,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub assignee: Option<String>,
    /// The actor who is to do it, if it is one.
    pub assignee_id: Option<Uuid>,
    /// Until which day.
    pub due_on: Option<Day>,
    /// Until when on that day, in ms since 1970; none for the whole of it.
    pub due_at: Option<Instant>,
    /// Whether it is not done although it was due, by the business clock.
    pub is_overdue: bool,
    /// What came of it.
    pub outcome: Option<String>,
    /// The actor that said it is done.
    pub done_by: Option<Uuid>,
    /// When it said so, in ms since 1970; none while it is open.
    pub done_at: Option<Instant>,
    /// The actor that wrote it down; none if the host did, or a build that did not keep it.
    pub created_by: Option<Uuid>,
    /// When it was written down, in ms since 1970.
    pub created_at: Instant,
    /// For `If-Match`.
    pub version: i64,
}

impl Tasks<'_> {
    /// Rows as people see them.
    pub(crate) async fn views(&self, tx: &mut Tx, caller: &Caller, rows: Vec<TaskRow>) -> Result<Vec<TaskView>> {
        let mut ids: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
        for row in &rows {
            if let (Some(kind), Some(id)) = (&row.subject_kind, row.subject_id) {
                ids.entry(kind.clone()).or_default().push(id);
            }
        }
        let mut names: HashMap<Uuid, String> = HashMap::new();
        for (kind, mut ids) in ids {
            ids.sort_unstable();
            ids.dedup();
            let kind = self.app.subjects.of(&kind)?;
            names.extend((kind.names)(tx, caller.room.id, &ids).await?);
        }
        let now = self.app.clock.now();
        let today = caller.room.day_of(now);
        let view = |row: TaskRow| TaskView {
            is_overdue: is_overdue(&row, today, now),
            about: about(&row, &names),
            id: row.id,
            kind: row.kind,
            title: row.title,
            assignee: row.assignee.or(row.assignee_name),
            assignee_id: row.assignee_id,
            due_on: row.due_on,
            due_at: row.due_at,
            outcome: row.outcome,
            done_by: row.done_by,
            done_at: row.done_at,
            created_by: row.created_by,
            created_at: row.created_at,
            version: row.version,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// One row as people see it.
    pub(super) async fn view(&self, tx: &mut Tx, caller: &Caller, row: TaskRow) -> Result<TaskView> {
        let mut views = self.views(tx, caller, vec![row]).await?;
        views.pop().ok_or(crate::AppError::NotFound("task"))
    }
}

fn about(row: &TaskRow, names: &HashMap<Uuid, String>) -> Option<About> {
    let id = row.subject_id?;
    Some(About {
        kind: row.subject_kind.clone()?,
        id,
        name: names.get(&id).cloned().unwrap_or_default(),
        number: row.number?,
    })
}

/// Whether a task is not done although its day is over, or its instant there.
fn is_overdue(row: &TaskRow, today: Day, now: Instant) -> bool {
    let late = |day: Day| day < today || (day == today && row.due_at.is_some_and(|at| at <= now));
    row.done_at.is_none() && row.due_on.is_some_and(late)
}
