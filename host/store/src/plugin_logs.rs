//! What the rules of a binding wrote lately.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LogRow {
    /// Counts from 1 within the binding; [`append`] gives it.
    pub line: i64,
    /// Business time, in ms since 1970.
    pub at: i64,
    /// Why the rule was asked.
    pub cause: String,
    /// The plugin that wrote it.
    pub digest: String,
    /// How serious.
    pub level: String,
    /// The text.
    pub message: String,
}

/// Adds lines in their order and deletes all but the last `keep`. The caller holds the agency's lock, so that no number is given twice.
///
/// # Errors
/// Failures of the database.
pub async fn append(tx: &mut Tx, agency: Uuid, point: &str, name: &str, rows: &[LogRow], keep: i64) -> Result<()> {
    let (last,) = fetch_one!(
        &mut *tx,
        (i64,),
        "SELECT COALESCE(MAX(line), 0) FROM plugin_log WHERE agency_id = $1 AND extension_point = $2 AND name = $3",
        agency,
        point,
        name
    )?;
    let numbered: Vec<(i64, &LogRow)> = (last + 1..).zip(rows).collect();
    write_rows!(
        tx,
        numbered,
        9,
        "INSERT INTO plugin_log (agency_id, extension_point, name, line, at, cause, digest, level, message)",
        |b, (line, row)| b
            .push_bind(agency)
            .push_bind(point)
            .push_bind(name)
            .push_bind(*line)
            .push_bind(row.at)
            .push_bind(&row.cause)
            .push_bind(&row.digest)
            .push_bind(&row.level)
            .push_bind(&row.message),
        ""
    )?;
    execute!(
        tx,
        "DELETE FROM plugin_log WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND line <= $4",
        agency,
        point,
        name,
        last + numbered.len() as i64 - keep
    )
    .map(drop)
}

/// Deletes the lines of all bindings that are older than `before`, business time.
///
/// # Errors
/// Failures of the database.
pub async fn forget(tx: &mut Tx, agency: Uuid, before: i64) -> Result<u64> {
    execute!(
        tx,
        "DELETE FROM plugin_log WHERE agency_id = $1 AND at < $2",
        agency,
        before
    )
}

/// Lines before line `before` but those of the level `hidden`, the newest first, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn lines(
    tx: &mut Tx,
    agency: Uuid,
    point: &str,
    name: &str,
    hidden: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<LogRow>> {
    fetch_all!(
        tx,
        LogRow,
        "SELECT line, at, cause, digest, level, message FROM plugin_log
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND line < $4 AND level <> $6 ORDER BY line DESC LIMIT $5",
        agency,
        point,
        name,
        before,
        limit,
        hidden
    )
}
