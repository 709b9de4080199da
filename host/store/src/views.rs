//! Lists kept under a name.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A list under a name.
#[derive(Debug, Clone, FromRow)]
pub struct ViewRow {
    /// Id.
    pub id: Uuid,
    /// Which list it is of.
    pub list: String,
    /// Its name.
    pub title: String,
    /// What the list's address says.
    pub query: String,
    /// Whether everybody sees it.
    pub is_shared: bool,
    /// Whose it is.
    pub actor_id: Uuid,
    /// When it was saved, in ms since 1970.
    pub saved_at: i64,
}

/// The views of a list that somebody sees: their own first, then those that others share, by name.
///
/// # Errors
/// Failures of the database.
pub async fn list(tx: &mut Tx, agency: Uuid, list: &str, actor: Uuid) -> Result<Vec<ViewRow>> {
    fetch_all!(
        tx,
        ViewRow,
        "SELECT id, list, title, query, is_shared, actor_id, saved_at FROM saved_view
         WHERE agency_id = $1 AND list = $2 AND (actor_id = $3 OR is_shared)
         ORDER BY CASE WHEN actor_id = $3 THEN 0 ELSE 1 END, title, id",
        agency,
        list,
        actor
    )
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn get(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<ViewRow>> {
    fetch_optional!(
        tx,
        ViewRow,
        "SELECT id, list, title, query, is_shared, actor_id, saved_at FROM saved_view WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
}

/// How many somebody has of a list.
///
/// # Errors
/// Failures of the database.
pub async fn count(tx: &mut Tx, agency: Uuid, list: &str, actor: Uuid) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM saved_view WHERE agency_id = $1 AND list = $2 AND actor_id = $3",
        agency,
        list,
        actor
    )?;
    Ok(count)
}

/// Saves one, in the place of the one of its name that its owner has; returns the id it has.
///
/// # Errors
/// Failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, row: &ViewRow) -> Result<Uuid> {
    let (id,) = fetch_one!(
        tx,
        (Uuid,),
        "INSERT INTO saved_view (agency_id, id, list, title, query, is_shared, actor_id, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (agency_id, list, actor_id, title)
         DO UPDATE SET query = excluded.query, is_shared = excluded.is_shared, saved_at = excluded.saved_at
         RETURNING id",
        agency,
        row.id,
        &row.list,
        &row.title,
        &row.query,
        row.is_shared,
        row.actor_id,
        row.saved_at
    )?;
    Ok(id)
}

/// Deletes one.
///
/// # Errors
/// Failures of the database.
pub async fn delete(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM saved_view WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
    .map(drop)
}
