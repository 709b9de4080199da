//! Working on imports: slice by slice, as a job, and what happens when that fails.

#[cfg(test)]
mod tests;

use super::files::ReadError;
use super::files::reader::{Slice, Source};
use super::pipeline::Pipeline;
use super::progress::{Progress, Tally};
use super::rehearsal::Rehearsal;
use super::report::Rejects;
use super::told;
use super::turns::Place;
use super::uploads::import_of;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Lane};
use crate::writable::note_if_full;
use crate::{App, Intake, Room};
use futures_util::FutureExt;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::row::FileKind;
use posthouse_domain::{Rejection, words};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Tx, dialect, import_notes as notes};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often work on an import may fail since its last row was decided, before it counts as failed.
const ATTEMPTS: i64 = 8;
/// How often it is looked whether the server stops while a large file is read whose first row is far.
const LOOK: Duration = Duration::from_secs(1);

/// Imports a file.
pub(crate) struct ImportFile;

/// How work on a file ended.
enum Ended {
    /// It is imported, or refused as a whole.
    Imported,
    /// The server stops, or others have their turn.
    Interrupted,
    /// Another host has it, or its rows were counted before.
    Overtaken,
}

impl Job for ImportFile {
    const KIND: &'static str = store::RUN;
    /// Failures are counted from the last row on, and the import says so when it is given up.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id = import_of(job)?;
        let Some(mut import) = retrying!(app.intake().begin(job, id))? else {
            return Ok(Done::Over);
        };
        let before = import.rows_done;
        let mut place = app.imports.begin(job.agency_id);
        let work = async {
            let room = app.room(job.agency_id).await?;
            app.intake().import(&room, job, &mut import, &mut place).await
        };
        // a file over which this panics is given up like any other
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        // it is as far as its rows are, so that it may go on at once, behind those that wait by now
        let now = app.machine.now();
        let soon = Done::At(now.max(job.due + 1));
        if let Err(error) = retrying!(app.intake().stand_behind(job.agency_id, now))
            && !note_if_full(&error)
        {
            tracing::warn!(%error, agency = %job.agency_id, "the agency's other files keep their places before those of others");
        }
        match ended.unwrap_or_else(|_| Err(AppError::Internal("importing panicked".into()))) {
            Ok(Ended::Imported) => Ok(Done::Finished),
            // if it is still this host's, its rows were counted before, and it goes on behind them
            Ok(Ended::Interrupted | Ended::Overtaken) => Ok(soon),
            Err(error) if error.will_pass() && import.rows_done > before && !import.dry_run => {
                if !note_if_full(&error) {
                    tracing::warn!(%error, import = %id, "an import goes on after what kept it");
                }
                Ok(soon)
            }
            Err(error) if error.will_pass() => Err(error),
            Err(error) => retrying!(app.intake().count_failure(job, &import, &error))
                .and_then(|is_given_up| if is_given_up { Ok(Done::Finished) } else { Err(error) }),
        }
    }
}

