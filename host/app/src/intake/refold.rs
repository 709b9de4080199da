//! Folding customers' records into facts again, for those whose records or calendar changed.

use crate::error::{AppError, Result};
use posthouse_domain::Day;
use posthouse_domain::event::BY_HAND;
use posthouse_domain::facts::{FactRow, History, QUARTER, fold};
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::profile::{Profile, SourceKind, Strength, survivor};
use posthouse_domain::record::ActivityKind;
use posthouse_store::{Store, StoreError, Tx, intake as store};
use std::collections::HashMap;
use uuid::Uuid;

/// The customers of a batch: those stored, and those first seen now with the ordinals they get.
pub(crate) async fn customers(
    tx: &mut Tx,
    agency: Uuid,
    touched: &[Uuid],
    new: &HashMap<Uuid, Day>,
    now: i64,
) -> Result<Vec<store::CustomerRow>> {
    let known: Vec<Uuid> = touched.iter().copied().filter(|id| !new.contains_key(id)).collect();
    let mut rows = store::customers(tx, agency, &known).await?;
    if !new.is_empty() {
        let mut ids: Vec<(&Uuid, &Day)> = new.iter().collect();
        ids.sort_unstable();
        let first = store::take_ordinals(tx, agency, ids.len() as i64).await?;
        rows.extend(
            ids.into_iter()
                .zip(first..)
                .map(|((id, since_on), ordinal)| store::CustomerRow {
                    id: *id,
                    ordinal,
                    profile: "{}".into(),
                    since_on: *since_on,
                    created_at: now,
                    updated_at: now,
                    version: 1,
                }),
        );
    }
    Ok(rows)
}

/// Folds `customers` again and writes what changed: profiles as shown, and rows of facts under `change`. `since` are the days of
/// the earliest records that just landed.
pub(crate) async fn refold(
    tx: &mut Tx,
    agency: Uuid,
    customers: Vec<store::CustomerRow>,
    since: &HashMap<Uuid, Day>,
    change: i64,
    today: Day,
    now: i64,
) -> posthouse_store::Result<()> {
    let ids: Vec<Uuid> = customers.iter().map(|row| row.id).collect();
    let mut histories = histories(tx, agency, &ids, today).await?;
    let (mut changed, mut facts) = (Vec::new(), Vec::with_capacity(customers.len()));
    for mut row in customers {
        let history = histories.entry(row.id).or_default();
        let since_on = since.get(&row.id).map_or(row.since_on, |day| row.since_on.min(*day));
        history.since_on = Some(since_on);
        facts.push(store::StoredFacts {
            ordinal: row.ordinal,
            customer_id: row.id,
            facts: fold(history, today),
        });
        let profile = serde_json::to_string(&history.profile).map_err(StoreError::corrupt("profile"))?;
        if profile != row.profile || since_on != row.since_on {
            (row.profile, row.since_on, row.updated_at) = (profile, since_on, now);
            changed.push(row);
        }
    }
    store::put_customers(tx, agency, &changed).await?;
    store::put_facts(tx, agency, change, &facts).await
}

/// Everything the fold reads of these customers, but for the day of their first record.
async fn histories(
    tx: &mut Tx,
    agency: Uuid,
    ids: &[Uuid],
    today: Day,
) -> posthouse_store::Result<HashMap<Uuid, History>> {
    let mut histories: HashMap<Uuid, History> = HashMap::with_capacity(ids.len());
    for row in store::bookings_of(tx, agency, ids).await? {
        histories.entry(row.customer_id).or_default().bookings.push(row.booking);
    }
    for row in store::activity_of(tx, agency, ids, today - QUARTER).await? {
        if let Some(kind) = ActivityKind::parse(&row.kind) {
            histories
                .entry(row.customer_id)
                .or_default()
                .activity
                .push((kind, row.day, row.times));
        }
    }
    for row in store::identities_of(tx, agency, ids).await? {
        let history = histories.entry(row.customer_id).or_default();
        match row.kind.parse() {
            Ok(IdentityKind::Phone) => history.has_phone = true,
            Ok(IdentityKind::Email) => history.has_email = true,
            _ => {}
        }
    }
    let told = store::attributes_of(tx, agency, ids).await?;
    for (row, _) in told.iter().zip(survivors(&told)).filter(|(_, shown)| *shown) {
        let history = histories.entry(row.customer_id).or_default();
        if Profile::KEYS.contains(&row.key.as_str()) {
            history.profile.set(&row.key, &row.value);
        } else {
            history.attributes.insert(row.key.clone(), row.value.clone());
        }
    }
    Ok(histories)
}

