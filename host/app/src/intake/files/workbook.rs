//! Workbooks (XLSX): the rows of one sheet, one after the other.
//!
//! The sheet is streamed; only the texts that its cells share are held, closely packed. Formulas are not computed and macros not run:
//! what is read is what the spreadsheet program saved as their results.

use super::dates::{Epoch, from_serial};
use super::headers::MOST_COLUMNS;
use super::xml::{Xml, attribute, bad, reference};
use super::{Cause, Cell, RawRow, ReadError, quote, refuse};
use posthouse_domain::Rejection;
use quick_xml::events::{BytesStart, Event};
use std::cell::Cell as Counter;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;
use zip::ZipArchive;

#[path = "workbook_parts.rs"]
mod parts;

/// Most bytes of an archive's list of contents: some ten thousand entries.
const MOST_CONTENTS: u64 = 4 * 1024 * 1024;
/// Most bytes of the texts that cells share.
const MOST_TEXTS: u64 = 256 * 1024 * 1024;
/// Most bytes of the parts that describe the workbook.
const MOST_DESCRIPTION: u64 = 16 * 1024 * 1024;
/// Most bytes of a sheet; a million rows with thirty columns have less.
const MOST_SHEET: u64 = 4 * 1024 * 1024 * 1024;
/// A part may be so many times as long as it is packed, beyond what is always allowed. Honest sheets stay below 40.
const MOST_RATIO: u64 = 100;
const ALWAYS_ALLOWED: u64 = 64 * 1024 * 1024;
/// Rows and columns of the format itself.
const LAST_ROW: i64 = 1_048_576;
const LAST_COLUMN: usize = 16_384;

/// A workbook that was opened.
pub(super) struct Workbook<R: Read + Seek> {
    archive: ZipArchive<Limited<R>>,
    packed: u64,
    /// Name of the sheet.
    pub(super) sheet: String,
    part: String,
    pub(super) epoch: Epoch,
    dates: Vec<bool>,
    texts: parts::Texts,
    cause: Cause,
}

