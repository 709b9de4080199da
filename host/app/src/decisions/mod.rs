//! Decisions of rules that are asked one case at a time: which rule decides, what it is told, what it said, and asking it again.
//!
//! Every extension point but segmentation, which asks about everyone at once, goes this way:
//!
//! ```text
//! facts ([`known`]) ─► context ─► call ([`point`]) ─► check (engine) ─► guard (the capability) ─► commit, with the decision's row
//! ```

pub(crate) mod known;
pub(crate) mod point;
pub(crate) mod pointer;
pub(crate) mod promotion;
mod read;
mod replay;

pub use read::{DecisionFilter, DecisionView};
pub use replay::{Difference, Replay};

/// The extension point of campaigns' rules in paths and tables.
pub const PROMOTION: &str = <promotion::Promotion as point::Point>::NAME;
