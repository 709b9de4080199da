use serde::Serialize;
use std::fmt;

/// One answer that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What was asked about.
    #[serde(flatten)]
    pub place: Place,
    /// `segment`, `score` or `reason`; of an offer `offer`, `saving` or `reason`.
    pub field: &'static str,
    /// What the case expects.
    pub expected: String,
    /// What the plugin answered.
    pub got: String,
}

/// What an answer is about, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A customer of a segmentation's case.
    Row(usize),
    /// A thing in the basket of a promotion's case.
    Line(usize),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Row(row) => write!(f, "row {row}")?,
            Place::Line(line) => write!(f, "line {line}")?,
        }
        write!(f, ": {} is {}, expected {}", self.field, self.got, self.expected)
    }
}

/// A word of an answer.
pub(crate) fn word(word: Option<&str>) -> String {
    word.map_or_else(|| "none".to_owned(), |word| format!("{word:?}"))
}
