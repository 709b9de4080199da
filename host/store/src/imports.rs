//! Files being imported: the job, its bytes, its errors.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// An import job.
#[derive(Debug, Clone, FromRow)]
pub struct ImportRow {
    /// Whose.
    pub agency_id: Uuid,
    /// Id.
    pub id: Uuid,
    /// `customers` or `bookings`.
    pub kind: String,
    /// Name of the file as sent.
    pub file_name: String,
    /// SHA-256 of the bytes.
    pub digest: String,
    /// The mapping file as sent.
    pub mapping: Option<String>,
    /// SHA-256 of the mapping; empty without one.
    pub mapping_digest: String,
    /// Nothing lands; the report says what would.
    pub dry_run: bool,
    /// Length in bytes.
    pub size: i64,
    /// `uploading`, `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// Rows decided.
    pub rows_done: i64,
    /// Bytes read.
    pub bytes_done: i64,
    /// Rows that landed.
    pub accepted: i64,
    /// Rows known before.
    pub duplicates: i64,
    /// Rows sent back.
    pub rejected: i64,
    /// Rows that landed, or were known, with a cell left out.
    pub warned: i64,
    /// Rows that only add up the others.
    pub passed_over: i64,
    /// The header row as a JSON list, once read.
    pub header: String,
    /// Headers not understood, as a JSON list.
    pub ignored: String,
    /// How the file was read, as JSON, once its headers are.
    pub reading: Option<String>,
    /// What was found so far, as JSON.
    pub report: Option<String>,
    /// Why the whole job failed, as JSON.
    pub failure: Option<String>,
    /// How often work on it failed since its last row was decided.
    pub attempts: i64,
    /// When it came.
    pub created_at: i64,
    /// When it was done.
    pub finished_at: Option<i64>,
    /// Until when its file is kept, in ms of the machine's clock, so that it can be looked at again, or land.
    pub kept_until: Option<i64>,
    /// How often its file was begun to be read anew.
    pub round: i64,
    /// The first rows of its file, as JSON.
    pub glimpse: Option<String>,
    /// Who sent it.
    pub actor_id: Option<Uuid>,
    /// The import whose rejected rows it has.
    pub mends: Option<Uuid>,
    /// How many of its own rejected rows were sent again.
    pub sent_again: i64,
}

macro_rules! import_columns {
    () => {
        "agency_id, id, kind, file_name, digest, mapping, mapping_digest, dry_run, size, state, rows_done, bytes_done, accepted, duplicates, rejected, warned, passed_over, header, ignored, reading, report, failure, attempts, created_at, finished_at, kept_until, round, glimpse, actor_id, mends, sent_again"
    };
}

/// The unfinished job that does the same with the same file, if there is one.
///
/// # Errors
/// Failures of the database.
pub async fn active(tx: &mut Tx, job: &ImportRow) -> Result<Option<ImportRow>> {
    fetch_optional!(
        tx,
        ImportRow,
        concat!(
            "SELECT ",
            import_columns!(),
            " FROM import_job WHERE agency_id = $1 AND kind = $2 AND digest = $3 AND mapping_digest = $4 AND dry_run = $5
              AND state IN ('queued', 'running') AND kept_until IS NULL"
        ),
        job.agency_id,
        &job.kind,
        &job.digest,
        &job.mapping_digest,
        job.dry_run
    )
}

/// The kind of the job that imports a file.
pub const RUN: &str = "import.run";
/// The kind of the job that deletes a file that never became complete.
pub const UPLOAD: &str = "import.upload";
/// The kind of the job that lets go of a file that was looked at and did not land.
pub const KEPT: &str = "import.kept";

/// Writes a new import whose file is still to come. To write it again changes nothing.
///
/// # Errors
/// Failures of the database.
pub async fn create(tx: &mut Tx, job: &ImportRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO import_job (agency_id, id, kind, file_name, digest, size, state, rows_done, bytes_done, accepted, duplicates, rejected,
                                 header, ignored, attempts, created_at, mapping, mapping_digest, dry_run, kept_until, actor_id, mends)
         VALUES ($1, $2, $3, $4, $5, $6, 'uploading', 0, 0, 0, 0, 0, '[]', '[]', 0, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (agency_id, id) DO NOTHING",
        job.agency_id,
        job.id,
        &job.kind,
        &job.file_name,
        &job.digest,
        job.size,
        job.created_at,
        &job.mapping,
        &job.mapping_digest,
        job.dry_run,
        job.kept_until,
        job.actor_id,
        job.mends,
    )
    .map(drop)
}

/// Notes that an import's file is complete; `false` if that was noted before, or the import is gone.
///
/// # Errors
/// [`ACTIVE_IMPORT`](crate::unique::ACTIVE_IMPORT) has the same file already; failures of the database.
pub async fn enqueue(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<bool> {
    let complete = execute!(
        tx,
        "UPDATE import_job SET state = 'queued' WHERE agency_id = $1 AND id = $2 AND state = 'uploading'",
        agency,
        id
    )?;
    Ok(complete == 1)
}

/// Deletes a job whose file never became complete, with what came of it.
///
/// # Errors
/// Failures of the database.
pub async fn delete_upload(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM import_chunk WHERE agency_id = $1 AND job_id IN
            (SELECT id FROM import_job WHERE agency_id = $1 AND id = $2 AND state = 'uploading')",
        agency,
        id
    )?;
    execute!(
        tx,
        "DELETE FROM import_job WHERE agency_id = $1 AND id = $2 AND state = 'uploading'",
        agency,
        id
    )
    .map(drop)
}

