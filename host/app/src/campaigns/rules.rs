//! Going back to an older rule of a campaign.

use super::life::{ROLLBACK, record, state_of};
use super::point::Promotion;
use super::{PROMOTION, find_locked};
use crate::Campaigns;
use crate::error::{AppError, Result, retrying};
use crate::rules::bindings::{BindingView, find, older_revision};
use crate::rules::point::RuleName;
use crate::rules::pointer::{self, NewRule};
use crate::team::Caller;
use crate::work::Taken;
use posthouse_domain::campaign::State;
use posthouse_domain::words;
use posthouse_store::{attributes, campaigns};

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
        let mut tx = self.app.idempotency().begin(caller).await?;
        // in order with everybody else who changes rules
        campaigns::next_version(&mut tx, agency).await?;
        let campaign = find_locked(&mut tx, agency, key).await.map_err(|error| match error {
            AppError::NotFound(_) => AppError::NotFound("binding"),
            other => other,
        })?;
        let present = find(&mut tx, agency, PROMOTION, key).await?;
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
        if !matches!(state_of(&campaign)?, State::Running | State::Paused) {
            return Err(AppError::conflict(
                "wrong_state",
                words!(
                    "campaign {key} is {state}; only a campaign in force can go back to an earlier rule",
                    "活动 {key} 的状态为 {state}；只有生效中的活动才能退回较早的规则",
                    state = campaign.state
                ),
            ));
        }
        let older = older_revision(&mut tx, agency, PROMOTION, key, to).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        // whether it can decide is seen before anything is written
        let named = RuleName::revision(key, &older);
        self.app
            .plugins()
            .rule::<Promotion>(&mut tx, agency, named, &own)
            .await?;
        let new = NewRule {
            extension_point: PROMOTION,
            name: key,
            digest: &older.digest,
            config: &older.config,
            cause: ROLLBACK,
            restores: Some(older.revision),
            by: Some(caller.key),
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
