//! Service clocks: how much working time something has had, and by when it is due. Pure arithmetic; whoever keeps a clock tells it the time and the
//! calendar it goes by.
//!
//! A [`Calendar`] says when work is done: hours of the week on the wall clock of a zone, public holidays with the weekends that are worked in their
//! place, and the agency's own exceptions. A [`ServiceClock`] counts working minutes, stands still while the agency waits for others, and keeps what
//! it has counted when its target or its calendar changes. Times that the law sets are counted in days and never stand still.

mod calendar;
mod holidays;
mod service;

pub use calendar::{Calendar, Exception, Span, Week};
pub use holidays::{ANNOUNCED_UNTIL, Holidays};
pub use service::{ServiceClock, State, Target};
