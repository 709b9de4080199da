//! What a plugin costs its author: calls of several sizes over made-up input, with the fuel of each and the time of the middle one.
//! Fuel is the same on every machine; time is not.

use crate::fault::{Fault, Usage};
use crate::units::Units;
use posthouse_domain::Words;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::time::{Duration, Instant};

/// A median of fewer calls says little.
const FEWEST_CALLS: usize = 9;

/// A rule that fails cannot be measured.
#[derive(Debug, Clone)]
pub struct Failed {
    /// How it fails.
    pub fault: Box<Fault>,
    /// What brings it about, in the words of a golden case.
    pub asked: Option<Words>,
}

/// What a plugin costs.
#[derive(Debug, Clone)]
pub struct Bench {
    /// Where the made-up input comes from: the same seed, the same input.
    pub seed: u64,
    /// How it is counted.
    pub units: &'static Units,
    /// Calls about nothing, where there can be such.
    pub empty: Option<Times>,
    /// One entry per size, the smallest first.
    pub sizes: Vec<Size>,
}

/// The same call, made many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How many calls were made.
    pub calls: usize,
    /// Fuel of each call.
    pub fuel: u64,
    /// Nanoseconds of the middle call, from the host's values to the checked answer.
    pub ns: u64,
    /// Nanoseconds of the fastest call.
    pub fastest_ns: u64,
    /// Largest size of all memories together, in bytes.
    pub peak_memory: u64,
}

/// Calls of one size.
#[derive(Debug, Clone)]
pub struct Size {
    /// How the size is counted.
    pub units: &'static Units,
    /// Rows, or lines: how much each call was about.
    pub parts: usize,
    /// The calls.
    pub times: Times,
    /// What a part costs, where a call about nothing says what a call costs by itself.
    pub per_part: Option<PerPart>,
}

/// What one part of a call costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerPart {
    /// Fuel, without what a call costs by itself.
    pub fuel: f64,
    /// Nanoseconds of the middle call, with what a call costs by itself.
    pub ns: f64,
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            units,
            parts,
            times,
            per_part,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(units.parts, parts)?;
        map.serialize_entry("calls", &times.calls)?;
        map.serialize_entry("fuel", &times.fuel)?;
        if let Some(part) = per_part {
            map.serialize_entry(&format!("fuel_per_{}", units.part), &part.fuel)?;
        }
        map.serialize_entry("ns", &times.ns)?;
        map.serialize_entry("fastest_ns", &times.fastest_ns)?;
        if let Some(part) = per_part {
            map.serialize_entry(&format!("ns_per_{}", units.part), &part.ns)?;
        }
        map.serialize_entry("peak_memory", &times.peak_memory)?;
        map.end()
    }
}

/// Makes `call` for about `patience`.
pub(crate) fn measure(patience: Duration, call: impl Fn() -> Result<Usage, Fault>) -> Result<Times, Fault> {
    let mut usage = call()?;
    let (mut times, began) = (Vec::new(), Instant::now());
    while times.len() < FEWEST_CALLS || began.elapsed() < patience {
        let begin = Instant::now();
        let used = call()?;
        times.push(begin.elapsed().as_nanos() as u64);
        usage.peak_memory = usage.peak_memory.max(used.peak_memory);
    }
    times.sort_unstable();
    Ok(Times {
        calls: times.len(),
        fuel: usage.fuel,
        ns: times[times.len() / 2],
        fastest_ns: times[0],
        peak_memory: usage.peak_memory,
    })
}
