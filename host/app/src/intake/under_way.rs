//! Imports that are not over: how many there may be, which there are, and ending one.

use super::imports::ImportStatus;
use super::told;
use crate::Intake;
use crate::error::{AppError, Result, retrying};
use crate::jobs;
use crate::team::Caller;
use posthouse_domain::{Rejection, words};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Tx, dialect, intake};
use serde_json::json;
use uuid::Uuid;

impl Intake<'_> {
    /// Passes another file that is to be kept, under the agency's lock, so that all that come at once stay below the most.
    ///
    /// # Errors
    /// `too_many_imports`.
    pub(super) async fn check_under_way(&self, tx: &mut Tx, import: &ImportRow) -> Result<()> {
        intake::lock(tx, import.agency_id).await?;
        let (imports, bytes) = store::under_way(tx, import.agency_id, import.id).await?;
        let most = i64::from(self.app.allowances.imports);
        let most_bytes = i64::try_from(self.app.allowances.import_bytes).unwrap_or(i64::MAX);
        // one alone may be as large as uploads may
        if imports < most && (imports == 0 || bytes.saturating_add(import.size) <= most_bytes) {
            return Ok(());
        }
        Err(AppError::conflict(
            "too_many_imports",
            words!(
                "{imports} imports with {bytes} bytes are under way; an agency has {most} with {most_bytes} bytes at most. Wait until one is over, or \
                 end one with DELETE /imports/{{id}}; GET /imports lists them",
                "有 {imports} 个导入正在进行，共 {bytes} 字节；一家旅行社最多 {most} 个、{most_bytes} 字节。请等其中一个结束，或用 DELETE /imports/{{id}} \
                 终止一个；可用 GET /imports 查看"
            ),
        ))
    }

    /// Imports before the one at `cursor`, the newest first.
    ///
    /// # Errors
    /// A cursor of another list; failures of the database.
    pub async fn imports(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<ImportStatus>, Option<String>)> {
        let before = match cursor {
            None => Uuid::max(),
            Some(text) => text.parse().map_err(|_| AppError::bad_cursor())?,
        };
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = store::list(&mut tx, caller.room.id, before, limit as i64 + 1).await?;
        drop(tx);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        Ok((self.all_shown(caller, rows).await?, next))
    }

    /// Ends an import; rows that have landed stay. One that is over stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the agency has no such import.
    pub async fn end_import(&self, caller: &Caller, id: Uuid) -> Result<ImportStatus> {
        retrying!(self.try_end_import(caller, id))
    }

    async fn try_end_import(&self, caller: &Caller, id: Uuid) -> Result<ImportStatus> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        let failure = Rejection::new(
            "import_ended",
            words!(
                "it was ended on request; what had landed by then stays, and the same file sent again goes on behind it",
                "已按要求终止；此前入库的行保留，重新发送同一文件会接着导入"
            ),
        );
        let failure = serde_json::to_string(&failure).map_err(AppError::corrupt("failure"))?;
        // whoever is at work on it finds its job gone before it writes the next rows
        jobs::cancel(&mut tx, agency, store::RUN, &id.to_string()).await?;
        let ended = store::give_up(&mut tx, agency, id, &failure, now).await?;
        let row = store::get(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("import"))?;
        if ended {
            if row.kept_until.is_none() {
                store::drop_chunks(&mut tx, agency, id).await?;
            }
            dialect::notify(&mut tx, agency).await?;
            self.app
                .webhooks()
                .tell(&mut tx, agency, told::import(&row, now))
                .await?;
            self.app
                .audit()
                .note(
                    &mut tx,
                    caller,
                    "import.end",
                    &format!("import/{id}"),
                    json!({"rows": row.rows_done}),
                )
                .await?;
        }
        tx.commit().await?;
        self.shown(caller, row).await
    }
}
