//! Decisions: what a rule was asked and what it said. Those that were made together are kept together ([`crate::decision_sets`]); whoever reads
//! them need not know.

use crate::{Result, Tx, decision_sets};
use sqlx::FromRow;
use std::cmp::Reverse;
use uuid::Uuid;

/// A decision with all it takes to make it again.
#[derive(Debug, Clone, FromRow)]
pub struct DecisionRow {
    /// Id.
    pub id: Uuid,
    /// What was decided.
    pub extension_point: String,
    /// The binding that decided.
    pub binding: String,
    /// Its revision.
    pub revision: i64,
    /// The plugin.
    pub digest: String,
    /// SHA-256 of its settings.
    pub config_digest: String,
    /// About whom.
    pub customer_id: Option<Uuid>,
    /// What kind of thing it is a decision on, as `quote`; with it goes `subject_id`.
    pub subject_kind: Option<String>,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Business time, in ms since 1970.
    pub at: i64,
    /// What it was asked, as canonical JSON.
    pub input: String,
    /// What it said, as canonical JSON.
    pub output: String,
    /// `answered`, or the code of the fault.
    pub outcome: String,
    /// What the host made of it, as JSON.
    pub effect: String,
    /// What the call used, as JSON.
    pub usage: String,
    /// The lines it logged, as JSON.
    pub log: String,
}

macro_rules! decision_columns {
    () => {
        "id, extension_point, binding, revision, digest, config_digest, customer_id, subject_kind, subject_id, at, input, \
         output, outcome, effect, usage, log"
    };
}

/// Keeps decisions, each by itself.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, rows: &[DecisionRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        17,
        "INSERT INTO decision (agency_id, id, extension_point, binding, revision, digest, config_digest, customer_id, subject_kind, subject_id, at, input, output, \
         outcome, effect, usage, log)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.id)
            .push_bind(&row.extension_point)
            .push_bind(&row.binding)
            .push_bind(row.revision)
            .push_bind(&row.digest)
            .push_bind(&row.config_digest)
            .push_bind(row.customer_id)
            .push_bind(&row.subject_kind)
            .push_bind(row.subject_id)
            .push_bind(row.at)
            .push_bind(&row.input)
            .push_bind(&row.output)
            .push_bind(&row.outcome)
            .push_bind(&row.effect)
            .push_bind(&row.usage)
            .push_bind(&row.log),
        ""
    )
}

/// One decision.
///
/// # Errors
/// Failures of the database.
pub async fn decision(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<DecisionRow>> {
    let row = fetch_optional!(
        &mut *tx,
        DecisionRow,
        concat!(
            "SELECT ",
            decision_columns!(),
            " FROM decision WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )?;
    match row {
        None => decision_sets::decision(tx, agency, id).await,
        there => Ok(there),
    }
}

/// Which decisions are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this extension point and binding.
    pub binding: Option<(String, String)>,
    /// About this customer.
    pub customer: Option<Uuid>,
    /// On this subject: its kind and its id.
    pub subject: Option<(String, Uuid)>,
    /// Made by this plugin.
    pub digest: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
}

/// A page of decisions.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The newest first.
    pub rows: Vec<DecisionRow>,
    /// The id before which it goes on; `None` at the end.
    pub next: Option<Uuid>,
}

/// Decisions before `before`, the newest first: `limit` at most, and fewer where most of those that were looked at are not wanted.
///
/// # Errors
/// Failures of the database.
pub async fn latest(tx: &mut Tx, agency: Uuid, filter: &Filter, before: Uuid, limit: usize) -> Result<Latest> {
    let mut rows = single(&mut *tx, agency, filter, before, limit as i64 + 1).await?;
    let (in_sets, looked_until) = decision_sets::latest(tx, agency, filter, before, limit + 1).await?;
    // those that are older than the last set that was looked at come after it
    rows.retain(|row| looked_until.is_none_or(|until| row.id > until));
    rows.extend(in_sets);
    rows.sort_unstable_by_key(|row| Reverse(row.id));
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map(|row| row.id).filter(|_| more);
    Ok(Latest {
        rows,
        next: last.or(looked_until),
    })
}

/// Those that are kept by themselves. Which they are is looked up first, in the index that has what is asked for, and only those are read.
async fn single(tx: &mut Tx, agency: Uuid, filter: &Filter, before: Uuid, limit: i64) -> Result<Vec<DecisionRow>> {
    fetch_built!(tx, DecisionRow, |q| {
        q.push(concat!(
            "SELECT ",
            decision_columns!(),
            " FROM decision WHERE agency_id = "
        ))
        .push_bind(agency)
        .push(" AND id IN (SELECT id FROM decision WHERE agency_id = ")
        .push_bind(agency)
        .push(" AND id < ")
        .push_bind(before);
        if let Some((point, name)) = &filter.binding {
            q.push(" AND extension_point = ")
                .push_bind(point)
                .push(" AND binding = ")
                .push_bind(name);
        }
        if let Some(customer) = filter.customer {
            q.push(" AND customer_id = ").push_bind(customer);
        }
        if let Some((kind, id)) = &filter.subject {
            q.push(" AND subject_kind = ")
                .push_bind(kind)
                .push(" AND subject_id = ")
                .push_bind(*id);
        }
        if let Some(digest) = &filter.digest {
            q.push(" AND digest = ").push_bind(digest);
        }
        if let Some(outcome) = &filter.outcome {
            q.push(" AND outcome = ").push_bind(outcome);
        }
        q.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        q.push(") ORDER BY id DESC");
    })
}
