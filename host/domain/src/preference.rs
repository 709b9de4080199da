//! What a customer likes and needs on a trip: a fixed list of keys, each with what its values look like.

use crate::profile::{SourceKind, Strength};
use crate::rejection::{quote, shorten};
use crate::{Instant, Rejection, Words, words};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::hash::Hash;
use std::str::FromStr;

/// What is asked of everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreferenceKey {
    /// Where to: several.
    Destination,
    /// What kind of trip: several.
    Theme,
    /// How much a day: relaxed, moderate or intense.
    Pace,
    /// What kind of house.
    Hotel,
    /// What is eaten, and what is not: several.
    Diet,
    /// Help that is needed to get about.
    Mobility,
    /// For one trip, in minor units of the agency's currency.
    Budget,
    /// When: several of the four.
    Season,
}

/// Longest value, in characters.
const LONGEST: usize = 100;
/// Most values that one record may tell.
const MOST: usize = 50;

const PACES: [(&str, &[&str]); 3] = [
    ("relaxed", &["relaxed", "slow", "慢", "轻松", "休闲"]),
    ("moderate", &["moderate", "medium", "适中", "中等"]),
    ("intense", &["intense", "fast", "快", "紧凑"]),
];
const SEASONS: [(&str, &[&str]); 4] = [
    ("spring", &["spring", "春", "春季", "春天"]),
    ("summer", &["summer", "夏", "夏季", "夏天"]),
    ("autumn", &["autumn", "fall", "秋", "秋季", "秋天"]),
    ("winter", &["winter", "冬", "冬季", "冬天"]),
];

impl PreferenceKey {
    /// Every key.
    pub const ALL: [Self; 8] = [
        Self::Destination,
        Self::Theme,
        Self::Pace,
        Self::Hotel,
        Self::Diet,
        Self::Mobility,
        Self::Budget,
        Self::Season,
    ];

    /// The name used in JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Theme => "theme",
            Self::Pace => "pace",
            Self::Hotel => "hotel",
            Self::Diet => "diet",
            Self::Mobility => "mobility",
            Self::Budget => "budget",
            Self::Season => "season",
        }
    }

    /// Whether several values are true at once.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Destination | Self::Theme | Self::Diet | Self::Season)
    }

    /// Brings a value into its normal spelling.
    ///
    /// # Errors
    /// What is wrong with it, to be read after key and value.
    pub fn normalise(self, value: &str) -> Result<String, Words> {
        let value = value.trim();
        let one_of = |choices: &[(&'static str, &[&str])], problem: fn() -> Words| {
            let lower = value.to_lowercase();
            let found = choices.iter().find(|(_, said)| said.contains(&lower.as_str()));
            found.map(|(normal, _)| (*normal).to_owned()).ok_or_else(problem)
        };
        match self {
            Self::Pace => one_of(&PACES, || {
                words!(
                    "must be relaxed, moderate or intense",
                    "应为 relaxed（轻松）、moderate（适中）或 intense（紧凑）"
                )
            }),
            Self::Season => one_of(&SEASONS, || {
                words!(
                    "must be spring, summer, autumn or winter",
                    "应为 spring、summer、autumn、winter（春夏秋冬）之一"
                )
            }),
            Self::Budget => match value.parse::<i64>() {
                Ok(amount) if amount >= 0 => Ok(amount.to_string()),
                _ => Err(words!(
                    "must be a whole number of minor units of the agency's currency, such as 500000",
                    "应为旅行社币种最小单位（如分）的整数，例如 500000"
                )),
            },
            _ if value.is_empty() || value.chars().count() > LONGEST || value.chars().any(char::is_control) => {
                Err(words!(
                    "must have 1 to 100 characters, none of them control characters",
                    "应为 1 到 100 个字符，且不含控制字符"
                ))
            }
            _ => Ok(value.to_owned()),
        }
    }
}

impl FromStr for PreferenceKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|key| key.as_str() == text).ok_or(())
    }
}

