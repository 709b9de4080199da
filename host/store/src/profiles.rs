//! Reading customers, their facts and their timeline.

use crate::intake::{CustomerRow, EventRow, StoredFacts};
use crate::{Result, StoreError, Tx, beside, dialect};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// The last change number and how many ordinals are taken.
///
/// # Errors
/// Failures of the database.
pub async fn counter(tx: &mut Tx, agency: Uuid) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT change, ordinals FROM counter WHERE agency_id = $1",
        agency
    )
}

#[derive(FromRow)]
pub(crate) struct FactsText {
    ordinal: i64,
    customer_id: Uuid,
    change: i64,
    facts: String,
}

impl FactsText {
    pub(crate) fn read(self) -> Result<(i64, StoredFacts)> {
        let facts = serde_json::from_str(&self.facts).map_err(StoreError::corrupt("facts"))?;
        Ok((
            self.change,
            StoredFacts {
                ordinal: self.ordinal,
                customer_id: self.customer_id,
                facts,
            },
        ))
    }
}

/// Rows of facts as they are meant.
pub(crate) async fn read_facts(rows: Vec<FactsText>) -> Result<Vec<StoredFacts>> {
    beside::read(rows, |row| row.read().map(|(_, facts)| facts)).await
}

/// Rows of facts from `ordinal` on, at most `limit`: how a frame is loaded.
///
/// # Errors
/// Failures of the database.
pub async fn facts_from(tx: &mut Tx, agency: Uuid, ordinal: i64, limit: i64) -> Result<Vec<StoredFacts>> {
    let rows = fetch_all!(
        tx,
        FactsText,
        "SELECT ordinal, customer_id, change, facts FROM fact WHERE agency_id = $1 AND ordinal >= $2 ORDER BY ordinal LIMIT $3",
        agency,
        ordinal,
        limit
    )?;
    read_facts(rows).await
}

/// Ordinals of those whose facts were written after change `change`, up to `to`.
///
/// # Errors
/// Failures of the database.
pub async fn changed_after(tx: &mut Tx, agency: Uuid, change: i64, to: i64) -> Result<Vec<i64>> {
    let rows = fetch_all!(
        tx,
        (i64,),
        "SELECT ordinal FROM fact WHERE agency_id = $1 AND change > $2 AND change <= $3",
        agency,
        change,
        to
    )?;
    Ok(rows.into_iter().map(|(ordinal,)| ordinal).collect())
}

/// Rows of facts written after change `change`, up to `to`: how a frame is refreshed. Each with its change number.
///
/// # Errors
/// Failures of the database.
pub async fn facts_after(tx: &mut Tx, agency: Uuid, change: i64, to: i64) -> Result<Vec<(i64, StoredFacts)>> {
    let rows = fetch_all!(
        tx,
        FactsText,
        "SELECT ordinal, customer_id, change, facts FROM fact WHERE agency_id = $1 AND change > $2 AND change <= $3 ORDER BY change",
        agency,
        change,
        to
    )?;
    // who refreshes a frame may be about to write
    dialect::awake(tx, beside::read(rows, FactsText::read)).await?
}

/// One customer's facts.
///
/// # Errors
/// Failures of the database.
pub async fn facts_of(tx: &mut Tx, agency: Uuid, ordinal: i64) -> Result<Option<StoredFacts>> {
    let row = fetch_optional!(
        tx,
        FactsText,
        "SELECT ordinal, customer_id, change, facts FROM fact WHERE agency_id = $1 AND ordinal = $2",
        agency,
        ordinal
    )?;
    row.map(|row| row.read().map(|(_, facts)| facts)).transpose()
}

