//! Files on their way into the database: in pieces, so that other writers get their turn between them. What never became complete is deleted.

use super::files::unreadable;
use crate::error::{AppError, Result};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Lane, NewJob};
use crate::{App, Intake};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Tx};
use uuid::Uuid;

/// How long a file may take to be kept, in ms. A host that dies meanwhile leaves it incomplete.
const LONGEST: i64 = 3_600_000;

/// Deletes a file that never became complete.
pub(crate) struct ForgetUpload;

impl Job for ForgetUpload {
    const KIND: &'static str = store::UPLOAD;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id = import_of(job)?;
        let mut tx = app.store.write(Access::Agency(job.agency_id)).await?;
        // whoever completes the file at the same time takes this job away, and has its pieces
        if jobs::finish(&mut tx, app.host, job).await? {
            store::delete_upload(&mut tx, job.agency_id, id).await?;
            tx.commit().await?;
        }
        Ok(Done::Finished)
    }
}

/// The import that a job is on.
pub(super) fn import_of(job: &JobRow) -> Result<Uuid> {
    Uuid::try_parse(&job.key).map_err(|_| AppError::Internal(format!("a job on the import {:?}", job.key)))
}

impl Intake<'_> {
    /// Begins to keep a file.
    pub(super) async fn begin_upload(&self, tx: &mut Tx, import: &ImportRow) -> Result<()> {
        self.check_under_way(tx, import).await?;
        if import.kept_until.is_some() {
            self.make_room(tx, import).await?;
        }
        store::create(tx, import).await?;
        let forget = NewJob {
            kind: store::UPLOAD,
            key: &import.id.to_string(),
            lane: Lane::Timers,
            clock: JobClock::Machine,
            due: self.app.machine.now() + LONGEST,
        };
        Ok(jobs::put(tx, import.agency_id, forget).await?)
    }

    /// Has a file that is complete imported; `false` if that was done before.
    ///
    /// # Errors
    /// a duplicate of [`posthouse_store::unique::ACTIVE_IMPORT`] if the same file is being imported; `file_unreadable` if it took so long that it was
    /// thought to be left.
    pub(super) async fn end_upload(&self, tx: &mut Tx, import: &ImportRow) -> Result<bool> {
        let (agency, key) = (import.agency_id, import.id.to_string());
        if !store::enqueue(tx, agency, import.id).await? {
            return match store::get(tx, agency, import.id).await? {
                Some(_) => Ok(false),
                None => Err(AppError::Invalid(unreadable())),
            };
        }
        jobs::cancel(tx, agency, store::UPLOAD, &key).await?;
        let run = NewJob {
            kind: store::RUN,
            key: &key,
            lane: Lane::Imports,
            clock: JobClock::Machine,
            due: self.app.machine.now(),
        };
        jobs::put(tx, agency, run).await?;
        if let Some(until) = import.kept_until {
            self.keep_until(tx, agency, import.id, until).await?;
        }
        Ok(true)
    }

    /// Deletes a file that is not imported, as another one like it is.
    pub(super) async fn drop_upload(&self, import: &ImportRow) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(import.agency_id)).await?;
        store::delete_upload(&mut tx, import.agency_id, import.id).await?;
        jobs::cancel(&mut tx, import.agency_id, store::UPLOAD, &import.id.to_string()).await?;
        Ok(tx.commit().await?)
    }
}
