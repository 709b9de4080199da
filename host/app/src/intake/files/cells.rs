//! The cells of a row: whether they are as many as its headers ask for, what stands in several columns of one field, and what of them
//! goes into the error file.

use super::headers::Plan;
use super::{Cell, RawRow, Reading, quote};
use crate::sheet;
use posthouse_domain::row::{FileKind, may_repeat};
use posthouse_domain::{Rejection, words};
use std::borrow::Cow;

/// Whether a row has the cells that its headers ask for. Empty ones beyond them are nothing, and spreadsheets leave out empty ones at
/// the end; but where a column is missing that is understood, a row may have been torn.
pub(super) fn check_count(reading: &Reading, plan: &Plan, row: &RawRow) -> Result<(), Rejection> {
    let width = plan.header.len();
    if let Some(surplus) = plan
        .surplus
        .and_then(|place| row.cells.get(place))
        .filter(|cell| !cell.is_blank())
        && is_about_cells(plan, row)
    {
        let detail = words!(
            "row {number} still has {surplus} in its column surplus; put every cell under its header, then empty that column",
            "第 {number} 行的 surplus 列还有 {surplus}；请把各单元格放到对应的表头下，再清空该列",
            number = row.number,
            surplus = quote(&surplus.text)
        );
        return Err(Rejection::new("wrong_cell_count", detail));
    }
    // a workbook's row ends with its last filled cell, and notes may stand beside the table
    if reading.format != "csv" {
        return Ok(());
    }
    let filled = row.cells.iter().skip(width).any(|cell| !cell.is_blank());
    if !filled && row.count >= plan.needed() {
        return Ok(());
    }
    let detail = words!(
        "row {number} has {count} cells, the row with the headers has {width}; look for a missing or an extra {mark} or quote",
        "第 {number} 行有 {count} 个单元格，表头行有 {width} 个；请检查是否缺少或多出{mark}或引号",
        number = row.number,
        count = row.count,
        mark = match reading.delimiter {
            Some(',') | None => words!("comma", "逗号"),
            Some(';') => words!("semicolon", "分号"),
            Some('\t') => words!("tab", "制表符"),
            Some(_) => words!("bar", "竖线"),
        }
    );
    Err(Rejection::new("wrong_cell_count", detail))
}

/// Whether a row of a file that came back was rejected for its cells. Beside the table of a workbook there may be notes, which are
/// in that column when the row is rejected for something else.
fn is_about_cells(plan: &Plan, row: &RawRow) -> bool {
    let code = plan.header.iter().rposition(|header| header == "code");
    let code = code
        .and_then(|place| row.cells.get(place))
        .map_or("", |cell| cell.text.trim());
    matches!(code, "" | "wrong_cell_count" | "broken_quotes")
}

/// A cell as it was before it left in an error file, its lines ended alike, whichever program wrote it.
pub(super) fn as_written(cell: &Cell) -> Cow<'_, Cell> {
    let text = sheet::unguarded(&cell.text);
    if text.len() == cell.text.len() && !text.contains('\r') {
        return Cow::Borrowed(cell);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(Cell { text, ..cell.clone() })
}

/// A cell of a field that has several columns: a telephone, an e-mail address.
#[derive(Debug)]
pub(crate) struct OneOfSeveral {
    pub(crate) field: &'static str,
    /// In which of them it stands, the first being 1.
    pub(crate) place: i64,
    pub(crate) text: String,
}

/// The filled cells of the fields that have several columns.
pub(super) fn columns_of_several<'c>(
    kind: FileKind,
    plan: &Plan,
    cell: impl Fn(usize) -> &'c str,
) -> Vec<OneOfSeveral> {
    let mut filled = Vec::new();
    for field in kind.headers().iter().copied().filter(|field| may_repeat(field)) {
        if plan.places(field).nth(1).is_none() {
            continue;
        }
        let columns = (1..).zip(plan.places(field)).map(|(place, index)| OneOfSeveral {
            field,
            place,
            text: cell(index).to_owned(),
        });
        filled.extend(columns.filter(|column| !column.text.is_empty()));
    }
    filled
}

pub(super) fn json(cells: &[String]) -> String {
    serde_json::to_string(cells).unwrap_or_else(|_| "[]".into())
}

/// The cells of a row, those beyond the headers joined to one, or else `mark`: what stands there keeps a row rejected that is sent again
/// as it is.
pub(super) fn row_json(row: &RawRow, plan: &Plan, mark: Option<&str>) -> String {
    let text = |cell: &Cell| cell.text.clone();
    let mut cells: Vec<String> = row.cells.iter().take(plan.width()).map(text).collect();
    cells.resize(plan.width(), String::new());
    let kept = plan.surplus.and_then(|place| row.cells.get(place));
    let beyond = row.cells.iter().skip(plan.header.len());
    let surplus: Vec<String> = kept.into_iter().chain(beyond).map(text).collect();
    if surplus.iter().any(|text| !text.trim().is_empty()) {
        cells.push(surplus.join(","));
    } else {
        cells.extend(mark.map(str::to_owned));
    }
    json(&cells)
}
