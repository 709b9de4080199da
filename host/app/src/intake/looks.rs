//! Looking at a file before it lands: a dry run whose file is kept, so that it can be read again with another mapping, or land.

use super::files::Mapping;
use super::imports::{ImportStatus, KEPT};
use super::uploads::import_of;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Lane, NewJob};
use crate::team::Caller;
use crate::{App, Intake};
use posthouse_domain::row::FileKind;
use posthouse_domain::words;
use posthouse_store::imports::{self as store, Anew, ImportRow};
use posthouse_store::{Access, Tx, intake, unique};
use serde_json::json;
use uuid::Uuid;

/// Most files of an agency that are kept; of more the oldest goes.
const MOST: usize = 10;
/// When it is looked again whether a file that is being read may go, in ms.
const LATER: i64 = 3_600_000;

/// Lets go of a file that was looked at and did not land.
pub(crate) struct LetGo;

impl Job for LetGo {
    const KIND: &'static str = store::KEPT;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id = import_of(job)?;
        let mut tx = app.store.write(Access::Agency(job.agency_id)).await?;
        if store::let_go(&mut tx, job.agency_id, id).await? {
            store::drop_chunks(&mut tx, job.agency_id, id).await?;
        } else if store::get(&mut tx, job.agency_id, id)
            .await?
            .is_some_and(|import| import.kept_until.is_some())
        {
            return Ok(Done::At(app.machine.now() + LATER));
        }
        if jobs::finish(&mut tx, app.host, job).await? {
            tx.commit().await?;
        }
        Ok(Done::Finished)
    }
}

impl Intake<'_> {
    /// Keeps the file of a look for so long.
    pub(super) async fn keep_until(&self, tx: &mut Tx, agency: Uuid, id: Uuid, until: i64) -> Result<()> {
        let let_go = NewJob {
            kind: store::KEPT,
            key: &id.to_string(),
            lane: Lane::Timers,
            clock: JobClock::Machine,
            due: until,
        };
        Ok(jobs::put(tx, agency, let_go).await?)
    }

    /// Lets go of the oldest files that were looked at, so that there is room for another.
    pub(super) async fn make_room(&self, tx: &mut Tx, import: &ImportRow) -> Result<()> {
        let agency = import.agency_id;
        let most = i64::try_from(self.app.allowances.import_bytes).unwrap_or(i64::MAX);
        let mut bytes = import.size;
        for (place, kept) in store::kept(tx, agency).await?.into_iter().enumerate() {
            bytes = bytes.saturating_add(kept.size);
            if (place + 1 >= MOST || bytes > most) && store::let_go(tx, agency, kept.id).await? {
                store::drop_chunks(tx, agency, kept.id).await?;
                jobs::cancel(tx, agency, store::KEPT, &kept.id.to_string()).await?;
            }
        }
        Ok(())
    }

    /// Looks at a kept file again, as one of `kind` with this mapping.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_mapping`; `file_gone` if the file is kept no longer; `import_reading` if it is being read; `too_many_imports`.
    pub async fn look_again(
        &self,
        caller: &Caller,
        id: Uuid,
        kind: FileKind,
        mapping: Option<&str>,
    ) -> Result<ImportStatus> {
        let mapping = Mapping::completed(kind, mapping, None, None)?;
        let row = retrying!(self.read_again(caller, id, Some((kind, mapping.as_deref()))))?;
        self.app.job_waiting.notify_waiters();
        self.shown(caller, row).await
    }

    /// Imports a file that was looked at, as it was looked at last. The same that is being imported already is joined.
    ///
    /// # Errors
    /// As for [`Intake::look_again`].
    pub async fn land_look(&self, caller: &Caller, id: Uuid) -> Result<ImportStatus> {
        let row = match retrying!(self.read_again(caller, id, None)) {
            Err(error) if error.is_duplicate_of(unique::ACTIVE_IMPORT) => self.landing_already(caller, id).await?,
            row => row?,
        };
        self.app.job_waiting.notify_waiters();
        self.shown(caller, row).await
    }

    /// The import that lands the same file in the same way.
    async fn landing_already(&self, caller: &Caller, id: Uuid) -> Result<ImportRow> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::get(&mut tx, caller.room.id, id).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("import"))?;
        let landing = ImportRow {
            kept_until: None,
            dry_run: false,
            ..row
        };
        self.active(&landing).await?.ok_or_else(being_read)
    }

    /// Has a kept file read from its beginning: in this way to be looked at, or as it was to land.
    async fn read_again(&self, caller: &Caller, id: Uuid, look: Option<(FileKind, Option<&str>)>) -> Result<ImportRow> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        let row = store::get(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("import"))?;
        if row.kept_until.is_none() {
            return Err(AppError::conflict(
                "file_gone",
                words!(
                    "the file is not kept any longer: it has landed, or it is a day since it was looked at; send it again",
                    "文件已不再保留：已经入库，或距上次查看已超过一天；请重新发送"
                ),
            ));
        }
        self.check_under_way(&mut tx, &row).await?;
        let kept_until = look.is_some().then(|| self.app.machine.now() + KEPT);
        let (kind, mapping) = look.map_or((row.kind.as_str(), row.mapping.as_deref()), |(kind, mapping)| {
            (kind.as_str(), mapping)
        });
        let anew = Anew {
            kind,
            mapping,
            mapping_digest: &Mapping::digest(mapping),
            kept_until,
            now: self.app.clock.now(),
        };
        if !store::read_anew(&mut tx, agency, id, &anew).await? {
            return Err(being_read());
        }
        let key = id.to_string();
        let run = NewJob {
            kind: store::RUN,
            key: &key,
            lane: Lane::Imports,
            clock: JobClock::Machine,
            due: self.app.machine.now(),
        };
        jobs::put(&mut tx, agency, run).await?;
        match kept_until {
            Some(until) => self.keep_until(&mut tx, agency, id, until).await?,
            None => jobs::cancel(&mut tx, agency, store::KEPT, &key).await?,
        }
        let (subject, detail) = (
            format!("import/{id}"),
            json!({"kind": kind, "digest": row.digest, "dry_run": kept_until.is_some()}),
        );
        self.app
            .audit()
            .note(&mut tx, caller, "import.start", &subject, detail)
            .await?;
        let row = store::get(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("import"))?;
        tx.commit().await?;
        Ok(row)
    }
}

fn being_read() -> AppError {
    AppError::conflict(
        "import_reading",
        words!(
            "the file is being read; wait until that is done, or end it first",
            "文件正在读取；请等读完，或先终止"
        ),
    )
}
