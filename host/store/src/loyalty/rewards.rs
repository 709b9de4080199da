//! What points are spent on, and the orders of it.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A reward.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RewardRow {
    /// Its key.
    pub key: String,
    /// `coupon`, `gift`, `sightseeing`, `upgrade`, `invitation` or `money_off`.
    pub kind: String,
    /// What it is called in Chinese.
    pub title_zh: String,
    /// The same in English.
    pub title_en: String,
    /// The price.
    pub points: i64,
    /// Other prices of tiers, as JSON by key; `null` for a tier that does not get it.
    pub tier_points: String,
    /// How many pieces there are; none for as many as are ordered.
    pub stock: Option<i64>,
    /// How many of them are ordered and not called off.
    pub taken: i64,
    /// How many a member orders at most.
    pub per_member: Option<i64>,
    /// The first day.
    pub from_on: Option<i32>,
    /// The last.
    pub until_on: Option<i32>,
    /// Minor units off a quote, of `money_off`.
    pub worth: Option<i64>,
    /// The campaign whose coupon it is.
    pub campaign_id: Option<Uuid>,
    /// The batch its codes are made in.
    pub batch_id: Option<Uuid>,
    /// Whether it can be ordered.
    pub is_offered: bool,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// Moves with every change of its terms.
    pub version: i64,
}

macro_rules! reward_columns {
    () => {
        "key, kind, title_zh, title_en, points, tier_points, stock, taken, per_member, from_on, until_on, worth, campaign_id, batch_id, is_offered, \
         created_at, version"
    };
}

