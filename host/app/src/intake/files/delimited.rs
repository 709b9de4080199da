//! Text files: cells with commas, semicolons, tabs or bars between them.
//!
//! The file is taken line by line, so that a quote gone astray costs the row it stands in and no other.

use super::encoding::{Decoded, Expected, Found, detect};
use super::headers::MOST_COLUMNS;
use super::quotes::{self, Shape, Verdict};
use super::{Cause, Cell, Mapping, RawRow, ReadError, headers, refuse, unreadable};
use posthouse_domain::row::FileKind;
use posthouse_domain::{Rejection, words};
use std::io::{Read, Seek, SeekFrom};

/// Longest line, and longest row of several lines: what is not closed by then never is.
const LONGEST_ROW: usize = 1024 * 1024;
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
    country: &str,
    cause: &Cause,
) -> Result<Form, ReadError> {
    let failed = || cause.or(unreadable);
    let found = detect(
        file,
        Expected {
            kind,
            country,
            forced: mapping.encoding,
        },
        failed,
    )?;
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
        rows.push(raw(record.iter(), 0));
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

fn raw<'c>(cells: impl ExactSizeIterator<Item = &'c [u8]>, number: i64) -> RawRow {
    let count = cells.len();
    let mut texts = cells.map(|cell| String::from_utf8_lossy(cell).into_owned());
    let mut row: Vec<Cell> = texts.by_ref().take(MOST_COLUMNS).map(Cell::text).collect();
    if count > MOST_COLUMNS {
        let rest: Vec<String> = texts.collect();
        // however many empty cells are nothing
        let blank = rest.iter().all(|text| text.trim().is_empty());
        row.push(Cell::text(if blank { String::new() } else { rest.join(",") }));
    }
    RawRow {
        number,
        cells: row,
        count,
    }
}

/// Who takes the rows of a text file.
pub(super) trait Table {
    /// Takes the next row.
    fn row(&mut self, row: RawRow) -> Result<(), ReadError>;

    /// Takes a row that cannot be right. `mark` says so in the error file, until it is mended.
    fn broken(&mut self, row: RawRow, why: Rejection, mark: &str) -> Result<(), ReadError>;

    /// What the table is like, once its headers are found.
    fn shape(&self) -> Option<&Shape>;
}

/// Gives every row to `table`.
pub(super) fn rows(
    mut file: impl Read + Seek,
    form: Form,
    cause: &Cause,
    table: &mut dyn Table,
) -> Result<(), ReadError> {
    file.seek(SeekFrom::Start(form.found.mark))
        .map_err(|_| cause.or(not_csv))?;
    let delimiter = u8::try_from(form.delimiter).unwrap_or(b',');
    let mut lines = Lines {
        text: Decoded::new(file, form.found.encoding),
        buffer: vec![0; 64 * 1024],
        ready: 0..0,
        cause: cause.clone(),
    };
    let mut assembly = Assembly {
        delimiter,
        cells: Cells::new(delimiter),
        text: Vec::new(),
        starts: Vec::new(),
        line: 1,
        number: 0,
        table,
    };
    loop {
        let begins = assembly.text.len();
        let Some(ended) = lines.next(&mut assembly.text)? else {
            return assembly.end();
        };
        assembly.line(begins, ended)?;
    }
}

/// A text as lines, each with its end: LF, CRLF or CR.
struct Lines<R> {
    text: Decoded<R>,
    buffer: Vec<u8>,
    ready: std::ops::Range<usize>,
    cause: Cause,
}

impl<R: Read> Lines<R> {
    /// Puts the next line behind `text`, and says whether it has an end of its own; `None` at the end of the file.
    fn next(&mut self, text: &mut Vec<u8>) -> Result<Option<bool>, ReadError> {
        let begins = text.len();
        loop {
            if self.ready.is_empty() && !self.fill()? {
                return Ok((text.len() > begins).then_some(false));
            }
            let ready = &self.buffer[self.ready.clone()];
            let end = ready.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.map_or(ready.len(), |end| end + 1);
            text.extend_from_slice(&ready[..taken]);
            self.ready.start += taken;
            if text.len() - begins > LONGEST_ROW {
                return refuse(
                    "row_too_long",
                    words!(
                        "a line is longer than 1 MiB; a table of text has a line for each row",
                        "有一行超过 1 MiB；文本表格应每条记录一行"
                    ),
                );
            }
            if end.is_none() {
                continue;
            }
            if text.last() == Some(&b'\r')
                && (!self.ready.is_empty() || self.fill()?)
                && self.buffer[self.ready.start] == b'\n'
            {
                text.push(b'\n');
                self.ready.start += 1;
            }
            return Ok(Some(true));
        }
    }

