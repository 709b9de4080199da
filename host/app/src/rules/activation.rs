//! Putting a rule into force, an older one back, and taking it out of force: of points whose rules decide by themselves, one case at a time.

use super::bindings::{BindingView, check_binding_name, older_revision};
use super::grants::{reads, to_be_written};
use super::load::of_point;
use super::opening::still_decides;
use super::point::{Point, Rule, RuleName};
use super::pointer::{self, NewRule};
use crate::Bindings;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::words;
use posthouse_store::{Access, StoreError, campaigns, plugins as store};
use serde_json::Value;

/// What is to come into force.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// Facts granted beyond those granted before; `None` grants nothing new.
    pub grant: Option<Vec<String>>,
}

/// The code of a change to a binding that was changed before.
pub(crate) const REVISION_CHANGED: &str = "revision_changed";

/// Whether the revision a binding is at, 0 for none, is the expected one, if one is.
///
/// # Errors
/// `revision_changed`.
pub(crate) fn check_present(name: &str, expected: Option<i64>, present: i64) -> Result<()> {
    if expected.is_none_or(|expected| expected == present) {
        return Ok(());
    }
    let stands = match present {
        0 => words!("does not exist yet", "尚不存在"),
        revision => words!("is at revision {revision}", "当前为修订 {revision}"),
    };
    Err(AppError::conflict(
        REVISION_CHANGED,
        words!(
            "binding {name} {stands}; look at it again before changing it",
            "绑定 {name} {stands}；请重新读取后再修改"
        ),
    ))
}

impl Bindings<'_> {
    /// Puts a rule into force.
    ///
    /// # Errors
    /// `bad_name`; `wrong_extension_point`; `bad_config`; `grant_needed`, `grant_not_allowed`, `unknown_fact`; `revision_changed` if
    /// `expected` is not the revision in force.
    pub(crate) async fn activate<P: Point>(
        &self,
        caller: &Caller,
        name: &str,
        activation: &Activation,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        check_binding_name(name)?;
        let (agency, plugins) = (caller.room.id, self.app.plugins());
        let opened = plugins.open(agency, &activation.digest).await?;
        let plugin = of_point::<P>(opened.clone())?;
        let config = plugins.fitting(agency, &opened, &activation.config).await?;
        let named = RuleName {
            binding: name,
            revision: 0,
            digest: &activation.digest,
            config: &config,
        };
        let rule = Rule::<P>::new(agency, plugin, named);
        let grant = activation.grant.as_deref().unwrap_or_default();
        retrying!(self.try_activate(caller, &rule, grant, expected))?;
        self.get(caller, P::NAME, name).await
    }

    async fn try_activate<P: Point>(
        &self,
        caller: &Caller,
        rule: &Rule<P>,
        grant: &[String],
        expected: Option<i64>,
    ) -> Result<()> {
        let (agency, name) = (caller.room.id, rule.binding.as_str());
        let mut tx = self.app.idempotency().begin(caller).await?;
        // in order with everybody else who changes rules
        campaigns::next_version(&mut tx, agency).await?;
        let present = store::binding(&mut tx, agency, P::NAME, name).await?;
        check_present(name, expected, present.as_ref().map_or(0, |row| row.revision))?;
        still_decides(&mut tx, agency, rule).await?;
        let reads = reads(rule.plugin.description());
        let first = present.is_none();
        let granted = to_be_written(&mut tx, caller, (P::NAME, name), &reads, (grant, first)).await?;
        let new = NewRule {
            extension_point: P::NAME,
            name,
            digest: &rule.digest,
            config: &rule.config,
            cause: "activation",
            restores: None,
            by: Some(caller.actor),
            note: None,
            grant: &granted,
        };
        pointer::put_rule(self.app, &mut tx, agency, &new, self.app.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Puts an older revision back into force: `to`, or the one before the present.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `nothing_to_restore`; `revision_changed`.
    pub(crate) async fn roll_back<P: Point>(
        &self,
        caller: &Caller,
        name: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        retrying!(self.try_roll_back::<P>(caller, name, to, expected))?;
        self.get(caller, P::NAME, name).await
    }

    async fn try_roll_back<P: Point>(
        &self,
        caller: &Caller,
        name: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<()> {
        let (agency, plugins) = (caller.room.id, self.app.plugins());
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let older = older_revision(&mut tx, agency, P::NAME, name, to).await?;
        drop(tx);
        // to open a plugin can take its compilation; nobody waits for a lock meanwhile
        let rule = plugins
            .rule_ahead::<P>(agency, RuleName::revision(name, &older))
            .await?;
        let mut tx = self.app.idempotency().begin(caller).await?;
        campaigns::next_version(&mut tx, agency).await?;
        let row = pointer::find(&mut tx, agency, P::NAME, name).await?;
        check_present(name, expected, row.revision)?;
        if older_revision(&mut tx, agency, P::NAME, name, to).await?.revision != older.revision {
            return Err(StoreError::Overtaken.into());
        }
        still_decides(&mut tx, agency, &rule).await?;
        let new = NewRule {
            extension_point: P::NAME,
            name,
            digest: &older.digest,
            config: &older.config,
            cause: "rollback",
            restores: Some(older.revision),
            by: Some(caller.actor),
            note: None,
            grant: &[],
        };
        pointer::put_rule(self.app, &mut tx, agency, &new, self.app.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a rule out of force. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `revision_changed`.
    pub(crate) async fn end<P: Point>(
        &self,
        caller: &Caller,
        name: &str,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        retrying!(self.try_end::<P>(caller, name, expected))?;
        self.get(caller, P::NAME, name).await
    }

    async fn try_end<P: Point>(&self, caller: &Caller, name: &str, expected: Option<i64>) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        campaigns::next_version(&mut tx, agency).await?;
        let row = pointer::find(&mut tx, agency, P::NAME, name).await?;
        check_present(name, expected, row.revision)?;
        if !row.is_ended() {
            let new = NewRule {
                extension_point: P::NAME,
                name,
                digest: &row.digest,
                config: &row.config,
                cause: store::ENDING,
                restores: None,
                by: Some(caller.actor),
                note: None,
                grant: &[],
            };
            pointer::put_rule(self.app, &mut tx, agency, &new, self.app.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    }
}
