//! The books: what the statements of all members say together, day by day, and what is outstanding.

use super::EntryRow;
use crate::{Result, Tx};
use sqlx::FromRow;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What lines of a kind moved.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct MovementRow {
    /// `points` or `status`.
    pub wallet: String,
    /// The kind of the lines.
    pub kind: String,
    /// Of what waits.
    pub pending: i64,
    /// Of what can be spent, or counts.
    pub available: i64,
    /// Of what is set aside.
    pub held: i64,
    /// Of what is owed.
    pub owed: i64,
    /// How many lines.
    pub lines: i64,
}

/// Enters lines of statements in the books. The transaction has the lock of the agency's changes.
///
/// # Errors
/// Failures of the database.
pub async fn enter(tx: &mut Tx, agency: Uuid, lines: &[EntryRow]) -> Result<()> {
    let mut sums: BTreeMap<(i32, &str, &str), [i64; 5]> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry((line.on_day, &line.wallet, &line.kind)).or_default();
        for (sum, moved) in sum
            .iter_mut()
            .zip([line.pending, line.available, line.held, line.owed, 1])
        {
            *sum += moved;
        }
    }
    let rows: Vec<_> = sums.into_iter().collect();
    write_rows!(
        tx,
        rows,
        9,
        "INSERT INTO loyalty_book (agency_id, on_day, wallet, kind, pending, available, held, owed, lines)",
        |b, row| {
            let ((day, wallet, kind), [pending, available, held, owed, count]) = row;
            b.push_bind(agency)
                .push_bind(*day)
                .push_bind(*wallet)
                .push_bind(*kind)
                .push_bind(*pending)
                .push_bind(*available)
                .push_bind(*held)
                .push_bind(*owed)
                .push_bind(*count)
        },
        "ON CONFLICT (agency_id, on_day, wallet, kind) DO UPDATE SET pending = loyalty_book.pending + excluded.pending, \
         available = loyalty_book.available + excluded.available, held = loyalty_book.held + excluded.held, \
         owed = loyalty_book.owed + excluded.owed, lines = loyalty_book.lines + excluded.lines"
    )
}

/// What moved on days from the first to the last, by wallet and kind.
///
/// # Errors
/// Failures of the database.
pub async fn movements(tx: &mut Tx, agency: Uuid, (from, to): (i32, i32)) -> Result<Vec<MovementRow>> {
    fetch_all!(
        tx,
        MovementRow,
        "SELECT wallet, kind, CAST(SUM(pending) AS BIGINT) AS pending, CAST(SUM(available) AS BIGINT) AS available,
            CAST(SUM(held) AS BIGINT) AS held, CAST(SUM(owed) AS BIGINT) AS owed, CAST(SUM(lines) AS BIGINT) AS lines
         FROM loyalty_book WHERE agency_id = $1 AND on_day >= $2 AND on_day <= $3 GROUP BY wallet, kind ORDER BY wallet, kind",
        agency,
        from,
        to
    )
}

/// Points that are outstanding, of members of a tier and with the same last day.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OutstandingRow {
    /// Key of the tier.
    pub tier: Option<String>,
    /// The last day; none for what has no end, or has not begun.
    pub until_on: Option<i32>,
    /// What can be spent or is set aside.
    pub available: i64,
    /// What waits.
    pub pending: i64,
}

/// Points that are outstanding now.
///
/// # Errors
/// Failures of the database.
pub async fn outstanding(tx: &mut Tx, agency: Uuid) -> Result<Vec<OutstandingRow>> {
    fetch_all!(
        tx,
        OutstandingRow,
        "SELECT member.tier AS tier, points_lot.until_on AS until_on,
            CAST(SUM(CASE WHEN points_lot.waits IS NULL THEN points_lot.rest + points_lot.held ELSE 0 END) AS BIGINT) AS available,
            CAST(SUM(CASE WHEN points_lot.waits IS NULL THEN 0 ELSE points_lot.rest END) AS BIGINT) AS pending
         FROM points_lot JOIN member ON member.agency_id = points_lot.agency_id AND member.customer_id = points_lot.customer_id
         WHERE points_lot.agency_id = $1 AND points_lot.is_open AND points_lot.wallet = 'points'
         GROUP BY member.tier, points_lot.until_on ORDER BY member.tier, points_lot.until_on",
        agency
    )
}
