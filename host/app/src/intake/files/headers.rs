//! What the headers of a file mean.

use super::mapped_units::mapped_unit;
use super::meaning::{LONGEST_HEADER, field, is_too_long, looked_up, own_column, understand};
use super::notes::Unit;
use super::{Cell, Mapping, RawRow, quote};
use crate::sheet;
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::row::{self, FileKind, Layout};
use posthouse_domain::{Rejection, Words, words};

pub(super) use super::meaning::plain;

/// In how many rows from the top the headers are looked for; titles and notes may stand above them.
pub(super) const SEARCHED: usize = 10;
/// Most headers: what one row costs grows with them.
pub(super) const MOST_COLUMNS: usize = 1_000;
/// Longest texts that are compared for likeness, in characters: that takes the product of their lengths.
const LONGEST_LIKE: usize = 100;
/// The columns that an error file has after those of the file it came from.
pub(crate) const ERROR_COLUMNS: [&str; 4] = ["surplus", "row", "code", "reason"];
/// The code of a row in a file that came back which says that others are missing.
pub(crate) const ROWS_LEFT_OUT: &str = "rows_left_out";
/// The columns of a file of warnings.
pub(crate) const WARNING_COLUMNS: [&str; 5] = ["row", "column", "cell", "code", "reason"];

/// Where each field of a row stands.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// The headers as they stand in the file.
    pub(super) header: Vec<String>,
    /// The field of each column, then of each constant.
    pub(super) fields: Vec<Option<&'static str>>,
    /// What the header of each column says of its cells.
    pub(super) units: Vec<Unit>,
    /// The columns of the agency's own attributes, with the key of their values.
    pub(super) own: Vec<(usize, String)>,
    /// Where a file that came back keeps what does not belong under its headers.
    pub(super) surplus: Option<usize>,
    /// What stands behind the columns of every row.
    pub(super) constants: Vec<Cell>,
    /// Headers that are not understood.
    pub(super) ignored: Vec<String>,
}

/// How many headers of a row are understood.
pub(super) fn understood(kind: FileKind, mapping: &Mapping, row: &RawRow) -> usize {
    let wanted: Vec<String> = mapping.columns.values().map(|wanted| plain(wanted)).collect();
    let mapped = |header: &str| !wanted.is_empty() && looked_up(header).is_some_and(|header| wanted.contains(&header));
    row.cells
        .iter()
        .take(MOST_COLUMNS)
        .filter(|cell| field(kind, &cell.text).is_some() || mapped(&cell.text))
        .count()
}

/// Finds the header row among the first rows of a file: the first one that would do. If none would, the one of which most is
/// understood tells what is missing.
///
/// # Errors
/// What is wrong with the headers.
pub(super) fn find(
    kind: FileKind,
    mapping: &Mapping,
    defined: &[AttributeDef],
    rows: &[RawRow],
) -> Result<(usize, Plan), Rejection> {
    let Some(first) = rows.first() else {
        return Err(Rejection::new(
            "file_empty",
            words!(
                "the file has no rows; it needs a first row with headers",
                "文件没有任何行；第一行应为表头"
            ),
        ));
    };
    if let Some(wanted) = mapping.header_row.filter(|_| !is_error_file(first)) {
        let at = rows.iter().position(|row| row.number == wanted).ok_or_else(|| {
            Rejection::new(
                "headers_missing",
                words!(
                    "the mapping says that row {wanted} has the headers, but that row is empty or missing",
                    "映射指定第 {wanted} 行为表头，但该行为空或不存在"
                ),
            )
        })?;
        return Plan::read(kind, mapping, defined, &rows[at]).map(|plan| (at, plan));
    }
    let mut best = (0, understood(kind, mapping, first));
    for (index, row) in rows.iter().enumerate() {
        if let Ok(plan) = Plan::read(kind, mapping, defined, row) {
            return Ok((index, plan));
        }
        let count = understood(kind, mapping, row);
        if count > best.1 {
            best = (index, count);
        }
    }
    Plan::read(kind, mapping, defined, &rows[best.0]).map(|plan| (best.0, plan))
}

/// The row of which most is understood.
pub(super) fn likeliest(kind: FileKind, mapping: &Mapping, rows: &[RawRow]) -> Option<usize> {
    let counted = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (understood(kind, mapping, row), index));
    // of equals the first
    counted
        .max_by_key(|(count, index)| (*count, std::cmp::Reverse(*index)))
        .map(|(_, index)| index)
}

/// Whether a row would do for the headers.
pub(super) fn would_do(kind: FileKind, mapping: &Mapping, defined: &[AttributeDef], row: &RawRow) -> bool {
    Plan::read(kind, mapping, defined, row).is_ok()
}