impl<R: Read + Seek> Workbook<R> {
    /// Opens the sheet with this name, or the first one that is not hidden.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn open(mut file: R, sheet: Option<&str>, cause: &Cause) -> Result<Self, ReadError> {
        let packed = file.seek(SeekFrom::End(0)).map_err(|error| cause.or(|| bad(error)))?;
        let left = Rc::new(Counter::new(MOST_CONTENTS));
        let limited = Limited {
            file,
            left: left.clone(),
        };
        let archive = ZipArchive::new(limited).map_err(|error| cause.or(|| bad(error)))?;
        left.set(u64::MAX);
        let mut book = Self {
            archive,
            packed,
            sheet: String::new(),
            part: String::new(),
            epoch: Epoch::default(),
            dates: Vec::new(),
            texts: parts::Texts::default(),
            cause: cause.clone(),
        };
        if book.name("xl/workbook.xml").is_none() {
            let detail = if book.name("xl/workbook.bin").is_some() {
                "the file is a binary workbook (XLSB), which is not read; save it as XLSX or CSV"
            } else {
                "the file is an archive, but no workbook (XLSX); unpack it, or save the table as XLSX or CSV"
            };
            return refuse("file_not_a_table", detail);
        }
        let contents = book.read_part("xl/workbook.xml", parts::contents)?.unwrap_or_default();
        book.epoch = contents.epoch;
        let targets = book
            .read_part("xl/_rels/workbook.xml.rels", parts::targets)?
            .unwrap_or_default();
        let sheets: Vec<(&parts::Sheet, &String)> = contents
            .sheets
            .iter()
            .filter_map(|sheet| Some((sheet, targets.get(&sheet.relation)?)))
            .filter(|(_, target)| target.to_ascii_lowercase().contains("worksheets/"))
            .collect();
        let found = match sheet {
            Some(wanted) => sheets.iter().find(|(sheet, _)| sheet.name.trim() == wanted.trim()),
            None => sheets.iter().find(|(sheet, _)| !sheet.hidden).or(sheets.first()),
        };
        let Some((found, target)) = found else {
            let names: Vec<String> = sheets.iter().take(30).map(|(sheet, _)| quote(&sheet.name)).collect();
            let wanted = sheet.map_or_else(|| "a sheet".to_owned(), |name| format!("the sheet {}", quote(name)));
            return refuse(
                "sheet_missing",
                format!(
                    "the workbook does not have {wanted}; its sheets are {}",
                    names.join(", ")
                ),
            );
        };
        (book.sheet, book.part) = (found.name.clone(), parts::path(target));
        book.dates = book.read_part("xl/styles.xml", parts::dates)?.unwrap_or_default();
        book.texts = book
            .read_part("xl/sharedStrings.xml", parts::Texts::read)?
            .unwrap_or_default();
        Ok(book)
    }

    /// The name of a part as the archive spells it.
    fn name(&self, wanted: &str) -> Option<String> {
        let names = self.archive.file_names().filter_map(Result::ok);
        names
            .into_iter()
            .find(|name| name.eq_ignore_ascii_case(wanted))
            .map(|name| name.into_owned())
    }

    fn read_part<T>(
        &mut self,
        wanted: &str,
        read: impl FnOnce(&mut Xml<'_>) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let Some(name) = self.name(wanted) else { return Ok(None) };
        let most = if wanted.ends_with("sharedStrings.xml") {
            MOST_TEXTS
        } else if wanted == self.part {
            MOST_SHEET
        } else {
            MOST_DESCRIPTION
        };
        let cause = self.cause.clone();
        let mut part = self.archive.by_name(&name).map_err(|error| cause.or(|| bad(error)))?;
        let honest = part.compressed_size().min(self.packed).saturating_mul(MOST_RATIO);
        read(&mut Xml::new(&mut part, most.min(honest.max(ALWAYS_ALLOWED)), &cause)).map(Some)
    }

    /// Gives every row that is not empty to `each`.
    pub(super) fn rows(mut self, each: &mut dyn FnMut(RawRow) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let (texts, dates) = (std::mem::take(&mut self.texts), std::mem::take(&mut self.dates));
        let (part, epoch) = (self.part.clone(), self.epoch);
        let read = self.read_part(&part, |xml| {
            let mut sheet = SheetRows {
                texts: &texts,
                dates: &dates,
                epoch,
                row: RawRow::default(),
                column: 0,
                kind: String::new(),
                dated: false,
                value: String::new(),
                collecting: false,
                phonetic: false,
            };
            sheet.read(xml, each)
        })?;
        read.ok_or_else(|| ReadError::File(bad("its sheet is missing")))
    }
}

/// The state of reading a sheet.
struct SheetRows<'b> {
    texts: &'b parts::Texts,
    dates: &'b [bool],
    epoch: Epoch,
    row: RawRow,
    /// Where the next cell stands, from 0.
    column: usize,
    kind: String,
    dated: bool,
    value: String,
    collecting: bool,
    phonetic: bool,
}

