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

/// Takes the mark from a binding, as its rule answers. Whether it is said, as for [`mark_stale`].
///
/// # Errors
/// Failures of the database.
pub async fn mark_well(tx: &mut Tx, agency: Uuid, (extension_point, name): (&str, &str), heard: Heard) -> Result<bool> {
    let marked = execute!(
        tx,
        "UPDATE binding SET stale_since = NULL, stale_reason = NULL, heard_at = $5, faults = 0
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision = $4 AND heard_at <= $5",
        agency,
        extension_point,
        name,
        heard.revision,
        heard.at
    )?;
    Ok(marked == 1)
}
