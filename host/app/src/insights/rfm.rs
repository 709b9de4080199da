//! The RFM map over the facts of everyone.

use crate::Insights;
use crate::error::Result;
use crate::facts::Frame;
use crate::team::{Caller, Mask};
use posthouse_domain::Day;
use posthouse_domain::catalogue::{Value, position};
use posthouse_domain::insights::rfm::{Guest, RfmMap, map};
use posthouse_domain::money::Currency;

/// The RFM map.
#[derive(Debug, Clone)]
pub struct Rfm {
    /// The day of the facts.
    pub day: Day,
    /// Currency of all sums.
    pub currency: Currency,
    /// Customers who travelled in the last 24 months, and are on the map.
    pub customers: u64,
    /// Customers who did not.
    pub others: u64,
    /// The map.
    pub map: RfmMap,
}

impl Insights<'_> {
    /// How lately guests of the last 24 months booked against how often they travelled.
    ///
    /// # Errors
    /// `data_masked` for whoever does not see everybody's spend.
    pub async fn rfm(&self, caller: &Caller) -> Result<Rfm> {
        caller.must_see(&[Mask::Money])?;
        let question = |frame: &Frame, today: Day| {
            let guests = guests(frame, today);
            let others = (frame.len() - guests.len()) as u64;
            (map(&guests), guests.len() as u64, others)
        };
        let (day, (map, customers, others)) = self.ask(caller, question).await?;
        Ok(Rfm {
            day,
            currency: caller.room.terms.currency,
            customers,
            others,
            map,
        })
    }
}

/// Everybody who travelled in 24 months, of whom it is known when they booked.
fn guests(frame: &Frame, today: Day) -> Vec<Guest> {
    let facts = ["recency-days", "trips-24m", "spend-24m"].map(position);
    let whole = |fact: Option<usize>, row| match frame.value(fact?, row, today) {
        Value::Whole(value) => Some(value),
        _ => None,
    };
    let guest = |row| {
        let [recency_days, trips, spend] = facts;
        Some(Guest {
            recency_days: whole(recency_days, row)?,
            trips: whole(trips, row).filter(|trips| *trips > 0)?,
            spend: whole(spend, row).unwrap_or_default(),
        })
    };
    (0..frame.len()).filter_map(guest).collect()
}
