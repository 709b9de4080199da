//! The ledger: accounts of whatever is kept like money. It knows neither who has an account nor why it moves; a capability names the kind
//! of its accounts, the kind of its causes, and the parts and conditions of each movement.
//!
//! Every movement is two statements, however many accounts and parts it touches: its entries, whose key has the cause, so that nothing moves
//! twice; and the counters, each under its condition, in the order of their keys, so that two movements never wait for each other in a
//! circle. A transaction that moves several times does so in the order of the accounts. When a movement fails, nothing of its transaction
//! may be committed.

use crate::{Result, StoreError, Tx, dialect};
use posthouse_domain::ledger::{Change, Entry, Hold, Movement, OPENING, Part, SETTLING};
use sqlx::FromRow;
use std::borrow::Cow;
use uuid::Uuid;

/// The part of an account that is all of it.
pub const TOTAL: &str = "total";

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

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// What is kept: each kind has its own unit.
    pub kind: Cow<'static, str>,
    /// Whose it is: a campaign, a customer.
    pub owner: Uuid,
}

impl Account {
    /// The account of this kind and owner.
    pub fn new(kind: &'static str, owner: Uuid) -> Self {
        Self {
            kind: Cow::Borrowed(kind),
            owner,
        }
    }
}

/// Why something moves: a quote, an order, a booking that earns. A cause begins once on each account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What kind of cause.
    pub kind: &'static str,
    /// Which of them.
    pub id: Uuid,
}

/// A movement of one account. A call has one for each account at most.
#[derive(Debug, Clone)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// How much of it moves, zero or more.
    pub amount: i64,
    /// The condition, if the movement leaves less than before: most that may be used and set aside beyond what came in. `None` for no
    /// limit; a budget has its own; zero where nothing may be used that did not come in.
    pub at_most: Option<i64>,
    /// The parts that move with it, each once.
    pub parts: Vec<Part>,
}

/// Sets amounts aside; whether this call did it and not one before.
///
/// # Errors
/// [`StoreError::Overtaken`] if a condition is not met: who looked before they asked was overtaken, and looks again. Failures of the
/// database.
pub async fn reserve(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, postings: &[Posting]) -> Result<bool> {
    post(tx, agency, cause, (Movement::Reserve, at), &numbered(postings, OPENING)).await
}

/// Lets amounts in; whether this call did it and not one before.
///
/// # Errors
/// Failures of the database.
pub async fn credit(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, postings: &[Posting]) -> Result<bool> {
    post(tx, agency, cause, (Movement::Credit, at), &numbered(postings, OPENING)).await
}

/// Takes amounts out that were not set aside; whether this call did it and not one before.
///
/// # Errors
/// As [`reserve`].
pub async fn debit(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, postings: &[Posting]) -> Result<bool> {
    post(tx, agency, cause, (Movement::Debit, at), &numbered(postings, OPENING)).await
}

/// Uses everything that a cause has set aside; whether this call did it. What was released cannot be used any more.
///
/// # Errors
/// Failures of the database.
pub async fn commit(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64) -> Result<bool> {
    settle(tx, agency, cause, (Movement::Commit, at)).await
}

/// Frees everything that a cause has set aside; whether this call did it. What was used comes back by [`give_back`].
///
/// # Errors
/// Failures of the database.
pub async fn release(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64) -> Result<bool> {
    settle(tx, agency, cause, (Movement::Release, at)).await
}

async fn settle(tx: &mut Tx, agency: Uuid, cause: Cause, (movement, at): (Movement, i64)) -> Result<bool> {
    let holds = holds(tx, agency, cause).await?;
    let open = holds.into_iter().filter(|(_, hold)| hold.settled.is_none());
    let postings: Vec<Posting> = open
        .map(|(account, hold)| Posting {
            account,
            amount: hold.amount,
            at_most: None,
            parts: hold.parts,
        })
        .collect();
    post(tx, agency, cause, (movement, at), &numbered(&postings, SETTLING)).await
}

/// Gives back what a cause has used, so much of each of these holds and parts, as it was read in this transaction.
///
/// # Errors
/// [`StoreError::Overtaken`] if more has come back since; [`StoreError::Unbacked`] for more than is used; failures of the database.
pub async fn give_back(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, returns: &[(&Hold, Posting)]) -> Result<()> {
    if returns.iter().any(|(hold, posting)| posting.amount > hold.used()) {
        return Err(StoreError::Unbacked);
    }
    let postings: Vec<(i64, &Posting)> = returns.iter().map(|(hold, posting)| (hold.next, posting)).collect();
    let done = post(tx, agency, cause, (Movement::Return, at), &postings).await?;
    if done || returns.is_empty() {
        Ok(())
    } else {
        Err(StoreError::Overtaken)
    }
}

