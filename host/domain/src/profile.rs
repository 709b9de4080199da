//! What is known of a person besides bookings, and which of several sources is believed.

use crate::{Day, Instant, Words, time, words};
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

impl SourceKind {
    /// All of them, the least believed first.
    pub const ALL: [Self; 4] = [Self::Inferred, Self::ThirdParty, Self::Observed, Self::Declared];
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
pub fn normalise(key: &str, value: &str) -> Result<String, Words> {
    let value = value.trim();
    if value.len() > LONGEST_VALUE || value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(words!(
            "is longer than 500 bytes or has control characters",
            "超过 500 字节或含有控制字符"
        ));
    }
    let one_of = |choices: &[(&'static str, &[&str])], problem: fn() -> Words| {
        let lower = value.to_lowercase();
        choices
            .iter()
            .find(|(_, spellings)| spellings.contains(&lower.as_str()))
            .map(|(normal, _)| (*normal).to_owned())
            .ok_or_else(problem)
    };
    match key {
        "kind" => one_of(
            &[
                ("person", &["person", "个人"]),
                ("company", &["company", "公司", "企业"]),
                ("group", &["group", "团体"]),
            ],
            || {
                words!(
                    "must be person, company or group",
                    "应为 person（个人）、company（公司）或 group（团体）"
                )
            },
        ),
        "gender" => one_of(
            &[
                ("female", &["female", "f", "女"]),
                ("male", &["male", "m", "男"]),
                ("other", &["other", "x", "其他"]),
            ],
            || {
                words!(
                    "must be female, male or other",
                    "应为 female（女）、male（男）或 other（其他）"
                )
            },
        ),
        "consent_marketing" => one_of(
            &[
                ("true", &["true", "yes", "y", "1", "是"]),
                ("false", &["false", "no", "n", "0", "否"]),
            ],
            || words!("must be true or false", "应为 true（是）或 false（否）"),
        ),
        "birth_date" => time::parse_day(value)
            .map(time::day_text)
            .ok_or_else(|| words!("must be a date like 1985-04-23", "应为日期，如 1985-04-23")),
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

/// How strong a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength {
    /// When it was true.
    pub at: Instant,
    /// How it came to be known.
    pub source_kind: SourceKind,
    /// Order of arrival.
    pub received: i64,
    /// Whether a person wrote it down by hand.
    pub by_hand: bool,
}

/// The arrival of the last word by hand: whatever arrived before it does not count any more, whenever it says that it was true.
pub fn last_by_hand(words: impl IntoIterator<Item = Strength>) -> Option<i64> {
    let by_hand = words.into_iter().filter(|word| word.by_hand);
    by_hand.map(|word| word.received).max()
}

/// Which of the words about one attribute is shown: of the last one by hand and of those that arrived after it, the one that was true
/// latest; of two told for the same moment the one nearer to the customer's own word; then the later arrival.
pub fn survivor(words: &[Strength]) -> Option<usize> {
    let since = last_by_hand(words.iter().copied());
    let counted = |word: &Strength| since.is_none_or(|since| word.received >= since);
    let standing = words.iter().enumerate().filter(|(_, word)| counted(word));
    standing
        .max_by_key(|(place, word)| (word.at, word.source_kind, word.received, *place))
        .map(|(place, _)| place)
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
                normalise(key, value).as_deref().map_err(|e| e.en.as_str()),
                expected,
                "{key} {value}"
            );
        }
    }

    fn word(at: Instant, source_kind: SourceKind, received: i64, by_hand: bool) -> Strength {
        Strength {
            at,
            source_kind,
            received,
            by_hand,
        }
    }

    #[test]
    fn the_later_word_wins() {
        let (said, guessed) = (SourceKind::Declared, SourceKind::Inferred);
        assert_eq!(survivor(&[]), None);
        assert_eq!(
            survivor(&[word(1, said, 1, false), word(2, guessed, 2, false)]),
            Some(1)
        );
        assert_eq!(
            survivor(&[word(1, said, 1, false), word(1, guessed, 2, false)]),
            Some(0)
        );
        assert_eq!(survivor(&[word(1, said, 1, false), word(1, said, 2, false)]), Some(1));
    }

    #[test]
    fn a_word_by_hand_stands_over_what_arrived_before_it() {
        let said = SourceKind::Declared;
        let (later, hand) = (word(9_000, said, 1, false), word(100, said, 2, true));
        assert_eq!(survivor(&[later, hand]), Some(1));
        assert_eq!(survivor(&[hand, later]), Some(0), "in whatever order they are read");
        // what arrives afterwards is held against the word by hand alone
        let (stale, fresh) = (word(50, said, 3, false), word(150, said, 3, false));
        assert_eq!(survivor(&[later, hand, stale]), Some(1));
        assert_eq!(survivor(&[later, hand, fresh]), Some(2));
        assert_eq!(survivor(&[later, hand, fresh, word(120, said, 4, true)]), Some(3));
    }
}
