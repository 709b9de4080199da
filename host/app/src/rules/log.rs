//! What rules write while they run, kept for their authors: the last lines of each binding. Nobody waits for it: lines are put aside
//! at once and written in the background, and where more come than can be kept, the oldest go.

use super::call::{Moment, reason_for};
use super::pointer::find;
use crate::error::{Result, retrying};
use crate::team::Caller;
use crate::writable::note_if_full;
use crate::{App, Bindings, Room};
use posthouse_domain::{Instant, Words, words};
use posthouse_engine::{Fault, LogLevel, LogLine};
use posthouse_store::intake::lock;
use posthouse_store::plugin_logs::{self as store, LogRow};
use posthouse_store::{Access, Tx, decision_logs, profiles};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Lines kept of one call, or of one run of many.
pub(crate) const OF_A_RUN: usize = 100;
/// Lines kept of a binding.
const KEPT: usize = 1_000;
/// Pause between two writings, so that a rule that logs at every event costs a few small transactions a second.
const PAUSE: Duration = Duration::from_millis(200);
/// The cause of lines written for customers whose facts changed.
pub(crate) const CHANGE: &str = "change";
/// The cause of lines written for a single case.
pub(crate) const DECISION: &str = "decision";
/// The level of the host's word on how a call ended.
const FAULT: &str = "fault";
/// The level of the host's word on what the call was about, for those who may read customers.
const ABOUT: &str = "about";
/// Stands for a line that the caller may not read.
fn withheld() -> Words {
    words!(
        "(what a rule writes may be about customers; a key with the scope read sees it)",
        "（规则写的内容可能涉及客户；有 read 权限的密钥才能看到）"
    )
}

/// A line of a binding's log.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    /// Counts from 1 within the binding.
    pub line: i64,
    /// Business time, in ms since 1970.
    pub at: i64,
    /// `activation`, `rollback`, `breaker`, `request`, `midnight`, `change`: a customer's facts changed, or `decision`: a single case.
    pub cause: String,
    /// The plugin that wrote it.
    pub digest: String,
    /// `debug`, `info`, `warn` or `error` as the plugin says, or in the host's words `fault`: how a call ended, and `about`: whose facts
    /// or which basket brought that about.
    pub level: String,
    /// The text.
    pub message: Words,
}

/// Lines by extension point and binding.
type Waiting = BTreeMap<(&'static str, String), VecDeque<LogRow>>;

/// Lines of an agency's rules that are not written yet, by binding.
#[derive(Debug, Default)]
pub(crate) struct Logbook {
    lines: Mutex<Waiting>,
    /// There is something to write.
    pub(crate) woken: Arc<Notify>,
}

impl Logbook {
    /// Whether everything is stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn put(&self, point: &'static str, name: &str, rows: impl Iterator<Item = LogRow>) {
        let mut rows = rows.take(OF_A_RUN + 2).peekable();
        if rows.peek().is_none() {
            return;
        }
        let mut all = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = all.entry((point, name.to_owned())).or_default();
        lines.extend(rows);
        let surplus = lines.len().saturating_sub(KEPT);
        lines.drain(..surplus);
        drop(all);
        self.woken.notify_one();
    }

    fn take(&self) -> Waiting {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// A call whose lines are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) extension_point: &'static str,
    pub(crate) binding: &'c str,
    /// The plugin.
    pub(crate) digest: &'c str,
    /// Why the rule was asked.
    pub(crate) cause: &'static str,
    pub(crate) moment: Moment,
}

/// What brought a fault about, for those who may read customers.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// The facts of the customer at this place in the frame.
    Customer(usize),
    /// What these words say.
    Case(Words),
}

impl Call<'_> {
    fn row(&self, level: &str, message: &str) -> LogRow {
        LogRow {
            line: 0,
            at: self.moment.now,
            cause: self.cause.to_owned(),
            digest: self.digest.to_owned(),
            level: level.to_owned(),
            message: message.to_owned(),
        }
    }
}

impl Room {
    /// Keeps what a rule wrote.
    pub(crate) fn log(&self, call: Call<'_>, lines: &[LogLine]) {
        let rows = lines.iter().take(OF_A_RUN);
        let rows = rows.map(|line| call.row(level(line.level), &line.message));
        self.logbook.put(call.extension_point, call.binding, rows);
    }

    /// Keeps what a rule wrote before it failed, how it failed, and what brought that about.
    pub(crate) fn log_fault(&self, call: Call<'_>, fault: &Fault, about: Option<About>) {
        let lines = fault.receipt.log.iter().take(OF_A_RUN);
        let lines = lines.map(|line| call.row(level(line.level), &line.message));
        let end = call.row(FAULT, &Words::of(fault).to_stored());
        let about = about.map(|about| match about {
            About::Customer(ordinal) => call.row(ABOUT, &format!("{ORDINAL}{ordinal}")),
            About::Case(words) => call.row(ABOUT, &words.to_stored()),
        });
        let rows = lines.chain([end]).chain(about);
        self.logbook.put(call.extension_point, call.binding, rows);
    }
}

