//! Who departs and returns on a day. The frame says whose trips they may be, so no index of bookings by their days has to be written.

use crate::Today;
use crate::beside::beside;
use crate::error::Result;
use crate::facts::selection::Selection;
use crate::labels::{Label, labels};
use crate::team::Caller;
use posthouse_domain::Day;
use posthouse_domain::campaign::Condition;
use posthouse_store::{Access, intake, profiles};
use std::collections::HashMap;
use uuid::Uuid;

/// Most customers whose trips are listed.
const LISTED: usize = 50;

/// Whether a trip begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Out,
    Back,
}

/// Those whose trips begin or end on a day.
#[derive(Debug, Clone)]
pub struct Travelling {
    /// How many customers.
    pub customers: u64,
    /// Trips of the first of them.
    pub trips: Vec<TripToday>,
}

/// A trip that begins or ends.
#[derive(Debug, Clone)]
pub struct TripToday {
    /// The booking.
    pub booking_id: String,
    /// Whose.
    pub customer_id: Uuid,
    /// By what people know them.
    pub label: Label,
    /// What.
    pub product: Option<String>,
    /// Where to.
    pub destination: Option<String>,
    /// First day.
    pub departs_on: Option<Day>,
    /// Last day.
    pub returns_on: Option<Day>,
    /// How many people.
    pub travellers: Option<i32>,
}

impl Today<'_> {
    pub(super) async fn travelling(&self, caller: &Caller, way: Way, day: Day) -> Result<Travelling> {
        let fact = match way {
            Way::Out => "next-departure-days",
            Way::Back => "days-since-return",
        };
        let found = self.with_fact(caller, fact, (0, 0), day).await?;
        let customers = found.count();
        let first: Vec<i64> = found.iter().take(LISTED).map(|ordinal| ordinal as i64).collect();
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = profiles::customers_at(&mut tx, agency, &first).await?;
        let labels: HashMap<Uuid, Label> = labels(&mut tx, caller, &rows).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut trips = intake::bookings_of(&mut tx, agency, &ids).await?;
        drop(tx);
        trips.retain(|row| {
            let details = &row.booking.details;
            let on = if way == Way::Out {
                details.departs_on
            } else {
                details.returns_on
            };
            on == Some(day) && row.booking.status.is_trip()
        });
        let trip = |row: intake::BookingRow| {
            let details = row.booking.details;
            Some(TripToday {
                booking_id: row.id,
                customer_id: row.customer_id,
                label: labels.get(&row.customer_id)?.clone(),
                product: details.product,
                destination: details.destination,
                departs_on: details.departs_on,
                returns_on: details.returns_on,
                travellers: details.travellers,
            })
        };
        Ok(Travelling {
            customers,
            trips: trips.into_iter().filter_map(trip).collect(),
        })
    }

    /// Those whom the caller sees and whose fact lies between two numbers on a day.
    pub(super) async fn with_fact(
        &self,
        caller: &Caller,
        fact: &str,
        (least, most): (i64, i64),
        day: Day,
    ) -> Result<Selection> {
        let condition = Condition {
            fact: fact.to_owned(),
            at_least: Some(least),
            at_most: Some(most),
            is: None,
            one_of: Vec::new(),
        };
        let room = caller.room.clone();
        let customers = room.frame().len();
        let visible = self.app.profiles().seen_among(caller, customers).await?;
        beside(move || {
            let frame = room.frame();
            let mut found = visible.unwrap_or_else(|| Selection::all(frame.len()));
            if let Some(position) = frame.position(&condition.fact) {
                frame.keep(position, &condition, day, &mut found);
            }
            found
        })
        .await
    }
}
