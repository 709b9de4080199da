//! Steps of a life.

use crate::work::Subject;
use crate::{Result, Tx};
use posthouse_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

/// One step of a subject's life.
#[derive(Debug, Clone, FromRow)]
pub struct StepRow {
    /// Counts from 1.
    pub step: i64,
    /// What was done.
    pub action: String,
    /// The state before.
    pub origin: String,
    /// The state after.
    pub target: String,
    /// SHA-256 of the plan it was done with, if the subject has one: what an approval agrees to.
    pub plan_hash: Option<String>,
    /// What was said.
    pub note: Option<String>,
    /// The actor that did it; none if the host did.
    pub taken_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub at: Instant,
}

macro_rules! step_columns {
    () => {
        "step, action, origin, target, plan_hash, note, taken_by, at"
    };
}

/// Writes the next step down. Whoever calls this holds the subject's lock; `step` of the row is not looked at.
///
/// # Errors
/// Failures of the database.
pub async fn add_step(tx: &mut Tx, agency: Uuid, subject: Subject<'_>, row: &StepRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO step (agency_id, subject_kind, subject_id, step, action, origin, target, plan_hash, note, taken_by, at)
         SELECT $1, $2, $3, COALESCE(MAX(step), 0) + 1, $4, $5, $6, $7, $8, $9, $10
         FROM step WHERE agency_id = $1 AND subject_kind = $2 AND subject_id = $3",
        agency,
        subject.kind,
        subject.id,
        &row.action,
        &row.origin,
        &row.target,
        row.plan_hash.as_deref(),
        row.note.as_deref(),
        row.taken_by,
        row.at
    )
    .map(drop)
}

/// Steps before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn steps(tx: &mut Tx, agency: Uuid, subject: Subject<'_>, before: i64, limit: i64) -> Result<Vec<StepRow>> {
    fetch_all!(
        tx,
        StepRow,
        concat!(
            "SELECT ",
            step_columns!(),
            " FROM step WHERE agency_id = $1 AND subject_kind = $2 AND subject_id = $3 AND step < $4 ORDER BY step DESC LIMIT $5"
        ),
        agency,
        subject.kind,
        subject.id,
        before,
        limit
    )
}

/// The last step that was one of two actions.
///
/// # Errors
/// Failures of the database.
pub async fn last_step(
    tx: &mut Tx,
    agency: Uuid,
    subject: Subject<'_>,
    (one, other): (&str, &str),
) -> Result<Option<StepRow>> {
    fetch_optional!(
        tx,
        StepRow,
        concat!(
            "SELECT ",
            step_columns!(),
            " FROM step WHERE agency_id = $1 AND subject_kind = $2 AND subject_id = $3 AND action IN ($4, $5)
              ORDER BY step DESC LIMIT 1"
        ),
        agency,
        subject.kind,
        subject.id,
        one,
        other
    )
}