/// One preference, as one source told it at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreferenceValue {
    /// Of what.
    pub key: PreferenceKey,
    /// Normal spelling; nothing takes back what was told of the key before.
    pub value: Option<String>,
    /// How it came to be known.
    pub source_kind: SourceKind,
    /// When it was true.
    pub at: Instant,
    /// How sure the source is, in per cent, if it says so.
    pub confidence: Option<i32>,
}

/// A value with what is known of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    value: Value,
    #[serde(default)]
    source_kind: Option<SourceKind>,
    #[serde(default)]
    confidence: Option<i32>,
}

/// What a record says the customer prefers: by key a value, a list of them, or `null` to take all back. With `replace`, what is told of
/// a key takes the place of what was; without, it adds to it.
///
/// # Errors
/// Unknown keys, values that are not of their kind, several values of a key that has one.
pub fn preferences(
    told: &Map<String, Value>,
    source_kind: SourceKind,
    at: Instant,
    replace: bool,
) -> Result<Vec<PreferenceValue>, Rejection> {
    let mut found = Vec::new();
    for (name, value) in told {
        let key: PreferenceKey = name.parse().map_err(|()| {
            let known = PreferenceKey::ALL.map(PreferenceKey::as_str).join(", ");
            Rejection::new(
                "unknown_preference",
                words!(
                    "preference {name} is not known; known are {known}",
                    "偏好 {name} 无法识别；可用的有 {known}",
                    name = quote(name)
                ),
            )
        })?;
        if replace || value.is_null() {
            found.push(PreferenceValue {
                key,
                value: None,
                source_kind: SourceKind::Declared,
                at,
                confidence: None,
            });
        }
        let values = match value {
            Value::Null => &[],
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        if values.len() > 1 && !key.is_list() {
            return Err(bad(
                key,
                &words!(
                    "has one value; send the one that is true now",
                    "只能有一个值；请只发送当前的值"
                ),
            ));
        }
        for value in values {
            found.push(one(key, value, source_kind, at)?);
        }
    }
    if found.len() > MOST {
        return Err(Rejection::new(
            "too_many_preferences",
            words!("a record may carry {MOST} preferences", "一条记录最多 {MOST} 项偏好"),
        ));
    }
    Ok(found)
}

fn bad(key: PreferenceKey, problem: &Words) -> Rejection {
    Rejection::new(
        "bad_preference",
        words!("preference {key} {problem}", "偏好 {key} {problem}", key = key.as_str()),
    )
}

fn one(key: PreferenceKey, value: &Value, source_kind: SourceKind, at: Instant) -> Result<PreferenceValue, Rejection> {
    let told = if value.is_object() {
        Told::deserialize(value).map_err(|e| {
            bad(
                key,
                &words!("cannot be read: {e}", "无法解析：{e}", e = shorten(&e.to_string())),
            )
        })?
    } else {
        Told {
            value: value.clone(),
            source_kind: None,
            confidence: None,
        }
    };
    let text = match &told.value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => {
            return Err(bad(
                key,
                &words!(
                    "is neither a text nor a number; beside value there may be source_kind and confidence",
                    "既不是文本也不是数字；value 之外只能有 source_kind 和 confidence"
                ),
            ));
        }
    };
    if told.confidence.is_some_and(|percent| !(0..=100).contains(&percent)) {
        return Err(bad(
            key,
            &words!(
                "has a confidence that is not 0 to 100 per cent",
                "的 confidence 不在 0 到 100（百分比）之间"
            ),
        ));
    }
    let normal = key.normalise(&text).map_err(|problem| {
        bad(
            key,
            &words!("{text} {problem}", "{text} {problem}", text = quote(&text)),
        )
    })?;
    Ok(PreferenceValue {
        key,
        value: Some(normal),
        source_kind: told.source_kind.unwrap_or(source_kind),
        at,
        confidence: told.confidence,
    })
}

