//! Who brought whom.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReferralRow {
    /// Id.
    pub id: Uuid,
    /// The member who brought somebody.
    pub referrer_id: Uuid,
    /// Whom.
    pub customer_id: Uuid,
    /// The code that was told.
    pub code: String,
    /// `registered`, `first_trip`, `rewarded` or `rejected`.
    pub state: String,
    /// Why it was rejected: a code.
    pub why: Option<String>,
    /// The booking whose trip completed it.
    pub booking_id: Option<String>,
    /// When it was written down, in ms since 1970 of business time.
    pub registered_at: i64,
    /// The day on which the first trip was over.
    pub completed_on: Option<i32>,
    /// When both sides were rewarded.
    pub rewarded_at: Option<i64>,
}

macro_rules! referral_columns {
    () => {
        "id, referrer_id, customer_id, code, state, why, booking_id, registered_at, completed_on, rewarded_at"
    };
}

/// Writes a referral, new or changed.
///
/// # Errors
/// The customer was brought before; failures of the database.
pub async fn put_referral(tx: &mut Tx, agency: Uuid, row: &ReferralRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_referral (agency_id, id, referrer_id, customer_id, code, state, why, booking_id, registered_at, completed_on, rewarded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (agency_id, id) DO UPDATE SET state = excluded.state, why = excluded.why, booking_id = excluded.booking_id,
            completed_on = excluded.completed_on, rewarded_at = excluded.rewarded_at",
        agency,
        row.id,
        row.referrer_id,
        row.customer_id,
        &row.code,
        &row.state,
        &row.why,
        &row.booking_id,
        row.registered_at,
        row.completed_on,
        row.rewarded_at
    )
    .map(drop)
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn referral(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<ReferralRow>> {
    fetch_optional!(
        tx,
        ReferralRow,
        concat!(
            "SELECT ",
            referral_columns!(),
            " FROM loyalty_referral WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// The referrals by which these customers were brought.
///
/// # Errors
/// Failures of the database.
pub async fn referrals_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<ReferralRow>> {
    fetch_listed!(
        tx,
        ReferralRow,
        concat!(
            "SELECT ",
            referral_columns!(),
            " FROM loyalty_referral WHERE agency_id = $1 AND state <> 'rejected' AND customer_id IN"
        ),
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// The days on which first trips of those whom these members brought were over, from a day on.
///
/// # Errors
/// Failures of the database.
pub async fn completed_days(tx: &mut Tx, agency: Uuid, referrers: &[Uuid]) -> Result<Vec<(Uuid, i32)>> {
    fetch_listed!(
        tx,
        (Uuid, i32),
        "SELECT referrer_id, completed_on FROM loyalty_referral WHERE agency_id = $1 AND completed_on IS NOT NULL AND referrer_id IN",
        [agency],
        referrers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// Referrals before an id, the latest first: of a state, by a member, or all.
///
/// # Errors
/// Failures of the database.
pub async fn referrals(
    tx: &mut Tx,
    agency: Uuid,
    (state, referrer): (Option<&str>, Option<Uuid>),
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ReferralRow>> {
    let before = before.unwrap_or(Uuid::max());
    // each has an index of its own
    match (state, referrer) {
        (state, Some(referrer)) => fetch_all!(
            tx,
            ReferralRow,
            concat!(
                "SELECT ",
                referral_columns!(),
                " FROM loyalty_referral WHERE agency_id = $1 AND referrer_id = $2 AND ($3 = '' OR state = $3) AND id < $4 ORDER BY id DESC LIMIT $5"
            ),
            agency,
            referrer,
            state.unwrap_or(""),
            before,
            limit
        ),
        (Some(state), None) => fetch_all!(
            tx,
            ReferralRow,
            concat!(
                "SELECT ",
                referral_columns!(),
                " FROM loyalty_referral WHERE agency_id = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
            ),
            agency,
            state,
            before,
            limit
        ),
        (None, None) => fetch_all!(
            tx,
            ReferralRow,
            concat!(
                "SELECT ",
                referral_columns!(),
                " FROM loyalty_referral WHERE agency_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ),
            agency,
            before,
            limit
        ),
    }
}

/// The member who has this code and has not left.
///
/// # Errors
/// Failures of the database.
pub async fn member_by_code(tx: &mut Tx, agency: Uuid, code: &str) -> Result<Option<Uuid>> {
    let row = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT customer_id FROM member WHERE agency_id = $1 AND referral_code = $2 AND state <> 'closed'",
        agency,
        code
    )?;
    Ok(row.map(|(id,)| id))
}

/// How many referrals by a member were written down since a time, but for those that were none.
///
/// # Errors
/// Failures of the database.
pub async fn registered_since(tx: &mut Tx, agency: Uuid, referrer: Uuid, since: i64) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM loyalty_referral WHERE agency_id = $1 AND referrer_id = $2 AND state <> 'rejected' AND registered_at > $3",
        agency,
        referrer,
        since
    )?;
    Ok(count)
}
