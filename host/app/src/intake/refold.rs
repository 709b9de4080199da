//! Folding customers' records into facts again, for those whose records or calendar changed.

use crate::error::{AppError, Result};
use posthouse_domain::event::BY_HAND;
use posthouse_domain::facts::{FactRow, History, QUARTER, fold};
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::profile::{Profile, SourceKind, Strength, survivor};
use posthouse_domain::record::ActivityKind;
use posthouse_domain::{Day, Instant};
use posthouse_store::{Store, StoreError, Tx, intake as store};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// One customer with everything the fold reads.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The customer.
    pub(crate) row: store::CustomerRow,
    /// By what the customer is known.
    pub(crate) identities: Vec<store::OwnerRow>,
    /// Every attribute value, in the order in which they survive.
    pub(crate) attributes: Vec<store::AttributeRow>,
    /// Every booking, in the order in which they became known.
    pub(crate) bookings: Vec<store::BookingRow>,
    /// What happened, as far back as it counts.
    pub(crate) activity: Vec<store::ActivityRow>,
    /// What is searched, if that was looked up.
    pub(crate) searched: Option<String>,
}

impl Person {
    /// A customer of whom nothing is known yet.
    pub(crate) fn new(id: Uuid, ordinal: i64, since_on: Day, now: i64) -> Self {
        Self::of(store::CustomerRow {
            id,
            ordinal,
            profile: "{}".into(),
            since_on,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// A customer, nothing else being read.
    pub(crate) fn of(row: store::CustomerRow) -> Self {
        Self {
            row,
            identities: Vec::new(),
            attributes: Vec::new(),
            bookings: Vec::new(),
            activity: Vec::new(),
            searched: None,
        }
    }

    /// Adds what was told of attributes, each in the place of what the same source told of the same moment.
    pub(crate) fn tell(&mut self, rows: Vec<store::AttributeRow>) {
        let new: HashSet<_> = rows.iter().map(told).collect();
        self.attributes.retain(|old| !new.contains(&told(old)));
        self.attributes.extend(rows);
        self.attributes
            .sort_by(|a, b| (&a.key, a.at, a.received).cmp(&(&b.key, b.at, b.received)));
    }

    /// Adds bookings, each in its own place.
    pub(crate) fn book(&mut self, rows: Vec<store::BookingRow>) {
        let booked: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        self.bookings.retain(|old| !booked.contains(old.id.as_str()));
        self.bookings.extend(rows);
        self.bookings.sort_by_key(|row| row.known_as);
    }

    /// Adds to the counts of days.
    pub(crate) fn count(&mut self, rows: Vec<store::ActivityRow>) {
        let known = self.activity.iter().enumerate();
        let known: HashMap<(&str, i32), usize> = known
            .map(|(place, row)| ((row.kind.as_str(), row.day), place))
            .collect();
        let place = |row: &store::ActivityRow| known.get(&(row.kind.as_str(), row.day)).copied();
        let places: Vec<Option<usize>> = rows.iter().map(place).collect();
        for (row, place) in rows.into_iter().zip(places) {
            match place {
                Some(place) => self.activity[place].times += row.times,
                None => self.activity.push(row),
            }
        }
    }

    /// Brings the row up to what the records say and gives the facts of `today`, with what is new about the row.
    pub(crate) fn fold(&mut self, today: Day, now: Instant) -> posthouse_store::Result<(FactRow, Change)> {
        let (facts, profile) = self.folded(today);
        let text = serde_json::to_string(&profile).map_err(StoreError::corrupt("profile"))?;
        if text == self.row.profile {
            return Ok((facts, Change::None));
        }
        let old: Profile = serde_json::from_str(&self.row.profile).map_err(StoreError::corrupt("profile"))?;
        let change = if (&old.name, &old.name_latin) == (&profile.name, &profile.name_latin) {
            Change::Profile
        } else {
            Change::Name
        };
        (self.row.profile, self.row.updated_at) = (text, now);
        Ok((facts, change))
    }

    /// Facts of `today` and the profile that is shown.
    fn folded(&self, today: Day) -> (FactRow, Profile) {
        let known_by = |kind: IdentityKind| self.identities.iter().any(|row| row.kind == kind.as_str());
        let mut history = History {
            since_on: Some(self.row.since_on),
            has_phone: known_by(IdentityKind::Phone),
            has_email: known_by(IdentityKind::Email),
            bookings: self.bookings.iter().map(|row| row.booking.clone()).collect(),
            ..History::default()
        };
        for row in &self.activity {
            if let Some(kind) = ActivityKind::parse(&row.kind) {
                history.activity.push((kind, row.day, row.times));
            }
        }
        let shown = survivors(&self.attributes);
        for (row, _) in self.attributes.iter().zip(shown).filter(|(_, shown)| *shown) {
            if Profile::KEYS.contains(&row.key.as_str()) {
                history.profile.set(&row.key, &row.value);
            } else {
                history.attributes.insert(row.key.clone(), row.value.clone());
            }
        }
        (fold(&history, today), history.profile)
    }
}

/// Which attribute a row is about, as told by whom of which moment.
fn told(row: &store::AttributeRow) -> (&str, i64, &str) {
    (&row.key, row.at, &row.source)
}

/// What folding a customer again found new in the profile that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Something, but no name.
    Profile,
    /// A name.
    Name,
}

/// These customers as the database knows them; `identities` are theirs, as far as they have been read.
pub(crate) async fn people(
    tx: &mut Tx,
    agency: Uuid,
    ids: &[Uuid],
    mut identities: HashMap<Uuid, Vec<store::OwnerRow>>,
    today: Day,
) -> posthouse_store::Result<HashMap<Uuid, Person>> {
    let rows = store::customers(tx, agency, ids).await?;
    let mut people: HashMap<Uuid, Person> = rows.into_iter().map(|row| (row.id, Person::of(row))).collect();
    let unread: Vec<Uuid> = ids.iter().filter(|id| !identities.contains_key(id)).copied().collect();
    for row in store::identities_of(tx, agency, &unread).await? {
        identities.entry(row.customer_id).or_default().push(row);
    }
    for (id, person) in &mut people {
        person.identities = identities.remove(id).unwrap_or_default();
    }
    for row in store::bookings_of(tx, agency, ids).await? {
        if let Some(person) = people.get_mut(&row.customer_id) {
            person.bookings.push(row);
        }
    }
    for row in store::activity_of(tx, agency, ids, today - QUARTER).await? {
        if let Some(person) = people.get_mut(&row.customer_id) {
            person.activity.push(row);
        }
    }
    for row in store::attributes_of(tx, agency, ids).await? {
        if let Some(person) = people.get_mut(&row.customer_id) {
            person.attributes.push(row);
        }
    }
    Ok(people)
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
    let mut people = people(tx, agency, &[row.id], HashMap::new(), today).await?;
    let person = people.remove(&row.id).ok_or(AppError::NotFound("customer"))?;
    Ok(person.folded(today).0)
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

/// How many customers are folded at once: short transactions, so that events go on landing between them.
const SLICE: usize = 500;

/// Folds these customers again, whose facts were made for a later day than `today`.
pub(crate) async fn fold_again(db: &Store, agency: Uuid, customers: &[Uuid], today: Day, now: i64) -> Result<()> {
    for slice in customers.chunks(SLICE) {
        crate::error::retrying!(async {
            let mut tx = db.write(posthouse_store::Access::Agency(agency)).await?;
            let change = store::next_change(&mut tx, agency).await?.change;
            fold_slice(&mut tx, agency, slice, change, today, now).await?;
            tx.commit().await.map_err(AppError::from)
        })?;
    }
    Ok(())
}

/// Folds these customers again from everything that is known of them.
pub(super) async fn fold_slice(
    tx: &mut Tx,
    agency: Uuid,
    customers: &[Uuid],
    change: i64,
    today: Day,
    now: i64,
) -> posthouse_store::Result<()> {
    let people = people(tx, agency, customers, HashMap::new(), today).await?;
    let mut people: Vec<Person> = people.into_values().collect();
    people.sort_unstable_by_key(|person| person.row.ordinal);
    let (mut changed, mut facts) = (Vec::new(), Vec::with_capacity(people.len()));
    for mut person in people {
        let (folded, change) = person.fold(today, now)?;
        facts.push(store::StoredFacts {
            ordinal: person.row.ordinal,
            customer_id: person.row.id,
            facts: folded,
        });
        if change != Change::None {
            changed.push(person.row);
        }
    }
    store::put_customers(tx, agency, &changed).await?;
    store::put_facts(tx, agency, change, &facts).await
}
