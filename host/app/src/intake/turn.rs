//! Folding those customers again whose windows the calendar moved, a slice at a time.
//!
//! A slice is read and folded while the one before is being written, without the agency's lock. Whoever was written meanwhile, by an event
//! or by another host, is left out, as their facts are of today already; should they still be due, they are found the next time.

use super::refold;
use crate::beside::beside;
use crate::error::Result;
use posthouse_domain::Day;
use posthouse_domain::booking::Booking;
use posthouse_domain::facts::{self, QUARTER};
use posthouse_domain::record::ActivityKind;
use posthouse_store::intake::{self as store, StoredFacts};
use posthouse_store::{Access, Store, profiles};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How many customers one transaction takes: so few that an event waits for it less than a tenth of a second.
pub(crate) const SLICE: usize = 2_000;

/// Some customers' facts as the calendar makes them.
#[derive(Debug)]
pub(crate) struct Slice {
    /// The last change that was seen in the reading.
    seen: i64,
    /// Whose windows were counted anew.
    turned: Vec<StoredFacts>,
    /// Who has to be folded from everything that is known of them.
    whole: Vec<(i64, Uuid)>,
}

/// Reads these customers and folds those who are due for `today`.
pub(crate) async fn read(db: &Store, agency: Uuid, ordinals: &[i64], today: Day) -> Result<Slice> {
    let mut tx = db.read(Access::Agency(agency)).await?;
    let (seen, _) = profiles::counter(&mut tx, agency).await?;
    let (mut rows, mut whole) = (Vec::with_capacity(ordinals.len()), Vec::new());
    for (edge, stored) in store::facts_at(&mut tx, agency, ordinals).await? {
        match edge {
            Some(edge) if edge > today => {}
            None => {}
            // a migration asks for what the row does not have; or the first record lies ahead, and since when is not in the row
            _ if edge != stored.facts.edge_on || stored.facts.since_on.is_none() => {
                whole.push((stored.ordinal, stored.customer_id));
            }
            Some(_) => rows.push(stored),
        }
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.customer_id).collect();
    let bookings = store::counted_bookings_of(&mut tx, agency, &ids).await?;
    let activity = store::activity_of(&mut tx, agency, &ids, today - QUARTER).await?;
    drop(tx);
    let turned = beside(move || turn(rows, bookings, activity, today)).await?;
    Ok(Slice { seen, turned, whole })
}

fn turn(
    rows: Vec<StoredFacts>,
    bookings: Vec<(Uuid, Booking)>,
    activity: Vec<store::ActivityRow>,
    today: Day,
) -> Vec<StoredFacts> {
    let mut booked: HashMap<Uuid, Vec<_>> = HashMap::with_capacity(rows.len());
    for (customer, booking) in bookings {
        booked.entry(customer).or_default().push(booking);
    }
    let mut done: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in activity {
        if let Some(kind) = ActivityKind::parse(&row.kind) {
            done.entry(row.customer_id)
                .or_default()
                .push((kind, row.day, row.times));
        }
    }
    let turned = |row: StoredFacts| StoredFacts {
        facts: facts::turn(
            row.facts,
            booked.remove(&row.customer_id).unwrap_or_default(),
            done.remove(&row.customer_id).unwrap_or_default(),
            today,
        ),
        ..row
    };
    rows.into_iter().map(turned).collect()
}

/// Writes a slice in one transaction. Returns how many customers it has turned.
pub(crate) async fn write(db: &Store, agency: Uuid, slice: &Slice, today: Day, now: i64) -> Result<usize> {
    let mut tx = db.write(Access::Agency(agency)).await?;
    let change = store::next_change(&mut tx, agency).await?.change;
    let newer: HashSet<i64> = store::written_after(&mut tx, agency, slice.seen)
        .await?
        .into_iter()
        .collect();
    let turned: Vec<&StoredFacts> = slice
        .turned
        .iter()
        .filter(|row| !newer.contains(&row.ordinal))
        .collect();
    let whole = slice.whole.iter().filter(|(ordinal, _)| !newer.contains(ordinal));
    let whole: Vec<Uuid> = whole.map(|(_, id)| *id).collect();
    let count = turned.len() + whole.len();
    if count == 0 {
        return Ok(0);
    }
    store::put_facts(&mut tx, agency, change, turned).await?;
    refold::fold_slice(&mut tx, agency, &whole, change, today, now).await?;
    tx.commit().await?;
    Ok(count)
}
