//! Rules: what every extension point shares. Which plugin decides under which name and with which settings, asking it, what it was told and
//! said, asking it again, and what happens when it fails. No extension point is named here: a capability registers its own as a `Point`.
//!
//! ```text
//! facts ─► context ─► call (`point`) ─► check (engine) ─► guard (the capability) ─► commit, with the decision's row
//! ```

pub(crate) mod activation;
pub(crate) mod aside;
pub(crate) mod bindings;
pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod call;
mod decisions;
mod diff;
pub(crate) mod grants;
pub(crate) mod load;
pub(crate) mod log;
pub(crate) mod opening;
mod openings;
pub(crate) mod plugins;
pub(crate) mod point;
pub(crate) mod pointer;
pub(crate) mod preview;
mod quota;
mod replay;
pub(crate) mod settings;
pub(crate) mod words;

pub use activation::Activation;
pub use aside::{SetAside, Why};
pub use bindings::{BindingView, RevisionView};
pub use decisions::{DecisionFilter, DecisionView};
pub use diff::{ClassChange, Diff, MoveCount};
pub use log::LogEntry;
pub use plugins::PluginView;
pub use replay::{Difference, Replay};
pub use words::Reason;

pub(crate) use activation::{REVISION_CHANGED, check_present};
pub(crate) use call::{Moment, at_once, in_pool, in_turn};
pub(crate) use log::{Logbook, keep_log};
pub(crate) use openings::Openings;
pub(crate) use replay::Points;
