//! Decisions that were made together, as those of a quote are: one row, whose document has them all, compressed. Fifty rows would be fifty times
//! the statement, and most of what they say is the same.

use crate::beside::beside;
use crate::compressed::Compressed;
use crate::decision_logs::{self, DecisionLog};
use crate::decision_rows::{DecisionRow, Filter};
use crate::{Result, StoreError, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// The bits of a decision's id that say which of its set it is; those of the set's own id are zero.
const PLACES: u128 = 0xfff;

/// Sets looked at for one page: where few decisions are those that are wanted, a page ends before it is full.
pub const MOST_LOOKED_AT: usize = 1_000;
/// Sets read at once.
const CHUNK: i64 = 50;

/// The id of the set that a decision is of, if it is of one.
pub(crate) fn set_of(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128() & !PLACES)
}

/// Ids for decisions that are made together, in their order: `fresh` gives ids that nobody has, one for each set that is begun.
pub fn ids(mut fresh: impl FnMut() -> Uuid) -> impl Iterator<Item = Uuid> {
    let (mut set, mut place) = (Uuid::nil(), PLACES);
    std::iter::from_fn(move || {
        if place == PLACES {
            (set, place) = (set_of(fresh()), 0);
        }
        place += 1;
        Some(Uuid::from_u128(set.as_u128() | place))
    })
}

#[derive(FromRow)]
struct SetRow {
    id: Uuid,
    customer_id: Option<Uuid>,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    at: i64,
    document: Compressed,
}

impl SetRow {
    /// The decisions in their order.
    fn read(&self) -> Result<Vec<DecisionRow>> {
        let text = self.document.text("decisions")?;
        let mut rows: Vec<DecisionRow> = serde_json::from_str(&text).map_err(StoreError::corrupt("decisions"))?;
        for row in &mut rows {
            row.customer_id = self.customer_id;
            row.subject_kind.clone_from(&self.subject_kind);
            row.subject_id = self.subject_id;
            row.at = self.at;
        }
        Ok(rows)
    }
}

/// A set ready to be written: it is made before the transaction, as that takes longer than to write it.
#[derive(Debug, Clone)]
pub struct DecisionSet {
    id: Uuid,
    customer: Option<Uuid>,
    subject: Option<(String, Uuid)>,
    at: i64,
    document: Compressed,
    log: Option<DecisionLog>,
}

impl DecisionSet {
    /// The sets of decisions with such [`ids`]. Those of a set are about the same customer and subject, and of the same moment.
    ///
    /// # Errors
    /// None that can happen: what is written is text and numbers.
    pub fn of(rows: &[DecisionRow]) -> Result<Vec<Self>> {
        let sets = rows.chunk_by(|one, next| set_of(one.id) == set_of(next.id));
        sets.filter_map(|rows| Some((rows.first()?, rows)))
            .map(|(first, rows)| {
                let text = serde_json::to_string(rows).map_err(StoreError::corrupt("decisions"))?;
                Ok(Self {
                    id: set_of(first.id),
                    customer: first.customer_id,
                    subject: first.subject_kind.clone().zip(first.subject_id),
                    at: first.at,
                    document: Compressed::of(&text),
                    log: DecisionLog::of(set_of(first.id), rows)?,
                })
            })
            .collect()
    }
}

/// Keeps sets.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, sets: &[&DecisionSet]) -> Result<()> {
    if sets.is_empty() {
        return Ok(());
    }
    execute_built!(&mut *tx, sets.len(), |q| {
        q.push("INSERT INTO decision_set (agency_id, id, customer_id, subject_kind, subject_id, at, document) ");
        q.push_values(sets, |mut b, set| {
            let (kind, subject) = set.subject.as_ref().map(|(kind, id)| (kind, *id)).unzip();
            b.push_bind(agency)
                .push_bind(set.id)
                .push_bind(set.customer)
                .push_bind(kind)
                .push_bind(subject)
                .push_bind(set.at)
                .push_bind(&set.document);
        });
    })?;
    let logs: Vec<&DecisionLog> = sets.iter().filter_map(|set| set.log.as_ref()).collect();
    decision_logs::insert(tx, agency, &logs).await
}

/// One decision of a set.
pub(crate) async fn decision(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<DecisionRow>> {
    let row = fetch_optional!(
        tx,
        SetRow,
        "SELECT id, customer_id, subject_kind, subject_id, at, document FROM decision_set WHERE agency_id = $1 AND id = $2",
        agency,
        set_of(id)
    )?;
    let rows = row.map_or_else(|| Ok(Vec::new()), |row| row.read())?;
    Ok(rows.into_iter().find(|row| row.id == id))
}

/// Decisions of sets before `before`, the newest first, `limit` at most; and the id before which there may be more, if the look ended early.
pub(crate) async fn latest(
    tx: &mut Tx,
    agency: Uuid,
    filter: &Filter,
    before: Uuid,
    limit: usize,
) -> Result<(Vec<DecisionRow>, Option<Uuid>)> {
    let (mut found, mut looked_at, mut end) = (Vec::new(), 0, before);
    loop {
        let sets = fetch_built!(&mut *tx, SetRow, |q| {
            q.push(
                "SELECT id, customer_id, subject_kind, subject_id, at, document FROM decision_set WHERE agency_id = ",
            )
            .push_bind(agency)
            .push(" AND id < ")
            .push_bind(end);
            if let Some(customer) = filter.customer {
                q.push(" AND customer_id = ").push_bind(customer);
            }
            if let Some((kind, id)) = &filter.subject {
                q.push(" AND subject_kind = ")
                    .push_bind(kind)
                    .push(" AND subject_id = ")
                    .push_bind(*id);
            }
            q.push(" ORDER BY id DESC LIMIT ").push_bind(CHUNK);
        })?;
        let (Some(last), read) = (sets.last().map(|set| set.id), sets.len()) else {
            return Ok((found, None));
        };
        let wanted = filter.clone();
        found.extend(beside(move || read_wanted(sets, &wanted, before)).await?);
        if found.len() >= limit {
            found.truncate(limit);
            return Ok((found, None));
        }
        if (read as i64) < CHUNK {
            return Ok((found, None));
        }
        (looked_at, end) = (looked_at + read, last);
        if looked_at >= MOST_LOOKED_AT {
            return Ok((found, Some(end)));
        }
    }
}

/// The decisions of some sets that are wanted, the newest first.
fn read_wanted(sets: Vec<SetRow>, filter: &Filter, before: Uuid) -> Result<Vec<DecisionRow>> {
    let mut found = Vec::new();
    for set in sets {
        let wanted = |row: &DecisionRow| row.id < before && filter.takes(row);
        found.extend(set.read()?.into_iter().rev().filter(wanted));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_is_full_is_followed_by_another() {
        let mut begun = 0;
        let fresh = || {
            begun += 1;
            // its last bits are not the set's
            Uuid::from_u128((begun << 64) | 0xabc)
        };
        let ids: Vec<Uuid> = ids(fresh).take(5_000).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        let sets = ids.chunk_by(|one, next| set_of(*one) == set_of(*next));
        assert_eq!(sets.map(<[Uuid]>::len).collect::<Vec<_>>(), [4_095, 905]);
        assert!(
            ids.iter().all(|id| set_of(*id) != *id),
            "no decision has the id of its set"
        );
    }
}
