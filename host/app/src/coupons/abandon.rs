//! Batches whose making broke off, as their host died or the database was out of reach: nobody has their codes.

use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobRow};
use posthouse_store::{Access, coupons as store};
use serde_json::json;
use uuid::Uuid;

/// How long a batch can be in the making, in machine ms: much longer than the largest takes.
pub(super) const ABANDONED: i64 = 15 * 60_000;

/// Revokes a batch that was never finished.
pub(crate) struct Abandon;

impl Job for Abandon {
    const KIND: &'static str = "coupons.abandon";
    /// A batch that is neither ready nor revoked says nothing to anybody.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let batch = Uuid::try_parse(&job.key);
        let batch = batch.map_err(|_| AppError::Internal(format!("a job on the batch {:?}", job.key)))?;
        retrying!(app.coupons().abandon(job, batch))
    }
}

impl crate::Coupons<'_> {
    async fn abandon(&self, job: &JobRow, batch: Uuid) -> Result<Done> {
        let agency = job.agency_id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        // first of all, as whoever finishes the batch does
        if !jobs::finish(&mut tx, self.app.host, job).await? {
            return Ok(Done::Finished);
        }
        if store::set_batch_state(&mut tx, agency, batch, "making", "revoked").await?
            && let Some(campaign) = store::campaign_of(&mut tx, agency, batch).await?
        {
            let subject = format!("campaign/{campaign}");
            self.app
                .audit()
                .note_by(
                    &mut tx,
                    agency,
                    None,
                    "coupons.revoke",
                    &subject,
                    json!({ "batch": batch }),
                )
                .await?;
        }
        tx.commit().await?;
        Ok(Done::Finished)
    }
}
