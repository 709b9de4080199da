//! The rules of campaigns: opening them, and going back to an older one.

use super::life::{ROLLBACK, record, state_of};
use super::point::Promotion;
use super::{PROMOTION, find_locked};
use crate::Campaigns;
use crate::error::{AppError, Result, retrying};
use crate::rules::bindings::{BindingView, find, older_revision};
use crate::rules::plugins::checked_config;
use crate::rules::point::{Point, Rule, check_attributes, seed};
use crate::rules::pointer::{self, NewRule};
use crate::team::Caller;
use crate::work::Taken;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::campaign::State;
use posthouse_domain::{canonical, words};
use posthouse_store::plugins::BindingRevisionRow;
use posthouse_store::{Access, Tx, attributes, campaigns};
use serde_json::Value;
use uuid::Uuid;

/// A rule by what names it, before it is opened.
#[derive(Debug)]
pub(crate) struct RuleName<'n> {
    pub(crate) binding: &'n str,
    pub(crate) revision: i64,
    pub(crate) digest: &'n str,
    /// Settings as canonical JSON.
    pub(crate) config: &'n str,
}

impl<'n> RuleName<'n> {
    pub(crate) fn revision(binding: &'n str, row: &'n BindingRevisionRow) -> Self {
        Self {
            binding,
            revision: row.revision,
            digest: &row.digest,
            config: &row.config,
        }
    }
}

impl Campaigns<'_> {
    /// A rule, opened.
    ///
    /// # Errors
    /// A plugin that is not there, is of another extension point or reads facts the agency does not have.
    pub(crate) async fn rule(
        &self,
        agency: Uuid,
        tx: &mut Tx,
        named: RuleName<'_>,
        own: &[AttributeDef],
    ) -> Result<Rule<Promotion>> {
        let plugin = self
            .app
            .plugins()
            .open_of::<Promotion>(tx, agency, named.digest)
            .await?;
        check_attributes(Promotion::description(&plugin), own)?;
        Ok(Rule {
            plugin,
            binding: named.binding.to_owned(),
            revision: named.revision,
            digest: named.digest.to_owned(),
            config: named.config.to_owned(),
            config_digest: canonical::digest(named.config),
            seed: seed(agency, &format!("{PROMOTION}/{}", named.binding)),
        })
    }

    /// A rule that is not in force, to be tried: the plugin opened, its settings checked.
    ///
    /// # Errors
    /// As [`Campaigns::rule`]; `bad_config`.
    pub(crate) async fn trial_rule(
        &self,
        agency: Uuid,
        tx: &mut Tx,
        binding: &str,
        digest: &str,
        config: &Value,
    ) -> Result<Rule<Promotion>> {
        let own = attributes::definitions(tx, agency).await?;
        let plugin = self.app.plugins().open_of::<Promotion>(tx, agency, digest).await?;
        let config = checked_config(Promotion::description(&plugin), config)?;
        let named = RuleName {
            binding,
            revision: 0,
            digest,
            config: &config,
        };
        self.rule(agency, tx, named, &own).await
    }

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
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
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
        self.rule(agency, &mut tx, RuleName::revision(key, &older), &own)
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
