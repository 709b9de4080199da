//! Attributes an agency defines for itself: fields of its own on every customer, which its rules can read as `attr.KEY`.

use crate::catalogue::{FactKind, Sensitivity, Value};
use crate::{Localized, Words, profile, time, words};
use serde::{Deserialize, Serialize};

/// What stands before an attribute's key among the facts.
pub const PREFIX: &str = "attr.";

/// One field of an agency's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeDef {
    /// Lower-case words joined by hyphens.
    pub key: String,
    /// Kind of its values. Settled once: rules are written against it.
    pub kind: FactKind,
    /// What people read.
    pub title: Localized,
    /// How personal it is.
    pub sensitivity: Sensitivity,
}

/// Whether `key` can name an attribute: lower-case words joined by hyphens, at most 40 characters, not a field of the product's own.
pub fn is_key(key: &str) -> bool {
    let words = key.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    let stored = stored_key(key);
    words
        && key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_lowercase())
        && !profile::Profile::KEYS.contains(&stored.as_str())
}

/// The key under which values are kept: records write attributes in snake case.
pub fn stored_key(key: &str) -> String {
    key.replace('-', "_")
}

/// The key of the values under a header `attr.KEY` of a file.
pub fn of_header(header: &str) -> Option<String> {
    let name = header.trim_start_matches('\u{feff}').trim().to_lowercase();
    let key = name.strip_prefix(PREFIX)?.replace('_', "-");
    is_key(&key).then(|| stored_key(&key))
}

impl AttributeDef {
    /// The key among the facts.
    pub fn fact_key(&self) -> String {
        format!("{PREFIX}{}", self.key)
    }

    /// Brings a value into its normal spelling: whole numbers without separators, money in minor units, days as `2026-01-15`, flags as
    /// `true` and `false`.
    ///
    /// # Errors
    /// What the value has to be, to be read after the key.
    pub fn normalise(&self, value: &str) -> Result<String, Words> {
        let text = value.trim();
        match self.kind {
            FactKind::Count => text.parse::<i32>().map(|n| n.to_string()).map_err(|_| {
                words!(
                    "must be a whole number between -2,147,483,648 and 2,147,483,647",
                    "应为 -2,147,483,648 到 2,147,483,647 之间的整数"
                )
            }),
            FactKind::Money => text.parse::<i64>().map(|n| n.to_string()).map_err(|_| {
                words!(
                    "must be a whole number of minor units, 123450 for 1,234.50",
                    "应为最小货币单位的整数，1,234.50 写作 123450"
                )
            }),
            FactKind::Number => match text.parse::<f64>() {
                // plus zero: what is below zero and rounds to nothing is zero, of which there is one
                Ok(number) if number.is_finite() => Ok((number + 0.0).to_string()),
                _ => Err(words!("must be a number like 3.5", "应为数字，如 3.5")),
            },
            FactKind::Flag => profile::normalise("consent_marketing", text),
            FactKind::Day => time::parse_day(text)
                .map(time::day_text)
                .ok_or_else(|| words!("must be a date like 2026-01-15", "应为日期，如 2026-01-15")),
            FactKind::Text => Ok(text.to_owned()),
        }
    }
}

/// What a value in its normal spelling means for a fact of this kind; unknown if it is of another kind, as values can be that were
/// told before the attribute was defined.
pub fn value(kind: FactKind, text: &str) -> Value<'_> {
    let found = match kind {
        FactKind::Count => text.parse::<i32>().ok().map(|n| Value::Whole(n.into())),
        FactKind::Money => text.parse().ok().map(Value::Whole),
        FactKind::Number => text.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Number),
        FactKind::Flag => text.parse().ok().map(Value::Flag),
        FactKind::Day => time::parse_day(text).map(|day| Value::Whole(day.into())),
        FactKind::Text => Some(Value::Text(text)),
    };
    found.unwrap_or(Value::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: FactKind) -> AttributeDef {
        AttributeDef {
            key: "vip-level".into(),
            kind,
            title: Localized::new("等级", "level"),
            sensitivity: Sensitivity::Ordinary,
        }
    }

    #[test]
    fn values_have_a_normal_spelling_that_means_them() {
        let cases = [
            (FactKind::Count, " 007 ", "7", Value::Whole(7)),
            (FactKind::Money, "123450", "123450", Value::Whole(123_450)),
            (FactKind::Number, "3.50", "3.5", Value::Number(3.5)),
            (FactKind::Flag, "是", "true", Value::Flag(true)),
            (FactKind::Day, "1970-01-03", "1970-01-03", Value::Whole(2)),
            (FactKind::Text, " 金卡 ", "金卡", Value::Text("金卡")),
        ];
        for (kind, told, normal, means) in cases {
            assert_eq!(of(kind).normalise(told).as_deref(), Ok(normal));
            assert_eq!(value(kind, normal), means);
        }
        for (kind, wrong) in [
            (FactKind::Count, "3000000000"),
            (FactKind::Money, "1,234.50"),
            (FactKind::Number, "NaN"),
            (FactKind::Flag, "perhaps"),
            (FactKind::Day, "15.1.2026"),
        ] {
            assert!(of(kind).normalise(wrong).is_err(), "{wrong}");
            assert_eq!(value(kind, wrong), Value::Unknown);
        }
    }

    #[test]
    fn keys_are_words_and_not_those_of_the_product() {
        for key in ["vip", "vip-level", "km2"] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "",
            "-vip",
            "vip-",
            "VIP",
            "vip_level",
            "2nd",
            "home-city",
            "name",
            &"a".repeat(41),
        ] {
            assert!(!is_key(key), "{key}");
        }
    }
}
