//! What the headers of a file mean.

use super::synonyms::{BOOKINGS, CUSTOMERS};
use super::{Cell, Mapping, RawRow, quote};
use posthouse_domain::row::{FileKind, Layout};
use posthouse_domain::{Rejection, attribute};
use unicode_normalization::UnicodeNormalization;

/// In how many rows from the top the headers are looked for; titles and notes may stand above them.
pub(super) const SEARCHED: usize = 10;
/// Most headers: what one row costs grows with them.
pub(super) const MOST_COLUMNS: usize = 1_000;
/// The columns that an error file has after those of the file it came from.
pub(crate) const ERROR_COLUMNS: [&str; 4] = ["surplus", "row", "code", "reason"];

/// A header without what people vary: full-width forms, case, spaces, underscores, dashes, stars of mandatory columns.
pub(super) fn plain(header: &str) -> String {
    header
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*' | ':' | '\u{feff}' | '\u{200b}'))
        .collect()
}

/// The field that a header means by itself. A unit in brackets behind it says nothing about that.
pub(super) fn field(kind: FileKind, header: &str) -> Option<&'static str> {
    let whole = plain(header);
    let synonyms = match kind {
        FileKind::Bookings => BOOKINGS,
        FileKind::Customers => CUSTOMERS,
    };
    let find = |name: &str| {
        let known = kind.headers().iter().copied().find(|known| plain(known) == name);
        known.or_else(|| {
            let (field, _) = synonyms
                .iter()
                .find(|(_, others)| others.split(' ').any(|other| other == name))?;
            Some(*field)
        })
    };
    find(&whole).or_else(|| find(whole.strip_suffix(')')?.rsplit_once('(')?.0))
}

/// Where each field of a row stands.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// The headers as they stand in the file.
    pub(super) header: Vec<String>,
    /// The field of each column, then of each constant.
    pub(super) fields: Vec<Option<&'static str>>,
    /// What stands behind the columns of every row.
    pub(super) constants: Vec<Cell>,
    /// Headers that are not understood.
    pub(super) ignored: Vec<String>,
}

