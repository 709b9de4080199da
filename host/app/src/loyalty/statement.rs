//! The statement of a member: what there was, what moved and why, and what there is.

use crate::Loyalty;
use crate::error::{AppError, Result};
use crate::rules::Reason;
use crate::team::Caller;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Day, Instant};
use posthouse_store::Access;
use posthouse_store::loyalty::{self as store, EntryRow};
use uuid::Uuid;

/// Sums of both wallets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Points that can be spent.
    pub available: i64,
    /// Points that are still to become so.
    pub pending: i64,
    /// Points set aside.
    pub held: i64,
    /// Points taken back and already spent.
    pub owed: i64,
    /// Status that counts.
    pub status: i64,
}

/// A line of a statement.
#[derive(Debug, Clone)]
pub struct Line {
    /// Counts from 1.
    pub nth: i64,
    /// When, in ms since 1970 of business time.
    pub at: Instant,
    /// `points` or `status`.
    pub wallet: String,
    /// `earned`, `activated`, `reversed`, `settled` or `expired`.
    pub kind: String,
    /// What changed of what waits, can be spent, is set aside and is owed.
    pub moved: [i64; 4],
    /// The same behind it.
    pub after: [i64; 4],
    /// The binding whose rule posted it.
    pub binding: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// The decision.
    pub decision: Option<Uuid>,
}

/// A statement of some days.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What there was on the evening before the first.
    pub opening: Sums,
    /// The lines, the earliest first.
    pub lines: Vec<Line>,
    /// What there was on the evening of the last.
    pub closing: Sums,
    /// The number behind which the next page begins.
    pub next: Option<i64>,
}

impl Line {
    fn read(row: EntryRow) -> Result<Self> {
        Ok(Self {
            nth: row.nth,
            at: row.at,
            wallet: row.wallet,
            kind: row.kind,
            moved: [row.pending, row.available, row.held, row.owed],
            after: [row.pending_after, row.available_after, row.held_after, row.owed_after],
            binding: Some(row.binding).filter(|binding| !binding.is_empty()),
            reason: serde_json::from_str(&row.reason).map_err(AppError::corrupt("reason"))?,
            decision: row.decision_id,
        })
    }
}

impl Loyalty<'_> {
    /// The statement of a member, of days from the first to the last.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub async fn statement(
        &self,
        caller: &Caller,
        customer: Uuid,
        (from, to): (Day, Day),
        after: i64,
        limit: usize,
    ) -> Result<Statement> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if store::member(&mut tx, agency, customer).await?.is_none() {
            return Err(AppError::NotFound("member"));
        }
        let mut rows = store::entries(&mut tx, agency, customer, (from, to), after, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut sums = [Sums::default(); 2];
        for (sums, day) in sums.iter_mut().zip([from.saturating_sub(1), to]) {
            let points = store::balance_on(&mut tx, agency, customer, Wallet::Points.as_str(), day).await?;
            let status = store::balance_on(&mut tx, agency, customer, Wallet::Status.as_str(), day).await?;
            if let Some(line) = points {
                (sums.available, sums.pending) = (line.available_after, line.pending_after);
                (sums.held, sums.owed) = (line.held_after, line.owed_after);
            }
            sums.status = status.map_or(0, |line| line.available_after);
        }
        let [opening, closing] = sums;
        Ok(Statement {
            opening,
            closing,
            next: rows.last().map(|row| row.nth).filter(|_| more),
            lines: rows.into_iter().map(Line::read).collect::<Result<_>>()?,
        })
    }
}
