//! Opening a rule: one that is in force or was, or one that is to be tried.

use super::load::of_point;
use super::point::{Point, Rule, RuleName, check_attributes};
use super::settings::checked_config;
use crate::Plugins;
use crate::error::Result;
use posthouse_domain::attribute::AttributeDef;
use posthouse_engine::{Decider, Plugin};
use posthouse_store::{Access, Tx, attributes};
use serde_json::Value;
use uuid::Uuid;

impl Plugins<'_> {
    /// A rule, opened. `own` are the attributes that the agency has defined.
    ///
    /// # Errors
    /// A plugin that is not there, is of another extension point or reads facts the agency does not have.
    pub(crate) async fn rule<P: Point>(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        named: RuleName<'_>,
        own: &[AttributeDef],
    ) -> Result<Rule<P>> {
        let plugin = self.ready::<P>(tx, agency, named.digest, own).await?;
        Ok(Rule::new(agency, plugin, named))
    }

    /// The same for somebody who is about to put it into force: opened before their transaction, in which it is looked at again.
    ///
    /// # Errors
    /// As [`Plugins::rule`].
    pub(crate) async fn rule_ahead<P: Point>(&self, agency: Uuid, named: RuleName<'_>) -> Result<Rule<P>> {
        let plugin = of_point::<P>(self.open(agency, named.digest).await?)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rule = Rule::new(agency, plugin, named);
        still_decides(&mut tx, agency, &rule).await?;
        Ok(rule)
    }

    /// A rule that is not in force, to be tried: the plugin opened, its settings checked.
    ///
    /// # Errors
    /// As [`Plugins::rule`]; `bad_config`.
    pub(crate) async fn trial_rule<P: Point>(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        (binding, digest, config): (&str, &str, &Value),
        own: &[AttributeDef],
    ) -> Result<Rule<P>> {
        let plugin = self.ready::<P>(tx, agency, digest, own).await?;
        let named = RuleName {
            binding,
            revision: 0,
            digest,
            config: &checked_config(plugin.description(), config)?,
        };
        Ok(Rule::new(agency, plugin, named))
    }

    async fn ready<P: Point>(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        digest: &str,
        own: &[AttributeDef],
    ) -> Result<Decider<P::Engine>> {
        let plugin = self.open_of::<P>(tx, agency, digest).await?;
        check_attributes(plugin.description(), own)?;
        Ok(plugin)
    }
}

/// The rule of this name, of a plugin that is open. `own` are the attributes that the agency has defined.
///
/// # Errors
/// `wrong_extension_point`; a plugin that reads facts the agency does not have.
pub(crate) fn rule_of<P: Point>(
    agency: Uuid,
    plugin: Plugin,
    named: RuleName<'_>,
    own: &[AttributeDef],
) -> Result<Rule<P>> {
    let plugin = of_point::<P>(plugin)?;
    check_attributes(plugin.description(), own)?;
    Ok(Rule::new(agency, plugin, named))
}

/// Whether an open rule can decide in the state that the transaction sees.
///
/// # Errors
/// `unknown_fact` and `wrong_fact_kind`, if the agency has no such facts any more.
pub(crate) async fn still_decides<P: Point>(tx: &mut Tx, agency: Uuid, rule: &Rule<P>) -> Result<()> {
    let own = attributes::definitions(tx, agency).await?;
    check_attributes(rule.plugin.description(), &own)
}
