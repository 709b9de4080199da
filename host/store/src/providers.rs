//! Who people are for a provider of sign-ins.

use crate::{Result, Tx};
use posthouse_domain::Instant;
use uuid::Uuid;

/// The person of this subject.
///
/// # Errors
/// Failures of the database.
pub async fn person(tx: &mut Tx, agency: Uuid, issuer: &str, subject: &str) -> Result<Option<Uuid>> {
    let found = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT staff_id FROM staff_identity WHERE agency_id = $1 AND issuer = $2 AND subject = $3",
        agency,
        issuer,
        subject
    )?;
    Ok(found.map(|(staff,)| staff))
}

/// Agencies in which this subject is somebody, as [`crate::Access::Jobs`].
///
/// # Errors
/// Failures of the database.
pub async fn agencies_of(tx: &mut Tx, issuer: &str, subject: &str, limit: i64) -> Result<Vec<Uuid>> {
    let found = fetch_all!(
        tx,
        (Uuid,),
        "SELECT agency_id FROM staff_identity WHERE issuer = $1 AND subject = $2 ORDER BY agency_id LIMIT $3",
        issuer,
        subject,
        limit
    )?;
    Ok(found.into_iter().map(|(agency,)| agency).collect())
}

/// Whether somebody has come from a provider before.
///
/// # Errors
/// Failures of the database.
pub async fn is_known(tx: &mut Tx, agency: Uuid, staff: Uuid, issuer: &str) -> Result<bool> {
    let found = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT staff_id FROM staff_identity WHERE agency_id = $1 AND staff_id = $2 AND issuer = $3",
        agency,
        staff,
        issuer
    )?;
    Ok(found.is_some())
}

/// Keeps who somebody is for a provider; `false` if they are somebody else for it already.
///
/// # Errors
/// Failures of the database.
pub async fn put(
    tx: &mut Tx,
    agency: Uuid,
    staff: Uuid,
    (issuer, subject): (&str, &str),
    now: Instant,
) -> Result<bool> {
    let written = execute!(
        tx,
        "INSERT INTO staff_identity (agency_id, staff_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        agency,
        staff,
        issuer,
        subject,
        now
    )?;
    Ok(written == 1)
}

/// Forgets who somebody is for every provider: they are found by their address again.
///
/// # Errors
/// Failures of the database.
pub async fn forget(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM staff_identity WHERE agency_id = $1 AND staff_id = $2",
        agency,
        staff
    )
    .map(drop)
}
