//! The outbox: what happened, and what each webhook is told of it.

use crate::{Result, StoreError, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone, FromRow)]
pub struct EventRow {
    /// Id, the same for everyone who is told.
    pub id: Uuid,
    /// Type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// When it happened by the business clock, in ms since 1970.
    pub at: i64,
    /// More about it, as JSON.
    pub data: String,
}

/// Writes what happened.
///
/// # Errors
/// Failures of the database.
pub async fn insert_events(tx: &mut Tx, agency: Uuid, events: &[EventRow], now: i64) -> Result<()> {
    write_rows!(
        tx,
        events,
        7,
        "INSERT INTO outbox (agency_id, id, type, subject, at, data, written_at)",
        |b, event| b
            .push_bind(agency)
            .push_bind(event.id)
            .push_bind(&event.kind)
            .push_bind(&event.subject)
            .push_bind(event.at)
            .push_bind(&event.data)
            .push_bind(now),
        ""
    )
}

/// Something that a webhook is to be told.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery<'d> {
    /// Its place among what the webhook is told.
    pub seq: i64,
    /// What happened.
    pub event: Uuid,
    /// To what.
    pub subject: &'d str,
}

/// Puts down what a webhook is to be told.
///
/// # Errors
/// Failures of the database.
pub async fn insert_deliveries(
    tx: &mut Tx,
    agency: Uuid,
    webhook: Uuid,
    deliveries: &[NewDelivery<'_>],
    now: i64,
) -> Result<()> {
    write_rows!(
        tx,
        deliveries,
        9,
        "INSERT INTO webhook_delivery (agency_id, webhook_id, seq, event_id, subject, state, attempts, next_at, written_at)",
        |b, delivery| b
            .push_bind(agency)
            .push_bind(webhook)
            .push_bind(delivery.seq)
            .push_bind(delivery.event)
            .push_bind(delivery.subject)
            .push_bind("pending")
            .push_bind(0i64)
            .push_bind(now)
            .push_bind(now),
        ""
    )
}

/// What is to be told next.
#[derive(Debug, Clone, FromRow)]
pub struct DueRow {
    /// Its place.
    pub seq: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What happened.
    #[sqlx(flatten)]
    pub event: EventRow,
}

/// What a webhook is to be told now: of each subject the earliest that waits, if its time has come.
///
/// # Errors
/// Failures of the database.
pub async fn due(tx: &mut Tx, agency: Uuid, webhook: Uuid, now: i64, limit: i64) -> Result<Vec<DueRow>> {
    fetch_all!(
        tx,
        DueRow,
        "SELECT d.seq, d.attempts, o.id, o.type, o.subject, o.at, o.data
         FROM webhook_delivery d JOIN outbox o ON o.agency_id = d.agency_id AND o.id = d.event_id
         WHERE d.agency_id = $1 AND d.webhook_id = $2 AND d.state = 'pending' AND d.next_at <= $3
           AND NOT EXISTS (SELECT 1 FROM webhook_delivery e WHERE e.agency_id = d.agency_id AND e.webhook_id = d.webhook_id
               AND e.subject = d.subject AND e.state = 'pending' AND e.seq < d.seq)
         ORDER BY d.seq LIMIT $4",
        agency,
        webhook,
        now,
        limit
    )
}

/// When the next delivery of a webhook is due, in ms since 1970: of each subject the earliest that waits counts.
///
/// # Errors
/// Failures of the database.
pub async fn next_due(tx: &mut Tx, agency: Uuid, webhook: Uuid) -> Result<Option<i64>> {
    let row = fetch_one!(
        tx,
        (Option<i64>,),
        "SELECT MIN(d.next_at) FROM webhook_delivery d
         WHERE d.agency_id = $1 AND d.webhook_id = $2 AND d.state = 'pending'
           AND NOT EXISTS (SELECT 1 FROM webhook_delivery e WHERE e.agency_id = d.agency_id AND e.webhook_id = d.webhook_id
               AND e.subject = d.subject AND e.state = 'pending' AND e.seq < d.seq)",
        agency,
        webhook
    )?;
    Ok(row.0)
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Which delivery.
    pub seq: i64,
    /// `pending`, `delivered` or `dead`.
    pub state: &'static str,
    /// When it is tried again, in ms since 1970 by the machine's clock.
    pub next_at: i64,
    /// The status of the answer, if there was one.
    pub status: Option<i64>,
    /// The beginning of the answer, or why there was none.
    pub answer: String,
}

/// Writes down what came of an attempt.
///
/// # Errors
/// Failures of the database.
pub async fn attempted(tx: &mut Tx, agency: Uuid, webhook: Uuid, attempt: &Attempt, now: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE webhook_delivery SET state = $4, attempts = attempts + 1, next_at = $5, status = $6, answer = $7,
         ended_at = CASE WHEN $4 = 'pending' THEN NULL ELSE $8 END
         WHERE agency_id = $1 AND webhook_id = $2 AND seq = $3 AND state = 'pending'",
        agency,
        webhook,
        attempt.seq,
        attempt.state,
        attempt.next_at,
        attempt.status,
        &attempt.answer,
        now
    )
    .map(drop)
}

