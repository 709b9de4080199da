//! What customers wrote of their trips, as far as facts and rules go by it. Its words are in the event.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReviewRow {
    /// Who wrote it.
    pub customer_id: Uuid,
    /// The system that told of it.
    pub source: String,
    /// Its number of it.
    pub external_id: String,
    /// When it was written, in ms since 1970.
    pub at: i64,
    /// The same as a day in the agency's zone.
    pub on_day: i32,
    /// From 1 to 5, if the customer gave one.
    pub rating: Option<i32>,
}

/// Writes down reviews, which loyalty has not looked at yet.
///
/// # Errors
/// One that is there; failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, rows: &[ReviewRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO review (agency_id, customer_id, source, external_id, at, on_day, rating, is_followed)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.customer_id)
            .push_bind(&row.source)
            .push_bind(&row.external_id)
            .push_bind(row.at)
            .push_bind(row.on_day)
            .push_bind(row.rating)
            .push_bind(false),
        ""
    )
}

/// The days of these customers' reviews after a day.
///
/// # Errors
/// Failures of the database.
pub async fn days(tx: &mut Tx, agency: Uuid, after: i32, customers: &[Uuid]) -> Result<Vec<(Uuid, i32)>> {
    fetch_listed!(
        tx,
        (Uuid, i32),
        "SELECT customer_id, on_day FROM review WHERE agency_id = $1 AND on_day > $2 AND customer_id IN",
        [agency, after],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// Takes so many reviews that loyalty has not looked at, which it has then. The transaction has the lock of the agency's changes, so that none is
/// added meanwhile.
///
/// # Errors
/// Failures of the database.
pub async fn follow(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<ReviewRow>> {
    let rows = fetch_all!(
        tx,
        ReviewRow,
        "SELECT customer_id, source, external_id, at, on_day, rating FROM review WHERE agency_id = $1 AND NOT is_followed
         ORDER BY customer_id, source, external_id LIMIT $2",
        agency,
        limit
    )?;
    if let Some(last) = rows.last() {
        execute!(
            tx,
            "UPDATE review SET is_followed = TRUE
             WHERE agency_id = $1 AND NOT is_followed AND (customer_id, source, external_id) <= ($2, $3, $4)",
            agency,
            last.customer_id,
            &last.source,
            &last.external_id
        )?;
    }
    Ok(rows)
}

/// Has loyalty look at these customers' reviews once more.
///
/// # Errors
/// Failures of the database.
pub async fn follow_again(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<()> {
    let rows: Vec<(Uuid,)> = fetch_listed!(
        tx,
        (Uuid,),
        "UPDATE review SET is_followed = FALSE WHERE agency_id = $1 AND is_followed AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        "RETURNING customer_id"
    )?;
    drop(rows);
    Ok(())
}

/// The same for every review there is.
///
/// # Errors
/// Failures of the database.
pub async fn follow_all_again(tx: &mut Tx, agency: Uuid) -> Result<()> {
    execute!(
        tx,
        "UPDATE review SET is_followed = FALSE WHERE agency_id = $1 AND is_followed",
        agency
    )
    .map(drop)
}
