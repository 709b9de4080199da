//! What only a segmentation says of itself, every word of it checked.

use crate::description::{Description, FactUse, QuantileRequest, SegmentDef};
use crate::descriptor::{Own, bad, check_key, check_text, shown};
use crate::limits::Limits;
use crate::refusal::Refusal;
use posthouse_domain::{Localized, Words, words};
use std::collections::HashSet;

/// What a segmentation's description has to keep to.
pub(super) const OWN: Own = Own {
    reads_segments: false,
    reads_cases: false,
    check,
};

/// What only a segmentation has to keep to.
fn check(said: &Description) -> Result<(), Words> {
    match said.reasons.iter().find(|reason| !reason.arguments.is_empty()) {
        Some(reason) => Err(words!(
            "the reason {code:?} has arguments; a segmentation gives its reasons as a column of indices: name facts in the text instead",
            "理由 {code:?} 带有参数；分群规则以序号列给出理由：请改为在文字中引用事实",
            code = reason.code
        )),
        None => Ok(()),
    }
}

pub(super) fn check_segments(segments: &[SegmentDef], limits: &Limits) -> Result<(), Refusal> {
    if segments.is_empty() || segments.len() > limits.segments {
        return Err(bad(words!(
            "{count} segments; declare 1 to {most}",
            "声明了 {count} 个分群；应为 1 到 {most} 个",
            count = segments.len(),
            most = limits.segments
        )));
    }
    let mut keys = HashSet::new();
    for (index, segment) in segments.iter().enumerate() {
        let place = format!("segments[{index}]");
        check_key(&format!("{place}.key"), &segment.key, limits)?;
        if !keys.insert(&segment.key) {
            return Err(bad(words!(
                "{place}.key {key:?} is used twice",
                "{place}.key {key:?} 重复",
                key = segment.key
            )));
        }
        check_text(&format!("{place}.title"), &segment.title, limits.title_bytes)?;
        check_text(&format!("{place}.policy"), &segment.policy, limits.text_bytes)?;
    }
    Ok(())
}

pub(super) fn check_score_title(title: &Localized, limits: &Limits) -> Result<(), Refusal> {
    check_text("score-title", title, limits.title_bytes)
}

pub(super) fn check_quantiles(requests: &[QuantileRequest], facts: &[FactUse], limits: &Limits) -> Result<(), Refusal> {
    if requests.len() > limits.quantiles {
        return Err(bad(words!(
            "{count} quantile tables, {most} are allowed",
            "有 {count} 个分位数表，上限为 {most}",
            count = requests.len(),
            most = limits.quantiles
        )));
    }
    let numeric = |place: String, key: &str| match facts.iter().find(|fact| fact.key == key) {
        None => Err(bad(words!(
            "{place} {key:?} is not among the declared facts",
            "{place} {key:?} 不在声明的事实中",
            key = shown(key)
        ))),
        Some(fact) if !fact.kind.is_numeric() => Err(bad(words!(
            "{place} {key:?} is a {kind}; only count, money and day can be cut",
            "{place} {key:?} 的类型是 {kind}；只有 count、money、day 可以分段",
            kind = fact.kind.as_str()
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
            return Err(bad(words!(
                "{place}.buckets is {buckets}; ask for 2 to {most}",
                "{place}.buckets 为 {buckets}；应为 2 到 {most}",
                buckets = request.buckets
            )));
        }
    }
    Ok(())
}
