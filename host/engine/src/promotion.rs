//! The extension point `promotion`: what a rule proposes for a basket, checked before anybody uses it.

use crate::columns::Value;
use crate::context::Context;
use crate::contract::Promotion;
use crate::description::{Argument, Description, FactUse};
use crate::fault::{Fault, LogLine, Usage};
use crate::identity::Identity;
use crate::problem::Problem;
use crate::proposed::Proposed;
use crate::text::printable;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::promotion::{self, Basket};
use posthouse_domain::{Words, words};
use std::fmt;
use std::sync::Arc;

/// The checked answer for one basket.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// What the rule proposes.
    pub proposed: Proposed,
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

    /// As [`Plugin::validate`](crate::Plugin::validate).
    ///
    /// # Errors
    /// A [`Fault`] if it does not come to an answer.
    pub fn validate(&self, config: &str) -> Result<Vec<Problem>, Fault> {
        let Loaded { identity, contract } = &*self.0;
        identity.validate(&**contract, config)
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
        let mut proposed = match answer {
            Ok(proposed) => proposed,
            Err(problem) => return Err(Fault::refused(problem, limits, receipt)),
        };
        let checked = promotion::check(&proposed.offers, basket.lines.len(), description.reasons.len())
            .and_then(|()| check_arguments(&proposed, description));
        if let Err((field, problem)) = checked {
            return Err(Fault::output(field, problem, receipt));
        }
        // people read them in a sentence, where a text that is too long or cannot be seen is no reason to lose the offer
        for value in proposed.arguments.iter_mut().flatten() {
            if let Value::Text(text) = value {
                *text = printable(text, limits.reason_bytes);
            }
        }
        Ok(Evaluated {
            proposed,
            usage: receipt.usage,
            log: receipt.log,
        })
    }
}

/// Passes reasons that come with the arguments they declare.
fn check_arguments(proposed: &Proposed, description: &Description) -> Result<(), (String, Words)> {
    for (place, (offer, arguments)) in proposed.offers.iter().zip(&proposed.arguments).enumerate() {
        let Some(reason) = description.reasons.get(usize::from(offer.reason)) else {
            continue;
        };
        let field = |name: &str| format!("offers[{place}].reason.{name}");
        let declared = &reason.arguments;
        if arguments.len() != declared.len() {
            let problem = words!(
                "{found} arguments, the reason {code:?} has {declared}",
                "有 {found} 个参数，理由 {code:?} 应有 {declared} 个",
                found = arguments.len(),
                code = reason.code,
                declared = declared.len()
            );
            return Err((field("arguments"), problem));
        }
        for (value, Argument { name, kind }) in arguments.iter().zip(declared) {
            check_value(value, *kind).map_err(|problem| (field(name), problem))?;
        }
    }
    Ok(())
}

/// A wrong call is the host's mistake; the guest must be able to trust bounds and order.
fn check_call(description: &Description, context: &Context, basket: &Basket, facts: &[Value]) -> Result<(), Words> {
    basket.check().map_err(|rejection| rejection.detail)?;
    let declared = &description.facts;
    if facts.len() != declared.len() {
        return Err(words!(
            "{facts} facts for {declared} declared ones",
            "声明了 {declared} 个事实，却有 {facts} 个",
            facts = facts.len(),
            declared = declared.len()
        ));
    }
    for (value, fact) in facts.iter().zip(declared) {
        check_fact(value, fact)
            .map_err(|problem| words!("fact {key}: {problem}", "事实 {key}：{problem}", key = fact.key))?;
    }
    if !context.quantiles.is_empty() {
        return Err(words!("a promotion gets no quantile tables", "促销没有分位数表"));
    }
    Ok(())
}

fn check_fact(value: &Value, fact: &FactUse) -> Result<(), Words> {
    match value {
        Value::Null if fact.nullable => Ok(()),
        Value::Null => Err(words!(
            "is unknown, the plugin does not expect that",
            "未知，而插件没有预料到"
        )),
        value => check_value(value, fact.kind),
    }
}

/// Passes a value that can be one of this kind, and is known.
fn check_value(value: &Value, kind: FactKind) -> Result<(), Words> {
    let name = kind.as_str();
    match (value, kind) {
        (Value::Int(value), FactKind::Count | FactKind::Day) if i32::try_from(*value).is_err() => Err(words!(
            "{value} is outside of what a {name} can be",
            "{value} 超出 {name} 的范围"
        )),
        (Value::Number(value), FactKind::Number) if !value.is_finite() => {
            Err(words!("{value} is not a number", "{value} 不是数字"))
        }
        (Value::Int(_), FactKind::Count | FactKind::Day | FactKind::Money)
        | (Value::Number(_), FactKind::Number)
        | (Value::Flag(_), FactKind::Flag)
        | (Value::Text(_), FactKind::Text) => Ok(()),
        _ => Err(words!("the value is not one of a {name}", "值不是 {name} 类型")),
    }
}
