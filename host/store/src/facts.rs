//! Writing rows of facts, and finding those whose day has come.

use crate::{Result, StoreError, Tx};
use posthouse_domain::facts::FactRow;
use sqlx::FromRow;
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
pub async fn put_facts<'r>(
    tx: &mut Tx,
    agency: Uuid,
    change: i64,
    rows: impl IntoIterator<Item = &'r StoredFacts>,
) -> Result<()> {
    let rows: Vec<(&StoredFacts, String)> = rows
        .into_iter()
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

/// Whose facts change by themselves on `today` or before, at most `limit` of them: the day and the ordinal, in no order.
///
/// # Errors
/// Failures of the database.
pub async fn due(tx: &mut Tx, agency: Uuid, today: i32, limit: i64) -> Result<Vec<(i32, i64)>> {
    fetch_all!(
        tx,
        (i32, i64),
        "SELECT edge_on, ordinal FROM fact WHERE agency_id = $1 AND edge_on <= $2 LIMIT $3",
        agency,
        today,
        limit
    )
}

/// How many customers' facts change by themselves on `today` or before.
///
/// # Errors
/// Failures of the database.
pub async fn count_due(tx: &mut Tx, agency: Uuid, today: i32) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM fact WHERE agency_id = $1 AND edge_on <= $2",
        agency,
        today
    )?;
    Ok(count)
}

/// Who has had facts written after change `change`: the ordinals, in no order.
///
/// # Errors
/// Failures of the database.
pub async fn written_after(tx: &mut Tx, agency: Uuid, change: i64) -> Result<Vec<i64>> {
    let rows = fetch_all!(
        tx,
        (i64,),
        "SELECT ordinal FROM fact WHERE agency_id = $1 AND change > $2",
        agency,
        change
    )?;
    Ok(rows.into_iter().map(|(ordinal,)| ordinal).collect())
}

#[derive(FromRow)]
struct EdgedText {
    ordinal: i64,
    customer_id: Uuid,
    edge_on: Option<i32>,
    facts: String,
}

/// The facts of these ordinals, each with the day on which it is to be folded again: a migration may have set an earlier one than the fold did.
///
/// # Errors
/// Failures of the database.
pub async fn facts_at(tx: &mut Tx, agency: Uuid, ordinals: &[i64]) -> Result<Vec<(Option<i32>, StoredFacts)>> {
    let rows = fetch_listed!(
        tx,
        EdgedText,
        "SELECT ordinal, customer_id, edge_on, facts FROM fact WHERE agency_id = $1 AND ordinal IN",
        [agency],
        ordinals,
        1,
        |b, ordinal| b.push_bind(*ordinal),
        ""
    )?;
    let read = |row: EdgedText| {
        let facts = StoredFacts {
            ordinal: row.ordinal,
            customer_id: row.customer_id,
            facts: serde_json::from_str(&row.facts).map_err(StoreError::corrupt("facts"))?,
        };
        Ok((row.edge_on, facts))
    };
    rows.into_iter().map(read).collect()
}
