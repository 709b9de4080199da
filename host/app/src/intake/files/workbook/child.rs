//! The child's side: a workbook from a file, its rows as frames.

use super::super::dates::Epoch;
use super::super::headers::MOST_COLUMNS;
use super::super::{Cell, RawRow, quote};
use super::cells::{cell, owned};
use super::frames::{Frame, LONGEST};
use super::{Head, Sheet, short_cells};
use calamine::{
    Data, Ods, OdsError, Range, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError, Xlsx, XlsxError,
};
use posthouse_domain::{Rejection, Words, words};
use std::cell::Cell as Counter;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

/// Rows and columns of the widest of the formats.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: u32 = 16_384;
/// Rows between two reports of how far reading has come.
const REPORT: u32 = 100;

/// Reads the workbook in `input` and writes what it finds to `output`, for the process that started this one. `sheet` is the sheet to read;
/// without one it is the first that is not hidden.
///
/// # Errors
/// An output that nobody reads any more. What is wrong with the workbook is part of the output.
pub fn read(input: File, sheet: Option<&str>, output: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, output);
    let last = match Reading::begin(input, sheet, &mut out).and_then(Reading::all) {
        Ok(()) => Frame::End,
        Err(Ended::Refused(rejection)) => Frame::Refused(rejection),
        Err(Ended::Output(error)) => return Err(error),
    };
    last.write(&mut out)?;
    out.flush()
}

/// Why reading ends before the last row.
enum Ended {
    Refused(Rejection),
    Output(io::Error),
}

impl From<Rejection> for Ended {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

type Input = Counted<BufReader<File>>;

struct Reading<'o, W: Write> {
    input: Input,
    wanted: Option<&'o str>,
    place: Rc<Counter<u64>>,
    out: &'o mut W,
}

impl<'o, W: Write> Reading<'o, W> {
    fn begin(input: File, wanted: Option<&'o str>, out: &'o mut W) -> Result<Self, Ended> {
        let place = Rc::new(Counter::new(0));
        let input = Counted {
            file: BufReader::with_capacity(64 * 1024, input),
            at: 0,
            furthest: place.clone(),
        };
        Ok(Self {
            input,
            wanted,
            place,
            out,
        })
    }

    fn all(mut self) -> Result<(), Ended> {
        let mut start = [0; 4];
        self.input.read_exact(&mut start).map_err(bad)?;
        self.input.rewind().map_err(bad)?;
        if !start.starts_with(b"PK") {
            return self.xls();
        }
        match packed_kind(&mut self.input)? {
            "xlsx" => self.xlsx(),
            "xlsb" => self.xlsb(),
            _ => self.ods(),
        }
    }

    fn xlsx(self) -> Result<(), Ended> {
        let mut book = Xlsx::new(self.input).map_err(|error| match error {
            XlsxError::Password => encrypted(),
            other => bad(other),
        })?;
        let head = head("xlsx", book.sheets_metadata(), self.wanted, book.has_1904_epoch())?;
        let mut rows = Rows::begin(self.out, &head, self.place)?;
        let mut cells = book.worksheet_cells_reader(&head.sheet).map_err(bad)?;
        let epoch = head.epoch();
        while let Some(found) = cells.next_cell_with_formula_metadata().map_err(bad)? {
            let formula = found.formula.as_ref().map(text_of);
            rows.put(found.pos, cell(&found.value, formula, epoch))?;
        }
        rows.end()
    }

    fn xlsb(mut self) -> Result<(), Ended> {
        if short_cells::any(&mut self.input).map_err(bad)? {
            let detail = words!(
                "the workbook is an XLSB with cells in a short form that is not read; open it in a spreadsheet program and save it as XLSX",
                "这个 XLSB 工作簿用了无法读取的单元格格式；请用表格软件打开，另存为 XLSX"
            );
            return Err(Rejection::new("bad_workbook", detail).into());
        }
        self.input.rewind().map_err(bad)?;
        let mut book = Xlsb::new(self.input).map_err(|error| match error {
            XlsbError::Password => encrypted(),
            other => bad(other),
        })?;
        let head = head("xlsb", book.sheets_metadata(), self.wanted, book.has_1904_epoch())?;
        let mut rows = Rows::begin(self.out, &head, self.place)?;
        let mut cells = book.worksheet_cells_reader(&head.sheet).map_err(bad)?;
        let epoch = head.epoch();
        // in this format a formula always has a value
        while let Some(found) = cells.next_cell().map_err(bad)? {
            rows.put(found.get_position(), cell(found.get_value(), None, epoch))?;
        }
        rows.end()
    }

