//! Decisions that were made together, as those of a quote are: one row, whose document has them all, compressed. Fifty rows of a page between
//! them would be fifty times the statement, and most of what they say is the same.

use crate::decisions::{DecisionRow, Filter};
use crate::{Result, StoreError, Tx};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use std::borrow::Cow;
use uuid::Uuid;

/// The bits of a decision's id that say which of its set it is; those of the set's own id are zero.
const PLACES: u128 = 0xfff;

/// Sets looked at for one page: where few decisions are those that are wanted, a page ends before it is full.
const MOST_LOOKED_AT: usize = 1_000;
/// Sets read at once.
const CHUNK: i64 = 50;

/// The id of a set, made of one that nobody has.
pub fn set_id(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128() & !PLACES)
}

/// The id of a decision of a set by its place, the first being 0.
///
/// # Panics
/// If there is no such place.
pub fn id_in(set: Uuid, place: usize) -> Uuid {
    assert!((place as u128) < PLACES, "a set has no place {place}");
    Uuid::from_u128(set.as_u128() | (place as u128 + 1))
}

/// A decision as a document has it: every text as it was written, so that reading it depends on no later version.
#[derive(Serialize, Deserialize)]
struct Kept<'d> {
    id: Uuid,
    #[serde(borrow)]
    extension_point: Cow<'d, str>,
    #[serde(borrow)]
    binding: Cow<'d, str>,
    revision: i64,
    #[serde(borrow)]
    digest: Cow<'d, str>,
    #[serde(borrow)]
    config_digest: Cow<'d, str>,
    #[serde(borrow)]
    input: Cow<'d, str>,
    #[serde(borrow)]
    output: Cow<'d, str>,
    #[serde(borrow)]
    outcome: Cow<'d, str>,
    #[serde(borrow)]
    effect: Cow<'d, str>,
    #[serde(borrow)]
    usage: Cow<'d, str>,
    #[serde(borrow)]
    log: Cow<'d, str>,
}

impl<'d> Kept<'d> {
    fn of(row: &'d DecisionRow) -> Self {
        Self {
            id: row.id,
            extension_point: Cow::Borrowed(&row.extension_point),
            binding: Cow::Borrowed(&row.binding),
            revision: row.revision,
            digest: Cow::Borrowed(&row.digest),
            config_digest: Cow::Borrowed(&row.config_digest),
            input: Cow::Borrowed(&row.input),
            output: Cow::Borrowed(&row.output),
            outcome: Cow::Borrowed(&row.outcome),
            effect: Cow::Borrowed(&row.effect),
            usage: Cow::Borrowed(&row.usage),
            log: Cow::Borrowed(&row.log),
        }
    }
}

impl Kept<'_> {
    /// Whether a filter takes it, whose customer and subject are those of the set.
    fn is_wanted(&self, filter: &Filter) -> bool {
        let of_binding = |(point, name): &(String, String)| *point == self.extension_point && *name == self.binding;
        filter.binding.as_ref().is_none_or(of_binding)
            && filter.digest.as_ref().is_none_or(|digest| *digest == self.digest)
            && filter.outcome.as_ref().is_none_or(|outcome| *outcome == self.outcome)
    }
}

#[derive(FromRow)]
struct SetRow {
    id: Uuid,
    customer_id: Option<Uuid>,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    at: i64,
    document: Vec<u8>,
}

impl SetRow {
    /// Those decisions that are wanted, in their order.
    fn read(&self, wanted: impl Fn(&Kept<'_>) -> bool) -> Result<Vec<DecisionRow>> {
        let corrupt = |problem: String| StoreError::Corrupt {
            what: "decisions",
            problem,
        };
        let text = lz4_flex::decompress_size_prepended(&self.document).map_err(|error| corrupt(error.to_string()))?;
        let kept: Vec<Kept<'_>> = serde_json::from_slice(&text).map_err(StoreError::corrupt("decisions"))?;
        let row = |kept: Kept<'_>| DecisionRow {
            id: kept.id,
            extension_point: kept.extension_point.into_owned(),
            binding: kept.binding.into_owned(),
            revision: kept.revision,
            digest: kept.digest.into_owned(),
            config_digest: kept.config_digest.into_owned(),
            customer_id: self.customer_id,
            subject_kind: self.subject_kind.clone(),
            subject_id: self.subject_id,
            at: self.at,
            input: kept.input.into_owned(),
            output: kept.output.into_owned(),
            outcome: kept.outcome.into_owned(),
            effect: kept.effect.into_owned(),
            usage: kept.usage.into_owned(),
            log: kept.log.into_owned(),
        };
        Ok(kept.into_iter().filter(wanted).map(row).collect())
    }
}

/// A set ready to be written: it is made before the transaction, as that takes longer than to write it.
#[derive(Debug, Clone)]
pub struct DecisionSet {
    id: Uuid,
    customer: Option<Uuid>,
    subject: Option<(String, Uuid)>,
    at: i64,
    document: Vec<u8>,
}

impl DecisionSet {
    /// The set of these decisions, whose ids are [`id_in`] it; all of them are about the same customer and subject, and of the same moment.
    ///
    /// # Errors
    /// None that can happen: what is written is text and numbers.
    pub fn of(id: Uuid, rows: &[DecisionRow]) -> Result<Option<Self>> {
        let Some(first) = rows.first() else { return Ok(None) };
        debug_assert!(rows.iter().all(|row| set_id(row.id) == id && row.id != id), "{rows:?}");
        let kept: Vec<Kept<'_>> = rows.iter().map(Kept::of).collect();
        let text = serde_json::to_vec(&kept).map_err(StoreError::corrupt("decisions"))?;
        Ok(Some(Self {
            id,
            customer: first.customer_id,
            subject: first.subject_kind.clone().zip(first.subject_id),
            at: first.at,
            document: lz4_flex::compress_prepend_size(&text),
        }))
    }
}

/// Keeps a set.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, set: &DecisionSet) -> Result<()> {
    let (kind, subject) = set.subject.as_ref().map(|(kind, id)| (kind, *id)).unzip();
    execute!(
        tx,
        "INSERT INTO decision_set (agency_id, id, customer_id, subject_kind, subject_id, at, document) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        agency,
        set.id,
        set.customer,
        kind,
        subject,
        set.at,
        &set.document
    )
    .map(drop)
}

/// One decision of a set.
pub(crate) async fn decision(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<DecisionRow>> {
    let row = fetch_optional!(
        tx,
        SetRow,
        "SELECT id, customer_id, subject_kind, subject_id, at, document FROM decision_set WHERE agency_id = $1 AND id = $2",
        agency,
        set_id(id)
    )?;
    let rows = row.map_or_else(|| Ok(Vec::new()), |row| row.read(|kept| kept.id == id))?;
    Ok(rows.into_iter().next())
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
        for set in &sets {
            let wanted = |kept: &Kept<'_>| kept.id < before && kept.is_wanted(filter);
            found.extend(set.read(wanted)?.into_iter().rev());
            (looked_at, end) = (looked_at + 1, set.id);
            if found.len() >= limit {
                found.truncate(limit);
                return Ok((found, None));
            }
        }
        if (sets.len() as i64) < CHUNK {
            return Ok((found, None));
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((found, Some(end)));
        }
    }
}
