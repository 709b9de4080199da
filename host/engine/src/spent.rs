//! What calls really cost: fuel says how many instructions there were, processor time what they took.

use crate::fault::Usage;
use std::sync::atomic::{AtomicU64, Ordering};

/// What calls have used so far, those that failed included.
#[derive(Debug, Default)]
pub struct Spent {
    fuel: AtomicU64,
    cpu_micros: AtomicU64,
}

/// Fuel below which nothing is said of what a unit costs: most of so short a call is the start of an instance.
const TELLING: u64 = 1_000_000;

impl Spent {
    /// Adds what a call used.
    pub fn add(&self, usage: &Usage) {
        self.fuel.fetch_add(usage.fuel, Ordering::Relaxed);
        self.cpu_micros.fetch_add(usage.cpu_micros, Ordering::Relaxed);
    }

    /// Units of fuel, and microseconds of processor time.
    pub fn so_far(&self) -> (u64, u64) {
        (
            self.fuel.load(Ordering::Relaxed),
            self.cpu_micros.load(Ordering::Relaxed),
        )
    }

    /// Nanoseconds of processor time that a unit of fuel took; none while too few were burnt to tell.
    pub fn nanos_per_unit(&self) -> Option<f64> {
        let (fuel, cpu_micros) = self.so_far();
        (fuel >= TELLING).then(|| cpu_micros as f64 * 1_000.0 / fuel as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_costs_what_all_of_them_took() {
        let spent = Spent::default();
        let call = Usage {
            fuel: 600_000,
            cpu_micros: 3_000,
            ..Usage::default()
        };
        spent.add(&call);
        assert_eq!(spent.nanos_per_unit(), None, "too few to tell");
        spent.add(&call);
        assert_eq!(spent.nanos_per_unit(), Some(5.0));
        assert_eq!(spent.so_far(), (1_200_000, 6_000));
    }
}
