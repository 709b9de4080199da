//! Second factors of people, their recovery codes, and who has still to say one.

use crate::{Result, Tx};
use posthouse_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

/// What a person's codes are made of.
#[derive(Debug, Clone, FromRow)]
pub struct FactorRow {
    /// The secret, sealed.
    pub sealed: Vec<u8>,
    /// The step of the latest code that was taken.
    pub last_step: i64,
    /// Since when it is in force, in ms since 1970; none until a code has confirmed it.
    pub confirmed_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
}

/// Somebody who has still to say a code.
#[derive(Debug, Clone, FromRow)]
pub struct HalfRow {
    /// Who.
    pub staff_id: Uuid,
    /// By which way they came: `password`, `link` or `provider`.
    pub way: String,
}

/// A person's second factor, whether confirmed or not.
///
/// # Errors
/// Failures of the database.
pub async fn factor(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<Option<FactorRow>> {
    fetch_optional!(
        tx,
        FactorRow,
        "SELECT sealed, last_step, confirmed_at, created_at FROM second_factor WHERE agency_id = $1 AND staff_id = $2",
        agency,
        staff
    )
}

/// Whether the agency wants everybody to have one, and since when this person does.
///
/// # Errors
/// Failures of the database.
pub async fn standing(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<(bool, Option<Instant>)> {
    fetch_one!(
        tx,
        (bool, Option<i64>),
        "SELECT a.second_factor_needed, f.confirmed_at FROM agency a
         LEFT JOIN second_factor f ON f.agency_id = $1 AND f.staff_id = $2 WHERE a.id = $1",
        agency,
        staff
    )
}

/// Who of the staff has one in force.
///
/// # Errors
/// Failures of the database.
pub async fn holders(tx: &mut Tx, agency: Uuid) -> Result<Vec<Uuid>> {
    let found = fetch_all!(
        tx,
        (Uuid,),
        "SELECT staff_id FROM second_factor WHERE agency_id = $1 AND confirmed_at IS NOT NULL",
        agency
    )?;
    Ok(found.into_iter().map(|(staff,)| staff).collect())
}

/// Keeps a new secret in place of one that was not confirmed; `false` if there is one in force.
///
/// # Errors
/// Failures of the database.
pub async fn begin(tx: &mut Tx, agency: Uuid, staff: Uuid, sealed: &[u8], now: Instant) -> Result<bool> {
    let changed = execute!(
        tx,
        "INSERT INTO second_factor (agency_id, staff_id, sealed, last_step, created_at) VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (agency_id, staff_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at
         WHERE second_factor.confirmed_at IS NULL",
        agency,
        staff,
        sealed,
        now
    )?;
    Ok(changed == 1)
}

/// Puts it into force by a code of this step; `false` if it is already, or there is none.
///
/// # Errors
/// Failures of the database.
pub async fn confirm(tx: &mut Tx, agency: Uuid, staff: Uuid, step: i64, now: Instant) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE second_factor SET last_step = $3, confirmed_at = $4 WHERE agency_id = $1 AND staff_id = $2 AND confirmed_at IS NULL",
        agency,
        staff,
        step,
        now
    )?;
    Ok(changed == 1)
}

/// Takes the code of a step, on whichever host; `false` if that one or a later one was taken.
///
/// # Errors
/// Failures of the database.
pub async fn take_step(tx: &mut Tx, agency: Uuid, staff: Uuid, step: i64) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE second_factor SET last_step = $3
         WHERE agency_id = $1 AND staff_id = $2 AND last_step < $3 AND confirmed_at IS NOT NULL",
        agency,
        staff,
        step
    )?;
    Ok(changed == 1)
}

