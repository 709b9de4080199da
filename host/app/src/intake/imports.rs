//! Importing files: the job and its progress. What works on jobs is in `work.rs`.

use super::files::chunks::CHUNK;
use super::files::{Glimpse, Mapping, Reading, workbook};
use super::report::Report;
use crate::Intake;
use crate::error::{AppError, Result};
use crate::team::{Caller, Mask};
use crate::writable::is_full;
use posthouse_domain::row::FileKind;
use posthouse_domain::{Rejection, words};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, audit, unique};
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};
use uuid::Uuid;

/// How long a file is kept after it was looked at, in ms.
pub(super) const KEPT: i64 = 24 * 3_600_000;

/// How a job stands.
#[derive(Debug, Clone, Serialize)]
pub struct ImportStatus {
    /// Id.
    pub id: Uuid,
    /// `customers` or `bookings`.
    pub kind: String,
    /// Name of the file as sent.
    pub file_name: String,
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// Length of the file in bytes.
    pub bytes: i64,
    /// Bytes read so far.
    pub bytes_done: i64,
    /// Rows decided so far.
    pub rows: i64,
    /// Rows that landed.
    pub accepted: i64,
    /// Rows known before.
    pub duplicates: i64,
    /// Rows rejected; `errors.csv` has them with their reasons.
    pub rejected: i64,
    /// Rows that landed, or were known, with a warning; `warnings.csv` has them.
    pub warned: i64,
    /// Rows that only add up others.
    pub passed_over: i64,
    /// Headers that are not understood; their cells were left out.
    pub ignored_columns: Vec<String>,
    /// How the file is read, once its headers are.
    pub reading: Option<Reading>,
    /// Nothing lands; the counts say what would.
    pub dry_run: bool,
    /// What was found so far.
    pub report: Option<Report>,
    /// Why the whole file was refused.
    pub failure: Option<Rejection>,
    /// When the file came, in ms since 1970.
    pub created_at: i64,
    /// When its last row was decided.
    pub finished_at: Option<i64>,
    /// Until when the file of a dry run is kept, so that it can be looked at again, or land.
    pub kept_until: Option<i64>,
    /// The first rows of such a file, once they are read.
    pub glimpse: Option<Glimpse>,
    /// The mapping by which it is read.
    pub mapping: Option<String>,
    /// The import whose rejected rows it has.
    pub mends: Option<Uuid>,
    /// How many of its own rejected rows were sent again.
    pub sent_again: i64,
    /// Who sent it.
    pub by: Option<String>,
    /// Whether its reader may see what its rows say.
    pub shows_rows: bool,
}

/// What came.
#[derive(Debug, Clone, Copy)]
pub enum Sent<'f> {
    /// A file; it need not have a name, so that it is gone with the last handle.
    File(&'f std::fs::File),
    /// Bytes.
    Bytes(&'f [u8]),
}

/// A file to be imported.
#[derive(Debug, Clone, Copy)]
pub struct NewImport<'f> {
    /// What its rows are about.
    pub kind: FileKind,
    /// Its name as sent.
    pub name: &'f str,
    /// What came.
    pub file: Sent<'f>,
    /// SHA-256 of its bytes in hex.
    pub digest: &'f str,
    /// Its length in bytes.
    pub size: u64,
    /// The mapping file that came with it.
    pub mapping: Option<&'f str>,
    /// The encoding of a text file, if it is not left to its bytes.
    pub encoding: Option<&'f str>,
    /// The sheet of a workbook, if it is not the first.
    pub sheet: Option<&'f str>,
    /// Say what would land, and land nothing.
    pub dry_run: bool,
    /// The same, and keep the file for a day, so that it can be looked at in another way, or land.
    pub look: bool,
    /// The import whose rejected rows it has.
    pub mends: Option<Uuid>,
}

impl ImportStatus {
    pub(super) fn read(row: ImportRow) -> Result<Self> {
        let failure = row
            .failure
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(AppError::corrupt("failure"))?;
        let reading = row
            .reading
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(AppError::corrupt("reading"))?;
        let report = row
            .report
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(AppError::corrupt("report"))?;
        let glimpse = row
            .glimpse
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(AppError::corrupt("glimpse"))?;
        Ok(Self {
            id: row.id,
            kind: row.kind,
            file_name: row.file_name,
            state: row.state,
            bytes: row.size,
            bytes_done: row.bytes_done,
            rows: row.rows_done,
            accepted: row.accepted,
            duplicates: row.duplicates,
            rejected: row.rejected,
            warned: row.warned,
            passed_over: row.passed_over,
            ignored_columns: serde_json::from_str(&row.ignored).map_err(AppError::corrupt("headers"))?,
            reading,
            dry_run: row.dry_run,
            report,
            failure,
            created_at: row.created_at,
            finished_at: row.finished_at,
            kept_until: row.kept_until,
            glimpse,
            mapping: row.mapping,
            mends: row.mends,
            sent_again: row.sent_again,
            by: None,
            shows_rows: true,
        })
    }

