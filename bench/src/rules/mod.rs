//! The rule of `plugins/rfm` once more in every language that stands beside the sandbox.
//!
//! A score is one more than the number of edges below the value, so `F ≥ 4` is the same as `trips > edge 3`. The others get
//! the rule in that form, which is the cheapest for them, and only say the segment; the sandbox gives score and reason too.

pub(crate) mod embedded;
pub(crate) mod native;
pub(crate) mod sql;

use posthouse_domain::quantiles;
use posthouse_engine::QuantileTable;

/// Segments in the plugin's order.
pub(crate) mod segment {
    pub(crate) const CHAMPIONS: u16 = 0;
    pub(crate) const LOYAL: u16 = 1;
    pub(crate) const NEW: u16 = 2;
    pub(crate) const PROMISING: u16 = 3;
    pub(crate) const AT_RISK: u16 = 4;
    pub(crate) const HIBERNATING: u16 = 5;
    pub(crate) const STEADY: u16 = 6;
    pub(crate) const LAPSED: u16 = 7;
    pub(crate) const PROSPECT: u16 = 8;
}

/// What the rule reads of one customer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guest {
    pub(crate) recency_days: Option<i32>,
    pub(crate) trips_total: i32,
    pub(crate) trips_24m: i32,
    pub(crate) spend_24m: i64,
}

/// The quantile tables.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Edges {
    pub(crate) recency: [i64; 4],
    pub(crate) trips: [i64; 4],
    pub(crate) spend: [i64; 4],
}

impl Edges {
    /// Fifths of those who travelled in the last 24 months.
    pub(crate) fn of(guests: impl Iterator<Item = Guest>) -> Self {
        let (mut recency, mut trips, mut spend) = (Vec::new(), Vec::new(), Vec::new());
        for guest in guests.filter(|guest| guest.trips_24m > 0) {
            recency.extend(guest.recency_days.map(i64::from));
            trips.push(i64::from(guest.trips_24m));
            spend.push(guest.spend_24m);
        }
        let four = |population: &mut [i64]| quantiles::edges(population, 5).try_into().unwrap_or_default();
        Self {
            recency: four(&mut recency),
            trips: four(&mut trips),
            spend: four(&mut spend),
        }
    }

    /// As the sandbox takes them.
    pub(crate) fn tables(&self) -> Vec<QuantileTable> {
        let table = |fact: &str, edges: [i64; 4]| QuantileTable {
            fact: fact.to_owned(),
            edges: edges.to_vec(),
        };
        vec![
            table("recency-days", self.recency),
            table("trips-24m", self.trips),
            table("spend-24m", self.spend),
        ]
    }
}
