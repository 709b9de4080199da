//! Links by which members see their own page.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LinkRow {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer_id: Uuid,
    /// Who made it.
    pub made_by: Uuid,
    /// When, in ms since 1970 of the machine's time.
    pub made_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// When somebody took it back.
    pub revoked_at: Option<i64>,
    /// When it was last opened, to the hour.
    pub seen_at: Option<i64>,
}

macro_rules! link_columns {
    () => {
        "id, customer_id, made_by, made_at, expires_at, revoked_at, seen_at"
    };
}

/// Writes a link down.
///
/// # Errors
/// Failures of the database.
pub async fn insert_link(tx: &mut Tx, agency: Uuid, row: &LinkRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO member_link (agency_id, id, customer_id, made_by, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        agency,
        row.id,
        row.customer_id,
        row.made_by,
        row.made_at,
        row.expires_at
    )
    .map(drop)
}

/// A link.
///
/// # Errors
/// Failures of the database.
pub async fn link(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<LinkRow>> {
    fetch_optional!(
        tx,
        LinkRow,
        concat!(
            "SELECT ",
            link_columns!(),
            " FROM member_link WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// The links of a member that can be opened at an instant, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn open_links(tx: &mut Tx, agency: Uuid, customer: Uuid, now: i64, limit: i64) -> Result<Vec<LinkRow>> {
    fetch_all!(
        tx,
        LinkRow,
        concat!(
            "SELECT ",
            link_columns!(),
            " FROM member_link WHERE agency_id = $1 AND customer_id = $2 AND revoked_at IS NULL AND expires_at > $3 ORDER BY id DESC LIMIT $4"
        ),
        agency,
        customer,
        now,
        limit
    )
}

/// Takes a link back; whether it was not yet.
///
/// # Errors
/// Failures of the database.
pub async fn revoke_link(tx: &mut Tx, agency: Uuid, id: Uuid, now: i64) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (Uuid,),
        "UPDATE member_link SET revoked_at = $3 WHERE agency_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id",
        agency,
        id,
        now
    )?;
    Ok(row.is_some())
}

/// Notes that a link was opened, unless that was noted after `before`.
///
/// # Errors
/// Failures of the database.
pub async fn touch_link(tx: &mut Tx, agency: Uuid, id: Uuid, (now, before): (i64, i64)) -> Result<()> {
    execute!(
        tx,
        "UPDATE member_link SET seen_at = $3 WHERE agency_id = $1 AND id = $2 AND (seen_at IS NULL OR seen_at <= $4)",
        agency,
        id,
        now,
        before
    )
    .map(drop)
}
