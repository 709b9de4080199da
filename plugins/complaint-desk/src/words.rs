//! Causes by their names, and the words that tell of them.

use posthouse_sdk::prelude::*;

pub(crate) const CAUSES: [(&str, Cause); 9] = [
    ("service_failure", Cause::ServiceFailure),
    ("product", Cause::Product),
    ("information", Cause::Information),
    ("force_majeure", Cause::ForceMajeure),
    ("malicious", Cause::Malicious),
    ("price", Cause::Price),
    ("safety", Cause::Safety),
    ("refund", Cause::Refund),
    ("other", Cause::Other),
];

/// The cause of this name.
pub(crate) fn named(name: &str) -> Option<Cause> {
    CAUSES.iter().find(|(own, _)| *own == name).map(|(_, cause)| *cause)
}

/// The skill of the desk that deals with a cause: its name with hyphens.
pub(crate) fn skill(cause: Cause) -> &'static str {
    match cause {
        Cause::ServiceFailure => "service-failure",
        Cause::Product => "product",
        Cause::Information => "information",
        Cause::ForceMajeure => "force-majeure",
        Cause::Malicious => "malicious",
        Cause::Price => "price",
        Cause::Safety => "safety",
        Cause::Refund => "refund",
        Cause::Other => "other",
    }
}