    fn xls(self) -> Result<(), Ended> {
        let mut input = self.input;
        // an encrypted workbook of any later format is kept in the container of this one
        if let Err(XlsxError::Password) = Xlsx::new(&mut input) {
            return Err(encrypted().into());
        }
        input.rewind().map_err(bad)?;
        let mut book = Xls::new(input).map_err(|error| match error {
            XlsError::Password => encrypted(),
            other => bad(other),
        })?;
        let head = head("xls", book.sheets_metadata(), self.wanted, book.has_1904_epoch())?;
        let rows = Rows::begin(self.out, &head, self.place)?;
        let values = book.worksheet_range(&head.sheet).map_err(bad)?;
        whole(rows, &values, &Range::empty(), head.epoch())
    }

    fn ods(self) -> Result<(), Ended> {
        let mut book = Ods::new(self.input).map_err(|error| match error {
            OdsError::Password => encrypted(),
            OdsError::CellLimitExceeded { .. } => Rejection::new(
                "workbook_too_large",
                words!(
                    "the workbook has more cells than are read; save the table as CSV, or split it",
                    "工作簿的单元格太多；请另存为 CSV，或拆成几个文件"
                ),
            ),
            other => bad(other),
        })?;
        let head = head("ods", book.sheets_metadata(), self.wanted, false)?;
        let rows = Rows::begin(self.out, &head, self.place)?;
        let values = book.worksheet_range(&head.sheet).map_err(bad)?;
        let formulas = book.worksheet_formula(&head.sheet).map_err(bad)?;
        whole(rows, &values, &formulas, Epoch::Y1900)
    }
}

fn text_of(formula: &calamine::XlsxFormulaMetadata) -> &str {
    use calamine::XlsxFormulaMetadata as Formula;
    match formula {
        Formula::Normal { formula } | Formula::Shared { formula, .. } => formula,
        _ => "",
    }
}

/// The rows of a sheet that the library holds whole.
fn whole<W: Write>(
    mut rows: Rows<'_, W>,
    values: &Range<Data>,
    formulas: &Range<String>,
    epoch: Epoch,
) -> Result<(), Ended> {
    let Some((first_row, first_column)) = values.start() else {
        return rows.end();
    };
    for (row, cells) in (first_row..).zip(values.rows()) {
        for (column, value) in (first_column..).zip(cells) {
            let formula = formulas.get_value((row, column)).filter(|text| !text.is_empty());
            rows.put((row, column), owned(value, formula.map(String::as_str), epoch))?;
        }
    }
    rows.end()
}

/// What kind of workbook an archive is.
fn packed_kind(input: &mut Input) -> Result<&'static str, Ended> {
    let archive = zip::ZipArchive::new(&mut *input).map_err(bad)?;
    let mut kind = None;
    for name in archive.file_names() {
        let name = name.map_err(bad)?.replace('\\', "/").to_ascii_lowercase();
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
        let found = match file {
            "content.xml" if folder.is_empty() => "ods",
            _ if folder.ends_with("xl") && file.starts_with("workbook") && file.ends_with(".bin") => "xlsb",
            "[content_types].xml" => "xlsx",
            _ => continue,
        };
        // the binary format has the same list of contents
        if kind.is_none() || found == "xlsb" {
            kind = Some(found);
        }
    }
    drop(archive);
    input.rewind().map_err(bad)?;
    kind.ok_or_else(|| {
        let detail = words!(
            "the file is an archive, but not a workbook; unpack it, or save the table as XLSX or CSV",
            "文件是压缩包，不是工作簿；请解压，或把表格另存为 XLSX 或 CSV"
        );
        Rejection::new("file_not_a_table", detail).into()
    })
}

