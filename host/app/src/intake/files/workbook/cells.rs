//! A workbook's values as the texts that its sheet shows.

use super::super::dates::{Epoch, from_serial};
use super::super::{Cell, CellKind};
use calamine::{Data, DataRef};

/// The cell of a value; `formula` is what the cell computes, if it does.
pub(super) fn cell(value: &DataRef<'_>, formula: Option<&str>, epoch: Epoch) -> Cell {
    match value {
        // what a formula gives is known only to the program that computes it
        DataRef::Empty => formula.map_or_else(Cell::default, |formula| Cell {
            text: format!("={}", formula.trim_start_matches('=')),
            kind: CellKind::Unsaved,
        }),
        DataRef::String(text) => Cell::text(text.as_str()),
        DataRef::SharedString(text) => Cell::text(*text),
        DataRef::Float(number) => plain(*number),
        DataRef::Int(number) => Cell::number(number.to_string()),
        DataRef::Bool(yes) => Cell::text(if *yes { "TRUE" } else { "FALSE" }),
        DataRef::DateTime(at) => dated(at.as_f64(), epoch),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text.as_str()),
        DataRef::Error(error) => Cell::text(error.to_string()),
    }
}

/// As [`cell`], for formats that are read whole.
pub(super) fn owned(value: &Data, formula: Option<&str>, epoch: Epoch) -> Cell {
    match value {
        Data::Empty => cell(&DataRef::Empty, formula, epoch),
        Data::String(text) => Cell::text(text.as_str()),
        Data::Float(number) => plain(*number),
        Data::Int(number) => Cell::number(number.to_string()),
        Data::Bool(yes) => cell(&DataRef::Bool(*yes), None, epoch),
        Data::DateTime(at) => dated(at.as_f64(), epoch),
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::text(text.as_str()),
        Data::Error(error) => Cell::text(error.to_string()),
    }
}

/// A number as it reads: as many digits as a spreadsheet shows; the rest is noise of its arithmetic.
fn plain(number: f64) -> Cell {
    if !number.is_finite() {
        return Cell::text(number.to_string());
    }
    let shown = if number.fract() == 0.0 {
        number
    } else {
        format!("{number:.14e}").parse().unwrap_or(number)
    };
    Cell::number(shown.to_string())
}

/// A number that its format shows as a date or a time.
fn dated(number: f64, epoch: Epoch) -> Cell {
    let Some(at) = from_serial(number, epoch) else {
        return plain(number);
    };
    let form = if number < 1.0 {
        "%H:%M:%S"
    } else if number.fract() == 0.0 {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    Cell::text(at.format(form).to_string())
}
