//! Quotes that run over lines: cells of several lines, or quotes gone astray that swallow the rows after them.

use super::dates::{self, Epoch, Told};
use super::notes::Sort;
use super::units::{self, Mark};

/// What is known of a table once its headers are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// What each column has.
    pub(super) sorts: Vec<Sort>,
}

/// What a row of several lines is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A row with cells of several lines.
    Sound,
    /// One row that cannot be right. The quote opened at this place of its text.
    Broken(usize),
    /// A row up to the line in which a quote opened at this place, and further rows.
    Torn(usize),
}

/// A quoted cell in the text of a row.
struct Quoted {
    column: usize,
    /// Where its opening quote stands.
    begins: usize,
    /// Behind its last character, before the closing quote if there is one.
    ends: usize,
    closed: bool,
    /// Whether the closing quote is followed by a delimiter or the end of the row.
    clean: bool,
}

/// The quoted cells of a row, by the rules of the csv crate: a quote opens a cell at its very beginning, and two within are one.
fn quoted(text: &[u8], delimiter: u8) -> Vec<Quoted> {
    let mut found = Vec::new();
    let (mut column, mut at, mut starts) = (0, 0, true);
    while let Some(byte) = text.get(at) {
        if starts && *byte == b'"' {
            let begins = at;
            let mut closed = false;
            at += 1;
            while let Some(byte) = text.get(at) {
                if *byte != b'"' {
                    at += 1;
                } else if text.get(at + 1) == Some(&b'"') {
                    at += 2;
                } else {
                    closed = true;
                    break;
                }
            }
            let ends = at;
            at += usize::from(closed);
            let clean = closed && text.get(at).is_none_or(|next| *next == delimiter || is_line_end(*next));
            found.push(Quoted {
                column,
                begins,
                ends,
                closed,
                clean,
            });
            starts = false;
        } else {
            starts = *byte == delimiter;
            column += usize::from(starts);
            at += 1;
        }
    }
    found
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The lines of a text without their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.iter().position(|byte| is_line_end(*byte)) {
        lines.push(&rest[..end]);
        let width = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + width..];
    }
    lines.push(rest);
    lines
}

/// Judges a row of several lines that has `count` cells as it was read.
pub(super) fn judge(text: &[u8], delimiter: u8, shape: Option<&Shape>, count: usize) -> Verdict {
    let width = shape.map_or(count, |shape| shape.sorts.len());
    for cell in quoted(text, delimiter) {
        if !cell.closed {
            return Verdict::Torn(cell.begins);
        }
        let inner = &text[cell.begins + 1..cell.ends];
        let several_lines = |text: &[u8]| text.iter().any(|byte| is_line_end(*byte));
        let has_delimiter = inner.contains(&delimiter);
        let strict =
            shape.is_some_and(|shape| shape.sort(cell.column) != Sort::Words) && several_lines(inner.trim_ascii());
        if strict || (!cell.clean && several_lines(inner)) {
            return if has_delimiter || width == 1 || (!cell.clean && count != width) {
                Verdict::Torn(cell.begins)
            } else {
                Verdict::Broken(cell.begins)
            };
        }
        if several_lines(inner) && has_delimiter && looks_like_rows(text, &cell, delimiter, shape, width) {
            return Verdict::Torn(cell.begins);
        }
    }
    Verdict::Sound
}

/// Where the quote stands that a line opens and does not close.
pub(super) fn open(line: &[u8], delimiter: u8) -> usize {
    let cells = quoted(line, delimiter);
    cells.iter().find(|cell| !cell.closed).map_or(0, |cell| cell.begins)
}

fn cells(line: &[u8], delimiter: u8) -> usize {
    line.iter().filter(|byte| **byte == delimiter).count() + 1
}