/// Stands before the place of a customer in the frame until the line is written.
const ORDINAL: &str = "ordinal ";

/// Whose facts brought a fault about. The facts are not told: whoever may read the customer finds them there.
async fn whose(tx: &mut Tx, agency: Uuid, ordinal: &str) -> Result<Words> {
    let ordinals: Vec<i64> = ordinal.parse().into_iter().collect();
    let found = profiles::customers_at(tx, agency, &ordinals).await?;
    Ok(match found.first() {
        Some(customer) => words!(
            "the facts of customer {id} bring it about",
            "由客户 {id} 的事实引起",
            id = customer.id
        ),
        None => words!(
            "the facts of a customer who is gone by now brought it about",
            "由一位已不存在的客户的事实引起"
        ),
    })
}

/// Writes what an agency's rules log until the server stops.
pub(crate) async fn keep_log(app: App, room: Weak<Room>, woken: Arc<Notify>) {
    loop {
        let stopping = tokio::select! {
            () = woken.notified() => false,
            () = app.stopping.cancelled() => true,
        };
        let Some(room) = room.upgrade() else { return };
        let lines = room.logbook.take();
        if let Err(error) = retrying!(app.bindings().write_log(&room, &lines))
            && !note_if_full(&error)
        {
            tracing::warn!(%error, agency = %room.slug, "what the rules logged is lost");
        }
        drop(room);
        if stopping {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = app.stopping.cancelled() => {}
        }
    }
}

impl Bindings<'_> {
    async fn write_log(&self, room: &Room, lines: &Waiting) -> Result<()> {
        let disk = self.app.allowances.database_folder.as_deref();
        if lines.is_empty() || !disk.is_none_or(|folder| self.app.may_spend(folder)) {
            return Ok(());
        }
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        lock(&mut tx, room.id).await?;
        for ((point, name), rows) in lines {
            let mut rows: Vec<LogRow> = rows.iter().cloned().collect();
            for row in rows.iter_mut().filter(|row| row.level == ABOUT) {
                if let Some(ordinal) = row.message.strip_prefix(ORDINAL) {
                    row.message = whose(&mut tx, room.id, ordinal).await?.to_stored();
                }
            }
            store::append(&mut tx, room.id, point, name, &rows, KEPT as i64).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Deletes what the rules of an agency wrote too long ago. `now` is business time.
    ///
    /// # Errors
    /// Failures of the database.
    pub(crate) async fn forget_log(&self, agency: Uuid, now: Instant) -> Result<()> {
        const DAY: i64 = 86_400_000;
        let before = now.saturating_sub(DAY.saturating_mul(self.app.allowances.log_days.into()));
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let lines = store::forget(&mut tx, agency, before).await?;
        if lines + decision_logs::forget(&mut tx, agency, before).await? > 0 {
            tx.commit().await?;
        }
        Ok(())
    }

    /// Lines of a binding's log before line `before`, the newest first.
    ///
    /// # Errors
    /// No such binding; failures of the database.
    pub async fn log(
        &self,
        caller: &Caller,
        point: &str,
        name: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LogEntry>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        find(&mut tx, agency, point, name).await?;
        let reads = caller.reads_everything();
        let hidden = if reads { "" } else { ABOUT };
        let rows = store::lines(&mut tx, agency, point, name, hidden, before.unwrap_or(i64::MAX), limit).await?;
        let entry = |row: LogRow| LogEntry {
            line: row.line,
            at: row.at,
            cause: row.cause,
            digest: row.digest,
            message: match row.level.as_str() {
                FAULT | ABOUT => reason_for(caller, &row.message),
                _ if reads => Words::same(row.message),
                _ => withheld(),
            },
            level: row.level,
        };
        Ok(rows.into_iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> LogRow {
        LogRow {
            line: 0,
            at: 0,
            cause: CHANGE.into(),
            digest: String::new(),
            level: "info".into(),
            message: number.to_string(),
        }
    }

    #[test]
    fn what_waits_is_bounded_and_the_oldest_goes_first() {
        let book = Logbook::default();
        for batch in 0..50 {
            book.put("one", "a", (0..60).map(|n| line(batch * 60 + n)));
        }
        book.put("another", "b", (0..5_000).map(line));
        book.put("one", "c", std::iter::empty());
        let lines = book.take();
        let (a, b) = (("one", "a".to_owned()), ("another", "b".to_owned()));
        assert_eq!(lines.keys().collect::<Vec<_>>(), [&b, &a]);
        let (first, last) = (&lines[&a][0], &lines[&a][KEPT - 1]);
        assert_eq!(
            (lines[&a].len(), first.message.as_str(), last.message.as_str()),
            (KEPT, "2000", "2999")
        );
        assert_eq!(lines[&b].len(), OF_A_RUN + 2);
        assert!(book.take().is_empty());
    }
}
