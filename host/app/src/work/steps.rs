//! Steps of a life: what was done, by whom and why.

use crate::App;
use crate::error::Result;
use crate::team::Caller;
use posthouse_domain::Instant;
use posthouse_store::Tx;
use posthouse_store::work::{self as store, StepRow, Subject};
use serde_json::json;
use uuid::Uuid;

/// Who took a step, when, and what they said.
pub(crate) struct Taken<'t> {
    pub(crate) by: Option<Uuid>,
    pub(crate) at: Instant,
    note: Option<&'t str>,
}

impl<'t> Taken<'t> {
    /// A step that the host takes by itself.
    pub(crate) fn by_host(at: Instant, note: &'t str) -> Self {
        Self {
            by: None,
            at,
            note: Some(note),
        }
    }

    /// A step that a caller takes.
    pub(crate) fn by(caller: &Caller, at: Instant, note: Option<&'t str>) -> Self {
        Self {
            by: Some(caller.actor),
            at,
            note,
        }
    }
}

/// What a step does.
pub(crate) struct Step<'s> {
    /// What is done.
    pub(crate) action: &'s str,
    /// The state before.
    pub(crate) from: &'s str,
    /// The state after.
    pub(crate) to: &'s str,
    /// SHA-256 of the plan after it, which an approval agrees to; none where the subject has no plan.
    pub(crate) plan_hash: Option<&'s str>,
}

/// Writes a step down, and an entry of the audit log. The subject's lock is held, and whatever else is written was written before.
pub(crate) async fn record(
    app: &App,
    tx: &mut Tx,
    agency: Uuid,
    subject: Subject<'_>,
    step: &Step<'_>,
    taken: &Taken<'_>,
) -> Result<()> {
    let row = StepRow {
        step: 0,
        action: step.action.to_owned(),
        origin: step.from.to_owned(),
        target: step.to.to_owned(),
        plan_hash: step.plan_hash.map(str::to_owned),
        note: taken.note.map(str::to_owned),
        taken_by: taken.by,
        at: taken.at,
    };
    store::add_step(tx, agency, subject, &row).await?;
    let mut detail = json!({"from": step.from, "to": step.to});
    if let Some(hash) = step.plan_hash {
        detail["plan_hash"] = hash.into();
    }
    let Subject { kind, id } = subject;
    let (deed, subject) = (format!("{kind}.{}", step.action), format!("{kind}/{id}"));
    app.audit().note_by(tx, agency, taken.by, &deed, &subject, detail).await
}
