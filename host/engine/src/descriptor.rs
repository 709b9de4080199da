//! Checks every word a plugin says of itself. The guest is hostile until this has passed.

use crate::cases;
use crate::description::{Description, FactUse, ReasonDef};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::schema;
use crate::text::is_hidden;
use posthouse_domain::catalogue::CASE_TEXT;
use posthouse_domain::{Localized, Words, words};
use posthouse_golden::catalogue::{self, ATTRIBUTE, SEGMENT};
use std::collections::HashSet;

/// What an extension point asks of a description besides what all of them do.
#[derive(Debug)]
pub(crate) struct Own {
    /// Whether its rules may read the segments that others gave the customer.
    pub(crate) reads_segments: bool,
    /// Whether they are asked about a case, and may read what is written in it.
    pub(crate) reads_cases: bool,
    /// What is wrong with the description for this point.
    pub(crate) check: fn(&Description) -> Result<(), Words>,
}

/// A refusal of what a plugin says of itself.
pub(crate) fn bad(detail: Words) -> Refusal {
    Refusal::new("bad_descriptor", detail)
}

pub(crate) fn check_description(said: &Description, own: &Own, limits: &Limits) -> Result<(), Refusal> {
    check_key("name", &said.name, limits)?;
    semver::Version::parse(&said.version).map_err(|error| {
        bad(words!(
            "version {version:?} is not a semantic version: {error}",
            "version {version:?} 不是语义化版本号：{error}",
            version = shown(&said.version)
        ))
    })?;
    if said.version.len() > limits.key_bytes {
        return Err(bad(words!(
            "version is longer than {most} bytes",
            "version 超过 {most} 字节",
            most = limits.key_bytes
        )));
    }
    check_text("title", &said.title, limits.title_bytes)?;
    check_text("summary", &said.summary, limits.text_bytes)?;
    check_facts(&said.facts, own, limits)?;
    check_reasons(&said.reasons, &said.facts, limits)?;
    (own.check)(said).map_err(bad)?;
    schema::check(&said.config_schema, limits.config_schema_bytes)
}

fn check_facts(facts: &[FactUse], own: &Own, limits: &Limits) -> Result<(), Refusal> {
    if facts.len() > limits.facts {
        return Err(bad(words!(
            "{count} facts, {most} are allowed",
            "有 {count} 个事实，上限为 {most}",
            count = facts.len(),
            most = limits.facts
        )));
    }
    let mut keys = HashSet::new();
    for (index, fact) in facts.iter().enumerate() {
        let key = shown(&fact.key);
        if !keys.insert(&fact.key) {
            return Err(bad(words!(
                "facts[{index}] {key:?} is declared twice",
                "facts[{index}] {key:?} 重复声明"
            )));
        }
        if let Some(attribute) = fact.key.strip_prefix(ATTRIBUTE) {
            check_key(&format!("facts[{index}] after {ATTRIBUTE:?}"), attribute, limits)?;
        }
        if let Some(binding) = fact.key.strip_prefix(SEGMENT) {
            check_segment_fact(&format!("facts[{index}] {key:?}"), binding, own, limits)?;
        }
        if fact.key == CASE_TEXT.key && !own.reads_cases {
            let detail = words!(
                "facts[{index}] {key:?} is what is written in a case; only rules of complaint-routing are asked about one",
                "facts[{index}] {key:?} 是案件原文；只有 complaint-routing 规则会被问到案件"
            );
            return Err(Refusal::new("unknown_fact", detail));
        }
    }
    // all of them, so that nobody has to come back for each
    let declared: Vec<_> = facts.iter().map(cases::fact).collect();
    let problems = catalogue::check(&declared);
    let Some(code) = problems.first().map(|first| first.code) else {
        return Ok(());
    };
    let details: Vec<Words> = problems
        .into_iter()
        .map(|problem| cases::words(problem.detail))
        .collect();
    Err(Refusal::new(code, Words::join(&details, &words!("; ", "；"))))
}

