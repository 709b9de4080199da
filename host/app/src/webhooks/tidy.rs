//! What was told is kept for a month.

use crate::error::{Result, retrying};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Lane, NewJob};
use crate::{App, Webhooks};
use posthouse_domain::Instant;
use posthouse_store::webhooks as store;
use posthouse_store::{Access, Tx};
use uuid::Uuid;

const DAY: i64 = 86_400_000;
/// How long it is kept, in ms.
const KEPT: i64 = 30 * DAY;
/// How many are deleted in one transaction.
const AT_ONCE: i64 = 1_000;

/// Deletes what was told and is no longer of interest, once a day.
pub(crate) struct Tidy;

impl Job for Tidy {
    const KIND: &'static str = "webhook.tidy";
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let now = app.machine.now();
        while retrying!(app.webhooks().tidy(job.agency_id, now - KEPT))? > 0 {
            if app.stopping.is_cancelled() {
                break;
            }
        }
        Ok(Done::At(now + DAY))
    }
}

impl Tidy {
    /// Has an agency's outbox tidied from now on.
    pub(super) async fn schedule(tx: &mut Tx, agency: Uuid, now: Instant) -> Result<()> {
        let tidy = NewJob {
            kind: Self::KIND,
            key: "",
            lane: Lane::Deliveries,
            clock: JobClock::Machine,
            due: now + DAY,
        };
        Ok(jobs::put(tx, agency, tidy).await?)
    }
}

impl Webhooks<'_> {
    async fn tidy(&self, agency: Uuid, before: Instant) -> Result<u64> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let deleted = store::tidy(&mut tx, agency, before, AT_ONCE).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