/// Whether a quoted cell of words has rows in it: its lines have about as many cells as the table, and what stands in the columns of
/// ids, days, money and telephones could be such.
fn looks_like_rows(text: &[u8], cell: &Quoted, delimiter: u8, shape: Option<&Shape>, width: usize) -> bool {
    let inner = lines(&text[cell.begins + 1..cell.ends]);
    let [first, middle @ .., last] = inner.as_slice() else {
        return false;
    };
    let first_fits = cell.column + cells(first, delimiter) == width;
    let last_fits = cells(last, delimiter) == cell.column + 1;
    let exact = middle.iter().filter(|line| cells(line, delimiter) == width).count();
    let slack = 1.max(width / 5);
    let near = middle
        .iter()
        .filter(|line| cells(line, delimiter).abs_diff(width) <= slack)
        .count();
    let fits =
        (first_fits && last_fits && near * 2 >= middle.len()) || exact >= 2 || (near >= 1 && (first_fits || last_fits));
    let Some(shape) = shape else {
        return fits && width >= 3;
    };
    if !fits {
        return false;
    }
    let split = |line: &[u8]| -> Vec<String> {
        let cells = line.split(|byte| *byte == delimiter);
        cells
            .map(|cell| String::from_utf8_lossy(cell).trim().trim_matches('"').to_owned())
            .collect()
    };
    let begin = text[..cell.begins]
        .iter()
        .rposition(|byte| is_line_end(*byte))
        .map_or(0, |end| end + 1);
    let opening = split(&text[begin..cell.begins]);
    let mut evidence = 0;
    for (place, found) in split(first).iter().enumerate().skip(1) {
        evidence += shape.likely(cell.column + place, found, None);
    }
    for line in middle.iter().chain([last]) {
        for (column, found) in split(line).iter().enumerate() {
            evidence += shape.likely(column, found, opening.get(column).map(String::as_str));
        }
    }
    evidence > 0
}

impl Shape {
    fn sort(&self, column: usize) -> Sort {
        self.sorts.get(column).copied().unwrap_or(Sort::Words)
    }

    /// 1 if the text could stand in the column, -1 if it could not, 0 if nobody can say. `other` is what another row has there.
    fn likely(&self, column: usize, text: &str, other: Option<&str>) -> i32 {
        if text.is_empty() {
            return 0;
        }
        let verdict = |good: bool| if good { 1 } else { -1 };
        match self.sort(column) {
            Sort::Words | Sort::Choice | Sort::Count => 0,
            Sort::Id if text.contains(char::is_whitespace) => -1,
            Sort::Id => i32::from(other.is_some_and(|other| alike(text, other))),
            Sort::Phone => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                let others = text
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '.'));
                verdict(digits >= 5 && others)
            }
            Sort::Email => verdict(text.contains('@') && !text.contains(char::is_whitespace)),
            Sort::Day | Sort::Moment => {
                if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 8 {
                    return 0;
                }
                let read = dates::read(text, None, Epoch::default());
                verdict(matches!(read, Some(Told::Day(_) | Told::Time(_) | Told::Ambiguous)))
            }
            Sort::Money => {
                let upper = text.to_uppercase();
                let bare = Mark::all().fold(upper.as_str(), |bare, mark| {
                    bare.trim_start_matches(mark.sign).trim_end_matches(mark.sign)
                });
                verdict(units::canonical(units::scaled(bare.trim()).0, 0).is_some())
            }
        }
    }
}

