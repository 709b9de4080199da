//! How the rules of bindings fare: since when one fails, and how often in a row.

use crate::{Result, Tx};
use uuid::Uuid;

/// What was heard of the rule of a binding.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    /// The revision that was asked.
    pub revision: i64,
    /// When, in ms since 1970 by the machine's clock.
    pub at: i64,
}

/// Marks a binding as failing, for `reason`; it is since `since`, in business time, unless it was failing before. Whether it is said: not if
/// another revision is in force, or something later was heard of this one.
///
/// # Errors
/// Failures of the database.
pub async fn mark_stale(
    tx: &mut Tx,
    agency: Uuid,
    (extension_point, name): (&str, &str),
    heard: Heard,
    since: i64,
    reason: &str,
) -> Result<bool> {
    let marked = execute!(
        tx,
        "UPDATE binding SET stale_since = COALESCE(stale_since, $6), stale_reason = $7, heard_at = $5
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision = $4 AND heard_at <= $5",
        agency,
        extension_point,
        name,
        heard.revision,
        heard.at,
        since,
        reason
    )?;
    Ok(marked == 1)
}

/// A fault of a rule that counts against it.
#[derive(Debug, Clone, Copy)]
pub struct Fault<'f> {
    /// Since when it fails, in business time, unless it was failing before.
    pub since: i64,
    /// How.
    pub reason: &'f str,
    /// The last change of facts that it was asked about; 0 if it is asked about one case at a time.
    pub change: i64,
    /// Whether it counts even if a fault was counted for that change.
    pub again: bool,
}

/// Marks a binding as failing and counts the fault: how many there have been in a row, over all hosts. `None` if it does not count: another revision
/// is in force, the rule has answered since, or it is known to fail for that change.
///
/// # Errors
/// Failures of the database.
pub async fn count_fault(
    tx: &mut Tx,
    agency: Uuid,
    (extension_point, name): (&str, &str),
    heard: Heard,
    fault: Fault<'_>,
) -> Result<Option<i64>> {
    let counted = fetch_optional!(
        tx,
        (i64,),
        "UPDATE binding SET faults = faults + 1, stale_since = COALESCE(stale_since, $6), stale_reason = $7,
                heard_at = CASE WHEN heard_at < $5 THEN $5 ELSE heard_at END,
                failed_change = CASE WHEN failed_change < $8 THEN $8 ELSE failed_change END
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision = $4
           AND (heard_at <= $5 OR stale_since IS NOT NULL) AND failed_change < $9
         RETURNING faults",
        agency,
        extension_point,
        name,
        heard.revision,
        heard.at,
        fault.since,
        fault.reason,
        fault.change,
        if fault.again { i64::MAX } else { fault.change }
    )?;
    Ok(counted.map(|(faults,)| faults))
}

/// Counts an answer that took more than others can spare: how many there have been in a row. `None` as for [`count_fault`].
///
/// # Errors
/// Failures of the database.
pub async fn count_cost(
    tx: &mut Tx,
    agency: Uuid,
    (extension_point, name): (&str, &str),
    heard: Heard,
) -> Result<Option<i64>> {
    let counted = fetch_optional!(
        tx,
        (i64,),
        "UPDATE binding SET costly = costly + 1, stale_since = NULL, stale_reason = NULL, faults = 0,
                heard_at = CASE WHEN heard_at < $5 THEN $5 ELSE heard_at END
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision = $4 AND (heard_at <= $5 OR costly > 0)
         RETURNING costly",
        agency,
        extension_point,
        name,
        heard.revision,
        heard.at
    )?;
    Ok(counted.map(|(costly,)| costly))
}

/// Has nobody ask a rule until a time of the machine's clock, for `why`. Whether it is said: not if another revision is in force, the rule has
/// answered well since, or it is set aside by what was heard after this.
///
/// # Errors
/// Failures of the database.
pub async fn set_aside(
    tx: &mut Tx,
    agency: Uuid,
    (extension_point, name): (&str, &str),
    heard: Heard,
    (until, why): (i64, &str),
) -> Result<bool> {
    let aside = execute!(
        tx,
        "UPDATE binding SET set_aside_until = $6, set_aside_why = $7, set_asides = set_asides + 1
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision = $4
           AND (set_aside_until IS NULL OR set_aside_until <= $5) AND (stale_since IS NOT NULL OR costly > 0)",
        agency,
        extension_point,
        name,
        heard.revision,
        heard.at,
        until,
        why
    )?;
    Ok(aside == 1)
}

/// Has a rule that was set aside asked again, as if nothing had been counted against it; `false` if it was not.
///
/// # Errors
/// Failures of the database.
pub async fn ask_again(tx: &mut Tx, agency: Uuid, (extension_point, name): (&str, &str)) -> Result<bool> {
    let again = execute!(
        tx,
        "UPDATE binding SET set_aside_until = NULL, set_aside_why = NULL, set_asides = 0, faults = 0, costly = 0
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND set_aside_until IS NOT NULL",
        agency,
        extension_point,
        name
    )?;
    Ok(again == 1)
}

/// Takes the mark from a binding, as its rule answers. Whether it is said, as for [`mark_stale`].
///
/// # Errors
/// Failures of the database.
pub async fn mark_well(tx: &mut Tx, agency: Uuid, (extension_point, name): (&str, &str), heard: Heard) -> Result<bool> {
    let marked = execute!(
        tx,
        "UPDATE binding SET stale_since = NULL, stale_reason = NULL, heard_at = $5, faults = 0, costly = 0,
                set_aside_until = NULL, set_aside_why = NULL, set_asides = 0
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision = $4 AND heard_at <= $5",
        agency,
        extension_point,
        name,
        heard.revision,
        heard.at
    )?;
    Ok(marked == 1)
}
