//! What a plugin costs its author: calls of several sizes over made-up input, with the fuel of each and the time of the middle one.
//! Fuel is the same on every machine; time is not.

mod promotion;
mod segmentation;

pub use promotion::{BasketBench, BasketSize, promotion};
pub use segmentation::{ChunkBench, ChunkSize, segmentation};

use crate::fault::{Fault, Usage};
use posthouse_domain::Words;
use std::time::{Duration, Instant};

/// A median of fewer calls says little.
const FEWEST_CALLS: usize = 9;

/// A rule that fails cannot be measured.
#[derive(Debug, Clone)]
pub struct Failed {
    /// How it fails.
    pub fault: Box<Fault>,
    /// The row or basket that brings it about.
    pub asked: Option<Words>,
}

/// The same call, made many times.
struct Times {
    calls: usize,
    fuel: u64,
    /// Of the middle call.
    ns: u64,
    fastest_ns: u64,
    peak_memory: u64,
}

/// Makes `call` for about `patience`.
fn measure(patience: Duration, call: impl Fn() -> Result<Usage, Fault>) -> Result<Times, Fault> {
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
