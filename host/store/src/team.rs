//! Agencies, their keys, and answers kept for retries.

use crate::audit::{self, ActorRow};
use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::{Result, Tx, forms};
use sqlx::FromRow;
use uuid::Uuid;

/// The kind of job that turns an agency's day, each midnight by its own clock.
pub const DAY_TURN: &str = "day.turn";

/// An agency.
#[derive(Debug, Clone, FromRow)]
pub struct AgencyRow {
    /// Id.
    pub id: Uuid,
    /// Short name in addresses and commands.
    pub slug: String,
    /// Full name.
    pub name: String,
    /// IANA name of the zone its days begin in.
    pub time_zone: String,
    /// ISO 4217 code of its base currency.
    pub currency: String,
    /// ISO 3166 code of its country.
    pub country: String,
}

/// Creates an agency and its counter.
///
/// # Errors
/// [`SLUG`](crate::unique::SLUG) has it already; failures of the database.
pub async fn create_agency(tx: &mut Tx, agency: &AgencyRow, now: i64) -> Result<()> {
    execute!(
        &mut *tx,
        "INSERT INTO agency (id, slug, name, time_zone, currency, country, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        agency.id,
        &agency.slug,
        &agency.name,
        &agency.time_zone,
        &agency.currency,
        &agency.country,
        now,
    )?;
    execute!(
        &mut *tx,
        "INSERT INTO counter (agency_id, change, ordinals) VALUES ($1, 0, 0)",
        agency.id
    )?;
    // due at once: on which day it begins is for the business clock of whoever serves it
    let turn = NewJob {
        kind: DAY_TURN,
        key: "",
        lane: Lane::Timers,
        clock: JobClock::Business,
        due: 0,
    };
    jobs::put(&mut *tx, agency.id, turn).await?;
    let host = ActorRow {
        id: agency.id,
        kind: "host".into(),
        name: "Posthouse".into(),
        holder: None,
        created_at: now,
    };
    audit::put_actor(&mut *tx, agency.id, &host).await?;
    audit::begin(&mut *tx, agency.id).await?;
    // it has no rows of earlier builds
    for step in forms::STEPS {
        forms::put_step(&mut *tx, agency.id, step, "", true).await?;
    }
    Ok(())
}

/// The agency of this transaction.
///
/// # Errors
/// Failures of the database.
pub async fn agency(tx: &mut Tx, agency: Uuid) -> Result<Option<AgencyRow>> {
    fetch_optional!(
        tx,
        AgencyRow,
        "SELECT id, slug, name, time_zone, currency, country FROM agency WHERE id = $1",
        agency
    )
}

/// Gives the agency another name.
///
/// # Errors
/// Failures of the database.
pub async fn rename_agency(tx: &mut Tx, agency: Uuid, name: &str) -> Result<()> {
    execute!(tx, "UPDATE agency SET name = $2 WHERE id = $1", agency, name).map(drop)
}

/// Every agency, for background work ([`crate::Access::Jobs`]).
///
/// # Errors
/// Failures of the database.
pub async fn agencies(tx: &mut Tx) -> Result<Vec<AgencyRow>> {
    fetch_all!(
        tx,
        AgencyRow,
        "SELECT id, slug, name, time_zone, currency, country FROM agency ORDER BY slug"
    )
}

/// The agency of this slug, as [`crate::Access::Jobs`].
///
/// # Errors
/// Failures of the database.
pub async fn agency_of_slug(tx: &mut Tx, slug: &str) -> Result<Option<Uuid>> {
    let found = fetch_optional!(tx, (Uuid,), "SELECT id FROM agency WHERE slug = $1", slug)?;
    Ok(found.map(|(id,)| id))
}

/// A key and what it may do.
#[derive(Debug, Clone, FromRow)]
pub struct KeyRow {
    /// Id, named in audit and in what the key did.
    pub id: Uuid,
    /// What the agency calls it.
    pub name: String,
    /// Scopes as a JSON list.
    pub scopes: String,
    /// Whose it is, in normal form.
    pub holder: Option<String>,
}

/// Keeps the hash of a new key.
///
/// # Errors
/// Failures of the database.
pub async fn create_key(tx: &mut Tx, agency: Uuid, key: &KeyRow, hash: &[u8], now: i64) -> Result<()> {
    let actor = ActorRow {
        id: key.id,
        kind: "key".into(),
        name: key.name.clone(),
        holder: key.holder.clone(),
        created_at: now,
    };
    audit::put_actor(&mut *tx, agency, &actor).await?;
    execute!(
        tx,
        "INSERT INTO api_key (agency_id, id, name, hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        agency,
        key.id,
        &key.name,
        hash,
        &key.scopes,
        now,
    )
    .map(drop)
}

/// A key as it is listed.
#[derive(Debug, Clone, FromRow)]
pub struct KeyEntry {
    /// Id.
    pub id: Uuid,
    /// What the agency calls it.
    pub name: String,
    /// Scopes as a JSON list.
    pub scopes: String,
    /// Whose it is, in normal form.
    pub holder: Option<String>,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it was last used, to the hour.
    pub used_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// Every key of the agency, the oldest first.
///
/// # Errors
/// Failures of the database.
pub async fn keys(tx: &mut Tx, agency: Uuid) -> Result<Vec<KeyEntry>> {
    fetch_all!(
        tx,
        KeyEntry,
        "SELECT k.id, k.name, k.scopes, a.holder, k.created_at, k.used_at, k.revoked_at
         FROM api_key k JOIN actor a ON a.agency_id = k.agency_id AND a.id = k.id WHERE k.agency_id = $1 ORDER BY k.created_at, k.id",
        agency
    )
}

/// The key of this hash, unless it was revoked.
///
/// # Errors
/// Failures of the database.
pub async fn key_by_hash(tx: &mut Tx, agency: Uuid, hash: &[u8]) -> Result<Option<KeyRow>> {
    fetch_optional!(
        tx,
        KeyRow,
        "SELECT k.id, k.name, k.scopes, a.holder FROM api_key k JOIN actor a ON a.agency_id = k.agency_id AND a.id = k.id
         WHERE k.agency_id = $1 AND k.hash = $2 AND k.revoked_at IS NULL",
        agency,
        hash
    )
}

/// Notes that a key was used, unless that was noted after `after`.
///
/// # Errors
/// Failures of the database.
pub async fn touch_key(tx: &mut Tx, agency: Uuid, key: Uuid, (now, after): (i64, i64)) -> Result<()> {
    execute!(
        tx,
        "UPDATE api_key SET used_at = $3 WHERE agency_id = $1 AND id = $2 AND (used_at IS NULL OR used_at <= $4)",
        agency,
        key,
        now,
        after
    )
    .map(drop)
}

/// Revokes a key; `false` if there is none that could be.
///
/// # Errors
/// Failures of the database.
pub async fn revoke_key(tx: &mut Tx, agency: Uuid, key: Uuid, now: i64) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE api_key SET revoked_at = $3 WHERE agency_id = $1 AND id = $2 AND revoked_at IS NULL",
        agency,
        key,
        now
    )?;
    Ok(changed == 1)
}
