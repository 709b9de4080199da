//! A slice of a file, and what it takes to make one.

use super::cells::OneOfSeveral;
use super::dates::Epoch;
use super::glimpse::Glimpse;
use super::left_out::Warning;
use super::{Mapping, Reading};
use crate::intake::pace::Pace;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::row::FileKind;
use posthouse_domain::{AgencyTerms, Record, Rejection};
use std::cell::{Cell as Counter, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// Rows that are landed together.
pub(crate) struct Slice {
    pub(crate) rows: Vec<ReadRow>,
    /// Bytes of the file read for them and the rows before.
    pub(crate) bytes_done: i64,
    /// Rows so far that only add up the others; none of them is in a slice.
    pub(crate) passed_over: i64,
    /// What is known of the file since its headers were read.
    pub(crate) head: Arc<Head>,
}

impl Slice {
    /// The records of its rows, without the rows that are none.
    pub(crate) fn records(&self) -> Vec<&Record> {
        self.rows.iter().filter_map(|row| row.record.as_ref().ok()).collect()
    }
}

/// What the headers of a file told, each as JSON.
#[derive(Debug)]
pub(crate) struct Head {
    /// The header row.
    pub(crate) header: String,
    /// Headers not understood.
    pub(crate) ignored: String,
    /// The [`Reading`].
    pub(crate) reading: String,
}

/// A row that was read: a record, or why it is none.
pub(crate) struct ReadRow {
    /// Row of the file, the first being 1.
    pub(crate) row_no: i64,
    pub(crate) record: Result<Record, Rejection>,
    /// Cells that cannot be read, and without which the row lands; telephones of two people.
    pub(crate) warnings: Vec<Warning>,
    /// What stands in the columns of fields that have several.
    pub(crate) columns: Vec<OneOfSeveral>,
    /// The cells as a JSON list, for the error file; those beyond the headers joined to one.
    pub(crate) cells: String,
}

/// What a slicer has to know.
pub(super) struct Slicing<'s> {
    pub(super) kind: FileKind,
    pub(super) mapping: &'s Mapping,
    pub(super) terms: &'s AgencyTerms,
    /// The agency's own attributes.
    pub(super) defined: &'s [AttributeDef],
    pub(super) epoch: Epoch,
    /// How the file is read; the headers are still to be found.
    pub(super) reading: Reading,
    /// When the file came, which is when its customers became known.
    pub(super) now: i64,
    /// Rows that an earlier run has decided.
    pub(super) done: i64,
    /// How far into the file reading has come.
    pub(super) furthest: Rc<Counter<u64>>,
    /// Where its first rows are noted.
    pub(super) glimpse: Rc<RefCell<Glimpse>>,
    /// How many rows a slice is to have.
    pub(super) pace: &'s Pace,
    pub(super) slices: &'s tokio::sync::mpsc::Sender<Slice>,
}
