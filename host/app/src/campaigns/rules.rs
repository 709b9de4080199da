//! Going back to an older rule of a campaign.

use super::life::{ROLLBACK, record, state_of};
use super::point::Promotion;
use super::{PROMOTION, find, find_locked};
use crate::Campaigns;
use crate::error::{AppError, Result, retrying};
use crate::rules::bindings::{BindingView, older_revision};
use crate::rules::opening::still_decides;
use crate::rules::point::RuleName;
use crate::rules::pointer::{self, NewRule};
use crate::team::Caller;
use crate::work::Taken;
use posthouse_domain::campaign::State;
use posthouse_domain::words;
use posthouse_store::campaigns::{self, CampaignRow};
use posthouse_store::plugins::BindingRevisionRow;
use posthouse_store::{Access, StoreError, Tx};
use uuid::Uuid;

impl Campaigns<'_> {
    /// Puts an older rule of a campaign in force or paused back into force, at once: it was approved in its time. Without `to` it walks
    /// back like a segment rule's rollback.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `nothing_to_restore`; `revision_changed`; `wrong_state`.
    pub async fn roll_back(
        &self,
        caller: &Caller,
        key: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        retrying!(self.try_roll_back(caller, key, to, expected))?;
        self.app.bindings().get(caller, PROMOTION, key).await
    }

    async fn try_roll_back(&self, caller: &Caller, key: &str, to: Option<i64>, expected: Option<i64>) -> Result<()> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let campaign = find(&mut tx, agency, key).await.map_err(as_binding)?;
        let older = restorable(&mut tx, agency, (&campaign, key), to, expected).await?;
        drop(tx);
        // to open a plugin can take its compilation; nobody waits for a lock meanwhile
        let rule = self
            .app
            .plugins()
            .rule_ahead::<Promotion>(agency, RuleName::revision(key, &older))
            .await?;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // in order with everybody else who changes rules
        campaigns::next_version(&mut tx, agency).await?;
        let campaign = find_locked(&mut tx, agency, key).await.map_err(as_binding)?;
        let present = restorable(&mut tx, agency, (&campaign, key), to, expected).await?;
        if present.revision != older.revision {
            return Err(StoreError::Overtaken.into());
        }
        still_decides(&mut tx, agency, &rule).await?;
        let new = NewRule {
            extension_point: PROMOTION,
            name: key,
            digest: &older.digest,
            config: &older.config,
            cause: ROLLBACK,
            restores: Some(older.revision),
            by: Some(caller.actor),
            note: None,
            grant: &[],
        };
        let revision = pointer::put_rule(self.app, &mut tx, agency, &new, now).await?;
        let note = words!(
            "revision {revision} of the rule brings back revision {older}",
            "规则修订 {revision} 恢复了修订 {older}",
            older = older.revision
        )
        .to_stored();
        let taken = Taken::by(caller, now, Some(&note));
        record(self.app, &mut tx, agency, (&campaign, &campaign), ROLLBACK, &taken).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whoever asks for a binding hears of a binding.
fn as_binding(error: AppError) -> AppError {
    match error {
        AppError::NotFound(_) => AppError::NotFound("binding"),
        other => other,
    }
}

/// The revision that a campaign would go back to.
///
/// # Errors
/// `revision_changed`, `wrong_state`, `nothing_to_restore`.
async fn restorable(
    tx: &mut Tx,
    agency: Uuid,
    (campaign, key): (&CampaignRow, &str),
    to: Option<i64>,
    expected: Option<i64>,
) -> Result<BindingRevisionRow> {
    let present = pointer::find(tx, agency, PROMOTION, key).await?;
    if expected.is_some_and(|expected| expected != present.revision) {
        return Err(AppError::conflict(
            "revision_changed",
            words!(
                "binding {key} is at revision {revision}; look at it again before changing it",
                "绑定 {key} 当前为修订 {revision}；请重新读取后再修改",
                revision = present.revision
            ),
        ));
    }
    if !matches!(state_of(campaign)?, State::Running | State::Paused) {
        return Err(AppError::conflict(
            "wrong_state",
            words!(
                "campaign {key} is {state}; only a campaign in force can go back to an earlier rule",
                "活动 {key} 的状态为 {state}；只有生效中的活动才能退回较早的规则",
                state = campaign.state
            ),
        ));
    }
    older_revision(tx, agency, PROMOTION, key, to).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_store::Store;
    use posthouse_tests::guest::PromotionGuest;
    use std::time::Duration;

    on_both_engines!(nobody_waits_for_the_compiler_of_a_rollback);

    async fn nobody_waits_for_the_compiler_of_a_rollback(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (agency, key) = testing::agency(&store, "back").await;
        let caller = app.team().authenticate(&key).await.expect("a key");
        let row = CampaignRow {
            id: app.entropy.id(NOW),
            key: "spring".into(),
            kind: "new-product".into(),
            name: "Spring".into(),
            owner: "Li".into(),
            state: "running".into(),
            plan: "{}".into(),
            plan_hash: "h".into(),
            priority: 1,
            submitted_by: None,
            version: 1,
            created_by: caller.actor,
            created_at: NOW,
            updated_at: NOW,
        };
        for version in ["1.0.0", "2.0.0"] {
            let guest = PromotionGuest {
                version: version.into(),
                ..PromotionGuest::default()
            };
            let uploaded = app.plugins().upload(&caller, guest.build().into()).await;
            let digest = uploaded.expect("a plugin").1.digest;
            let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
            if version == "1.0.0" {
                campaigns::insert(&mut tx, agency, &row).await.expect("a campaign");
            }
            let new = NewRule {
                extension_point: PROMOTION,
                name: "spring",
                digest: &digest,
                config: "{}",
                cause: "activation",
                restores: None,
                by: Some(caller.actor),
                note: None,
                grant: &[],
            };
            pointer::put_rule(&app, &mut tx, agency, &new, NOW)
                .await
                .expect("a rule");
            tx.commit().await.expect("a commit");
        }
        // a host that has compiled nothing, and whose compiler is busy
        let (other, _) = testing::host(&store, NOW);
        let caller = testing::owner(&other, agency, caller.actor).await;
        let busy = other.engine.hold_compiler();
        let rolling_back = {
            let (other, caller) = (other.clone(), caller.clone());
            tokio::spawn(async move { other.campaigns().roll_back(&caller, "spring", None, None).await })
        };
        // as long as the compiler is busy others change rules, whenever they come
        for _ in 0..40 {
            let others = async {
                let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
                campaigns::next_version(&mut tx, agency).await.expect("the lock");
                tx.commit().await.expect("a commit");
            };
            let changed = tokio::time::timeout(Duration::from_secs(2), others).await;
            changed.expect("nobody waits");
            assert!(!rolling_back.is_finished(), "the older rule has to be compiled");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(busy);
        let view = rolling_back.await.expect("it ends").expect("a rollback");
        assert_eq!(view.revision, 3);
    }
}
