//! How customers belong together.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A link as stored: `other_id` is this to `customer_id`.
#[derive(Debug, Clone, FromRow)]
pub struct LinkRow {
    /// Whose.
    pub customer_id: Uuid,
    /// What the other is.
    pub kind: String,
    /// Who the other is.
    pub other_id: Uuid,
    /// Who told.
    pub source: String,
    /// When it was told first, in ms since 1970.
    pub at: i64,
}

/// Links two customers; a link that is there stays as it is.
///
/// # Errors
/// Failures of the database.
pub async fn put_link(tx: &mut Tx, agency: Uuid, link: &LinkRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO customer_link (agency_id, customer_id, kind, other_id, source, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (agency_id, customer_id, kind, other_id) DO NOTHING",
        agency,
        link.customer_id,
        &link.kind,
        link.other_id,
        &link.source,
        link.at
    )
    .map(drop)
}

/// Takes a link away, if it is there.
///
/// # Errors
/// Failures of the database.
pub async fn delete_link(tx: &mut Tx, agency: Uuid, customer: Uuid, kind: &str, other: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM customer_link WHERE agency_id = $1 AND customer_id = $2 AND kind = $3 AND other_id = $4",
        agency,
        customer,
        kind,
        other
    )
    .map(drop)
}

/// How many links a customer has, in both directions.
///
/// # Errors
/// Failures of the database.
pub async fn count_links(tx: &mut Tx, agency: Uuid, customer: Uuid) -> Result<i64> {
    let (links,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM customer_link WHERE agency_id = $1 AND (customer_id = $2 OR other_id = $2)",
        agency,
        customer
    )?;
    Ok(links)
}

/// Every link of a customer, in both directions.
///
/// # Errors
/// Failures of the database.
pub async fn links_of(tx: &mut Tx, agency: Uuid, customer: Uuid) -> Result<Vec<LinkRow>> {
    fetch_all!(
        tx,
        LinkRow,
        "SELECT customer_id, kind, other_id, source, at FROM customer_link
         WHERE agency_id = $1 AND (customer_id = $2 OR other_id = $2) ORDER BY kind, at, customer_id, other_id",
        agency,
        customer
    )
}
