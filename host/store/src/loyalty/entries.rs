//! The statement of a member: what moved, why, and what there was behind it.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EntryRow {
    /// The member.
    pub customer_id: Uuid,
    /// Counts from 1.
    pub nth: i64,
    /// The cause of the ledger's entries.
    pub id: Uuid,
    /// When, in ms since 1970 of business time.
    pub at: i64,
    /// The same as a day in the agency's zone.
    pub on_day: i32,
    /// `points` or `status`.
    pub wallet: String,
    /// What happened: `earned`, `activated`, `reversed`, `settled`, `expired`, `adjusted`, `sent`, `received`, `set_aside`, `redeemed`, `released`,
    /// `returned` or `forfeited`.
    pub kind: String,
    /// What kind of cause: `occasion`, `lot`.
    pub about_kind: String,
    /// Which of them.
    pub about: String,
    /// What changed of what waits.
    pub pending: i64,
    /// Of what can be spent, or counts.
    pub available: i64,
    /// Of what is set aside.
    pub held: i64,
    /// Of what is owed.
    pub owed: i64,
    /// What waited behind it.
    pub pending_after: i64,
    /// What could be spent, or counted.
    pub available_after: i64,
    /// What was set aside.
    pub held_after: i64,
    /// What was owed.
    pub owed_after: i64,
    /// The lots, as JSON: id and by how much what is left of each changed.
    pub lots: String,
    /// The binding whose rule posted it; empty for what the host does by itself.
    pub binding: String,
    /// Why, as JSON: a reason, or null.
    pub reason: String,
    /// The decision.
    pub decision_id: Option<Uuid>,
    /// Who did it by hand.
    pub actor_id: Option<Uuid>,
}

macro_rules! entry_columns {
    () => {
        "customer_id, nth, id, at, on_day, wallet, kind, about_kind, about, pending, available, held, owed, pending_after, available_after, \
         held_after, owed_after, lots, binding, reason, decision_id, actor_id"
    };
}

/// Writes down lines.
///
/// # Errors
/// A cause that moved the wallet this way before; failures of the database.
pub async fn insert_entries(tx: &mut Tx, agency: Uuid, rows: &[EntryRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        23,
        "INSERT INTO points_entry (agency_id, customer_id, nth, id, at, on_day, wallet, kind, about_kind, about, pending, available, held, owed, \
         pending_after, available_after, held_after, owed_after, lots, binding, reason, decision_id, actor_id)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.customer_id)
            .push_bind(row.nth)
            .push_bind(row.id)
            .push_bind(row.at)
            .push_bind(row.on_day)
            .push_bind(&row.wallet)
            .push_bind(&row.kind)
            .push_bind(&row.about_kind)
            .push_bind(&row.about)
            .push_bind(row.pending)
            .push_bind(row.available)
            .push_bind(row.held)
            .push_bind(row.owed)
            .push_bind(row.pending_after)
            .push_bind(row.available_after)
            .push_bind(row.held_after)
            .push_bind(row.owed_after)
            .push_bind(&row.lots)
            .push_bind(&row.binding)
            .push_bind(&row.reason)
            .push_bind(row.decision_id)
            .push_bind(row.actor_id),
        ""
    )
}

/// Lines of a member's statement of these days, behind the `after`-th, the earliest first.
///
/// # Errors
/// Failures of the database.
pub async fn entries(
    tx: &mut Tx,
    agency: Uuid,
    customer: Uuid,
    (from, to): (i32, i32),
    after: i64,
    limit: i64,
) -> Result<Vec<EntryRow>> {
    fetch_all!(
        tx,
        EntryRow,
        concat!(
            "SELECT ",
            entry_columns!(),
            " FROM points_entry WHERE agency_id = $1 AND customer_id = $2 AND nth > $5 AND on_day >= $3 AND on_day <= $4 ORDER BY nth LIMIT $6"
        ),
        agency,
        customer,
        from,
        to,
        after,
        limit
    )
}

/// The last line of a wallet on a day or before: what there was on its evening. Where a clock was set back, a later line may be of an earlier day.
///
/// # Errors
/// Failures of the database.
pub async fn balance_on(tx: &mut Tx, agency: Uuid, customer: Uuid, wallet: &str, day: i32) -> Result<Option<EntryRow>> {
    fetch_optional!(
        tx,
        EntryRow,
        concat!(
            "SELECT ",
            entry_columns!(),
            " FROM points_entry WHERE agency_id = $1 AND customer_id = $2 AND nth = \
             (SELECT MAX(nth) FROM points_entry WHERE agency_id = $1 AND customer_id = $2 AND wallet = $3 AND on_day <= $4)"
        ),
        agency,
        customer,
        wallet,
        day
    )
}

/// How much of a wallet lines of a kind moved on a day.
///
/// # Errors
/// Failures of the database.
pub async fn moved_on(tx: &mut Tx, agency: Uuid, customer: Uuid, kind: &str, day: i32) -> Result<i64> {
    let (sum,) = fetch_one!(
        tx,
        (i64,),
        "SELECT CAST(COALESCE(SUM(available), 0) AS BIGINT) FROM points_entry
         WHERE agency_id = $1 AND customer_id = $2 AND on_day = $4 AND wallet = 'points' AND kind = $3",
        agency,
        customer,
        kind,
        day
    )?;
    Ok(sum)
}