impl Intake<'_> {
    /// Begins work on an import; nothing if it has ended.
    async fn begin(&self, job: &JobRow, id: Uuid) -> Result<Option<ImportRow>> {
        let mut tx = self.app.store.write(Access::Agency(job.agency_id)).await?;
        let import = store::begin(&mut tx, job.agency_id, id).await?;
        tx.commit().await?;
        Ok(import)
    }

    /// Has the agency's other files stand behind those of agencies that wait.
    async fn stand_behind(&self, agency: Uuid, now: i64) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        jobs::stand_behind(&mut tx, agency, store::RUN, now).await?;
        Ok(tx.commit().await?)
    }

    /// Counts a failure, and gives the import up in the end; whether it is given up.
    async fn count_failure(&self, job: &JobRow, import: &ImportRow, error: &AppError) -> Result<bool> {
        let (agency, now) = (import.agency_id, self.app.clock.now());
        let mut import = import.clone();
        import.attempts += 1;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        if import.attempts < ATTEMPTS {
            store::note_failure(&mut tx, &import).await?;
            tx.commit().await?;
            return Ok(false);
        }
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
        tracing::error!(%error, import = %import.id, "an import is given up");
        import.failure = Some(serde_json::to_string(&rejection).map_err(AppError::corrupt("failure"))?);
        if self.end(&mut tx, job, &import, now).await? {
            tx.commit().await?;
        }
        Ok(true)
    }

    /// Ends an import with its job, and tells others; `false` if another host has it.
    async fn end(&self, tx: &mut Tx, job: &JobRow, import: &ImportRow, now: i64) -> Result<bool> {
        let agency = import.agency_id;
        if !jobs::finish(tx, self.app.host, job).await? || !store::finish(tx, import, now).await? {
            return Ok(false);
        }
        // a file that is looked at stays, to be looked at in another way
        if import.kept_until.is_none() {
            store::drop_chunks(tx, agency, import.id).await?;
        }
        dialect::notify(tx, agency).await?;
        self.app.webhooks().tell(tx, agency, told::import(import, now)).await?;
        Ok(true)
    }

    /// Moves an import on, with the rows that are rejected and the cells that are left out; `false` if another host has it, or
    /// the rows were counted before, as they can be when the answer to a commit got lost.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        job: &JobRow,
        advanced: &ImportRow,
        rows_before: i64,
        tally: &Tally,
    ) -> Result<bool> {
        let (agency, import) = (advanced.agency_id, advanced.id);
        if jobs::lock_own(tx, self.app.host, job).await?.is_none() {
            return Ok(false);
        }
        if !store::advance(tx, advanced, rows_before).await? {
            return Ok(false);
        }
        notes::put_errors(tx, agency, import, &tally.errors).await?;
        notes::put_warnings(tx, agency, import, &tally.warnings).await?;
        Ok(true)
    }

    async fn import(
        &self,
        room: &Arc<Room>,
        own: &JobRow,
        job: &mut ImportRow,
        place: &mut Place<'_>,
    ) -> Result<Ended> {
        tracing::info!(agency = %room.slug, import = %job.id, rows_done = job.rows_done, "importing {}", job.file_name);
        if job.dry_run && job.rows_done > 0 {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            if jobs::lock_own(&mut tx, self.app.host, own).await?.is_none() {
                return Ok(Ended::Overtaken);
            }
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
        let mut pipeline = Pipeline::new(self.app, room, own, kind, progress);
        let read = self
            .import_slices(room, (own, job, place), kind, defined, &mut pipeline)
            .await;
        // what is being written is waited for, whatever became of the rest
        let landed = pipeline.landed(job).await;
        // the last slices were perhaps not announced
        room.woken.notify_one();
        let (read, true) = (read?, landed?) else {
            return Ok(Ended::Overtaken);
        };
        job.failure = match read {
            Err(ended) => return Ok(ended),
            Ok(Ok(())) => None,
            Ok(Err(ReadError::File(rejection))) => {
                Some(serde_json::to_string(&rejection).map_err(AppError::corrupt("failure"))?)
            }
            Ok(Err(ReadError::Store(error))) => return Err(error.into()),
            Ok(Err(ReadError::Gone)) => return Ok(Ended::Interrupted),
        };
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        if !self.end(&mut tx, own, job, self.app.clock.now()).await? {
            return Ok(Ended::Overtaken);
        }
        tx.commit().await?;
        tracing::info!(agency = %room.slug, import = %job.id, accepted = job.accepted, duplicates = job.duplicates, rejected = job.rejected, "imported");
        Ok(Ended::Imported)
    }

    /// Takes the file slice by slice, and says how reading it ended; or how work on it did, if the server stops or another host took over.
    async fn import_slices(
        &self,
        room: &Arc<Room>,
        (own, job, place): (&JobRow, &mut ImportRow, &mut Place<'_>),
        kind: FileKind,
        defined: Vec<AttributeDef>,
        pipeline: &mut Pipeline,
    ) -> Result<std::result::Result<std::result::Result<(), ReadError>, Ended>> {
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
            let next = tokio::time::timeout(LOOK, received.recv()).await;
            if self.app.stopping.is_cancelled() {
                return Ok(Err(Ended::Interrupted));
            }
            let Ok(next) = next else { continue };
            let Some(slice) = next else { break };
            let _turn = place.slice().await;
            if !job.dry_run {
                if !pipeline.land(job, slice).await? {
                    return Ok(Err(Ended::Overtaken));
                }
                if place.was_long() && self.others_wait().await? && place.leave() {
                    return Ok(Err(Ended::Interrupted));
                }
                continue;
            }
            match self
                .rehearse_slice(room, (own, job), kind, &slice, &mut rehearsal)
                .await?
            {
                Some(advanced) => *job = advanced,
                None => return Ok(Err(Ended::Overtaken)),
            }
        }
        let ended = reading.await;
        let (ended, glimpse) =
            ended.map_err(|e| AppError::Internal(format!("reading {} failed: {e}", job.file_name)))?;
        if job.kept_until.is_some() {
            job.glimpse = Some(serde_json::to_string(&glimpse).map_err(AppError::corrupt("glimpse"))?);
        }
        Ok(Ok(ended))
    }

    /// Whether files of agencies wait that have none under way here.
    async fn others_wait(&self) -> Result<bool> {
        let (now, left_out) = (self.app.machine.now(), self.app.imports.under_way());
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let due = jobs::next_due(&mut tx, Lane::Imports, JobClock::Machine, now, left_out).await?;
        Ok(due.is_some_and(|due| due <= now))
    }

    /// Decides what would land, and moves the job on; only what it found and the rows that would be rejected are written. `None` if
    /// another host has it.
    async fn rehearse_slice(
        &self,
        room: &Arc<Room>,
        (own, job): (&JobRow, &ImportRow),
        kind: FileKind,
        slice: &Slice,
        rehearsal: &mut Rehearsal,
    ) -> Result<Option<ImportRow>> {
        let outcomes = rehearsal.take(self.app, room, slice).await?;
        let tally = Tally::of(
            kind,
            slice,
            outcomes,
            (&mut rehearsal.report, Rejects::of(&self.app.allowances, job.size)),
            &room.terms,
        );
        let report = serde_json::to_string(&rehearsal.report).map_err(AppError::corrupt("report"))?;
        let advanced = tally.advance(job, slice, Some(report));
        let written = retrying!(self.note_rehearsed(own, &advanced, job.rows_done, &tally))?;
        Ok(written.then_some(advanced))
    }

    async fn note_rehearsed(
        &self,
        own: &JobRow,
        advanced: &ImportRow,
        rows_before: i64,
        tally: &Tally,
    ) -> Result<bool> {
        let mut tx = self.app.store.write(Access::Agency(advanced.agency_id)).await?;
        if !self.note(&mut tx, own, advanced, rows_before, tally).await? {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}