/// Gives up what has waited since before `written_before`; returns how many.
///
/// # Errors
/// Failures of the database.
pub async fn give_up(tx: &mut Tx, agency: Uuid, webhook: Uuid, written_before: i64, now: i64) -> Result<u64> {
    execute!(
        tx,
        "UPDATE webhook_delivery SET state = 'dead', ended_at = $4
         WHERE agency_id = $1 AND webhook_id = $2 AND state = 'pending' AND written_at < $3",
        agency,
        webhook,
        written_before,
        now
    )
}

/// Has deliveries told again: those that were given up, or these; returns how many. Their attempts count anew.
///
/// # Errors
/// Failures of the database.
pub async fn replay(tx: &mut Tx, agency: Uuid, webhook: Uuid, only: Option<&[i64]>, now: i64) -> Result<u64> {
    let Some(only) = only else {
        return execute!(
            tx,
            "UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_at = $3, written_at = $3, ended_at = NULL
             WHERE agency_id = $1 AND webhook_id = $2 AND state = 'dead'",
            agency,
            webhook,
            now
        );
    };
    let mut replayed = 0;
    for seq in only {
        replayed += execute!(
            &mut *tx,
            "UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_at = $4, written_at = $4, ended_at = NULL
             WHERE agency_id = $1 AND webhook_id = $2 AND seq = $3 AND state <> 'pending'",
            agency,
            webhook,
            *seq,
            now
        )?;
    }
    Ok(replayed)
}

/// A delivery as it is listed.
#[derive(Debug, Clone, FromRow)]
pub struct DeliveryRow {
    /// Its place.
    pub seq: i64,
    /// `pending`, `delivered` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, in ms since 1970.
    pub next_at: i64,
    /// When it was told or given up, in ms since 1970.
    pub ended_at: Option<i64>,
    /// The status of the last answer.
    pub status: Option<i64>,
    /// The beginning of the last answer, or why there was none.
    pub answer: Option<String>,
    /// What happened.
    #[sqlx(flatten)]
    pub event: EventRow,
}

/// Deliveries of a webhook before a place, the latest first; of one state or of all.
///
/// # Errors
/// Failures of the database.
pub async fn deliveries(
    tx: &mut Tx,
    agency: Uuid,
    webhook: Uuid,
    state: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<DeliveryRow>> {
    macro_rules! found {
        ($state:literal $(, $bind:expr)?) => {
            fetch_all!(
                tx,
                DeliveryRow,
                concat!(
                    "SELECT d.seq, d.state, d.attempts, d.next_at, d.ended_at, d.status, d.answer, o.id, o.type, o.subject, o.at, o.data
                     FROM webhook_delivery d JOIN outbox o ON o.agency_id = d.agency_id AND o.id = d.event_id
                     WHERE d.agency_id = $1 AND d.webhook_id = $2 AND d.seq < $3 ",
                    $state,
                    "ORDER BY d.seq DESC LIMIT $4"
                ),
                agency,
                webhook,
                before,
                limit
                $(, $bind)?
            )
        };
    }
    match state {
        Some(state) => found!("AND d.state = $5 ", state),
        None => found!(""),
    }
}

/// Deletes what nobody waits for and was written before a time, with its deliveries; at most `limit`, and says how many.
///
/// # Errors
/// Failures of the database.
pub async fn tidy(tx: &mut Tx, agency: Uuid, written_before: i64, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "DELETE FROM outbox WHERE agency_id = $1 AND id IN (
            SELECT o.id FROM outbox o WHERE o.agency_id = $1 AND o.written_at < $2
              AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.agency_id = o.agency_id AND d.event_id = o.id AND d.state = 'pending')
            ORDER BY o.written_at LIMIT $3)",
        agency,
        written_before,
        limit
    )
}

impl EventRow {
    /// More about it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is no JSON.
    pub fn read_data(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.data).map_err(StoreError::corrupt("data"))
    }
}
