//! The first rows of a file as they stand there, for whoever says what its headers mean.

use super::headers::SEARCHED;
use super::meaning::LONGEST_HEADER;
use super::{RawRow, Reading};
use serde::{Deserialize, Serialize};

/// Rows below the headers.
const BELOW: usize = 3;
/// Most columns.
const COLUMNS: usize = 200;
/// Most characters of a row.
const CHARACTERS: usize = 8_000;

/// The first rows of a file, and how it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glimpse {
    /// How it is read. Of a file whose headers are not understood, the header row is the one of which most is.
    pub reading: Reading,
    /// Its rows: those above the headers, the headers, the first below them.
    pub rows: Vec<GlimpsedRow>,
}

/// A row as it stands in a file, its cells cut where they are long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlimpsedRow {
    /// Its place in the file, the first row being 1.
    pub number: i64,
    /// Its cells.
    pub cells: Vec<String>,
}

impl Glimpse {
    /// The rows among which the headers are looked for.
    pub(super) fn begin(&mut self, reading: Reading, top: &[RawRow]) {
        self.reading = reading;
        self.rows = top.iter().take(SEARCHED).map(GlimpsedRow::of).collect();
    }

    /// The headers are these, in this row of the top.
    pub(super) fn found(&mut self, reading: Reading, top: &[RawRow], (at, headers): (usize, &[String])) {
        self.reading = reading;
        let first = at.saturating_sub(SEARCHED - 1);
        self.rows = top[first..at].iter().map(GlimpsedRow::of).collect();
        let cells = cut(headers.iter().map(String::as_str));
        let number = top[at].number;
        self.rows.push(GlimpsedRow { number, cells });
    }

    /// A row below the headers.
    pub(super) fn note(&mut self, row: &RawRow) {
        let header = self.reading.header_row;
        let below = self.rows.iter().rev().take_while(|row| row.number > header).count();
        if below < BELOW {
            self.rows.push(GlimpsedRow::of(row));
        }
    }

    /// The headers, as far as they are shown.
    pub fn headers(&self) -> &[String] {
        let row = self.rows.iter().find(|row| row.number == self.reading.header_row);
        row.map_or(&[], |row| &row.cells)
    }

    /// The rows below the headers.
    pub fn below(&self) -> impl Iterator<Item = &GlimpsedRow> {
        self.rows.iter().filter(|row| row.number > self.reading.header_row)
    }
}

impl GlimpsedRow {
    fn of(row: &RawRow) -> Self {
        Self {
            number: row.number,
            cells: cut(row.cells.iter().map(|cell| cell.text.trim())),
        }
    }
}

/// As much of a row as is shown.
fn cut<'c>(cells: impl Iterator<Item = &'c str>) -> Vec<String> {
    let mut left = CHARACTERS;
    let cells = cells.take(COLUMNS).map(|cell| {
        let text: String = cell.chars().take(LONGEST_HEADER.min(left)).collect();
        left -= text.chars().count();
        text
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;

    fn row(number: i64, text: &str) -> RawRow {
        RawRow {
            number,
            cells: vec![Cell::text(text); 300],
            count: 300,
        }
    }

    #[test]
    fn the_headers_are_shown_with_what_is_around_them_within_bounds() {
        let reading = |header_row| Reading {
            header_row,
            ..Reading::default()
        };
        let top: Vec<RawRow> = (1..=40).map(|number| row(number, &format!("{number}"))).collect();
        let mut glimpse = Glimpse::default();
        glimpse.begin(reading(2), &top);
        let numbers = |glimpse: &Glimpse| glimpse.rows.iter().map(|row| row.number).collect::<Vec<_>>();
        assert_eq!(numbers(&glimpse), (1..=10).collect::<Vec<_>>());
        assert_eq!(glimpse.headers()[0], "2");
        glimpse.found(reading(30), &top, (29, &["30".to_owned()]));
        for row in &top[30..] {
            glimpse.note(row);
        }
        assert_eq!(numbers(&glimpse), (21..=33).collect::<Vec<_>>());
        assert_eq!(glimpse.headers(), ["30"], "without what an error file has behind them");
        assert_eq!(glimpse.below().map(|row| row.number).collect::<Vec<_>>(), [31, 32, 33]);
        let long = GlimpsedRow::of(&row(1, &"长".repeat(1_000)));
        assert_eq!(long.cells.len(), COLUMNS);
        assert_eq!(long.cells[0].chars().count(), LONGEST_HEADER);
        assert_eq!(long.cells.concat().chars().count(), CHARACTERS);
    }
}
