//! Finding tasks, whatever they are about.

use super::TaskView;
use crate::Tasks;
use crate::error::{AppError, Result};
use crate::team::Caller;
use posthouse_domain::words;
use posthouse_store::Access;
use posthouse_store::work::{self as store, Filter, Place, Progress};
use uuid::Uuid;

/// Which tasks are looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct TaskFilter<'f> {
    /// Only those of the person who asks.
    pub mine: bool,
    /// Only those that are `open` (not done, due or not), `overdue` or `done`.
    pub state: Option<&'f str>,
    /// Only those about this: its kind, a slash, its id or its name.
    pub subject: Option<&'f str>,
}

/// Where the next page begins.
fn cursor_of(place: Place) -> String {
    let text = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    format!(
        "{}.{}.{}",
        text(place.due_on.map(i64::from)),
        text(place.due_at),
        place.id
    )
}

fn place_of(cursor: &str) -> Option<Place> {
    let mut parts = cursor.split('.');
    let (due_on, due_at, id) = (parts.next()?, parts.next()?, parts.next()?);
    let place = Place {
        due_on: (!due_on.is_empty()).then(|| due_on.parse()).transpose().ok()?,
        due_at: (!due_at.is_empty()).then(|| due_at.parse()).transpose().ok()?,
        id: Uuid::try_parse(id).ok()?,
    };
    parts.next().is_none().then_some(place)
}

impl Tasks<'_> {
    /// Tasks in the order in which they are due, those without a day last. A task is the caller's own if it is assigned to their actor,
    /// to another of the same holder, or to the holder's name as a text.
    ///
    /// # Errors
    /// `bad_state`, `bad_subject`, `bad_cursor`; [`AppError::NotFound`] for a subject that is not there.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &TaskFilter<'_>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<TaskView>, Option<String>)> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let progress = match filter.state {
            None => None,
            Some("open") => Some(Progress::Open),
            Some("overdue") => Some(Progress::Overdue(caller.room.day_of(now), now)),
            Some("done") => Some(Progress::Done),
            Some(other) => {
                let shown: String = other.chars().take(100).collect();
                let detail = words!(
                    "{shown:?} is not a state of a task; use open, overdue or done",
                    "任务没有 {shown:?} 这个状态；可用 open、overdue、done"
                );
                return Err(AppError::invalid("bad_state", detail));
            }
        };
        let after = cursor
            .map(|cursor| place_of(cursor).ok_or_else(AppError::bad_cursor))
            .transpose()?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let subject = match filter.subject {
            Some(text) => Some(self.app.subjects.find(&mut tx, agency, text).await?),
            None => None,
        };
        let filter = Filter {
            subject,
            progress,
            person: filter.mine.then(|| caller.person()),
            or_nobody: false,
        };
        let mut rows = store::tasks(&mut tx, agency, &filter, after, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| cursor_of(Place::of(row)));
        Ok((self.views(&mut tx, caller, rows).await?, next))
    }

    /// The tasks of a subject in the order in which they were written down.
    ///
    /// # Errors
    /// `bad_subject`; [`AppError::NotFound`].
    pub async fn of(&self, caller: &Caller, subject: &str) -> Result<Vec<TaskView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let subject = self.app.subjects.find(&mut tx, agency, subject).await?;
        let rows = store::tasks_of(&mut tx, agency, subject).await?;
        self.views(&mut tx, caller, rows).await
    }

    /// The id of a subject's task of this number.
    ///
    /// # Errors
    /// `bad_subject`; [`AppError::NotFound`].
    pub async fn numbered(&self, caller: &Caller, subject: &str, number: i64) -> Result<Uuid> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let subject = self.app.subjects.find(&mut tx, agency, subject).await?;
        let id = store::task_numbered(&mut tx, agency, subject, number).await?;
        id.ok_or(AppError::NotFound("task"))
    }

    /// One task.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn one(&self, caller: &Caller, id: Uuid) -> Result<TaskView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::task(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("task"))?;
        self.view(&mut tx, caller, row).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let id = Uuid::from_u128(7);
        for (due_on, due_at) in [(Some(20_480), Some(1_769_000_000_000)), (Some(-1), None), (None, None)] {
            let place = Place { due_on, due_at, id };
            assert_eq!(place_of(&cursor_of(place)), Some(place));
        }
        for bad in [
            "",
            "x",
            "1.2",
            "1.2.x",
            "..",
            "a..00000000-0000-0000-0000-000000000007",
            "99999999999..00000000-0000-0000-0000-000000000007",
            "1.2.00000000-0000-0000-0000-000000000007.3",
        ] {
            assert_eq!(place_of(bad), None, "{bad:?}");
        }
    }
}
