//! The catalogue of facts: what can be known of a customer, in which kind and unit, and where it comes from.

mod all;

pub use all::{ALL, CASE_TEXT, LOT};

use crate::contribution::Contributed;
pub use crate::fact::{FactKind, Value};
use crate::facts::FactRow;
use crate::{Day, time};
use serde::{Deserialize, Serialize};

/// Who may grant a fact to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// Says what the customer did with the agency: whoever puts rules into force grants it.
    Ordinary,
    /// Says who the customer is, or what they are worth in money: to grant it is a right of its own.
    Personal,
}

impl Sensitivity {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Ordinary, Self::Personal];
}

/// How the stored value of a fact is seen on a day. What counts from a day is stored as that day, so that nothing has to be
/// rewritten when the calendar turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As stored.
    AsIs,
    /// Days from the stored day to today.
    DaysSince,
    /// Days from today to the stored day.
    DaysUntil,
    /// Whole years since the stored day.
    Age,
    /// Days from today to the next anniversary of the stored day.
    DaysToBirthday,
}

impl View {
    /// What a stored whole number means today.
    #[inline]
    pub fn apply(self, stored: i64, today: Day) -> i64 {
        let day = stored as Day;
        match self {
            Self::AsIs => stored,
            Self::DaysSince => i64::from(today) - stored,
            Self::DaysUntil => stored - i64::from(today),
            Self::Age => time::age(day, today).into(),
            Self::DaysToBirthday => time::days_to_birthday(day, today).into(),
        }
    }
}

/// One entry of the catalogue.
#[derive(Debug, Clone)]
pub struct FactDef {
    /// Stable name, lower-case words joined by hyphens.
    pub key: &'static str,
    /// Kind of the value.
    pub kind: FactKind,
    /// Unit of the value, where one makes sense.
    pub unit: Option<&'static str>,
    /// Whether the value can be unknown. Counts and sums are never unknown: nothing means zero.
    pub nullable: bool,
    /// What the value says: Chinese, English.
    pub meaning: (&'static str, &'static str),
    /// Which records feed the fact; [`NO_SOURCE`] as long as none do.
    pub source: &'static str,
    /// Who may grant it to a rule.
    pub sensitivity: Sensitivity,
    /// The stored value, of what is folded from records; none if a capability contributes it by itself.
    pub base: Option<fn(&FactRow) -> Value<'_>>,
    /// How the stored value is seen on a day.
    pub view: View,
}

/// The fact that the agency's model gives; see [`crate::clv`].
pub const CLV: &str = "clv-24m";

/// The source of facts that nothing feeds yet; they are zero or unknown.
pub const NO_SOURCE: &str = "no_source";

impl FactDef {
    const fn new(
        key: &'static str,
        kind: FactKind,
        nullable: bool,
        source: &'static str,
        base: Option<fn(&FactRow) -> Value<'_>>,
    ) -> Self {
        Self {
            key,
            kind,
            unit: None,
            nullable,
            meaning: ("", ""),
            source,
            sensitivity: Sensitivity::Ordinary,
            base,
            view: View::AsIs,
        }
    }

    const fn known(key: &'static str, kind: FactKind, source: &'static str, base: fn(&FactRow) -> Value<'_>) -> Self {
        Self::new(key, kind, false, source, Some(base))
    }

    const fn maybe(key: &'static str, kind: FactKind, source: &'static str, base: fn(&FactRow) -> Value<'_>) -> Self {
        Self::new(key, kind, true, source, Some(base))
    }

    const fn contributed(key: &'static str, kind: FactKind, nullable: bool, source: &'static str) -> Self {
        Self::new(key, kind, nullable, source, None)
    }

    const fn means(self, zh_cn: &'static str, en: &'static str) -> Self {
        Self {
            meaning: (zh_cn, en),
            ..self
        }
    }

    const fn unit(self, unit: &'static str) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    const fn personal(self) -> Self {
        Self {
            sensitivity: Sensitivity::Personal,
            ..self
        }
    }

    const fn seen(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// The stored value of this fact in `row`.
    pub fn stored<'r>(&self, row: &'r FactRow) -> Value<'r> {
        match self.base {
            Some(base) => base(row),
            None => self.among(&row.contributed),
        }
    }

    /// The value of this fact among those contributed: zero or unknown if it is not there.
    pub fn among<'v>(&self, values: &'v Contributed) -> Value<'v> {
        match values.get(self.key) {
            Some(stored) => stored.value(),
            None if self.nullable => Value::Unknown,
            None => Value::Whole(0),
        }
    }

    /// The value of this fact in `row`, seen on `today`.
    pub fn value<'r>(&self, row: &'r FactRow, today: Day) -> Value<'r> {
        match self.stored(row) {
            Value::Whole(stored) => Value::Whole(self.view.apply(stored, today)),
            other => other,
        }
    }
}

/// Every fact a rule can read, but for an agency's own: those of the customer, the [`LOT`] that the customer has drawn in the rule's binding, and
/// what is written in the case that it is asked about.
pub fn readable() -> impl Iterator<Item = &'static FactDef> {
    ALL.iter().chain([&LOT, &CASE_TEXT])
}

/// The position of a fact in [`ALL`].
pub fn position(key: &str) -> Option<usize> {
    ALL.iter().position(|fact| fact.key == key)
}

/// The fact of this name.
pub fn find(key: &str) -> Option<&'static FactDef> {
    ALL.iter().find(|fact| fact.key == key)
}
