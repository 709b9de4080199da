//! What a promotion's rule proposes for a basket.

use crate::columns::Value;
use posthouse_domain::promotion::Offer;

/// What a rule proposes: one offer a line at most, in the rule's order. None means that it proposes nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposed {
    /// The offers.
    pub offers: Vec<Offer>,
    /// The arguments of each offer's reason, in the order in which the reason declares them.
    pub arguments: Vec<Vec<Value>>,
}
