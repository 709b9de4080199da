//! Where the lines of a statement come from, and what a wallet moved in all.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// What an occasion was about.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SourceRow {
    /// The occasion.
    pub id: Uuid,
    /// What happened.
    pub kind: String,
    /// `booking`, `member`, …
    pub about_kind: String,
    /// Which of them.
    pub about: String,
}

/// The occasion that earned a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct OfLot {
    /// The lot.
    pub id: Uuid,
    /// The occasion; none for what was given by hand.
    pub occasion_id: Option<Uuid>,
}

/// What these occasions were about.
///
/// # Errors
/// Failures of the database.
pub async fn sources(tx: &mut Tx, agency: Uuid, occasions: &[Uuid]) -> Result<Vec<SourceRow>> {
    fetch_listed!(
        tx,
        SourceRow,
        "SELECT id, kind, about_kind, about FROM loyalty_occasion WHERE agency_id = $1 AND id IN",
        [agency],
        occasions,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// The occasions that earned these lots of a member.
///
/// # Errors
/// Failures of the database.
pub async fn of_lots(tx: &mut Tx, agency: Uuid, customer: Uuid, lots: &[Uuid]) -> Result<Vec<OfLot>> {
    fetch_listed!(
        tx,
        OfLot,
        "SELECT id, occasion_id FROM points_lot WHERE agency_id = $1 AND customer_id = $2 AND id IN",
        [agency, customer],
        lots,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// By how much what can be spent of a wallet grew and shrank in all, from a day to another.
///
/// # Errors
/// Failures of the database.
pub async fn turnover(
    tx: &mut Tx,
    agency: Uuid,
    customer: Uuid,
    wallet: &str,
    (from, to): (i32, i32),
) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT CAST(COALESCE(SUM(CASE WHEN available > 0 THEN available ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN available < 0 THEN -available ELSE 0 END), 0) AS BIGINT)
         FROM points_entry WHERE agency_id = $1 AND customer_id = $2 AND wallet = $3 AND on_day >= $4 AND on_day <= $5",
        agency,
        customer,
        wallet,
        from,
        to
    )
}
