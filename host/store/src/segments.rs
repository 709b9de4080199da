//! Memberships, runs, moves and previews.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A full run.
#[derive(Debug, Clone, FromRow)]
pub struct RunRow {
    /// Counts from 1 within the binding.
    pub run: i64,
    /// Revision of the binding that decided.
    pub revision: i64,
    /// Its plugin.
    pub digest: String,
    /// SHA-256 of its settings.
    pub config_digest: String,
    /// Why: `activation`, `rollback`, `breaker`, `request`, `midnight` or `ending`.
    pub cause: String,
    /// Business time.
    pub at: i64,
    /// Day in the agency's zone.
    pub day: i32,
    /// The last change of facts it has seen.
    pub change: i64,
    /// The last single move before it.
    pub transition: i64,
    /// Quantile tables as JSON.
    pub quantiles: String,
    /// How many were classified.
    pub customers: i64,
    /// How many moved.
    pub moved: i64,
    /// Fuel used.
    pub fuel: i64,
    /// Wall-clock milliseconds.
    pub duration_ms: i64,
}

macro_rules! run_columns {
    () => {
        "run, revision, digest, config_digest, cause, at, day, change, transition, quantiles, customers, moved, fuel, duration_ms"
    };
}

/// Keeps a full run.
///
/// # Errors
/// Failures of the database.
pub async fn insert_run(tx: &mut Tx, agency: Uuid, binding: &str, run: &RunRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO segment_run (agency_id, binding, run, revision, digest, config_digest, cause, at, day, change, transition, quantiles, customers,
                                  moved, fuel, duration_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        agency,
        binding,
        run.run,
        run.revision,
        &run.digest,
        &run.config_digest,
        &run.cause,
        run.at,
        run.day,
        run.change,
        run.transition,
        &run.quantiles,
        run.customers,
        run.moved,
        run.fuel,
        run.duration_ms
    )
    .map(drop)
}

/// Runs of a binding up to `until`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn runs(tx: &mut Tx, agency: Uuid, binding: &str, until: i64, limit: i64) -> Result<Vec<RunRow>> {
    fetch_all!(
        tx,
        RunRow,
        concat!(
            "SELECT ",
            run_columns!(),
            " FROM segment_run WHERE agency_id = $1 AND binding = $2 AND run <= $3 ORDER BY run DESC LIMIT $4"
        ),
        agency,
        binding,
        until,
        limit
    )
}

/// A segment and its members by the latest full run.
#[derive(Debug, Clone, FromRow)]
pub struct MembershipRow {
    /// Segment key.
    pub segment: String,
    /// Roaring bitmap over ordinals.
    pub members: Vec<u8>,
}

/// The memberships of a binding by its latest full run.
///
/// # Errors
/// Failures of the database.
pub async fn memberships(tx: &mut Tx, agency: Uuid, binding: &str) -> Result<Vec<MembershipRow>> {
    fetch_all!(
        tx,
        MembershipRow,
        "SELECT segment, members FROM segment_membership WHERE agency_id = $1 AND binding = $2 ORDER BY segment",
        agency,
        binding
    )
}

/// Replaces the memberships of a binding.
///
/// # Errors
/// Failures of the database.
pub async fn replace_memberships(tx: &mut Tx, agency: Uuid, binding: &str, rows: &[MembershipRow]) -> Result<()> {
    execute!(
        &mut *tx,
        "DELETE FROM segment_membership WHERE agency_id = $1 AND binding = $2",
        agency,
        binding
    )?;
    write_rows!(
        tx,
        rows,
        4,
        "INSERT INTO segment_membership (agency_id, binding, segment, members)",
        |b, row| b
            .push_bind(agency)
            .push_bind(binding)
            .push_bind(&row.segment)
            .push_bind(&row.members),
        ""
    )
}

/// Who entered and left a segment by a full run.
#[derive(Debug, Clone, FromRow)]
pub struct MoveRow {
    /// The run.
    pub run: i64,
    /// Its business time.
    pub at: i64,
    /// The last single move before it.
    pub transition: i64,
    /// Segment key.
    pub segment: String,
    /// Roaring bitmap over ordinals.
    pub entered: Vec<u8>,
    /// Roaring bitmap over ordinals.
    pub departed: Vec<u8>,
}

/// What a full run moved in a segment: its key, who entered and who departed, as roaring bitmaps over ordinals.
pub type Moved = (String, Vec<u8>, Vec<u8>);

/// Keeps what a full run moved.
///
/// # Errors
/// Failures of the database.
pub async fn insert_moves(tx: &mut Tx, agency: Uuid, binding: &str, run: i64, rows: &[Moved]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        6,
        "INSERT INTO segment_move (agency_id, binding, run, segment, entered, departed)",
        |b, (segment, entered, departed)| b
            .push_bind(agency)
            .push_bind(binding)
            .push_bind(run)
            .push_bind(segment)
            .push_bind(entered)
            .push_bind(departed),
        ""
    )
}

/// What runs before `before` moved in one segment, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn moves_of_segment(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    segment: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<MoveRow>> {
    fetch_all!(
        tx,
        MoveRow,
        "SELECT m.run, r.at, r.transition, m.segment, m.entered, m.departed
         FROM segment_move m JOIN segment_run r ON r.agency_id = m.agency_id AND r.binding = m.binding AND r.run = m.run
         WHERE m.agency_id = $1 AND m.binding = $2 AND m.segment = $3 AND m.run < $4 ORDER BY m.run DESC LIMIT $5",
        agency,
        binding,
        segment,
        before,
        limit
    )
}