    /// Without what rows of the file say, for whoever does not see everything of its people. Those who sent the file have seen it; of them only what
    /// its rows met with is kept.
    fn without_rows(mut self, is_own: bool) -> Self {
        self.shows_rows = false;
        if let Some(report) = &mut self.report {
            report.leave_out_rows(is_own);
        }
        if let Some(glimpse) = self.glimpse.as_mut().filter(|_| !is_own) {
            let header = glimpse.reading.header_row;
            glimpse.rows.retain(|row| row.number == header);
        }
        self
    }
}

/// Pieces written in one transaction; other writers get their turn after each.
const PIECES: usize = 16;

fn unreadable(error: std::io::Error) -> AppError {
    AppError::Internal(format!("the uploaded file cannot be read: {error}"))
}

impl<'f> Sent<'f> {
    /// The file, from its beginning.
    async fn opened(self) -> Result<Box<dyn AsyncRead + Send + Unpin + 'f>> {
        match self {
            Self::Bytes(bytes) => Ok(Box::new(bytes)),
            Self::File(file) => {
                let mut file = tokio::fs::File::from_std(file.try_clone().map_err(unreadable)?);
                file.rewind().await.map_err(unreadable)?;
                Ok(Box::new(file))
            }
        }
    }

    async fn is_workbook(self) -> Result<bool> {
        let file = self.opened().await?;
        let mut first = Vec::new();
        file.take(4).read_to_end(&mut first).await.map_err(unreadable)?;
        Ok(workbook::begins(&first))
    }
}