/// Takes a person's second factor away, with its recovery codes; `false` if none was in force.
///
/// # Errors
/// Failures of the database.
pub async fn remove(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<bool> {
    execute!(
        &mut *tx,
        "DELETE FROM recovery_code WHERE agency_id = $1 AND staff_id = $2",
        agency,
        staff
    )?;
    let removed = execute!(
        tx,
        "DELETE FROM second_factor WHERE agency_id = $1 AND staff_id = $2 AND confirmed_at IS NOT NULL",
        agency,
        staff
    )?;
    Ok(removed == 1)
}

/// Keeps the hashes of a person's recovery codes in place of those before.
///
/// # Errors
/// Failures of the database.
pub async fn put_codes(tx: &mut Tx, agency: Uuid, staff: Uuid, hashes: &[Vec<u8>]) -> Result<()> {
    execute!(
        &mut *tx,
        "DELETE FROM recovery_code WHERE agency_id = $1 AND staff_id = $2",
        agency,
        staff
    )?;
    for hash in hashes {
        execute!(
            &mut *tx,
            "INSERT INTO recovery_code (agency_id, staff_id, hash) VALUES ($1, $2, $3)",
            agency,
            staff,
            hash
        )?;
    }
    Ok(())
}

/// Takes a recovery code, which is none any more then; `false` if it is none.
///
/// # Errors
/// Failures of the database.
pub async fn take_code(tx: &mut Tx, agency: Uuid, staff: Uuid, hash: &[u8]) -> Result<bool> {
    let taken = execute!(
        tx,
        "DELETE FROM recovery_code WHERE agency_id = $1 AND staff_id = $2 AND hash = $3",
        agency,
        staff,
        hash
    )?;
    Ok(taken == 1)
}

/// How many recovery codes a person has left.
///
/// # Errors
/// Failures of the database.
pub async fn codes_left(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<i64> {
    let (left,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM recovery_code WHERE agency_id = $1 AND staff_id = $2",
        agency,
        staff
    )?;
    Ok(left)
}

/// Whether the agency wants everybody to have a second factor.
///
/// # Errors
/// Failures of the database.
pub async fn is_needed(tx: &mut Tx, agency: Uuid) -> Result<bool> {
    let (needed,) = fetch_one!(
        tx,
        (bool,),
        "SELECT second_factor_needed FROM agency WHERE id = $1",
        agency
    )?;
    Ok(needed)
}

/// Has the agency want it, or not; `false` if it did so already.
///
/// # Errors
/// Failures of the database.
pub async fn set_needed(tx: &mut Tx, agency: Uuid, needed: bool) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE agency SET second_factor_needed = $2 WHERE id = $1 AND second_factor_needed <> $2",
        agency,
        needed
    )?;
    Ok(changed == 1)
}

/// Notes somebody who has still to say a code, and forgets those of theirs that are over.
///
/// # Errors
/// Failures of the database.
pub async fn put_half(
    tx: &mut Tx,
    agency: Uuid,
    row: &HalfRow,
    hash: &[u8],
    (now, ends_at): (Instant, Instant),
) -> Result<()> {
    execute!(
        &mut *tx,
        "DELETE FROM half_session WHERE agency_id = $1 AND staff_id = $2 AND ends_at <= $3",
        agency,
        row.staff_id,
        now
    )?;
    execute!(
        tx,
        "INSERT INTO half_session (agency_id, hash, staff_id, way, ends_at) VALUES ($1, $2, $3, $4, $5)",
        agency,
        hash,
        row.staff_id,
        &row.way,
        ends_at
    )
    .map(drop)
}

/// Who has still to say a code, by the hash of their token.
///
/// # Errors
/// Failures of the database.
pub async fn half(tx: &mut Tx, agency: Uuid, hash: &[u8], now: Instant) -> Result<Option<HalfRow>> {
    fetch_optional!(
        tx,
        HalfRow,
        "SELECT staff_id, way FROM half_session WHERE agency_id = $1 AND hash = $2 AND ends_at > $3",
        agency,
        hash,
        now
    )
}

/// Takes a half session away, so that it opens nothing any more; `false` if somebody has done so.
///
/// # Errors
/// Failures of the database.
pub async fn take_half(tx: &mut Tx, agency: Uuid, hash: &[u8]) -> Result<bool> {
    let taken = execute!(
        tx,
        "DELETE FROM half_session WHERE agency_id = $1 AND hash = $2",
        agency,
        hash
    )?;
    Ok(taken == 1)
}

/// Forgets whoever had still to say a code as this person.
///
/// # Errors
/// Failures of the database.
pub async fn forget_halves(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM half_session WHERE agency_id = $1 AND staff_id = $2",
        agency,
        staff
    )
    .map(drop)
}