/// How many headers of a row are understood.
pub(super) fn understood(kind: FileKind, mapping: &Mapping, row: &RawRow) -> usize {
    let mapped = |header: &str| mapping.columns.values().any(|wanted| plain(wanted) == plain(header));
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
pub(super) fn find(kind: FileKind, mapping: &Mapping, rows: &[RawRow]) -> Result<(usize, Plan), Rejection> {
    let Some(first) = rows.first() else {
        return Err(Rejection::new(
            "file_empty",
            "the file has no rows; it needs a first row with headers",
        ));
    };
    if let Some(wanted) = mapping.header_row.filter(|_| !is_error_file(first)) {
        let at = rows.iter().position(|row| row.number == wanted).ok_or_else(|| {
            Rejection::new(
                "headers_missing",
                format!("the mapping says that row {wanted} has the headers, but that row is empty or not there"),
            )
        })?;
        return Plan::read(kind, mapping, &rows[at]).map(|plan| (at, plan));
    }
    let mut best = (0, understood(kind, mapping, first));
    for (index, row) in rows.iter().enumerate() {
        if let Ok(plan) = Plan::read(kind, mapping, row) {
            return Ok((index, plan));
        }
        let count = understood(kind, mapping, row);
        if count > best.1 {
            best = (index, count);
        }
    }
    Plan::read(kind, mapping, &rows[best.0]).map(|plan| (best.0, plan))
}

/// Whether a file is one that came back from an earlier import: its headers stand in the first row, wherever they stood before.
fn is_error_file(first: &RawRow) -> bool {
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
    fn read(kind: FileKind, mapping: &Mapping, row: &RawRow) -> Result<Self, Rejection> {
        let mut header: Vec<String> = row.cells.iter().map(|cell| tidy(&cell.text)).collect();
        while header.last().is_some_and(String::is_empty) && header.len() > 1 {
            header.pop();
        }
        if header.len() > MOST_COLUMNS {
            let detail = format!(
                "row {} has {} headers, at most {MOST_COLUMNS} are read; leave columns out",
                row.number, row.count
            );
            return Err(Rejection::new("too_many_columns", detail));
        }
        if let Some(broken) = header.iter().find(|text| text.contains('\u{fffd}')) {
            let detail = format!(
                "the header {} cannot be decoded; save the file as CSV UTF-8, or say in the mapping which encoding it has",
                quote(broken)
            );
            return Err(Rejection::new("bad_encoding", detail));
        }
        let mut fields = mapped(mapping, &header)?;
        let mut names = header.clone();
        for (index, text) in header.iter().enumerate() {
            let known = field(kind, text).filter(|_| fields[index].is_none());
            let Some(known) = known else { continue };
            if mapping.columns.contains_key(known) {
                names[index].clear(); // the mapping names another column
            } else if let Some(other) = fields.iter().position(|field| *field == Some(known)) {
                return Err(Rejection::new(
                    "header_twice",
                    format!(
                        "the headers {} and {} both mean {known}; remove or rename one, or name the right one under [columns] in a mapping",
                        quote(&header[other]),
                        quote(text)
                    ),
                ));
            } else {
                fields[index] = Some(known);
            }
        }
        for (name, field) in names.iter_mut().zip(&fields) {
            if let Some(field) = field {
                *name = (*field).to_owned();
            }
        }
        let has = |name: &str| fields.contains(&Some(name));
        let added: Vec<(&'static str, &String)> = mapping
            .constants
            .iter()
            .filter(|(name, _)| !has(name))
            .map(|(name, value)| (*name, value))
            .collect();
        let constants = added.iter().map(|(_, value)| Cell::text(value.as_str())).collect();
        fields.extend(added.iter().map(|(name, _)| Some(*name)));
        let layout = Layout::read(
            kind,
            names
                .iter()
                .map(String::as_str)
                .chain(added.iter().map(|(name, _)| *name)),
        )?;
        let ignored = header
            .iter()
            .zip(&fields)
            .filter(|(text, field)| field.is_none() && attribute::of_header(text).is_none())
            .map(|(text, _)| text.clone())
            .collect();
        Ok(Self {
            layout,
            header,
            fields,
            constants,
            ignored,
        })
    }
}

fn tidy(header: &str) -> String {
    header.trim_start_matches('\u{feff}').trim().to_owned()
}

/// The fields of the columns that the mapping names.
fn mapped(mapping: &Mapping, header: &[String]) -> Result<Vec<Option<&'static str>>, Rejection> {
    let mut fields = vec![None; header.len()];
    for (field, wanted) in &mapping.columns {
        let found: Vec<usize> = (0..header.len())
            .filter(|index| plain(&header[*index]) == plain(wanted))
            .collect();
        match found.as_slice() {
            [index] => fields[*index] = Some(*field),
            [] => {
                let near = header
                    .iter()
                    .map(|text| (strsim::normalized_levenshtein(&plain(text), &plain(wanted)), text))
                    .max_by(|(one, _), (other, _)| one.total_cmp(other))
                    .filter(|(likeness, _)| *likeness >= 0.5)
                    .map_or_else(String::new, |(_, text)| format!("; did you mean {}?", quote(text)));
                return Err(Rejection::new(
                    "mapped_header_missing",
                    format!(
                        "the mapping says that {field} is under {}, but there is no such header{near}",
                        quote(wanted)
                    ),
                ));
            }
            _ => {
                return Err(Rejection::new(
                    "header_twice",
                    format!("the header {} stands twice; remove or rename one", quote(wanted)),
                ));
            }
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_understood_however_they_are_written() {
        let bookings = [
            ("订单号", "booking_id"),
            ("\u{feff}手机号码", "customer_phone"),
            ("金额（元）", "amount"),
            ("订单金额(CNY)", "amount"),
            ("*出发 日期", "departs"),
            ("Booked At", "booked_at"),
            ("ＢＯＯＫＥＤ＿ＡＴ", "booked_at"),
            ("E-Mail", "customer_email"),
        ];
        for (header, known) in bookings {
            assert_eq!(field(FileKind::Bookings, header), Some(known), "{header}");
        }
        assert_eq!(field(FileKind::Customers, "手机"), Some("phone"));
        assert_eq!(field(FileKind::Customers, "金额"), None);
        assert_eq!(field(FileKind::Customers, "()"), None);
    }

    #[test]
    fn no_name_has_two_meanings() {
        for (kind, synonyms) in [(FileKind::Bookings, BOOKINGS), (FileKind::Customers, CUSTOMERS)] {
            let mut seen = std::collections::HashSet::new();
            for (known, names) in synonyms {
                assert!(kind.headers().contains(known));
                for name in names.split(' ') {
                    assert!(seen.insert(name), "{name} twice");
                    assert_eq!(plain(name), name, "in the spelling that is looked up");
                }
            }
        }
    }
}
