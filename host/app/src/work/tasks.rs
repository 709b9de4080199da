//! Writing tasks down, changing them, saying that they are done.

use super::TaskView;
use crate::error::{AppError, Result, retrying, thing};
use crate::team::Caller;
use crate::texts::{long, short};
use crate::webhooks::Told;
use crate::{App, Tasks};
use posthouse_domain::{Day, Instant, normal, time, words};
use posthouse_store::work::{self as store, Subject, TaskRow};
use posthouse_store::{StoreError, Tx, audit};
use serde_json::{Value, json};
use uuid::Uuid;

/// The kind of tasks that are of no other.
pub const OTHER: &str = "other";
/// Most tasks of one subject.
const MOST: i64 = 200;

/// Who is to do something.
#[derive(Debug, Clone, Default)]
pub enum Assignee {
    /// Nobody yet.
    #[default]
    Nobody,
    /// Somebody by name, who need not have anything to do with this system; an empty text is nobody.
    Named(String),
    /// Somebody who is known here.
    Actor(Uuid),
}

/// Until when something is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub enum Due {
    /// At no time in particular.
    #[default]
    Never,
    /// Until the end of a day of the agency.
    On(Day),
    /// Until this instant, in ms since 1970.
    At(Instant),
}

/// A task to be written down.
#[derive(Debug, Clone, Default)]
pub struct NewTask {
    /// What kind of work it is, as the kind of subject has them; [`OTHER`] if left out.
    pub kind: Option<String>,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub assignee: Assignee,
    /// Until when.
    pub due: Due,
}

/// What is to become different of a task; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    /// Whether it is done.
    pub done: Option<bool>,
    /// What came of it; an empty text is nothing. A task that is open again has none.
    pub outcome: Option<String>,
    /// Another title.
    pub title: Option<String>,
    /// Somebody else.
    pub assignee: Option<Assignee>,
    /// Another time.
    pub due: Option<Due>,
}

