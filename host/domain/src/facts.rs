//! Facts: what is known of one customer on one day, folded from the customer's records.

use crate::Day;
use crate::booking::{Booking, BookingStatus};
use crate::contribution::Contributed;
use crate::profile::Profile;
use crate::record::ActivityKind;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Everything the fold reads of one customer.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The shown values of what the product itself knows.
    pub profile: Profile,
    /// The shown values of all other attributes, by key.
    pub attributes: BTreeMap<String, String>,
    /// Whether a telephone number is known.
    pub has_phone: bool,
    /// Whether an e-mail address is known.
    pub has_email: bool,
    /// The day of the first record.
    pub since_on: Option<Day>,
    /// Bookings in the order in which they became known.
    pub bookings: Vec<Booking>,
    /// How often something happened on a day.
    pub activity: Vec<(ActivityKind, Day, i32)>,
}

/// One customer's row of facts as of a day. What moves with the calendar alone (ages, days since) is stored as the day it
/// counts from; windows are counted as of `as_of` and hold until `edge_on`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named and explained in the catalogue")]
pub struct FactRow {
    /// The day the windows were counted for.
    pub as_of: Day,
    /// The next day on which a window changes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_on: Option<Day>,
    #[serde(skip_serializing_if = "is_default")]
    pub profile: Profile,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_on: Option<Day>,
    #[serde(skip_serializing_if = "is_default")]
    pub trips_total: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub trips_12m: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub trips_24m: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_trip_on: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_trip_on: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_departure_on: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_return_on: Option<Day>,
    #[serde(skip_serializing_if = "is_default")]
    pub cancellations_12m: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_time_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_size: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favourite_destination: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favourite_theme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_channel: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub spend_total: i64,
    #[serde(skip_serializing_if = "is_default")]
    pub spend_12m: i64,
    #[serde(skip_serializing_if = "is_default")]
    pub spend_24m: i64,
    #[serde(skip_serializing_if = "is_default")]
    pub margin_12m: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_contact_on: Option<Day>,
    #[serde(skip_serializing_if = "is_default")]
    pub contacts_90d: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub views_30d: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub searches_30d: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub completeness: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub booking_days: i32,
    #[serde(skip_serializing_if = "is_default")]
    pub repeat_spend: i64,
    /// From the agency's model, which changes every night; so it is worked out when it is read.
    #[serde(skip)]
    pub clv_24m: Option<i64>,
    /// What other capabilities contribute; each stores its own fragment.
    #[serde(skip)]
    pub contributed: Contributed,
}

impl FactRow {
    /// Whether the windows, as they were counted, are those of `today`: no edge was crossed, and the clock was not set back.
    pub fn holds_on(&self, today: Day) -> bool {
        self.as_of <= today && self.edge_on.is_none_or(|edge| edge > today)
    }

    /// Spend of two years divided by trips of two years, cut off.
    pub fn booking_value(&self) -> Option<i64> {
        (self.trips_24m > 0).then(|| self.spend_24m / i64::from(self.trips_24m))
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Length of the window `-12m`.
pub const YEAR: Day = 365;
/// Length of the window `-24m`.
pub const TWO_YEARS: Day = 730;
/// Length of the window `-90d`.
pub const QUARTER: Day = 90;
/// Length of the window `-30d`.
pub const MONTH: Day = 30;

/// Counts what lies in windows and remembers when that will change.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    today: Day,
    edge_on: Option<Day>,
}

impl Calendar {
    /// The calendar of this day.
    pub fn of(today: Day) -> Self {
        Self { today, edge_on: None }
    }

    /// The next day on which something it was asked about counts otherwise.
    pub fn edge_on(&self) -> Option<Day> {
        self.edge_on
    }

    /// Whether what happened on `day` counts today; what lies ahead will count from its day on.
    pub fn has_come(&mut self, day: Day) -> bool {
        if day > self.today {
            self.changes_on(day);
        }
        day <= self.today
    }

    /// Whether `day` lies in the window of the last `length` days: `today − length < day ≤ today`.
    pub fn within(&mut self, day: Day, length: Day) -> bool {
        let inside = self.has_come(day) && day > self.today.saturating_sub(length);
        if inside {
            self.changes_on(day.saturating_add(length));
        }
        inside
    }

