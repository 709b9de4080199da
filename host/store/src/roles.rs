//! Roles of an agency's own, and its branches.

use crate::{Result, Tx};
use posthouse_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

/// A role of the agency's own.
#[derive(Debug, Clone, FromRow)]
pub struct RoleRow {
    /// What the agency calls it in requests.
    pub key: String,
    /// In both languages, as JSON.
    pub title: String,
    /// What it may do, as a JSON list.
    pub permissions: String,
    /// What it does not see, as a JSON list.
    pub masks: String,
    /// Whose customers it sees: `own`, `branch` or `all`.
    pub row_scope: String,
    /// When it was last changed, in ms since 1970.
    pub updated_at: Instant,
    /// For `If-Match`.
    pub version: i64,
}

macro_rules! select_roles {
    () => {
        "SELECT key, title, permissions, masks, row_scope, updated_at, version FROM role WHERE agency_id = $1"
    };
}

/// The agency's own roles, by key.
///
/// # Errors
/// Failures of the database.
pub async fn roles(tx: &mut Tx, agency: Uuid) -> Result<Vec<RoleRow>> {
    fetch_all!(tx, RoleRow, concat!(select_roles!(), " ORDER BY key"), agency)
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn role(tx: &mut Tx, agency: Uuid, key: &str) -> Result<Option<RoleRow>> {
    fetch_optional!(tx, RoleRow, concat!(select_roles!(), " AND key = $2"), agency, key)
}

/// Writes a role down, on top of the version before.
///
/// # Errors
/// Failures of the database.
pub async fn put_role(tx: &mut Tx, agency: Uuid, row: &RoleRow) -> Result<bool> {
    let changed = execute!(
        tx,
        "INSERT INTO role (agency_id, key, title, permissions, masks, row_scope, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (agency_id, key) DO UPDATE SET title = excluded.title, permissions = excluded.permissions, masks = excluded.masks,
            row_scope = excluded.row_scope, updated_at = excluded.updated_at, version = excluded.version
         WHERE role.version = excluded.version - 1",
        agency,
        &row.key,
        &row.title,
        &row.permissions,
        &row.masks,
        &row.row_scope,
        row.updated_at,
        row.version
    )?;
    Ok(changed == 1)
}

/// Takes a role away that nobody has; `false` if there is none, or somebody has it.
///
/// # Errors
/// Failures of the database.
pub async fn delete_role(tx: &mut Tx, agency: Uuid, key: &str) -> Result<bool> {
    let deleted = execute!(
        tx,
        "DELETE FROM role WHERE agency_id = $1 AND key = $2
             AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.agency_id = $1 AND s.role = $2)",
        agency,
        key
    )?;
    Ok(deleted == 1)
}

/// A place of the agency that people work in.
#[derive(Debug, Clone, FromRow)]
pub struct BranchRow {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// When it was written down, in ms since 1970.
    pub created_at: Instant,
}

/// Every branch, by name.
///
/// # Errors
/// Failures of the database.
pub async fn branches(tx: &mut Tx, agency: Uuid) -> Result<Vec<BranchRow>> {
    fetch_all!(
        tx,
        BranchRow,
        "SELECT id, name, created_at FROM branch WHERE agency_id = $1 ORDER BY name_form",
        agency
    )
}

/// One branch.
///
/// # Errors
/// Failures of the database.
pub async fn branch(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<BranchRow>> {
    fetch_optional!(
        tx,
        BranchRow,
        "SELECT id, name, created_at FROM branch WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
}

/// Writes a branch down.
///
/// # Errors
/// [`BRANCH_NAME`](crate::unique::BRANCH_NAME) is there already; failures of the database.
pub async fn insert_branch(tx: &mut Tx, agency: Uuid, row: &BranchRow, form: &str) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO branch (agency_id, id, name, name_form, created_at) VALUES ($1, $2, $3, $4, $5)",
        agency,
        row.id,
        &row.name,
        form,
        row.created_at
    )
    .map(drop)
}

/// Gives a branch another name; `false` if there is none.
///
/// # Errors
/// [`BRANCH_NAME`](crate::unique::BRANCH_NAME) is there already; failures of the database.
pub async fn rename_branch(tx: &mut Tx, agency: Uuid, id: Uuid, (name, form): (&str, &str)) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE branch SET name = $3, name_form = $4 WHERE agency_id = $1 AND id = $2",
        agency,
        id,
        name,
        form
    )?;
    Ok(changed == 1)
}
