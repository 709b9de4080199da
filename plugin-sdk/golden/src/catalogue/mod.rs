//! The facts a rule can read, as the host knows them, and what is wrong with those that a rule declares.

mod all;

pub use crate::meant::did_you_mean;
pub use all::ALL;

use crate::Said;
use crate::facts::{Fact, Kind};
use crate::said::said;

/// One fact of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit, where one makes sense.
    pub unit: Option<&'static str>,
    /// Whether it can be unknown.
    pub nullable: bool,
    /// Whether anything feeds it yet.
    pub fed: bool,
    /// What it says, in Chinese.
    pub zh: &'static str,
    /// What it says, in English.
    pub en: &'static str,
}

/// What is wrong with a declared fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `unknown_fact`, `wrong_fact_kind` or `nullable_fact`.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: Said,
}

/// Facts of an agency's own. Each agency has others, so whether there is such a one is seen when the plugin is bound.
pub const ATTRIBUTE: &str = "attr.";
/// What the customer's segments live under; whether there is such a binding is seen when the plugin is bound.
pub const SEGMENT: &str = "segment.";

/// The fact of this key.
pub fn find(key: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.key == key)
}

/// What is wrong with each of the declared facts.
pub fn check(facts: &[Fact]) -> Vec<Problem> {
    facts.iter().filter_map(problem).collect()
}

fn problem(fact: &Fact) -> Option<Problem> {
    let key = &fact.key;
    let problem = |code, detail| Some(Problem { code, detail });
    let unknown = |why: Said| {
        let kind = fact.kind.in_rust();
        problem(
            "nullable_fact",
            said!(
                "the fact {key:?} can be unknown{en}: declare it nullable and handle that; in Rust its field is an `Option<{kind}>`",
                "事实 {key:?} 可能未知{zh}：请声明为可空并加以处理；Rust 中字段为 `Option<{kind}>`",
                en = why.en,
                zh = why.zh
            ),
        )
    };
    if key.starts_with(ATTRIBUTE) {
        return (!fact.nullable)
            .then(|| {
                unknown(said!(
                    ", as an agency's own facts always can",
                    "（旅行社自定义的事实总可能未知）"
                ))
            })
            .flatten();
    }
    if key.starts_with(SEGMENT) {
        if fact.kind != Kind::Text {
            let declared = fact.kind.as_str();
            return problem(
                "wrong_fact_kind",
                said!(
                    "the fact {key:?} is declared as `{declared}`, its kind is `text`: the key of the segment",
                    "事实 {key:?} 声明为 `{declared}`，实际类型是 `text`：分群的键"
                ),
            );
        }
        return (!fact.nullable)
            .then(|| unknown(said!(", as not everyone is in a segment", "（并非人人都在某个分群中）")))
            .flatten();
    }
    let Some(known) = find(key) else {
        let meant = did_you_mean(key, ALL.iter().map(|entry| entry.key));
        return problem(
            "unknown_fact",
            said!(
                "{key:?} is not in the catalogue of facts, which `posthouse plugin facts` lists",
                "{key:?} 不在事实目录中，可用 `posthouse plugin facts` 查看目录"
            )
            .and(&meant),
        );
    };
    if known.kind != fact.kind {
        let (declared, real) = (fact.kind.as_str(), known.kind.as_str());
        let field = match known.nullable {
            true => format!("Option<{}>", known.kind.in_rust()),
            false => known.kind.in_rust().to_owned(),
        };
        return problem(
            "wrong_fact_kind",
            said!(
                "the fact {key:?} is declared as `{declared}`, its kind is `{real}`; in Rust its field is `{field}`",
                "事实 {key:?} 声明为 `{declared}`，实际类型是 `{real}`；Rust 中字段为 `{field}`"
            ),
        );
    }
    (known.nullable && !fact.nullable)
        .then(|| unknown(Said::default()))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(key: &str, kind: Kind, nullable: bool) -> String {
        let fact = Fact {
            key: key.to_owned(),
            kind,
            nullable,
        };
        let problems = check(&[fact]);
        problems
            .first()
            .map(|problem| format!("{}: {}", problem.code, problem.detail))
            .unwrap_or_default()
    }

    #[test]
    fn facts_that_are_not_there_are_told_with_what_is_near() {
        for (key, kind, nullable, wanted) in [
            ("days-since-return", Kind::Count, true, ""),
            ("spend-24m", Kind::Money, false, ""),
            ("spend-24m", Kind::Money, true, ""),
            ("attr.visa", Kind::Text, true, ""),
            ("segment.lifecycle", Kind::Text, true, ""),
            (
                "days-since-retrun",
                Kind::Count,
                true,
                "unknown_fact: \"days-since-retrun\" is not in the catalogue of facts, which `posthouse plugin facts` lists; did you mean \"days-since-return\"?",
            ),
            (
                "trips-24",
                Kind::Count,
                false,
                "unknown_fact: \"trips-24\" is not in the catalogue of facts, which `posthouse plugin facts` lists; did you mean \"trips-24m\"?",
            ),
            (
                "shoe-size",
                Kind::Count,
                false,
                "unknown_fact: \"shoe-size\" is not in the catalogue of facts, which `posthouse plugin facts` lists",
            ),
            (
                "spend-24m",
                Kind::Count,
                false,
                "wrong_fact_kind: the fact \"spend-24m\" is declared as `count`, its kind is `money`; in Rust its field is `Money`",
            ),
            (
                "birth-date",
                Kind::Text,
                true,
                "wrong_fact_kind: the fact \"birth-date\" is declared as `text`, its kind is `day`; in Rust its field is `Option<Day>`",
            ),
            (
                "recency-days",
                Kind::Count,
                false,
                "nullable_fact: the fact \"recency-days\" can be unknown: declare it nullable and handle that; in Rust its field is an `Option<i32>`",
            ),
            (
                "attr.visa",
                Kind::Text,
                false,
                "nullable_fact: the fact \"attr.visa\" can be unknown, as an agency's own facts always can: declare it nullable and handle that; in Rust its field is an `Option<Text>`",
            ),
            (
                "segment.lifecycle",
                Kind::Count,
                true,
                "wrong_fact_kind: the fact \"segment.lifecycle\" is declared as `count`, its kind is `text`: the key of the segment",
            ),
            (
                "segment.lifecycle",
                Kind::Text,
                false,
                "nullable_fact: the fact \"segment.lifecycle\" can be unknown, as not everyone is in a segment: declare it nullable and handle that; in Rust its field is an `Option<Text>`",
            ),
        ] {
            assert_eq!(said(key, kind, nullable), wanted, "{key}");
        }
        assert!(
            !said(&"x".repeat(10_000), Kind::Count, false).contains("did you mean"),
            "a long word is compared with nothing"
        );
    }
}
