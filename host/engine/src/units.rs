//! How an extension point counts what its rules are asked about, in programs and in sentences.

use crate::fault::Usage;
use posthouse_domain::Words;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The names of what is counted. Those in JSON are part of the API and of what is stored.
#[derive(Debug)]
pub struct Units {
    /// In JSON, one part of a subject: `row`, as in `fuel_per_row`.
    pub part: &'static str,
    /// In JSON, several of them, as in a measured size: `rows`.
    pub parts: &'static str,
    /// In JSON, how many were tried: `rows_tried`.
    pub tried: &'static str,
    /// In JSON, what the largest call used: `full_chunk`.
    pub full: &'static str,
    /// One part, in a sentence or a table.
    pub each: fn() -> Words,
    /// The heading of the sizes in a table.
    pub heading: fn() -> Words,
    /// What a self-test tried, and what that cost.
    pub tested: fn(&SelfTest) -> [Words; 2],
    /// Where the subjects that were measured come from.
    pub drawn: fn(seed: u64) -> Words,
}

/// What a self-test found.
#[derive(Debug, Clone)]
pub struct SelfTest {
    /// How what was tried is counted.
    pub units: &'static Units,
    /// Golden cases that ran and passed.
    pub golden_cases: usize,
    /// Rows or subjects tried, all tries together.
    pub tried: usize,
    /// Fuel of the smallest call.
    pub fuel_per_call: u64,
    /// Fuel each further part costs.
    pub fuel_per_part: u64,
    /// What the largest call used.
    pub full: Usage,
}

impl SelfTest {
    /// What was tried, and what that cost.
    pub fn words(&self) -> [Words; 2] {
        (self.units.tested)(self)
    }
}

impl Serialize for SelfTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let units = self.units;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("golden_cases", &self.golden_cases)?;
        map.serialize_entry(units.tried, &self.tried)?;
        map.serialize_entry("fuel_per_call", &self.fuel_per_call)?;
        map.serialize_entry(&format!("fuel_per_{}", units.part), &self.fuel_per_part)?;
        map.serialize_entry(units.full, &self.full)?;
        map.end()
    }
}