/// Who may read the segment that another rule gave the customer.
fn check_segment_fact(place: &str, binding: &str, own: &Own, limits: &Limits) -> Result<(), Refusal> {
    if !own.reads_segments {
        let detail = words!(
            "{place} is a segment; a segmentation cannot read those, or rules would wait for each other",
            "{place} 是分群；分群规则不能读取分群，否则规则会互相等待"
        );
        return Err(Refusal::new("unknown_fact", detail));
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if binding.is_empty()
        || binding.len() > limits.key_bytes
        || binding.starts_with('-')
        || !binding.bytes().all(letter)
    {
        return Err(bad(words!(
            "{place}: a binding has 1 to {most} lower-case letters, digits and hyphens",
            "{place}：绑定名应为 1 到 {most} 个小写字母、数字或连字符",
            most = limits.key_bytes
        )));
    }
    Ok(())
}

fn check_reasons(reasons: &[ReasonDef], facts: &[FactUse], limits: &Limits) -> Result<(), Refusal> {
    if reasons.len() > limits.reasons {
        return Err(bad(words!(
            "{count} reasons, {most} are allowed",
            "有 {count} 个理由，上限为 {most}",
            count = reasons.len(),
            most = limits.reasons
        )));
    }
    let mut codes = HashSet::new();
    for (index, reason) in reasons.iter().enumerate() {
        let place = format!("reasons[{index}]");
        check_key(&format!("{place}.code"), &reason.code, limits)?;
        if !codes.insert(&reason.code) {
            return Err(bad(words!(
                "{place}.code {code:?} is used twice",
                "{place}.code {code:?} 重复",
                code = reason.code
            )));
        }
        check_text(&format!("{place}.text"), &reason.text, limits.reason_bytes)?;
        check_arguments(&place, reason, facts, limits)?;
        for (language, text) in [("zh-cn", &reason.text.zh_cn), ("en", &reason.text.en)] {
            check_braces(&format!("{place}.text.{language}"), text, reason, facts)?;
        }
    }
    Ok(())
}

fn check_arguments(place: &str, reason: &ReasonDef, facts: &[FactUse], limits: &Limits) -> Result<(), Refusal> {
    let ReasonDef { arguments, .. } = reason;
    if arguments.len() > limits.reason_arguments {
        return Err(bad(words!(
            "{place} has {count} arguments, {most} are allowed",
            "{place} 有 {count} 个参数，上限为 {most}",
            count = arguments.len(),
            most = limits.reason_arguments
        )));
    }
    let mut names = HashSet::new();
    for (index, argument) in arguments.iter().enumerate() {
        let place = format!("{place}.arguments[{index}]");
        check_key(&place, &argument.name, limits)?;
        if !names.insert(&argument.name) || facts.iter().any(|fact| fact.key == argument.name) {
            return Err(bad(words!(
                "{place} {name:?} is the name of another argument or of a declared fact",
                "{place} {name:?} 与另一个参数或已声明的事实同名",
                name = argument.name
            )));
        }
    }
    Ok(())
}

fn check_braces(place: &str, text: &str, reason: &ReasonDef, facts: &[FactUse]) -> Result<(), Refusal> {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let Some((key, after)) = inside else {
            return Err(bad(words!(
                "{place}: a brace without its partner",
                "{place}：花括号不成对"
            )));
        };
        let argument = reason.arguments.iter().any(|argument| argument.name == key);
        if !argument && !facts.iter().any(|fact| fact.key == key) {
            return Err(bad(words!(
                "{place}: {{{key}}} is neither among the declared facts nor an argument of the reason",
                "{place}：{{{key}}} 既不在声明的事实中，也不是该理由的参数",
                key = shown(key)
            )));
        }
        rest = after;
    }
    Ok(())
}

/// Lower-case words joined by hyphens.
pub(crate) fn check_key(place: &str, key: &str, limits: &Limits) -> Result<(), Refusal> {
    if key.len() > limits.key_bytes {
        return Err(bad(words!(
            "{place} is longer than {most} bytes",
            "{place} 超过 {most} 字节",
            most = limits.key_bytes
        )));
    }
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if key.starts_with(|first: char| first.is_ascii_lowercase()) && key.split('-').all(word) {
        return Ok(());
    }
    Err(bad(words!(
        "{place} {key:?} must be lower-case words joined by hyphens",
        "{place} {key:?} 应为小写单词，用连字符连接",
        key = shown(key)
    )))
}

pub(crate) fn check_text(place: &str, text: &Localized, limit: usize) -> Result<(), Refusal> {
    for (language, text) in [("zh-cn", &text.zh_cn), ("en", &text.en)] {
        // one language stands in for another, so this is empty where all of them are
        if text.trim().is_empty() {
            return Err(bad(words!(
                "{place} has no text; give it in one language at least, best in zh-CN and en",
                "{place} 没有文字；请至少给出一种语言，最好同时有 zh-CN 和 en"
            )));
        }
        if text.len() > limit {
            return Err(bad(words!(
                "{place}.{language} has {size} bytes, {limit} are allowed",
                "{place}.{language} 有 {size} 字节，上限为 {limit}",
                size = text.len()
            )));
        }
        if text.chars().any(is_hidden) {
            return Err(bad(words!(
                "{place}.{language} has line breaks, or characters that cannot be seen",
                "{place}.{language} 含有换行或不可见字符"
            )));
        }
    }
    Ok(())
}

/// Enough of a hostile text for a message.
pub(crate) fn shown(text: &str) -> String {
    crate::text::printable(text, 80)
}
