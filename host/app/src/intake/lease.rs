//! The lease on a job: a host keeps it by moving the job on, or by saying so while there is nothing to move.

use super::progress::Tally;
use crate::Intake;
use crate::error::Result;
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Tx, import_notes as notes};
use std::time::Duration;

/// How long a host may be silent before another takes its job over.
pub(super) const LEASE_MILLIS: i64 = 10_000;
/// How long reading may go on without a row before the lease is renewed: a large file is looked through before its first row.
pub(super) const SILENCE: Duration = Duration::from_secs(3);

impl Intake<'_> {
    /// Moves the job on, with the rows that are rejected and the cells that are left out; `false` if the lease was lost.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        advanced: &ImportRow,
        rows_before: i64,
        tally: &Tally,
    ) -> Result<bool> {
        let (agency, job) = (advanced.agency_id, advanced.id);
        store::put_errors(tx, agency, job, &tally.errors).await?;
        notes::put_warnings(tx, agency, job, &tally.warnings).await?;
        let until = self.app.machine.now() + LEASE_MILLIS;
        Ok(store::advance(tx, advanced, rows_before, self.app.host, until).await?)
    }

    /// Keeps the lease while there is nothing to land yet; `false` if another host has it.
    pub(super) async fn renew(&self, job: &ImportRow) -> Result<bool> {
        let now = self.app.machine.now();
        let mut tx = self.app.store.write(Access::Agency(job.agency_id)).await?;
        let held = store::lease(&mut tx, job.agency_id, job.id, self.app.host, now, now + LEASE_MILLIS).await?;
        tx.commit().await?;
        Ok(held)
    }
}
