//! The ledger: accounts of whatever is kept like money. It knows neither who has an account nor why it moves; a capability names the kind
//! of its accounts, the kind of its causes, and the parts and conditions of each movement.
//!
//! Every movement is two statements, however many causes, accounts and parts it touches: its entries (`ledger_entries`), whose key has
//! the cause, so that nothing moves twice; and the counters (`ledger_counters`), each under its condition, in the order of their keys, so
//! that two movements never wait for each other in a circle. A transaction that moves several times does so in the order of the accounts.
//! When a movement fails, nothing of its transaction may be committed.

pub use crate::ledger_accounts::{Account, Cause, Moving, Posting};
pub use crate::ledger_counters::{CounterRow, TOTAL, own, shared, total};
use crate::ledger_counters::{Move, shift};
use crate::ledger_entries::{self, Line};
pub use crate::ledger_entries::{Posted, entries, holds, holds_of};
use crate::{Result, StoreError, Tx};
use posthouse_domain::ledger::{Hold, Movement, OPENING, SETTLING};
use uuid::Uuid;

/// Sets amounts aside; whether this call did it and not one before.
///
/// # Errors
/// [`StoreError::Overtaken`] if a condition is not met: who looked before they asked was overtaken, and looks again. Failures of the
/// database.
pub async fn reserve(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, postings: &[Posting]) -> Result<bool> {
    open(tx, agency, Movement::Reserve, &[Moving { cause, at, postings }]).await
}

/// The same for many causes at once, none of which has set anything aside before. Where a condition cannot be met by all of them it is met by
/// none.
///
/// # Errors
/// [`StoreError::Overtaken`] if a condition is not met, or one of them has set something aside; failures of the database.
pub async fn reserve_all(tx: &mut Tx, agency: Uuid, moving: &[Moving<'_>]) -> Result<()> {
    open_all(tx, agency, Movement::Reserve, moving).await
}

/// Lets amounts in; whether this call did it and not one before.
///
/// # Errors
/// Failures of the database.
pub async fn credit(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, postings: &[Posting]) -> Result<bool> {
    open(tx, agency, Movement::Credit, &[Moving { cause, at, postings }]).await
}

/// The same for many causes at once, none of which has let anything in before.
///
/// # Errors
/// [`StoreError::Overtaken`] if one of them has; failures of the database.
pub async fn credit_all(tx: &mut Tx, agency: Uuid, moving: &[Moving<'_>]) -> Result<()> {
    open_all(tx, agency, Movement::Credit, moving).await
}

/// The same as [`debit`] for many causes at once, none of which has taken anything out before. Where a condition cannot be met by all of them it
/// is met by none.
///
/// # Errors
/// As [`reserve_all`].
pub async fn debit_all(tx: &mut Tx, agency: Uuid, moving: &[Moving<'_>]) -> Result<()> {
    open_all(tx, agency, Movement::Debit, moving).await
}

/// Takes amounts out that were not set aside; whether this call did it and not one before.
///
/// # Errors
/// As [`reserve`].
pub async fn debit(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, postings: &[Posting]) -> Result<bool> {
    open(tx, agency, Movement::Debit, &[Moving { cause, at, postings }]).await
}

/// Uses everything that a cause has set aside; whether this call did it. What was released cannot be used any more.
///
/// # Errors
/// Failures of the database.
pub async fn commit(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64) -> Result<bool> {
    settle(tx, agency, &[cause], (Movement::Commit, at)).await
}

/// Frees everything that a cause has set aside; whether this call did it. What was used comes back by [`give_back`].
///
/// # Errors
/// Failures of the database.
pub async fn release(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64) -> Result<bool> {
    release_all(tx, agency, &[cause], at).await
}

/// The same for many causes of one kind at once.
///
/// # Errors
/// Failures of the database.
pub async fn release_all(tx: &mut Tx, agency: Uuid, causes: &[Cause], at: i64) -> Result<bool> {
    settle(tx, agency, causes, (Movement::Release, at)).await
}

async fn open_all(tx: &mut Tx, agency: Uuid, movement: Movement, moving: &[Moving<'_>]) -> Result<()> {
    let done = open(tx, agency, movement, moving).await?;
    if done || moving.iter().all(|each| each.postings.is_empty()) {
        Ok(())
    } else {
        Err(StoreError::Overtaken)
    }
}

async fn open(tx: &mut Tx, agency: Uuid, movement: Movement, moving: &[Moving<'_>]) -> Result<bool> {
    let mut lines = Vec::new();
    for &Moving { cause, at, postings } in moving {
        lines.extend(postings.iter().map(|posting| Line {
            cause,
            at,
            entry: OPENING,
            posting,
        }));
    }
    post(tx, agency, movement, lines).await
}

async fn settle(tx: &mut Tx, agency: Uuid, causes: &[Cause], (movement, at): (Movement, i64)) -> Result<bool> {
    let mut settled = Vec::new();
    for (cause, account, hold) in holds_of(tx, agency, causes).await? {
        if hold.settled.is_none() {
            let posting = Posting {
                account,
                amount: hold.amount,
                at_most: None,
                parts: hold.parts,
            };
            settled.push((cause, posting));
        }
    }
    let lines = settled.iter().map(|(cause, posting)| Line {
        cause: *cause,
        at,
        entry: SETTLING,
        posting,
    });
    post(tx, agency, movement, lines.collect()).await
}

/// Gives back what a cause has used, so much of each of these holds and parts, as it was read in this transaction.
///
/// # Errors
/// [`StoreError::Overtaken`] if more has come back since; [`StoreError::Unbacked`] for more than is used; failures of the database.
pub async fn give_back(tx: &mut Tx, agency: Uuid, cause: Cause, at: i64, returns: &[(&Hold, Posting)]) -> Result<()> {
    if returns.iter().any(|(hold, posting)| posting.amount > hold.used()) {
        return Err(StoreError::Unbacked);
    }
    let lines = returns.iter().map(|(hold, posting)| Line {
        cause,
        at,
        entry: hold.next,
        posting,
    });
    let done = post(tx, agency, Movement::Return, lines.collect()).await?;
    if done || returns.is_empty() {
        Ok(())
    } else {
        Err(StoreError::Overtaken)
    }
}

/// Writes down movements and moves the counters, unless they are there already; whether they were not.
async fn post(tx: &mut Tx, agency: Uuid, movement: Movement, mut lines: Vec<Line<'_>>) -> Result<bool> {
    if lines.is_empty() {
        return Ok(false);
    }
    lines.sort_by_key(|line| (line.cause, &line.posting.account));
    match ledger_entries::insert(tx, agency, movement, &lines).await? {
        0 => return Ok(false),
        new if new == lines.len() as u64 => {}
        // somebody else moved some of it since we looked
        _ => return Err(StoreError::Overtaken),
    }
    let moves = lines.iter().flat_map(|line| Move::of(movement, line.posting)).collect();
    if shift(tx, agency, moves).await? {
        Ok(true)
    } else {
        Err(StoreError::Overtaken)
    }
}
