//! Whom an agency has told what happens.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

pub use crate::deliveries::{
    Attempt, DeliveryRow, DueRow, EventRow, NewDelivery, attempted, deliveries, due, give_up, insert_deliveries,
    insert_events, next_due, replay, tidy,
};

/// The kind of job that tells a webhook what waits for it; its key is the webhook's id.
pub const DELIVER: &str = "webhook.deliver";

/// A webhook as stored.
#[derive(Debug, Clone, FromRow)]
pub struct WebhookRow {
    /// Id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// What the agency says of it.
    pub note: String,
    /// Patterns of types, as a JSON list.
    pub types: String,
    /// `active`, `paused`, or `gone` as its receiver said.
    pub state: String,
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// The one before, sealed.
    pub earlier: Option<Vec<u8>>,
    /// Until when the one before is valid too, in ms since 1970 by the machine's clock.
    pub earlier_until: Option<i64>,
    /// Turns in a row in which nothing was taken.
    pub failures: i64,
    /// Machine time before which nothing is sent, in ms since 1970.
    pub retry_at: i64,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// The key that made it.
    pub created_by: Uuid,
    /// Counts changes by people.
    pub version: i64,
}

/// How many deliveries of a webhook are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Waiting {
    /// Wait.
    pub pending: i64,
    /// Were given up.
    pub dead: i64,
}

/// Makes a webhook.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, row: &WebhookRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO webhook (agency_id, id, url, note, types, state, secret, failures, retry_at, created_at, created_by, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, 1)",
        agency,
        row.id,
        &row.url,
        &row.note,
        &row.types,
        &row.state,
        &row.secret,
        row.created_at,
        row.created_by
    )
    .map(drop)
}

/// Changes what people say of a webhook, at the version they read; `false` if it was changed meanwhile. What failed is forgotten.
///
/// # Errors
/// Failures of the database.
pub async fn change(tx: &mut Tx, agency: Uuid, row: &WebhookRow) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE webhook SET url = $4, note = $5, types = $6, state = $7, secret = $8, earlier = $9, earlier_until = $10, failures = 0,
         retry_at = 0, version = version + 1 WHERE agency_id = $1 AND id = $2 AND version = $3",
        agency,
        row.id,
        row.version,
        &row.url,
        &row.note,
        &row.types,
        &row.state,
        &row.secret,
        &row.earlier,
        row.earlier_until
    )?;
    Ok(done == 1)
}

/// Takes a webhook away, with what it was told and was to be told.
///
/// # Errors
/// Failures of the database.
pub async fn delete(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<bool> {
    let done = execute!(tx, "DELETE FROM webhook WHERE agency_id = $1 AND id = $2", agency, id)?;
    Ok(done == 1)
}

/// The webhooks of an agency, the oldest first.
///
/// # Errors
/// Failures of the database.
pub async fn webhooks(tx: &mut Tx, agency: Uuid) -> Result<Vec<WebhookRow>> {
    fetch_all!(
        tx,
        WebhookRow,
        "SELECT id, url, note, types, state, secret, earlier, earlier_until, failures, retry_at, created_at, created_by, version
         FROM webhook WHERE agency_id = $1 ORDER BY created_at, id",
        agency
    )
}

/// The webhook of this id.
///
/// # Errors
/// Failures of the database.
pub async fn webhook(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<WebhookRow>> {
    fetch_optional!(
        tx,
        WebhookRow,
        "SELECT id, url, note, types, state, secret, earlier, earlier_until, failures, retry_at, created_at, created_by, version
         FROM webhook WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
}

/// Which version a webhook has; none if it was deleted.
///
/// # Errors
/// Failures of the database.
pub async fn version(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<i64>> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT version FROM webhook WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )?;
    Ok(row.map(|(version,)| version))
}

/// How many deliveries of a webhook wait, and how many were given up.
///
/// # Errors
/// Failures of the database.
pub async fn waiting(tx: &mut Tx, agency: Uuid, webhook: Uuid) -> Result<Waiting> {
    fetch_one!(
        tx,
        Waiting,
        "SELECT COALESCE(SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END), 0) AS pending,
            COALESCE(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0) AS dead
         FROM webhook_delivery WHERE agency_id = $1 AND webhook_id = $2 AND state IN ('pending', 'dead')",
        agency,
        webhook
    )
}

/// Who listens: id, patterns of types, and before when nothing is sent, of each webhook that is not put aside.
///
/// # Errors
/// Failures of the database.
pub async fn listening(tx: &mut Tx, agency: Uuid) -> Result<Vec<(Uuid, String, i64)>> {
    fetch_all!(
        tx,
        (Uuid, String, i64),
        "SELECT id, types, retry_at FROM webhook WHERE agency_id = $1 AND state = 'active' ORDER BY id",
        agency
    )
}

/// Writes down how a webhook answers, at the version that was told; `false` if people have changed it meanwhile: what an earlier address
/// answered says nothing of this one.
///
/// # Errors
/// Failures of the database.
pub async fn note_answers(
    tx: &mut Tx,
    agency: Uuid,
    webhook: (Uuid, i64),
    failures: i64,
    retry_at: i64,
) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE webhook SET failures = $4, retry_at = $5 WHERE agency_id = $1 AND id = $2 AND version = $3",
        agency,
        webhook.0,
        webhook.1,
        failures,
        retry_at
    )?;
    Ok(done == 1)
}

/// Puts a webhook aside whose receiver said that it is gone for good, at the version that was told.
///
/// # Errors
/// Failures of the database.
pub async fn note_gone(tx: &mut Tx, agency: Uuid, webhook: (Uuid, i64)) -> Result<()> {
    execute!(
        tx,
        "UPDATE webhook SET state = 'gone', version = version + 1 WHERE agency_id = $1 AND id = $2 AND version = $3",
        agency,
        webhook.0,
        webhook.1
    )
    .map(drop)
}

/// Has what waits tried at once, as the webhook answers again.
///
/// # Errors
/// Failures of the database.
pub async fn hurry(tx: &mut Tx, agency: Uuid, webhook: Uuid, now: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE webhook_delivery SET next_at = $3 WHERE agency_id = $1 AND webhook_id = $2 AND state = 'pending' AND next_at > $3",
        agency,
        webhook,
        now
    )
    .map(drop)
}

/// Has what waits given up only after as long again: while nothing was sent, nothing was late.
///
/// # Errors
/// Failures of the database.
pub async fn renew(tx: &mut Tx, agency: Uuid, webhook: Uuid, now: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE webhook_delivery SET written_at = $3 WHERE agency_id = $1 AND webhook_id = $2 AND state = 'pending'",
        agency,
        webhook,
        now
    )
    .map(drop)
}
