//! Facts that a capability contributes by itself, beside those that are folded from a customer's records.

use crate::Day;
use crate::fact::{FactKind, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Contributed values by the keys of their facts. What counts from a day is that day, as everywhere.
pub type Contributed = BTreeMap<String, Stored>;

/// A contributed value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Stored {
    /// Yes or no.
    Flag(bool),
    /// Counts, money, days, and days that relative facts count from.
    Whole(i64),
    /// Fractions.
    Number(f64),
    /// A text.
    Text(String),
}

impl Stored {
    /// A value to be kept; none if it is unknown.
    pub fn of(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Unknown => None,
            Value::Whole(n) => Some(Self::Whole(n)),
            Value::Number(n) => Some(Self::Number(n)),
            Value::Flag(flag) => Some(Self::Flag(flag)),
            Value::Text(text) => Some(Self::Text(text.to_owned())),
        }
    }

    /// The value as a fact.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Whole(n) => Value::Whole(*n),
            Self::Number(n) => Value::Number(*n),
            Self::Text(text) => Value::Text(text),
        }
    }

    /// Whether a fact of this kind can hold the value.
    pub fn is(&self, kind: FactKind) -> bool {
        match (self, kind) {
            (Self::Flag(_), FactKind::Flag) | (Self::Text(_), FactKind::Text) | (Self::Whole(_), FactKind::Money) => {
                true
            }
            (Self::Whole(n), FactKind::Count | FactKind::Day) => i32::try_from(*n).is_ok(),
            (Self::Number(n), FactKind::Number) => n.is_finite(),
            _ => false,
        }
    }
}

/// What one capability knows of one customer as of a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fragment {
    /// The day its windows were counted for.
    pub as_of: Day,
    /// The next day on which a window changes by itself.
    pub edge_on: Option<Day>,
    /// Its facts.
    pub values: Contributed,
}

impl Fragment {
    /// Whether the windows, as they were counted, are those of `today`.
    pub fn holds_on(&self, today: Day) -> bool {
        self.as_of <= today && self.edge_on.is_none_or(|edge| edge > today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let values = Contributed::from([
            ("csat-12m".to_owned(), Stored::Number(4.0)),
            ("nps".to_owned(), Stored::Whole(9)),
            ("consent".to_owned(), Stored::Flag(false)),
            ("tier".to_owned(), Stored::Text("7".into())),
        ]);
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(text, r#"{"consent":false,"csat-12m":4.0,"nps":9,"tier":"7"}"#);
        assert_eq!(serde_json::from_str::<Contributed>(&text).unwrap(), values);
        assert!(
            values
                .values()
                .all(|value| Stored::of(value.value()).as_ref() == Some(value))
        );
        assert_eq!(Stored::of(Value::Unknown), None);
    }

    #[test]
    fn a_value_fits_its_kind_only() {
        assert!(Stored::Whole(i64::MAX).is(FactKind::Money));
        assert!(!Stored::Whole(i64::MAX).is(FactKind::Count));
        assert!(!Stored::Number(f64::NAN).is(FactKind::Number));
        assert!(!Stored::Whole(1).is(FactKind::Number));
    }
}
