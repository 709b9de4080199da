//! What a batch of records comes to, worked out whole before anything of it is written. That can be done from a snapshot, without the
//! agency's lock: if nobody else wrote customers in between, it holds.

use super::batch::Batch;
use super::matching::{Matcher, Tightened};
use super::progress::Touched;
use super::recent::Recent;
use super::refold::{Change, Person, people};
use super::{Outcome, terms};
use crate::error::{AppError, Result};
use crate::reviews::Reviews;
use crate::webhooks::Listeners;
use crate::{App, Room};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::promotion::returns::Undone;
use posthouse_domain::record::{ActivityKind, Body};
use posthouse_domain::{Day, Instant, Record};
use posthouse_store::intake::{self as store, Counter};
use posthouse_store::preferences::{PreferenceRow, put_preferences};
use posthouse_store::reviews::ReviewRow;
use posthouse_store::{Tx, attributes, loyalty, quotes, reviews};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// All that a batch writes, and what its records come to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Its change, and the ordinals that were given out before it.
    pub(crate) counter: Counter,
    /// One per record.
    pub(crate) outcomes: Vec<Outcome>,
    /// Whom and what it touches.
    pub(crate) touched: Touched,
    pub(super) now: Instant,
    /// The agency's own attributes by which it was worked out.
    defined: Vec<AttributeDef>,
    new_customers: i64,
    customers: Vec<store::CustomerRow>,
    identities: Vec<store::NewIdentity>,
    pub(super) events: Vec<store::EventRow>,
    unassigned: Vec<store::UnassignedRow>,
    attributes: Vec<store::AttributeRow>,
    preferences: Vec<PreferenceRow>,
    pub(super) bookings: Vec<store::BookingRow>,
    activity: Vec<store::ActivityRow>,
    reviews: Vec<ReviewRow>,
    pub(super) facts: Vec<store::StoredFacts>,
    terms: terms::Changes,
    tightened: Vec<Tightened>,
    /// Rows of an earlier build had a say, which is not laid over what a batch reads before it is written.
    pub(crate) alone: bool,
}

/// From what a plan is worked out.
pub(crate) struct Basis<'p> {
    /// Its change, and the ordinals that were given out before it.
    pub(crate) counter: Counter,
    pub(crate) now: Instant,
    /// The day of that moment for the agency.
    pub(crate) today: Day,
    /// A plan that is being written and not in what the transaction sees.
    pub(crate) ahead: Option<&'p Plan>,
    /// Customers as they are before it, those of `ahead` among them; afterwards it has those whom this one touches.
    pub(crate) recent: &'p mut Recent,
}

impl Plan {
    /// Works out what `records` come to.
    ///
    /// # Errors
    /// Failures of the database.
    pub(crate) async fn make(
        app: &App,
        room: &Room,
        tx: &mut Tx,
        records: &[&Record],
        mut basis: Basis<'_>,
    ) -> Result<Self> {
        let agency = room.id;
        let Basis {
            counter, now, today, ..
        } = basis;
        let (mut batch, mut matcher) = Batch::load(app, agency, tx, records, basis.recent).await?;
        if let Some(ahead) = basis.ahead {
            ahead.recall(records, &mut batch, &mut matcher);
        }
        matcher.recall_people(basis.recent, batch.owners());
        let outcomes = records
            .iter()
            .map(|record| batch.take(app, room, &mut matcher, record, counter.change, now))
            .collect();
        let mut everyone = everyone(tx, agency, &batch, &mut matcher, &mut basis).await?;
        let alone = matcher.has_leftovers() || !batch.clashes.is_empty();
        let identified = matcher.changed();
        let bookings = changed_bookings(&mut batch);
        let attributes: Vec<_> = batch.attributes.into_values().collect();
        let activity: Vec<_> = activity_rows(batch.activity);
        apply(&mut everyone, &matcher, &attributes, &bookings, &activity);
        let touched = Touched {
            customers: everyone
                .iter()
                .map(|person| (person.row.ordinal, batch.new_customers.contains_key(&person.row.id)))
                .collect(),
            bookings: bookings
                .iter()
                .map(|row| (row.known_as, batch.new_bookings.contains(&row.id)))
                .collect(),
        };
        let (mut customers, mut facts, mut searched) = (Vec::new(), Vec::new(), Vec::new());
        for person in &mut everyone {
            let id = person.row.id;
            let is_new = batch.new_customers.contains_key(&id);
            let first = batch
                .since
                .get(&id)
                .map_or(person.row.since_on, |day| person.row.since_on.min(*day));
            let earlier = first < person.row.since_on;
            person.row.since_on = first;
            let (folded, change) = person.fold(today, now)?;
            facts.push(store::StoredFacts {
                ordinal: person.row.ordinal,
                customer_id: id,
                facts: folded,
            });
            // a new identity is a new version of its customer, whether or not the profile changes with it
            let is_identified = identified.contains(&id);
            if is_new || is_identified || earlier || change != Change::None {
                person.row.updated_at = now;
                customers.push(person.row.clone());
            }
            if is_new {
                person.searched = Some(String::new());
            }
            if is_new || is_identified || change == Change::Name {
                searched.push(person);
            }
        }
        let terms = terms::Changes::of(tx, agency, &mut searched).await?;
        basis.recent.keep(everyone);
        Ok(Self {
            counter,
            outcomes,
            touched,
            now,
            defined: batch.defined,
            new_customers: batch.new_customers.len() as i64,
            customers,
            identities: matcher.attached,
            events: batch.events,
            unassigned: batch.unassigned.into_values().collect(),
            attributes,
            preferences: batch.preferences.into_rows(),
            bookings,
            activity,
            reviews: batch.reviews,
            facts,
            terms,
            tightened: matcher.tightened,
            alone,
        })
    }