impl SheetRows<'_> {
    fn read(
        &mut self,
        xml: &mut Xml<'_>,
        each: &mut dyn FnMut(RawRow) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    b"row" => self.begin_row(&tag)?,
                    b"c" => self.begin_cell(&tag)?,
                    b"v" | b"t" => self.collecting = !self.phonetic,
                    b"rPh" => self.phonetic = true,
                    _ => {}
                },
                Event::Empty(tag) => match tag.local_name().as_ref() {
                    b"row" => self.begin_row(&tag)?,
                    b"c" => {
                        self.begin_cell(&tag)?;
                        self.column += 1;
                    }
                    _ => {}
                },
                Event::Text(text) if self.collecting => {
                    let text = text.xml10_content().map_err(|e| ReadError::File(bad(e)))?;
                    self.value.push_str(&text);
                }
                Event::CData(text) if self.collecting => {
                    let text = text.xml10_content().map_err(|e| ReadError::File(bad(e)))?;
                    self.value.push_str(&text);
                }
                Event::GeneralRef(entity) if self.collecting => {
                    self.value.push_str(&reference(&entity).unwrap_or_default());
                }
                Event::End(tag) => match tag.local_name().as_ref() {
                    b"v" | b"t" => self.collecting = false,
                    b"rPh" => self.phonetic = false,
                    b"c" => self.end_cell()?,
                    b"row" => {
                        let number = self.row.number;
                        let mut row = std::mem::take(&mut self.row);
                        row.count = row.cells.len();
                        self.row.number = number;
                        if !row.is_blank() {
                            each(row)?;
                        }
                    }
                    b"sheetData" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(bad("its sheet ends too early").into()),
                _ => {}
            }
        }
    }

    fn begin_row(&mut self, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        let number = match attribute(tag, "r") {
            Some(number) => number.parse().ok(),
            None => Some(self.row.number + 1),
        };
        let number = number.filter(|number| (1..=LAST_ROW).contains(number));
        let number = number.ok_or_else(|| ReadError::File(bad("a row has no sensible number")))?;
        self.row = RawRow {
            number,
            ..RawRow::default()
        };
        self.column = 0;
        Ok(())
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        if let Some(place) = attribute(tag, "r") {
            self.column = column(&place).ok_or_else(|| ReadError::File(bad("a cell has no sensible place")))?;
        }
        self.kind = attribute(tag, "t").unwrap_or_default();
        let style: Option<usize> = attribute(tag, "s").and_then(|style| style.parse().ok());
        self.dated = style.is_some_and(|style| self.dates.get(style) == Some(&true));
        self.value.clear();
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), ReadError> {
        let cell = self.cell()?;
        let column = self.column;
        self.column += 1;
        if cell.is_blank() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            let detail = format!("the sheet has cells beyond column {MOST_COLUMNS}; leave columns out");
            return refuse("too_many_columns", detail);
        }
        if self.row.cells.len() <= column {
            self.row.cells.resize(column + 1, Cell::default());
        }
        self.row.cells[column] = cell;
        Ok(())
    }

    fn cell(&self) -> Result<Cell, ReadError> {
        let value = self.value.as_str();
        Ok(match self.kind.as_str() {
            "s" => {
                let index = value.trim().parse().ok();
                let text = index.and_then(|index| self.texts.get(index));
                Cell::text(text.ok_or_else(|| ReadError::File(bad("a cell's text is missing")))?)
            }
            "b" => Cell::text(if value.trim() == "1" { "TRUE" } else { "FALSE" }),
            "e" | "d" => Cell::text(value),
            "str" | "inlineStr" => Cell::text(parts::unescaped(value)),
            _ => number(value.trim(), self.dated, self.epoch),
        })
    }
}

/// A number as it reads, or the date that its format shows.
fn number(text: &str, dated: bool, epoch: Epoch) -> Cell {
    let Some(value) = text.parse::<f64>().ok().filter(|value| value.is_finite()) else {
        return Cell::text(text);
    };
    if dated && let Some(at) = from_serial(value, epoch) {
        let form = if value < 1.0 {
            "%H:%M:%S"
        } else if value.fract() == 0.0 {
            "%Y-%m-%d"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        return Cell::text(at.format(form).to_string());
    }
    // as many digits as a spreadsheet shows; the rest is noise of its arithmetic
    let shown = if value.fract() == 0.0 {
        value
    } else {
        format!("{value:.14e}").parse().unwrap_or(value)
    };
    Cell {
        text: shown.to_string(),
        number: true,
    }
}

/// The column of a place like `AB12`, from 0.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(4).fold(0, |number, letter| {
        number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    (1..=LAST_COLUMN).contains(&number).then(|| number - 1)
}

/// A file of which only so much may be read for now.
struct Limited<R> {
    file: R,
    left: Rc<Counter<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other("its list of contents is too long or missing"));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        if left != u64::MAX {
            self.left.set(left - count as u64);
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for Limited<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// What an old or encrypted workbook is called; both begin alike.
pub(super) fn old(file: &mut (impl Read + Seek), cause: &Cause) -> ReadError {
    const NAME: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(16 * 1024 * 1024).read_to_end(&mut bytes));
    if let Err(error) = read {
        return cause.or(|| bad(error));
    }
    ReadError::File(if bytes.windows(NAME.len()).any(|window| window == NAME) {
        Rejection::new(
            "file_encrypted",
            "the workbook is protected by a password; save it without one and send it again",
        )
    } else {
        Rejection::new(
            "file_is_xls",
            "the file is in the format of Excel 97 (XLS), which is not read; save it as XLSX or CSV",
        )
    })
}
