//! Working on imports: one file after the other, slice by slice, and what happens when that fails.

use super::files::ReadError;
use super::files::reader::{ReadRow, Slice, Source};
use super::rehearsal::Rehearsal;
use super::{Outcome, land};
use crate::error::{AppError, Result};
use crate::{App, Room};
use posthouse_domain::row::FileKind;
use posthouse_domain::{Record, Rejection, words};
use posthouse_store::imports::{self as store, ImportErrorRow, ImportRow};
use posthouse_store::{Access, dialect};
use std::sync::Arc;
use std::time::Duration;

/// How long a host may be silent before another takes its job over.
const LEASE_MILLIS: i64 = 10_000;
/// How long reading may go on without a row before the lease is renewed: a large file is looked through before its first row.
const SILENCE: Duration = Duration::from_secs(3);
/// How often work on a job may fail, each time later, before the job counts as failed.
const ATTEMPTS: i64 = 8;

impl App {
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
                    words!(
                        "the import failed {ATTEMPTS} times, the server's log says why; once that is fixed, send the file again",
                        "导入失败了 {ATTEMPTS} 次，原因见服务器日志；解决后请重新发送文件"
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
        if job.dry_run && job.rows_done > 0 {
            let mut tx = self.store.write(Access::Agency(room.id)).await?;
            store::begin_again(&mut tx, room.id, job.id).await?;
            tx.commit().await?;
            (job.rows_done, job.accepted, job.duplicates, job.rejected) = (0, 0, 0, 0);
        }
        let defined = {
            let mut tx = self.store.read(Access::Agency(room.id)).await?;
            posthouse_store::attributes::definitions(&mut tx, room.id).await?
        };
        let (slices, mut received) = tokio::sync::mpsc::channel(2);
        let source = Source {
            store: self.store.clone(),
            runtime: tokio::runtime::Handle::current(),
            terms: room.terms.clone(),
            defined,
            job: job.clone(),
            kind: FileKind::parse(&job.kind)
                .ok_or_else(|| AppError::Internal(format!("unknown kind of file {}", job.kind)))?,
        };
        let reading = tokio::task::spawn_blocking(move || source.read(&slices));
        let mut rehearsal = Rehearsal::default();
        loop {
            let Ok(next) = tokio::time::timeout(SILENCE, received.recv()).await else {
                if self.stopping.is_cancelled() || !self.renew(job).await? {
                    return Ok(());
                }
                continue;
            };
            let Some(slice) = next else { break };
            if self.stopping.is_cancelled() {
                return Ok(());
            }
            let renewed = if job.dry_run {
                self.rehearse_slice(room, job, &slice, &mut rehearsal).await?
            } else {
                crate::error::retrying!(self.land_slice(room, job, &slice))?
            };
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
            Err(ReadError::File(rejection)) => {
                Some(serde_json::to_string(&rejection).map_err(AppError::corrupt("failure"))?)
            }
            Err(ReadError::Store(error)) => return Err(error.into()),
            Err(ReadError::Gone) => return Ok(()),
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
    async fn land_slice(&self, room: &Arc<Room>, job: &ImportRow, slice: &Slice) -> Result<Option<ImportRow>> {
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
                    errors.push(error_row(row, rejection));
                }
            }
        }
        advanced.attempts = 0;
        advanced.rows_done += slice.rows.len() as i64;
        advanced.bytes_done = slice.bytes_done;
        note_head(&mut advanced, slice);
        store::put_errors(&mut tx, room.id, job.id, &errors).await?;
        if !store::advance(
            &mut tx,
            &advanced,
            job.rows_done,
            self.host,
            self.machine.now() + LEASE_MILLIS,
        )
        .await?
        {
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

    /// Decides what would land, and moves the job on; only its counts and the rows that would be sent back are written. `None` if the
    /// lease was lost.
    async fn rehearse_slice(
        &self,
        room: &Arc<Room>,
        job: &ImportRow,
        slice: &Slice,
        rehearsal: &mut Rehearsal,
    ) -> Result<Option<ImportRow>> {
        let rehearsed = rehearsal.take(self, room, slice).await?;
        let mut advanced = job.clone();
        advanced.accepted += rehearsed.landed;
        advanced.duplicates += rehearsed.known;
        advanced.rejected += rehearsed.rejected.len() as i64;
        advanced.attempts = 0;
        advanced.rows_done += slice.rows.len() as i64;
        advanced.bytes_done = slice.bytes_done;
        note_head(&mut advanced, slice);
        advanced.report = Some(serde_json::to_string(&rehearsal.report).map_err(AppError::corrupt("report"))?);
        let errors: Vec<ImportErrorRow> = rehearsed
            .rejected
            .into_iter()
            .filter_map(|(place, rejection)| {
                let row = slice.rows.get(place)?;
                Some(error_row(row, rejection))
            })
            .collect();
        let written = crate::error::retrying!(self.note_rehearsed(&advanced, job.rows_done, &errors))?;
        Ok(written.then_some(advanced))
    }

    async fn note_rehearsed(&self, advanced: &ImportRow, rows_before: i64, errors: &[ImportErrorRow]) -> Result<bool> {
        let mut tx = self.store.write(Access::Agency(advanced.agency_id)).await?;
        store::put_errors(&mut tx, advanced.agency_id, advanced.id, errors).await?;
        let until = self.machine.now() + LEASE_MILLIS;
        if !store::advance(&mut tx, advanced, rows_before, self.host, until).await? {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps the lease while there is nothing to land yet; `false` if another host has it.
    async fn renew(&self, job: &ImportRow) -> Result<bool> {
        let now = self.machine.now();
        let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
        let held = store::lease(&mut tx, job.agency_id, job.id, self.host, now, now + LEASE_MILLIS).await?;
        tx.commit().await?;
        Ok(held)
    }
}

fn note_head(job: &mut ImportRow, slice: &Slice) {
    job.header.clone_from(&slice.head.header);
    job.ignored.clone_from(&slice.head.ignored);
    job.reading = Some(slice.head.reading.clone());
}

fn error_row(row: &ReadRow, rejection: Rejection) -> ImportErrorRow {
    ImportErrorRow {
        row_no: row.row_no,
        code: rejection.code,
        detail: rejection.detail.to_stored(),
        cells: row.cells.clone(),
    }
}
