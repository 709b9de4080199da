//! From rows to slices of records: the headers are found, what was done is passed over, cells are brought into one spelling.

use super::cells::{as_written, check_count, json, row_json};
use super::dates::Epoch;
use super::delimited::Table;
use super::headers::{self, Plan};
use super::left_out::{self, Own, Warning};
use super::mapping::LAST_HEADER_ROW;
use super::notes::{Sort, Unit};
use super::quotes::Shape;
use super::spelling::Spelling;
use super::unknown::{only_adds_up, says_nothing};
use super::{Cell, ColumnUnit, Mapping, RawRow, ReadError, Reading, UnderstoodColumn, refuse};
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::booking::BookingStatus;
use posthouse_domain::record::Body;
use posthouse_domain::row::{FileKind, LeftOut};
use posthouse_domain::{AgencyTerms, Record, Rejection, Words, words};
use std::borrow::Cow;
use std::cell::Cell as Counter;
use std::collections::{HashMap, HashSet};
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
    /// Cells that cannot be read, and without which the row lands.
    pub(crate) warnings: Vec<Warning>,
    /// The cells as a JSON list, for the error file; those beyond the headers joined to one.
    pub(crate) cells: String,
}

/// Bytes of cells landed together, in case rows are long.
const SLICE_BYTES: usize = 4 * 1024 * 1024;
/// Rows landed together: enough to share a transaction's costs, few enough that events land between them.
const SLICE: usize = 2_000;

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
    /// The columns of attributes the agency has defined.
    own: Vec<Own>,
    shape: Option<Shape>,
    seen: i64,
    passed_over: i64,
    /// How many of them the slices sent so far know of.
    passed_over_sent: i64,
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
            shape: None,
            seen: 0,
            passed_over: 0,
            passed_over_sent: 0,
            rows: Vec::with_capacity(SLICE),
            bytes: 0,
            repeats: Repeats::default(),
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
        let (at, plan) = headers::find(self.with.kind, self.with.mapping, self.with.defined, &top)?;
        let mut reading = self.with.reading.clone();
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
        if only_adds_up(plan, &row) {
            self.passed_over += 1;
            return Ok(());
        }
        self.seen += 1;
        let done = self.seen <= self.with.done;
        let read = self.with.record(plan, &self.own, &row, done, &mut self.repeats);
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

    fn push(
        &mut self,
        row_no: i64,
        read: Result<(Record, Vec<Warning>), Rejection>,
        cells: String,
    ) -> Result<(), ReadError> {
        self.bytes += cells.len();
        let (record, warnings) = match read {
            Ok((record, warnings)) => (Ok(record), warnings),
            Err(rejection) => (Err(rejection), Vec::new()),
        };
        self.rows.push(ReadRow {
            row_no,
            record,
            warnings,
            cells,
        });
        if self.rows.len() == SLICE || self.bytes > SLICE_BYTES {
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
            rows: std::mem::replace(&mut self.rows, Vec::with_capacity(SLICE)),
            bytes_done: i64::try_from(self.with.furthest.get()).unwrap_or(i64::MAX),
            passed_over: self.passed_over,
            head: head.clone(),
        };
        self.with.slices.blocking_send(slice).map_err(|_| ReadError::Gone)
    }
}

