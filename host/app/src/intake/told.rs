//! What others are told of records that landed.

use super::plan::Plan;
use crate::Room;
use crate::webhooks::{Listeners, Told};
use posthouse_domain::time::day_text;
use posthouse_store::imports::ImportRow;
use posthouse_store::intake::{BookingRow, EventRow};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Most records that are named in what is told of a customer.
const NAMED: usize = 20;

impl Plan {
    /// What there is to tell those who want to know.
    pub(super) fn told(&self, listeners: &Listeners, room: &Room) -> Vec<Told> {
        let mut told = Vec::new();
        if listeners.want("customer.created") || listeners.want("customer.updated") {
            let mut records: HashMap<Uuid, Vec<&EventRow>> = HashMap::new();
            for event in &self.events {
                records.entry(event.customer_id).or_default().push(event);
            }
            // facts are those of everyone who is touched, in the order in which they were touched
            for (facts, (_, is_new)) in self.facts.iter().zip(&self.touched.customers) {
                let id = facts.customer_id;
                let records = records.get(&id).map_or(&[][..], Vec::as_slice);
                let named = records.iter().take(NAMED);
                let named: Vec<_> = named
                    .map(|event| json!({"source": event.source, "external_id": event.external_id, "type": event.kind}))
                    .collect();
                told.push(Told {
                    kind: if *is_new {
                        "customer.created"
                    } else {
                        "customer.updated"
                    },
                    subject: format!("customer/{id}"),
                    at: self.now,
                    data: json!({"customer_id": id, "records": named, "records_total": records.len()}),
                });
            }
        }
        for row in &self.bookings {
            let kind = booking_event(row);
            if listeners.want(kind) {
                told.push(Told {
                    kind,
                    subject: format!("booking/{}", row.id),
                    at: self.now,
                    data: booking(row, room),
                });
            }
        }
        told
    }
}

fn booking_event(row: &BookingRow) -> &'static str {
    use posthouse_domain::booking::BookingStatus as Status;
    match row.booking.status {
        Status::Inquiry => "booking.inquiry",
        Status::Quote => "booking.quote",
        Status::Confirmed => "booking.confirmed",
        Status::Contracted => "booking.contracted",
        Status::Paid => "booking.paid",
        Status::InTrip => "booking.in_trip",
        Status::Completed => "booking.completed",
        Status::Settled => "booking.settled",
        Status::Cancelled => "booking.cancelled",
        Status::Refunded => "booking.refunded",
    }
}

fn booking(row: &BookingRow, room: &Room) -> serde_json::Value {
    let details = &row.booking.details;
    json!({
        "booking_id": row.id,
        "customer_id": row.customer_id,
        "status": row.booking.status.as_str(),
        "product": details.product,
        "destination": details.destination,
        "departs": details.departs_on.map(day_text),
        "returns": details.returns_on.map(day_text),
        "travellers": details.travellers,
        "amount": details.amount,
        "refunded": row.booking.refunded,
        "currency": room.terms.currency.as_str(),
    })
}

/// What others are told of a file that was imported, or could not be.
pub(super) fn import(job: &ImportRow, now: i64) -> Told {
    Told {
        kind: "import.finished",
        subject: format!("import/{}", job.id),
        at: now,
        data: json!({
            "import_id": job.id,
            "kind": job.kind,
            "file": job.file_name,
            "dry_run": job.dry_run,
            "state": if job.failure.is_some() { "failed" } else { "done" },
            "accepted": job.accepted,
            "duplicates": job.duplicates,
            "rejected": job.rejected,
            "warned": job.warned,
        }),
    }
}