/// Writes a piece of a job's file. To write it again changes nothing.
///
/// # Errors
/// Failures of the database.
pub async fn put_chunk(tx: &mut Tx, agency: Uuid, job: Uuid, position: i32, bytes: &[u8]) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO import_chunk (agency_id, job_id, position, bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agency_id, job_id, position) DO NOTHING",
        agency,
        job,
        position,
        bytes
    )
    .map(drop)
}

/// One piece of a job's file.
///
/// # Errors
/// Failures of the database.
pub async fn chunk(tx: &mut Tx, agency: Uuid, job: Uuid, position: i32) -> Result<Option<Vec<u8>>> {
    let row = fetch_optional!(
        tx,
        (Vec<u8>,),
        "SELECT bytes FROM import_chunk WHERE agency_id = $1 AND job_id = $2 AND position = $3",
        agency,
        job,
        position
    )?;
    Ok(row.map(|(bytes,)| bytes))
}

/// Lets go of a finished job's file, and of what only resuming it needs.
///
/// # Errors
/// Failures of the database.
pub async fn drop_chunks(tx: &mut Tx, agency: Uuid, job: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM import_chunk WHERE agency_id = $1 AND job_id = $2",
        agency,
        job
    )?;
    execute!(
        tx,
        "DELETE FROM import_touched WHERE agency_id = $1 AND job_id = $2",
        agency,
        job
    )
    .map(drop)
}

/// One job.
///
/// # Errors
/// Failures of the database.
pub async fn get(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<ImportRow>> {
    fetch_optional!(
        tx,
        ImportRow,
        concat!(
            "SELECT ",
            import_columns!(),
            " FROM import_job WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// Notes that a host is at work on an import whose file is complete; gives it as it stands, or nothing if it has ended.
///
/// # Errors
/// Failures of the database.
pub async fn begin(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<ImportRow>> {
    fetch_optional!(
        tx,
        ImportRow,
        concat!(
            "UPDATE import_job SET state = 'running' WHERE agency_id = $1 AND id = $2 AND state IN ('queued', 'running') RETURNING ",
            import_columns!()
        ),
        agency,
        id
    )
}

/// Notes how often work on an import has failed since its last row was decided.
///
/// # Errors
/// Failures of the database.
pub async fn note_failure(tx: &mut Tx, job: &ImportRow) -> Result<()> {
    execute!(
        tx,
        "UPDATE import_job SET attempts = $3 WHERE agency_id = $1 AND id = $2 AND state = 'running'",
        job.agency_id,
        job.id,
        job.attempts
    )
    .map(drop)
}

/// Moves the counts on from `rows_before`, in the transaction that lands the rows; `false` if the rows were counted before, as they can be
/// when the answer to a commit got lost.
///
/// # Errors
/// Failures of the database.
pub async fn advance(tx: &mut Tx, job: &ImportRow, rows_before: i64) -> Result<bool> {
    let moved = execute!(
        tx,
        "UPDATE import_job SET rows_done = $3, bytes_done = $4, accepted = $5, duplicates = $6, rejected = $7, header = $8, ignored = $9, attempts = CASE WHEN dry_run THEN attempts ELSE 0 END, reading = $10, report = $11, warned = $12, passed_over = $13
         WHERE agency_id = $1 AND id = $2 AND state = 'running' AND rows_done = $14 AND round = $15",
        job.agency_id,
        job.id,
        job.rows_done,
        job.bytes_done,
        job.accepted,
        job.duplicates,
        job.rejected,
        &job.header,
        &job.ignored,
        &job.reading,
        &job.report,
        job.warned,
        job.passed_over,
        rows_before,
        job.round
    )?;
    Ok(moved == 1)
}

/// Lets a dry run begin again: what it knew was in memory only.
///
/// # Errors
/// Failures of the database.
pub async fn begin_again(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM import_error WHERE agency_id = $1 AND job_id = $2",
        agency,
        id
    )?;
    execute!(
        tx,
        "DELETE FROM import_warning WHERE agency_id = $1 AND job_id = $2",
        agency,
        id
    )?;
    execute!(
        tx,
        "UPDATE import_job SET rows_done = 0, bytes_done = 0, accepted = 0, duplicates = 0, rejected = 0, warned = 0, passed_over = 0, report = NULL
         WHERE agency_id = $1 AND id = $2 AND dry_run",
        agency,
        id
    )
    .map(drop)
}

/// Ends an import, well or with a failure; `false` if it has ended before.
///
/// # Errors
/// Failures of the database.
pub async fn finish(tx: &mut Tx, job: &ImportRow, now: i64) -> Result<bool> {
    let state = if job.failure.is_some() { "failed" } else { "done" };
    let ended = execute!(
        tx,
        "UPDATE import_job SET state = $3, failure = $4, finished_at = $5, bytes_done = size, glimpse = $6
         WHERE agency_id = $1 AND id = $2 AND state = 'running' AND round = $7",
        job.agency_id,
        job.id,
        state,
        &job.failure,
        now,
        &job.glimpse,
        job.round
    )?;
    Ok(ended == 1)
}

/// How many imports of an agency besides this one are not over, and the bytes of their files.
///
/// # Errors
/// Failures of the database.
pub async fn under_way(tx: &mut Tx, agency: Uuid, besides: Uuid) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM import_job
         WHERE agency_id = $1 AND id <> $2 AND state IN ('uploading', 'queued', 'running')",
        agency,
        besides
    )
}

/// Imports whose file came whole, before the one of this id, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn list(tx: &mut Tx, agency: Uuid, before: Uuid, limit: i64) -> Result<Vec<ImportRow>> {
    fetch_all!(
        tx,
        ImportRow,
        concat!(
            "SELECT ",
            import_columns!(),
            " FROM import_job WHERE agency_id = $1 AND id < $2 AND state <> 'uploading' ORDER BY id DESC LIMIT $3"
        ),
        agency,
        before,
        limit
    )
}

/// Ends an import that is not over, with what kept it from being done; `false` if it is over, or not there.
///
/// # Errors
/// Failures of the database.
pub async fn give_up(tx: &mut Tx, agency: Uuid, id: Uuid, failure: &str, now: i64) -> Result<bool> {
    let ended = execute!(
        tx,
        "UPDATE import_job SET state = 'failed', failure = $3, finished_at = $4
         WHERE agency_id = $1 AND id = $2 AND state IN ('queued', 'running')",
        agency,
        id,
        failure,
        now
    )?;
    Ok(ended == 1)
}

/// A file that is kept after it was looked at.
#[derive(Debug, Clone, FromRow)]
pub struct KeptRow {
    /// The import.
    pub id: Uuid,
    /// Length in bytes.
    pub size: i64,
}

/// Files of an agency that are kept after they were looked at, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn kept(tx: &mut Tx, agency: Uuid) -> Result<Vec<KeptRow>> {
    fetch_all!(
        tx,
        KeptRow,
        "SELECT id, size FROM import_job WHERE agency_id = $1 AND kept_until IS NOT NULL AND state IN ('done', 'failed') ORDER BY id DESC",
        agency
    )
}

