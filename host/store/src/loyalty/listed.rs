//! Members in lists, each order with a keyset of its own, and how many there are of each sort.

use super::MemberRow;
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// Which members are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// Only those of this tier.
    pub tier: Option<&'w str>,
    /// Only those in this state.
    pub state: Option<&'w str>,
    /// Only those who owe points.
    pub owed: bool,
}

macro_rules! columns {
    () => {
        "m.customer_id, m.member_no, m.state, m.since_on, m.referral_code, m.tier, m.tier_since, m.tier_until, m.tier_by_hand, m.tier_reason, \
         m.tier_next, m.available, m.pending, m.held, m.owed, m.status, m.status_pending, m.entries, m.tiers, m.due_on, m.version, m.created_at"
    };
}

/// Adds what members have to be.
macro_rules! push_wanted {
    ($q:ident, $wanted:ident) => {{
        if let Some(tier) = $wanted.tier {
            $q.push(" AND m.tier = ").push_bind(tier.to_owned());
        }
        if let Some(state) = $wanted.state {
            $q.push(" AND m.state = ").push_bind(state.to_owned());
        }
        // said again as the index of those few says it
        if $wanted.state.is_some_and(|state| state != "active") {
            $q.push(" AND m.state <> 'active'");
        }
        if $wanted.owed {
            $q.push(" AND m.owed > 0");
        }
    }};
}

/// Members behind a customer, in the order of their customers' ids.
///
/// # Errors
/// Failures of the database.
pub async fn by_customer(
    tx: &mut Tx,
    agency: Uuid,
    wanted: &Wanted<'_>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MemberRow>> {
    fetch_built!(tx, MemberRow, |q| {
        q.push(concat!("SELECT ", columns!(), " FROM member m WHERE m.agency_id = "))
            .push_bind(agency);
        push_wanted!(q, wanted);
        q.push(" AND m.customer_id > ")
            .push_bind(after.unwrap_or(Uuid::nil()))
            .push(" ORDER BY m.customer_id LIMIT ")
            .push_bind(limit);
    })
}

/// Members behind a place, who has most to spend first.
///
/// # Errors
/// Failures of the database.
pub async fn by_points(
    tx: &mut Tx,
    agency: Uuid,
    wanted: &Wanted<'_>,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<MemberRow>> {
    fetch_built!(tx, MemberRow, |q| {
        q.push(concat!("SELECT ", columns!(), " FROM member m WHERE m.agency_id = "))
            .push_bind(agency);
        push_wanted!(q, wanted);
        if let Some((points, customer)) = after {
            q.push(" AND (m.available, m.customer_id) < (")
                .push_bind(points)
                .push(", ")
                .push_bind(customer)
                .push(")");
        }
        q.push(" ORDER BY m.available DESC, m.customer_id DESC LIMIT ")
            .push_bind(limit);
    })
}

/// Members behind a number, who joined last first.
///
/// # Errors
/// Failures of the database.
pub async fn by_since(
    tx: &mut Tx,
    agency: Uuid,
    wanted: &Wanted<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<MemberRow>> {
    fetch_built!(tx, MemberRow, |q| {
        q.push(concat!("SELECT ", columns!(), " FROM member m WHERE m.agency_id = "))
            .push_bind(agency);
        push_wanted!(q, wanted);
        if let Some(number) = after {
            q.push(" AND m.member_no < ").push_bind(number.to_owned());
        }
        q.push(" ORDER BY m.member_no DESC LIMIT ").push_bind(limit);
    })
}

/// A member of whom something expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct ExpiringRow {
    /// The customer.
    pub customer_id: Uuid,
    /// The first day on whose evening something does.
    pub soonest: i32,
}

