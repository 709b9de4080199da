//! Grants: which facts an agency allows the rules of a binding to read.

use crate::error::{AppError, Result};
use posthouse_domain::{catalogue, words};
use posthouse_engine::Description;
use posthouse_store::{Tx, plugins};
use uuid::Uuid;

/// The facts that a plugin reads.
pub(crate) fn reads(description: &Description) -> Vec<String> {
    description.facts.iter().map(|fact| fact.key.clone()).collect()
}

/// Those of the facts that a plugin `reads` that are not among `granted`.
pub(crate) fn ungranted(reads: &[String], granted: &[String]) -> Vec<String> {
    let missing = reads.iter().filter(|fact| !granted.contains(fact));
    missing.cloned().collect()
}

/// Passes keys of the catalogue, and those that the plugin `reads`: a misspelt grant must not look like one.
///
/// # Errors
/// `unknown_fact`.
pub(crate) fn check_facts(keys: &[String], reads: &[String]) -> Result<()> {
    let unknown: Vec<String> = keys
        .iter()
        .filter(|key| catalogue::readable().all(|fact| fact.key != **key) && !reads.contains(key))
        .map(|key| format!("{:?}", key.chars().take(64).collect::<String>()))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(AppError::invalid(
        "unknown_fact",
        words!(
            "grant names {unknown}, which no fact is called; GET /api/v1/facts lists all facts",
            "grant 中的 {unknown} 不是事实；可用 GET /api/v1/facts 查看全部事实",
            unknown = unknown.join(", ")
        ),
    ))
}

/// Those of the facts that a plugin `reads` that the binding has not been granted yet; `grant` has to name them all.
///
/// # Errors
/// `grant_needed`.
pub(crate) async fn to_be_granted(
    tx: &mut Tx,
    agency: Uuid,
    (point, binding): (&str, &str),
    reads: &[String],
    grant: &[String],
) -> Result<Vec<String>> {
    let granted = plugins::granted(tx, agency, point, binding).await?;
    let missing = ungranted(reads, &granted);
    let needed: Vec<&str> = missing
        .iter()
        .filter(|fact| !grant.contains(fact))
        .map(String::as_str)
        .collect();
    if needed.is_empty() {
        return Ok(missing);
    }
    let detail = words!(
        "the plugin reads {needed}, which the agency has not granted to {binding}; send them as grant to allow it",
        "插件要读取 {needed}，旅行社尚未授权给 {binding}；请在 grant 中给出以授权",
        needed = needed.join(", ")
    );
    Err(AppError::conflict("grant_needed", detail))
}
