//! Workbooks: XLSX, XLSM, XLSB, XLS and ODS, read by a library in a child process.
//!
//! What a workbook unpacks to cannot be told from its size, and the library that reads it holds as much of it as the format demands. So it
//! runs in a child of the same binary with limits of its own, and the rows stream back. A workbook that passes the limits is refused; the
//! server never holds more than a row of it.

mod cells;
mod child;
mod frames;
mod parent;
mod short_cells;

pub use child::read;
pub use parent::Workbooks;

pub(super) use parent::{Workbook, named};

use super::dates::Epoch;
use serde::{Deserialize, Serialize};

/// What a child says of a workbook before its first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// `xlsx`, `xlsb`, `xls` or `ods`.
    pub(super) format: String,
    /// All sheets with cells, in the order of the workbook.
    pub(super) sheets: Vec<Sheet>,
    /// The one that is read.
    pub(super) sheet: String,
    /// Its days are counted from 1904.
    pub(super) from_1904: bool,
}

/// How archives and the containers of XLS begin.
const BEGINNINGS: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x05\x06", &[0xd0, 0xcf, 0x11, 0xe0]];

/// Whether a file that begins with these bytes is a workbook, if it is a table at all.
pub(crate) fn begins(first: &[u8]) -> bool {
    BEGINNINGS.iter().any(|beginning| first.starts_with(beginning))
}

impl Head {
    fn epoch(&self) -> Epoch {
        if self.from_1904 { Epoch::Y1904 } else { Epoch::Y1900 }
    }
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// It is not shown to who opens the workbook.
    pub hidden: bool,
}
