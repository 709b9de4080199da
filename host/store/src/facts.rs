//! Writing rows of facts, and finding those whose day has come.

use crate::{Result, StoreError, Tx};
use posthouse_domain::facts::FactRow;
use uuid::Uuid;

/// One customer's facts and the change that wrote them.
#[derive(Debug, Clone)]
pub struct StoredFacts {
    /// Dense number of the customer.
    pub ordinal: i64,
    /// Whose.
    pub customer_id: Uuid,
    /// The facts.
    pub facts: FactRow,
}

/// Writes rows of facts under one change number.
///
/// # Errors
/// Failures of the database.
pub async fn put_facts(tx: &mut Tx, agency: Uuid, change: i64, rows: &[StoredFacts]) -> Result<()> {
    let rows: Vec<(&StoredFacts, String)> = rows
        .iter()
        .map(|row| {
            Ok((
                row,
                serde_json::to_string(&row.facts).map_err(StoreError::corrupt("facts"))?,
            ))
        })
        .collect::<Result<_>>()?;
    write_rows!(
        tx,
        rows,
        6,
        "INSERT INTO fact (agency_id, ordinal, customer_id, change, edge_on, facts)",
        |b, (row, text)| b
            .push_bind(agency)
            .push_bind(row.ordinal)
            .push_bind(row.customer_id)
            .push_bind(change)
            .push_bind(row.facts.edge_on)
            .push_bind(text),
        "ON CONFLICT (agency_id, ordinal) DO UPDATE SET change = excluded.change, edge_on = excluded.edge_on, facts = excluded.facts"
    )
}

/// Customers whose facts change by themselves on `today` or before.
///
/// # Errors
/// Failures of the database.
pub async fn due_customers(tx: &mut Tx, agency: Uuid, today: i32, limit: i64) -> Result<Vec<Uuid>> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "SELECT customer_id FROM fact WHERE agency_id = $1 AND edge_on <= $2 ORDER BY edge_on, ordinal LIMIT $3",
        agency,
        today,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
