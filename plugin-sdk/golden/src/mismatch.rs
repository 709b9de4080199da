use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;

use crate::Said;
use crate::said::said;

/// One answer that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Which part of what was asked about; none if it is about all of it.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// `segment`, `score` or `reason`; of an offer `offer`, `saving` or `reason`; of a posting `posting`, `points`, `active`, `expires` or
    /// `reason`; of a tier `tier`, `valid_until`, `next` or `reason`; of a case what `expect` has.
    pub field: &'static str,
    /// What the case expects.
    pub expected: String,
    /// What the plugin answered.
    pub got: String,
}

/// One of several parts that a case asks about, as a row or a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What the parts are, in English and in JSON.
    pub part: &'static str,
    /// The same in Chinese, where they are counted.
    pub zh: &'static str,
    /// Which one, counted from 0.
    pub at: usize,
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.part, &self.at)?;
        map.end()
    }
}

impl Mismatch {
    /// It in both languages.
    pub fn said(&self) -> Said {
        let Self {
            field, got, expected, ..
        } = self;
        let place = match self.place {
            Some(Place { part, zh, at }) => said!("{part} {at}: ", "第 {at} {zh}："),
            None => Said::default(),
        };
        said!(
            "{field} is {got}, expected {expected}",
            "{field} 为 {now}，应为 {wanted}",
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
