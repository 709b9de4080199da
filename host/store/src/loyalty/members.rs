//! Members of a programme: their sums, and the tiers they had.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct MemberRow {
    /// The customer.
    pub customer_id: Uuid,
    /// The number on the card.
    pub member_no: String,
    /// `active`, `suspended` or `closed`.
    pub state: String,
    /// The day of joining.
    pub since_on: i32,
    /// The code by which others are referred.
    pub referral_code: String,
    /// Key of the tier.
    pub tier: Option<String>,
    /// Since when.
    pub tier_since: Option<i32>,
    /// The last day on which it is not lowered.
    pub tier_until: Option<i32>,
    /// Whether somebody gave it by hand.
    pub tier_by_hand: bool,
    /// Why, as JSON: a reason, or null.
    pub tier_reason: String,
    /// The way to a higher one, as JSON: key, have, need, unit, or null.
    pub tier_next: String,
    /// Points that can be spent.
    pub available: i64,
    /// Points that are still to become so.
    pub pending: i64,
    /// Points set aside.
    pub held: i64,
    /// Points taken back that were already spent.
    pub owed: i64,
    /// Status that counts.
    pub status: i64,
    /// Status that is still to do so.
    pub status_pending: i64,
    /// How many entries the statement has.
    pub entries: i64,
    /// How many tiers the history has.
    pub tiers: i64,
    /// The next day on which something happens by itself.
    pub due_on: Option<i32>,
    /// Moves with every change.
    pub version: i64,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
}

macro_rules! member_columns {
    () => {
        "customer_id, member_no, state, since_on, referral_code, tier, tier_since, tier_until, tier_by_hand, tier_reason, tier_next, available, \
         pending, held, owed, status, status_pending, entries, tiers, due_on, version, created_at"
    };
}

/// A member, if the customer is one.
///
/// # Errors
/// Failures of the database.
pub async fn member(tx: &mut Tx, agency: Uuid, customer: Uuid) -> Result<Option<MemberRow>> {
    fetch_optional!(
        tx,
        MemberRow,
        concat!(
            "SELECT ",
            member_columns!(),
            " FROM member WHERE agency_id = $1 AND customer_id = $2"
        ),
        agency,
        customer
    )
}

