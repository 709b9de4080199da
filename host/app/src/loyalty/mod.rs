//! Loyalty: members, their points and tiers, by rules that an agency swaps.
//!
//! ```text
//! booking lands ─► noted ─► followed: occasions, refunds, activations ─► rule asked ─► posted, tier ─► facts
//! the day turns ─► lots become active or are over ─► tier
//! ```
//!
//! A rule is asked outside of any transaction; what it says is written in one, in which the member is as they were when it was asked. Who fails
//! waits and is asked again, and then is for review: an occasion is never lost and never posts twice.

mod facts;
mod follow;
mod members;
pub(crate) mod point;
mod programme;
mod rules;
mod settle;
mod sheet;
mod statement;
#[cfg(test)]
mod tests;
mod turn;

pub use members::{Balances, Expiring, MemberView, NextTierView, TierView};
pub use programme::{Enrol, Programme};
pub use statement::{Line, Statement, Sums};

pub(crate) use facts::Standing;
pub(crate) use follow::Follow;

/// The extension point of loyalty rules in paths and tables.
pub const LOYALTY: &str = "loyalty";
/// The binding whose rule gives tiers.
pub const MAIN: &str = "main";
