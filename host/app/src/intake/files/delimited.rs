//! Text files: cells with commas, semicolons, tabs or bars between them.

use super::encoding::{Decoded, Found, detect};
use super::headers::MOST_COLUMNS;
use super::{Cause, Cell, Mapping, RawRow, ReadError, headers, refuse};
use posthouse_domain::Rejection;
use posthouse_domain::row::FileKind;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Longest row. A quote that is never closed would otherwise swallow the rest of the file.
const LONGEST_ROW: u64 = 1024 * 1024;
/// What may separate cells.
pub(super) const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// How much of the file is looked at to see which of them it is.
const SAMPLE: u64 = 64 * 1024;

/// How a text file is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) found: Found,
    pub(super) delimiter: char,
}

/// Finds out how the file is written.
pub(super) fn form(
    file: &mut (impl Read + Seek),
    kind: FileKind,
    mapping: &Mapping,
    cause: &Cause,
) -> Result<Form, ReadError> {
    let failed = || cause.or(|| Rejection::new("file_unreadable", "the file cannot be read; send it again"));
    let found = detect(file, mapping.encoding, failed)?;
    if let Some(delimiter) = mapping.delimiter {
        return Ok(Form { found, delimiter });
    }
    file.seek(SeekFrom::Start(found.mark)).map_err(|_| failed())?;
    let mut sample = Vec::new();
    Decoded::new(file.take(SAMPLE), found.encoding)
        .read_to_end(&mut sample)
        .map_err(|_| failed())?;
    // the one that gives headers which are understood, or else most cells; a comma if all are alike
    let mut best = (',', (0, 0));
    for delimiter in DELIMITERS {
        let rows = first_rows(&sample, delimiter);
        let understood = rows.iter().map(|row| headers::understood(kind, mapping, row)).max();
        let width = rows.first().map_or(0, |row| row.count);
        let score = (understood.unwrap_or(0), width);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    Ok(Form {
        found,
        delimiter: best.0,
    })
}

fn first_rows(sample: &[u8], delimiter: char) -> Vec<RawRow> {
    let mut rows = Vec::new();
    let mut reader = builder(delimiter).from_reader(sample);
    let mut record = csv::ByteRecord::new();
    while rows.len() < headers::SEARCHED && reader.read_byte_record(&mut record).unwrap_or(false) {
        rows.push(raw(&record, 0));
    }
    rows
}

fn builder(delimiter: char) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder
        .flexible(true)
        .has_headers(false)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','));
    builder
}

fn raw(record: &csv::ByteRecord, number: i64) -> RawRow {
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let mut cells: Vec<Cell> = record
        .iter()
        .take(MOST_COLUMNS)
        .map(|cell| Cell::text(text(cell)))
        .collect();
    if record.len() > MOST_COLUMNS {
        let rest: Vec<String> = record.iter().skip(MOST_COLUMNS).map(text).collect();
        cells.push(Cell::text(rest.join(",")));
    }
    RawRow {
        number,
        cells,
        count: record.len(),
    }
}

/// Gives every row to `each`.
pub(super) fn rows(
    mut file: impl Read + Seek,
    form: Form,
    cause: &Cause,
    each: &mut dyn FnMut(RawRow) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let unreadable = || Rejection::new("bad_csv", "the file is not CSV");
    file.seek(SeekFrom::Start(form.found.mark))
        .map_err(|_| cause.or(unreadable))?;
    let row_began = Rc::new(std::cell::Cell::new(0));
    let guarded = Guarded {
        text: Decoded::new(file, form.found.encoding),
        given: 0,
        row_began: row_began.clone(),
        cause: cause.clone(),
    };
    let mut reader = builder(form.delimiter).from_reader(guarded);
    let mut record = csv::ByteRecord::new();
    let mut number = 0;
    loop {
        row_began.set(reader.position().byte());
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                number += 1;
                each(raw(&record, number))?;
            }
            Err(error) => {
                return Err(cause.or(|| Rejection::new("bad_csv", format!("the file is not CSV: {error}"))));
            }
        }
    }
    if number == 0 {
        return refuse("file_empty", "the file has no rows; it needs a first row with headers");
    }
    Ok(())
}

/// Ends reading when a row gets too long.
struct Guarded<R> {
    text: Decoded<R>,
    given: u64,
    row_began: Rc<std::cell::Cell<u64>>,
    cause: Cause,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given.saturating_sub(self.row_began.get()) > LONGEST_ROW {
            let rejection = Rejection::new(
                "row_too_long",
                "a row is longer than 1 MiB; look for a quote that is opened and never closed",
            );
            return Err(self.cause.leave(ReadError::File(rejection)));
        }
        let count = self.text.read(buffer)?;
        self.given += count as u64;
        Ok(count)
    }
}
