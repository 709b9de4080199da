//! What customers prefer.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// One value of one preference as stored.
#[derive(Debug, Clone, FromRow)]
pub struct PreferenceRow {
    /// Whose.
    pub customer_id: Uuid,
    /// Of what.
    pub key: String,
    /// Normal spelling; empty to take back what was told of the key before.
    pub value: String,
    /// When it was true.
    pub at: i64,
    /// Who told.
    pub source: String,
    /// How it came to be known.
    pub source_kind: String,
    /// How sure the source is, in per cent.
    pub confidence: Option<i32>,
    /// Order of arrival: the change number that brought it.
    pub received: i64,
}

/// Every preference that was told of a customer.
///
/// # Errors
/// Failures of the database.
pub async fn preferences_of(tx: &mut Tx, agency: Uuid, customer: Uuid) -> Result<Vec<PreferenceRow>> {
    fetch_all!(
        tx,
        PreferenceRow,
        "SELECT customer_id, key, value, at, source, source_kind, confidence, received FROM preference
         WHERE agency_id = $1 AND customer_id = $2 ORDER BY key, at, received, value, source",
        agency,
        customer
    )
}

/// Writes preferences; of two told by one source for the same moment the later arrival stays. No two rows may share a key.
///
/// # Errors
/// Failures of the database.
pub async fn put_preferences(tx: &mut Tx, agency: Uuid, rows: &[PreferenceRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        9,
        "INSERT INTO preference (agency_id, customer_id, key, value, at, source, source_kind, confidence, received)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.customer_id)
            .push_bind(&row.key)
            .push_bind(&row.value)
            .push_bind(row.at)
            .push_bind(&row.source)
            .push_bind(&row.source_kind)
            .push_bind(row.confidence)
            .push_bind(row.received),
        "ON CONFLICT (agency_id, customer_id, key, value, at, source) DO UPDATE SET source_kind = excluded.source_kind, \
         confidence = excluded.confidence, received = excluded.received"
    )
}
