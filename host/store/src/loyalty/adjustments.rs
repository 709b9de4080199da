//! What somebody wants to give or take by hand, until another person has said yes or no.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// An adjustment: of a wallet by points, or a tier until a day.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AdjustmentRow {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer_id: Uuid,
    /// `points` or `status`; none where a tier is given.
    pub wallet: Option<String>,
    /// By how much, less than nothing to take away.
    pub points: Option<i64>,
    /// The last day of what is given.
    pub expires_on: Option<i32>,
    /// Key of the tier.
    pub tier: Option<String>,
    /// The last day on which it is not lowered.
    pub until_on: Option<i32>,
    /// Why, in somebody's words.
    pub reason: String,
    /// `waiting`, `approved` or `rejected`.
    pub state: String,
    /// Who asked for it.
    pub asked_by: Uuid,
    /// When, in ms since 1970 of business time.
    pub asked_at: i64,
    /// Who said yes or no.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<i64>,
    /// Why, in their words.
    pub note: Option<String>,
}

macro_rules! adjustment_columns {
    () => {
        "id, customer_id, wallet, points, expires_on, tier, until_on, reason, state, asked_by, asked_at, decided_by, decided_at, note"
    };
}

/// Writes down what somebody asks for.
///
/// # Errors
/// Failures of the database.
pub async fn insert_adjustment(tx: &mut Tx, agency: Uuid, row: &AdjustmentRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_adjustment (agency_id, id, customer_id, wallet, points, expires_on, tier, until_on, reason, state, asked_by, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        agency,
        row.id,
        row.customer_id,
        &row.wallet,
        row.points,
        row.expires_on,
        &row.tier,
        row.until_on,
        &row.reason,
        &row.state,
        row.asked_by,
        row.asked_at
    )
    .map(drop)
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn adjustment(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<AdjustmentRow>> {
    fetch_optional!(
        tx,
        AdjustmentRow,
        concat!(
            "SELECT ",
            adjustment_columns!(),
            " FROM loyalty_adjustment WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// Writes what somebody said to one that waits; whether it did.
///
/// # Errors
/// Failures of the database.
pub async fn decide_adjustment(tx: &mut Tx, agency: Uuid, row: &AdjustmentRow) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE loyalty_adjustment SET state = $3, decided_by = $4, decided_at = $5, note = $6
         WHERE agency_id = $1 AND id = $2 AND state = 'waiting'",
        agency,
        row.id,
        &row.state,
        row.decided_by,
        row.decided_at,
        &row.note
    )?;
    Ok(done == 1)
}

/// Adjustments before an id, the latest first: of a state, of a member, or all.
///
/// # Errors
/// Failures of the database.
pub async fn adjustments(
    tx: &mut Tx,
    agency: Uuid,
    (state, customer): (Option<&str>, Option<Uuid>),
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AdjustmentRow>> {
    let before = before.unwrap_or(Uuid::max());
    // each has an index of its own
    match (state, customer) {
        (state, Some(customer)) => fetch_all!(
            tx,
            AdjustmentRow,
            concat!(
                "SELECT ",
                adjustment_columns!(),
                " FROM loyalty_adjustment WHERE agency_id = $1 AND customer_id = $2 AND ($3 = '' OR state = $3) AND id < $4 ORDER BY id DESC LIMIT $5"
            ),
            agency,
            customer,
            state.unwrap_or(""),
            before,
            limit
        ),
        (Some(state), None) => fetch_all!(
            tx,
            AdjustmentRow,
            concat!(
                "SELECT ",
                adjustment_columns!(),
                " FROM loyalty_adjustment WHERE agency_id = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
            ),
            agency,
            state,
            before,
            limit
        ),
        (None, None) => fetch_all!(
            tx,
            AdjustmentRow,
            concat!(
                "SELECT ",
                adjustment_columns!(),
                " FROM loyalty_adjustment WHERE agency_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ),
            agency,
            before,
            limit
        ),
    }
}

/// How many wait for another person.
///
/// # Errors
/// Failures of the database.
pub async fn adjustments_waiting(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM loyalty_adjustment WHERE agency_id = $1 AND state = 'waiting'",
        agency
    )?;
    Ok(count)
}
