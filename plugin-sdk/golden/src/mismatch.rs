use serde::Serialize;
use std::fmt;

use crate::Said;
use crate::said::said;

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

impl Mismatch {
    /// It in both languages.
    pub fn said(&self) -> Said {
        let Self {
            field, got, expected, ..
        } = self;
        let place = match self.place {
            Place::Row(row) => said!("row {row}", "第 {row} 行"),
            Place::Line(line) => said!("line {line}", "第 {line} 行"),
        };
        said!(
            ": {field} is {got}, expected {expected}",
            "：{field} 为 {now}，应为 {wanted}",
            now = in_chinese(got),
            wanted = in_chinese(expected)
        )
        .behind(&place.en, &place.zh)
    }
}

/// What an answer says: a word in quotes, or what stands for none, or a saving.
fn in_chinese(told: &str) -> String {
    match told.split_once(' ') {
        None if told == NONE => "无".to_owned(),
        Some(("amount", amount)) => format!("金额 {amount}"),
        Some(("rate", rate)) => format!("比率 {rate}"),
        _ => told.to_owned(),
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said().fmt(f)
    }
}

const NONE: &str = "none";

/// A word of an answer.
pub(crate) fn word(word: Option<&str>) -> String {
    word.map_or_else(|| NONE.to_owned(), |word| format!("{word:?}"))
}
