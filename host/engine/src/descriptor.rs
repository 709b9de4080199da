//! Checks every word a plugin says of itself. The guest is hostile until this has passed.

use crate::description::{Description, FactUse, QuantileRequest, ReasonDef, SegmentDef};
use crate::extension_point::ExtensionPoint;
use crate::golden;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::schema;
use posthouse_domain::Localized;
use posthouse_golden::catalogue::{self, ATTRIBUTE, SEGMENT};
use std::collections::HashSet;

fn bad(detail: impl Into<posthouse_domain::Words>) -> Refusal {
    Refusal::new("bad_descriptor", detail)
}

pub(crate) fn check_description(said: &Description, point: ExtensionPoint, limits: &Limits) -> Result<(), Refusal> {
    check_key("name", &said.name, limits)?;
    semver::Version::parse(&said.version).map_err(|error| {
        bad(format!(
            "version {:?} is not a semantic version: {error}",
            shown(&said.version)
        ))
    })?;
    if said.version.len() > limits.key_bytes {
        return Err(bad(format!("version is longer than {} bytes", limits.key_bytes)));
    }
    check_text("title", &said.title, limits.title_bytes)?;
    check_text("summary", &said.summary, limits.text_bytes)?;
    check_facts(&said.facts, point, limits)?;
    check_quantiles(&said.quantiles, &said.facts, limits)?;
    check_reasons(&said.reasons, &said.facts, limits)?;
    if point == ExtensionPoint::Promotion {
        check_promotion(said)?;
    }
    schema::check(&said.config_schema, limits.config_schema_bytes)
}

/// What only a promotion has to keep to.
fn check_promotion(said: &Description) -> Result<(), Refusal> {
    if !said.quantiles.is_empty() {
        let count = said.quantiles.len();
        return Err(bad(format!(
            "{count} quantile tables; a promotion is asked for one customer at a time and gets none: read a segment instead"
        )));
    }
    if said.reasons.is_empty() {
        return Err(bad("0 reasons; every offer names one, so declare at least one"));
    }
    Ok(())
}

pub(crate) fn check_segments(segments: &[SegmentDef], limits: &Limits) -> Result<(), Refusal> {
    if segments.is_empty() || segments.len() > limits.segments {
        return Err(bad(format!(
            "{} segments; declare 1 to {}",
            segments.len(),
            limits.segments
        )));
    }
    let mut keys = HashSet::new();
    for (index, segment) in segments.iter().enumerate() {
        let place = format!("segments[{index}]");
        check_key(&format!("{place}.key"), &segment.key, limits)?;
        if !keys.insert(&segment.key) {
            return Err(bad(format!("{place}.key {:?} is used twice", segment.key)));
        }
        check_text(&format!("{place}.title"), &segment.title, limits.title_bytes)?;
        check_text(&format!("{place}.policy"), &segment.policy, limits.text_bytes)?;
    }
    Ok(())
}

pub(crate) fn check_score_title(title: &Localized, limits: &Limits) -> Result<(), Refusal> {
    check_text("score-title", title, limits.title_bytes)
}

fn check_facts(facts: &[FactUse], point: ExtensionPoint, limits: &Limits) -> Result<(), Refusal> {
    if facts.len() > limits.facts {
        return Err(bad(format!("{} facts, {} are allowed", facts.len(), limits.facts)));
    }
    let mut keys = HashSet::new();
    for (index, fact) in facts.iter().enumerate() {
        let key = shown(&fact.key);
        if !keys.insert(&fact.key) {
            return Err(bad(format!("facts[{index}] {key:?} is declared twice")));
        }
        if let Some(attribute) = fact.key.strip_prefix(ATTRIBUTE) {
            check_key(&format!("facts[{index}] after {ATTRIBUTE:?}"), attribute, limits)?;
        }
        if let Some(binding) = fact.key.strip_prefix(SEGMENT) {
            check_segment_fact(&format!("facts[{index}] {key:?}"), binding, point, limits)?;
        }
    }
    // all of them, so that nobody has to come back for each
    let declared: Vec<_> = facts.iter().map(golden::fact).collect();
    let problems = catalogue::check(&declared);
    let Some(first) = problems.first() else { return Ok(()) };
    let details: Vec<String> = problems.iter().map(|problem| problem.detail.clone()).collect();
    Err(Refusal::new(first.code, details.join("; ")))
}

