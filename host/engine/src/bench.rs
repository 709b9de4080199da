//! What a plugin costs its author: calls of several sizes over made-up rows, with the fuel of each and the time of the
//! middle one. Fuel is the same on every machine; time is not.

use crate::columns::Column;
use crate::fault::Fault;
use crate::golden::columns;
use crate::segmentation::SegmentationPlugin;
use crate::self_test::{context, sample};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Rows of the calls that are measured, as far as the limits allow them.
const SIZES: [usize; 4] = [1, 64, 1_024, 8_192];
/// A median of fewer calls says little.
const FEWEST_CALLS: usize = 9;

/// What a plugin costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bench {
    /// Where the made-up rows come from: the same seed, the same rows.
    pub seed: u64,
    /// Fuel of a call without rows.
    pub fuel_per_call: u64,
    /// Nanoseconds of a call without rows.
    pub ns_per_call: u64,
    /// One entry per size, the smallest first.
    pub sizes: Vec<Measured>,
}

/// Calls of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Rows of each call.
    pub rows: usize,
    /// How many calls were made.
    pub calls: usize,
    /// Fuel of each call.
    pub fuel: u64,
    /// Fuel of a row, without what a call costs by itself.
    pub fuel_per_row: f64,
    /// Nanoseconds of the middle call, from the host's columns to the checked answer.
    pub ns: u64,
    /// Nanoseconds of the fastest call.
    pub fastest_ns: u64,
    /// Nanoseconds of the middle call for each of its rows, with what a call costs by itself.
    pub ns_per_row: f64,
    /// Largest size of all memories together, in bytes.
    pub peak_memory: u64,
}

/// Measures calls of each size for about `patience`, over the same rows for the same `seed`.
///
/// # Errors
/// The fault of a call: a rule that fails cannot be measured.
pub fn run(plugin: &SegmentationPlugin, chunk_rows: usize, seed: u64, patience: Duration) -> Result<Bench, Fault> {
    let most = SIZES[SIZES.len() - 1].min(chunk_rows).max(1);
    let rows = sample(plugin.description(), most, seed);
    // one population for all sizes, so that only the number of rows differs between them
    let context = context(plugin.description(), &rows);
    let measure = |size: usize| -> Result<Measured, Fault> {
        let buffers = columns(&plugin.description().facts, &rows[..size]);
        let columns: Vec<Column<'_>> = buffers.iter().map(|buffer| buffer.as_column()).collect();
        let mut usage = plugin.classify(&context, size, &columns)?.usage;
        let (mut times, began) = (Vec::new(), Instant::now());
        while times.len() < FEWEST_CALLS || began.elapsed() < patience {
            let begin = Instant::now();
            let answer = plugin.classify(&context, size, &columns)?;
            times.push(begin.elapsed().as_nanos() as u64);
            usage.peak_memory = usage.peak_memory.max(answer.usage.peak_memory);
        }
        times.sort_unstable();
        let ns = times[times.len() / 2];
        Ok(Measured {
            rows: size,
            calls: times.len(),
            fuel: usage.fuel,
            fuel_per_row: 0.0,
            ns,
            fastest_ns: times[0],
            ns_per_row: ns as f64 / size.max(1) as f64,
            peak_memory: usage.peak_memory,
        })
    };
    let empty = measure(0)?;
    let mut sizes = Vec::new();
    for size in SIZES.into_iter().filter(|size| *size <= most) {
        let measured = measure(size)?;
        sizes.push(Measured {
            fuel_per_row: measured.fuel.saturating_sub(empty.fuel) as f64 / size as f64,
            ..measured
        });
    }
    Ok(Bench {
        seed,
        fuel_per_call: empty.fuel,
        ns_per_call: empty.ns,
        sizes,
    })
}