impl Slicing<'_> {
    /// The record of a row, with the cells that it lands without. Of rows that are done only the count is taken.
    fn record(
        &self,
        plan: &Plan,
        own: &[Own],
        row: &RawRow,
        done: bool,
        repeats: &mut Repeats,
    ) -> Result<(Record, Vec<Warning>), Rejection> {
        let width = plan.header.len();
        check_count(&self.reading, plan, row)?;
        let nothing = Cell::default();
        let told = |index: usize| -> Cow<'_, Cell> {
            let own = if index < width {
                row.cells.get(index).filter(|cell| !cell.is_blank())
            } else {
                plan.constants.get(index - width)
            };
            as_written(own.unwrap_or(&nothing))
        };
        let spelling = Spelling {
            mapping: self.mapping,
            terms: self.terms,
            epoch: self.epoch,
            now: self.now,
        };
        // where all columns of a field are empty, its constant speaks
        let cell_of = |index: usize, field: &str| -> Cow<'_, Cell> {
            let cell = told(index);
            let constant = || {
                self.mapping
                    .constants
                    .get(field)
                    .filter(|_| plan.places(field).all(|place| told(place).is_blank()))
            };
            match cell.is_blank().then(constant).flatten() {
                Some(constant) => Cow::Owned(Cell::text(constant)),
                None => cell,
            }
        };
        let place = |name: &str| plan.places(name).next();
        // the header of the amount says in which currency a row is that says nothing itself
        let priced = place("amount").or_else(|| place("cost"));
        let header_mark = priced.and_then(|index| plan.units[index].money.mark);
        let said = place("currency").map(|index| cell_of(index, "currency"));
        let currency = spelling.currency(said.as_deref(), header_mark);
        let refunded = || {
            let unit = Unit::default();
            let status = place("status").map(|index| spelling.read("status", unit, &cell_of(index, "status"), None));
            matches!(status, Some(Ok(status)) if status.eq_ignore_ascii_case(BookingStatus::Refunded.as_str()))
        };
        let mut cells = vec![String::new(); plan.fields.len()];
        let (mut unknown, mut warnings): (Vec<(usize, String)>, Vec<Warning>) = Default::default();
        for (index, field) in plan.fields.iter().enumerate() {
            let Some(field) = *field else {
                if index < width {
                    let header = &plan.header[index];
                    let cell = told(index);
                    cells[index] = match attribute::of_header(header) {
                        // kept whether or not it is defined; what cannot be read of it is left out, as of any optional cell
                        Some(_) => match spelling.read(header, plan.units[index], &cell, None) {
                            Ok(text) => text,
                            Err(why) if left_out::lands_without(header, &why) => {
                                warnings.push(Warning::new(plan, row, Some(index), header, why));
                                String::new()
                            }
                            Err(why) => return Err(why),
                        },
                        None => cell.text.clone(),
                    };
                }
                continue;
            };
            let cell = cell_of(index, field);
            let unit = plan.units.get(index).copied().unwrap_or_default();
            let says_nothing = says_nothing(field, &cell.text)
                // nothing was paid back, or everything? an empty cell means everything
                && !(matches!(field, "amount" | "amount_base") && refunded());
            if says_nothing {
                let constant = self.mapping.constants.get(field).map(Cell::text);
                let spelt = constant.map(|cell| spelling.read(field, Unit::default(), &cell, currency));
                unknown.push((index, spelt.transpose()?.unwrap_or_default()));
            }
            match spelling.read(field, unit, &cell, currency) {
                Ok(text) => cells[index] = text,
                Err(_) if says_nothing => {}
                Err(why) if left_out::lands_without(field, &why) => {
                    warnings.push(Warning::new(plan, row, Some(index), field, why));
                }
                Err(why) => return Err(why),
            }
        }
        if let (Some(index), Some(currency)) = (place("currency"), currency)
            && cells[index].is_empty()
            && currency != self.terms.currency
            && ["amount", "cost"]
                .iter()
                .any(|name| place(name).is_some_and(|place| !cells[place].is_empty()))
        {
            cells[index] = currency.to_string();
        }
        let cell = |index: usize| match unknown.iter().find(|(other, _)| *other == index) {
            Some((_, instead)) => instead.as_str(),
            None => cells.get(index).map_or("", String::as_str),
        };
        let own_id = place("external_id").is_some_and(|index| !cell(index).is_empty());
        let read = plan.layout.record(cell, "", self.now, self.terms);
        if let Ok((_, not_read)) = &read {
            // a row that comes again without the cells that it landed without is the same row
            for LeftOut { field, .. } in not_read {
                if let Some(index) = left_out::place(plan, field) {
                    cells[index].clear();
                }
            }
        }
        // rows without an id are told apart by their content and their count, so even rows that are done must be counted. Words that
        // say nothing are part of the content, as they were when they passed for values
        let content_id = if own_id {
            String::new()
        } else {
            let mut hash = plan
                .layout
                .content_hash(|index| cells.get(index).map_or("", String::as_str));
            hash.truncate(32);
            let count = repeats.count(&hash);
            format!("{hash}-{count}")
        };
        if done {
            return Err(Rejection::new("done", Words::default()));
        }
        let (mut record, not_read) = read?;
        if !own_id {
            if let Body::Booking(booking) = &mut record.body
                && booking.booking_id.is_empty()
            {
                booking.booking_id.clone_from(&content_id);
            }
            record.external_id = content_id;
        }
        for LeftOut { field, why } in not_read {
            warnings.push(Warning::new(plan, row, left_out::place(plan, &field), &field, why));
        }
        // after the hash, which may not change because an attribute is defined later
        record.attributes.retain_mut(|value| {
            let Some(Own { index, key, def }) = own.iter().find(|own| own.key == value.key) else {
                return true;
            };
            match left_out::own_attribute(&spelling, plan, *index, def, &told(*index)) {
                Ok(spelt) => value.value = spelt,
                Err(why) => {
                    warnings.push(Warning::new(plan, row, Some(*index), key, why));
                    return false;
                }
            }
            !value.value.is_empty()
        });
        if let Some(source) = &self.mapping.source {
            record.source.clone_from(source);
        }
        left_out::settle(&mut warnings, &record, own_id);
        Ok((record, warnings))
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
