//! The extension point `promotion`: what a rule proposes for a basket, checked before anybody uses it.

use crate::columns::Value;
use crate::context::Context;
use crate::contract::Promotion;
use crate::description::{Description, FactUse};
use crate::fault::{Fault, LogLine, Usage};
use crate::plugin::Identity;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::promotion::{self, Basket, Offer};
use std::fmt;
use std::sync::Arc;

/// The checked answer for one basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// What the rule proposes: one offer a line at most, in the rule's order. None means that it proposes nothing.
    pub offers: Vec<Offer>,
    /// What the call used.
    pub usage: Usage,
    /// What the guest logged.
    pub log: Vec<LogLine>,
}

/// A promotion rule, ready to be called from any thread. Cheap to clone.
#[derive(Clone)]
pub struct PromotionPlugin(Arc<Loaded>);

struct Loaded {
    identity: Identity,
    contract: Box<dyn Promotion>,
}

impl fmt::Debug for PromotionPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.identity.debug("PromotionPlugin", f)
    }
}

impl PromotionPlugin {
    pub(crate) fn new(identity: Identity, contract: Box<dyn Promotion>) -> Self {
        Self(Arc::new(Loaded { identity, contract }))
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.identity.digest
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.0.identity.description
    }

    /// Asks what the rule proposes for one basket: `facts` are the declared ones in their declared order. The guest is not told what
    /// things cost the agency. Blocks until a place is free, then for at most the deadline, twice.
    ///
    /// # Errors
    /// A [`Fault`] with what the guest used and logged; nothing of the answer is usable then.
    pub fn evaluate(&self, context: &Context, basket: &Basket, facts: &[Value]) -> Result<Evaluated, Fault> {
        let Loaded { identity, contract } = &*self.0;
        let Identity {
            description, limits, ..
        } = identity;
        check_call(description, context, basket, facts).map_err(Fault::host)?;
        let (answer, receipt) = contract.evaluate(context, basket, facts)?;
        let offers = match answer {
            Ok(offers) => offers,
            Err(message) => return Err(Fault::refused(&message, limits.refusal_bytes, receipt)),
        };
        if let Err((field, problem)) = promotion::check(&offers, basket.lines.len(), description.reasons.len()) {
            return Err(Fault::output(field, problem, receipt));
        }
        Ok(Evaluated {
            offers,
            usage: receipt.usage,
            log: receipt.log,
        })
    }
}

/// A wrong call is the host's mistake; the guest must be able to trust bounds and order.
fn check_call(description: &Description, context: &Context, basket: &Basket, facts: &[Value]) -> Result<(), String> {
    basket.check().map_err(|rejection| rejection.detail.en)?;
    let declared = &description.facts;
    if facts.len() != declared.len() {
        return Err(format!("{} facts for {} declared ones", facts.len(), declared.len()));
    }
    for (value, fact) in facts.iter().zip(declared) {
        check_fact(value, fact).map_err(|problem| format!("fact {}: {problem}", fact.key))?;
    }
    if !context.quantiles.is_empty() {
        return Err("a promotion gets no quantile tables".into());
    }
    Ok(())
}

fn check_fact(value: &Value, fact: &FactUse) -> Result<(), String> {
    let kind = fact.kind.as_str();
    match (value, fact.kind) {
        (Value::Null, _) if fact.nullable => Ok(()),
        (Value::Null, _) => Err("is unknown, the plugin does not expect that".into()),
        (Value::Int(value), FactKind::Count | FactKind::Day) if i32::try_from(*value).is_err() => {
            Err(format!("{value} is outside of what a {kind} can be"))
        }
        (Value::Number(value), FactKind::Number) if !value.is_finite() => Err(format!("{value} is no number")),
        (Value::Int(_), FactKind::Count | FactKind::Day | FactKind::Money)
        | (Value::Number(_), FactKind::Number)
        | (Value::Flag(_), FactKind::Flag)
        | (Value::Text(_), FactKind::Text) => Ok(()),
        _ => Err(format!("the value is not one of a {kind}")),
    }
}
