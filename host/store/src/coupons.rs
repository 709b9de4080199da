//! Coupons: batches of codes, of which only hashes are kept, and what was done with each.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A batch of coupons.
#[derive(Debug, Clone, FromRow)]
pub struct BatchRow {
    /// Id.
    pub id: Uuid,
    /// The campaign they open.
    pub campaign_id: Uuid,
    /// For people.
    pub label: String,
    /// Whether each belongs to one customer.
    pub personal: bool,
    /// How many codes.
    pub count: i64,
    /// How often each can be used.
    pub uses: i32,
    /// When they end, in ms since 1970.
    pub expires_at: Option<i64>,
    /// `making`, `ready` or `revoked`.
    pub state: String,
    /// The key that had them made.
    pub created_by: Uuid,
    /// When.
    pub created_at: i64,
}

macro_rules! batch_columns {
    () => {
        "id, campaign_id, label, personal, count, uses, expires_at, state, created_by, created_at"
    };
}

/// Keeps a new batch.
///
/// # Errors
/// Failures of the database.
pub async fn insert_batch(tx: &mut Tx, agency: Uuid, row: &BatchRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO coupon_batch (agency_id, id, campaign_id, label, personal, count, uses, expires_at, state, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        agency,
        row.id,
        row.campaign_id,
        &row.label,
        row.personal,
        row.count,
        row.uses,
        row.expires_at,
        &row.state,
        row.created_by,
        row.created_at
    )
    .map(drop)
}

/// Gives a batch another state, if it has this one; whether it had.
///
/// # Errors
/// Failures of the database.
pub async fn set_batch_state(tx: &mut Tx, agency: Uuid, batch: Uuid, from: &str, to: &str) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE coupon_batch SET state = $4 WHERE agency_id = $1 AND id = $2 AND state = $3",
        agency,
        batch,
        from,
        to
    )?;
    Ok(done == 1)
}

/// One batch of a campaign.
///
/// # Errors
/// Failures of the database.
pub async fn batch(tx: &mut Tx, agency: Uuid, campaign: Uuid, id: Uuid) -> Result<Option<BatchRow>> {
    fetch_optional!(
        tx,
        BatchRow,
        concat!(
            "SELECT ",
            batch_columns!(),
            " FROM coupon_batch WHERE agency_id = $1 AND campaign_id = $2 AND id = $3"
        ),
        agency,
        campaign,
        id
    )
}

/// Batches of a campaign before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn batches(tx: &mut Tx, agency: Uuid, campaign: Uuid, before: Uuid, limit: i64) -> Result<Vec<BatchRow>> {
    fetch_all!(
        tx,
        BatchRow,
        concat!(
            "SELECT ",
            batch_columns!(),
            " FROM coupon_batch WHERE agency_id = $1 AND campaign_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
        ),
        agency,
        campaign,
        before,
        limit
    )
}

/// The campaign that a batch opens.
///
/// # Errors
/// Failures of the database.
pub async fn campaign_of(tx: &mut Tx, agency: Uuid, batch: Uuid) -> Result<Option<Uuid>> {
    let row = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT campaign_id FROM coupon_batch WHERE agency_id = $1 AND id = $2",
        agency,
        batch
    )?;
    Ok(row.map(|(campaign,)| campaign))
}

/// What became of a batch's codes.
#[derive(Debug, Clone, Copy, Default, FromRow)]
pub struct BatchUse {
    /// Uses held by open quotes.
    pub held: i64,
    /// Uses that were redeemed and did not come back.
    pub used: i64,
    /// Codes that were revoked one by one.
    pub revoked: i64,
}

/// What became of a batch's codes.
///
/// # Errors
/// Failures of the database.
pub async fn batch_use(tx: &mut Tx, agency: Uuid, batch: Uuid) -> Result<BatchUse> {
    fetch_one!(
        tx,
        BatchUse,
        "SELECT CAST(COALESCE(SUM(held), 0) AS BIGINT) AS held, CAST(COALESCE(SUM(used), 0) AS BIGINT) AS used, COUNT(revoked_at) AS revoked
         FROM coupon WHERE agency_id = $1 AND batch_id = $2 AND (held > 0 OR used > 0 OR revoked_at IS NOT NULL)",
        agency,
        batch
    )
}