    fn fill(&mut self) -> Result<bool, ReadError> {
        let count = self.text.read(&mut self.buffer).map_err(|_| self.cause.or(not_csv))?;
        self.ready = 0..count;
        Ok(count > 0)
    }
}

/// The cells of a row, line by line.
struct Cells {
    parser: csv_core::Reader,
    text: Vec<u8>,
    length: usize,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    fn new(delimiter: u8) -> Self {
        Self {
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 4 * 1024],
            length: 0,
            ends: vec![0; 64],
            count: 0,
        }
    }

    fn clear(&mut self) {
        (self.length, self.count) = (0, 0);
    }

    /// Reads one more line; whether the row ends with it.
    fn feed(&mut self, mut line: &[u8]) -> bool {
        use csv_core::ReadRecordResult::{InputEmpty, OutputEndsFull, OutputFull};
        loop {
            let (text, ends) = (&mut self.text[self.length..], &mut self.ends[self.count..]);
            let (result, read, written, ended) = self.parser.read_record(line, text, ends);
            line = &line[read..];
            self.length += written;
            self.count += ended;
            match result {
                InputEmpty => return false,
                OutputFull => self.text.resize(2 * self.text.len(), 0),
                OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                _ => return true,
            }
        }
    }

    /// Forgets an open quote.
    fn reset(&mut self) {
        self.parser.reset();
        self.clear();
    }

    fn row(&self, number: i64) -> RawRow {
        let begins = |index: usize| if index == 0 { 0 } else { self.ends[index - 1] };
        raw(
            (0..self.count).map(|index| &self.text[begins(index)..self.ends[index]]),
            number,
        )
    }
}

/// Lines on their way to rows.
struct Assembly<'t> {
    delimiter: u8,
    cells: Cells,
    /// The lines of the row that has begun.
    text: Vec<u8>,
    /// Where each of them begins.
    starts: Vec<usize>,
    /// The number of the line that comes next, the first being 1.
    line: usize,
    /// Rows so far.
    number: i64,
    table: &'t mut dyn Table,
}