/// What is said of the workbook before its rows, once the sheet is found.
fn head(format: &str, sheets: &[calamine::Sheet], wanted: Option<&str>, from_1904: bool) -> Result<Head, Rejection> {
    let sheets: Vec<Sheet> = sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| Sheet {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
        })
        .collect();
    let found = match wanted {
        Some(wanted) => sheets.iter().find(|sheet| sheet.name.trim() == wanted.trim()),
        None => sheets.iter().find(|sheet| !sheet.hidden).or(sheets.first()),
    };
    let Some(found) = found else {
        let wanted = wanted.map_or_else(
            || words!("a sheet with cells", "工作表"),
            |name| words!("the sheet {name}", "工作表 {name}", name = quote(name)),
        );
        let listed = super::parent::listed(&sheets, None);
        let detail = words!(
            "the workbook does not have {wanted}; {listed}",
            "工作簿里没有{wanted}；{listed}"
        );
        return Err(Rejection::new("sheet_missing", detail));
    };
    Ok(Head {
        format: format.to_owned(),
        sheet: found.name.clone(),
        sheets,
        from_1904,
    })
}

fn bad(problem: impl Display) -> Rejection {
    let problem = Words::of(&problem).map(|problem| problem.chars().take(200).collect());
    // what a library says it says in English
    let in_chinese = if problem.en == problem.zh {
        Words::default()
    } else {
        words!("", "（{problem}）")
    };
    let detail = words!(
        "the workbook is damaged ({problem}); open it in a spreadsheet program, save it again, and send that file",
        "工作簿已损坏{in_chinese}；请用表格软件打开、另存后再发"
    );
    Rejection::new("bad_workbook", detail)
}

fn encrypted() -> Rejection {
    let detail = words!(
        "the workbook is protected by a password; save it without one and send it again",
        "工作簿有密码保护；请去掉密码另存后再发"
    );
    Rejection::new("file_encrypted", detail)
}

/// Gathers cells to rows and writes those that are not empty.
struct Rows<'o, W: Write> {
    out: &'o mut W,
    row: RawRow,
    bytes: usize,
    written: u32,
    place: Rc<Counter<u64>>,
}

impl<'o, W: Write> Rows<'o, W> {
    fn begin(out: &'o mut W, head: &Head, place: Rc<Counter<u64>>) -> Result<Self, Ended> {
        Frame::Head(head.clone()).write(out)?;
        Ok(Self {
            out,
            row: RawRow::default(),
            bytes: 0,
            written: 0,
            place,
        })
    }

    fn put(&mut self, (row, column): (u32, u32), cell: Cell) -> Result<(), Ended> {
        if row >= LAST_ROW || column >= LAST_COLUMN {
            return Err(bad(words!("a cell has no sensible place", "有一个单元格没有合理的位置")).into());
        }
        let number = i64::from(row) + 1;
        if number != self.row.number {
            if number < self.row.number {
                return Err(bad(words!("its rows are not in order", "行的顺序不对")).into());
            }
            self.write()?;
            self.row.number = number;
        }
        if cell.is_blank() {
            return Ok(());
        }
        let column = column as usize;
        if column >= MOST_COLUMNS {
            let detail = words!(
                "the sheet has cells beyond column {MOST_COLUMNS}; leave columns out",
                "工作表超过 {MOST_COLUMNS} 列；请删去多余的列"
            );
            return Err(Rejection::new("too_many_columns", detail).into());
        }
        self.bytes += cell.text.len();
        if self.bytes > LONGEST / 2 {
            let detail = words!(
                "row {number} has more than {most} MiB of text; leave columns out",
                "第 {number} 行的文字超过 {most} MiB；请删去多余的列",
                most = (LONGEST / 2) >> 20
            );
            return Err(Rejection::new("row_too_long", detail).into());
        }
        if self.row.cells.len() <= column {
            self.row.cells.resize(column + 1, Cell::default());
        }
        self.row.cells[column] = cell;
        Ok(())
    }

    fn write(&mut self) -> Result<(), Ended> {
        let row = std::mem::take(&mut self.row);
        self.bytes = 0;
        if row.cells.is_empty() {
            return Ok(());
        }
        Frame::Row(row).write(self.out)?;
        self.written += 1;
        if self.written.is_multiple_of(REPORT) {
            Frame::At(self.place.get()).write(self.out)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Ended> {
        self.write()?;
        Frame::At(self.place.get()).write(self.out)?;
        Ok(())
    }
}

/// A file that knows how far into it reading has come.
struct Counted<R> {
    file: R,
    at: u64,
    furthest: Rc<Counter<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.at += count as u64;
        self.furthest.set(self.furthest.get().max(self.at));
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}