/// One customer.
///
/// # Errors
/// Failures of the database.
pub async fn customer(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<CustomerRow>> {
    fetch_optional!(
        tx,
        CustomerRow,
        "SELECT id, ordinal, profile, since_on, created_at, updated_at, version FROM customer WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
}

/// Customers from `ordinal` on, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn customers_from(tx: &mut Tx, agency: Uuid, ordinal: i64, limit: i64) -> Result<Vec<CustomerRow>> {
    fetch_all!(
        tx,
        CustomerRow,
        "SELECT id, ordinal, profile, since_on, created_at, updated_at, version FROM customer
         WHERE agency_id = $1 AND ordinal >= $2 ORDER BY ordinal LIMIT $3",
        agency,
        ordinal,
        limit
    )
}

/// The customers of these ordinals.
///
/// # Errors
/// Failures of the database.
pub async fn customers_at(tx: &mut Tx, agency: Uuid, ordinals: &[i64]) -> Result<Vec<CustomerRow>> {
    let mut rows = fetch_listed!(
        tx,
        CustomerRow,
        "SELECT id, ordinal, profile, since_on, created_at, updated_at, version FROM customer WHERE agency_id = $1 AND ordinal IN",
        [agency],
        ordinals,
        1,
        |b, ordinal| b.push_bind(*ordinal),
        ""
    )?;
    rows.sort_unstable_by_key(|row| row.ordinal);
    Ok(rows)
}

/// Id and member number, as it was written, of the customers with ordinals in `from..until`, in their order.
///
/// `kind || ''` keeps SQLite from walking through every member number of the agency for each list of customers.
///
/// Not in one statement: joined, the rows of a file that has just been imported were looked through once for each customer, until PostgreSQL
/// had gathered statistics of them.
///
/// # Errors
/// Failures of the database.
pub async fn member_numbers(
    tx: &mut Tx,
    agency: Uuid,
    from: i64,
    until: i64,
) -> Result<Vec<(i64, Uuid, Option<String>)>> {
    let customers: Vec<(i64, Uuid)> = fetch_all!(
        &mut *tx,
        (i64, Uuid),
        "SELECT ordinal, id FROM customer WHERE agency_id = $1 AND ordinal >= $2 AND ordinal < $3 ORDER BY ordinal",
        agency,
        from,
        until
    )?;
    let ids: Vec<Uuid> = customers.iter().map(|(_, id)| *id).collect();
    let numbers = fetch_listed!(
        tx,
        (Uuid, String),
        "SELECT customer_id, COALESCE(written, value) FROM identity WHERE agency_id = $1 AND kind || '' = 'member_no' AND customer_id IN",
        [agency],
        &ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    let mut numbers: HashMap<Uuid, String> = numbers.into_iter().collect();
    let row = |(ordinal, id)| (ordinal, id, numbers.remove(&id));
    Ok(customers.into_iter().map(row).collect())
}

/// Records of a customer before a place (when it happened, when it came, source, external id), the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn timeline(
    tx: &mut Tx,
    agency: Uuid,
    customer: Uuid,
    before: (i64, i64, &str, &str),
    limit: i64,
) -> Result<Vec<EventRow>> {
    fetch_all!(
        tx,
        EventRow,
        "SELECT source, external_id, customer_id, kind, occurred_at, received_at, data FROM event
         WHERE agency_id = $1 AND customer_id = $2 AND occurred_at <= $3
           AND (occurred_at, received_at, source, external_id) < ($3, $4, $5, $6)
         ORDER BY occurred_at DESC, received_at DESC, source DESC, external_id DESC LIMIT $7",
        agency,
        customer,
        before.0,
        before.1,
        before.2,
        before.3,
        limit
    )
}

/// Gives a customer its next version, if it still has `version`; `false` if somebody changed it since.
///
/// # Errors
/// Failures of the database.
pub async fn claim_version(tx: &mut Tx, agency: Uuid, id: Uuid, version: i64, now: i64) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE customer SET version = version + 1, updated_at = $4 WHERE agency_id = $1 AND id = $2 AND version = $3",
        agency,
        id,
        version,
        now
    )?;
    Ok(changed == 1)
}