/// A single move between runs.
#[derive(Debug, Clone, FromRow)]
pub struct TransitionRow {
    /// Counts from 1 within the binding.
    pub transition: i64,
    /// Who.
    pub ordinal: i64,
    /// From which segment.
    pub origin: Option<String>,
    /// Into which segment.
    pub target: Option<String>,
    /// Business time.
    pub at: i64,
    /// The change of facts that caused it.
    pub change: i64,
    /// Revision of the binding that decided.
    pub revision: i64,
}

/// Keeps single moves.
///
/// # Errors
/// Failures of the database.
pub async fn insert_transitions(tx: &mut Tx, agency: Uuid, binding: &str, rows: &[TransitionRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        9,
        "INSERT INTO segment_transition (agency_id, binding, transition, ordinal, origin, target, at, change, revision)",
        |b, row| b
            .push_bind(agency)
            .push_bind(binding)
            .push_bind(row.transition)
            .push_bind(row.ordinal)
            .push_bind(&row.origin)
            .push_bind(&row.target)
            .push_bind(row.at)
            .push_bind(row.change)
            .push_bind(row.revision),
        ""
    )
}

/// Single moves of a binding after `after`, in order.
///
/// # Errors
/// Failures of the database.
pub async fn transitions_after(tx: &mut Tx, agency: Uuid, binding: &str, after: i64) -> Result<Vec<TransitionRow>> {
    fetch_all!(
        tx,
        TransitionRow,
        "SELECT transition, ordinal, origin, target, at, change, revision FROM segment_transition
         WHERE agency_id = $1 AND binding = $2 AND transition > $3 ORDER BY transition",
        agency,
        binding,
        after
    )
}

/// The single moves of these customers, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn transitions_of(tx: &mut Tx, agency: Uuid, binding: &str, ordinals: &[i64]) -> Result<Vec<TransitionRow>> {
    let mut rows = fetch_listed!(
        tx,
        TransitionRow,
        "SELECT transition, ordinal, origin, target, at, change, revision FROM segment_transition
         WHERE agency_id = $1 AND binding = $2 AND ordinal IN",
        [agency, binding],
        ordinals,
        1,
        |b, ordinal| b.push_bind(*ordinal),
        ""
    )?;
    // sorted here: SQLite would walk through every move of the binding to save sorting these few
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.transition));
    Ok(rows)
}

/// Notes that everything up to `change` is classified and `transition` is the latest move; only if revision and
/// `from` (run, transition) are still what stands.
///
/// # Errors
/// Failures of the database.
pub async fn note_applied(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    revision: i64,
    from: (i64, i64),
    change: i64,
    transition: i64,
) -> Result<bool> {
    let noted = execute!(
        tx,
        "UPDATE binding SET applied_change = $5, transition = $6, stale_since = NULL, stale_reason = NULL, faults = 0
         WHERE agency_id = $1 AND extension_point = 'segmentation' AND name = $2 AND revision = $3 AND run = $4 AND transition = $7",
        agency,
        binding,
        revision,
        from.0,
        change,
        transition,
        from.1
    )?;
    Ok(noted == 1)
}

/// Forgets previews older than `before`.
///
/// # Errors
/// Failures of the database.
pub async fn forget_previews(tx: &mut Tx, agency: Uuid, before: i64) -> Result<()> {
    execute!(
        &mut *tx,
        "DELETE FROM preview_move WHERE agency_id = $1
         AND preview_id IN (SELECT id FROM preview WHERE agency_id = $1 AND created_at < $2)",
        agency,
        before
    )?;
    execute!(
        tx,
        "DELETE FROM preview WHERE agency_id = $1 AND created_at < $2",
        agency,
        before
    )
    .map(drop)
}

/// Keeps a preview and its moves: origin, target, bitmap.
///
/// # Errors
/// Failures of the database.
pub async fn insert_preview(
    tx: &mut Tx,
    agency: Uuid,
    id: Uuid,
    binding: &str,
    summary: &str,
    moves: &[(String, String, Vec<u8>)],
    now: i64,
) -> Result<()> {
    execute!(
        &mut *tx,
        "INSERT INTO preview (agency_id, id, binding, summary, created_at) VALUES ($1, $2, $3, $4, $5)",
        agency,
        id,
        binding,
        summary,
        now
    )?;
    write_rows!(
        tx,
        moves,
        5,
        "INSERT INTO preview_move (agency_id, preview_id, origin, target, customers)",
        |b, (origin, target, customers)| b
            .push_bind(agency)
            .push_bind(id)
            .push_bind(origin)
            .push_bind(target)
            .push_bind(customers),
        ""
    )
}

/// The binding and summary of a preview.
///
/// # Errors
/// Failures of the database.
pub async fn preview(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<(String, String)>> {
    fetch_optional!(
        tx,
        (String, String),
        "SELECT binding, summary FROM preview WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
}

/// The moves of a preview: origin, target, bitmap.
///
/// # Errors
/// Failures of the database.
pub async fn preview_moves(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Vec<(String, String, Vec<u8>)>> {
    fetch_all!(
        tx,
        (String, String, Vec<u8>),
        "SELECT origin, target, customers FROM preview_move WHERE agency_id = $1 AND preview_id = $2 ORDER BY origin, target",
        agency,
        id
    )
}

/// Agencies whose rules have not been asked about everything that was committed.
///
/// # Errors
/// Failures of the database.
pub async fn behind(tx: &mut Tx) -> Result<Vec<Uuid>> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "SELECT DISTINCT b.agency_id FROM binding b JOIN counter c ON c.agency_id = b.agency_id
         JOIN binding_revision r ON r.agency_id = b.agency_id AND r.extension_point = b.extension_point AND r.name = b.name AND r.revision = b.revision
         WHERE b.extension_point = 'segmentation' AND b.applied_change < c.change AND r.cause <> 'ending'"
    )?;
    Ok(rows.into_iter().map(|(agency,)| agency).collect())
}
