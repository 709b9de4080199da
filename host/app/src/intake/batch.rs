//! A batch of records while they are applied one after the other, in memory.

use super::Outcome;
use super::matching::Matcher;
use super::recent::Recent;
use crate::error::Result;
use crate::preferences::{PreferenceRows, preferences};
use crate::{App, Room};
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::booking::Booking;
use posthouse_domain::profile::AttributeValue;
use posthouse_domain::record::{ActivityKind, Body};
use posthouse_domain::{Day, Instant, Record, Rejection, normal, words};
use posthouse_store::forms::{self, BOOKING, ClashRow};
use posthouse_store::reviews::ReviewRow;
use posthouse_store::{Tx, intake as store};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// The state of a batch while its records are applied one after the other.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) known: HashSet<(String, String)>,
    pub(super) bookings: HashMap<String, store::BookingRow>,
    pub(super) changed_bookings: Vec<String>,
    pub(super) new_bookings: HashSet<String>,
    pub(super) new_customers: HashMap<Uuid, Day>,
    /// Everyone who is touched, with the day of their earliest record.
    pub(super) since: HashMap<Uuid, Day>,
    pub(super) events: Vec<store::EventRow>,
    pub(super) attributes: BTreeMap<(Uuid, String, i64, String), store::AttributeRow>,
    pub(super) preferences: PreferenceRows,
    pub(super) activity: BTreeMap<(Uuid, ActivityKind, Day), i32>,
    pub(super) reviews: Vec<ReviewRow>,
    pub(super) unassigned: BTreeMap<(String, String), store::UnassignedRow>,
    /// The agency's own attributes.
    pub(super) defined: Vec<AttributeDef>,
    /// Bookings of an earlier build that share a form, by form.
    pub(super) clashes: HashMap<String, Vec<ClashRow>>,
    /// The latest of both clocks.
    latest: Instant,
}

/// Says which record it was. A row of a file is known by its place there, and who types at the console sees what they typed.
fn named(record: &Record, rejection: Rejection) -> Rejection {
    if record.source == "console" || record.source.starts_with("import:") {
        return rejection;
    }
    let (id, source, problem) = (&record.external_id, &record.source, &rejection.detail);
    let detail = words!("record {id} of {source}: {problem}", "{source} 的记录 {id}：{problem}");
    Rejection { detail, ..rejection }
}

impl Batch {
    /// Reads what the database knows of everything that `records` speak of.
    pub(super) async fn load(
        app: &App,
        agency: Uuid,
        tx: &mut Tx,
        records: &[&Record],
        recent: &Recent,
    ) -> Result<(Self, Matcher)> {
        let mut batch = Batch {
            defined: posthouse_store::attributes::definitions(tx, agency).await?,
            latest: app.clock.now().max(app.machine.now()),
            ..Batch::default()
        };
        let ids: Vec<(&str, &str)> = records
            .iter()
            .map(|r| (r.source.as_str(), r.external_id.as_str()))
            .collect();
        batch.known.extend(store::known_events(tx, agency, &ids).await?);
        let mut matcher = Matcher::load(
            tx,
            agency,
            records.iter().flat_map(|record| record.all_identities()),
            &app.documents,
            recent,
        )
        .await?;
        let mut booking_ids: Vec<&str> = records
            .iter()
            .filter_map(|r| {
                if let Body::Booking(b) = &r.body {
                    Some(b.booking_id.as_str())
                } else {
                    None
                }
            })
            .collect();
        booking_ids.sort_unstable();
        booking_ids.dedup();
        let forms: Vec<(&str, &str)> = booking_ids.iter().map(|id| (BOOKING, *id)).collect();
        for row in forms::clashes(tx, agency, &forms).await? {
            batch.clashes.entry(row.form.clone()).or_default().push(row);
        }
        let others: Vec<String> = batch.clashes.values().flatten().map(|row| row.value.clone()).collect();
        booking_ids.extend(others.iter().map(String::as_str));
        booking_ids.sort_unstable();
        booking_ids.dedup();
        batch.bookings.extend(
            store::bookings(tx, agency, &booking_ids)
                .await?
                .into_iter()
                .map(|row| (row.id.clone(), row)),
        );
        matcher.learn(tx, agency, batch.owners(), recent).await?;
        Ok((batch, matcher))
    }

    /// Whose the bookings are that were read.
    pub(super) fn owners(&self) -> HashSet<Uuid> {
        self.bookings.values().map(|row| row.customer_id).collect()
    }