/// Members behind a place of whom something expires on a day or before, what expires first first.
///
/// # Errors
/// Failures of the database.
pub async fn expiring(
    tx: &mut Tx,
    agency: Uuid,
    wanted: &Wanted<'_>,
    until: i32,
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Vec<ExpiringRow>> {
    fetch_built!(tx, ExpiringRow, |q| {
        q.push(
            "SELECT soon.customer_id AS customer_id, soon.soonest AS soonest FROM (SELECT l.customer_id, MIN(l.until_on) AS soonest FROM points_lot l
             WHERE l.agency_id = ",
        )
        .push_bind(agency)
        .push(" AND l.wallet = 'points' AND l.waits IS NULL AND l.rest > 0 AND l.until_on <= ")
        .push_bind(until)
        .push(" GROUP BY l.customer_id) AS soon JOIN member m ON m.customer_id = soon.customer_id WHERE m.agency_id = ")
        .push_bind(agency);
        push_wanted!(q, wanted);
        if let Some((day, customer)) = after {
            q.push(" AND (soon.soonest, soon.customer_id) > (")
                .push_bind(day)
                .push(", ")
                .push_bind(customer)
                .push(")");
        }
        q.push(" ORDER BY soonest, customer_id LIMIT ").push_bind(limit);
    })
}

/// How many members there are of each tier.
///
/// # Errors
/// Failures of the database.
pub async fn counted_tiers(tx: &mut Tx, agency: Uuid) -> Result<Vec<(Option<String>, i64)>> {
    fetch_all!(
        tx,
        (Option<String>, i64),
        "SELECT tier, COUNT(*) FROM member WHERE agency_id = $1 GROUP BY tier",
        agency
    )
}

/// How many members there are in each state but the usual one.
///
/// # Errors
/// Failures of the database.
pub async fn counted_states(tx: &mut Tx, agency: Uuid) -> Result<Vec<(String, i64)>> {
    fetch_all!(
        tx,
        (String, i64),
        "SELECT state, COUNT(*) FROM member WHERE agency_id = $1 AND state <> 'active' GROUP BY state",
        agency
    )
}

/// How many members owe points.
///
/// # Errors
/// Failures of the database.
pub async fn counted_owed(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM member WHERE agency_id = $1 AND owed > 0",
        agency
    )?;
    Ok(count)
}

/// Of how many members something expires on a day or before.
///
/// # Errors
/// Failures of the database.
pub async fn counted_expiring(tx: &mut Tx, agency: Uuid, until: i32) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(DISTINCT customer_id) FROM points_lot
         WHERE agency_id = $1 AND wallet = 'points' AND waits IS NULL AND rest > 0 AND until_on <= $2",
        agency,
        until
    )?;
    Ok(count)
}

/// The ordinals of members with this number on the card or this code for referrals.
///
/// # Errors
/// Failures of the database.
pub async fn known_as(tx: &mut Tx, agency: Uuid, number: &str, code: &str) -> Result<Vec<i64>> {
    let found = fetch_all!(
        tx,
        (i64,),
        "SELECT c.ordinal FROM member m JOIN customer c ON c.id = m.customer_id
         WHERE m.agency_id = $1 AND c.agency_id = $1 AND m.member_no = $2
         UNION
         SELECT c.ordinal FROM member m JOIN customer c ON c.id = m.customer_id
         WHERE m.agency_id = $1 AND c.agency_id = $1 AND m.referral_code = $3",
        agency,
        number,
        code
    )?;
    Ok(found.into_iter().map(|(ordinal,)| ordinal).collect())
}

/// The ids of customers by their ordinals.
///
/// # Errors
/// Failures of the database.
pub async fn ids_at(tx: &mut Tx, agency: Uuid, ordinals: &[i64]) -> Result<Vec<(i64, Uuid)>> {
    fetch_listed!(
        tx,
        (i64, Uuid),
        "SELECT ordinal, id FROM customer WHERE agency_id = $1 AND ordinal IN",
        [agency],
        ordinals,
        1,
        |b, ordinal| b.push_bind(*ordinal),
        ""
    )
}
