//! Which rules are in force. Several may post; the binding `main` alone gives tiers.

use super::point::Loyalty as Point;
use super::{LOYALTY, MAIN};
use crate::Loyalty;
use crate::error::Result;
use crate::rules::point::{Rule, RuleName};
use crate::rules::{Activation, BindingView};
use crate::team::Caller;
use posthouse_domain::{Localized, Words};
use posthouse_engine::TierDef;
use posthouse_store::{Access, Tx, attributes, plugins};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

impl Loyalty<'_> {
    /// Puts a rule into force, for occasions from then on.
    ///
    /// # Errors
    /// A plugin that is not there or of another extension point; `bad_config`; `grant_needed`, `grant_not_allowed`, `unknown_fact`;
    /// `revision_changed` if `expected` is not the revision in force.
    pub async fn activate(
        &self,
        caller: &Caller,
        name: &str,
        activation: &Activation,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        self.app
            .bindings()
            .activate::<Point>(caller, name, activation, expected)
            .await
    }

    /// Puts an older rule back into force, for occasions from then on.
    ///
    /// # Errors
    /// [`crate::AppError::NotFound`]; `nothing_to_restore`; `revision_changed`.
    pub async fn roll_back(
        &self,
        caller: &Caller,
        name: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        self.app.bindings().roll_back::<Point>(caller, name, to, expected).await
    }

    /// Takes a rule out of force. What it posted and the tiers it gave stand.
    ///
    /// # Errors
    /// [`crate::AppError::NotFound`]; `revision_changed`.
    pub async fn end(&self, caller: &Caller, name: &str, expected: Option<i64>) -> Result<BindingView> {
        self.app.bindings().end::<Point>(caller, name, expected).await
    }
}

impl Loyalty<'_> {
    /// The tiers of the rule in force, lowest first, with what they are called.
    pub(super) async fn tiers_in_force(&self, tx: &mut Tx, agency: Uuid) -> Result<Vec<(String, Localized)>> {
        let tiers = self.defined(tx, agency).await?.into_iter();
        Ok(tiers.map(|tier| (tier.key, tier.title)).collect())
    }

    /// The tiers of the rule in force, the lowest first.
    pub(super) async fn defined(&self, tx: &mut Tx, agency: Uuid) -> Result<Vec<TierDef>> {
        let row = plugins::binding(tx, agency, LOYALTY, MAIN).await?;
        let Some(row) = row.filter(|row| !row.is_ended()) else {
            return Ok(Vec::new());
        };
        let own = attributes::definitions(tx, agency).await?;
        let rule = self
            .app
            .plugins()
            .rule::<Point>(tx, agency, RuleName::in_force(&row), &own)
            .await;
        // a plugin that does not open names nothing, and that is told elsewhere
        Ok(rule.map_or_else(|_| Vec::new(), |rule| rule.plugin.point().tiers().to_vec()))
    }
}

/// The rules that are asked, by their bindings; why not, of those that cannot be opened.
#[derive(Debug, Default)]
pub(super) struct InForce(BTreeMap<String, std::result::Result<Arc<Rule<Point>>, Words>>);

impl InForce {
    /// The rule of a binding, if one is in force.
    pub(super) fn named(&self, binding: &str) -> Option<&std::result::Result<Arc<Rule<Point>>, Words>> {
        self.0.get(binding)
    }

    /// The one that gives tiers.
    pub(super) fn main(&self) -> Option<&std::result::Result<Arc<Rule<Point>>, Words>> {
        self.named(MAIN)
    }

    /// Whether any of them is told facts.
    pub(super) fn read_facts(&self) -> bool {
        let mut open = self.0.values().flatten();
        open.any(|rule| !rule.plugin.description().facts.is_empty())
    }
}

impl Loyalty<'_> {
    /// The rules in force, opened.
    ///
    /// # Errors
    /// What will pass: a database or compiler that is busy.
    pub(super) async fn in_force(&self, agency: Uuid) -> Result<InForce> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = plugins::bindings(&mut tx, agency).await?;
        drop(tx);
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.extension_point == LOYALTY && !row.is_ended())
            .collect();
        // to open a plugin can take its compilation; no connection is held meanwhile
        let digests = rows.iter().map(|row| row.digest.clone()).collect();
        self.app.plugins().open_all(agency, digests).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let mut open = BTreeMap::new();
        for row in rows {
            let rule = self
                .app
                .plugins()
                .rule::<Point>(&mut tx, agency, RuleName::in_force(&row), &own)
                .await;
            let rule = match rule {
                Err(error) if error.will_pass() => return Err(error),
                Err(error) => Err(Words::of(&error)),
                Ok(rule) => Ok(Arc::new(rule)),
            };
            open.insert(row.name, rule);
        }
        Ok(InForce(open))
    }
}

/// The bindings whose rules are asked about occasions.
pub(super) async fn asked(tx: &mut Tx, agency: Uuid) -> Result<Vec<String>> {
    let rows = plugins::bindings(tx, agency).await?;
    let own = rows
        .into_iter()
        .filter(|row| row.extension_point == LOYALTY && !row.is_ended());
    Ok(own.map(|row| row.name).collect())
}
