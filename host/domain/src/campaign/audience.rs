//! Whom a campaign is for.

use super::condition::Condition;
use crate::rejection::quote;
use crate::{Rejection, Words, words};
use serde::{Deserialize, Serialize};

/// The code of what is wrong with an audience.
const BAD: &str = "bad_audience";
/// Most conditions of one audience, and of a list of customers.
pub const MOST_CONDITIONS: usize = 20;
/// Most segments of one audience, and of a list of customers.
pub const MOST_SEGMENTS: usize = 100;

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

impl Audience {
    /// Holds it against its bounds. Whether segments and facts exist, the host has to ask its books.
    ///
    /// # Errors
    /// `bad_audience` with what to do.
    pub fn check(&self) -> Result<(), Rejection> {
        if self.segments.len() > MOST_SEGMENTS {
            return bad(words!(
                "an audience names up to {MOST_SEGMENTS} segments",
                "受众最多包含 {MOST_SEGMENTS} 个分群"
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
        let wrong = |rejection: Rejection| Rejection::new(BAD, rejection.detail);
        self.facts
            .iter()
            .try_for_each(|condition| condition.check().map_err(wrong))
    }
}

fn bad<T>(detail: Words) -> Result<T, Rejection> {
    Err(Rejection::new(BAD, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

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
