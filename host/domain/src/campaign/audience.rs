//! Whom a campaign is for.

use super::plan::is_legible;
use crate::catalogue::Value;
use crate::rejection::quote;
use crate::{Rejection, Words, words};
use serde::{Deserialize, Serialize};

/// Most conditions of one audience.
pub const MOST_CONDITIONS: usize = 20;
/// Most segments of one audience, and most texts of one condition.
const MOST_NAMES: usize = 100;

/// Whom a campaign is for: everyone in one of the segments (anyone, if none is named) who meets every condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// `BINDING.KEY` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// What has to be so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Condition>,
}

/// What has to be so of one fact. A fact that is unknown meets no condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Key of the fact.
    pub fact: String,
    /// Lowest number that will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// Highest number that will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// Yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<bool>,
    /// Texts, one of which it has to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
}

impl Condition {
    /// Whether a value meets it.
    pub fn holds(&self, value: Value<'_>) -> bool {
        let bounds = |n: f64| {
            self.at_least.is_none_or(|least| n >= least as f64) && self.at_most.is_none_or(|most| n <= most as f64)
        };
        let number = self.at_least.is_some() || self.at_most.is_some();
        match value {
            Value::Unknown => false,
            Value::Whole(n) => {
                number && self.at_least.is_none_or(|least| n >= least) && self.at_most.is_none_or(|most| n <= most)
            }
            Value::Number(n) => number && bounds(n),
            Value::Flag(flag) => self.is == Some(flag),
            Value::Text(text) => self.one_of.iter().any(|one| one == text),
        }
    }

    fn check(&self) -> Result<(), Rejection> {
        let fact = quote(&self.fact);
        let kinds = [
            self.at_least.is_some() || self.at_most.is_some(),
            self.is.is_some(),
            !self.one_of.is_empty(),
        ];
        if kinds.into_iter().filter(|there| *there).count() != 1 {
            return bad(words!(
                "the condition on {fact} has to say one thing: at_least and at_most of a number, is of a flag, or one_of of a text",
                "对 {fact} 的条件只能是一种：数字用 at_least、at_most，是否用 is，文本用 one_of"
            ));
        }
        if let (Some(least), Some(most)) = (self.at_least, self.at_most)
            && least > most
        {
            return bad(words!(
                "the condition on {fact} can be met by nobody: at_least {least} is above at_most {most}",
                "没有人能满足对 {fact} 的条件：at_least {least} 大于 at_most {most}"
            ));
        }
        if self.one_of.len() > MOST_NAMES || self.one_of.iter().any(|text| !is_legible(text) || text.len() > 200) {
            return bad(words!(
                "the condition on {fact} may name up to {MOST_NAMES} texts of 1 to 200 bytes without control characters",
                "对 {fact} 的条件最多列出 {MOST_NAMES} 个文本，每个 1 到 200 字节，不含控制字符"
            ));
        }
        Ok(())
    }
}

impl Audience {
    /// Holds it against its bounds. Whether segments and facts exist, the host has to ask its books.
    ///
    /// # Errors
    /// `bad_audience` with what to do.
    pub fn check(&self) -> Result<(), Rejection> {
        if self.segments.len() > MOST_NAMES {
            return bad(words!(
                "an audience names up to {MOST_NAMES} segments",
                "受众最多包含 {MOST_NAMES} 个分群"
            ));
        }
        for segment in &self.segments {
            let parts = segment.split_once('.');
            if parts.is_none_or(|(binding, key)| binding.is_empty() || key.is_empty()) || segment.len() > 200 {
                return bad(words!(
                    "{segment} is not a segment; write it as BINDING.KEY, like rfm.champions",
                    "{segment} 不是分群；请写成 BINDING.KEY，如 rfm.champions",
                    segment = quote(segment)
                ));
            }
        }
        if self.facts.len() > MOST_CONDITIONS {
            return bad(words!(
                "an audience has up to {MOST_CONDITIONS} conditions",
                "受众最多包含 {MOST_CONDITIONS} 个条件"
            ));
        }
        self.facts.iter().try_for_each(Condition::check)
    }
}

fn bad<T>(detail: Words) -> Result<T, Rejection> {
    Err(Rejection::new("bad_audience", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Condition {
        serde_json::from_str(text).expect("a condition")
    }

    #[test]
    fn conditions_hold_for_known_values_of_their_kind() {
        let trips = on(r#"{"fact": "trips-24m", "at_least": 2, "at_most": 4}"#);
        for (n, holds) in [(1, false), (2, true), (4, true), (5, false)] {
            assert_eq!(trips.holds(Value::Whole(n)), holds, "{n}");
        }
        assert!(trips.holds(Value::Number(2.5)) && !trips.holds(Value::Number(4.5)));
        let consent = on(r#"{"fact": "consent-marketing", "is": true}"#);
        assert!(consent.holds(Value::Flag(true)) && !consent.holds(Value::Flag(false)));
        let city = on(r#"{"fact": "home-city", "one_of": ["上海", "苏州"]}"#);
        assert!(city.holds(Value::Text("苏州")) && !city.holds(Value::Text("北京")));
        for condition in [trips, consent, city] {
            assert!(!condition.holds(Value::Unknown), "what is unknown meets nothing");
        }
    }

    #[test]
    fn an_audience_that_means_nothing_is_refused() {
        let audience = |text: &str| serde_json::from_str::<Audience>(text).expect("an audience").check();
        assert_eq!(audience("{}"), Ok(()));
        assert_eq!(
            audience(r#"{"segments": ["rfm.champions"], "facts": [{"fact": "age", "at_least": 60}]}"#),
            Ok(())
        );
        for (text, part) in [
            (r#"{"segments": ["champions"]}"#, "BINDING.KEY"),
            (r#"{"facts": [{"fact": "age"}]}"#, "one thing"),
            (
                r#"{"facts": [{"fact": "age", "at_least": 1, "is": true}]}"#,
                "one thing",
            ),
            (r#"{"facts": [{"fact": "age", "at_least": 9, "at_most": 1}]}"#, "nobody"),
            (r#"{"facts": [{"fact": "tier", "one_of": [""]}]}"#, "1 to 200 bytes"),
            (
                r#"{"facts": [{"fact": "tier", "one_of": ["gold", "gold\u0000"]}]}"#,
                "control characters",
            ),
            (
                r#"{"facts": [{"fact": "tier", "one_of": ["\u200b"]}]}"#,
                "1 to 200 bytes",
            ),
        ] {
            let refused = audience(text).expect_err(part);
            assert!(
                refused.code == "bad_audience" && refused.detail.en.contains(part),
                "{refused}"
            );
        }
    }
}
