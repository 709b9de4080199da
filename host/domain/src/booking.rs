//! A booking as the agency knows it, and how later records change it.

use crate::{Day, Instant};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// Asked for.
    Inquiry,
    /// Offered.
    Quote,
    /// Agreed; what an empty status means.
    Confirmed,
    /// Contract signed.
    Contracted,
    /// Paid.
    Paid,
    /// On the way.
    InTrip,
    /// Back home.
    Completed,
    /// Financially closed.
    Settled,
    /// Called off.
    Cancelled,
    /// Paid back, wholly or in part; still a trip.
    Refunded,
}

impl BookingStatus {
    /// Every status, in the order of a booking's life.
    pub const ALL: [Self; 10] = [
        Self::Inquiry,
        Self::Quote,
        Self::Confirmed,
        Self::Contracted,
        Self::Paid,
        Self::InTrip,
        Self::Completed,
        Self::Settled,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The name used in JSON, files and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Quote => "quote",
            Self::Confirmed => "confirmed",
            Self::Contracted => "contracted",
            Self::Paid => "paid",
            Self::InTrip => "in_trip",
            Self::Completed => "completed",
            Self::Settled => "settled",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Only a wish so far.
    pub fn is_prospective(self) -> bool {
        matches!(self, Self::Inquiry | Self::Quote)
    }

    /// Back home, with or without the last bill.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Settled)
    }

    /// A trip is a booking that is not inquiry, quote or cancelled.
    pub fn is_trip(self) -> bool {
        !self.is_prospective() && self != Self::Cancelled
    }
}

impl FromStr for BookingStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// Checks the id of a booking as a sender chose it.
///
/// # Errors
/// `id_missing`, `bad_id`.
pub fn check_booking_id(id: &str) -> Result<String, crate::Rejection> {
    crate::rejection::check_id("booking_id", id)
}

/// What the parties agreed on, as far as a record says it. Amounts are minor units of the agency's base currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BookingDetails {
    /// The day it was booked, if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<Day>,
    /// Product name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Where the trip goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// What the trip is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// First day of the trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departs_on: Option<Day>,
    /// Last day of the trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns_on: Option<Day>,
    /// How many people travel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub travellers: Option<i32>,
    /// Price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// What the agency pays for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<i64>,
    /// Through which channel it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

impl BookingDetails {
    /// Takes over what `said` says at `at`, where that is `fresh`, or unknown so far, or was told by an earlier event.
    fn overlay(&mut self, said: &Self, at: Option<Instant>, fresh: bool, told_at: &mut ToldAt) {
        fn take<T: Clone>(
            kept: &mut Option<T>,
            said: &Option<T>,
            told: &mut Option<Instant>,
            at: Option<Instant>,
            fresh: bool,
        ) {
            let later = at.zip(*told).is_some_and(|(at, told)| at >= told);
            if said.is_some() && (fresh || later || kept.is_none()) {
                kept.clone_from(said);
                *told = at;
            }
        }
        let [
            booked,
            product,
            destination,
            theme,
            departs,
            returns,
            travellers,
            amount,
            cost,
            channel,
        ] = told_at;
        take(&mut self.booked_on, &said.booked_on, booked, at, fresh);
        take(&mut self.product, &said.product, product, at, fresh);
        take(&mut self.destination, &said.destination, destination, at, fresh);
        take(&mut self.theme, &said.theme, theme, at, fresh);
        take(&mut self.departs_on, &said.departs_on, departs, at, fresh);
        take(&mut self.returns_on, &said.returns_on, returns, at, fresh);
        take(&mut self.travellers, &said.travellers, travellers, at, fresh);
        take(&mut self.amount, &said.amount, amount, at, fresh);
        take(&mut self.cost, &said.cost, cost, at, fresh);
        take(&mut self.channel, &said.channel, channel, at, fresh);
    }
}

/// When the event happened that told each of [`BookingDetails`]' fields, in their order; none where a row told it.
pub type ToldAt = [Option<Instant>; 10];

