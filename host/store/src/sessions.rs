//! Who is signed in where.

use crate::{Result, Tx, factors};
use posthouse_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

/// Somebody who is signed in.
#[derive(Debug, Clone, FromRow)]
pub struct SessionRow {
    /// Id.
    pub id: Uuid,
    /// Whose.
    pub staff_id: Uuid,
    /// From where it began.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
    /// By which way: `password`, `link` or `provider`.
    pub way: String,
    /// When it began, in ms since 1970 by the machine's clock, as all of these.
    pub began_at: Instant,
    /// When something was last asked for; a minute may be missing.
    pub seen_at: Instant,
    /// When its token was last replaced.
    pub rotated_at: Instant,
    /// When it ends, whatever is asked for.
    pub ends_at: Instant,
}

macro_rules! select_sessions {
    () => {
        "SELECT id, staff_id, address, agent, way, began_at, seen_at, rotated_at, ends_at FROM staff_session WHERE agency_id = $1"
    };
}

/// Begins a session.
///
/// # Errors
/// Failures of the database.
pub async fn begin(tx: &mut Tx, agency: Uuid, row: &SessionRow, hash: &[u8]) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO staff_session (agency_id, id, staff_id, hash, earlier_until, address, agent, way, began_at, seen_at, rotated_at, ends_at)
         VALUES ($1, $2, $3, $4, 0, $5, $6, $9, $7, $7, $7, $8)",
        agency,
        row.id,
        row.staff_id,
        hash,
        &row.address,
        &row.agent,
        row.began_at,
        row.ends_at,
        &row.way
    )
    .map(drop)
}

/// The session of this token, or of the token before it as long as that opens.
///
/// # Errors
/// Failures of the database.
pub async fn by_hash(tx: &mut Tx, agency: Uuid, hash: &[u8], now: Instant) -> Result<Option<SessionRow>> {
    fetch_optional!(
        tx,
        SessionRow,
        concat!(
            select_sessions!(),
            " AND (hash = $2 OR (earlier = $2 AND earlier_until > $3))"
        ),
        agency,
        hash,
        now
    )
}

/// The sessions of a person, or of everybody, that have not ended; the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn list(
    tx: &mut Tx,
    agency: Uuid,
    staff: Option<Uuid>,
    (now, seen_after): (Instant, Instant),
) -> Result<Vec<SessionRow>> {
    fetch_all!(
        tx,
        SessionRow,
        concat!(
            select_sessions!(),
            " AND ends_at > $2 AND seen_at > $3 AND (staff_id = $4 OR $5) ORDER BY seen_at DESC, id DESC"
        ),
        agency,
        now,
        seen_after,
        staff.unwrap_or_default(),
        staff.is_none()
    )
}

/// Whose session it is.
///
/// # Errors
/// Failures of the database.
pub async fn whose(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<Uuid>> {
    let found = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT staff_id FROM staff_session WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )?;
    Ok(found.map(|(staff,)| staff))
}

/// Something was asked for.
///
/// # Errors
/// Failures of the database.
pub async fn touch(tx: &mut Tx, agency: Uuid, id: Uuid, now: Instant) -> Result<()> {
    execute!(
        tx,
        "UPDATE staff_session SET seen_at = $3 WHERE agency_id = $1 AND id = $2 AND seen_at < $3",
        agency,
        id,
        now
    )
    .map(drop)
}

/// Replaces the token; the one before opens until `earlier_until`. `false` if it was replaced already.
///
/// # Errors
/// Failures of the database.
pub async fn rotate(
    tx: &mut Tx,
    agency: Uuid,
    (before, after): (&[u8], &[u8]),
    (now, earlier_until): (Instant, Instant),
) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE staff_session SET hash = $3, earlier = $2, earlier_until = $5, rotated_at = $4, seen_at = $4
         WHERE agency_id = $1 AND hash = $2",
        agency,
        before,
        after,
        now,
        earlier_until
    )?;
    Ok(changed == 1)
}

/// Ends a session; `false` if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn end(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<bool> {
    let ended = execute!(
        tx,
        "DELETE FROM staff_session WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )?;
    Ok(ended == 1)
}

/// Ends every session of a person but one, and says how many there were. Those that have still to say a code end as well.
///
/// # Errors
/// Failures of the database.
pub async fn end_of(tx: &mut Tx, agency: Uuid, staff: Uuid, but: Option<Uuid>) -> Result<u64> {
    factors::forget_halves(&mut *tx, agency, staff).await?;
    execute!(
        tx,
        "DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND id <> $3",
        agency,
        staff,
        but.unwrap_or_default()
    )
}

/// Forgets a person's sessions that are over.
///
/// # Errors
/// Failures of the database.
pub async fn tidy(tx: &mut Tx, agency: Uuid, staff: Uuid, (now, seen_after): (Instant, Instant)) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND (ends_at <= $3 OR seen_at <= $4)",
        agency,
        staff,
        now,
        seen_after
    )
    .map(drop)
}
