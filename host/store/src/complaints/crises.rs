//! Crises.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A crisis.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CrisisRow {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// What kind of crisis.
    pub kind: String,
    /// What it is about, in words.
    pub title: String,
    /// The product.
    pub product: Option<String>,
    /// The departure.
    pub departs_on: Option<i32>,
    /// The cause.
    pub cause: Option<String>,
    /// What its cases have in common.
    pub alike: Option<String>,
    /// `watch`, `open`, `contained`, `repair` or `closed`.
    pub state: String,
    /// Whether it is not over.
    pub is_open: bool,
    /// Key of the playbook.
    pub playbook: Option<String>,
    /// Who opened it; none if cases were joined.
    pub opened_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub opened_at: i64,
    /// When it was over.
    pub closed_at: Option<i64>,
    /// Moves with every change.
    pub version: i64,
}

macro_rules! crisis_columns {
    () => {
        "id, number, kind, title, product, departs_on, cause, alike, state, is_open, playbook, opened_by, opened_at, closed_at, version"
    };
}

/// Writes a crisis, new or changed.
///
/// # Errors
/// Failures of the database.
pub async fn put_crisis(tx: &mut Tx, agency: Uuid, row: &CrisisRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO crisis (agency_id, id, number, kind, title, product, departs_on, cause, alike, state, is_open, playbook, opened_by, opened_at,
            closed_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (agency_id, id) DO UPDATE SET state = excluded.state, is_open = excluded.is_open, playbook = excluded.playbook,
            closed_at = excluded.closed_at, version = excluded.version",
        agency,
        row.id,
        &row.number,
        &row.kind,
        &row.title,
        &row.product,
        row.departs_on,
        &row.cause,
        &row.alike,
        &row.state,
        row.is_open,
        &row.playbook,
        row.opened_by,
        row.opened_at,
        row.closed_at,
        row.version
    )
    .map(drop)
}

/// One crisis.
///
/// # Errors
/// Failures of the database.
pub async fn crisis(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<CrisisRow>> {
    fetch_optional!(
        tx,
        CrisisRow,
        concat!(
            "SELECT ",
            crisis_columns!(),
            " FROM crisis WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// The crisis of this number.
///
/// # Errors
/// Failures of the database.
pub async fn crisis_numbered(tx: &mut Tx, agency: Uuid, number: &str) -> Result<Option<CrisisRow>> {
    fetch_optional!(
        tx,
        CrisisRow,
        concat!(
            "SELECT ",
            crisis_columns!(),
            " FROM crisis WHERE agency_id = $1 AND number = $2"
        ),
        agency,
        number
    )
}

/// The open crisis whose cases have this in common.
///
/// # Errors
/// Failures of the database.
pub async fn crisis_of(tx: &mut Tx, agency: Uuid, alike: &str) -> Result<Option<CrisisRow>> {
    fetch_optional!(
        tx,
        CrisisRow,
        concat!(
            "SELECT ",
            crisis_columns!(),
            " FROM crisis WHERE agency_id = $1 AND alike = $2 AND is_open ORDER BY id DESC LIMIT 1"
        ),
        agency,
        alike
    )
}

/// Crises before an id, the latest first: those that are open, those that are over, or all.
///
/// # Errors
/// Failures of the database.
pub async fn crises(
    tx: &mut Tx,
    agency: Uuid,
    open: Option<bool>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CrisisRow>> {
    let before = before.unwrap_or(Uuid::max());
    match open {
        Some(open) => fetch_all!(
            tx,
            CrisisRow,
            concat!(
                "SELECT ",
                crisis_columns!(),
                " FROM crisis WHERE agency_id = $1 AND is_open = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
            ),
            agency,
            open,
            before,
            limit
        ),
        None => fetch_all!(
            tx,
            CrisisRow,
            concat!(
                "SELECT ",
                crisis_columns!(),
                " FROM crisis WHERE agency_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ),
            agency,
            before,
            limit
        ),
    }
}

/// Products of crises that are open, contained or under repair: nothing is offered for them.
///
/// # Errors
/// Failures of the database.
pub async fn products_in_crisis(tx: &mut Tx, agency: Uuid) -> Result<Vec<String>> {
    let found = fetch_all!(
        tx,
        (String,),
        "SELECT DISTINCT product FROM crisis
         WHERE agency_id = $1 AND is_open AND state IN ('open', 'contained', 'repair') AND product IS NOT NULL",
        agency
    )?;
    Ok(found.into_iter().map(|(product,)| product).collect())
}
