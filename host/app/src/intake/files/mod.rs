//! From the bytes of a file to records: what kind of file it is, its rows, what its headers mean, and how its cells are spelt.
//!
//! A file is untrusted. Every reader here has bounds, and whatever is wrong with a file as a whole becomes one [`Rejection`].

mod cells;
pub(crate) mod chunks;
mod dates;
mod delimited;
mod draft;
mod encoding;
mod formats;
mod glimpse;
mod headers;
mod left_out;
mod mapped_units;
mod mapping;
mod meaning;
mod notes;
mod numbers;
mod quotes;
pub(crate) mod reader;
mod record;
mod seen;
mod slice;
mod slicer;
mod spelling;
mod synonyms;
mod traditional;
mod units;
mod unknown;
mod words;
pub mod workbook;

pub use draft::{MappingDraft, header_mark, means};
pub use glimpse::{Glimpse, GlimpsedRow};
pub(crate) use headers::{ERROR_COLUMNS, ROWS_LEFT_OUT, WARNING_COLUMNS};
pub use mapping::Mapping;

use crate::error::AppError;
use crate::sheet::Sheet;
use posthouse_domain::money::Currency;
use posthouse_domain::{Rejection, Words};
use posthouse_store::StoreError;
use posthouse_store::imports::ImportRow;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;

/// One cell as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) kind: CellKind,
}

/// What a cell is to the program that wrote the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Characters.
    #[default]
    Text,
    /// A number of a workbook, written plainly: digits with at most one decimal point.
    Number,
    /// A formula whose result was not saved; the text is the formula.
    Unsaved,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: CellKind::Text,
        }
    }

    pub(crate) fn number(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: CellKind::Number,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        self.kind == CellKind::Number
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// One row as it stands in the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawRow {
    /// Its place in the file, the first row being 1.
    pub(crate) number: i64,
    /// Its cells; those that no table has room for are joined to one.
    pub(crate) cells: Vec<Cell>,
    /// How many cells it has in the file.
    pub(crate) count: usize,
}

impl RawRow {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// How a file was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// `csv`, `xlsx`, `xlsb`, `xls` or `ods`.
    pub format: String,
    /// The encoding of a CSV file.
    pub encoding: Option<String>,
    /// What separates the cells of a CSV file.
    pub delimiter: Option<char>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// All sheets of the workbook.
    #[serde(default)]
    pub sheets: Vec<workbook::Sheet>,
    /// The row with the headers, the first row being 1.
    pub header_row: i64,
    /// The headers that are understood, with the field each is.
    pub columns: Vec<UnderstoodColumn>,
    /// Whether files about this one begin with a byte order mark, so that spreadsheet programs read them as UTF-8.
    #[serde(default)]
    pub(crate) marked: bool,
}

impl Reading {
    /// How the file of a job was read, as far as it was.
    pub(crate) fn of(job: &ImportRow) -> crate::error::Result<Self> {
        let read = job.reading.as_deref().map(serde_json::from_str).transpose();
        Ok(read.map_err(AppError::corrupt("reading"))?.unwrap_or_default())
    }

    /// A file about this one, in the way this one is written; what begins it has the mark.
    pub(crate) fn writer(&self, begins: bool) -> Sheet {
        let mark: &[u8] = if self.marked && begins { b"\xef\xbb\xbf" } else { b"" };
        let delimiter = self.delimiter.and_then(|c| u8::try_from(c).ok()).unwrap_or(b',');
        Sheet::new(delimiter, mark)
    }
}

/// A header and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderstoodColumn {
    /// The header as it stands in the file.
    pub header: String,
    /// The field.
    pub field: String,
    /// What its header says of the amounts below it, if it says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<ColumnUnit>,
}

/// In what the amounts of a column are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUnit {
    /// Each number is multiplied by ten this many times, or divided, if it is negative: 4 for 万, -2 for 分.
    pub tens: i32,
    /// The code of the currency, or the sign that stands for one of several.
    pub currency: Option<String>,
}

impl ColumnUnit {
    fn of(money: units::Money, own: Currency) -> Option<Self> {
        let named = |mark: units::Mark| {
            mark.means(own)
                .map_or_else(|| mark.sign.to_owned(), |currency| currency.to_string())
        };
        (money != units::Money::default()).then(|| Self {
            tens: money.tens,
            currency: money.mark.map(named),
        })
    }
}

/// Why reading ended early.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The file as a whole cannot be imported.
    File(Rejection),
    /// The database failed.
    Store(StoreError),
    /// Nobody listens any more.
    Gone,
}

impl From<Rejection> for ReadError {
    fn from(rejection: Rejection) -> Self {
        Self::File(rejection)
    }
}

/// Shorthand for a refusal of the whole file.
fn refuse<T>(code: &'static str, detail: Words) -> Result<T, ReadError> {
    Err(ReadError::File(Rejection::new(code, detail)))
}

/// The refusal of a file that broke off while it was read.
pub(super) fn unreadable() -> Rejection {
    Rejection::new(
        "file_unreadable",
        posthouse_domain::words!("the file cannot be read; send it again", "文件无法读取，请重新发送"),
    )
}

/// Where a reader below leaves the true cause of a failure, which the libraries above it only know as an IO error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause(Rc<RefCell<Option<ReadError>>>);

impl Cause {
    fn leave(&self, error: ReadError) -> std::io::Error {
        self.0.borrow_mut().get_or_insert(error);
        std::io::Error::other("the file cannot be read on")
    }

    /// The true cause, or else what the library says about the file.
    fn or(&self, otherwise: impl FnOnce() -> Rejection) -> ReadError {
        self.0
            .borrow_mut()
            .take()
            .unwrap_or_else(|| ReadError::File(otherwise()))
    }
}

/// A text of the file in a message: short, in quotes.
fn quote(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    format!("{short:?}")
}
