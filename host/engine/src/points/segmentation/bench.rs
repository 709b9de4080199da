//! What a segmentation costs.

use super::plugin::SegmentationPlugin;
use super::units::UNITS;
use crate::bench::{Bench, Failed, PerPart, Size, measure};
use crate::cases::columns;
use crate::columns::Column;
use crate::made_up::{Random, TODAY, context, sample};
use crate::shown;
use std::time::Duration;

/// Rows of the calls that are measured, as far as the limits allow them.
const SIZES: [usize; 4] = [1, 64, 1_024, 8_192];

/// Measures calls of each size for about `patience`, over the same rows for the same `seed`.
pub(super) fn run(plugin: &SegmentationPlugin, seed: u64, patience: Duration) -> Result<Bench, Failed> {
    let chunk_rows = plugin.identity().limits().chunk_rows;
    let most = SIZES[SIZES.len() - 1].min(chunk_rows).max(1);
    let rows = sample(plugin.description(), most, TODAY, &mut Random(seed));
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
        sizes.push(Size {
            units: UNITS,
            parts: rows,
            times,
            per_part: Some(PerPart {
                fuel: times.fuel.saturating_sub(empty.fuel) as f64 / rows as f64,
                ns: times.ns as f64 / rows as f64,
            }),
        });
    }
    Ok(Bench {
        seed,
        units: UNITS,
        empty: Some(empty),
        sizes,
    })
}