/// Notes that the file of a look is not kept any longer; `false` if it is none, has landed, or is being read. Its pieces are still to be dropped.
///
/// # Errors
/// Failures of the database.
pub async fn let_go(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<bool> {
    let gone = execute!(
        tx,
        "UPDATE import_job SET kept_until = NULL WHERE agency_id = $1 AND id = $2 AND kept_until IS NOT NULL AND state IN ('done', 'failed')",
        agency,
        id
    )?;
    Ok(gone == 1)
}

/// How a kept file is to be read from now on.
#[derive(Debug, Clone)]
pub struct Anew<'a> {
    /// `customers` or `bookings`.
    pub kind: &'a str,
    /// The mapping.
    pub mapping: Option<&'a str>,
    /// Its SHA-256; empty without one.
    pub mapping_digest: &'a str,
    /// Until when the file is kept; nothing if it lands.
    pub kept_until: Option<i64>,
    /// When it comes, by the business clock.
    pub now: i64,
}

/// Has a kept file that nobody reads be read from its beginning; `false` if there is none.
///
/// # Errors
/// [`ACTIVE_IMPORT`](crate::unique::ACTIVE_IMPORT) lands the same already; failures of the database.
pub async fn read_anew(tx: &mut Tx, agency: Uuid, id: Uuid, anew: &Anew<'_>) -> Result<bool> {
    let begun = execute!(
        tx,
        "UPDATE import_job SET state = 'queued', kind = $3, mapping = $4, mapping_digest = $5, kept_until = $6, dry_run = (CAST($6 AS BIGINT) IS NOT NULL), created_at = $7,
                round = round + 1, rows_done = 0, bytes_done = 0, accepted = 0, duplicates = 0, rejected = 0, warned = 0, passed_over = 0, header = '[]',
                ignored = '[]', reading = NULL, report = NULL, failure = NULL, glimpse = NULL, attempts = 0, finished_at = NULL
         WHERE agency_id = $1 AND id = $2 AND kept_until IS NOT NULL AND state IN ('done', 'failed')",
        agency,
        id,
        anew.kind,
        anew.mapping,
        anew.mapping_digest,
        anew.kept_until,
        anew.now
    )?;
    if begun == 1 {
        execute!(
            tx,
            "DELETE FROM import_error WHERE agency_id = $1 AND job_id = $2",
            agency,
            id
        )?;
        execute!(
            tx,
            "DELETE FROM import_warning WHERE agency_id = $1 AND job_id = $2",
            agency,
            id
        )?;
    }
    Ok(begun == 1)
}