impl Assembly<'_> {
    /// Takes the line that was put behind the text; the file may end before the line does.
    fn line(&mut self, begins: usize, ended: bool) -> Result<(), ReadError> {
        if !ended {
            self.text.push(b'\n');
        }
        self.line += 1;
        if self.starts.is_empty() && is_blank(&self.text) {
            self.text.clear();
            return Ok(());
        }
        self.starts.push(begins);
        if self.cells.feed(&self.text[begins..]) {
            self.complete(ended)
        } else if self.text.len() > LONGEST_ROW {
            self.tear(false)
        } else {
            Ok(())
        }
    }

    fn end(mut self) -> Result<(), ReadError> {
        if !self.starts.is_empty() {
            self.tear(false)?;
        }
        if self.number == 0 {
            return refuse(
                "file_empty",
                words!(
                    "the file has no rows; it needs a first row with headers",
                    "文件没有任何行；第一行应为表头"
                ),
            );
        }
        Ok(())
    }

    /// Gives the row that has become complete.
    fn complete(&mut self, ended: bool) -> Result<(), ReadError> {
        let verdict = match self.starts.len() {
            1 => Verdict::Sound,
            _ => quotes::judge(&self.text, self.delimiter, self.table.shape(), self.cells.count),
        };
        match verdict {
            Verdict::Torn(_) => return self.tear(true),
            Verdict::Broken(at) => {
                let line = self.line_of(at);
                let row = self.next_row();
                self.table.broken(row, stray_quote(line), &stray())?;
            }
            Verdict::Sound => {
                let row = self.next_row();
                let width = self.table.shape().map_or(0, |shape| shape.sorts.len());
                if !ended && row.count < width {
                    self.table.broken(row, cut_off(self.line - 1), "cut off")?;
                } else {
                    self.table.row(row)?;
                }
            }
        }
        self.text.clear();
        self.starts.clear();
        Ok(())
    }

    fn next_row(&mut self) -> RawRow {
        self.number += 1;
        let row = self.cells.row(self.number);
        self.cells.clear();
        row
    }

    /// The number of the line in which a place of the text is.
    fn line_of(&self, at: usize) -> usize {
        let begun = self.starts.iter().filter(|start| **start <= at).count();
        self.line - self.starts.len() + begun - 1
    }

    /// Gives the row whose quote went astray up to the end of the line in which it opened, and reads the lines after it anew, each as a
    /// row. Only the last may go on into lines that are still to come, and only if the stray quote was `closed` there: no line is
    /// looked at more than three times.
    fn tear(&mut self, closed: bool) -> Result<(), ReadError> {
        let verdict = quotes::judge(&self.text, self.delimiter, self.table.shape(), self.cells.count);
        let (Verdict::Torn(at) | Verdict::Broken(at)) = verdict else {
            // an open quote is always found; the row is not lost if it is not
            let row = self.next_row();
            self.cells.reset();
            self.text.clear();
            self.starts.clear();
            return self.table.row(row);
        };
        let opened_in = self.line_of(at);
        let text = std::mem::take(&mut self.text);
        let starts = std::mem::take(&mut self.starts);
        let first = self.line - starts.len();
        let end_of = |index: usize| starts.get(index + 1).copied().unwrap_or(text.len());
        self.cells.reset();
        self.stray(&text[..end_of(opened_in - first)], at, opened_in)?;
        for index in opened_in - first + 1..starts.len() {
            let line = &text[starts[index]..end_of(index)];
            if is_blank(line) {
                continue;
            }
            let number = first + index;
            let closing = closed && index + 1 == starts.len();
            if self.cells.feed(line) {
                let row = self.next_row();
                let odd = |cell: &Cell| cell.text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
                if closing && row.cells.iter().any(odd) {
                    self.table.broken(row, stray_quote(number), &stray())?;
                } else {
                    self.table.row(row)?;
                }
            } else if closing {
                self.text.extend_from_slice(line);
                self.starts.push(0);
            } else {
                self.cells.reset();
                self.stray(line, quotes::open(line, self.delimiter), number)?;
            }
        }
        Ok(())
    }

    fn stray(&mut self, text: &[u8], at: usize, line: usize) -> Result<(), ReadError> {
        self.number += 1;
        let cells = quotes::loose(text, at, self.delimiter);
        let row = raw(cells.iter().map(String::as_bytes), self.number);
        self.table.broken(row, stray_quote(line), &stray())
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b'\n' | b'\r'))
}

fn not_csv() -> Rejection {
    Rejection::new("bad_csv", words!("the file is not CSV", "文件不是 CSV"))
}

/// What the error file has in its column `surplus` until the row is mended.
fn stray() -> String {
    words!("stray quote", "多余的引号").to_stored()
}

fn stray_quote(line: usize) -> Rejection {
    Rejection::new(
        "broken_quotes",
        words!(
            "a quotation mark in line {line} of the file opens a cell that does not end where it should; remove it, or write it twice. The lines after it were read as rows of their own",
            "文件第 {line} 行有一个引号，它开头的单元格没有正常结束；请删除该引号，或写两次。其后各行已按单独的行读取"
        ),
    )
}

fn cut_off(line: usize) -> Rejection {
    Rejection::new(
        "wrong_cell_count",
        words!(
            "the file ends in the middle of its last row, in line {line}; check that it was saved and sent whole",
            "文件在最后一行（第 {line} 行）中间断了；请检查文件是否完整保存和发送"
        ),
    )
}

#[cfg(test)]
#[path = "delimited_tests.rs"]
mod tests;
