//! Agreeing to a plan: a step that names the plan's hash, taken by another person than those whose plan it is.

use crate::error::Result;
use crate::team::{Caller, is_same_person};
use posthouse_store::Tx;
use posthouse_store::work::{self as store, StepRow, Subject};
use uuid::Uuid;

/// The last step that agreed to a plan; of two actions that do, whichever came last.
pub(crate) async fn approval(
    tx: &mut Tx,
    agency: Uuid,
    subject: Subject<'_>,
    agreeing: (&str, &str),
) -> Result<Option<StepRow>> {
    Ok(store::last_step(tx, agency, subject, agreeing).await?)
}

/// Whether an approval is one of exactly this plan.
pub(crate) fn agrees(approval: &StepRow, plan_hash: &str) -> bool {
    approval.plan_hash.as_deref() == Some(plan_hash)
}

/// Whether the caller is the person behind any of these actors. Whoever agrees has to be another person than all who made what is agreed
/// to.
pub(crate) async fn is_one_of(tx: &mut Tx, caller: &Caller, actors: &[Option<Uuid>]) -> Result<bool> {
    for actor in actors.iter().flatten() {
        if is_same_person(tx, caller, *actor).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
