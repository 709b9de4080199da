//! Why a rule that is asked one case at a time decided as it did.

use crate::columns::Value;
use crate::decider::check_value;
use crate::description::{Argument, Description};
use crate::limits::Limits;
use crate::text::printable;
use posthouse_domain::{Words, words};

/// One of the rule's reasons, with what it tells of the one decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Because {
    /// Index into the reasons of the rule.
    pub reason: u16,
    /// The arguments, in the order in which the reason declares them.
    pub arguments: Vec<Value>,
}

impl Because {
    /// Passes a reason that there is, with the arguments it declares; `place` is where it stands in the answer.
    pub(crate) fn check(
        &mut self,
        place: &str,
        description: &Description,
        limits: &Limits,
    ) -> Result<(), (String, Words)> {
        let reasons = description.reasons.len();
        if usize::from(self.reason) >= reasons {
            let problem = words!(
                "is {reason}, there are {reasons} reasons",
                "为 {reason}，而理由只有 {reasons} 个",
                reason = self.reason
            );
            return Err((place.to_owned(), problem));
        }
        check_arguments(place, self.reason, &self.arguments, description)?;
        cut(&mut self.arguments, limits);
        Ok(())
    }
}

/// Passes the arguments that a reason declares.
pub(crate) fn check_arguments(
    place: &str,
    reason: u16,
    arguments: &[Value],
    description: &Description,
) -> Result<(), (String, Words)> {
    let Some(reason) = description.reasons.get(usize::from(reason)) else {
        return Ok(());
    };
    let field = |name: &str| format!("{place}.{name}");
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
    Ok(())
}

/// Cuts texts that people read in a sentence: one that is too long or cannot be seen is no reason to lose the answer.
pub(crate) fn cut(arguments: &mut [Value], limits: &Limits) {
    for value in arguments {
        if let Value::Text(text) = value {
            *text = printable(text, limits.reason_bytes);
        }
    }
}
