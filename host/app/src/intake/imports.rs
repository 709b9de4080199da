//! Importing files: the job, its progress, and the rows that were sent back.

use super::{Outcome, land};
use crate::error::{AppError, Result};
use crate::team::Caller;
use crate::{App, Room};
use posthouse_domain::row::FileKind;
use posthouse_domain::{Record, Rejection};
use posthouse_store::imports::{self as store, ImportErrorRow, ImportRow};
use posthouse_store::{Access, StoreError, dialect};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

#[path = "reader.rs"]
mod reader;

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
    /// Rows sent back; `errors.csv` has them with their reasons.
    pub rejected: i64,
    /// Headers that are not understood; their cells were left out.
    pub ignored_columns: Vec<String>,
    /// Why the whole file was refused.
    pub failure: Option<Rejection>,
    /// When the file came, in ms since 1970.
    pub created_at: i64,
    /// When its last row was decided.
    pub finished_at: Option<i64>,
}

impl ImportStatus {
    fn read(row: ImportRow) -> Result<Self> {
        let failure = row
            .failure
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(AppError::corrupt("failure"))?;
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
            ignored_columns: serde_json::from_str(&row.ignored).map_err(AppError::corrupt("headers"))?,
            failure,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

/// Size of the pieces in which a file is kept while it is imported.
const CHUNK: usize = 256 * 1024;
/// How long a host may be silent before another takes its job over.
const LEASE_MILLIS: i64 = 10_000;
/// Pieces written in one transaction; other writers get their turn after each.
const PIECES: usize = 16;
/// How long a file may take to be kept. A host that died meanwhile leaves it incomplete, and it is deleted.
const UPLOAD_MILLIS: i64 = 3_600_000;
/// How often work on a job may fail, each time later, before the job counts as failed.
const ATTEMPTS: i64 = 8;

impl App {
    /// Starts to import the file at `path`. The file that is being imported already joins its job.
    ///
    /// # Errors
    /// A file that cannot be read, failures of the database.
    pub async fn start_import(
        &self,
        caller: &Caller,
        kind: FileKind,
        file_name: &str,
        path: &Path,
        digest: String,
        size: u64,
    ) -> Result<ImportStatus> {
        if size == 0 {
            return Err(AppError::invalid(
                "file_empty",
                "the file is empty; it needs a first row with headers",
            ));
        }
        let job = ImportRow {
            agency_id: caller.room.id,
            id: self.entropy.id(self.machine.now()),
            kind: kind.as_str().to_owned(),
            file_name: file_name.chars().filter(|c| !c.is_control()).take(200).collect(),
            digest,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            state: "queued".into(),
            rows_done: 0,
            bytes_done: 0,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            header: "[]".into(),
            ignored: "[]".into(),
            failure: None,
            attempts: 0,
            created_at: self.clock.now(),
            finished_at: None,
        };
        let row = self.keep_file(&job, path).await?;
        self.import_waiting.notify_one();
        ImportStatus::read(row)
    }

    /// Keeps a file and queues its job; the job that imports the same file already, if there is one.
    async fn keep_file(&self, job: &ImportRow, path: &Path) -> Result<ImportRow> {
        if let Some(row) = self.active(job).await? {
            return Ok(row);
        }
        let unreadable = |e: std::io::Error| AppError::Internal(format!("the uploaded file cannot be read: {e}"));
        let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let mut first = 0;
        loop {
            let mut bytes = Vec::new();
            (&mut file)
                .take((CHUNK * PIECES) as u64)
                .read_to_end(&mut bytes)
                .await
                .map_err(unreadable)?;
            let last = bytes.len() < CHUNK * PIECES;
            match crate::error::retrying!(self.keep_pieces(job, first, &bytes, last)) {
                Err(AppError::Store(StoreError::Duplicate { .. })) => break,
                Err(other) => return Err(other),
                Ok(()) if last => return Ok(job.clone()),
                Ok(()) => first += PIECES as i32,
            }
        }
        // somebody sent the same file at the same time
        let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
        store::delete_upload(&mut tx, job.agency_id, job.id).await?;
        tx.commit().await?;
        self.active(job).await?.ok_or_else(|| {
            AppError::Busy(Rejection::new(
                "import_ending",
                "the same file is just being finished; send it again",
            ))
        })
    }

    async fn active(&self, job: &ImportRow) -> Result<Option<ImportRow>> {
        let mut tx = self.store.read(Access::Agency(job.agency_id)).await?;
        Ok(store::active(&mut tx, job.agency_id, &job.kind, &job.digest).await?)
    }

    async fn keep_pieces(&self, job: &ImportRow, first: i32, bytes: &[u8], last: bool) -> Result<()> {
        let agency = job.agency_id;
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        if first == 0 {
            store::create(&mut tx, job, self.machine.now() + UPLOAD_MILLIS).await?;
        }
        for (position, piece) in (first..).zip(bytes.chunks(CHUNK)) {
            store::put_chunk(&mut tx, agency, job.id, position, piece).await?;
        }
        if last {
            store::enqueue(&mut tx, agency, job.id).await?;
        }
        Ok(tx.commit().await?)
    }

    /// How a job stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the agency has no such job.
    pub async fn import_status(&self, caller: &Caller, id: Uuid) -> Result<ImportStatus> {
        let mut tx = self.store.read(Access::Agency(caller.room.id)).await?;
        ImportStatus::read(
            store::get(&mut tx, caller.room.id, id)
                .await?
                .ok_or(AppError::NotFound("import"))?,
        )
    }

    /// The next rows of a job's error file after row `after`, as CSV; the first page begins with the headers. `None` at the end.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the agency has no such job.
    pub async fn import_errors(&self, caller: &Caller, id: Uuid, after: Option<i64>) -> Result<Option<(i64, Vec<u8>)>> {
        let agency = caller.room.id;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let job = store::get(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("import"))?;
        let rows = store::errors(&mut tx, agency, id, after.unwrap_or(0), 1_000).await?;
        drop(tx);
        let mut file = csv::Writer::from_writer(Vec::new());
        let write = |file: &mut csv::Writer<Vec<u8>>, cells: Vec<String>, last: [&str; 3]| {
            file.write_record(cells.iter().map(String::as_str).chain(last))
                .map_err(|e| AppError::Internal(e.to_string()))
        };
        let mut header: Vec<String> = serde_json::from_str(&job.header).map_err(AppError::corrupt("headers"))?;
        let width = header.len();
        if after.is_none() {
            // what a row has beyond the headers
            header.push("surplus".into());
            write(&mut file, header, ["row", "code", "reason"])?;
        } else if rows.is_empty() {
            return Ok(None);
        }
        let mut last = after.unwrap_or(0);
        for row in rows {
            let mut cells: Vec<String> = serde_json::from_str(&row.cells).map_err(AppError::corrupt("cells"))?;
            cells.resize(width + 1, String::new());
            write(&mut file, cells, [&row.row_no.to_string(), &row.code, &row.detail])?;
            last = row.row_no;
        }
        let bytes = file.into_inner().map_err(|e| AppError::Internal(e.to_string()))?;
        Ok(Some((last, bytes)))
    }

    /// Imports waiting files until the server stops: those that came to this host, and those whose host went away.
    pub(crate) async fn import_files(self) {
        if dialect::is_embedded(&self.store) {
            // nobody else can be at work on an embedded database: what holds a lease died
            if let Err(error) = self.break_leases().await {
                tracing::error!(%error, "leases of an earlier run could not be broken");
            }
        }
        while !self.stopping.is_cancelled() {
            match self.import_next().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "an import stopped; it will be resumed"),
            }
            tokio::select! {
                () = self.import_waiting.notified() => {}
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(2)) => {}
            }
        }
    }

    async fn break_leases(&self) -> Result<()> {
        let mut tx = self.store.write(Access::Jobs).await?;
        store::break_leases(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Works on the oldest waiting file; `false` if there is none.
    async fn import_next(&self) -> Result<bool> {
        let now = self.machine.now();
        let mut tx = self.store.read(Access::Jobs).await?;
        let waiting = store::waiting(&mut tx, now).await?;
        let abandoned = store::abandoned(&mut tx, now).await?;
        drop(tx);
        for (agency, id) in abandoned {
            let mut tx = self.store.write(Access::Agency(agency)).await?;
            store::delete_upload(&mut tx, agency, id).await?;
            tx.commit().await?;
        }
        for mut job in waiting {
            let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
            let taken = store::lease(&mut tx, job.agency_id, job.id, self.host, now, now + LEASE_MILLIS).await?;
            tx.commit().await?;
            if taken {
                let result = match self.room(job.agency_id).await {
                    Ok(room) => self.import(&room, &mut job).await,
                    Err(error) => Err(error),
                };
                match &result {
                    Err(error) if !error.is_transient() => self.postpone(job, error).await?,
                    Ok(()) if !self.stopping.is_cancelled() => {}
                    _ => {
                        let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
                        store::release(&mut tx, job.agency_id, job.id, self.host).await?;
                        tx.commit().await?;
                    }
                }
                return result.map(|()| true);
            }
        }
        Ok(false)
    }

    /// Has a job whose work failed tried again later, other jobs meanwhile; gives it up in the end.
    async fn postpone(&self, mut job: ImportRow, error: &AppError) -> Result<()> {
        let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
        job.attempts += 1;
        if job.attempts < ATTEMPTS {
            let until = self.machine.now() + (1_000 << job.attempts);
            store::postpone(&mut tx, &job, self.host, until).await?;
        } else {
            let rejection = match error {
                AppError::Invalid(rejection) => rejection.clone(),
                _ => Rejection::new(
                    "import_failed",
                    format!(
                        "the server failed {ATTEMPTS} times, its log says why; once that is mended, send the file again"
                    ),
                ),
            };
            tracing::error!(%error, import = %job.id, "an import is given up");
            job.failure = Some(serde_json::to_string(&rejection).map_err(AppError::corrupt("failure"))?);
            if !store::finish(&mut tx, &job, self.host, self.clock.now()).await? {
                return Ok(()); // another host took over
            }
            store::drop_chunks(&mut tx, job.agency_id, job.id).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn import(&self, room: &Arc<Room>, job: &mut ImportRow) -> Result<()> {
        tracing::info!(agency = %room.slug, import = %job.id, rows_done = job.rows_done, "importing {}", job.file_name);
        let (slices, mut received) = tokio::sync::mpsc::channel(2);
        let source = reader::Source {
            store: self.store.clone(),
            runtime: tokio::runtime::Handle::current(),
            terms: room.terms.clone(),
            job: job.clone(),
            kind: FileKind::parse(&job.kind)
                .ok_or_else(|| AppError::Internal(format!("unknown kind of file {}", job.kind)))?,
        };
        let reading = tokio::task::spawn_blocking(move || source.read(&slices));
        while let Some(slice) = received.recv().await {
            if self.stopping.is_cancelled() {
                return Ok(());
            }
            let renewed = crate::error::retrying!(self.land_slice(room, job, &slice))?;
            match renewed {
                Some(advanced) => *job = advanced,
                None => return Ok(()), // another host took over
            }
        }
        let ended = reading
            .await
            .map_err(|e| AppError::Internal(format!("reading {} failed: {e}", job.file_name)))?;
        job.failure = match ended {
            Ok(()) => None,
            Err(reader::ReadError::File(rejection)) => {
                Some(serde_json::to_string(&rejection).map_err(AppError::corrupt("failure"))?)
            }
            Err(reader::ReadError::Store(error)) => return Err(error.into()),
            Err(reader::ReadError::Gone) => return Ok(()),
        };
        let mut tx = self.store.write(Access::Agency(room.id)).await?;
        if !store::finish(&mut tx, job, self.host, self.clock.now()).await? {
            return Ok(()); // another host took over
        }
        store::drop_chunks(&mut tx, room.id, job.id).await?;
        tx.commit().await?;
        tracing::info!(agency = %room.slug, import = %job.id, accepted = job.accepted, duplicates = job.duplicates, rejected = job.rejected, "imported");
        Ok(())
    }

    /// Lands some rows and moves the job on in one transaction, so that no row is lost or doubled whenever the host dies. `None`
    /// if the lease was lost.
    async fn land_slice(&self, room: &Arc<Room>, job: &ImportRow, slice: &reader::Slice) -> Result<Option<ImportRow>> {
        let mut tx = self.store.write(Access::Agency(room.id)).await?;
        let records: Vec<Record> = slice
            .rows
            .iter()
            .filter_map(|row| row.record.as_ref().ok().cloned())
            .collect();
        let landing = land(self, room, &mut tx, &records).await?;
        let mut outcomes = landing.outcomes.into_iter();
        let mut advanced = job.clone();
        let mut errors = Vec::new();
        for row in &slice.rows {
            let outcome = match &row.record {
                Ok(_) => outcomes.next().unwrap_or(Outcome::Known),
                Err(rejection) => Outcome::Rejected(rejection.clone()),
            };
            match outcome {
                Outcome::Landed => advanced.accepted += 1,
                Outcome::Known => advanced.duplicates += 1,
                Outcome::Rejected(rejection) => {
                    advanced.rejected += 1;
                    errors.push(ImportErrorRow {
                        row_no: row.row_no,
                        code: rejection.code,
                        detail: rejection.detail,
                        cells: row.cells.clone(),
                    });
                }
            }
        }
        advanced.attempts = 0;
        advanced.rows_done += slice.rows.len() as i64;
        advanced.bytes_done = slice.bytes_done;
        (advanced.header, advanced.ignored) = (slice.header.clone(), slice.ignored.clone());
        store::put_errors(&mut tx, room.id, job.id, &errors).await?;
        if !store::advance(&mut tx, &advanced, self.host, self.machine.now() + LEASE_MILLIS).await? {
            return Ok(None);
        }
        if landing.wrote {
            dialect::notify(&mut tx, room.id).await?;
        }
        tx.commit().await?;
        metrics::counter!("posthouse_import_rows_total").increment(slice.rows.len() as u64);
        if landing.wrote {
            room.woken.notify_one();
        }
        Ok(Some(advanced))
    }
}
