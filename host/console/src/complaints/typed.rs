//! What the forms of the room send, and what is answered.

use crate::door::Scripted;
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::once;
use crate::parts::dialog;
use crate::ui::Ui;
use posthouse_app::AppError;
use posthouse_domain::money::Currency;
use posthouse_domain::{Words, words};
use std::fmt::Display;

/// Where a form leads once it is carried out, with a line that says what was done; or what is wrong.
pub(super) fn done<T, S: Display>(
    result: Result<T, AppError>,
    scripted: Scripted,
    to: &str,
    ui: Ui,
    said: impl FnOnce(T) -> S,
) -> Answer {
    match result {
        Ok(made) => Ok(led(scripted, to, &Done::said(said(made)))),
        Err(error) if once::was_done(&error) => Ok(led(scripted, to, &Done::said(ui.say("complaints-done-before")))),
        Err(AppError::Conflict(why) | AppError::Denied(why)) => dialog::refused(AppError::Invalid(why), scripted, ui),
        Err(error) => dialog::refused(error, scripted, ui),
    }
}

pub(super) fn bad(detail: Words) -> AppError {
    AppError::invalid("bad_complaint", detail)
}

/// A text that may be left out.
pub(super) fn maybe(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An amount as it is typed, in the currency's own units.
pub(super) fn money(typed: &str, currency: Currency) -> Result<i64, AppError> {
    let digits: String = typed
        .chars()
        .filter(|sign| !matches!(sign, ',' | '，' | ' ' | '¥'))
        .collect();
    if digits.is_empty() {
        return Ok(0);
    }
    posthouse_domain::money::parse_major(&digits, currency)
        .map_err(|_| bad(words!("write the amount as 680.00", "金额请写成 680.00")))
}