fn numbered(postings: &[Posting], entry: i64) -> Vec<(i64, &Posting)> {
    postings.iter().map(|posting| (entry, posting)).collect()
}

/// Writes down a movement and moves the counters, unless it is there already; whether it was not.
async fn post(
    tx: &mut Tx,
    agency: Uuid,
    cause: Cause,
    (movement, at): (Movement, i64),
    postings: &[(i64, &Posting)],
) -> Result<bool> {
    if postings.is_empty() {
        return Ok(false);
    }
    let mut postings = postings.to_vec();
    postings.sort_by_key(|(_, posting)| &posting.account);
    match insert(tx, agency, cause, (movement, at), &postings).await? {
        0 => return Ok(false),
        new if new == postings.len() as u64 => {}
        // somebody else moved some of it since we looked
        _ => return Err(StoreError::Overtaken),
    }
    let mut moves: Vec<Move<'_>> = Vec::new();
    for (_, posting) in &postings {
        let of = |scope, subject, amount, at_most| Move {
            kind: &posting.account.kind,
            owner: posting.account.owner,
            scope,
            subject,
            change: movement.of(amount),
            at_most: movement.takes().then_some(at_most).flatten(),
        };
        moves.push(of(TOTAL, "", posting.amount, posting.at_most));
        for each in &posting.parts {
            debug_assert!(each.amount >= 0, "{each:?}");
            moves.push(of(&each.scope, &each.subject, each.amount, each.at_most));
        }
    }
    moves.sort_by(|a, b| a.key().cmp(&b.key()));
    debug_assert!(moves.is_sorted_by(|a, b| a.key() < b.key()), "a part twice");
    if shift(tx, agency, &moves).await? {
        Ok(true)
    } else {
        Err(StoreError::Overtaken)
    }
}

/// Writes entries that are not there yet; how many were not.
async fn insert(
    tx: &mut Tx,
    agency: Uuid,
    cause: Cause,
    (movement, at): (Movement, i64),
    postings: &[(i64, &Posting)],
) -> Result<u64> {
    let mut new = 0;
    for postings in postings.chunks(dialect::MOST_PARAMETERS / 12) {
        let mut rows = Vec::with_capacity(postings.len());
        for (entry, posting) in postings {
            let parts = serde_json::to_string(&posting.parts).map_err(StoreError::corrupt("parts"))?;
            rows.push((*entry, *posting, movement.of(posting.amount), parts));
        }
        new += execute_built!(&mut *tx, rows.len(), |q| {
            q.push(
                "INSERT INTO ledger_entry (agency_id, cause_kind, cause_id, kind, owner, entry, movement, credited, debited, held, parts, at) ",
            );
            q.push_values(&rows, |mut b, (entry, posting, change, parts)| {
                b.push_bind(agency)
                    .push_bind(cause.kind)
                    .push_bind(cause.id)
                    .push_bind(&*posting.account.kind)
                    .push_bind(posting.account.owner)
                    .push_bind(*entry)
                    .push_bind(movement.as_str())
                    .push_bind(change.credited)
                    .push_bind(change.debited)
                    .push_bind(change.held)
                    .push_bind(parts)
                    .push_bind(at);
            });
            q.push(" ON CONFLICT DO NOTHING");
        })?;
    }
    Ok(new)
}

/// A movement of one counter.
struct Move<'p> {
    kind: &'p str,
    owner: Uuid,
    scope: &'p str,
    subject: &'p str,
    change: Change,
    at_most: Option<i64>,
}

impl Move<'_> {
    fn key(&self) -> (&str, Uuid, &str, &str) {
        (self.kind, self.owner, self.scope, self.subject)
    }
}

