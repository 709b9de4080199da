//! What all extension points share of the contract, as it crosses the border; field names and order are those of `wit/v1`.

use crate::because::Because;
use crate::columns;
use crate::context;
use crate::description::{self, Argument, FactUse, ReasonDef};
use crate::problem;
use posthouse_domain::catalogue;

pub(crate) use types::{Context, Description, Localized, Problem, Reason, Said, Value};

/// What every call gets, as it crosses the border: without what only one extension point has.
pub fn context(context: &context::Context) -> Context<'_> {
    Context {
        now: context.now,
        today: context.today,
        seed: context.seed,
        config: &context.config,
    }
}

/// A text in the two languages of the product: each in its own if it is there, in any of its regions or scripts, otherwise in the other one,
/// otherwise in the first there is.
pub(crate) fn localized(said: Localized) -> posthouse_domain::Localized {
    let there = |text: &&(String, String)| !text.1.trim().is_empty();
    let in_language = |language: &str| {
        let of = |(tag, _): &&(String, String)| {
            let primary = tag.split(['-', '_']).next().unwrap_or_default();
            primary.eq_ignore_ascii_case(language)
        };
        let mut found = said.iter().filter(of).filter(there);
        let first = found.clone().next();
        // of several Chinese ones the simplified
        let simplified = found.find(|(tag, _)| !is_traditional(tag));
        simplified.or(first).map(|(_, text)| text)
    };
    let any = || said.iter().find(there).map(|(_, text)| text);
    let text = |one: &str, other: &str| {
        let found = in_language(one).or_else(|| in_language(other)).or_else(any);
        found.cloned().unwrap_or_default()
    };
    posthouse_domain::Localized {
        zh_cn: text("zh", "en"),
        en: text("en", "zh"),
    }
}

/// Whether a tag is of Chinese in traditional characters.
fn is_traditional(tag: &str) -> bool {
    let parts: Vec<String> = tag.split(['-', '_']).map(str::to_ascii_lowercase).collect();
    let says = |word: &str| parts.iter().any(|part| part == word);
    says("hant") || !says("hans") && ["tw", "hk", "mo"].into_iter().any(says)
}

/// Bytes of a fact where it lies in the guest's memory, without the text it points to.
const FACT_BYTES: usize = 16;

/// Bytes of these facts.
pub(crate) fn size_of_facts(facts: &[columns::Value]) -> usize {
    let fact = |fact: &columns::Value| match fact {
        columns::Value::Text(text) => FACT_BYTES + text.len(),
        _ => FACT_BYTES,
    };
    facts.iter().map(fact).sum()
}

impl Reason {
    /// Bytes of its arguments.
    pub(crate) fn size(&self) -> usize {
        let argument = |said: &Said| match said {
            Said::Text(text) => FACT_BYTES + text.len(),
            _ => FACT_BYTES,
        };
        self.arguments.iter().map(argument).sum()
    }
}

