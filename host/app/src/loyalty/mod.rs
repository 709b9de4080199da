//! Loyalty: members, their points and tiers, by rules that an agency swaps.

pub(crate) mod point;
mod rules;

/// The extension point of loyalty rules in paths and tables.
pub const LOYALTY: &str = "loyalty";