    /// Decides about one record, and applies it if it lands.
    pub(super) fn take(
        &mut self,
        app: &App,
        room: &Room,
        matcher: &mut Matcher,
        told: &Record,
        change: i64,
        now: i64,
    ) -> Outcome {
        let agency = room.id;
        let id = (told.source.clone(), told.external_id.clone());
        if self.known.contains(&id) {
            return Outcome::Known;
        }
        if let Err(rejection) = told.check_past(self.latest, room.terms.time_zone) {
            return Outcome::Rejected(rejection);
        }
        let readdressed = match self.readdressed(told) {
            Ok(readdressed) => readdressed,
            Err(rejection) => return Outcome::Rejected(named(told, rejection)),
        };
        let record = readdressed.as_ref().unwrap_or(told);
        let attributes = match self.attributes(record) {
            Ok(attributes) => attributes,
            Err(rejection) => return Outcome::Rejected(rejection),
        };
        let booking_owner = match &record.body {
            Body::Booking(b) => {
                let row = self.bookings.get(&b.booking_id);
                row.map(|row| (row.customer_id, b.booking_id.as_str()))
            }
            _ => None,
        };
        let found = matcher.find(agency, &record.identities, booking_owner, &app.documents);
        let found = found.and_then(|customer| {
            matcher.check_further(agency, customer, record, &app.documents)?;
            Ok(customer)
        });
        let customer = match found {
            Ok(Some(customer)) => customer,
            Ok(None) if record.identities.is_empty() => {
                return Outcome::Rejected(Rejection::new(
                    "identity_missing",
                    words!(
                        "the record names nobody; send at least one identity of the customer",
                        "记录没有说明是谁；请至少提供一项客户身份"
                    ),
                ));
            }
            Ok(None) => {
                let customer = app.entropy.id(now);
                self.new_customers.insert(customer, record.on);
                customer
            }
            Err(rejection) => {
                let rejection = named(record, rejection);
                // who types a record in at the console reads there why it was sent back
                if record.source != "console" {
                    self.unassigned.insert(id, unassigned(app, agency, record, &rejection));
                }
                return Outcome::Rejected(rejection);
            }
        };
        for identities in [&record.identities, &record.further] {
            matcher.attach(agency, customer, identities, &app.documents, &*app.entropy);
        }
        self.unassigned.remove(&id);
        self.known.insert(id);
        self.apply(customer, record, attributes, change, now);
        Outcome::Landed
    }

    /// The record with the id of the booking that its writing has always meant, where bookings of an earlier build share a form.
    ///
    /// # Errors
    /// `booking_conflict` if it is written like none of them.
    fn readdressed(&self, record: &Record) -> std::result::Result<Option<Record>, Rejection> {
        let Body::Booking(booking) = &record.body else {
            return Ok(None);
        };
        let Some(rows) = self.clashes.get(&booking.booking_id) else {
            return Ok(None);
        };
        let written = record.data.get("booking_id").and_then(|id| id.as_str());
        let id = meant(rows, written.unwrap_or(&record.external_id))?;
        let mut record = record.clone();
        if let Body::Booking(booking) = &mut record.body {
            booking.booking_id = id;
        }
        Ok(Some(record))
    }

    /// What the record tells, the agency's own attributes in the spelling of their kind.
    fn attributes(&self, record: &Record) -> std::result::Result<Vec<AttributeValue>, Rejection> {
        let normal = |told: &AttributeValue| {
            let mut told = told.clone();
            let mut defined = self.defined.iter();
            if let Some(definition) = defined.find(|own| attribute::stored_key(&own.key) == told.key) {
                told.value = definition.normalise(&told.value).map_err(|problem| {
                    let detail = words!(
                        "attribute {key} {value:?} {problem}",
                        "属性 {key} {value:?} {problem}",
                        key = definition.key,
                        value = told.value
                    );
                    Rejection::new("bad_attribute", detail)
                })?;
            }
            Ok(told)
        };
        record.attributes.iter().map(normal).collect()
    }

