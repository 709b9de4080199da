//! Grants: which facts an agency allows the rules of a binding to read.

use crate::error::{AppError, Result};
use crate::team::{Caller, Scope};
use posthouse_domain::attribute::{AttributeDef, PREFIX};
use posthouse_domain::catalogue::Sensitivity;
use posthouse_domain::{Rejection, catalogue, words};
use posthouse_engine::Description;
use posthouse_store::{Tx, attributes, plugins};
use uuid::Uuid;

/// The code of a grant that needs a right of its own.
pub(crate) const NOT_ALLOWED: &str = "grant_not_allowed";

/// The facts that a plugin reads.
pub(crate) fn reads(description: &Description) -> Vec<String> {
    description.facts.iter().map(|fact| fact.key.clone()).collect()
}

/// Those of the facts that a plugin `reads` that are not among `granted`.
pub(crate) fn ungranted(reads: &[String], granted: &[String]) -> Vec<String> {
    let missing = reads.iter().filter(|fact| !granted.contains(fact));
    missing.cloned().collect()
}

/// Who may grant a fact. What another rule has made of its facts is ordinary: that was granted to that one. `own` are the attributes that
/// the agency has defined.
fn sensitivity(fact: &str, own: &[AttributeDef]) -> Sensitivity {
    match fact.strip_prefix(PREFIX) {
        Some(key) => {
            let defined = own.iter().find(|definition| definition.key == key);
            defined.map_or(Sensitivity::Personal, |definition| definition.sensitivity)
        }
        None => {
            let known = catalogue::readable().find(|known| known.key == fact);
            known.map_or(Sensitivity::Ordinary, |known| known.sensitivity)
        }
    }
}

/// Those of the facts that say who customers are or what they spend.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn sensitive(tx: &mut Tx, agency: Uuid, facts: &[String]) -> Result<Vec<String>> {
    let own = attributes::definitions(tx, agency).await?;
    let picked = facts
        .iter()
        .filter(|fact| sensitivity(fact, &own) == Sensitivity::Personal);
    Ok(picked.cloned().collect())
}

/// Passes callers who may grant these facts.
///
/// # Errors
/// `grant_not_allowed` names those that take the scope `grants`.
pub(crate) async fn check_right(tx: &mut Tx, caller: &Caller, facts: &[String]) -> Result<()> {
    if caller.may(Scope::Grants).is_ok() {
        return Ok(());
    }
    let sensitive = sensitive(tx, caller.room.id, facts).await?;
    if sensitive.is_empty() {
        return Ok(());
    }
    let detail = words!(
        "the plugin reads facts that say who customers are or what they spend ({en}); only a key with the scope grants can grant them: have the holder of one do this",
        "插件要读取 {zh}，涉及客户身份或消费；只有具备 grants 权限的密钥才能授权：请由持有这种密钥的人操作",
        en = sensitive.join(", "),
        zh = sensitive.join("、")
    );
    Err(AppError::Denied(Rejection::new(NOT_ALLOWED, detail)))
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

/// The grants to be written: the first activation grants what the plugin `reads`, a later one only what the call names; neither what the
/// caller has no right to grant.
///
/// # Errors
/// `unknown_fact`, `grant_needed`, `grant_not_allowed`.
pub(crate) async fn to_be_written(
    tx: &mut Tx,
    caller: &Caller,
    binding: (&str, &str),
    reads: &[String],
    (grant, first): (&[String], bool),
) -> Result<Vec<String>> {
    check_facts(grant, reads)?;
    let granted = match first {
        true => reads.to_vec(),
        false => to_be_granted(tx, caller.room.id, binding, reads, grant).await?,
    };
    check_right(tx, caller, &granted).await?;
    Ok(granted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Localized;
    use posthouse_domain::catalogue::FactKind;

    #[test]
    fn what_says_who_somebody_is_or_what_they_spend_is_sensitive() {
        let own = |key: &str, sensitivity| AttributeDef {
            key: key.into(),
            kind: FactKind::Text,
            title: Localized::new("房型", "Room"),
            sensitivity,
        };
        let own = [
            own("room", Sensitivity::Ordinary),
            own("allergy", Sensitivity::Personal),
        ];
        for fact in [
            "birth-date",
            "home-city",
            "spend-24m",
            "points-balance",
            "clv-24m",
            "attr.allergy",
            "attr.gone",
        ] {
            assert_eq!(sensitivity(fact, &own), Sensitivity::Personal, "{fact}");
        }
        for fact in ["trips-24m", "recency-days", "lot", "attr.room", "segment.rfm"] {
            assert_eq!(sensitivity(fact, &own), Sensitivity::Ordinary, "{fact}");
        }
        for fact in catalogue::ALL.iter().filter(|fact| fact.kind == FactKind::Money) {
            assert_eq!(fact.sensitivity, Sensitivity::Personal, "{}", fact.key);
        }
    }
}
