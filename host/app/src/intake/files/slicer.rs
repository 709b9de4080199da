//! From rows to slices of records: the headers are found, what was done is passed over, cells are brought into one spelling.

use super::dates::Epoch;
use super::headers::{self, Plan};
use super::mapping::LAST_HEADER_ROW;
use super::spelling::Spelling;
use super::{Cell, Mapping, RawRow, ReadError, Reading, UnderstoodColumn, refuse};
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::row::FileKind;
use posthouse_domain::{AgencyTerms, Record, Rejection};
use std::cell::Cell as Counter;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Rows that are landed together.
pub(crate) struct Slice {
    pub(crate) rows: Vec<ReadRow>,
    /// Bytes of the file read for them and the rows before.
    pub(crate) bytes_done: i64,
    /// What is known of the file since its headers were read.
    pub(crate) head: Arc<Head>,
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
    /// The cells as a JSON list, for the error file; those beyond the headers joined to one.
    pub(crate) cells: String,
}

/// Bytes of cells landed together, in case rows are long.
const SLICE_BYTES: usize = 4 * 1024 * 1024;
/// Rows landed together: enough to share a transaction's costs, few enough that events land between them.
const SLICE: usize = 500;

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
    pub(super) slices: &'s tokio::sync::mpsc::Sender<Slice>,
}

pub(super) struct Slicer<'s> {
    with: Slicing<'s>,
    /// Rows from the top, until the headers are found among them.
    top: Vec<RawRow>,
    found: Option<(Plan, Arc<Head>)>,
    /// The columns of attributes the agency has defined: place, key of the values, kind.
    own: Vec<(usize, String, FactKind)>,
    seen: i64,
    rows: Vec<ReadRow>,
    bytes: usize,
    repeats: Repeats,
}

impl<'s> Slicer<'s> {
    pub(super) fn new(with: Slicing<'s>) -> Self {
        Self {
            with,
            top: Vec::new(),
            found: None,
            own: Vec::new(),
            seen: 0,
            rows: Vec::with_capacity(SLICE),
            bytes: 0,
            repeats: Repeats::default(),
        }
    }

