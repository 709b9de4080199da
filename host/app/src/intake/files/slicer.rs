//! From rows to slices of records: the headers are found, sums and what was done are passed over.

use super::cells::{json, row_json};
use super::delimited::Table;
use super::headers::{self, Plan};
use super::left_out::Own;
use super::mapping::LAST_HEADER_ROW;
use super::notes::Sort;
use super::quotes::Shape;
use super::record::Understood;
use super::seen::Seen;
use super::slice::{Head, ReadRow, Slice, Slicing};
use super::unknown::only_adds_up;
use super::{ColumnUnit, RawRow, ReadError, UnderstoodColumn, refuse};
use crate::intake::pace;
use posthouse_domain::{Rejection, attribute, words};
use std::sync::Arc;

/// Bytes of cells landed together, in case rows are long.
const SLICE_BYTES: usize = 4 * 1024 * 1024;

/// Rows below the headers that may be noted; the rest need not ask.
const GLIMPSED: i64 = 16;

pub(super) struct Slicer<'s> {
    with: Slicing<'s>,
    /// Rows from the top, until the headers are found among them.
    top: Vec<RawRow>,
    found: Option<(Plan, Arc<Head>)>,
    /// The columns of attributes the agency has defined.
    own: Vec<Own>,
    shape: Option<Shape>,
    seen: i64,
    passed_over: i64,
    /// How many of them the slices sent so far know of.
    passed_over_sent: i64,
    rows: Vec<ReadRow>,
    bytes: usize,
    seen_before: Seen,
}

impl<'s> Slicer<'s> {
    pub(super) fn new(with: Slicing<'s>) -> Self {
        Self {
            with,
            top: Vec::new(),
            found: None,
            own: Vec::new(),
            shape: None,
            seen: 0,
            passed_over: 0,
            passed_over_sent: 0,
            rows: Vec::with_capacity(pace::ALONE),
            bytes: 0,
            seen_before: Seen::default(),
        }
    }