    /// Whether there is anything to write.
    pub(crate) fn writes(&self) -> bool {
        !(self.events.is_empty() && self.unassigned.is_empty())
    }

    /// Whether it still holds for whoever has just taken the agency's lock, and with it `counter`.
    ///
    /// # Errors
    /// Failures of the database.
    pub(crate) async fn holds(&self, app: &App, room: &Room, tx: &mut Tx, counter: Counter) -> Result<bool> {
        Ok(counter == self.counter
            && room.day_of(app.clock.now()) == room.day_of(self.now)
            && attributes::definitions(tx, room.id).await? == self.defined)
    }

    /// Where the agency stands after it.
    pub(crate) fn after(&self) -> Counter {
        Counter {
            change: self.counter.change,
            ordinals: self.counter.ordinals + self.new_customers,
        }
    }

    /// Writes it. The caller holds the lock and commits.
    ///
    /// # Errors
    /// Failures of the database; nothing of it may be committed then.
    pub(crate) async fn write(&self, app: &App, room: &Room, tx: &mut Tx) -> Result<()> {
        let agency = room.id;
        store::put_unassigned(tx, agency, &self.unassigned, self.now).await?;
        if self.events.is_empty() {
            return Ok(());
        }
        if self.new_customers > 0 {
            store::take_ordinals(tx, agency, self.new_customers).await?;
        }
        store::put_customers(tx, agency, &self.customers).await?;
        for number in &self.tightened {
            number.write(tx, agency).await?;
        }
        store::insert_identities(tx, agency, &self.identities, self.now).await?;
        let landed: Vec<(&str, &str)> = self.events.iter().map(event_id).collect();
        store::forget_unassigned(tx, agency, &landed).await?;
        store::insert_events(tx, agency, &self.events).await?;
        store::put_attributes(tx, agency, &self.attributes).await?;
        put_preferences(tx, agency, &self.preferences).await?;
        store::put_bookings(tx, agency, &self.bookings).await?;
        let undone = self
            .bookings
            .iter()
            .filter(|row| Undone::of(&row.booking) != Undone::Not);
        let undone: Vec<&str> = undone.map(|row| row.id.as_str()).collect();
        quotes::have_followed(tx, agency, &undone).await?;
        loyalty::touch(tx, agency, &self.bookings).await?;
        store::add_activity(tx, agency, &self.activity).await?;
        store::put_facts(tx, agency, self.counter.change, &self.facts).await?;
        self.terms.write(tx, agency).await?;
        self.write_reviews(app, room, tx).await?;
        let listeners = Listeners::of(tx, agency).await?;
        listeners
            .tell(app, tx, agency, self.told(&listeners, room))
            .await
            .map(drop)
    }

    /// Writes what customers wrote of their trips, which counts among their facts, and has loyalty look at it.
    async fn write_reviews(&self, app: &App, room: &Room, tx: &mut Tx) -> Result<()> {
        if self.reviews.is_empty() {
            return Ok(());
        }
        let (agency, today) = (room.id, room.day_of(self.now));
        reviews::insert(tx, agency, &self.reviews).await?;
        let mut customers: Vec<Uuid> = self.reviews.iter().map(|row| row.customer_id).collect();
        customers.sort_unstable();
        customers.dedup();
        app.facts()
            .contribute_with::<Reviews>(tx, agency, &customers, self.counter.change, today)
            .await?;
        loyalty::follow_soon(tx, agency).await?;
        Ok(())
    }

