//! What the forms of the room send, and what is answered.

use crate::door::Scripted;
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::once;
use crate::parts::dialog;
use crate::ui::Ui;
use posthouse_app::AppError;
use posthouse_domain::time::parse_day;
use posthouse_domain::{Day, Words, words};
use serde::Deserialize;
use std::fmt::Display;

/// What somebody says with a yes or no.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    note: String,
}

impl Said {
    /// If there is anything to say.
    pub(super) fn note(&self) -> Option<&str> {
        Some(self.note.as_str()).filter(|note| !note.trim().is_empty())
    }
}

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
        Err(error) => refused(error, scripted, to, ui),
    }
}

/// What is wrong, in the dialog that was sent: also that it cannot be done as things stand. What was done before leads where it led then.
pub(super) fn refused(error: AppError, scripted: Scripted, to: &str, ui: Ui) -> Answer {
    if once::was_done(&error) {
        return Ok(led(scripted, to, &Done::said(ui.say("members-done-before"))));
    }
    match error {
        AppError::Conflict(why) | AppError::Denied(why) => dialog::refused(AppError::Invalid(why), scripted, ui),
        error => dialog::refused(error, scripted, ui),
    }
}

pub(super) fn bad(detail: Words) -> AppError {
    AppError::invalid("bad_adjustment", detail)
}

/// A number of points as it is typed; thousands may stand apart.
pub(super) fn points(typed: &str) -> Result<i64, AppError> {
    let digits: String = typed.chars().filter(|sign| !matches!(sign, ',' | '，' | ' ')).collect();
    let digits = digits.replace('−', "-");
    digits.parse().map_err(|_| {
        bad(words!(
            "points are a whole number, as 500, or -500 to take them away",
            "积分应为整数，如 500；扣减写 -500"
        ))
    })
}

pub(super) fn day(typed: &str) -> Result<Option<Day>, AppError> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let read = parse_day(typed.trim());
    read.map(Some)
        .ok_or_else(|| bad(words!("that is no day", "日期不正确")))
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn points_are_typed_as_people_write_them() {
        assert_eq!(points(" 1,500 ").ok(), Some(1_500));
        assert_eq!(points("−20").ok(), Some(-20));
        assert_eq!(points("-20").ok(), Some(-20));
        for wrong in ["", "many", "1.5", "--1", "9999999999999999999"] {
            assert!(points(wrong).is_err(), "{wrong}");
        }
    }
}
