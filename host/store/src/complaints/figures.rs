//! Cases as they count: for facts, for whoever is to get the next one, for reports.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// How a case counts for the customer's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct CountedRow {
    /// The customer.
    pub customer_id: Uuid,
    /// The day it came.
    pub opened_on: i32,
    /// Whether somebody has still something to do.
    pub is_open: bool,
    /// The day since which it counts as resolved badly.
    pub bad_on: Option<i32>,
}

/// The complaints of these customers as they count; nothing of those that were taken back but that they came.
///
/// # Errors
/// Failures of the database.
pub async fn counted(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<CountedRow>> {
    fetch_listed!(
        tx,
        CountedRow,
        "SELECT customer_id, opened_on, is_open, bad_on FROM complaint WHERE agency_id = $1 AND kind = 'complaint' AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// How much a desk, or somebody of it, has to do.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LoadRow {
    /// Key of the desk.
    pub desk: String,
    /// Who; none for what nobody has.
    pub person_id: Option<Uuid>,
    /// Open cases.
    pub open_cases: i64,
    /// When the last of them came.
    pub last_at: Option<i64>,
}

/// Open cases by desk and person.
///
/// # Errors
/// Failures of the database.
pub async fn loads(tx: &mut Tx, agency: Uuid) -> Result<Vec<LoadRow>> {
    fetch_all!(
        tx,
        LoadRow,
        "SELECT desk, person_id, COUNT(*) AS open_cases, MAX(assigned_at) AS last_at FROM complaint
         WHERE agency_id = $1 AND is_open GROUP BY desk, person_id",
        agency
    )
}

/// How many other open cases have this in common, since an instant.
///
/// # Errors
/// Failures of the database.
pub async fn alike(tx: &mut Tx, agency: Uuid, what: &str, but: Uuid, since: i64) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM complaint WHERE agency_id = $1 AND alike = $2 AND is_open AND opened_at >= $3 AND id <> $4",
        agency,
        what,
        since,
        but
    )?;
    Ok(count)
}

/// A case as reports count it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReportedRow {
    /// Id.
    pub id: Uuid,
    /// What somebody had to say.
    pub kind: String,
    /// What it is about.
    pub cause: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The supplier.
    pub supplier: Option<String>,
    /// The guide.
    pub guide: Option<String>,
    /// The desk.
    pub desk: String,
    /// When it came.
    pub opened_at: i64,
    /// The same as a day in the agency's zone.
    pub opened_on: i32,
    /// When the customer first heard something.
    pub first_response_at: Option<i64>,
    /// When it was resolved.
    pub resolved_at: Option<i64>,
    /// Whether something promised was not done in time.
    pub breached: bool,
    /// How often it was opened again.
    pub reopened: i32,
    /// What the customer said.
    pub rating: Option<i32>,
    /// What it has cost.
    pub cost: i64,
    /// Whether it is open.
    pub is_open: bool,
    /// Whose it is.
    pub customer_id: Option<Uuid>,
}

/// The cases that came on these days, behind a day and an id.
///
/// # Errors
/// Failures of the database.
pub async fn reported(
    tx: &mut Tx,
    agency: Uuid,
    (from, to): (i32, i32),
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Vec<ReportedRow>> {
    let (day, id) = after.unwrap_or((from - 1, Uuid::max()));
    fetch_all!(
        tx,
        ReportedRow,
        "SELECT id, kind, cause, product, supplier, guide, desk, opened_at, opened_on, first_response_at, resolved_at, breached, reopened, rating, cost, is_open,
            customer_id
         FROM complaint WHERE agency_id = $1 AND opened_on <= $2 AND (opened_on, id) > ($3, $4) ORDER BY opened_on, id LIMIT $5",
        agency,
        to,
        day,
        id,
        limit
    )
}
