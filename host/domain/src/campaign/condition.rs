//! What has to be so of one fact: as plans and lists of customers ask for it, and how it is written in an address.

use super::plan::is_legible;
use crate::catalogue::{FactKind, Value};
use crate::rejection::quote;
use crate::{Day, Rejection, Words, time, words};
use serde::{Deserialize, Serialize};

/// Most texts of one condition.
const MOST_TEXTS: usize = 100;
/// Longest of these texts, in bytes.
const LONGEST_TEXT: usize = 200;

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
    #[inline]
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

    /// Holds it against its bounds.
    ///
    /// # Errors
    /// `bad_condition` with what to do.
    pub fn check(&self) -> Result<(), Rejection> {
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
        let fits = |text: &String| is_legible(text) && text.len() <= LONGEST_TEXT;
        if self.one_of.len() > MOST_TEXTS || !self.one_of.iter().all(fits) {
            return bad(words!(
                "the condition on {fact} may name up to {MOST_TEXTS} texts of 1 to {LONGEST_TEXT} bytes without control characters",
                "对 {fact} 的条件最多列出 {MOST_TEXTS} 个文本，每个 1 到 {LONGEST_TEXT} 字节，不含控制字符"
            ));
        }
        Ok(())
    }

    /// Whether it asks what can be asked of a fact of this kind.
    ///
    /// # Errors
    /// `bad_condition` with what can be asked.
    pub fn check_kind(&self, kind: FactKind) -> Result<(), Rejection> {
        let (fits, wanted) = match kind {
            FactKind::Flag => (
                self.is.is_some(),
                words!("is with true or false", "is（true 或 false）"),
            ),
            FactKind::Text => (!self.one_of.is_empty(), words!("one_of with texts", "one_of（文本）")),
            FactKind::Count | FactKind::Money | FactKind::Number | FactKind::Day => (
                self.at_least.is_some() || self.at_most.is_some(),
                words!("at_least and at_most with whole numbers", "at_least、at_most（整数）"),
            ),
        };
        if fits {
            return Ok(());
        }
        let fact = &self.fact;
        bad(words!(
            "{fact} is a {kind}; ask for it by {wanted}",
            "{fact} 的类型是 {kind}；请用 {wanted} 设条件",
            kind = kind.as_str()
        ))
    }
}

/// As it is written in an address: the fact, a colon, and what it has to be.
impl Condition {
    /// The fact that a written condition is about.
    pub fn fact_of(text: &str) -> &str {
        text.split_once(':').map_or(text, |(fact, _)| fact)
    }

    /// Reads `FACT:2..4`, `FACT:2..`, `FACT:..4` or `FACT:3` of numbers, the same with days as in `2026-01-15` of days,
    /// `FACT:true` of flags, and `FACT:one,another` of texts, in which `\` takes away the meaning of the sign behind it.
    ///
    /// # Errors
    /// `bad_condition` with how one is written.
    pub fn read(text: &str, kind: FactKind) -> Result<Self, Rejection> {
        let (fact, asked) = text.split_once(':').unwrap_or((text, ""));
        let mut read = Self {
            fact: fact.to_owned(),
            at_least: None,
            at_most: None,
            is: None,
            one_of: Vec::new(),
        };
        let unread = || {
            let wanted = how(kind);
            let (text, fact) = (quote(text), quote(fact));
            Rejection::new(
                "bad_condition",
                words!(
                    "{text} cannot be read; {fact} is a {kind}, write {wanted}",
                    "无法识别 {text}；{fact} 的类型是 {kind}，请写成 {wanted}",
                    kind = kind.as_str()
                ),
            )
        };
        match kind {
            FactKind::Flag => read.is = Some(asked.parse().map_err(|_| unread())?),
            FactKind::Text => read.one_of = texts(asked),
            FactKind::Count | FactKind::Money | FactKind::Number | FactKind::Day => {
                let number = |text: &str| -> Result<Option<i64>, Rejection> {
                    let day = || time::parse_day(text).filter(|_| kind == FactKind::Day).map(i64::from);
                    match text {
                        "" => Ok(None),
                        text => text.parse().ok().or_else(day).map(Some).ok_or_else(unread),
                    }
                };
                let (least, most) = asked.split_once("..").unwrap_or((asked, asked));
                (read.at_least, read.at_most) = (number(least)?, number(most)?);
                if read.at_least.is_none() && read.at_most.is_none() {
                    return Err(unread());
                }
            }
        }
        read.check()?;
        Ok(read)
    }

