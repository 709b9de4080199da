//! Tables for spreadsheet programs, which take a cell that begins like a formula for one and run it.
//!
//! Such a cell leaves with an apostrophe before it, as OWASP advises against CSV injection, and loses it again when it comes back. So
//! does what stands behind a separator or the end of a line within a cell: a program whose separator is another than the file's begins a
//! cell there, and as it has seen no quote at the beginning of a cell, the quotes around do not keep it from that. All CSV that leaves the
//! server is written here.

use crate::error::{AppError, Result};
use posthouse_domain::normal;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Behind what a program may begin a cell.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// Whether a spreadsheet program may take the text for a formula. A plain number below zero is only a number.
fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) && !text.trim().is_empty() {
        return true;
    }
    // what cannot be seen before it, a quote, and its full-width form do not keep every program from it
    let seen = |c: &char| {
        let is_ink = c.is_ascii_graphic() || !normal::visible(c.encode_utf8(&mut [0; 4])).is_empty();
        is_ink && !c.is_control() && *c != '"'
    };
    let first = text.chars().find(seen).and_then(|c| std::iter::once(c).nfkc().next());
    match first {
        Some('=' | '+' | '@') => true,
        Some('-') => !is_number(text),
        Some('−') => true,
        _ => false,
    }
}

fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.strip_prefix('-').unwrap_or("").split_once('.').map_or_else(
        || (text.strip_prefix('-').unwrap_or(""), None),
        |(whole, fraction)| (whole, Some(fraction)),
    );
    digits(whole) && fraction.is_none_or(digits)
}

/// A text that no program takes for a formula.
fn harmless(text: &str) -> Cow<'_, str> {
    let begins = is_formula(text);
    if !begins && !text.contains(SEPARATORS) {
        return Cow::Borrowed(text);
    }
    let mut safe = if begins { "'".to_owned() } else { String::new() };
    for (place, part) in text.split_inclusive(SEPARATORS).enumerate() {
        if place > 0 && is_formula(part.trim_end_matches(SEPARATORS)) {
            safe.push('\'');
        }
        safe.push_str(part);
    }
    Cow::Owned(safe)
}

/// A text without the apostrophes before formulas.
pub(crate) fn unguarded(text: &str) -> Cow<'_, str> {
    if !text.contains('\'') {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    for (place, part) in text.split_inclusive(SEPARATORS).enumerate() {
        let guarded = part.strip_prefix('\'').filter(|_| place > 0);
        let formula = guarded.filter(|rest| is_formula(rest.trim_end_matches(SEPARATORS)));
        bare.push_str(formula.unwrap_or(part));
    }
    if bare.strip_prefix('\'').is_some_and(is_formula) {
        bare.remove(0);
    }
    Cow::Owned(bare)
}

/// A CSV file on its way out.
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// A file with `delimiter` between its cells. What is written follows `begun`.
    pub fn new(delimiter: u8, begun: &[u8]) -> Self {
        let mut builder = csv::WriterBuilder::new();
        Self(builder.delimiter(delimiter).flexible(true).from_writer(begun.to_vec()))
    }

    /// Writes a cell that somebody may have chosen.
    ///
    /// # Errors
    /// None but for memory.
    pub fn text(&mut self, text: &str) -> Result<()> {
        self.own(harmless(text).as_ref())
    }

    /// Writes a cell that the server made: a number, an id, a word of its own.
    ///
    /// # Errors
    /// None but for memory.
    pub fn own(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        self.0.write_field(text).map_err(failed)
    }

    /// Ends a row.
    ///
    /// # Errors
    /// None but for memory.
    pub fn end_row(&mut self) -> Result<()> {
        self.0.write_record(None::<&[u8]>).map_err(failed)
    }

    /// What was written.
    ///
    /// # Errors
    /// None but for memory.
    pub fn bytes(self) -> Result<Vec<u8>> {
        self.0
            .into_inner()
            .map_err(|error| AppError::Internal(error.to_string()))
    }
}

fn failed(error: csv::Error) -> AppError {
    AppError::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    #[test]
    fn what_begins_like_a_formula_is_made_harmless() {
        for text in [
            "=1+1",
            "=HYPERLINK(\"http://x\",\"y\")",
            "+8613800138000",
            "-1+1",
            "-cmd|' /C calc'!A0",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "  =1",
            "\u{a0}=1",
            "\u{200b}=1",
            "\u{180e}=1",
            "\u{3164}=1",
            "\u{2800}=1",
            "\u{34f}=1",
            "\u{fe0f}\u{115f}\u{e0041}=1",
            "\"=1",
            "＝1+1",
            "＋1",
            "－1",
            "＠SUM(A1)",
            "−1",
            "-",
            "-1e5",
        ] {
            assert_eq!(harmless(text), format!("'{text}"), "{text:?}");
            assert_eq!(unguarded(&harmless(text)), text);
        }
        for text in [
            "", "x", "1", "-12.50", "-7", "'x", "' =1 x'", "''=1", "李伟", "a=b", "\t", " ", "'", "a,b;c\nd", "2,-7",
            "\u{3164}", "—",
        ] {
            assert_eq!(harmless(text), text, "{text:?}");
        }
        for text in ["'x", "O'Hara", "''=1", "'13800138000", "'"] {
            assert_eq!(unguarded(text), text, "{text:?}");
        }
    }

    #[test]
    fn what_another_program_takes_for_a_cell_is_made_harmless() {
        for (text, left) in [
            ("x;=1+1", "x;'=1+1"),
            ("x,=1+1;-7;+1", "x,'=1+1;-7;'+1"),
            ("\t=1", "'\t'=1"),
            ("x\r\n =1", "x\r\n' =1"),
            ("x;\"=1+1;\"", "x;'\"=1+1;\""),
            ("x;\u{3164}＝1", "x;'\u{3164}＝1"),
        ] {
            assert_eq!(harmless(text), left, "{text:?}");
            assert_eq!(unguarded(left), text);
        }
    }

    proptest! {
        #[test]
        fn what_comes_back_is_what_left(text in "[-=+@'\t 0-9a.＝;,\n\"\u{3164}]{0,8}") {
            let once = unguarded(&text);
            let (left, twice) = (harmless(&text), harmless(&once));
            prop_assert_eq!(unguarded(&left), &*once);
            prop_assert_eq!(unguarded(&twice), &*once);
            prop_assert!(!left.split(SEPARATORS).any(is_formula), "{:?}", left);
        }
    }

    #[test]
    fn all_csv_is_written_here() {
        let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (mut folders, mut files) = (vec![host], 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() && !path.ends_with("target") && !path.ends_with("tests") {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("sheet.rs") {
                    files += 1;
                    let text = std::fs::read_to_string(&path).expect("a file");
                    let tests = path.to_string_lossy().contains("_tests.rs");
                    let writes = text.contains("csv::Writer") || text.contains("use csv::");
                    assert!(tests || !writes, "{} writes CSV past Sheet", path.display());
                }
            }
        }
        assert!(files > 100, "{files} files looked at");
    }
}
