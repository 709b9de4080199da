//! Steps of a binding's past: which runs and single moves lie before an instant, and what they moved.

use crate::segments::{MoveRow, TransitionRow};
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A full run as a place in the past.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct RunMark {
    /// The run.
    pub run: i64,
    /// The last single move before it.
    pub transition: i64,
    /// Revision of the binding that decided.
    pub revision: i64,
}

/// The latest run of business time `at` or before. It looks from the newest run back.
///
/// # Errors
/// Failures of the database.
pub async fn run_at(tx: &mut Tx, agency: Uuid, binding: &str, at: i64) -> Result<Option<RunMark>> {
    fetch_optional!(
        tx,
        RunMark,
        "SELECT run, transition, revision FROM segment_run WHERE agency_id = $1 AND binding = $2 AND at <= $3 ORDER BY run DESC LIMIT 1",
        agency,
        binding,
        at
    )
}

/// The latest single move of business time `at` or before; 0 if there is none. It looks from the newest move back.
///
/// # Errors
/// Failures of the database.
pub async fn transition_at(tx: &mut Tx, agency: Uuid, binding: &str, at: i64) -> Result<i64> {
    let found = fetch_optional!(
        tx,
        (i64,),
        "SELECT transition FROM segment_transition WHERE agency_id = $1 AND binding = $2 AND at <= $3 ORDER BY transition DESC LIMIT 1",
        agency,
        binding,
        at
    )?;
    Ok(found.map_or(0, |(transition,)| transition))
}

/// The latest run that came before this single move.
///
/// # Errors
/// Failures of the database.
pub async fn run_before_transition(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    transition: i64,
) -> Result<Option<RunMark>> {
    fetch_optional!(
        tx,
        RunMark,
        "SELECT run, transition, revision FROM segment_run WHERE agency_id = $1 AND binding = $2 AND transition < $3 ORDER BY run DESC LIMIT 1",
        agency,
        binding,
        transition
    )
}

/// The last single move before a run; 0 for a run that never was.
///
/// # Errors
/// Failures of the database.
pub async fn transition_of_run(tx: &mut Tx, agency: Uuid, binding: &str, run: i64) -> Result<i64> {
    let found = fetch_optional!(
        tx,
        (i64,),
        "SELECT transition FROM segment_run WHERE agency_id = $1 AND binding = $2 AND run = $3",
        agency,
        binding,
        run
    )?;
    Ok(found.map_or(0, |(transition,)| transition))
}

/// What the runs after `after` and up to `until` moved, in all segments or in one.
///
/// # Errors
/// Failures of the database.
pub async fn moves_between(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    after: i64,
    until: i64,
    segment: Option<&str>,
) -> Result<Vec<MoveRow>> {
    // no segment has the empty key
    fetch_all!(
        tx,
        MoveRow,
        "SELECT m.run, r.at, r.transition, m.segment, m.entered, m.departed
         FROM segment_move m JOIN segment_run r ON r.agency_id = m.agency_id AND r.binding = m.binding AND r.run = m.run
         WHERE m.agency_id = $1 AND m.binding = $2 AND m.run > $3 AND m.run <= $4 AND ($5 = '' OR m.segment = $5)",
        agency,
        binding,
        after,
        until,
        segment.unwrap_or("")
    )
}

/// Single moves after `after` and up to `until`.
///
/// # Errors
/// Failures of the database.
pub async fn transitions_between(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    after: i64,
    until: i64,
) -> Result<Vec<TransitionRow>> {
    if after >= until {
        return Ok(Vec::new());
    }
    fetch_all!(
        tx,
        TransitionRow,
        "SELECT transition, ordinal, origin, target, at, change, revision FROM segment_transition
         WHERE agency_id = $1 AND binding = $2 AND transition > $3 AND transition <= $4 ORDER BY transition",
        agency,
        binding,
        after,
        until
    )
}

/// The plugin of a revision and its segments as JSON.
///
/// # Errors
/// Failures of the database.
pub async fn segments_of_revision(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    revision: i64,
) -> Result<Option<(String, String)>> {
    fetch_optional!(
        tx,
        (String, String),
        "SELECT p.digest, p.segments FROM binding_revision r JOIN plugin p ON p.agency_id = r.agency_id AND p.digest = r.digest
         WHERE r.agency_id = $1 AND r.extension_point = 'segmentation' AND r.name = $2 AND r.revision = $3",
        agency,
        binding,
        revision
    )
}

/// The segments, as JSON, of every plugin that was ever in force in this binding.
///
/// # Errors
/// Failures of the database.
pub async fn segments_ever(tx: &mut Tx, agency: Uuid, binding: &str) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT segments FROM plugin WHERE agency_id = $1 AND digest IN (
             SELECT digest FROM binding_revision WHERE agency_id = $1 AND extension_point = 'segmentation' AND name = $2)",
        agency,
        binding
    )?;
    Ok(rows.into_iter().map(|(segments,)| segments).collect())
}

/// How many customers there were at `at`: a binary search, as ordinals are dense, begin at 0 and are given out in the order of time.
///
/// # Errors
/// Failures of the database.
pub async fn customers_by(tx: &mut Tx, agency: Uuid, at: i64) -> Result<i64> {
    let found = fetch_optional!(
        tx,
        (i64,),
        "WITH RECURSIVE search (low, high) AS (
             SELECT CAST(0 AS BIGINT), ordinals FROM counter WHERE agency_id = $1
             UNION ALL
             SELECT CASE WHEN c.created_at <= $2 THEN c.ordinal + 1 ELSE s.low END, CASE WHEN c.created_at <= $2 THEN s.high ELSE c.ordinal END
             FROM search s JOIN customer c ON c.agency_id = $1 AND c.ordinal = (s.low + s.high) / 2
             WHERE s.low < s.high)
         SELECT low FROM search WHERE low = high",
        agency,
        at
    )?;
    Ok(found.map_or(0, |(count,)| count))
}

/// Ordinal and id of these customers.
///
/// # Errors
/// Failures of the database.
pub async fn ids_at(tx: &mut Tx, agency: Uuid, ordinals: &[u32]) -> Result<Vec<(i64, Uuid)>> {
    fetch_listed!(
        tx,
        (i64, Uuid),
        "SELECT ordinal, id FROM customer WHERE agency_id = $1 AND ordinal IN",
        [agency],
        ordinals,
        1,
        |b, ordinal| b.push_bind(i64::from(*ordinal)),
        ""
    )
}