impl Tasks<'_> {
    /// Writes a task down, about a subject (its kind, a slash, its id or name) or about nothing in particular. Asked for twice it is there
    /// twice.
    ///
    /// # Errors
    /// `bad_subject`, `bad_kind`, `bad_name`, `unknown_assignee`, `too_many_tasks`; [`AppError::NotFound`] for a subject that is
    /// not there; `wrong_state` if there is nothing to do about it any more.
    pub async fn add(&self, caller: &Caller, subject: Option<&str>, new: &NewTask) -> Result<TaskView> {
        retrying!(self.try_add(caller, subject, new))
    }

    async fn try_add(&self, caller: &Caller, subject: Option<&str>, new: &NewTask) -> Result<TaskView> {
        let (app, agency) = (self.app, caller.room.id);
        let mut tx = app.idempotency().begin(caller).await?;
        let subject = match subject {
            Some(text) => Some(app.subjects.find(&mut tx, agency, text).await?),
            None => None,
        };
        let kind = new.kind.as_deref().unwrap_or(OTHER);
        app.subjects.check_kind(subject, kind)?;
        let mut row = TaskRow {
            subject_kind: subject.map(|subject| subject.kind.to_owned()),
            subject_id: subject.map(|subject| subject.id),
            ..new_row(app, caller, kind, short(&words!("title", "标题"), &new.title)?)
        };
        assign(&mut tx, agency, &mut row, &new.assignee).await?;
        set_due(caller, &mut row, new.due);
        if let Some(subject) = subject {
            (app.subjects.of(subject.kind)?.hold)(&mut tx, agency, subject.id).await?;
            row.number = Some(next_number(&mut tx, agency, subject).await?);
        }
        store::insert_task(&mut tx, agency, &row).await?;
        let view = self.view(&mut tx, caller, row.clone()).await?;
        self.note(&mut tx, caller, &row, "task.create", "task.created", &[])
            .await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Writes a task down that comes with something else, in its transaction. The subject is about to be there, and nobody else has it.
    pub(crate) async fn write_down(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        subject: Subject<'static>,
        kind: &str,
        title: &str,
    ) -> Result<Uuid> {
        let (app, agency) = (self.app, caller.room.id);
        let row = TaskRow {
            subject_kind: Some(subject.kind.to_owned()),
            subject_id: Some(subject.id),
            number: Some(next_number(tx, agency, subject).await?),
            ..new_row(app, caller, kind, title.to_owned())
        };
        store::insert_task(tx, agency, &row).await?;
        self.note(tx, caller, &row, "task.create", "task.created", &[]).await?;
        Ok(row.id)
    }

    /// The same of a task that is somebody's, until some time.
    pub(crate) async fn write_down_whose(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        subject: Subject<'static>,
        new: &NewTask,
    ) -> Result<Uuid> {
        let (app, agency) = (self.app, caller.room.id);
        let kind = new.kind.as_deref().unwrap_or(OTHER);
        let mut row = TaskRow {
            subject_kind: Some(subject.kind.to_owned()),
            subject_id: Some(subject.id),
            number: Some(next_number(tx, agency, subject).await?),
            ..new_row(app, caller, kind, short(&words!("title", "标题"), &new.title)?)
        };
        assign(tx, agency, &mut row, &new.assignee).await?;
        set_due(caller, &mut row, new.due);
        store::insert_task(tx, agency, &row).await?;
        self.note(tx, caller, &row, "task.create", "task.created", &[]).await?;
        Ok(row.id)
    }

    /// Says that a task is done with what it came with, in its transaction. One that is done, or was taken away, stays so.
    pub(crate) async fn settle(&self, tx: &mut Tx, caller: &Caller, id: Uuid, outcome: Option<&str>) -> Result<()> {
        let agency = caller.room.id;
        let Some(before) = store::task(tx, agency, id).await?.filter(|task| task.done_at.is_none()) else {
            return Ok(());
        };
        let row = TaskRow {
            done_by: Some(caller.actor),
            done_at: Some(self.app.clock.now()),
            outcome: outcome.map(str::to_owned).or(before.outcome.clone()),
            version: before.version + 1,
            ..before
        };
        if !store::change_task(tx, agency, &row).await? {
            return Err(StoreError::Overtaken.into());
        }
        self.note(tx, caller, &row, "task.change", "task.done", &["done"]).await
    }

    /// Changes a task, or says that it is done: who said so first is kept. What is so already changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed` if `expected` is not its version; `bad_name`, `bad_note`, `unknown_assignee`;
    /// `wrong_state` if there is nothing to do about its subject any more.
    pub async fn change(
        &self,
        caller: &Caller,
        id: Uuid,
        change: &TaskChange,
        expected: Option<i64>,
    ) -> Result<TaskView> {
        retrying!(self.try_change(caller, id, change, expected))
    }

    async fn try_change(
        &self,
        caller: &Caller,
        id: Uuid,
        change: &TaskChange,
        expected: Option<i64>,
    ) -> Result<TaskView> {
        let (app, agency) = (self.app, caller.room.id);
        let mut tx = app.idempotency().begin(caller).await?;
        let before = self.held(&mut tx, agency, id).await?;
        check_version(&before, expected)?;
        let mut after = before.clone();
        if let Some(title) = &change.title {
            after.title = short(&words!("title", "标题"), title)?;
        }
        if let Some(assignee) = &change.assignee {
            assign(&mut tx, agency, &mut after, assignee).await?;
        }
        if let Some(due) = change.due {
            set_due(caller, &mut after, due);
        }
        match change.done {
            Some(true) if after.done_at.is_none() => {
                (after.done_by, after.done_at) = (Some(caller.actor), Some(app.clock.now()));
            }
            Some(false) => (after.done_by, after.done_at, after.outcome) = (None, None, None),
            _ => {}
        }
        if let Some(outcome) = &change.outcome {
            after.outcome = long(&words!("outcome", "处理结果"), Some(outcome))?;
        }
        let fields = fields(&before, &after);
        if fields.is_empty() {
            return self.view(&mut tx, caller, before).await;
        }
        after.version += 1;
        if !store::change_task(&mut tx, agency, &after).await? {
            return Err(StoreError::Overtaken.into());
        }
        let event = match (before.done_at, after.done_at) {
            (None, Some(_)) => "task.done",
            _ => "task.changed",
        };
        let view = self.view(&mut tx, caller, after.clone()).await?;
        self.note(&mut tx, caller, &after, "task.change", event, &fields)
            .await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Takes a task away.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `wrong_state` if there is nothing to do about its subject any more.
    pub async fn delete(&self, caller: &Caller, id: Uuid) -> Result<()> {
        retrying!(self.try_delete(caller, id))
    }

    async fn try_delete(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        let row = self.held(&mut tx, agency, id).await?;
        if !store::delete_task(&mut tx, agency, id).await? {
            return Err(AppError::NotFound("task"));
        }
        self.note(&mut tx, caller, &row, "task.delete", "task.deleted", &[])
            .await?;
        Ok(tx.commit().await?)
    }

    /// A task whose subject does not move on before the transaction ends.
    async fn held(&self, tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<TaskRow> {
        let row = store::task(tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("task"))?;
        let (Some(kind), Some(subject)) = (&row.subject_kind, row.subject_id) else {
            return Ok(row);
        };
        (self.app.subjects.of(kind)?.hold)(tx, agency, subject).await?;
        // whoever held it before may have changed the task
        let row = store::task(tx, agency, id).await?;
        row.ok_or(AppError::NotFound("task"))
    }

    /// Writes an entry of the audit log, and tells those who want to know. Comes last in its transaction.
    async fn note(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        row: &TaskRow,
        action: &str,
        event: &'static str,
        fields: &[&str],
    ) -> Result<()> {
        let mut detail = match row.number {
            Some(number) => json!({ "task": number }),
            None => json!({}),
        };
        if !fields.is_empty() {
            detail["fields"] = fields.into();
        }
        let subject = subject_of(row);
        let about = subject.clone().unwrap_or_else(|| format!("task/{}", row.id));
        self.app.audit().note(tx, caller, action, &about, detail).await?;
        let told = Told {
            kind: event,
            subject: format!("task/{}", row.id),
            at: self.app.clock.now(),
            data: told(row, subject.as_deref(), caller),
        };
        self.app.webhooks().tell(tx, caller.room.id, told).await
    }
}

/// A task about nothing, of nobody and for no time in particular.
fn new_row(app: &App, caller: &Caller, kind: &str, title: String) -> TaskRow {
    TaskRow {
        // machine time: of those due at the same time the earlier written comes first, also where the business clock stands still
        id: app.entropy.id(app.machine.now()),
        subject_kind: None,
        subject_id: None,
        number: None,
        kind: kind.to_owned(),
        title,
        assignee: None,
        assignee_form: None,
        assignee_id: None,
        assignee_name: None,
        due_on: None,
        due_at: None,
        outcome: None,
        done_by: None,
        done_at: None,
        created_by: Some(caller.actor),
        created_at: app.clock.now(),
        version: 1,
    }
}

/// What a task is about, as one text.
fn subject_of(row: &TaskRow) -> Option<String> {
    Some(format!("{}/{}", row.subject_kind.as_ref()?, row.subject_id?))
}

fn told(row: &TaskRow, subject: Option<&str>, caller: &Caller) -> Value {
    json!({
        "task_id": row.id,
        "subject": subject,
        "kind": row.kind,
        "title": row.title,
        "assignee": row.assignee.as_ref().or(row.assignee_name.as_ref()),
        "assignee_id": row.assignee_id,
        "due_on": row.due_on.map(time::day_text),
        "due_at": row.due_at.map(time::instant_text),
        "done": row.done_at.is_some(),
        "by": caller.actor,
    })
}

/// The number of a subject's next task.
async fn next_number(tx: &mut Tx, agency: Uuid, subject: Subject<'static>) -> Result<i64> {
    let (present, next) = store::next_number(tx, agency, subject).await?;
    if present < MOST {
        return Ok(next);
    }
    let what = thing(subject.kind);
    let detail = words!(
        "a {what} can have {MOST} tasks; remove one that is not needed",
        "一个{what}最多 {MOST} 项任务；请先移除不需要的"
    );
    Err(AppError::conflict("too_many_tasks", detail))
}

async fn assign(tx: &mut Tx, agency: Uuid, row: &mut TaskRow, assignee: &Assignee) -> Result<()> {
    (row.assignee, row.assignee_form) = (None, None);
    (row.assignee_id, row.assignee_name) = (None, None);
    match assignee {
        Assignee::Named(text) if !text.trim().is_empty() => {
            let name = short(&words!("assignee", "负责人"), text)?;
            row.assignee_form = Some(normal::caseless(&name));
            row.assignee = Some(name);
        }
        Assignee::Actor(id) => {
            let actor = audit::actor(tx, agency, *id).await?;
            // the host does what it does by itself
            let actor = actor.filter(|actor| actor.kind != "host").ok_or_else(|| {
                AppError::invalid(
                    "unknown_assignee",
                    words!(
                        "{id} is nobody who can do anything here; GET /keys lists the keys, or write a name as assignee",
                        "{id} 不是可指派的人；可用 GET /keys 查看密钥，或在 assignee 中写姓名"
                    ),
                )
            })?;
            (row.assignee_id, row.assignee_name) = (Some(*id), Some(actor.name));
        }
        Assignee::Named(_) | Assignee::Nobody => {}
    }
    Ok(())
}

fn set_due(caller: &Caller, row: &mut TaskRow, due: Due) {
    (row.due_on, row.due_at) = match due {
        Due::Never => (None, None),
        Due::On(day) => (Some(day), None),
        Due::At(at) => (Some(caller.room.day_of(at)), Some(at)),
    };
}

/// Passes the version that a request expects.
fn check_version(row: &TaskRow, expected: Option<i64>) -> Result<()> {
    if expected.is_none_or(|expected| expected == row.version) {
        return Ok(());
    }
    let detail = words!(
        "the task is at version {version}; look at it again before changing it",
        "任务当前为版本 {version}；请重新读取后再修改",
        version = row.version
    );
    Err(AppError::conflict("version_changed", detail))
}

/// What became different, by the names that requests use.
fn fields(before: &TaskRow, after: &TaskRow) -> Vec<&'static str> {
    let assignee = |row: &TaskRow| (row.assignee.clone(), row.assignee_id);
    let pairs = [
        ("title", before.title != after.title),
        ("assignee", assignee(before) != assignee(after)),
        ("due", (before.due_on, before.due_at) != (after.due_on, after.due_at)),
        ("done", before.done_at.is_some() != after.done_at.is_some()),
        ("outcome", before.outcome != after.outcome),
    ];
    let changed = pairs.into_iter().filter(|(_, different)| *different);
    changed.map(|(field, _)| field).collect()
}
