//! A dry run: what would land, by the code that lands, without writing anything.
//!
//! Each slice is matched against the database as it stands and against what the slices before it would have written. Of those only
//! fingerprints are kept: some hundred bytes a row.

use super::Outcome;
use super::batch::Batch;
use super::files::reader::Slice;
use super::matching::{Matcher, lookup};
use super::recent::Recent;
use super::report::Report;
use crate::error::Result;
use crate::{App, Room};
use posthouse_domain::Record;
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::record::Body;
use posthouse_store::{Access, intake as store};
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use uuid::Uuid;

/// What a file would have written so far.
#[derive(Default)]
pub(super) struct Rehearsal {
    hasher: RandomState,
    events: HashSet<u64>,
    identities: HashMap<u64, Uuid>,
    exclusive: HashSet<(Uuid, IdentityKind)>,
    /// Bookings that would be new or changed, with their customers.
    bookings: HashMap<u64, Uuid>,
    /// Customers from the database who would get something new.
    joined: HashSet<Uuid>,
    /// Customers who would be new.
    new: HashSet<Uuid>,
    pub(super) report: Report,
}

impl Rehearsal {
    /// Decides about the rows of a slice.
    pub(super) async fn take(&mut self, app: &App, room: &Room, slice: &Slice) -> Result<Vec<Outcome>> {
        let records = slice.records();
        let mut tx = app.store.read(Access::Agency(room.id)).await?;
        let (mut batch, mut matcher) = Batch::load(app, room.id, &mut tx, &records, &Recent::default()).await?;
        let stored: HashSet<String> = batch.bookings.keys().cloned().collect();
        self.recall(app, room, &records, &mut batch, &mut matcher);
        // the database knows more of those whom only an earlier row leads to
        let mut led_to = matcher.found();
        led_to.extend(batch.owners());
        matcher.learn(&mut tx, room.id, led_to, &Recent::default()).await?;
        drop(tx);
        let now = app.clock.now();
        let mut outcomes = Vec::with_capacity(slice.rows.len());
        for row in &slice.rows {
            let outcome = match &row.record {
                Ok(record) => batch.take(app, room, &mut matcher, record, 0, now),
                Err(rejection) => Outcome::Rejected(rejection.clone()),
            };
            if let (Outcome::Landed, Ok(record)) = (&outcome, &row.record) {
                self.events.insert(self.event_key(record));
            }
            outcomes.push(outcome);
        }
        self.remember(&batch, &matcher, &stored);
        Ok(outcomes)
    }

    /// Puts what earlier slices would have written beside what the database says.
    fn recall(&self, app: &App, room: &Room, records: &[&Record], batch: &mut Batch, matcher: &mut Matcher) {
        for record in records {
            if self.events.contains(&self.event_key(record)) {
                batch.known.insert((record.source.clone(), record.external_id.clone()));
            }
            for identity in record.all_identities() {
                let value = lookup(room.id, identity, &app.documents);
                if let Some(owner) = self.identities.get(&self.identity_key(identity.kind.as_str(), &value)) {
                    self.recall_customer(*owner, matcher);
                    matcher.recall(identity.kind, value, *owner);
                }
            }
            let Body::Booking(booking) = &record.body else { continue };
            let Some(owner) = self.bookings.get(&self.hasher.hash_one(&booking.booking_id)) else {
                continue;
            };
            self.recall_customer(*owner, matcher);
            // whose it is, is all that matching asks of it
            let row = batch.bookings.entry(booking.booking_id.clone());
            row.or_insert_with(|| store::BookingRow {
                id: booking.booking_id.clone(),
                customer_id: *owner,
                known_as: 0,
                booking: posthouse_domain::booking::Booking::begin(booking),
            });
        }
        let known: Vec<Uuid> = batch.bookings.values().map(|row| row.customer_id).collect();
        for customer in known {
            self.recall_customer(customer, matcher);
        }
        // whoever the database knows may have been given an exclusive identity by an earlier row
        for customer in matcher.found() {
            self.recall_customer(customer, matcher);
        }
    }

    fn recall_customer(&self, customer: Uuid, matcher: &mut Matcher) {
        for kind in IdentityKind::ALL.into_iter().filter(|kind| kind.is_exclusive()) {
            if self.exclusive.contains(&(customer, kind)) {
                matcher.recall_exclusive(customer, kind);
            }
        }
    }

    fn remember(&mut self, batch: &Batch, matcher: &Matcher, stored: &HashSet<String>) {
        for identity in &matcher.attached {
            self.identities
                .insert(self.identity_key(identity.kind, &identity.value), identity.customer_id);
            if let Ok(kind) = identity.kind.parse::<IdentityKind>()
                && kind.is_exclusive()
            {
                self.exclusive.insert((identity.customer_id, kind));
            }
        }
        for number in &matcher.tightened {
            let key = self.identity_key(IdentityKind::MemberNo.as_str(), &number.value);
            self.identities.insert(key, number.customer);
        }
        self.new.extend(batch.new_customers.keys());
        self.joined
            .extend(batch.since.keys().filter(|customer| !self.new.contains(*customer)));
        for id in &batch.changed_bookings {
            let Some(row) = batch.bookings.get(id) else { continue };
            if self
                .bookings
                .insert(self.hasher.hash_one(id), row.customer_id)
                .is_none()
            {
                if stored.contains(id) {
                    self.report.bookings_changed += 1;
                } else {
                    self.report.bookings_new += 1;
                }
            }
        }
        self.report.customers_new = self.new.len() as i64;
        self.report.customers_joined = self.joined.len() as i64;
    }

    fn event_key(&self, record: &Record) -> u64 {
        self.hasher.hash_one((&record.source, &record.external_id))
    }

    fn identity_key(&self, kind: &str, value: &str) -> u64 {
        self.hasher.hash_one((kind, value))
    }
}
