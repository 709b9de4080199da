//! Tables for spreadsheet programs, which take a cell that begins like a formula for one and run it.
//!
//! Such a cell leaves with an apostrophe before it, as OWASP advises against CSV injection, and loses it again when it comes back. All
//! CSV that leaves the server is written here.

use crate::error::{AppError, Result};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Whether a spreadsheet program may take the text for a formula. A plain number below zero is only a number.
fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) && !text.trim().is_empty() {
        return true;
    }
    // what cannot be seen before it, and its full-width form, do not keep every program from it
    let unseen = |c: &char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let first = text
        .chars()
        .find(|c| !unseen(c))
        .and_then(|c| std::iter::once(c).nfkc().next());
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
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text without the apostrophe before a formula.
pub(crate) fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

/// A CSV file on its way out.
pub(crate) struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// A file with `delimiter` between its cells. What is written follows `begun`.
    pub(crate) fn new(delimiter: u8, begun: &[u8]) -> Self {
        let mut builder = csv::WriterBuilder::new();
        Self(builder.delimiter(delimiter).flexible(true).from_writer(begun.to_vec()))
    }

    /// Writes a cell that somebody may have chosen.
    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        self.own(harmless(text).as_ref())
    }

    /// Writes a cell that the server made: a number, an id, a word of its own.
    pub(crate) fn own(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        self.0.write_field(text).map_err(failed)
    }

    /// Ends a row.
    pub(crate) fn end_row(&mut self) -> Result<()> {
        self.0.write_record(None::<&[u8]>).map_err(failed)
    }

    /// What was written.
    pub(crate) fn bytes(self) -> Result<Vec<u8>> {
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
            "\t=1",
            "\rx",
            "\nx",
            "  =1",
            "\u{a0}=1",
            "\u{200b}=1",
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
            "", "x", "1", "-12.50", "-7", "'x", "' =1 x'", "''=1", "李伟", "a=b", "\t", " ", "'",
        ] {
            assert_eq!(harmless(text), text, "{text:?}");
        }
        for text in ["'x", "O'Hara", "''=1", "'13800138000", "'"] {
            assert_eq!(unguarded(text), text, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_comes_back_is_what_left(text in "[-=+@'\t 0-9a.＝]{0,8}") {
            let once = unguarded(&text);
            let (left, twice) = (harmless(&text), harmless(once));
            prop_assert_eq!(unguarded(&left), once);
            prop_assert_eq!(unguarded(&twice), once);
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