    /// What [`Self::read`] reads.
    pub fn written(&self, kind: FactKind) -> String {
        let number = |n: Option<i64>| match n {
            Some(n) if kind == FactKind::Day => Day::try_from(n).map_or_else(|_| n.to_string(), time::day_text),
            n => n.map(|n| n.to_string()).unwrap_or_default(),
        };
        let asked = match (self.is, self.one_of.is_empty()) {
            (Some(flag), _) => flag.to_string(),
            (None, false) => {
                let escaped = |text: &String| text.replace('\\', "\\\\").replace(',', "\\,");
                self.one_of.iter().map(escaped).collect::<Vec<_>>().join(",")
            }
            (None, true) if self.at_least == self.at_most => number(self.at_least),
            (None, true) => format!("{}..{}", number(self.at_least), number(self.at_most)),
        };
        format!("{}:{asked}", self.fact)
    }
}

/// How a condition on a fact of this kind is written.
fn how(kind: FactKind) -> Words {
    match kind {
        FactKind::Flag => words!("FACT:true or FACT:false", "FACT:true 或 FACT:false"),
        FactKind::Text => words!("FACT:one,another", "FACT:A,B"),
        FactKind::Day => words!(
            "FACT:2026-01-01..2026-01-31, FACT:2026-01-01.. or FACT:..2026-01-31",
            "FACT:2026-01-01..2026-01-31、FACT:2026-01-01..、FACT:..2026-01-31"
        ),
        FactKind::Count | FactKind::Money | FactKind::Number => words!(
            "FACT:2..4, FACT:2.., FACT:..4 or FACT:3 with whole numbers",
            "FACT:2..4、FACT:2..、FACT:..4 或 FACT:3（整数）"
        ),
    }
}

/// Texts between commas.
fn texts(written: &str) -> Vec<String> {
    let (mut texts, mut text) = (Vec::new(), String::new());
    let mut signs = written.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ',' => texts.push(std::mem::take(&mut text)),
            '\\' => text.push(signs.next().unwrap_or('\\')),
            plain => text.push(plain),
        }
    }
    texts.push(text);
    texts
}

fn bad<T>(detail: Words) -> Result<T, Rejection> {
    Err(Rejection::new("bad_condition", detail))
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
    fn what_is_written_is_read_again() {
        for (kind, text, meant) in [
            (
                FactKind::Count,
                "trips-24m:2..4",
                r#"{"fact": "trips-24m", "at_least": 2, "at_most": 4}"#,
            ),
            (
                FactKind::Money,
                "spend-24m:3000000..",
                r#"{"fact": "spend-24m", "at_least": 3000000}"#,
            ),
            (
                FactKind::Money,
                "margin-12m:..-1",
                r#"{"fact": "margin-12m", "at_most": -1}"#,
            ),
            (
                FactKind::Count,
                "nps:9",
                r#"{"fact": "nps", "at_least": 9, "at_most": 9}"#,
            ),
            (
                FactKind::Day,
                "birth-date:1970-01-02..",
                r#"{"fact": "birth-date", "at_least": 1}"#,
            ),
            (
                FactKind::Flag,
                "consent-marketing:false",
                r#"{"fact": "consent-marketing", "is": false}"#,
            ),
            (
                FactKind::Text,
                "home-city:上海,苏州",
                r#"{"fact": "home-city", "one_of": ["上海", "苏州"]}"#,
            ),
            (
                FactKind::Text,
                r"attr.x:a\,b\\,c:d",
                r#"{"fact": "attr.x", "one_of": ["a,b\\", "c:d"]}"#,
            ),
        ] {
            let read = Condition::read(text, kind).expect(text);
            assert_eq!(read, on(meant), "{text}");
            assert_eq!(read.written(kind), text);
            assert!(read.check_kind(kind).is_ok(), "{text}");
        }
        assert_eq!(
            Condition::read("birth-date:1..", FactKind::Day).unwrap().at_least,
            Some(1)
        );
    }

    #[test]
    fn what_cannot_be_read_says_how_it_is_written() {
        for (kind, text, part) in [
            (FactKind::Count, "trips-24m", "FACT:2..4"),
            (FactKind::Count, "trips-24m:", "FACT:2..4"),
            (FactKind::Count, "trips-24m:..", "FACT:2..4"),
            (FactKind::Count, "trips-24m:two..", "FACT:2..4"),
            (FactKind::Count, "trips-24m:2026-01-01", "whole numbers"),
            (FactKind::Count, "trips-24m:4..2", "by nobody"),
            (FactKind::Flag, "consent-marketing:yes", "FACT:true"),
            (FactKind::Text, "home-city:", "1 to 200 bytes"),
            (FactKind::Text, "home-city:a,,b", "1 to 200 bytes"),
            (FactKind::Day, "birth-date:1970-02-30..", "2026-01-31"),
        ] {
            let refused = Condition::read(text, kind).expect_err(text);
            assert!(
                refused.code == "bad_condition" && refused.detail.en.contains(part),
                "{refused}"
            );
        }
        let asked = on(r#"{"fact": "home-city", "at_least": 1}"#).check_kind(FactKind::Text);
        assert!(asked.unwrap_err().detail.en.contains("one_of with texts"));
    }
}
