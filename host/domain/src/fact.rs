//! A fact by itself: its kind and its value.

use crate::money::{Currency, major_text};
use serde::{Deserialize, Serialize};

/// The kind of a fact, which settles how it is stored in columns and written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    /// A whole number: times, days, years, points. `s32` in columns.
    Count,
    /// Minor units of the agency's base currency. `s64` in columns.
    Money,
    /// A fraction. `f64` in columns, never NaN.
    Number,
    /// Yes or no. Bits in columns.
    Flag,
    /// Days since 1970-01-01 in the agency's time zone. `s32` in columns.
    Day,
    /// A short text. Dictionary-coded in columns.
    Text,
}

impl FactKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Count,
        Self::Money,
        Self::Number,
        Self::Flag,
        Self::Day,
        Self::Text,
    ];

    /// The name used in JSON, WIT and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Money => "money",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Day => "day",
            Self::Text => "text",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether quantiles and arithmetic make sense.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Count | Self::Money | Self::Day)
    }
}

/// The value of one fact of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nobody told.
    Unknown,
    /// Counts, money and days.
    Whole(i64),
    /// Fractions.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(&'a str),
}

impl Value<'_> {
    /// It in a sentence for people: money with its currency in major units, numbers with two decimals, a dash for what is unknown.
    pub fn spoken(&self, kind: FactKind, currency: Currency) -> String {
        match (kind, self) {
            (_, Self::Unknown) => "—".into(),
            (FactKind::Money, Self::Whole(minor)) => format!("{currency} {}", major_text(*minor, currency)),
            (FactKind::Day, Self::Whole(day)) => crate::time::day_text(*day as i32),
            (_, Self::Whole(n)) => n.to_string(),
            (_, Self::Number(n)) => format!("{n:.2}"),
            (_, Self::Flag(flag)) => flag.to_string(),
            (_, Self::Text(text)) => (*text).to_owned(),
        }
    }

    /// The value as JSON: `null` when unknown, days as days since 1970.
    pub fn to_json(&self) -> serde_json::Value {
        match *self {
            Self::Unknown => serde_json::Value::Null,
            Self::Whole(n) => n.into(),
            Self::Number(n) => n.into(),
            Self::Flag(flag) => flag.into(),
            Self::Text(text) => text.into(),
        }
    }
}
