//! Complaints: cases with what happens to them, who deals with them and by when, and what puts things right.

mod attachments;
mod cases;
mod compensations;
mod crises;
mod desks;
mod preview;
mod report;
mod steps;

use super::calls::Calls;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};

pub(super) fn routes() -> Calls {
    Calls::new()
        .merge(cases::routes())
        .merge(steps::routes())
        .merge(attachments::routes())
        .merge(compensations::routes())
        .merge(desks::routes())
        .merge(crises::routes())
        .merge(preview::routes())
        .merge(report::routes())
}

/// Calls whose answers hold codes and are never kept.
pub(super) fn secret_routes() -> Calls {
    compensations::secret_routes()
}

/// Largest file of a case, with what is around it, in bytes.
pub(super) const FILE_BYTES: usize = posthouse_app::complaints::LARGEST_FILE + posthouse_web::uploads::ENVELOPE;

/// Calls that take files.
pub(super) fn file_routes() -> Calls {
    attachments::file_routes()
}

/// One of the values that a field has.
///
/// # Errors
/// `bad_complaint`, with the values there are.
fn one_of<T: Copy>(field: &str, text: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Answer<T> {
    all.iter().copied().find(|one| name(*one) == text).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        Problem::unprocessable(
            "bad_complaint",
            words!(
                "{field} {shown:?} is not known; use {known}",
                "{field} {shown:?} 无法识别；可用 {known}",
                shown = posthouse_web::shown(text),
                known = known.join(", ")
            ),
        )
    })
}

/// The same of a field that may be left out.
fn maybe_one_of<T: Copy>(
    field: &str,
    text: Option<&str>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Answer<Option<T>> {
    text.map(|text| one_of(field, text, all, name)).transpose()
}
