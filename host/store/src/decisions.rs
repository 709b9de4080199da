//! Decisions: what a rule was asked and what it said. Those that were made together are kept together ([`crate::decision_sets`]); whoever reads
//! them need not know.

use crate::decision_logs::{self, DecisionLog};
use crate::decision_sets::{self, set_of};
use crate::{Result, Tx};
use std::cmp::Reverse;
use uuid::Uuid;

pub use crate::decision_rows::{DecisionRow, Filter};

macro_rules! decision_columns {
    () => {
        "id, extension_point, binding, revision, digest, config_digest, customer_id, subject_kind, subject_id, at, input, \
         output, outcome, effect, usage"
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
        16,
        "INSERT INTO decision (agency_id, id, extension_point, binding, revision, digest, config_digest, customer_id, subject_kind, subject_id, at, input, output, \
         outcome, effect, usage)",
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
            .push_bind(&row.usage),
        ""
    )?;
    let logs = rows
        .iter()
        .map(|row| DecisionLog::of(row.id, std::slice::from_ref(row)));
    let logs: Vec<DecisionLog> = logs.filter_map(Result::transpose).collect::<Result<_>>()?;
    decision_logs::insert(tx, agency, &logs.iter().collect::<Vec<_>>()).await
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
    let mut row = match row {
        None => decision_sets::decision(&mut *tx, agency, id).await?,
        there => there,
    };
    decision_logs::fill(tx, agency, row.as_mut_slice(), set_of).await?;
    Ok(row)
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
    let (in_sets, looked_until) = decision_sets::latest(&mut *tx, agency, filter, before, limit + 1).await?;
    // those that are older than the last set that was looked at come after it
    rows.retain(|row| looked_until.is_none_or(|until| row.id > until));
    rows.extend(in_sets);
    rows.sort_unstable_by_key(|row| Reverse(row.id));
    let more = rows.len() > limit;
    rows.truncate(limit);
    decision_logs::fill(tx, agency, &mut rows, set_of).await?;
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