impl Intake<'_> {
    /// Starts to import a file. The file that is being imported already, in the same way, joins its job.
    ///
    /// # Errors
    /// An empty file, a mapping that says nothing sensible, a sheet of a file without sheets, failures of the database.
    pub async fn start_import(&self, caller: &Caller, new: NewImport<'_>) -> Result<ImportStatus> {
        if new.size == 0 {
            return Err(AppError::invalid(
                "file_empty",
                words!(
                    "the file is empty; it needs a first row with headers",
                    "文件为空；第一行应为表头"
                ),
            ));
        }
        let mapping = Mapping::completed(new.kind, new.mapping, new.encoding, new.sheet)?;
        if new.sheet.is_some() && !new.file.is_workbook().await? {
            return Err(AppError::invalid(
                "not_a_workbook",
                words!(
                    "a sheet is named, but the file is no workbook and has none; leave --sheet (in the API: sheet=) out",
                    "指定了工作表，但文件不是工作簿，没有工作表；请去掉 --sheet（接口中为 sheet=）"
                ),
            ));
        }
        let job = ImportRow {
            agency_id: caller.room.id,
            id: self.app.entropy.id(self.app.machine.now()),
            kind: new.kind.as_str().to_owned(),
            file_name: new.name.chars().filter(|c| !c.is_control()).take(200).collect(),
            digest: new.digest.to_owned(),
            mapping_digest: Mapping::digest(mapping.as_deref()),
            mapping,
            dry_run: new.dry_run || new.look,
            size: i64::try_from(new.size).unwrap_or(i64::MAX),
            state: "queued".into(),
            rows_done: 0,
            bytes_done: 0,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            warned: 0,
            passed_over: 0,
            header: "[]".into(),
            ignored: "[]".into(),
            reading: None,
            report: None,
            failure: None,
            attempts: 0,
            created_at: self.app.clock.now(),
            finished_at: None,
            kept_until: new.look.then(|| self.app.machine.now() + KEPT),
            round: 0,
            glimpse: None,
            actor_id: Some(caller.actor),
            mends: new.mends,
            sent_again: 0,
        };
        let row = self.keep_file(caller, &job, new.file).await?;
        self.app.job_waiting.notify_waiters();
        self.shown(caller, row).await
    }

    /// Imports as their reader may see them.
    pub(super) async fn all_shown(&self, caller: &Caller, rows: Vec<ImportRow>) -> Result<Vec<ImportStatus>> {
        let mut actors: Vec<Uuid> = rows.iter().filter_map(|row| row.actor_id).collect();
        actors.sort_unstable();
        actors.dedup();
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let names = audit::names(&mut tx, caller.room.id, &actors).await?;
        drop(tx);
        let names: HashMap<Uuid, String> = names.into_iter().collect();
        let sees_all = caller.must_see(&Mask::ALL).is_ok();
        let shown = rows.into_iter().map(|row| {
            let is_own = row.actor_id == Some(caller.actor);
            let by = row.actor_id.and_then(|actor| names.get(&actor).cloned());
            let status = ImportStatus {
                by,
                ..ImportStatus::read(row)?
            };
            Ok(if sees_all { status } else { status.without_rows(is_own) })
        });
        shown.collect()
    }

    /// The same of one.
    pub(super) async fn shown(&self, caller: &Caller, row: ImportRow) -> Result<ImportStatus> {
        let shown = self.all_shown(caller, vec![row]).await?;
        shown.into_iter().next().ok_or(AppError::NotFound("import"))
    }

    /// Keeps a file and queues its job; the job that imports the same file already, if there is one.
    async fn keep_file(&self, caller: &Caller, job: &ImportRow, file: Sent<'_>) -> Result<ImportRow> {
        if let Some(row) = self.active(job).await? {
            return Ok(row);
        }
        let mut file = file.opened().await?;
        let mut first = 0;
        loop {
            let mut bytes = Vec::new();
            (&mut file)
                .take((CHUNK * PIECES) as u64)
                .read_to_end(&mut bytes)
                .await
                .map_err(unreadable)?;
            let last = bytes.len() < CHUNK * PIECES;
            match crate::error::retrying!(self.keep_pieces(caller, job, first, &bytes, last)) {
                Err(error) if error.is_duplicate_of(unique::ACTIVE_IMPORT) => break,
                Err(other) => {
                    // what is kept of it takes room, which others may need
                    if is_full(&other)
                        && let Err(error) = self.drop_upload(job).await
                    {
                        tracing::debug!(%error, import = %job.id, "what is kept of a file goes in an hour");
                    }
                    return Err(other);
                }
                Ok(()) if last => return Ok(job.clone()),
                Ok(()) => first += PIECES as i32,
            }
        }
        // somebody sent the same file at the same time
        crate::error::retrying!(self.drop_upload(job))?;
        self.active(job).await?.ok_or_else(|| {
            AppError::Busy(Rejection::new(
                "import_ending",
                words!(
                    "the same file is just being finished; send it again",
                    "同一文件的上一次导入即将完成；请重新发送"
                ),
            ))
        })
    }

    /// The job that does the same already. Whoever looks at a file does so for themselves.
    pub(super) async fn active(&self, job: &ImportRow) -> Result<Option<ImportRow>> {
        if job.kept_until.is_some() {
            return Ok(None);
        }
        let mut tx = self.app.store.read(Access::Agency(job.agency_id)).await?;
        Ok(store::active(&mut tx, job).await?)
    }

    async fn keep_pieces(&self, caller: &Caller, job: &ImportRow, first: i32, bytes: &[u8], last: bool) -> Result<()> {
        let agency = job.agency_id;
        let mut tx = match last {
            true => self.app.idempotency().begin(caller).await?,
            false => self.app.store.write(Access::Agency(agency)).await?,
        };
        if first == 0 {
            self.begin_upload(&mut tx, job).await?;
        }
        for (position, piece) in (first..).zip(bytes.chunks(CHUNK)) {
            store::put_chunk(&mut tx, agency, job.id, position, piece).await?;
        }
        if last && self.end_upload(&mut tx, job).await? {
            let (subject, detail) = (
                format!("import/{}", job.id),
                json!({"kind": job.kind, "digest": job.digest, "dry_run": job.dry_run}),
            );
            self.app
                .audit()
                .note(&mut tx, caller, "import.start", &subject, detail)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// How a job stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the agency has no such job.
    pub async fn import_status(&self, caller: &Caller, id: Uuid) -> Result<ImportStatus> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::get(&mut tx, caller.room.id, id).await?;
        drop(tx);
        self.shown(caller, row.ok_or(AppError::NotFound("import"))?).await
    }
}
