//! What a promotion's rule proposes for a basket, and whether it may.

use crate::columns::Value;
use crate::decider::check_value;
use crate::description::{Argument, Description};
use posthouse_domain::promotion::Offer;
use posthouse_domain::{Words, words};

/// What a rule proposes: one offer a line at most, in the rule's order. None means that it proposes nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposed {
    /// The offers.
    pub offers: Vec<Offer>,
    /// The arguments of each offer's reason, in the order in which the reason declares them.
    pub arguments: Vec<Vec<Value>>,
}

/// Passes reasons that come with the arguments they declare.
pub(super) fn check_arguments(proposed: &Proposed, description: &Description) -> Result<(), (String, Words)> {
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
