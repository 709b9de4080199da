//! Idempotency keys: each is claimed in the transaction that does its request's work, so that a row says that the work is done.

use crate::{Result, StoreError, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// What is kept of a request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KeptRow {
    /// Digest of the request.
    pub request: String,
    /// Which of its senders' attempts did it; `None` for one of an earlier version.
    pub ticket: Option<Uuid>,
    /// What it made or changed: a word, a slash, its id.
    pub subject: Option<String>,
    /// HTTP status of its answer, once that is known.
    pub status: Option<i32>,
    /// The answer, if it is kept.
    pub body: Option<Vec<u8>>,
    /// When the key was claimed, in ms since 1970.
    pub created_at: i64,
}

/// The status of a request that was carried out and whose answer nobody will keep any more.
pub const LOST: i32 = 0;

/// A claim of a key.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'c> {
    /// The key.
    pub key: &'c str,
    /// Digest of the request.
    pub request: &'c str,
    /// Which attempt claims it.
    pub ticket: Uuid,
    /// What the transaction makes or changes, if that can answer for itself, and the HTTP status it does so with.
    pub subject: Option<(&'c str, i32)>,
}

/// What is kept under a key.
///
/// # Errors
/// Failures of the database.
pub async fn kept(tx: &mut Tx, agency: Uuid, key: &str) -> Result<Option<KeptRow>> {
    fetch_optional!(
        tx,
        KeptRow,
        "SELECT request, ticket, subject, status, body, created_at FROM kept_answer WHERE agency_id = $1 AND key = $2",
        agency,
        key
    )
}

/// Claims a key; `false` if another attempt has done the work. Whoever claims it at the same time waits until this transaction ends.
///
/// # Errors
/// [`StoreError::Overtaken`] if what was kept went away meanwhile; failures of the database.
pub async fn claim(tx: &mut Tx, agency: Uuid, claim: Claim<'_>, now: i64) -> Result<bool> {
    let claimed = execute!(
        &mut *tx,
        "INSERT INTO kept_answer (agency_id, key, request, ticket, subject, status, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING",
        agency,
        claim.key,
        claim.request,
        claim.ticket,
        claim.subject.map(|(subject, _)| subject),
        claim.subject.map(|(_, status)| status),
        now
    )?;
    if claimed == 1 {
        return Ok(true);
    }
    let there = kept(tx, agency, claim.key).await?.ok_or(StoreError::Overtaken)?;
    Ok(there.ticket == Some(claim.ticket))
}

/// Claims keys of requests whose work is done together, each of which nobody may have claimed before; `false` if somebody has. Whoever claims
/// one at the same time waits until this transaction ends.
///
/// # Errors
/// Failures of the database.
pub async fn claim_all(tx: &mut Tx, agency: Uuid, claims: &[Claim<'_>], now: i64) -> Result<bool> {
    if claims.is_empty() {
        return Ok(true);
    }
    // two that have some of them in common wait for each other in this order
    let mut claims = claims.to_vec();
    claims.sort_by_key(|claim| claim.key);
    let claimed = execute_built!(tx, claims.len(), |q| {
        q.push("INSERT INTO kept_answer (agency_id, key, request, ticket, subject, status, created_at) ");
        q.push_values(&claims, |mut b, claim| {
            b.push_bind(agency)
                .push_bind(claim.key)
                .push_bind(claim.request)
                .push_bind(claim.ticket)
                .push_bind(claim.subject.map(|(subject, _)| subject))
                .push_bind(claim.subject.map(|(_, status)| status))
                .push_bind(now);
        });
        q.push(" ON CONFLICT DO NOTHING");
    })?;
    Ok(claimed == claims.len() as u64)
}

/// Says what the work of a claimed key was about, unless that was said.
///
/// # Errors
/// Failures of the database.
pub async fn name_subject(tx: &mut Tx, agency: Uuid, claim: Claim<'_>, subject: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE kept_answer SET subject = $4 WHERE agency_id = $1 AND key = $2 AND ticket = $3 AND subject IS NULL",
        agency,
        claim.key,
        claim.ticket,
        subject
    )
    .map(drop)
}

/// Keeps the answer of an attempt, also of one whose work claims no key because it may be done again. What another attempt has answered stays.
///
/// # Errors
/// Failures of the database.
pub async fn keep(tx: &mut Tx, agency: Uuid, claim: Claim<'_>, (status, body): (i32, &[u8]), now: i64) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO kept_answer (agency_id, key, request, ticket, status, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agency_id, key) DO UPDATE SET status = excluded.status, body = excluded.body WHERE kept_answer.ticket = excluded.ticket",
        agency,
        claim.key,
        claim.request,
        claim.ticket,
        status,
        body,
        now
    )
    .map(drop)
}

/// Says of a claimed key that its answer will not be kept any more.
///
/// # Errors
/// Failures of the database.
pub async fn lose(tx: &mut Tx, agency: Uuid, claim: Claim<'_>) -> Result<()> {
    execute!(
        tx,
        "UPDATE kept_answer SET status = $4 WHERE agency_id = $1 AND key = $2 AND ticket = $3 AND status IS NULL",
        agency,
        claim.key,
        claim.ticket,
        LOST
    )
    .map(drop)
}

/// Forgets what was kept before a time, so many at most.
///
/// # Errors
/// Failures of the database.
pub async fn forget(tx: &mut Tx, agency: Uuid, before: i64, most: i64) -> Result<u64> {
    execute!(
        tx,
        "DELETE FROM kept_answer WHERE agency_id = $1 AND key IN
         (SELECT key FROM kept_answer WHERE agency_id = $1 AND created_at < $2 ORDER BY created_at LIMIT $3)",
        agency,
        before,
        most
    )
}
