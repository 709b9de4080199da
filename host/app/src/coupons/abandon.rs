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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{JobClock, Lane, NewJob};
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_domain::Clock;
    use posthouse_store::campaigns::{self, CampaignRow};
    use posthouse_store::coupons::BatchRow;
    use posthouse_store::{Store, Tx};

    on_both_engines!(a_batch_that_was_never_finished_is_revoked);

    const CAMPAIGN: Uuid = Uuid::from_u128(7);

    async fn put(tx: &mut Tx, agency: Uuid, id: Uuid, state: &str) {
        let row = BatchRow {
            id,
            campaign_id: CAMPAIGN,
            label: "Fair".into(),
            personal: false,
            count: 1,
            uses: 1,
            expires_at: None,
            state: state.into(),
            created_by: agency,
            created_at: NOW,
        };
        store::insert_batch(tx, agency, &row).await.expect("a batch");
        let job = NewJob {
            kind: Abandon::KIND,
            key: &id.to_string(),
            lane: Lane::Timers,
            clock: JobClock::Machine,
            due: NOW + ABANDONED,
        };
        jobs::put(tx, agency, job).await.expect("a job");
    }

    async fn a_batch_that_was_never_finished_is_revoked(store: Store) {
        let (app, clocks) = testing::host(&store, NOW);
        let (agency, _) = testing::agency(&store, "abandoned").await;
        let campaign = CampaignRow {
            id: CAMPAIGN,
            key: "c".into(),
            kind: "new-product".into(),
            name: "C".into(),
            owner: String::new(),
            state: "running".into(),
            plan: "{}".into(),
            plan_hash: "h".into(),
            priority: 1,
            submitted_by: None,
            version: 1,
            created_by: agency,
            created_at: NOW,
            updated_at: NOW,
        };
        let (broken_off, finished) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
        campaigns::insert(&mut tx, agency, &campaign).await.expect("a campaign");
        put(&mut tx, agency, broken_off, "making").await;
        put(&mut tx, agency, finished, "ready").await;
        tx.commit().await.expect("a commit");
        let states = async || {
            let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
            let mut states = Vec::new();
            for id in [broken_off, finished] {
                let batch = super::store::batch(&mut tx, agency, CAMPAIGN, id)
                    .await
                    .expect("a look");
                states.push(batch.expect("a batch").state);
            }
            states
        };
        app.run_timers().await.expect("timers");
        assert_eq!(states().await, ["making", "ready"], "it may still be in the making");
        clocks.machine.set(NOW + ABANDONED);
        assert_eq!(app.run_timers().await.expect("timers"), 2);
        assert_eq!(states().await, ["revoked", "ready"]);
        assert_eq!(app.run_timers().await.expect("timers"), 0);
    }
}