/// Whether a file is one that came back from an earlier import: its headers stand in the first row, wherever they stood before.
pub(super) fn is_error_file(first: &RawRow) -> bool {
    let last: Vec<&str> = first
        .cells
        .iter()
        .rev()
        .take(4)
        .map(|cell| cell.text.as_str())
        .collect();
    last.iter().rev().eq(ERROR_COLUMNS.iter())
}

impl Plan {
    /// Whether a row of a file that came back only says that others are missing.
    pub(super) fn tells_of_others(&self, row: &RawRow) -> bool {
        let behind = self.surplus.map_or(self.header.len(), |at| at + 1);
        let mut columns = self.header.iter().zip(&row.cells).skip(behind);
        columns.any(|(header, cell)| header == ERROR_COLUMNS[2] && cell.text == ROWS_LEFT_OUT)
    }

    fn read(kind: FileKind, mapping: &Mapping, defined: &[AttributeDef], row: &RawRow) -> Result<Self, Rejection> {
        let mut header: Vec<String> = row.cells.iter().map(|cell| tidy(&cell.text)).collect();
        while header.last().is_some_and(String::is_empty) && header.len() > 1 {
            header.pop();
        }
        if header.len() > MOST_COLUMNS {
            let detail = words!(
                "row {number} has {count} headers, at most {MOST_COLUMNS} are read; leave columns out",
                "第 {number} 行有 {count} 个表头，最多读取 {MOST_COLUMNS} 个；请去掉多余的列",
                number = row.number,
                count = row.count
            );
            return Err(Rejection::new("too_many_columns", detail));
        }
        if let Some(broken) = header.iter().find(|text| text.contains('\u{fffd}')) {
            let detail = words!(
                "the header {broken} cannot be decoded; save the file as CSV UTF-8, or say in the mapping which encoding it has",
                "表头 {broken} 无法解码；请把文件另存为 CSV UTF-8，或在映射中写明编码",
                broken = quote(broken)
            );
            return Err(Rejection::new("bad_encoding", detail));
        }
        let mut fields = mapped(mapping, &header)?;
        let mut units = vec![Unit::default(); header.len()];
        let mut own = Vec::new();
        let mut names = header.clone();
        for (index, text) in header.iter().enumerate() {
            if is_too_long(text) || mapping.leaves_out(text) {
                names[index].clear();
            } else if let Some(field) = fields[index] {
                units[index] = mapped_unit(field, text)?;
            } else if let Some((name, unit)) = own_column(text, defined) {
                own.extend(attribute::of_header(&name).map(|key| (index, key)));
                (names[index], units[index]) = (name, unit);
            } else if let Some((known, unit)) = understand(kind, text) {
                if mapping.columns.contains_key(known) {
                    names[index].clear(); // the mapping names another column
                    continue;
                }
                let other = fields.iter().position(|field| *field == Some(known));
                if let Some(other) = other.filter(|_| !row::may_repeat(known)) {
                    return Err(Rejection::new(
                        "header_twice",
                        words!(
                            "the headers {one} and {text} both mean {known}; remove or rename one, or name the right one under [columns] in a mapping",
                            "表头 {one} 和 {text} 都表示 {known}；请删除或改名其中一个，或在映射的 [columns] 中指定正确的一个",
                            one = quote(&header[other]),
                            text = quote(text)
                        ),
                    ));
                }
                (fields[index], units[index]) = (Some(known), unit);
            }
        }
        let ignored = header
            .iter()
            .enumerate()
            .filter(|(index, _)| fields[*index].is_none() && !own.iter().any(|(place, _)| place == index))
            .map(|(_, text)| shortened(text))
            .collect();
        for (name, field) in names.iter_mut().zip(&fields) {
            if let Some(field) = field {
                *name = (*field).to_owned();
            }
        }
        let has = |name: &str| fields.contains(&Some(name));
        let mut added: Vec<(&'static str, &str)> = mapping
            .constants
            .iter()
            .filter(|(name, _)| !has(name))
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        // a place for the currency that a header names
        let named = units.iter().any(|unit| unit.money.mark.is_some());
        if kind == FileKind::Bookings && named && !has("currency") && !mapping.constants.contains_key("currency") {
            added.push(("currency", ""));
        }
        let constants = added.iter().map(|(_, value)| Cell::text(*value)).collect();
        fields.extend(added.iter().map(|(name, _)| Some(*name)));
        let added = added.iter().map(|(name, _)| *name);
        let layout = Layout::of(
            kind,
            names.iter().map(String::as_str).chain(added),
            header.iter().map(String::as_str),
        )?;
        let surplus = header.iter().position(|text| text == ERROR_COLUMNS[0]);
        let surplus = surplus.filter(|at| {
            let mut behind = header[at + 1..].iter();
            fields[*at].is_none() && behind.all(|text| ERROR_COLUMNS.contains(&text.as_str()))
        });
        Ok(Self {
            layout,
            header,
            fields,
            units,
            own,
            surplus,
            constants,
            ignored,
        })
    }

    /// How many columns are the table's own; behind them stand those that an error file added.
    pub(super) fn width(&self) -> usize {
        self.surplus.unwrap_or(self.header.len())
    }

    /// How many cells a row needs at least: those behind the last column that is understood do not count.
    pub(super) fn needed(&self) -> usize {
        let understood =
            |index: &usize| self.fields[*index].is_some() || self.own.iter().any(|(place, _)| place == index);
        (0..self.header.len()).rev().find(understood).map_or(0, |last| last + 1)
    }

    /// The columns of a field; several of telephones and e-mail addresses.
    pub(super) fn places(&self, field: &str) -> impl Iterator<Item = usize> {
        let fields = self.fields.iter().enumerate();
        fields
            .filter(move |(_, other)| **other == Some(field))
            .map(|(index, _)| index)
    }
}

fn tidy(header: &str) -> String {
    sheet::unguarded(header.trim_start_matches('\u{feff}'))
        .trim()
        .to_owned()
}

/// A header as it is listed.
fn shortened(header: &str) -> String {
    match header.char_indices().nth(LONGEST_HEADER) {
        Some((end, _)) => format!("{}…", &header[..end]),
        None => header.to_owned(),
    }
}

/// How much a header is like the one that is wanted, both as they are looked up.
fn likeness(header: Option<&str>, wanted: &str) -> Option<f64> {
    let is_short = |text: &str| text.chars().nth(LONGEST_LIKE).is_none();
    let header = header.filter(|header| is_short(header) && is_short(wanted))?;
    Some(strsim::normalized_levenshtein(header, wanted))
}

/// The fields of the columns that the mapping names.
fn mapped(mapping: &Mapping, header: &[String]) -> Result<Vec<Option<&'static str>>, Rejection> {
    let mut fields = vec![None; header.len()];
    let names: Vec<Option<String>> = header.iter().map(|text| looked_up(text)).collect();
    for (field, wanted) in &mapping.columns {
        let name = plain(wanted);
        let found: Vec<usize> = (0..header.len())
            .filter(|index| names[*index].as_ref() == Some(&name))
            .collect();
        match found.as_slice() {
            [index] => fields[*index] = Some(*field),
            [] => {
                let near = names
                    .iter()
                    .zip(header)
                    .filter_map(|(other, text)| Some((likeness(other.as_deref(), &name)?, text)))
                    .max_by(|(one, _), (other, _)| one.total_cmp(other))
                    .filter(|(likeness, _)| *likeness >= 0.5)
                    .map_or_else(Words::default, |(_, text)| {
                        words!("; did you mean {text}?", "；是否指 {text}？", text = quote(text))
                    });
                return Err(Rejection::new(
                    "mapped_header_missing",
                    words!(
                        "the mapping says that {field} is under {wanted}, but there is no such header{near}",
                        "映射指定 {field} 在 {wanted} 列，但没有这个表头{near}",
                        wanted = quote(wanted)
                    ),
                ));
            }
            _ => {
                return Err(Rejection::new(
                    "header_twice",
                    words!(
                        "the header {wanted} stands twice; remove or rename one",
                        "表头 {wanted} 出现两次；请删除或改名其中一个",
                        wanted = quote(wanted)
                    ),
                ));
            }
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(headers: &[&str]) -> RawRow {
        RawRow {
            number: 1,
            cells: headers.iter().map(|text| Cell::text(*text)).collect(),
            count: headers.len(),
        }
    }

    #[test]
    fn a_header_of_any_length_is_no_burden() {
        let long = ",".repeat(1 << 20);
        let padded = format!("实付{}", " -".repeat(1 << 20));
        let rows = [row(&["customer_member_no", "booked_at", &long, &padded])];
        let find = |mapping: &Mapping| find(FileKind::Bookings, mapping, &[], &rows);
        let (_, plan) = find(&Mapping::default()).expect("good headers");
        let listed: Vec<usize> = plan.ignored.iter().map(|text| text.chars().count()).collect();
        assert_eq!(listed, [LONGEST_HEADER + 1; 2], "cut, and there");
        assert_eq!(plan.header[2], long, "an error file has it whole");
        let mapping = |text: &str| Mapping::parse(FileKind::Bookings, text).expect("a mapping");
        for (wanted, near) in [("实付", false), ("customer_member_nr", true)] {
            let missing = find(&mapping(&format!("[columns]\namount = \"{wanted}\""))).expect_err("no such header");
            assert_eq!(missing.code, "mapped_header_missing");
            assert_eq!(missing.detail.en.contains("did you mean"), near, "{missing}");
        }
    }
}