/// Those of these customers who are members.
///
/// # Errors
/// Failures of the database.
pub async fn members(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<MemberRow>> {
    fetch_listed!(
        tx,
        MemberRow,
        concat!(
            "SELECT ",
            member_columns!(),
            " FROM member WHERE agency_id = $1 AND customer_id IN"
        ),
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// Nobody else changes these members until the transaction ends.
///
/// # Errors
/// Failures of the database.
pub async fn lock_all(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<()> {
    let locked: Vec<(Uuid,)> = fetch_listed!(
        tx,
        (Uuid,),
        "UPDATE member SET version = version + 1 WHERE agency_id = $1 AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        "RETURNING customer_id"
    )?;
    debug_assert!(locked.len() <= customers.len(), "{locked:?}");
    Ok(())
}

/// Writes members, new or changed. The transaction has the lock of the agency's changes.
///
/// # Errors
/// A number or code that another member has; failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, rows: &[MemberRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        23,
        "INSERT INTO member (agency_id, customer_id, member_no, state, since_on, referral_code, tier, tier_since, tier_until, tier_by_hand, \
         tier_reason, tier_next, available, pending, held, owed, status, status_pending, entries, tiers, due_on, version, created_at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.customer_id)
            .push_bind(&row.member_no)
            .push_bind(&row.state)
            .push_bind(row.since_on)
            .push_bind(&row.referral_code)
            .push_bind(&row.tier)
            .push_bind(row.tier_since)
            .push_bind(row.tier_until)
            .push_bind(row.tier_by_hand)
            .push_bind(&row.tier_reason)
            .push_bind(&row.tier_next)
            .push_bind(row.available)
            .push_bind(row.pending)
            .push_bind(row.held)
            .push_bind(row.owed)
            .push_bind(row.status)
            .push_bind(row.status_pending)
            .push_bind(row.entries)
            .push_bind(row.tiers)
            .push_bind(row.due_on)
            .push_bind(row.version)
            .push_bind(row.created_at),
        "ON CONFLICT (agency_id, customer_id) DO UPDATE SET state = excluded.state, tier = excluded.tier, tier_since = excluded.tier_since, \
         tier_until = excluded.tier_until, tier_by_hand = excluded.tier_by_hand, tier_reason = excluded.tier_reason, \
         tier_next = excluded.tier_next, available = excluded.available, pending = excluded.pending, held = excluded.held, \
         owed = excluded.owed, status = excluded.status, status_pending = excluded.status_pending, entries = excluded.entries, \
         tiers = excluded.tiers, due_on = excluded.due_on"
    )
}

/// Members to whom something happens by itself on a day or before, the earliest first.
///
/// # Errors
/// Failures of the database.
pub async fn due(tx: &mut Tx, agency: Uuid, today: i32, limit: i64) -> Result<Vec<Uuid>> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "SELECT customer_id FROM member WHERE agency_id = $1 AND due_on IS NOT NULL AND due_on <= $2 ORDER BY due_on, customer_id LIMIT $3",
        agency,
        today,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A tier that a member had.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TierRow {
    /// Counts from 1.
    pub nth: i64,
    /// Its key; none for no tier.
    pub tier: Option<String>,
    /// Its first day.
    pub from_on: i32,
    /// The last day on which it was not to be lowered.
    pub until_on: Option<i32>,
    /// Whether somebody gave it by hand.
    pub by_hand: bool,
    /// Why, as JSON.
    pub reason: String,
    /// The decision.
    pub decision_id: Option<Uuid>,
    /// When it was written, in ms since 1970.
    pub at: i64,
}

/// Writes down tiers.
///
/// # Errors
/// Failures of the database.
pub async fn insert_tiers(tx: &mut Tx, agency: Uuid, rows: &[(Uuid, TierRow)]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        10,
        "INSERT INTO member_tier (agency_id, customer_id, nth, tier, from_on, until_on, by_hand, reason, decision_id, at)",
        |b, row| {
            let (customer, row) = row;
            b.push_bind(agency)
                .push_bind(*customer)
                .push_bind(row.nth)
                .push_bind(&row.tier)
                .push_bind(row.from_on)
                .push_bind(row.until_on)
                .push_bind(row.by_hand)
                .push_bind(&row.reason)
                .push_bind(row.decision_id)
                .push_bind(row.at)
        },
        ""
    )
}

macro_rules! tier_columns {
    () => {
        "nth, tier, from_on, until_on, by_hand, reason, decision_id, at"
    };
}

/// The tiers a member had before the `before`-th, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn tiers(tx: &mut Tx, agency: Uuid, customer: Uuid, before: i64, limit: i64) -> Result<Vec<TierRow>> {
    fetch_all!(
        tx,
        TierRow,
        concat!(
            "SELECT ",
            tier_columns!(),
            " FROM member_tier WHERE agency_id = $1 AND customer_id = $2 AND nth < $3 ORDER BY nth DESC LIMIT $4"
        ),
        agency,
        customer,
        before,
        limit
    )
}

/// The tier a member had on a day.
///
/// # Errors
/// Failures of the database.
pub async fn tier_on(tx: &mut Tx, agency: Uuid, customer: Uuid, day: i32) -> Result<Option<TierRow>> {
    fetch_optional!(
        tx,
        TierRow,
        concat!(
            "SELECT ",
            tier_columns!(),
            " FROM member_tier WHERE agency_id = $1 AND customer_id = $2 AND from_on <= $3 ORDER BY nth DESC LIMIT 1"
        ),
        agency,
        customer,
        day
    )
}
