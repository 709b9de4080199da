//! A record: one thing somebody told the agency about one customer, whichever door it came through.

use crate::booking::BookingRecord;
use crate::identity::Identity;
use crate::preference::PreferenceValue;
use crate::profile::AttributeValue;
use crate::{Day, Instant};
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
    /// Only who the customer is.
    Profile,
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