    /// Notes that something counts otherwise from `day` on.
    pub fn changes_on(&mut self, day: Day) {
        self.edge_on = Some(self.edge_on.map_or(day, |edge| edge.min(day)));
    }
}

/// Folds a customer's records into the facts of `today`.
pub fn fold(history: &History, today: Day) -> FactRow {
    let mut calendar = Calendar::of(today);
    let mut row = FactRow {
        as_of: today,
        profile: history.profile.clone(),
        attributes: history.attributes.clone(),
        completeness: completeness(history),
        ..FactRow::default()
    };
    row.since_on = history.since_on.filter(|day| calendar.has_come(*day));
    let mut recent: Vec<(Day, &Booking)> = Vec::new();
    let mut trips: Vec<(Day, i64)> = Vec::new();
    for booking in &history.bookings {
        if let (BookingStatus::Cancelled, Some(day)) = (booking.status, booking.cancelled_on) {
            row.cancellations_12m += i32::from(calendar.within(day, YEAR));
        }
        let day = booking.booked_on();
        if !booking.status.is_trip() || !calendar.has_come(day) {
            continue;
        }
        row.trips_total += 1;
        trips.push((day, booking.net_amount()));
        row.spend_total = row.spend_total.saturating_add(booking.net_amount());
        row.first_trip_on = Some(row.first_trip_on.map_or(day, |first| first.min(day)));
        row.last_trip_on = row.last_trip_on.max(Some(day));
        if calendar.within(day, YEAR) {
            row.trips_12m += 1;
            row.spend_12m = row.spend_12m.saturating_add(booking.net_amount());
            row.margin_12m = row.margin_12m.saturating_add(booking.margin());
        }
        if calendar.within(day, TWO_YEARS) {
            row.trips_24m += 1;
            row.spend_24m = row.spend_24m.saturating_add(booking.net_amount());
            recent.push((day, booking));
        }
        if let Some(departs) = booking.details.departs_on.filter(|departs| *departs >= today) {
            calendar.changes_on(departs.saturating_add(1));
            row.next_departure_on = Some(row.next_departure_on.map_or(departs, |next| next.min(departs)));
        }
        if let Some(returns) = booking.details.returns_on.filter(|returns| calendar.has_come(*returns)) {
            row.last_return_on = row.last_return_on.max(Some(returns));
        }
    }
    trips.sort_unstable();
    row.repeat_spend = trips
        .iter()
        .filter(|(day, _)| Some(*day) > row.first_trip_on)
        .fold(0, |sum, (_, amount)| sum.saturating_add(*amount));
    trips.dedup_by_key(|(day, _)| *day);
    row.booking_days = trips.len() as i32;
    recent.sort_by_key(|(day, _)| *day); // stable: bookings of one day stay in the order they became known
    row.lead_time_days = lower_median(
        recent
            .iter()
            .filter_map(|(day, b)| Some(b.details.departs_on?.saturating_sub(*day))),
    );
    row.party_size = lower_median(recent.iter().filter_map(|(_, b)| b.details.travellers));
    row.favourite_destination = most_frequent(recent.iter().filter_map(|(_, b)| b.details.destination.as_deref()));
    row.favourite_theme = most_frequent(recent.iter().filter_map(|(_, b)| b.details.theme.as_deref()));
    row.main_channel = most_frequent(recent.iter().filter_map(|(_, b)| b.details.channel.as_deref()));
    for (kind, day, count) in &history.activity {
        let (counter, length) = match kind {
            ActivityKind::Contact => (&mut row.contacts_90d, QUARTER),
            ActivityKind::View => (&mut row.views_30d, MONTH),
            ActivityKind::Search => (&mut row.searches_30d, MONTH),
        };
        if calendar.within(*day, length) {
            *counter = counter.saturating_add(*count);
        }
        if *kind == ActivityKind::Contact && *day <= today {
            row.last_contact_on = row.last_contact_on.max(Some(*day));
        }
    }
    row.edge_on = calendar.edge_on;
    row
}

/// Folds a row again for `today`, as [`fold`] would, from what the calendar moves alone: bookings, in the order in which they became known, and
/// activity. Who the customer is stands in the row, and no day changes that. The row must say since when the customer is known.
pub fn turn(row: FactRow, bookings: Vec<Booking>, activity: Vec<(ActivityKind, Day, i32)>, today: Day) -> FactRow {
    let known = row.completeness;
    let history = History {
        profile: row.profile,
        attributes: row.attributes,
        since_on: row.since_on,
        bookings,
        activity,
        ..History::default()
    };
    FactRow {
        completeness: known,
        ..fold(&history, today)
    }
}

/// How much of a customer file is filled, in hundredths: name, telephone, e-mail, gender, birth date, home city, language
/// and consent count alike.
fn completeness(history: &History) -> i32 {
    let p = &history.profile;
    let known = [
        p.name.is_some(),
        history.has_phone,
        history.has_email,
        p.gender.is_some(),
        p.birth_date.is_some(),
        p.home_city.is_some(),
        p.language.is_some(),
        p.consent_marketing.is_some(),
    ];
    (known.iter().filter(|known| **known).count() * 100 / known.len()) as i32
}

/// The middle value, the lower one of two.
fn lower_median(values: impl Iterator<Item = i32>) -> Option<i32> {
    let mut values: Vec<i32> = values.collect();
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(middle).1)
}

/// The most frequent text; of several the one that came last.
fn most_frequent<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: HashMap<&str, (u32, usize)> = HashMap::new();
    for (position, text) in texts.enumerate() {
        let entry = counts.entry(text).or_default();
        *entry = (entry.0 + 1, position);
    }
    counts
        .into_iter()
        .max_by_key(|(_, rank)| *rank)
        .map(|(text, _)| text.to_owned())
}
