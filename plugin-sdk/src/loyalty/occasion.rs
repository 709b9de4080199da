use serde_json::{Map, Value};

use crate::bindings::exports::posthouse::plugin::loyalty as wire;
use crate::values::{Day, Money, Text};

/// What a rule is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// When it happened, in ms since 1970.
    pub at: i64,
    /// The same as a day in the agency's time zone.
    pub on: Day,
    /// What happened.
    pub what: Happening,
}

/// What happened. More kinds may come: a rule has an arm for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// The customer has become a member.
    Joined,
    /// A booking became firm.
    BookingConfirmed(Booking),
    /// Its trip is over.
    BookingCompleted(Booking),
    /// The customer wrote of a trip, with a rating from 1 to 5 if there is one.
    Reviewed {
        /// The rating.
        rating: Option<u32>,
    },
    /// Somebody was referred, and has made the first trip.
    ReferralCompleted(Referral),
    /// The member's birthday.
    Birthday,
    /// Something that the agency tells of by a name of its own.
    Other(AgencyEvent),
}

/// A booking, as far as the agency knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Booking {
    /// Product name or number.
    pub product: Option<Text>,
    /// Where the trip goes.
    pub destination: Option<Text>,
    /// What the trip is about.
    pub theme: Option<Text>,
    /// Through which channel it came.
    pub channel: Option<Text>,
    /// The day it was booked.
    pub booked: Day,
    /// First day of the trip.
    pub departs: Option<Day>,
    /// Last day of the trip.
    pub returns: Option<Day>,
    /// How many people travel.
    pub travellers: Option<u32>,
    /// Its price in full. What is paid back later, the host takes back from what it earned.
    pub amount: Money,
}

/// Which of the two a referral is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who told of the agency.
    Referrer,
    /// Who came.
    Referred,
}

/// Somebody was referred, and has made the first trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referral {
    /// Whom the rule is asked about.
    pub side: Side,
    /// How many others the referrer has referred with success before.
    pub earlier: u32,
    /// The same in the last 365 days.
    pub earlier_12m: u32,
}

/// Something that the agency tells of by a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyEvent {
    /// Lower-case words joined by hyphens, as `status-match`.
    pub name: Text,
    data: Map<String, Value>,
}

impl Booking {
    /// A booking of this price, of which nothing else is known.
    pub fn of(amount: Money) -> Self {
        Self {
            amount,
            ..Self::default()
        }
    }

    fn read(sent: wire::Booking) -> Self {
        let text = |text: Option<String>| text.map(|text| Text(text.leak()));
        Self {
            product: text(sent.product),
            destination: text(sent.destination),
            theme: text(sent.theme),
            channel: text(sent.channel),
            booked: Day(sent.booked),
            departs: sent.departs.map(Day),
            returns: sent.returns.map(Day),
            travellers: sent.travellers,
            amount: Money(sent.amount),
        }
    }
}

impl AgencyEvent {
    /// An event of this name, with what it says.
    pub fn new(name: impl Into<Text>, data: Map<String, Value>) -> Self {
        Self {
            name: name.into(),
            data,
        }
    }

    /// What it says under this key, if that is a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key).and_then(Value::as_str)
    }

    /// What it says under this key, if that is a whole number.
    pub fn whole(&self, key: &str) -> Option<i64> {
        self.data.get(key).and_then(Value::as_i64)
    }

    /// What it says under this key, if that is yes or no.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.data.get(key).and_then(Value::as_bool)
    }

    #[cfg(not(target_family = "wasm"))]
    pub(super) fn json(&self) -> String {
        Value::Object(self.data.clone()).to_string()
    }
}

impl Occasion {
    /// Takes over what the host sent. The texts live as long as the instance, and that lives for one call.
    pub(super) fn read(sent: wire::Occasion) -> Result<Self, String> {
        let what = match sent.what {
            wire::Happening::Joined => Happening::Joined,
            wire::Happening::BookingConfirmed(booking) => Happening::BookingConfirmed(Booking::read(booking)),
            wire::Happening::BookingCompleted(booking) => Happening::BookingCompleted(Booking::read(booking)),
            wire::Happening::Reviewed(review) => Happening::Reviewed { rating: review.rating },
            wire::Happening::ReferralCompleted(referral) => Happening::ReferralCompleted(Referral {
                side: match referral.side {
                    wire::Side::Referrer => Side::Referrer,
                    wire::Side::Referred => Side::Referred,
                },
                earlier: referral.earlier,
                earlier_12m: referral.earlier_12m,
            }),
            wire::Happening::Birthday => Happening::Birthday,
            wire::Happening::Other(event) => Happening::Other(AgencyEvent {
                name: Text(event.name.leak()),
                data: serde_json::from_str(&event.data)
                    .map_err(|error| format!("what the event says is no JSON object: {error}"))?,
            }),
        };
        Ok(Self {
            at: sent.at,
            on: Day(sent.on),
            what,
        })
    }
}
