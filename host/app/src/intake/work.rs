//! Working on imports: one file after the other, slice by slice, and what happens when that fails.

use super::files::ReadError;
use super::files::reader::{Slice, Source};
use super::lease::{LEASE_MILLIS, SILENCE};
use super::pipeline::Pipeline;
use super::progress::{Progress, Tally};
use super::rehearsal::Rehearsal;
use super::told;
use crate::error::{AppError, Result};
use crate::{Intake, Room};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::row::FileKind;
use posthouse_domain::{Rejection, words};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, dialect};
use std::sync::Arc;

/// How often work on a job may fail, each time later, before the job counts as failed.
const ATTEMPTS: i64 = 8;

impl Intake<'_> {
    /// Imports waiting files until the server stops: those that came to this host, and those whose host went away.
    pub(crate) async fn import_files(&self) {
        if dialect::is_embedded(&self.app.store) {
            // nobody else can be at work on an embedded database: what holds a lease died
            if let Err(error) = self.break_leases().await {
                tracing::error!(%error, "leases of an earlier run could not be broken");
            }
        }
        while !self.app.stopping.is_cancelled() {
            match self.import_next().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "an import stopped; it will be resumed"),
            }
            tokio::select! {
                () = self.app.import_waiting.notified() => {}
                () = self.app.stopping.cancelled() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(2)) => {}
            }
        }
    }

    async fn break_leases(&self) -> Result<()> {
        let mut tx = self.app.store.write(Access::Jobs).await?;
        store::break_leases(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Works on the oldest waiting file; `false` if there is none.
    async fn import_next(&self) -> Result<bool> {
        let now = self.app.machine.now();
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let waiting = store::waiting(&mut tx, now).await?;
        let abandoned = store::abandoned(&mut tx, now).await?;
        drop(tx);
        for (agency, id) in abandoned {
            let mut tx = self.app.store.write(Access::Agency(agency)).await?;
            store::delete_upload(&mut tx, agency, id).await?;
            tx.commit().await?;
        }
        for mut job in waiting {
            let mut tx = self.app.store.write(Access::Agency(job.agency_id)).await?;
            let taken = store::lease(&mut tx, job.agency_id, job.id, self.app.host, now, now + LEASE_MILLIS).await?;
            tx.commit().await?;
            if taken {
                let result = match self.app.room(job.agency_id).await {
                    Ok(room) => self.import(&room, &mut job).await,
                    Err(error) => Err(error),
                };
                match &result {
                    Err(error) if !error.is_transient() => self.postpone(job, error).await?,
                    Ok(()) if !self.app.stopping.is_cancelled() => {}
                    _ => {
                        let mut tx = self.app.store.write(Access::Agency(job.agency_id)).await?;
                        store::release(&mut tx, job.agency_id, job.id, self.app.host).await?;
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
        let mut tx = self.app.store.write(Access::Agency(job.agency_id)).await?;
        job.attempts += 1;
        if job.attempts < ATTEMPTS {
            let until = self.app.machine.now() + (1_000 << job.attempts);
            store::postpone(&mut tx, &job, self.app.host, until).await?;
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
            if !store::finish(&mut tx, &job, self.app.host, self.app.clock.now()).await? {
                return Ok(()); // another host took over
            }
            store::drop_chunks(&mut tx, job.agency_id, job.id).await?;
            self.app
                .webhooks()
                .tell(&mut tx, job.agency_id, told::import(&job, self.app.clock.now()))
                .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn import(&self, room: &Arc<Room>, job: &mut ImportRow) -> Result<()> {
        tracing::info!(agency = %room.slug, import = %job.id, rows_done = job.rows_done, "importing {}", job.file_name);
        if job.dry_run && job.rows_done > 0 {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            store::begin_again(&mut tx, room.id, job.id).await?;
            tx.commit().await?;
            (job.rows_done, job.accepted, job.duplicates, job.rejected) = (0, 0, 0, 0);
            (job.warned, job.passed_over, job.report) = (0, 0, None);
        }
        let kind = FileKind::parse(&job.kind)
            .ok_or_else(|| AppError::Internal(format!("unknown kind of file {}", job.kind)))?;
        let (defined, progress) = {
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let defined = posthouse_store::attributes::definitions(&mut tx, room.id).await?;
            (defined, Progress::load(&mut tx, job).await?)
        };
        let mut pipeline = Pipeline::new(self.app, room, kind, progress);
        let read = self.import_slices(room, job, kind, defined, &mut pipeline).await;
        // what is being written is waited for, whatever became of the rest
        let landed = pipeline.landed(job).await;
        // the last slices were perhaps not announced
        room.woken.notify_one();
        let (ended, true) = (read?, landed?) else {
            return Ok(()); // another host took over
        };
        job.failure = match ended {
            None => return Ok(()),
            Some(Ok(())) => None,
            Some(Err(ReadError::File(rejection))) => {
                Some(serde_json::to_string(&rejection).map_err(AppError::corrupt("failure"))?)
            }
            Some(Err(ReadError::Store(error))) => return Err(error.into()),
            Some(Err(ReadError::Gone)) => return Ok(()),
        };
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        if !store::finish(&mut tx, job, self.app.host, self.app.clock.now()).await? {
            return Ok(()); // another host took over
        }
        store::drop_chunks(&mut tx, room.id, job.id).await?;
        dialect::notify(&mut tx, room.id).await?;
        self.app
            .webhooks()
            .tell(&mut tx, room.id, told::import(job, self.app.clock.now()))
            .await?;
        tx.commit().await?;
        tracing::info!(agency = %room.slug, import = %job.id, accepted = job.accepted, duplicates = job.duplicates, rejected = job.rejected, "imported");
        Ok(())
    }

    /// Takes the file slice by slice, and says how reading it ended; `None` if the server stops or another host took over.
    async fn import_slices(
        &self,
        room: &Arc<Room>,
        job: &mut ImportRow,
        kind: FileKind,
        defined: Vec<AttributeDef>,
        pipeline: &mut Pipeline,
    ) -> Result<Option<std::result::Result<(), ReadError>>> {
        let (slices, mut received) = tokio::sync::mpsc::channel(1);
        let source = Source {
            store: self.app.store.clone(),
            runtime: tokio::runtime::Handle::current(),
            terms: room.terms.clone(),
            defined,
            job: job.clone(),
            kind,
            workbooks: self.app.workbooks.clone(),
            pace: pipeline.pace.clone(),
        };
        let reading = tokio::task::spawn_blocking(move || source.read(&slices));
        let mut rehearsal = Rehearsal::default();
        loop {
            let Ok(next) = tokio::time::timeout(SILENCE, received.recv()).await else {
                if self.app.stopping.is_cancelled() || !self.renew(job).await? {
                    return Ok(None);
                }
                continue;
            };
            let Some(slice) = next else { break };
            if self.app.stopping.is_cancelled() {
                return Ok(None);
            }
            if !job.dry_run {
                if !pipeline.land(job, slice).await? {
                    return Ok(None);
                }
                continue;
            }
            match self.rehearse_slice(room, job, kind, &slice, &mut rehearsal).await? {
                Some(advanced) => *job = advanced,
                None => return Ok(None),
            }
        }
        let ended = reading.await;
        Ok(Some(ended.map_err(|e| {
            AppError::Internal(format!("reading {} failed: {e}", job.file_name))
        })?))
    }

    /// Decides what would land, and moves the job on; only what it found and the rows that would be rejected are written. `None` if the
    /// lease was lost.
    async fn rehearse_slice(
        &self,
        room: &Arc<Room>,
        job: &ImportRow,
        kind: FileKind,
        slice: &Slice,
        rehearsal: &mut Rehearsal,
    ) -> Result<Option<ImportRow>> {
        let outcomes = rehearsal.take(self.app, room, slice).await?;
        let tally = Tally::of(kind, slice, outcomes, &mut rehearsal.report, &room.terms);
        let report = serde_json::to_string(&rehearsal.report).map_err(AppError::corrupt("report"))?;
        let advanced = tally.advance(job, slice, Some(report));
        let written = crate::error::retrying!(self.note_rehearsed(&advanced, job.rows_done, &tally))?;
        Ok(written.then_some(advanced))
    }

    async fn note_rehearsed(&self, advanced: &ImportRow, rows_before: i64, tally: &Tally) -> Result<bool> {
        let mut tx = self.app.store.write(Access::Agency(advanced.agency_id)).await?;
        if !self.note(&mut tx, advanced, rows_before, tally).await? {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}