/// Moves counters in this order; whether each had its condition met. A counter begins with the first movement that a counter of nothing
/// can bear.
async fn shift(tx: &mut Tx, agency: Uuid, moves: &[Move<'_>]) -> Result<bool> {
    // eight values each, and the agency twice
    for moves in moves.chunks((dialect::MOST_PARAMETERS - 2) / 8) {
        let moved = execute_built!(&mut *tx, moves.len(), |q| {
            q.push("WITH moved (kind, owner, scope, subject, credited, debited, held, at_most) AS (");
            q.push_values(moves, |mut b, each| {
                b.push_bind(each.kind)
                    .push_bind(each.owner)
                    .push_bind(each.scope)
                    .push_bind(each.subject)
                    .push_bind(each.change.credited)
                    .push_bind(each.change.debited)
                    .push_bind(each.change.held)
                    .push_bind(each.at_most.unwrap_or(i64::MAX));
            });
            q.push(") INSERT INTO ledger_counter (agency_id, kind, owner, scope, subject, credited, debited, held) SELECT ")
                .push_bind(agency);
            // no EXISTS: for that PostgreSQL may read the whole table
            q.push(
                ", m.kind, m.owner, m.scope, m.subject, m.credited, m.debited, m.held FROM moved m
                 WHERE (m.debited >= 0 AND m.held >= 0 AND m.debited + m.held - m.credited <= m.at_most)
                    OR (SELECT c.held FROM ledger_counter c WHERE c.agency_id = ",
            );
            q.push_bind(agency).push(
                " AND c.kind = m.kind AND c.owner = m.owner AND c.scope = m.scope AND c.subject = m.subject) IS NOT NULL
                 ON CONFLICT (agency_id, kind, owner, scope, subject) DO UPDATE SET
                    credited = ledger_counter.credited + excluded.credited,
                    debited = ledger_counter.debited + excluded.debited,
                    held = ledger_counter.held + excluded.held
                 WHERE ledger_counter.debited + excluded.debited >= 0 AND ledger_counter.held + excluded.held >= 0
                   AND ledger_counter.debited + excluded.debited + ledger_counter.held + excluded.held
                        - ledger_counter.credited - excluded.credited
                        <= (SELECT m.at_most FROM moved m WHERE m.owner = excluded.owner AND m.scope = excluded.scope
                            AND m.subject = excluded.subject AND m.kind = excluded.kind)",
            );
        })?;
        if moved != moves.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a cause has set aside, by account in the order of their keys, and what became of it.
///
/// # Errors
/// Failures of the database.
pub async fn holds(tx: &mut Tx, agency: Uuid, cause: Cause) -> Result<Vec<(Account, Hold)>> {
    let rows = fetch_all!(
        tx,
        EntryRow,
        concat!(
            "SELECT ",
            entry_columns!(),
            " FROM ledger_entry WHERE agency_id = $1 AND cause_kind = $2 AND cause_id = $3 ORDER BY kind, owner, entry"
        ),
        agency,
        cause.kind,
        cause.id
    )?;
    let posted: Vec<Posted> = rows.into_iter().map(EntryRow::read).collect::<Result<_>>()?;
    let accounts = posted.chunk_by(|one, next| one.account == next.account);
    let holds = accounts.filter_map(|of_one| {
        let entries: Vec<Entry> = of_one.iter().map(|posted| posted.entry.clone()).collect();
        Some((of_one.first()?.account.clone(), Hold::of(&entries)?))
    });
    Ok(holds.collect())
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

/// A counter of an account.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CounterRow {
    /// Which part it counts.
    pub subject: String,
    /// What came in.
    pub credited: i64,
    /// What was used, less what came back.
    pub debited: i64,
    /// What is set aside.
    pub held: i64,
}

impl CounterRow {
    /// What is left of what came in.
    pub fn left(&self) -> i64 {
        self.credited - self.debited - self.held
    }
}

/// The account as a whole.
///
/// # Errors
/// Failures of the database.
pub async fn total(tx: &mut Tx, agency: Uuid, account: &Account) -> Result<Change> {
    let row = parts(tx, agency, account, TOTAL).await?.pop();
    Ok(row.map_or_else(Change::default, |row| Change {
        credited: row.credited,
        debited: row.debited,
        held: row.held,
    }))
}

/// The parts of an account in one scope, by their subjects.
///
/// # Errors
/// Failures of the database.
pub async fn parts(tx: &mut Tx, agency: Uuid, account: &Account, scope: &str) -> Result<Vec<CounterRow>> {
    fetch_all!(
        tx,
        CounterRow,
        "SELECT subject, credited, debited, held FROM ledger_counter
         WHERE agency_id = $1 AND kind = $2 AND owner = $3 AND scope = $4 ORDER BY subject",
        agency,
        &*account.kind,
        account.owner,
        scope
    )
}