/// Writes a reward, new or changed; how many pieces are taken stays.
///
/// # Errors
/// Failures of the database.
pub async fn put_reward(tx: &mut Tx, agency: Uuid, row: &RewardRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_reward (agency_id, key, kind, title_zh, title_en, points, tier_points, stock, taken, per_member, from_on, until_on,
            worth, campaign_id, batch_id, is_offered, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (agency_id, key) DO UPDATE SET title_zh = excluded.title_zh, title_en = excluded.title_en, points = excluded.points,
            tier_points = excluded.tier_points, stock = excluded.stock, per_member = excluded.per_member, from_on = excluded.from_on,
            until_on = excluded.until_on, worth = excluded.worth, is_offered = excluded.is_offered, version = excluded.version",
        agency,
        &row.key,
        &row.kind,
        &row.title_zh,
        &row.title_en,
        row.points,
        &row.tier_points,
        row.stock,
        row.per_member,
        row.from_on,
        row.until_on,
        row.worth,
        row.campaign_id,
        row.batch_id,
        row.is_offered,
        row.created_at,
        row.version
    )
    .map(drop)
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn reward(tx: &mut Tx, agency: Uuid, key: &str) -> Result<Option<RewardRow>> {
    fetch_optional!(
        tx,
        RewardRow,
        concat!(
            "SELECT ",
            reward_columns!(),
            " FROM loyalty_reward WHERE agency_id = $1 AND key = $2"
        ),
        agency,
        key
    )
}

/// Every reward, by its key.
///
/// # Errors
/// Failures of the database.
pub async fn rewards(tx: &mut Tx, agency: Uuid) -> Result<Vec<RewardRow>> {
    fetch_all!(
        tx,
        RewardRow,
        concat!(
            "SELECT ",
            reward_columns!(),
            " FROM loyalty_reward WHERE agency_id = $1 ORDER BY key"
        ),
        agency
    )
}

/// Takes a piece, or gives one back; whether there was one.
///
/// # Errors
/// Failures of the database.
pub async fn take_piece(tx: &mut Tx, agency: Uuid, key: &str, pieces: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE loyalty_reward SET taken = taken + $3 WHERE agency_id = $1 AND key = $2 AND (stock IS NULL OR taken + $3 <= stock OR $3 < 0)",
        agency,
        key,
        pieces
    )?;
    Ok(done == 1)
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RedemptionRow {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer_id: Uuid,
    /// Key of the reward.
    pub reward: String,
    /// What it cost.
    pub points: i64,
    /// The points of each lot that are set aside or were spent, as JSON.
    pub parts: String,
    /// `requested`, `fulfilled` or `cancelled`.
    pub state: String,
    /// The coupon, by its hash.
    pub coupon: Option<Vec<u8>>,
    /// The task of whoever hands it out.
    pub task_id: Option<Uuid>,
    /// Who ordered it.
    pub requested_by: Uuid,
    /// When, in ms since 1970 of business time.
    pub requested_at: i64,
    /// Who handed it out or called it off.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<i64>,
    /// What there is to say about that.
    pub note: Option<String>,
}

macro_rules! redemption_columns {
    () => {
        "id, customer_id, reward, points, parts, state, coupon, task_id, requested_by, requested_at, decided_by, decided_at, note"
    };
}

/// Writes an order down.
///
/// # Errors
/// Failures of the database.
pub async fn insert_redemption(tx: &mut Tx, agency: Uuid, row: &RedemptionRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_redemption (agency_id, id, customer_id, reward, points, parts, state, coupon, task_id, requested_by, requested_at,
            decided_by, decided_at, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        agency,
        row.id,
        row.customer_id,
        &row.reward,
        row.points,
        &row.parts,
        &row.state,
        &row.coupon,
        row.task_id,
        row.requested_by,
        row.requested_at,
        row.decided_by,
        row.decided_at,
        &row.note
    )
    .map(drop)
}

/// Gives an order another state, if it has this one; whether it had.
///
/// # Errors
/// Failures of the database.
pub async fn decide_redemption(tx: &mut Tx, agency: Uuid, row: &RedemptionRow, from: &str) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE loyalty_redemption SET state = $3, decided_by = $4, decided_at = $5, note = $6
         WHERE agency_id = $1 AND id = $2 AND state = $7",
        agency,
        row.id,
        &row.state,
        row.decided_by,
        row.decided_at,
        &row.note,
        from
    )?;
    Ok(done == 1)
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn redemption(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<RedemptionRow>> {
    fetch_optional!(
        tx,
        RedemptionRow,
        concat!(
            "SELECT ",
            redemption_columns!(),
            " FROM loyalty_redemption WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// Orders before an id, the latest first: of a state, of a member, or all.
///
/// # Errors
/// Failures of the database.
pub async fn redemptions(
    tx: &mut Tx,
    agency: Uuid,
    (state, customer): (Option<&str>, Option<Uuid>),
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RedemptionRow>> {
    let before = before.unwrap_or(Uuid::max());
    // each has an index of its own
    match (state, customer) {
        (state, Some(customer)) => fetch_all!(
            tx,
            RedemptionRow,
            concat!(
                "SELECT ",
                redemption_columns!(),
                " FROM loyalty_redemption WHERE agency_id = $1 AND customer_id = $2 AND ($3 = '' OR state = $3) AND id < $4 ORDER BY id DESC LIMIT $5"
            ),
            agency,
            customer,
            state.unwrap_or(""),
            before,
            limit
        ),
        (Some(state), None) => fetch_all!(
            tx,
            RedemptionRow,
            concat!(
                "SELECT ",
                redemption_columns!(),
                " FROM loyalty_redemption WHERE agency_id = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
            ),
            agency,
            state,
            before,
            limit
        ),
        (None, None) => fetch_all!(
            tx,
            RedemptionRow,
            concat!(
                "SELECT ",
                redemption_columns!(),
                " FROM loyalty_redemption WHERE agency_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ),
            agency,
            before,
            limit
        ),
    }
}

/// How many orders of a reward a member has that were not called off.
///
/// # Errors
/// Failures of the database.
pub async fn redeemed(tx: &mut Tx, agency: Uuid, customer: Uuid, reward: &str) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM loyalty_redemption WHERE agency_id = $1 AND customer_id = $2 AND reward = $3 AND state <> 'cancelled'",
        agency,
        customer,
        reward
    )?;
    Ok(count)
}

/// The keys of the rewards of these orders.
///
/// # Errors
/// Failures of the database.
pub async fn ordered(tx: &mut Tx, agency: Uuid, orders: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    fetch_listed!(
        tx,
        (Uuid, String),
        "SELECT id, reward FROM loyalty_redemption WHERE agency_id = $1 AND id IN",
        [agency],
        orders,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}