impl From<Reason> for Because {
    fn from(said: Reason) -> Self {
        Self {
            reason: said.index,
            arguments: said.arguments.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Problem> for problem::Problem {
    fn from(said: Problem) -> Self {
        Self::said(said.path, localized(said.text))
    }
}

impl<'a> From<&'a columns::Value> for Value<'a> {
    fn from(value: &'a columns::Value) -> Self {
        match value {
            columns::Value::Null => Self::Unknown,
            columns::Value::Int(value) => Self::Whole(*value),
            columns::Value::Number(value) => Self::Number(*value),
            columns::Value::Flag(value) => Self::Flag(*value),
            columns::Value::Text(value) => Self::Text(value),
        }
    }
}

impl From<Said> for columns::Value {
    fn from(said: Said) -> Self {
        match said {
            Said::Unknown => Self::Null,
            Said::Whole(value) => Self::Int(value),
            Said::Number(value) => Self::Number(value),
            Said::Flag(value) => Self::Flag(value),
            Said::Text(value) => Self::Text(value),
        }
    }
}

/// The types themselves.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use wasmtime::component::{ComponentType, Lift, Lower};

    /// Tags and texts.
    pub(crate) type Localized = Vec<(String, String)>;

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Problem {
        pub(crate) path: String,
        pub(crate) text: Localized,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(variant)]
    pub(crate) enum Value<'a> {
        #[component(name = "unknown")]
        Unknown,
        #[component(name = "whole")]
        Whole(i64),
        #[component(name = "number")]
        Number(f64),
        #[component(name = "flag")]
        Flag(bool),
        #[component(name = "text")]
        Text(&'a str),
    }

    /// A value that a guest says: the same type on its way back.
    #[derive(ComponentType, Lift)]
    #[component(variant)]
    pub(crate) enum Said {
        #[component(name = "unknown")]
        Unknown,
        #[component(name = "whole")]
        Whole(i64),
        #[component(name = "number")]
        Number(f64),
        #[component(name = "flag")]
        Flag(bool),
        #[component(name = "text")]
        Text(String),
    }

    /// A reason that a guest gives.
    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Reason {
        pub(crate) index: u16,
        pub(crate) arguments: Vec<Said>,
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(dead_code, reason = "the derive makes the values from their discriminants")]
    pub(crate) enum FactKind {
        #[component(name = "count")]
        Count,
        #[component(name = "money")]
        Money,
        #[component(name = "number")]
        Number,
        #[component(name = "flag")]
        Flag,
        #[component(name = "day")]
        Day,
        #[component(name = "text")]
        Text,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct FactUse {
        pub(crate) key: String,
        pub(crate) kind: FactKind,
        pub(crate) nullable: bool,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Argument {
        pub(crate) name: String,
        pub(crate) kind: FactKind,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct ReasonDef {
        pub(crate) code: String,
        pub(crate) text: Localized,
        pub(crate) arguments: Vec<Argument>,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Description {
        pub(crate) name: String,
        pub(crate) version: String,
        pub(crate) title: Localized,
        pub(crate) summary: Localized,
        pub(crate) facts: Vec<FactUse>,
        #[component(name = "config-schema")]
        pub(crate) config_schema: String,
        pub(crate) reasons: Vec<ReasonDef>,
    }

    /// What every call gets, as it crosses the border.
    #[derive(Debug, Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub struct Context<'a> {
        pub(crate) now: i64,
        pub(crate) today: i32,
        pub(crate) seed: u64,
        pub(crate) config: &'a str,
    }
}

impl From<types::FactKind> for catalogue::FactKind {
    fn from(kind: types::FactKind) -> Self {
        match kind {
            types::FactKind::Count => Self::Count,
            types::FactKind::Money => Self::Money,
            types::FactKind::Number => Self::Number,
            types::FactKind::Flag => Self::Flag,
            types::FactKind::Day => Self::Day,
            types::FactKind::Text => Self::Text,
        }
    }
}

impl From<types::Description> for description::Description {
    fn from(said: types::Description) -> Self {
        let fact = |fact: types::FactUse| FactUse {
            key: fact.key,
            kind: fact.kind.into(),
            nullable: fact.nullable,
        };
        let argument = |argument: types::Argument| Argument {
            name: argument.name,
            kind: argument.kind.into(),
        };
        let reason = |reason: types::ReasonDef| ReasonDef {
            code: reason.code,
            text: localized(reason.text),
            arguments: reason.arguments.into_iter().map(argument).collect(),
        };
        Self {
            name: said.name,
            version: said.version,
            title: localized(said.title),
            summary: localized(said.summary),
            facts: said.facts.into_iter().map(fact).collect(),
            // only a segmentation has any, and says so itself
            quantiles: Vec::new(),
            config_schema: said.config_schema,
            reasons: said.reasons.into_iter().map(reason).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_in_the_nearest_language() {
        let told = |said: &[(&str, &str)]| {
            let said = said.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()));
            let posthouse_domain::Localized { zh_cn, en } = localized(said.collect());
            (zh_cn, en)
        };
        let pair = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        assert_eq!(told(&[("en", "hello"), ("zh-CN", "你好")]), pair("你好", "hello"));
        assert_eq!(told(&[("zh-Hant-TW", "優惠"), ("zh", "优惠")]), pair("优惠", "优惠"));
        assert_eq!(told(&[("zh-HK", "優惠"), ("zh-Hans-HK", "优惠")]), pair("优惠", "优惠"));
        assert_eq!(told(&[("zh_TW", "優惠"), ("EN-us", "offer")]), pair("優惠", "offer"));
        assert_eq!(told(&[("de", "Rabatt"), ("fr", "remise")]), pair("Rabatt", "Rabatt"));
        assert_eq!(told(&[("en", " "), ("zh-CN", "优惠")]), pair("优惠", "优惠"));
        assert_eq!(told(&[("english", "offer")]), pair("offer", "offer"));
        assert_eq!(told(&[]), pair("", ""));
    }
}
