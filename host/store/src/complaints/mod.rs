//! Cases: what somebody had to say, what happened to it, who deals with it and by when.

mod cases;
mod crises;
mod desks;
mod entries;
mod figures;

pub use cases::{CaseRow, Wanted, all_alike, case, cases, due_first, latest, numbered, put, since, states};
pub use crises::{CrisisRow, crises, crisis, crisis_numbered, crisis_of, products_in_crisis, put_crisis};
pub use desks::{CalendarRow, DeskRow, calendars, desks, next_number, put_calendar, put_desk, put_terms, terms};
pub use entries::{
    CompensationRow, EntryRow, FileRow, compensation, compensations, compensations_waiting, content,
    decide_compensation, entries, files, insert_compensations, insert_entries, insert_file,
};
pub use figures::{CountedRow, LoadRow, ReportedRow, alike, counted, loads, reported};
