//! The agency's own fields of a customer.

use crate::intake::StoredFacts;
use crate::profiles::{FactsText, read_facts};
use crate::{Result, StoreError, Tx};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::{FactKind, Sensitivity};
use sqlx::FromRow;
use uuid::Uuid;

#[derive(FromRow)]
struct DefinitionRow {
    key: String,
    kind: String,
    title: String,
    sensitivity: String,
}

fn written<T: serde::Serialize>(value: T) -> Result<String> {
    serde_json::to_string(&value).map_err(StoreError::corrupt("attribute definition"))
}

impl DefinitionRow {
    fn read(self) -> Result<AttributeDef> {
        let corrupt = || StoreError::corrupt("attribute definition");
        let kind: FactKind = serde_json::from_str(&self.kind).map_err(corrupt())?;
        let sensitivity: Sensitivity = serde_json::from_str(&self.sensitivity).map_err(corrupt())?;
        Ok(AttributeDef {
            key: self.key,
            kind,
            title: serde_json::from_str(&self.title).map_err(corrupt())?,
            sensitivity,
        })
    }
}

/// What the agency has defined, by key.
///
/// # Errors
/// Failures of the database.
pub async fn definitions(tx: &mut Tx, agency: Uuid) -> Result<Vec<AttributeDef>> {
    let rows = fetch_all!(
        tx,
        DefinitionRow,
        "SELECT key, kind, title, sensitivity FROM attribute_definition WHERE agency_id = $1 ORDER BY key",
        agency
    )?;
    rows.into_iter().map(DefinitionRow::read).collect()
}

/// Defines an attribute, or changes title and sensitivity of one there is; `false` if it is there with another kind.
///
/// # Errors
/// Failures of the database.
pub async fn put_definition(tx: &mut Tx, agency: Uuid, definition: &AttributeDef, now: i64) -> Result<bool> {
    let put = execute!(
        tx,
        "INSERT INTO attribute_definition (agency_id, key, kind, title, sensitivity, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (agency_id, key) DO UPDATE SET title = excluded.title, sensitivity = excluded.sensitivity, updated_at = excluded.updated_at
         WHERE attribute_definition.kind = excluded.kind",
        agency,
        &definition.key,
        written(definition.kind)?,
        written(&definition.title)?,
        written(definition.sensitivity)?,
        now
    )?;
    Ok(put == 1)
}

/// Forgets a definition; values that were told stay. `false` if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn delete_definition(tx: &mut Tx, agency: Uuid, key: &str) -> Result<bool> {
    let deleted = execute!(
        tx,
        "DELETE FROM attribute_definition WHERE agency_id = $1 AND key = $2",
        agency,
        key
    )?;
    Ok(deleted == 1)
}

/// The facts of everyone of whom an attribute was told, by the key of its values.
///
/// # Errors
/// Failures of the database.
pub async fn facts_with(tx: &mut Tx, agency: Uuid, stored_key: &str) -> Result<Vec<StoredFacts>> {
    let rows = fetch_all!(
        tx,
        FactsText,
        "SELECT ordinal, customer_id, change, facts FROM fact WHERE agency_id = $1 AND ordinal IN (
             SELECT c.ordinal FROM attribute_value v JOIN customer c ON c.agency_id = v.agency_id AND c.id = v.customer_id
             WHERE v.agency_id = $1 AND v.key = $2)",
        agency,
        stored_key
    )?;
    read_facts(rows).await
}