/// A new code by its hash.
#[derive(Debug, Clone)]
pub struct NewCoupon {
    /// SHA-256 of the code.
    pub hash: Vec<u8>,
    /// Whose it is.
    pub customer_id: Option<Uuid>,
}

/// Keeps codes of a batch.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, batch: Uuid, coupons: &[NewCoupon]) -> Result<()> {
    write_rows!(
        tx,
        coupons,
        6,
        "INSERT INTO coupon (agency_id, hash, batch_id, customer_id, held, used)",
        |b, coupon| b
            .push_bind(agency)
            .push_bind(&coupon.hash)
            .push_bind(batch)
            .push_bind(coupon.customer_id)
            .push_bind(0)
            .push_bind(0),
        ""
    )
}

/// A code as it stands, with its batch.
#[derive(Debug, Clone, FromRow)]
pub struct CouponRow {
    /// SHA-256 of the code.
    pub hash: Vec<u8>,
    /// Its batch.
    pub batch_id: Uuid,
    /// The campaign it opens.
    pub campaign_id: Uuid,
    /// Whose it is; anybody's if nobody's.
    pub customer_id: Option<Uuid>,
    /// Uses held by open quotes.
    pub held: i32,
    /// Uses that were redeemed.
    pub used: i32,
    /// How often it can be used.
    pub uses: i32,
    /// When it ends.
    pub expires_at: Option<i64>,
    /// Whether it or its batch was revoked.
    pub revoked: bool,
}

/// Adds so many codes to the count of a batch that is ready; whether it is.
///
/// # Errors
/// Failures of the database.
pub async fn grow_batch(tx: &mut Tx, agency: Uuid, batch: Uuid, codes: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE coupon_batch SET count = count + $3 WHERE agency_id = $1 AND id = $2 AND state = 'ready'",
        agency,
        batch,
        codes
    )?;
    Ok(done == 1)
}

/// The codes of these hashes, as far as there are such.
///
/// # Errors
/// Failures of the database.
pub async fn coupons(tx: &mut Tx, agency: Uuid, hashes: &[Vec<u8>]) -> Result<Vec<CouponRow>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, CouponRow, |q| {
        q.push(
            "SELECT c.hash, c.batch_id, b.campaign_id, c.customer_id, c.held, c.used, b.uses, b.expires_at,
                    (c.revoked_at IS NOT NULL OR b.state = 'revoked') AS revoked
             FROM coupon c JOIN coupon_batch b ON b.agency_id = c.agency_id AND b.id = c.batch_id
             WHERE b.state <> 'making' AND c.agency_id = ",
        )
        .push_bind(agency)
        .push(" AND c.hash IN (");
        let mut list = q.separated(", ");
        for hash in hashes {
            list.push_bind(hash);
        }
        q.push(")");
    })
}

/// Holds a use of a code, if one is left and its batch is good at this time; whether it is.
///
/// # Errors
/// Failures of the database.
pub async fn hold(tx: &mut Tx, agency: Uuid, hash: &[u8], uses: i32, now: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE coupon SET held = held + 1 WHERE agency_id = $1 AND hash = $2 AND revoked_at IS NULL AND held + used < $3
           AND (SELECT b.id FROM coupon_batch b WHERE b.agency_id = $1 AND b.id = coupon.batch_id AND b.state = 'ready'
                  AND (b.expires_at IS NULL OR b.expires_at > $4)) IS NOT NULL",
        agency,
        hash,
        uses,
        now
    )?;
    Ok(done == 1)
}