/// Which of these values are shown, one answer per row.
pub(crate) fn survivors(rows: &[store::AttributeRow]) -> Vec<bool> {
    let mut told: HashMap<(Uuid, &str), Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        told.entry((row.customer_id, &row.key)).or_default().push(index);
    }
    let mut shown = vec![false; rows.len()];
    for indices in told.values() {
        let words: Vec<Strength> = indices.iter().map(|index| strength(&rows[*index])).collect();
        if let Some(place) = survivor(&words) {
            shown[indices[place]] = true;
        }
    }
    shown
}

fn strength(row: &store::AttributeRow) -> Strength {
    Strength {
        at: row.at,
        source_kind: source_kind(&row.source_kind),
        received: row.received,
        by_hand: row.source == BY_HAND,
    }
}

/// One customer's facts of `today`, for looking at them between the turn of the day and the refold that follows it.
pub(crate) async fn fold_now(tx: &mut Tx, agency: Uuid, row: &store::CustomerRow, today: Day) -> Result<FactRow> {
    let mut histories = histories(tx, agency, &[row.id], today).await?;
    let history = histories.entry(row.id).or_default();
    history.since_on = Some(row.since_on);
    Ok(fold(history, today))
}

/// The reverse of the name a source kind is stored under.
pub(crate) fn source_kind(text: &str) -> SourceKind {
    match text {
        "declared" => SourceKind::Declared,
        "observed" => SourceKind::Observed,
        "third-party" => SourceKind::ThirdParty,
        _ => SourceKind::Inferred,
    }
}

/// How many customers a calendar refold takes at once: short transactions, so that events go on landing between them.
const SLICE: i64 = 500;

/// Folds those customers again whose windows the calendar moved, up to `today`. Returns how many.
pub(crate) async fn turn_calendar(db: &Store, agency: Uuid, today: Day, now: i64) -> Result<usize> {
    let mut total = 0;
    loop {
        let slice = crate::error::retrying!(turn_slice(db, agency, today, now))?;
        total += slice;
        if slice == 0 {
            return Ok(total);
        }
    }
}

async fn turn_slice(db: &Store, agency: Uuid, today: Day, now: i64) -> Result<usize> {
    let access = posthouse_store::Access::Agency(agency);
    let mut tx = db.read(access).await?;
    if store::due_customers(&mut tx, agency, today, 1).await?.is_empty() {
        return Ok(0);
    }
    drop(tx);
    let mut tx = db.write(access).await?;
    let change = store::next_change(&mut tx, agency).await?;
    let due = store::due_customers(&mut tx, agency, today, SLICE).await?;
    fold_slice(&mut tx, agency, &due, change, today, now).await?;
    tx.commit().await.map_err(AppError::from)?;
    Ok(due.len())
}

/// Folds these customers again, whose facts were made for a later day than `today`.
pub(crate) async fn fold_again(db: &Store, agency: Uuid, customers: &[Uuid], today: Day, now: i64) -> Result<()> {
    for slice in customers.chunks(SLICE as usize) {
        crate::error::retrying!(async {
            let mut tx = db.write(posthouse_store::Access::Agency(agency)).await?;
            let change = store::next_change(&mut tx, agency).await?;
            fold_slice(&mut tx, agency, slice, change, today, now).await?;
            tx.commit().await.map_err(AppError::from)
        })?;
    }
    Ok(())
}

async fn fold_slice(
    tx: &mut Tx,
    agency: Uuid,
    customers: &[Uuid],
    change: i64,
    today: Day,
    now: i64,
) -> posthouse_store::Result<()> {
    let rows = store::customers(tx, agency, customers).await?;
    refold(tx, agency, rows, &HashMap::new(), change, today, now).await
}
