//! Marks of saved frames.

use crate::{Result, Tx};
use uuid::Uuid;

/// Keeps the mark of a frame that is about to be saved, and forgets those kept before `forget_before`.
///
/// # Errors
/// Failures of the database.
pub async fn put_mark(tx: &mut Tx, agency: Uuid, token: Uuid, change: i64, now: i64, forget_before: i64) -> Result<()> {
    execute!(
        &mut *tx,
        "DELETE FROM frame_mark WHERE agency_id = $1 AND saved_at < $2",
        agency,
        forget_before
    )?;
    execute!(
        tx,
        "INSERT INTO frame_mark (agency_id, token, change, saved_at) VALUES ($1, $2, $3, $4)",
        agency,
        token,
        change,
        now
    )
    .map(drop)
}

/// Whether a frame with this mark was saved from this database.
///
/// # Errors
/// Failures of the database.
pub async fn knows_mark(tx: &mut Tx, agency: Uuid, token: Uuid, change: i64) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT change FROM frame_mark WHERE agency_id = $1 AND token = $2",
        agency,
        token
    )?;
    Ok(row == Some((change,)))
}
