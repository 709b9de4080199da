//! What the ledger writes down: one entry for each account that a cause moves, never changed and never deleted.

use crate::ledger_accounts::{Account, Cause, Posting};
use crate::{Result, StoreError, Tx, dialect};
use posthouse_domain::ledger::{Change, Entry, Hold, Movement};
use sqlx::FromRow;
use std::borrow::Cow;
use uuid::Uuid;

/// An entry as it is stored.
#[derive(FromRow)]
struct EntryRow {
    cause_kind: String,
    cause_id: Uuid,
    kind: String,
    owner: Uuid,
    entry: i64,
    movement: String,
    credited: i64,
    debited: i64,
    held: i64,
    parts: String,
    at: i64,
}

macro_rules! entry_columns {
    () => {
        "cause_kind, cause_id, kind, owner, entry, movement, credited, debited, held, parts, at"
    };
}

impl EntryRow {
    fn read(self) -> Result<Posted> {
        let movement = Movement::parse(&self.movement).ok_or_else(|| StoreError::Corrupt {
            what: "movement",
            problem: self.movement,
        })?;
        Ok(Posted {
            cause_kind: self.cause_kind,
            cause_id: self.cause_id,
            account: Account {
                kind: Cow::Owned(self.kind),
                owner: self.owner,
            },
            entry: Entry {
                entry: self.entry,
                movement,
                change: Change {
                    credited: self.credited,
                    debited: self.debited,
                    held: self.held,
                },
                parts: serde_json::from_str(&self.parts).map_err(StoreError::corrupt("parts"))?,
                at: self.at,
            },
        })
    }
}

/// An entry with its account and its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What kind of cause.
    pub cause_kind: String,
    /// Which of them.
    pub cause_id: Uuid,
    /// The account.
    pub account: Account,
    /// What was done.
    pub entry: Entry,
}

/// An entry about to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'p> {
    pub(crate) cause: Cause,
    pub(crate) at: i64,
    pub(crate) entry: i64,
    pub(crate) posting: &'p Posting,
}

/// Writes entries that are not there yet; how many were not.
pub(crate) async fn insert(tx: &mut Tx, agency: Uuid, movement: Movement, lines: &[Line<'_>]) -> Result<u64> {
    let mut new = 0;
    for lines in lines.chunks(dialect::MOST_ROWS) {
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            let parts = serde_json::to_string(&line.posting.parts).map_err(StoreError::corrupt("parts"))?;
            rows.push((line, movement.of(line.posting.amount), parts));
        }
        let rows = dialect::filled_up(&rows);
        new += execute_built!(&mut *tx, rows.len(), |q| {
            q.push("WITH posted (cause_kind, cause_id, kind, owner, entry, credited, debited, held, parts, at) AS (");
            q.push_values(&rows, |mut b, row| {
                let line = row.map(|(line, _, _)| line);
                let change = row.map(|(_, change, _)| change);
                b.push_bind(line.map(|line| line.cause.kind))
                    .push_bind(line.map(|line| line.cause.id))
                    .push_bind(line.map(|line| &*line.posting.account.kind))
                    .push_bind(line.map(|line| line.posting.account.owner))
                    .push_bind(line.map(|line| line.entry))
                    .push_bind(change.map(|change| change.credited))
                    .push_bind(change.map(|change| change.debited))
                    .push_bind(change.map(|change| change.held))
                    .push_bind(row.map(|(_, _, parts)| parts.as_str()))
                    .push_bind(line.map(|line| line.at));
            });
            q.push(
                ") INSERT INTO ledger_entry (agency_id, cause_kind, cause_id, kind, owner, entry, movement, credited, debited, held, parts, at) SELECT ",
            )
            .push_bind(agency)
            .push(", p.cause_kind, p.cause_id, p.kind, p.owner, p.entry, ")
            .push_bind(movement.as_str())
            .push(
                ", p.credited, p.debited, p.held, p.parts, p.at FROM posted p WHERE p.entry IS NOT NULL ON CONFLICT DO NOTHING",
            );
        })?;
    }
    Ok(new)
}

/// What a cause has set aside, by account in the order of their keys, and what became of it.
///
/// # Errors
/// Failures of the database.
pub async fn holds(tx: &mut Tx, agency: Uuid, cause: Cause) -> Result<Vec<(Account, Hold)>> {
    let holds = holds_of(tx, agency, &[cause]).await?;
    Ok(holds.into_iter().map(|(_, account, hold)| (account, hold)).collect())
}

/// The same of many causes of one kind, cause by cause.
///
/// # Errors
/// Failures of the database.
pub async fn holds_of(tx: &mut Tx, agency: Uuid, causes: &[Cause]) -> Result<Vec<(Cause, Account, Hold)>> {
    let Some(first) = causes.first() else {
        return Ok(Vec::new());
    };
    debug_assert!(causes.iter().all(|cause| cause.kind == first.kind), "{causes:?}");
    let rows = fetch_listed!(
        tx,
        EntryRow,
        concat!(
            "SELECT ",
            entry_columns!(),
            " FROM ledger_entry WHERE agency_id = $1 AND cause_kind = $2 AND cause_id IN"
        ),
        [agency, first.kind],
        causes,
        1,
        |b, cause| b.push_bind(cause.id),
        ""
    )?;
    let mut posted: Vec<Posted> = rows.into_iter().map(EntryRow::read).collect::<Result<_>>()?;
    let order = |posted: &Posted| (posted.cause_id, posted.account.clone(), posted.entry.entry);
    posted.sort_by_cached_key(order);
    let accounts = posted.chunk_by(|one, next| one.cause_id == next.cause_id && one.account == next.account);
    let holds = accounts.filter_map(|of_one| {
        let entries: Vec<Entry> = of_one.iter().map(|posted| posted.entry.clone()).collect();
        let first_entry = of_one.first()?;
        let cause = Cause {
            kind: first.kind,
            id: first_entry.cause_id,
        };
        Some((cause, first_entry.account.clone(), Hold::of(&entries)?))
    });
    Ok(holds.collect())
}

/// Entries of an account before (`at`, kind of cause, cause, entry), the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn entries(
    tx: &mut Tx,
    agency: Uuid,
    account: &Account,
    before: (i64, &str, Uuid, i64),
    limit: i64,
) -> Result<Vec<Posted>> {
    let rows = fetch_all!(
        tx,
        EntryRow,
        concat!(
            "SELECT ",
            entry_columns!(),
            " FROM ledger_entry WHERE agency_id = $1 AND kind = $2 AND owner = $3
               AND (at, cause_kind, cause_id, entry) < ($4, $5, $6, $7)
             ORDER BY at DESC, cause_kind DESC, cause_id DESC, entry DESC LIMIT $8"
        ),
        agency,
        &*account.kind,
        account.owner,
        before.0,
        before.1,
        before.2,
        before.3,
        limit
    )?;
    rows.into_iter().map(EntryRow::read).collect()
}