/// Moves what is held and used of a code.
///
/// # Errors
/// Failures of the database; it refuses to go below zero.
pub async fn shift(tx: &mut Tx, agency: Uuid, hash: &[u8], held: i32, used: i32) -> Result<()> {
    execute!(
        tx,
        "UPDATE coupon SET held = held + $3, used = used + $4 WHERE agency_id = $1 AND hash = $2",
        agency,
        hash,
        held,
        used
    )
    .map(drop)
}

/// Revokes a code; what open quotes hold of it they keep. Whether it was not revoked before.
///
/// # Errors
/// Failures of the database.
pub async fn revoke(tx: &mut Tx, agency: Uuid, hash: &[u8], now: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE coupon SET revoked_at = $3 WHERE agency_id = $1 AND hash = $2 AND revoked_at IS NULL",
        agency,
        hash,
        now
    )?;
    Ok(done == 1)
}

/// Revokes a code that nobody holds or has used; whether it was none of these.
///
/// # Errors
/// Failures of the database.
pub async fn revoke_unused(tx: &mut Tx, agency: Uuid, hash: &[u8], now: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE coupon SET revoked_at = $3 WHERE agency_id = $1 AND hash = $2 AND revoked_at IS NULL AND held = 0 AND used = 0",
        agency,
        hash,
        now
    )?;
    Ok(done == 1)
}

/// Writes down what was done with a code for a quote; whether it was not done before.
///
/// # Errors
/// Failures of the database.
pub async fn redeem(tx: &mut Tx, agency: Uuid, quote: Uuid, hash: &[u8], kind: &str, now: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "INSERT INTO redemption (agency_id, quote_id, hash, kind, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        agency,
        quote,
        hash,
        kind,
        now
    )?;
    Ok(done == 1)
}

/// What was done with a code.
#[derive(Debug, Clone, FromRow)]
pub struct RedemptionRow {
    /// For which quote.
    pub quote_id: Uuid,
    /// `hold`, `redeem`, `release` or `return`.
    pub kind: String,
    /// When, in ms since 1970.
    pub at: i64,
}

/// What was done with a code, in order.
///
/// # Errors
/// Failures of the database.
pub async fn redemptions(tx: &mut Tx, agency: Uuid, hash: &[u8]) -> Result<Vec<RedemptionRow>> {
    fetch_all!(
        tx,
        RedemptionRow,
        "SELECT quote_id, kind, at FROM redemption WHERE agency_id = $1 AND hash = $2 ORDER BY at, quote_id, kind",
        agency,
        hash
    )
}

/// The codes that these quotes hold or have used, in order, each with its quote.
///
/// # Errors
/// Failures of the database.
pub async fn of_quotes(tx: &mut Tx, agency: Uuid, quotes: &[Uuid]) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let mut codes: Vec<(Uuid, Vec<u8>)> = fetch_listed!(
        tx,
        (Uuid, Vec<u8>),
        "SELECT quote_id, hash FROM redemption WHERE agency_id = $1 AND kind = 'hold' AND quote_id IN",
        [agency],
        quotes,
        1,
        |b, quote| b.push_bind(*quote),
        ""
    )?;
    // put in order by the database, they would be looked for by their hash
    codes.sort_by(|(quote, hash), (next_quote, next)| (hash, quote).cmp(&(next, next_quote)));
    Ok(codes)
}

/// The codes that a quote holds or has used, by hash, with the campaign each opens.
///
/// # Errors
/// Failures of the database.
pub async fn of_quote(tx: &mut Tx, agency: Uuid, quote: Uuid) -> Result<Vec<(Vec<u8>, Uuid)>> {
    fetch_all!(
        tx,
        (Vec<u8>, Uuid),
        "SELECT r.hash, b.campaign_id FROM redemption r
         JOIN coupon c ON c.agency_id = r.agency_id AND c.hash = r.hash
         JOIN coupon_batch b ON b.agency_id = c.agency_id AND b.id = c.batch_id
         WHERE r.agency_id = $1 AND r.quote_id = $2 AND r.kind = 'hold' ORDER BY r.hash",
        agency,
        quote
    )
}