    fn apply(&mut self, customer: Uuid, record: &Record, attributes: Vec<AttributeValue>, change: i64, now: i64) {
        let first = record.customer_since.unwrap_or(record.on).min(record.on);
        self.since
            .entry(customer)
            .and_modify(|day| *day = (*day).min(first))
            .or_insert(first);
        for attribute in attributes {
            let row = store::AttributeRow {
                customer_id: customer,
                key: attribute.key,
                at: attribute.at,
                source: record.source.clone(),
                source_kind: source_kind(attribute.source_kind).to_owned(),
                value: attribute.value,
                received: change,
            };
            self.attributes
                .insert((customer, row.key.clone(), row.at, row.source.clone()), row);
        }
        self.preferences.add(customer, record, change);
        match &record.body {
            Body::Profile => {}
            Body::Activity(kind) => *self.activity.entry((customer, *kind, record.on)).or_default() += 1,
            Body::Review(review) => self.reviews.push(ReviewRow {
                customer_id: customer,
                source: record.source.clone(),
                external_id: record.external_id.clone(),
                at: record.occurred_at,
                on_day: record.on,
                // a rating is 5 at most
                rating: review.rating.map(|rating| rating as i32),
            }),
            Body::Booking(booking) => {
                let position = self.events.len() as i64;
                if !self.bookings.contains_key(&booking.booking_id) {
                    self.new_bookings.insert(booking.booking_id.clone());
                }
                let row = self.bookings.entry(booking.booking_id.clone());
                row.and_modify(|row| row.booking.apply(booking))
                    .or_insert_with(|| store::BookingRow {
                        id: booking.booking_id.clone(),
                        customer_id: customer,
                        // unique and growing: a batch never has this many records
                        known_as: change * 1_000_000 + position,
                        booking: Booking::begin(booking),
                    });
                self.changed_bookings.push(booking.booking_id.clone());
            }
        }
        self.events.push(store::EventRow {
            source: record.source.clone(),
            external_id: record.external_id.clone(),
            customer_id: customer,
            kind: record.kind.clone(),
            occurred_at: record.occurred_at,
            received_at: now,
            // a map of values is always JSON
            data: serde_json::to_string(&record.data).unwrap_or_default(),
        });
    }
}

/// The id of the booking that `written` has always meant.
///
/// # Errors
/// `booking_conflict` if it is written like none of them.
pub(crate) fn meant(rows: &[ClashRow], written: &str) -> std::result::Result<String, Rejection> {
    if let Some(row) = rows.iter().find(|row| row.was == written.trim()) {
        return Ok(row.value.clone());
    }
    let known: Vec<String> = rows.iter().map(|row| format!("{:?}", row.was)).collect();
    Err(Rejection::new(
        "booking_conflict",
        words!(
            "booking id {written:?} is that of {count} bookings, known as {en}; write it like one of these",
            "订单号 {written:?} 对应 {count} 个订单（{zh}）；请按其中一个的写法填写",
            count = rows.len(),
            en = known.join(" and "),
            zh = known.join("、")
        ),
    ))
}

/// A record that belongs to nobody yet, kept whole; of documents their keyed hashes alone.
fn unassigned(app: &App, agency: Uuid, record: &Record, rejection: &Rejection) -> store::UnassignedRow {
    let identities: Vec<_> = record
        .all_identities()
        .map(|identity| {
            if identity.kind.is_document() {
                let hash = app.documents.hash(agency, identity.kind, &identity.value);
                json!({"kind": identity.kind.as_str(), "hash": hash})
            } else {
                json!({"kind": identity.kind.as_str(), "value": identity.value, "written": normal::visible(&identity.written)})
            }
        })
        .collect();
    let attributes: Vec<_> = record
        .attributes
        .iter()
        .map(|a| json!({"key": a.key, "value": a.value, "at": a.at, "source_kind": source_kind(a.source_kind)}))
        .collect();
    let whole = json!({
        "source": record.source,
        "external_id": record.external_id,
        "type": record.kind,
        "occurred_at": record.occurred_at,
        "customer_since": record.customer_since,
        "identities": identities,
        "attributes": attributes,
        "preferences": preferences(record),
        "data": record.data,
    });
    store::UnassignedRow {
        source: record.source.clone(),
        external_id: record.external_id.clone(),
        kind: record.kind.clone(),
        code: rejection.code.clone(),
        detail: rejection.detail.to_stored(),
        record: whole.to_string(),
    }
}

/// The name a source kind is stored under.
pub(crate) fn source_kind(kind: posthouse_domain::profile::SourceKind) -> &'static str {
    use posthouse_domain::profile::SourceKind;
    match kind {
        SourceKind::Inferred => "inferred",
        SourceKind::ThirdParty => "third-party",
        SourceKind::Observed => "observed",
        SourceKind::Declared => "declared",
    }
}