    /// Puts what this will have written beside what a batch read of the database before that.
    fn recall(&self, records: &[&Record], batch: &mut Batch, matcher: &mut Matcher) {
        let events: HashSet<(&str, &str)> = self.events.iter().map(event_id).collect();
        let bookings: HashMap<&str, &store::BookingRow> =
            self.bookings.iter().map(|row| (row.id.as_str(), row)).collect();
        for record in records {
            let id = (record.source.as_str(), record.external_id.as_str());
            if events.contains(&id) {
                batch.known.insert((record.source.clone(), record.external_id.clone()));
            }
            if let Body::Booking(booking) = &record.body
                && let Some(row) = bookings.get(booking.booking_id.as_str())
            {
                batch.bookings.insert(row.id.clone(), (*row).clone());
            }
        }
        for new in &self.identities {
            if let Ok(kind) = new.kind.parse() {
                matcher.recall(kind, new.value.clone(), new.customer_id);
            }
        }
    }
}

fn event_id(event: &store::EventRow) -> (&str, &str) {
    (&event.source, &event.external_id)
}

/// Everyone whom a batch touches, as they are before it, in the order of their ids.
async fn everyone(
    tx: &mut Tx,
    agency: Uuid,
    batch: &Batch,
    matcher: &mut Matcher,
    basis: &mut Basis<'_>,
) -> Result<Vec<Person>> {
    let mut touched: Vec<Uuid> = batch.since.keys().copied().collect();
    touched.sort_unstable();
    let is_stored = |id: &&Uuid| !batch.new_customers.contains_key(*id) && basis.recent.get(id).is_none();
    let stored: Vec<Uuid> = touched.iter().filter(is_stored).copied().collect();
    let known = std::mem::take(&mut matcher.stored);
    let mut stored = people(tx, agency, &stored, known, basis.today).await?;
    let mut ordinals = basis.counter.ordinals..;
    let mut everyone = Vec::with_capacity(touched.len());
    for id in touched {
        let person = match batch.new_customers.get(&id) {
            Some(first) => ordinals
                .next()
                .map(|ordinal| Person::new(id, ordinal, *first, basis.now)),
            None => basis.recent.take(&id).or_else(|| stored.remove(&id)),
        };
        // whoever was matched is there; to go on without them would leave their facts as they were
        let person = person.ok_or_else(|| AppError::Internal(format!("customer {id} was matched and is not there")))?;
        everyone.push(person);
    }
    Ok(everyone)
}

/// The bookings that a batch made or changed, each once.
fn changed_bookings(batch: &mut Batch) -> Vec<store::BookingRow> {
    batch.changed_bookings.sort_unstable();
    batch.changed_bookings.dedup();
    let changed = batch.changed_bookings.iter();
    changed.filter_map(|id| batch.bookings.remove(id)).collect()
}

fn activity_rows(counts: BTreeMap<(Uuid, ActivityKind, Day), i32>) -> Vec<store::ActivityRow> {
    let row = |((customer_id, kind, day), times): ((Uuid, ActivityKind, Day), i32)| store::ActivityRow {
        customer_id,
        kind: kind.as_str().to_owned(),
        day,
        times,
    };
    counts.into_iter().map(row).collect()
}

/// Gives everyone what the batch brings them.
fn apply(
    everyone: &mut [Person],
    matcher: &Matcher,
    attributes: &[store::AttributeRow],
    bookings: &[store::BookingRow],
    activity: &[store::ActivityRow],
) {
    let mut by_id: HashMap<Uuid, &mut Person> = everyone.iter_mut().map(|person| (person.row.id, person)).collect();
    for new in &matcher.attached {
        if let Some(person) = by_id.get_mut(&new.customer_id) {
            person.identities.push(store::OwnerRow {
                kind: new.kind.to_owned(),
                value: new.value.clone(),
                customer_id: new.customer_id,
                written: new.written.clone(),
                loose: false,
            });
        }
    }
    for number in &matcher.tightened {
        let known = by_id
            .get_mut(&number.customer)
            .into_iter()
            .flat_map(|person| &mut person.identities);
        for row in known.filter(|row| row.loose && row.value == number.undashed) {
            (row.value, row.loose) = (number.value.clone(), false);
            row.written = Some(number.written.clone());
        }
    }
    // for each person at once: an office's telephone can make one person of a whole slice
    for (id, rows) in by_customer(attributes, |row| row.customer_id) {
        if let Some(person) = by_id.get_mut(&id) {
            person.tell(rows);
        }
    }
    for (id, rows) in by_customer(bookings, |row| row.customer_id) {
        if let Some(person) = by_id.get_mut(&id) {
            person.book(rows);
        }
    }
    for (id, rows) in by_customer(activity, |row| row.customer_id) {
        if let Some(person) = by_id.get_mut(&id) {
            person.count(rows);
        }
    }
}

fn by_customer<T: Clone>(rows: &[T], of: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(of(row)).or_default().push(row.clone());
    }
    groups
}