/// Which of one customer's words are shown, one answer per word: key, value (nothing takes back) and strength. A word by hand takes the
/// place of all that arrived before it, as in a profile.
pub fn shown<K: Copy + Eq + Hash>(words: &[(K, bool, Option<&str>, Strength)]) -> Vec<bool> {
    let mut by_hand: HashMap<K, i64> = HashMap::new();
    for (key, _, _, strength) in words.iter().filter(|word| word.3.by_hand) {
        let last = by_hand.entry(*key).or_insert(strength.received);
        *last = (*last).max(strength.received);
    }
    let late = |key: &K, strength: &Strength| by_hand.get(key).is_some_and(|hand| strength.received < *hand);
    let mut taken_back: HashMap<K, Strength> = HashMap::new();
    for (key, _, value, strength) in words {
        if value.is_none() && !late(key, strength) {
            let latest = taken_back.entry(*key).or_insert(*strength);
            *latest = (*latest).max(*strength);
        }
    }
    let mut best: HashMap<(K, Option<&str>), usize> = HashMap::new();
    for (index, (key, is_list, value, strength)) in words.iter().enumerate() {
        if value.is_none() || late(key, strength) || taken_back.get(key).is_some_and(|back| strength < back) {
            continue;
        }
        let of = (*key, value.filter(|_| *is_list));
        let shown = best.entry(of).or_insert(index);
        if *strength >= words[*shown].3 {
            *shown = index;
        }
    }
    (0..words.len())
        .map(|index| best.values().any(|shown| *shown == index))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Vec<(String, Option<String>)>, String> {
        let Value::Object(told) = value else {
            panic!("an object")
        };
        preferences(&told, SourceKind::Declared, 5, false)
            .map(|found| {
                found
                    .into_iter()
                    .map(|p| (p.key.as_str().to_owned(), p.value))
                    .collect()
            })
            .map_err(|rejection| rejection.code)
    }

    #[test]
    fn each_key_has_its_kind() {
        for (told, expected) in [
            (json!({"pace": "慢"}), Ok(vec![("pace", Some("relaxed"))])),
            (json!({"budget": 500_000}), Ok(vec![("budget", Some("500000"))])),
            (
                json!({"season": ["秋", {"value": "Spring", "confidence": 80}]}),
                Ok(vec![("season", Some("autumn")), ("season", Some("spring"))]),
            ),
            (json!({"diet": null}), Ok(vec![("diet", None)])),
            (json!({"pace": "whatever"}), Err("bad_preference")),
            (json!({"pace": ["slow", "fast"]}), Err("bad_preference")),
            (json!({"budget": -1}), Err("bad_preference")),
            (
                json!({"theme": {"value": "hiking", "confidence": 101}}),
                Err("bad_preference"),
            ),
            (json!({"theme": [["hiking"]]}), Err("bad_preference")),
            (json!({"colour": "blue"}), Err("unknown_preference")),
        ] {
            let expected = expected
                .map(|list| {
                    let owned = |(key, value): (&str, Option<&str>)| (key.to_owned(), value.map(str::to_owned));
                    list.into_iter().map(owned).collect::<Vec<_>>()
                })
                .map_err(str::to_owned);
            assert_eq!(read(told.clone()), expected, "{told}");
        }
    }

    #[test]
    fn what_was_taken_back_is_not_shown() {
        let (said, seen) = (SourceKind::Declared, SourceKind::Observed);
        let told = |at, source_kind, received| Strength {
            at,
            source_kind,
            received,
            by_hand: false,
        };
        let words = [
            ("theme", true, Some("hiking"), told(1, said, 1)),
            ("theme", true, None, told(3, said, 2)),
            ("theme", true, Some("sea"), told(3, said, 2)),
            ("theme", true, Some("hiking"), told(2, seen, 3)),
            ("theme", true, Some("food"), told(4, seen, 4)),
            ("pace", false, Some("relaxed"), told(1, said, 1)),
            ("pace", false, Some("intense"), told(1, seen, 2)),
        ];
        assert_eq!(shown(&words), [false, false, true, false, true, true, false]);
        // by hand, after a word that said it was true later
        let hand = Strength {
            by_hand: true,
            ..told(5, said, 6)
        };
        let words = [
            ("theme", true, Some("sea"), told(9_000, said, 5)),
            ("theme", true, None, told(9_000, said, 5)),
            ("theme", true, None, hand),
            ("theme", true, Some("tea"), hand),
            ("theme", true, Some("art"), told(6, said, 7)),
        ];
        assert_eq!(shown(&words), [false, false, false, true, true]);
    }
}
