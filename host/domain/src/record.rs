//! A record: one thing somebody told the agency about one customer, whichever door it came through.

use crate::booking::BookingRecord;
use crate::identity::Identity;
use crate::preference::PreferenceValue;
use crate::profile::AttributeValue;
use crate::time::{DAY_MILLIS, day_of, day_text, local_text, moment_text};
use crate::{Day, Instant, Rejection, words};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a record reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "most records are about bookings, and none lives long"
)]
pub enum Body {
    /// Something about a booking.
    Booking(BookingRecord),
    /// Something that is counted by day.
    Activity(ActivityKind),
    /// What the customer wrote of a trip (`review.written`).
    Review(ReviewRecord),
    /// Only who the customer is.
    Profile,
}

/// How a trip is rated: the worst and the best.
pub const RATINGS: std::ops::RangeInclusive<u32> = 1..=5;

/// A review, as far as the host goes by it; its words are in the record's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewRecord {
    /// One of [`RATINGS`], if the customer gave one.
    pub rating: Option<u32>,
}

/// What is counted by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivityKind {
    /// The agency and the customer spoke (`contact.made`).
    Contact,
    /// A page was looked at (`site.viewed`).
    View,
    /// Something was searched for (`site.searched`).
    Search,
}

impl ActivityKind {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::View => "view",
            Self::Search => "search",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Contact, Self::View, Self::Search]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// One record, checked and in normal spelling, ready to be matched and applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it comes from; with `external_id` it identifies the record for ever.
    pub source: String,
    /// The source's own number of it.
    pub external_id: String,
    /// Event type, such as `booking.confirmed`.
    pub kind: String,
    /// When it happened.
    pub occurred_at: Instant,
    /// The day on which it happened.
    pub on: Day,
    /// By what the customer is known.
    pub identities: Vec<Identity>,
    /// What is the customer's besides, but does not say who it is: the second telephone of a row may be an office's. Never of an
    /// exclusive kind.
    pub further: Vec<Identity>,
    /// What it says of the person.
    pub attributes: Vec<AttributeValue>,
    /// What it says the person prefers.
    pub preferences: Vec<PreferenceValue>,
    /// Since when the person is a customer, if it says so.
    pub customer_since: Option<Day>,
    /// What it reports.
    pub body: Body,
    /// What the timeline shows: the sender's fields.
    pub data: Map<String, Value>,
}

/// How far ahead of the machine's clock a record may say that something was: somewhere it is tomorrow already, and clocks differ.
pub const AHEAD: Instant = DAY_MILLIS;

impl Record {
    /// Refuses what is said of the future: it would win over every later word, and count before it is true. `now` is the machine's
    /// clock, or the business clock where that is later.
    ///
    /// # Errors
    /// `in_the_future` with the field.
    pub fn check_past(&self, now: Instant, zone: Tz) -> Result<(), Rejection> {
        let latest = now + AHEAD;
        let last_day = day_of(latest, zone);
        let (moment, booked_on) = match &self.body {
            // a row of a booking has no other moment than the day of booking
            Body::Booking(booking) if booking.happened_at.is_none() => ("booked_at", None),
            Body::Booking(booking) => ("occurred_at", booking.details.booked_on),
            Body::Activity(_) | Body::Review(_) | Body::Profile => ("occurred_at", None),
        };
        let refused = |field: &str, said: String| {
            Err(Rejection::new(
                "in_the_future",
                words!(
                    "{field} {said} is in the future; in {zone} it is {now}. Check the date, or send the record when it is true",
                    "{field} {said} 在将来；{zone} 现在是 {now}。请核对日期，或到时再发送",
                    now = local_text(now, zone)
                ),
            ))
        };
        if self.occurred_at > latest {
            return refused(moment, moment_text(self.occurred_at, zone));
        }
        if let Some(day) = booked_on.filter(|day| *day > last_day) {
            return refused("booked_at", day_text(day));
        }
        match self.customer_since.filter(|day| *day > last_day) {
            Some(day) => refused("since", day_text(day)),
            None => Ok(()),
        }
    }

    /// Every identity of the customer.
    pub fn all_identities(&self) -> impl Iterator<Item = &Identity> {
        self.identities.iter().chain(&self.further)
    }
}