/// One record about a booking: a row of a file or an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRecord {
    /// Which booking.
    pub booking_id: String,
    /// The status it reports.
    pub status: BookingStatus,
    /// When an event happened. A row of a file says how things stand and has no such moment.
    pub happened_at: Option<Instant>,
    /// The day it reports about: that of the event, or the booking day of a row.
    pub on: Day,
    /// What else it says. In a record of status `refunded` the amount is what was paid back, by that
    /// event or, in a row, in all; none means everything.
    pub details: BookingDetails,
}

/// A booking: the sum of its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Where it stands.
    pub status: BookingStatus,
    /// Everything known about it.
    #[serde(flatten)]
    pub details: BookingDetails,
    /// The first day on which a record spoke of it as a trip, or else at all.
    pub seen_on: Day,
    /// Whether `seen_on` comes from a record that spoke of a trip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen_firm: bool,
    /// When the newest event about it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_event_at: Option<Instant>,
    /// When the event happened that told each detail.
    #[serde(default, skip_serializing_if = "told_by_rows")]
    pub told_at: ToldAt,
    /// The day it was called off, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_on: Option<Day>,
    /// The day on which its trip was first said to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_on: Option<Day>,
    /// Paid back so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refunded: i64,
    /// Whether all was paid back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refunded_in_full: bool,
}

fn told_by_rows(told_at: &ToldAt) -> bool {
    *told_at == ToldAt::default()
}

fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl Booking {
    /// The booking after its first record.
    pub fn begin(record: &BookingRecord) -> Self {
        let mut booking = Self {
            status: record.status,
            details: BookingDetails::default(),
            seen_on: record.on,
            seen_firm: false,
            newest_event_at: None,
            told_at: ToldAt::default(),
            cancelled_on: None,
            completed_on: None,
            refunded: 0,
            refunded_in_full: false,
        };
        booking.apply(record);
        booking
    }

    /// The booking after one more record. Events count in the order in which they happened, each for what it says, so that
    /// the order in which they arrive makes no difference; a row of a file says how things stand when it arrives, and holds
    /// until an event that is newer than all before.
    pub fn apply(&mut self, record: &BookingRecord) {
        let mut details = record.details.clone();
        if record.status == BookingStatus::Refunded {
            if record.happened_at.is_none() {
                // a row says what was paid back in all: the same line in tomorrow's export is not another refund
                (self.refunded, self.refunded_in_full) = (0, false);
            }
            match details.amount.take() {
                Some(amount) => self.refunded = self.refunded.saturating_add(amount),
                None => self.refunded_in_full = true,
            }
        }
        let overtaken = matches!((record.happened_at, self.newest_event_at), (Some(at), Some(newest)) if at < newest);
        self.details
            .overlay(&details, record.happened_at, !overtaken, &mut self.told_at);
        if !overtaken {
            self.status = record.status;
            // a row only says that it is called off; the day is known from whoever said so first
            let known = self.cancelled_on.filter(|_| record.happened_at.is_none());
            self.cancelled_on = (record.status == BookingStatus::Cancelled).then_some(known.unwrap_or(record.on));
            self.newest_event_at = record.happened_at.or(self.newest_event_at);
        }
        if record.status.is_over() {
            // a row says that it is over and not since when, unless it says when the trip ends
            let ends = record.details.returns_on.filter(|_| record.happened_at.is_none());
            let day = ends.unwrap_or(record.on);
            self.completed_on = Some(self.completed_on.map_or(day, |known| known.min(day)));
        }
        let firm = record.status.is_trip();
        if firm == self.seen_firm {
            self.seen_on = self.seen_on.min(record.on);
        } else if firm {
            (self.seen_on, self.seen_firm) = (record.on, true);
        }
    }

    /// The day it was booked: as said, else the first day on which it was a trip.
    pub fn booked_on(&self) -> Day {
        self.details.booked_on.unwrap_or(self.seen_on)
    }

    /// The day on which its trip was over, if anybody has said that it is.
    pub fn over_on(&self) -> Option<Day> {
        // those of an earlier build did not keep the day
        let known = self.completed_on.or(self.details.returns_on).unwrap_or(self.seen_on);
        (self.completed_on.is_some() || self.status.is_over()).then_some(known)
    }

    /// Price less what was paid back, never below zero.
    pub fn net_amount(&self) -> i64 {
        if self.refunded_in_full {
            0
        } else {
            (self.details.amount.unwrap_or(0) - self.refunded).max(0)
        }
    }

    /// What was paid back of the price, never more than it.
    pub fn paid_back(&self) -> i64 {
        self.details.amount.unwrap_or(0) - self.net_amount()
    }

    /// Net price less cost; nothing while the cost is unknown.
    pub fn margin(&self) -> i64 {
        self.details.cost.map_or(0, |cost| self.net_amount() - cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(status: BookingStatus, on: Day, amount: Option<i64>) -> BookingRecord {
        let details = BookingDetails {
            amount,
            ..Default::default()
        };
        BookingRecord {
            booking_id: "b".into(),
            status,
            happened_at: Some(i64::from(on) * 1000),
            on,
            details,
        }
    }

    #[test]
    fn a_late_confirmation_does_not_undo_the_cancellation() {
        let mut booking = Booking::begin(&event(BookingStatus::Cancelled, 20, None));
        booking.apply(&event(BookingStatus::Confirmed, 10, Some(500)));
        assert_eq!(
            (booking.status, booking.cancelled_on),
            (BookingStatus::Cancelled, Some(20))
        );
        assert_eq!((booking.booked_on(), booking.net_amount()), (10, 500));
    }

    #[test]
    fn a_refund_lessens_its_booking_in_whatever_order_they_come() {
        let confirmed = event(BookingStatus::Confirmed, 10, Some(500));
        let refunded = event(BookingStatus::Refunded, 20, Some(200));
        for records in [[&confirmed, &refunded], [&refunded, &confirmed]] {
            let mut booking = Booking::begin(records[0]);
            booking.apply(records[1]);
            assert_eq!(
                (booking.status, booking.net_amount(), booking.booked_on()),
                (BookingStatus::Refunded, 300, 10)
            );
        }
        let mut booking = Booking::begin(&confirmed);
        booking.apply(&event(BookingStatus::Refunded, 20, None));
        assert_eq!(booking.net_amount(), 0);
    }

    #[test]
    fn a_trip_is_over_since_whoever_said_so_first_whatever_came_behind() {
        let records = [
            event(BookingStatus::Confirmed, 10, Some(100)),
            event(BookingStatus::Completed, 50, None),
            event(BookingStatus::Settled, 70, None),
            event(BookingStatus::Refunded, 80, Some(30)),
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let mut booking = Booking::begin(&records[order[0]]);
            order[1..].iter().for_each(|place| booking.apply(&records[*place]));
            assert_eq!((booking.over_on(), booking.net_amount()), (Some(50), 70), "{order:?}");
        }
        assert_eq!(Booking::begin(&records[0]).over_on(), None);
        let mut row = event(BookingStatus::Completed, 10, None);
        (row.happened_at, row.details.returns_on) = (None, Some(44));
        assert_eq!(Booking::begin(&row).over_on(), Some(44));
    }

    #[test]
    fn a_wish_does_not_settle_the_booking_day() {
        let mut booking = Booking::begin(&event(BookingStatus::Inquiry, 5, None));
        booking.apply(&event(BookingStatus::Confirmed, 10, None));
        booking.apply(&event(BookingStatus::Completed, 90, None));
        assert_eq!(booking.booked_on(), 10);
    }

    #[test]
    fn a_late_change_of_price_counts_from_its_own_moment() {
        let records = [
            event(BookingStatus::Confirmed, 10, Some(100)),
            event(BookingStatus::Paid, 50, Some(300)),
            event(BookingStatus::Completed, 100, None),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut booking = Booking::begin(&records[order[0]]);
            booking.apply(&records[order[1]]);
            booking.apply(&records[order[2]]);
            assert_eq!(
                (booking.status, booking.net_amount()),
                (BookingStatus::Completed, 300),
                "{order:?}"
            );
        }
    }

    #[test]
    fn a_row_speaks_of_the_present_and_wins_over_earlier_events() {
        let mut booking = Booking::begin(&event(BookingStatus::Confirmed, 10, Some(500)));
        booking.apply(&BookingRecord {
            happened_at: None,
            ..event(BookingStatus::Settled, 9, Some(450))
        });
        assert_eq!((booking.status, booking.net_amount()), (BookingStatus::Settled, 450));
    }
}