/// Who may read the segment that another rule gave the customer.
fn check_segment_fact(place: &str, binding: &str, point: ExtensionPoint, limits: &Limits) -> Result<(), Refusal> {
    if point == ExtensionPoint::Segmentation {
        let detail =
            format!("{place} is a segment; a segmentation cannot read those, or rules would wait for each other");
        return Err(Refusal::new("unknown_fact", detail));
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if binding.is_empty()
        || binding.len() > limits.key_bytes
        || binding.starts_with('-')
        || !binding.bytes().all(letter)
    {
        return Err(bad(format!(
            "{place}: a binding has 1 to {} lower-case letters, digits and hyphens",
            limits.key_bytes
        )));
    }
    Ok(())
}

fn check_quantiles(requests: &[QuantileRequest], facts: &[FactUse], limits: &Limits) -> Result<(), Refusal> {
    if requests.len() > limits.quantiles {
        return Err(bad(format!(
            "{} quantile tables, {} are allowed",
            requests.len(),
            limits.quantiles
        )));
    }
    let numeric = |place: String, key: &str| match facts.iter().find(|fact| fact.key == key) {
        None => Err(bad(format!("{place} {:?} is not among the declared facts", shown(key)))),
        Some(fact) if !fact.kind.is_numeric() => Err(bad(format!(
            "{place} {key:?} is a {}; only count, money and day can be cut",
            fact.kind.as_str()
        ))),
        Some(_) => Ok(()),
    };
    for (index, request) in requests.iter().enumerate() {
        let place = format!("quantiles[{index}]");
        numeric(format!("{place}.fact"), &request.fact)?;
        if let Some(among) = &request.among {
            numeric(format!("{place}.among"), among)?;
        }
        if !(2..=limits.quantile_buckets).contains(&request.buckets) {
            let most = limits.quantile_buckets;
            return Err(bad(format!(
                "{place}.buckets is {}; ask for 2 to {most}",
                request.buckets
            )));
        }
    }
    Ok(())
}

fn check_reasons(reasons: &[ReasonDef], facts: &[FactUse], limits: &Limits) -> Result<(), Refusal> {
    if reasons.len() > limits.reasons {
        return Err(bad(format!(
            "{} reasons, {} are allowed",
            reasons.len(),
            limits.reasons
        )));
    }
    let mut codes = HashSet::new();
    for (index, reason) in reasons.iter().enumerate() {
        let place = format!("reasons[{index}]");
        check_key(&format!("{place}.code"), &reason.code, limits)?;
        if !codes.insert(&reason.code) {
            return Err(bad(format!("{place}.code {:?} is used twice", reason.code)));
        }
        check_text(&format!("{place}.text"), &reason.text, limits.reason_bytes)?;
        for (language, text) in [("zh-cn", &reason.text.zh_cn), ("en", &reason.text.en)] {
            check_braces(&format!("{place}.text.{language}"), text, facts)?;
        }
    }
    Ok(())
}

fn check_braces(place: &str, text: &str, facts: &[FactUse]) -> Result<(), Refusal> {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let Some((key, after)) = inside else {
            return Err(bad(format!("{place}: a brace without its partner")));
        };
        if !facts.iter().any(|fact| fact.key == key) {
            return Err(bad(format!(
                "{place}: {{{}}} is not among the declared facts",
                shown(key)
            )));
        }
        rest = after;
    }
    Ok(())
}

/// Lower-case words joined by hyphens.
fn check_key(place: &str, key: &str, limits: &Limits) -> Result<(), Refusal> {
    if key.len() > limits.key_bytes {
        return Err(bad(format!("{place} is longer than {} bytes", limits.key_bytes)));
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
    Err(bad(format!(
        "{place} {:?} must be lower-case words joined by hyphens",
        shown(key)
    )))
}

fn check_text(place: &str, text: &Localized, limit: usize) -> Result<(), Refusal> {
    for (language, text) in [("zh-cn", &text.zh_cn), ("en", &text.en)] {
        if text.trim().is_empty() {
            return Err(bad(format!("{place}.{language} is empty; both languages are needed")));
        }
        if text.len() > limit {
            return Err(bad(format!(
                "{place}.{language} has {} bytes, {limit} are allowed",
                text.len()
            )));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(bad(format!("{place}.{language} has control characters")));
        }
    }
    Ok(())
}

/// Enough of a hostile text for a message.
fn shown(text: &str) -> String {
    crate::guest::printable(text, 80)
}
