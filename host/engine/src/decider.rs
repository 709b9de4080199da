//! A rule that is asked one case at a time: the checks before a call and behind it.

use crate::columns::Value;
use crate::context::Context;
use crate::contract::Linked;
use crate::description::{Description, FactUse};
use crate::descriptor::Own;
use crate::fault::{Fault, LogLine, Usage};
use crate::identity::Identity;
use crate::point::Point;
use crate::problem::Problem;
use crate::refusal::Refusal;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, words};
use std::fmt;
use std::sync::Arc;

/// A plugin of the extension point `P`, ready to be called from any thread. Cheap to clone.
pub struct Decider<P>(Arc<Loaded<P>>);

struct Loaded<P> {
    identity: Identity,
    point: P,
}

/// The checked answer for one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided<A> {
    /// What the rule says.
    pub answer: A,
    /// What the call used.
    pub usage: Usage,
    /// What the guest logged.
    pub log: Vec<LogLine>,
}

impl<P> Clone for Decider<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Point> fmt::Debug for Decider<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.identity.debug(P::NAME, f)
    }
}

impl<P: Point> Decider<P> {
    pub(crate) fn load(linked: Linked, digest: String) -> Result<Self, Refusal> {
        let own = Own {
            reads_segments: true,
            reads_cases: P::READS_CASES,
            check: P::check_description,
        };
        let identity = Identity::ask(linked, digest, &own)?;
        let point = P::link(&identity.linked)?;
        Ok(Self(Arc::new(Loaded { identity, point })))
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.identity().digest
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.identity().description
    }

    /// What it declares besides its description.
    pub fn point(&self) -> &P {
        &self.0.point
    }

    /// As [`Plugin::validate`](crate::Plugin::validate).
    ///
    /// # Errors
    /// A [`Fault`] if it does not come to an answer.
    pub fn validate(&self, config: &str) -> Result<Vec<Problem>, Fault> {
        self.identity().validate(config)
    }

    /// Asks what the rule says to one case: `facts` are the declared ones in their declared order. Blocks until a place is free, then for at
    /// most the deadline, twice.
    ///
    /// # Errors
    /// A [`Fault`] with what the guest used and logged; nothing of the answer is usable then.
    pub fn decide(
        &self,
        context: &Context,
        subject: &P::Subject,
        facts: &[Value],
    ) -> Result<Decided<P::Answer>, Fault> {
        let Loaded { identity, point } = &*self.0;
        let (description, limits) = (&identity.description, identity.limits());
        check_call::<P>(description, context, subject, facts).map_err(Fault::host)?;
        let (answer, receipt) = point.call(&identity.linked, context, subject, facts)?;
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(problem) => return Err(Fault::refused(problem, limits, receipt)),
        };
        match P::check_answer(&mut answer, subject, description, limits) {
            Ok(()) => Ok(Decided {
                answer,
                usage: receipt.usage,
                log: receipt.log,
            }),
            Err((field, problem)) => Err(Fault::output(field, problem, receipt)),
        }
    }
}

/// A wrong call is the host's mistake; the guest must be able to trust bounds and order.
fn check_call<P: Point>(
    description: &Description,
    context: &Context,
    subject: &P::Subject,
    facts: &[Value],
) -> Result<(), Words> {
    P::check_subject(subject)?;
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
        return Err(words!(
            "a {point} gets no quantile tables",
            "扩展点 {point} 没有分位数表",
            point = P::NAME
        ));
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
pub(crate) fn check_value(value: &Value, kind: FactKind) -> Result<(), Words> {
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