    /// Takes the next row of the file.
    pub(super) fn take(&mut self, row: RawRow) -> Result<(), ReadError> {
        // spreadsheets end their exports with rows of separators
        if row.is_blank() {
            return Ok(());
        }
        if self.found.is_some() {
            return self.data(row);
        }
        let wanted = self.with.mapping.header_row.map(|row| row.min(LAST_HEADER_ROW));
        let enough = match wanted {
            Some(wanted) => row.number >= wanted || (self.top.is_empty() && headers::is_error_file(&row)),
            None => {
                self.top.len() + 1 >= headers::SEARCHED
                    || headers::would_do(self.with.kind, self.with.mapping, self.with.defined, &row)
            }
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
                words!(
                    "the file has headers, but no rows below them; there is nothing to import",
                    "文件只有表头，下面没有数据行；没有可导入的内容"
                ),
            );
        }
        self.send()
    }

    fn begin(&mut self) -> Result<(), ReadError> {
        let mut top = std::mem::take(&mut self.top);
        let mut reading = self.with.reading.clone();
        // whoever has to say what the headers mean sees the rows that may have them
        let likely = headers::likeliest(self.with.kind, self.with.mapping, &top);
        reading.header_row = self
            .with
            .mapping
            .header_row
            .or(likely.map(|at| top[at].number))
            .unwrap_or(1);
        self.with.glimpse.borrow_mut().begin(reading.clone(), &top);
        let (at, plan) = headers::find(self.with.kind, self.with.mapping, self.with.defined, &top)?;
        reading.header_row = top[at].number;
        let own = self.with.terms.currency;
        let columns = plan.header.iter().zip(&plan.fields).zip(&plan.units);
        reading.columns = columns
            .filter_map(|((header, field), unit)| {
                let field = (*field)?.to_owned();
                let header = header.clone();
                let unit = ColumnUnit::of(unit.money, own);
                Some(UnderstoodColumn { header, field, unit })
            })
            .collect();
        let shown = (at, &plan.header[..plan.width()]);
        self.with.glimpse.borrow_mut().found(reading.clone(), &top, shown);
        let head = Head {
            header: json(&plan.header[..plan.width()]),
            ignored: json(&plan.ignored),
            reading: serde_json::to_string(&reading).unwrap_or_else(|_| "{}".into()),
        };
        let own = plan.own.iter().filter_map(|(index, key)| {
            let mut defined = self.with.defined.iter();
            let def = defined.find(|own| attribute::stored_key(&own.key) == *key)?.clone();
            let (index, key) = (*index, key.clone());
            Some(Own { index, key, def })
        });
        self.own = own.collect();
        let mut sorts: Vec<Sort> = plan.fields[..plan.header.len()]
            .iter()
            .map(|field| field.map_or(Sort::Words, Sort::of))
            .collect();
        for own in &self.own {
            sorts[own.index] = Sort::of_kind(own.def.kind);
        }
        self.shape = Some(Shape { sorts });
        self.found = Some((plan, Arc::new(head)));
        for row in top.drain(at + 1..) {
            self.data(row)?;
        }
        Ok(())
    }

    fn data(&mut self, row: RawRow) -> Result<(), ReadError> {
        let Some((plan, _)) = &self.found else { return Ok(()) };
        if plan.tells_of_others(&row) {
            return Ok(());
        }
        if self.seen + self.passed_over < GLIMPSED {
            self.with.glimpse.borrow_mut().note(&row);
        }
        if only_adds_up(plan, &row) {
            self.passed_over += 1;
            return Ok(());
        }
        self.seen += 1;
        let done = self.seen <= self.with.done;
        let read = self.with.record(plan, &self.own, &row, done, &mut self.seen_before);
        if done {
            return Ok(());
        }
        let width = plan.header.len();
        let missing = width.saturating_sub(row.count);
        let mark = (read.is_err() && self.with.reading.format == "csv" && missing > 0)
            .then(|| words!("{missing} missing", "缺 {missing} 个").to_stored());
        let cells = row_json(&row, plan, mark.as_deref());
        self.push(row.number, read, cells)
    }

    fn push(&mut self, row_no: i64, read: Result<Understood, Rejection>, cells: String) -> Result<(), ReadError> {
        self.bytes += cells.len();
        let (record, warnings, columns) = match read {
            Ok(row) => (Ok(row.record), row.warnings, row.columns),
            Err(rejection) => (Err(rejection), Vec::new(), Vec::new()),
        };
        self.rows.push(ReadRow {
            row_no,
            record,
            warnings,
            columns,
            cells,
        });
        if self.rows.len() >= self.with.pace.rows() || self.bytes > SLICE_BYTES {
            self.send()?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), ReadError> {
        // what was passed over behind the last row is told in a slice without any
        let nothing = self.rows.is_empty() && self.passed_over == self.passed_over_sent;
        let Some((_, head)) = self.found.as_ref().filter(|_| !nothing) else {
            return Ok(());
        };
        self.bytes = 0;
        self.passed_over_sent = self.passed_over;
        let slice = Slice {
            rows: std::mem::replace(&mut self.rows, Vec::with_capacity(pace::ALONE)),
            bytes_done: i64::try_from(self.with.furthest.get()).unwrap_or(i64::MAX),
            passed_over: self.passed_over,
            head: head.clone(),
        };
        self.with.slices.blocking_send(slice).map_err(|_| ReadError::Gone)
    }
}

impl Table for Slicer<'_> {
    fn row(&mut self, row: RawRow) -> Result<(), ReadError> {
        self.take(row)
    }

    fn broken(&mut self, row: RawRow, why: Rejection, mark: &str) -> Result<(), ReadError> {
        let Some((plan, _)) = &self.found else {
            // above the headers nothing matters, and the headers can do with a quote too many
            return self.take(row);
        };
        self.seen += 1;
        if self.seen <= self.with.done {
            return Ok(());
        }
        let cells = row_json(&row, plan, Some(mark));
        self.push(row.number, Err(why), cells)
    }

    fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }
}
