//! Cases: what somebody has to say, where it goes, by when it is answered, and the steps of its life. Pure; whoever keeps cases brings the time.
//!
//! ```text
//! new ─► assigned ─► investigating ⇄ waiting for customer │ supplier ─► proposed ─► resolved ─► closed
//!                                                              reopened ◄─┘   withdrawn
//! ```

pub mod asked;
mod clocks;
mod life;
mod placed;
mod said;
mod terms;
mod words;

pub use asked::{Booked, Case, Desk, Person};
pub use clocks::{CaseClock, Clocks, Happened, Hours, WARNINGS};
pub use life::{Refused, State, Step};
pub use placed::{Kept, MOST_HOPS, Objection, Placement, place};
pub use said::{Compensation, Escalation, Routing, TargetSet, check_compensation, check_routing};
pub use terms::{Limit, Statutory, Targets, Terms};
pub use words::{Cause, ClockKind, Kind, Liability, Phase, Remedy, Trigger};

/// The gravest severity, and the least grave one.
pub const SEVERITIES: std::ops::RangeInclusive<i32> = 1..=4;
