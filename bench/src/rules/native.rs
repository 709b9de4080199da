//! The rule in plain Rust.

use super::{Edges, Guest, segment};

/// The whole answer, as the plugin gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Class {
    pub(crate) segment: u16,
    pub(crate) score: f32,
    pub(crate) reason: u16,
}

fn score<T: Copy + PartialOrd>(edges: &[T; 4], value: T) -> i32 {
    1 + edges.iter().map(|edge| i32::from(*edge < value)).sum::<i32>()
}

/// One customer.
#[inline]
pub(crate) fn classify(guest: Guest, edges: &Edges) -> Class {
    let without = |segment| Class {
        segment,
        score: 0.0,
        reason: segment,
    };
    if guest.trips_total == 0 {
        return without(segment::PROSPECT);
    }
    let Some(recency) = guest.recency_days.filter(|_| guest.trips_24m > 0) else {
        return without(segment::LAPSED);
    };
    let r = 6 - score(&edges.recency, i64::from(recency));
    let f = score(&edges.trips, i64::from(guest.trips_24m));
    let m = score(&edges.spend, guest.spend_24m);
    let segment = match (r, f, m) {
        (4.., 4.., 4..) => segment::CHAMPIONS,
        (_, 4.., _) => segment::LOYAL,
        (4.., ..) if guest.trips_total == 1 => segment::NEW,
        (4.., ..) => segment::PROMISING,
        (..=2, 3.., _) => segment::AT_RISK,
        (..=2, ..) => segment::HIBERNATING,
        _ => segment::STEADY,
    };
    // the plugin's reasons stand in the order of its segments
    Class {
        segment,
        score: (100 * r + 10 * f + m) as f32,
        reason: segment,
    }
}

/// What the rule reads of everyone, a column each, ready to be read.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) recency_days: Vec<i32>,
    /// A bit per row where the recency is known.
    pub(crate) recency_known: Vec<u8>,
    pub(crate) trips_total: Vec<i32>,
    pub(crate) trips_24m: Vec<i32>,
    pub(crate) spend_24m: Vec<i64>,
}

/// Everyone's answer, a column each.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Classes {
    pub(crate) segment: Vec<u16>,
    pub(crate) score: Vec<f32>,
    pub(crate) reason: Vec<u16>,
}

impl Columns {
    /// Takes one more row.
    pub(crate) fn push(&mut self, guest: Guest) {
        let row = self.trips_total.len();
        if row.is_multiple_of(8) {
            self.recency_known.push(0);
        }
        self.recency_known[row / 8] |= u8::from(guest.recency_days.is_some()) << (row % 8);
        self.recency_days.push(guest.recency_days.unwrap_or(0));
        self.trips_total.push(guest.trips_total);
        self.trips_24m.push(guest.trips_24m);
        self.spend_24m.push(guest.spend_24m);
    }

    /// One row.
    #[inline]
    pub(crate) fn guest(&self, row: usize) -> Guest {
        let known = self.recency_known[row / 8] & (1 << (row % 8)) != 0;
        Guest {
            recency_days: known.then(|| self.recency_days[row]),
            trips_total: self.trips_total[row],
            trips_24m: self.trips_24m[row],
            spend_24m: self.spend_24m[row],
        }
    }

    /// Everyone, column by column.
    pub(crate) fn classify(&self, edges: &Edges) -> Classes {
        let rows = self.trips_total.len();
        let mut classes = Classes {
            segment: vec![0; rows],
            score: vec![0.0; rows],
            reason: vec![0; rows],
        };
        for row in 0..rows {
            let class = classify(self.guest(row), edges);
            classes.segment[row] = class.segment;
            classes.score[row] = class.score;
            classes.reason[row] = class.reason;
        }
        classes
    }
}

/// A customer as a program would hold one that has no columns.
#[derive(Debug)]
#[allow(dead_code, reason = "what a rule does not read still takes its place in memory")]
pub(crate) struct Customer {
    pub(crate) ordinal: u32,
    pub(crate) name: String,
    pub(crate) city: String,
    pub(crate) since_on: i32,
    pub(crate) last_trip_on: Option<i32>,
    pub(crate) first_trip_on: Option<i32>,
    pub(crate) trips_total: i32,
    pub(crate) trips_12m: i32,
    pub(crate) trips_24m: i32,
    pub(crate) spend_total: i64,
    pub(crate) spend_12m: i64,
    pub(crate) spend_24m: i64,
}

/// Everyone, customer by customer.
pub(crate) fn classify_customers(customers: &[Customer], today: i32, edges: &Edges) -> Vec<Class> {
    let guest = |customer: &Customer| Guest {
        recency_days: customer.last_trip_on.map(|day| today - day),
        trips_total: customer.trips_total,
        trips_24m: customer.trips_24m,
        spend_24m: customer.spend_24m,
    };
    customers
        .iter()
        .map(|customer| classify(guest(customer), edges))
        .collect()
}
