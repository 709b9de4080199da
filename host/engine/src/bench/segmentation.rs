//! What a segmentation costs.

use super::Failed;
use super::measure;
use crate::cases::columns;
use crate::columns::Column;
use crate::made_up::{context, sample};
use crate::segmentation::SegmentationPlugin;
use crate::shown;
use serde::Serialize;
use std::time::Duration;

/// Rows of the calls that are measured, as far as the limits allow them.
const SIZES: [usize; 4] = [1, 64, 1_024, 8_192];

/// What a segmentation costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChunkBench {
    /// Where the made-up rows come from: the same seed, the same rows.
    pub seed: u64,
    /// Fuel of a call without rows.
    pub fuel_per_call: u64,
    /// Nanoseconds of a call without rows.
    pub ns_per_call: u64,
    /// One entry per size, the smallest first.
    pub sizes: Vec<ChunkSize>,
}

/// Calls of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChunkSize {
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
pub fn segmentation(
    plugin: &SegmentationPlugin,
    chunk_rows: usize,
    seed: u64,
    patience: Duration,
) -> Result<ChunkBench, Failed> {
    let most = SIZES[SIZES.len() - 1].min(chunk_rows).max(1);
    let rows = sample(plugin.description(), most, seed);
    // one population for all sizes, so that only the number of rows differs between them
    let context = context(plugin.description(), &rows);
    let times = |size: usize| {
        let buffers = columns(&plugin.description().facts, &rows[..size]);
        let columns: Vec<Column<'_>> = buffers.iter().map(|buffer| buffer.as_column()).collect();
        let call = || Ok(plugin.classify(&context, size, &columns)?.usage);
        measure(patience, call).map_err(|fault| Failed {
            asked: shown::row(plugin.description(), &fault, &rows),
            fault: Box::new(fault),
        })
    };
    let empty = times(0)?;
    let mut sizes = Vec::new();
    for rows in SIZES.into_iter().filter(|size| *size <= most) {
        let times = times(rows)?;
        sizes.push(ChunkSize {
            rows,
            calls: times.calls,
            fuel: times.fuel,
            fuel_per_row: times.fuel.saturating_sub(empty.fuel) as f64 / rows as f64,
            ns: times.ns,
            fastest_ns: times.fastest_ns,
            ns_per_row: times.ns as f64 / rows as f64,
            peak_memory: times.peak_memory,
        });
    }
    Ok(ChunkBench {
        seed,
        fuel_per_call: empty.fuel,
        ns_per_call: empty.ns,
        sizes,
    })
}
