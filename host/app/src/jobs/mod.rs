//! Jobs and timers: work that falls due, in one table for every capability. A capability schedules a job in the transaction that makes
//! it necessary, and registers what its kind does. Hosts take what is due, sleep until the next, and do nothing for an agency that has
//! nothing due.
//!
//! ```text
//! put (with the change) ─► due ─► taken by one host, held ─► run ─► finished │ again later │ failed: pause, at last a dead letter
//! ```

mod kinds;
mod overview;
mod runner;
mod slots;
#[cfg(test)]
mod tests;
mod travel;

pub(crate) use kinds::{Done, Job, Kinds, Together};
pub use overview::{DeadJob, JobsView};
pub use posthouse_store::jobs::KindCount;
pub(crate) use posthouse_store::jobs::{
    JobClock, JobRow, Lane, NewJob, bring_forward, cancel, finish, finish_all, lock_own, next_due, put, put_all,
    stand_behind, wake,
};
pub use travel::{ClockMove, ClockMoved};