    /// Takes the next row of the file.
    pub(super) fn take(&mut self, row: RawRow) -> Result<(), ReadError> {
        let width = self.found.as_ref().map(|(plan, _)| plan.header.len());
        // spreadsheets end their exports with rows of separators
        if row.is_blank() && width.is_none_or(|width| row.count <= width) {
            return Ok(());
        }
        if width.is_some() {
            return self.data(row);
        }
        let wanted = self.with.mapping.header_row.map(|row| row.min(LAST_HEADER_ROW));
        let enough = match wanted {
            Some(wanted) => row.number >= wanted,
            None => self.top.len() + 1 >= headers::SEARCHED,
        };
        self.top.push(row);
        if enough { self.begin() } else { Ok(()) }
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<(), ReadError> {
        if self.found.is_none() {
            self.begin()?;
        }
        if self.seen == 0 {
            return refuse(
                "no_rows",
                "the file has headers, but no rows below them; there is nothing to import",
            );
        }
        self.send()
    }

    fn begin(&mut self) -> Result<(), ReadError> {
        let mut top = std::mem::take(&mut self.top);
        let (at, plan) = headers::find(self.with.kind, self.with.mapping, &top)?;
        let mut reading = self.with.reading.clone();
        reading.header_row = top[at].number;
        let columns = plan.header.iter().zip(&plan.fields);
        reading.columns = columns
            .filter_map(|(header, field)| {
                let field = (*field)?.to_owned();
                let header = header.clone();
                Some(UnderstoodColumn { header, field })
            })
            .collect();
        let head = Head {
            header: json(&plan.header),
            ignored: json(&plan.ignored),
            reading: serde_json::to_string(&reading).unwrap_or_else(|_| "{}".into()),
        };
        let own = plan.header.iter().enumerate().filter_map(|(index, header)| {
            let key = attribute::of_header(header)?;
            let mut defined = self.with.defined.iter();
            let kind = defined.find(|own| attribute::stored_key(&own.key) == key)?.kind;
            Some((index, key, kind))
        });
        self.own = own.collect();
        self.found = Some((plan, Arc::new(head)));
        for row in top.drain(at + 1..) {
            self.data(row)?;
        }
        Ok(())
    }

    fn data(&mut self, row: RawRow) -> Result<(), ReadError> {
        self.seen += 1;
        let done = self.seen <= self.with.done;
        let Some((plan, _)) = &self.found else { return Ok(()) };
        let record = self.with.record(plan, &self.own, &row, done, &mut self.repeats);
        if done {
            return Ok(());
        }
        let cells = row_json(&row, plan.header.len());
        self.bytes += cells.len();
        self.rows.push(ReadRow {
            row_no: row.number,
            record,
            cells,
        });
        if self.rows.len() == SLICE || self.bytes > SLICE_BYTES {
            self.send()?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), ReadError> {
        let Some((_, head)) = self.found.as_ref().filter(|_| !self.rows.is_empty()) else {
            return Ok(());
        };
        self.bytes = 0;
        let slice = Slice {
            rows: std::mem::replace(&mut self.rows, Vec::with_capacity(SLICE)),
            bytes_done: i64::try_from(self.with.furthest.get()).unwrap_or(i64::MAX),
            head: head.clone(),
        };
        self.with.slices.blocking_send(slice).map_err(|_| ReadError::Gone)
    }
}

impl Slicing<'_> {
    /// The record of a row. Of rows that are done only the count is taken.
    fn record(
        &self,
        plan: &Plan,
        own: &[(usize, String, FactKind)],
        row: &RawRow,
        done: bool,
        repeats: &mut Repeats,
    ) -> Result<Record, Rejection> {
        let width = plan.header.len();
        // a workbook's row ends with its last filled cell, and notes may stand beside the table
        if self.reading.format == "csv" && row.count != width {
            let detail = format!(
                "row {} has {} cells, the row with the headers has {width}; look for a missing or an extra {} or quote",
                row.number,
                row.count,
                match self.reading.delimiter {
                    Some(',') | None => "comma",
                    Some(';') => "semicolon",
                    Some('\t') => "tab",
                    Some(_) => "bar",
                }
            );
            return Err(Rejection::new("wrong_cell_count", detail));
        }
        let nothing = Cell::default();
        let told = |index: usize| -> &Cell {
            let own = if index < width {
                row.cells.get(index).filter(|cell| !cell.is_blank())
            } else {
                plan.constants.get(index - width)
            };
            own.unwrap_or(&nothing)
        };
        // where a column is empty, its constant speaks
        let constant = |field: &str| self.mapping.constants.get(field).map(Cell::text);
        let spelling = Spelling {
            mapping: self.mapping,
            terms: self.terms,
            epoch: self.epoch,
        };
        let cell_of = |index: usize, field: &str| -> Cell {
            let cell = told(index);
            let fallback = || constant(field).unwrap_or_default();
            if cell.is_blank() { fallback() } else { cell.clone() }
        };
        let place = |name: &str| plan.fields.iter().position(|field| *field == Some(name));
        let currency = place("currency").map(|index| cell_of(index, "currency"));
        let mut cells = vec![String::new(); plan.fields.len()];
        for (index, field) in plan.fields.iter().enumerate() {
            if let Some(field) = field {
                cells[index] = spelling.read(field, &cell_of(index, field), currency.as_ref())?;
            } else if index < width {
                cells[index].clone_from(&told(index).text);
            }
        }
        let cell = |index: usize| cells.get(index).map_or("", String::as_str);
        let own_id = place("external_id").is_some_and(|index| !cell(index).is_empty());
        // rows without an id are told apart by their content and their count, so even rows that are done must be counted
        let content_id = if own_id {
            String::new()
        } else {
            let mut hash = plan.layout.content_hash(cell);
            hash.truncate(32);
            let count = repeats.count(&hash);
            format!("{hash}-{count}")
        };
        if done {
            return Err(Rejection::new("done", "decided before"));
        }
        let mut record = plan.layout.record(cell, &content_id, self.now, self.terms)?;
        // after the hash, which may not change because an attribute is defined later
        for value in &mut record.attributes {
            if let Some((index, _, kind)) = own.iter().find(|(_, key, _)| *key == value.key) {
                value.value = spelling.attribute(&plan.header[*index], *kind, told(*index))?;
            }
        }
        if let Some(source) = &self.mapping.source {
            record.source.clone_from(source);
        }
        Ok(record)
    }
}

/// How often each content was seen, with nine bytes for each that was seen once. Two contents may share a key, once in billions of
/// rows; the second then has the count 2, the next time as well, which is all that matters.
#[derive(Default)]
struct Repeats {
    once: HashSet<u64>,
    more: HashMap<u64, u32>,
}

impl Repeats {
    fn count(&mut self, hash: &str) -> u32 {
        let key = hash
            .get(..16)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .unwrap_or(0);
        if self.once.insert(key) {
            return 1;
        }
        let count = self.more.entry(key).or_insert(1);
        *count += 1;
        *count
    }
}

fn json(cells: &[String]) -> String {
    serde_json::to_string(cells).unwrap_or_else(|_| "[]".into())
}

/// The cells of a row, those beyond the headers joined to one.
fn row_json(row: &RawRow, width: usize) -> String {
    let mut cells: Vec<String> = row.cells.iter().map(|cell| cell.text.clone()).collect();
    if cells.len() > width {
        let surplus = cells.split_off(width).join(",");
        cells.push(surplus);
    }
    json(&cells)
}