/// Whether two ids are of one kind: the same letters before their digits, and about as long.
fn alike(one: &str, other: &str) -> bool {
    let begin = |text: &str| -> String {
        text.chars()
            .take_while(|c| !c.is_ascii_digit())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    has_digit(one) && has_digit(other) && begin(one) == begin(other) && one.len().abs_diff(other.len()) <= 2
}

/// The cells of a row up to the end of the line in which a stray quote opened at `begins`: that quote is a character like any other.
pub(super) fn loose(text: &[u8], begins: usize, delimiter: u8) -> Vec<String> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let begins = begins.min(text.len());
    let mut before = csv::ReaderBuilder::new();
    before.flexible(true).has_headers(false).delimiter(delimiter);
    let mut record = csv::ByteRecord::new();
    let head = before.from_reader(&text[..begins]).read_byte_record(&mut record);
    let string = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let mut cells: Vec<String> = record.iter().map(string).filter(|_| head.is_ok()).collect();
    // the stray quote's own cell begins behind the last delimiter
    cells.pop();
    cells.extend(text[begins..].split(|byte| *byte == delimiter).map(string));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        // booking_id, member_no, customer_name, booked_at, amount, note
        Shape {
            sorts: vec![Sort::Id, Sort::Id, Sort::Words, Sort::Moment, Sort::Money, Sort::Words],
        }
    }

    fn judged(text: &str) -> Verdict {
        judge(text.as_bytes(), b',', Some(&shape()), 6)
    }

    #[test]
    fn cells_of_several_lines_are_sound() {
        for text in [
            "B1,M1,\"王\n芳\",2025-01-01,100,x\n",
            "B1,M1,王芳,2025-01-01,100,\"第一行\n第二行，再见\"\n",
            "B1,M1,王芳,2025-01-01,100,\"first, second\nthird, fourth\n\nfifth\"\n",
            "B1,M1,王芳,2025-01-01,100,\"called 3 times, on 2025-01-02, 2025-01-03,\nno answer, will try again, said \"\"later\"\", twice, ok\"\n",
            "B1,M1,\"Room 12, sea view\nThanks, John\",2025-06-01,600,x\n",
            "\"B1\n\",M1,王芳,2025-01-01,100,x\n",
            "B1,M1,王芳,2025-01-01,\" 100\r\n\",\"\"\n",
            "B1,M1,王芳,2025-01-01,100,\"a\rb\r\nc\"\n",
        ] {
            assert_eq!(judged(text), Verdict::Sound, "{text}");
        }
        let narrow = Shape {
            sorts: vec![Sort::Id, Sort::Words],
        };
        for text in [
            "M1,\"你好, 世界\n再见, 朋友\"\n",
            "M1,\"你好\n再见, 朋友\"\n",
            "M1,\"hello\nroom 12, thanks\"\n",
        ] {
            assert_eq!(judge(text.as_bytes(), b',', Some(&narrow), 2), Verdict::Sound, "{text}");
        }
    }

    #[test]
    fn a_stray_quote_tears_a_row() {
        for text in [
            // another stray quote ends it in the midst of a cell
            "B2,M2,\"客2,2025-02-01,200,\nB3,M3,客3,2025-03-01,300,\nB6,M6,\"客6,2025-06-01,600,\n",
            // at the end of a cell, as a good quote would be
            "B2,M2,\"客2,2025-02-01,200,\nB3,M3,客3,2025-03-01,300,\nB6,M6,客6\",2025-06-01,600,\n",
            "B2,M2,\"客2,2025-02-01,200,\nB3,M3,客3\",2025-03-01,300,\n",
            // in the last column
            "B2,M2,客2,2025-02-01,200,\"a\nB3,M3,客3,2025-03-01,300,b\nB4,M4,客4,2025-03-01,300,\"c\n",
            "B2,M2,客2,2025-02-01,200,\"a\nB3,M3,客3,2025-03-01,300,b\"\n",
            // some rows with a cell too many or too few
            "B2,M2,\"客2,2025-02-01,200,\nB3,M3,2025-03-01,300,\nB4,M4,客,4,2025-03-01,300,\nB6,M6,客6\",2025-06-01,600,\n",
        ] {
            let begins = text.find('"').expect("a quote");
            assert_eq!(judged(text), Verdict::Torn(begins), "{text}");
        }
        // in a column of days
        let day = "B2,M2,客2,\"2025-02-01,200,\nB3,M3,客3,2025-03-01,300,\nB4,M4,客4,\"2025-03-01,300,\n";
        assert_eq!(judged(day), Verdict::Torn(day.find('"').expect("a quote")));
        assert_eq!(judge(b"B2,M2,\"x\nB3\n", b',', Some(&shape()), 3), Verdict::Torn(6));
        // two numbers in one cell are one row's trouble
        let two = "\"B1\nB2\",M1,王芳,2025-01-01,100,x\n";
        assert_eq!(judged(two), Verdict::Broken(0));
        let junk = "B1,M1,\"王\n芳\"x,2025-01-01,100,y\n";
        assert_eq!(judged(junk), Verdict::Broken(6));
        // a lost closing quote at the end of a line
        let lost = "\"B1\",\"M1\",\"王\",\"2025-01-01\",\"1\",\"x\n\"B2\",\"M2\",\"王\",\"2025-01-01\",\"1\",\"x\"\n";
        assert_eq!(
            judge(lost.as_bytes(), b',', Some(&shape()), 11),
            Verdict::Torn(lost.find("\"x").expect("there"))
        );
    }

    #[test]
    fn the_broken_row_keeps_every_character() {
        let text = b"\"B,2\",M2,\"\xe5\xae\xa22,2025-02-01,200\r\n";
        assert_eq!(loose(text, 9, b','), ["B,2", "M2", "\"客2", "2025-02-01", "200"]);
        assert_eq!(loose(b"\"x,y\n", 0, b','), ["\"x", "y"]);
    }
}
