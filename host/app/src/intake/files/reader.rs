//! Reading a kept file row by row, with flat memory, from where the job stands.

use super::chunks::Chunks;
use super::dates::Epoch;
use super::slice::Slicing;
use super::slicer::Slicer;
use super::workbook::{self, Workbook, Workbooks, named};
use super::{Cause, Glimpse, Mapping, ReadError, Reading, delimited, refuse, unreadable};
use crate::intake::pace::Pace;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::row::FileKind;
use posthouse_domain::{AgencyTerms, words};
use posthouse_store::Store;
use posthouse_store::imports::ImportRow;
use std::cell::RefCell;
use std::io::{Read, Seek, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use super::slice::{ReadRow, Slice};

/// A file to be read in a blocking thread.
pub(crate) struct Source {
    pub(crate) store: Store,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) terms: AgencyTerms,
    /// The agency's own attributes.
    pub(crate) defined: Vec<AttributeDef>,
    pub(crate) job: ImportRow,
    pub(crate) kind: FileKind,
    /// How workbooks are read.
    pub(crate) workbooks: Workbooks,
    pub(crate) pace: Arc<Pace>,
}

impl Source {
    /// Sends the rows after those done already. Whatever becomes of that, the first rows of the file are told.
    pub(crate) fn read(self, slices: &tokio::sync::mpsc::Sender<Slice>) -> (Result<(), ReadError>, Glimpse) {
        let glimpse = Rc::new(RefCell::new(Glimpse::default()));
        let read = self.read_rows(slices, &glimpse);
        (read, glimpse.take())
    }

    fn read_rows(
        self,
        slices: &tokio::sync::mpsc::Sender<Slice>,
        glimpse: &Rc<RefCell<Glimpse>>,
    ) -> Result<(), ReadError> {
        let mapping = self.job.mapping.as_deref();
        let mapping = mapping.map_or_else(|| Ok(Mapping::default()), |text| Mapping::parse(self.kind, text))?;
        let cause = Cause::default();
        let file = Chunks::new(self.store.clone(), self.runtime.clone(), &self.job, cause.clone());
        let furthest = file.furthest();
        let with = |reading: Reading, epoch: Epoch| Slicing {
            kind: self.kind,
            mapping: &mapping,
            terms: &self.terms,
            defined: &self.defined,
            epoch,
            reading,
            now: self.job.created_at,
            done: self.job.rows_done,
            furthest,
            glimpse: glimpse.clone(),
            pace: &self.pace,
            slices,
        };
        read(
            file,
            self.kind,
            &mapping,
            &self.terms.country,
            &self.workbooks,
            &cause,
            with,
        )
    }
}

/// Finds out what kind of file it is and reads it.
fn read<'s>(
    mut file: impl Read + Seek,
    kind: FileKind,
    mapping: &Mapping,
    country: &str,
    workbooks: &Workbooks,
    cause: &Cause,
    with: impl FnOnce(Reading, Epoch) -> Slicing<'s>,
) -> Result<(), ReadError> {
    let mut first = Vec::new();
    let failed = |_| cause.or(unreadable);
    (&mut file).take(16).read_to_end(&mut first).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    if workbook::begins(&first) {
        let book = Workbook::open(workbooks, file, mapping.sheet.as_deref(), cause)?;
        let reading = book.reading();
        // the whole file has been copied by now, and reading begins
        let with = with(reading.clone(), book.epoch());
        let furthest = with.furthest.clone();
        furthest.set(0);
        let mut slicer = Slicer::new(with);
        let read = book.rows(&|bytes| furthest.set(bytes), &mut |row| slicer.take(row));
        return read
            .and_then(|()| slicer.finish())
            .map_err(|error| named(error, &reading));
    }
    let start = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first).trim_ascii_start();
    let other = if start.starts_with(b"%PDF") {
        Some(words!("a PDF document", " PDF 文档"))
    } else if start.starts_with(b"<") {
        Some(words!(
            "a web page or XML, whatever its name says",
            "网页或 XML，文件名不算数"
        ))
    } else if start.starts_with(b"{\\rtf") {
        Some(words!("a text document (RTF)", "文本文档（RTF）"))
    } else {
        None
    };
    if let Some(other) = other {
        let detail = words!(
            "the file is {other}; open it in a spreadsheet program and save the table as XLSX or CSV",
            "文件是{other}；请用表格软件打开，把表格另存为 XLSX 或 CSV"
        );
        return refuse("file_not_a_table", detail);
    }
    let form = delimited::form(&mut file, kind, mapping, country, cause)?;
    let reading = Reading {
        format: "csv".into(),
        encoding: Some(form.found.encoding.name().to_owned()),
        delimiter: Some(form.delimiter),
        // a spreadsheet program that wrote anything but plain UTF-8 reads a file back only with a mark
        marked: form.found.mark > 0 || form.found.encoding != encoding_rs::UTF_8,
        ..Reading::default()
    };
    let mut slicer = Slicer::new(with(reading, Epoch::default()));
    delimited::rows(file, form, cause, &mut slicer)?;
    slicer.finish()
}
