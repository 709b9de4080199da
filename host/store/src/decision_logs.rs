//! What rules logged while they decided. It stands beside the decisions, which are never changed, and is forgotten after a while.

use crate::compressed::Compressed;
use crate::decision_rows::DecisionRow;
use crate::{Result, StoreError, Tx};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A log without lines.
const NOTHING: &str = "[]";

/// The lines of decisions that were made together, by decision.
#[derive(Debug, Clone)]
pub(crate) struct DecisionLog {
    /// The id of their set, or that of a decision by itself.
    id: Uuid,
    at: i64,
    document: Compressed,
}

impl DecisionLog {
    /// The log of some decisions; `None` if none of them logged anything, as most do not.
    pub(crate) fn of(id: Uuid, rows: &[DecisionRow]) -> Result<Option<Self>> {
        let wrote = rows.iter().filter(|row| row.log != NOTHING);
        let lines: BTreeMap<Uuid, &str> = wrote.map(|row| (row.id, row.log.as_str())).collect();
        let Some(at) = rows.first().map(|row| row.at).filter(|_| !lines.is_empty()) else {
            return Ok(None);
        };
        let text = serde_json::to_string(&lines).map_err(StoreError::corrupt("log of decisions"))?;
        Ok(Some(Self {
            id,
            at,
            document: Compressed::of(&text),
        }))
    }
}

/// Keeps logs.
pub(crate) async fn insert(tx: &mut Tx, agency: Uuid, logs: &[&DecisionLog]) -> Result<()> {
    write_rows!(
        tx,
        logs,
        4,
        "INSERT INTO decision_log (agency_id, id, at, document)",
        |b, log| b
            .push_bind(agency)
            .push_bind(log.id)
            .push_bind(log.at)
            .push_bind(log.document.as_bytes()),
        ""
    )
}

/// Gives decisions what is still kept of what they logged. `set_of` says of which set a decision may be.
pub(crate) async fn fill(tx: &mut Tx, agency: Uuid, rows: &mut [DecisionRow], set_of: fn(Uuid) -> Uuid) -> Result<()> {
    let mut ids: Vec<Uuid> = rows.iter().flat_map(|row| [row.id, set_of(row.id)]).collect();
    ids.sort_unstable();
    ids.dedup();
    let kept = fetch_listed!(
        tx,
        (Compressed,),
        "SELECT document FROM decision_log WHERE agency_id = $1 AND id IN",
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    let mut lines = BTreeMap::new();
    for (document,) in kept {
        let text = document.text("log of decisions")?;
        let of_set: BTreeMap<Uuid, String> =
            serde_json::from_str(&text).map_err(StoreError::corrupt("log of decisions"))?;
        lines.extend(of_set);
    }
    for row in rows {
        row.log = lines.remove(&row.id).unwrap_or_else(|| NOTHING.to_owned());
    }
    Ok(())
}

/// Forgets what was logged before `before`, business time.
///
/// # Errors
/// Failures of the database.
pub async fn forget(tx: &mut Tx, agency: Uuid, before: i64) -> Result<u64> {
    execute!(
        tx,
        "DELETE FROM decision_log WHERE agency_id = $1 AND at < $2",
        agency,
        before
    )
}
