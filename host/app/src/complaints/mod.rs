//! Complaints: what somebody has to say, who deals with it and by when, what puts it right.
//!
//! ```text
//! phone, form, API ─► opened ─► rule asked ─► desk, person, clocks ─► steps of staff and customer ─► resolved ─► closed
//!                                    ▲   clocks run: warned, breached, escalated ┘
//! ```
//!
//! The rule is asked outside of any transaction; what becomes of the case is written in one, in which it is as it was when the rule was asked. A rule that
//! fails leaves the default desk and the agency's own times: a case is never without a desk.

mod compensations;
mod crises;
mod facts;
mod file;
mod files;
mod health;
mod house;
mod insight;
mod open;
mod own;
pub(crate) mod point;
mod preview;
mod routing;
mod set_up;
mod steps;
#[cfg(test)]
mod tests;
mod timers;
mod view;

pub use compensations::{CompensationView, Promised};
pub use crises::{CRISIS_KINDS, CrisisFilter, CrisisStep, CrisisView, NewCrisis};
pub use files::{FileView, LARGEST_FILE};
pub use house::{CalendarView, DeskView, Seat};
pub use insight::{By, Report, ReportRow};
pub use open::{Contact, NewCase};
pub use own::OwnCase;
pub use preview::{Foreseen, PreviewRequest, PreviewView, Rerouted};
pub use routing::objection_in_words;
pub use set_up::WorkingTime;
pub use steps::{Deed, Links, Outcome, WaitFor};
pub use view::{CaseFilter, CaseView, ClockView, EntryView, Why};

pub(crate) use crises::InCrisis;
pub(crate) use facts::{Complained, Touches};
pub(crate) use timers::Clock;

use posthouse_store::complaints::CaseRow;

/// The extension point of rules that send cases to desks, in paths and tables.
pub const COMPLAINT_ROUTING: &str = "complaint-routing";
/// The binding whose rule decides.
pub const MAIN: &str = "main";
/// The kind of subjects of decisions, tasks and entries of the audit log that are cases.
pub const COMPLAINT: &str = "complaint";

/// What complaints have in common that may be joined: product and cause. None where either is not known, and of what is no complaint.
fn alike(row: &CaseRow) -> Option<String> {
    match (&row.product, &row.cause) {
        (Some(product), Some(cause)) if row.kind == "complaint" => {
            Some(format!("{cause} {}", posthouse_domain::normal::caseless(product)))
        }
        _ => None,
    }
}
