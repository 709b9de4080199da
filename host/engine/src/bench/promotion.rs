//! What a promotion costs.

use super::Failed;
use super::measure;
use crate::made_up::{Random, basket, context, sample};
use crate::promotion::PromotionPlugin;
use crate::shown;
use posthouse_domain::promotion::MOST_LINES;
use serde::Serialize;
use std::time::Duration;

/// Lines of the baskets that are measured.
const SIZES: [usize; 3] = [1, 10, MOST_LINES];

/// What a promotion costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BasketBench {
    /// Where the made-up baskets and their customer come from: the same seed, the same baskets.
    pub seed: u64,
    /// One entry per size, the smallest first.
    pub sizes: Vec<BasketSize>,
}

/// Calls with baskets of one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BasketSize {
    /// Lines of the basket.
    pub lines: usize,
    /// How many calls were made.
    pub calls: usize,
    /// Fuel of each call.
    pub fuel: u64,
    /// Nanoseconds of the middle call, from the host's basket to the checked answer.
    pub ns: u64,
    /// Nanoseconds of the fastest call.
    pub fastest_ns: u64,
    /// Largest size of all memories together, in bytes.
    pub peak_memory: u64,
}

/// Measures calls of each size for about `patience`, with the same baskets and the same customer for the same `seed`.
///
/// # Errors
/// The fault of a call: a rule that fails cannot be measured.
pub fn promotion(plugin: &PromotionPlugin, seed: u64, patience: Duration) -> Result<BasketBench, Failed> {
    let description = plugin.description();
    let context = context(description, &[]);
    let customer = sample(description, 1, seed).pop().unwrap_or_default();
    let mut random = Random(seed);
    let mut sizes = Vec::new();
    for lines in SIZES {
        let basket = basket(lines, &mut random);
        let call = || Ok(plugin.evaluate(&context, &basket, &customer)?.usage);
        let times = measure(patience, call).map_err(|fault| Failed {
            asked: Some(shown::basket(&basket, Some((description, &customer)))),
            fault: Box::new(fault),
        })?;
        sizes.push(BasketSize {
            lines,
            calls: times.calls,
            fuel: times.fuel,
            ns: times.ns,
            fastest_ns: times.fastest_ns,
            peak_memory: times.peak_memory,
        });
    }
    Ok(BasketBench { seed, sizes })
}
