//! What is known of a person besides bookings, and which of several sources is believed.

use crate::{Day, Instant, time};
use serde::{Deserialize, Serialize};

/// How a value came to be known (R04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Concluded by a rule.
    Inferred,
    /// Told by someone else.
    ThirdParty,
    /// Seen in what the customer did.
    Observed,
    /// Told by the customer, or written down by staff.
    Declared,
}

/// One value of one attribute, as one source told it at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeValue {
    /// Name in snake case.
    pub key: String,
    /// Value in its normal spelling.
    pub value: String,
    /// How it came to be known.
    pub source_kind: SourceKind,
    /// When it was true.
    pub at: Instant,
}

/// Longest attribute value, in bytes.
pub const LONGEST_VALUE: usize = 500;

/// The shown value of each attribute the product itself knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// `person`, `company` or `group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name as the customer writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name in Latin letters, as in a passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_latin: Option<String>,
    /// `female`, `male` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Day of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Day>,
    /// Where the customer lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_city: Option<String>,
    /// Language of correspondence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the customer wants to hear of offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_marketing: Option<bool>,
}

/// Brings the value of a known attribute into its normal spelling; others only have to be short and printable.
///
/// # Errors
/// What is wrong with the value, to be read after the key.
pub fn normalise(key: &str, value: &str) -> Result<String, &'static str> {
    let value = value.trim();
    if value.len() > LONGEST_VALUE || value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("is longer than 500 bytes or has control characters");
    }
    let one_of = |choices: &[(&'static str, &[&str])], problem| {
        let lower = value.to_lowercase();
        choices
            .iter()
            .find(|(_, spellings)| spellings.contains(&lower.as_str()))
            .map(|(normal, _)| (*normal).to_owned())
            .ok_or(problem)
    };
    match key {
        "kind" => one_of(
            &[
                ("person", &["person", "个人"]),
                ("company", &["company", "公司", "企业"]),
                ("group", &["group", "团体"]),
            ],
            "must be person, company or group",
        ),
        "gender" => one_of(
            &[
                ("female", &["female", "f", "女"]),
                ("male", &["male", "m", "男"]),
                ("other", &["other", "x", "其他"]),
            ],
            "must be female, male or other",
        ),
        "consent_marketing" => one_of(
            &[
                ("true", &["true", "yes", "y", "1", "是"]),
                ("false", &["false", "no", "n", "0", "否"]),
            ],
            "must be true or false",
        ),
        "birth_date" => time::parse_day(value)
            .map(time::day_text)
            .ok_or("must be a date like 1985-04-23"),
        _ => Ok(value.to_owned()),
    }
}

impl Profile {
    /// Every attribute the product itself knows.
    pub const KEYS: [&'static str; 8] = [
        "kind",
        "name",
        "name_latin",
        "gender",
        "birth_date",
        "home_city",
        "language",
        "consent_marketing",
    ];

    /// Sets a known attribute from its normal spelling. Other keys are not part of the profile proper.
    pub fn set(&mut self, key: &str, value: &str) {
        let text = || Some(value.to_owned());
        match key {
            "kind" => self.kind = text(),
            "name" => self.name = text(),
            "name_latin" => self.name_latin = text(),
            "gender" => self.gender = text(),
            "birth_date" => self.birth_date = time::parse_day(value),
            "home_city" => self.home_city = text(),
            "language" => self.language = text(),
            "consent_marketing" => self.consent_marketing = Some(value == "true"),
            _ => {}
        }
    }
}

/// Whether `newer` is shown instead of `shown`: the later one wins, and of two told for the same moment the one nearer to the
/// customer's own word; then the later arrival.
pub fn survives(newer: (Instant, SourceKind), shown: (Instant, SourceKind)) -> bool {
    newer >= shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_spellings() {
        let cases = [
            ("gender", "女", Ok("female")),
            ("gender", "M", Ok("male")),
            ("gender", "maybe", Err("must be female, male or other")),
            ("birth_date", "1985-04-23", Ok("1985-04-23")),
            ("birth_date", "23/04/1985", Err("must be a date like 1985-04-23")),
            ("consent_marketing", "Yes", Ok("true")),
            ("home_city", " 上海 ", Ok("上海")),
        ];
        for (key, value, expected) in cases {
            assert_eq!(
                normalise(key, value).as_deref().map_err(|e| *e),
                expected,
                "{key} {value}"
            );
        }
    }

    #[test]
    fn the_later_word_wins() {
        assert!(survives((2, SourceKind::Inferred), (1, SourceKind::Declared)));
        assert!(!survives((1, SourceKind::Inferred), (1, SourceKind::Declared)));
    }
}
