//! Mappings that an agency keeps under a name.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A mapping under a name.
#[derive(Debug, Clone, FromRow)]
pub struct MappingRow {
    /// `customers` or `bookings`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The mapping in TOML.
    pub mapping: String,
    /// What tells the header row that it was made for from others; empty if it is for any.
    pub headers: String,
    /// When it was saved, in ms since 1970.
    pub saved_at: i64,
    /// By whom.
    pub saved_by: Uuid,
}

/// Mappings of an agency by kind and name.
///
/// # Errors
/// Failures of the database.
pub async fn list(tx: &mut Tx, agency: Uuid) -> Result<Vec<MappingRow>> {
    fetch_all!(
        tx,
        MappingRow,
        "SELECT kind, name, mapping, headers, saved_at, saved_by FROM import_mapping WHERE agency_id = $1 ORDER BY kind, name",
        agency
    )
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn get(tx: &mut Tx, agency: Uuid, kind: &str, name: &str) -> Result<Option<MappingRow>> {
    fetch_optional!(
        tx,
        MappingRow,
        "SELECT kind, name, mapping, headers, saved_at, saved_by FROM import_mapping WHERE agency_id = $1 AND kind = $2 AND name = $3",
        agency,
        kind,
        name
    )
}

/// How many an agency has.
///
/// # Errors
/// Failures of the database.
pub async fn count(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM import_mapping WHERE agency_id = $1",
        agency
    )?;
    Ok(count)
}

/// Saves one, in the place of the one of its name.
///
/// # Errors
/// Failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, row: &MappingRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO import_mapping (agency_id, kind, name, mapping, headers, saved_at, saved_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agency_id, kind, name) DO UPDATE SET mapping = excluded.mapping, headers = excluded.headers, saved_at = excluded.saved_at,
         saved_by = excluded.saved_by",
        agency,
        &row.kind,
        &row.name,
        &row.mapping,
        &row.headers,
        row.saved_at,
        row.saved_by
    )
    .map(drop)
}

/// Deletes one; `false` if there is none of this name.
///
/// # Errors
/// Failures of the database.
pub async fn delete(tx: &mut Tx, agency: Uuid, kind: &str, name: &str) -> Result<bool> {
    let gone = execute!(
        tx,
        "DELETE FROM import_mapping WHERE agency_id = $1 AND kind = $2 AND name = $3",
        agency,
        kind,
        name
    )?;
    Ok(gone == 1)
}
