//! Every limit of the sandbox in one place. A deployment sets them in its configuration; what is left out has the
//! default written beside it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a plugin may use. All sizes are bytes unless the name says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Size of an uploaded component. 2 MiB; scripting guests need about 32 MiB.
    pub component_bytes: usize,
    /// Sum of all linear memories of one call. 32 MiB; scripting guests need about 128 MiB.
    pub memory_bytes: usize,
    /// Linear memories of one component. 4.
    pub memories: u32,
    /// Tables of one component. 8: `wit-component` adds one of its own for imports that need memory.
    pub tables: u32,
    /// Elements of one table. 20,000: a table holds one entry per function whose address is taken.
    pub table_elements: usize,
    /// Core instances of one component. 16.
    pub instances: u32,
    /// Functions of one component over all its modules. 20,000.
    pub functions: u32,
    /// How deep components and modules may be nested. 4.
    pub nesting: u32,
    /// Size of one function. 128 KiB.
    pub function_bytes: u32,
    /// Locals of one function, its parameters not counted. 1,000.
    pub function_locals: u32,
    /// Blocks, loops and branches inside each other in one function. 512.
    pub function_nesting: u32,
    /// Elements that segments of tables write out, over all modules. 20,000, as many as there may be functions.
    pub segment_elements: u32,
    /// Data segments over all modules. 1,000.
    pub data_segments: u32,
    /// Types over all modules and components. 4,000.
    pub types: u32,
    /// Exports over all modules and components. 1,000.
    pub exports: u32,
    /// Machine stack of one call. 512 KiB.
    pub stack_bytes: usize,

    /// Fuel of one decision, about one unit per instruction. 20,000,000.
    pub decision_fuel: u64,
    /// Fuel a chunk gets on top for each of its rows. 5,000.
    pub row_fuel: u64,
    /// Rows of one chunk at most. 8,192.
    pub chunk_rows: usize,
    /// Length of a tick of the clock that ends calls, in milliseconds. 10.
    pub epoch_tick_ms: u64,
    /// Processor time of one decision, in milliseconds. 250, several times what its fuel takes when it is burnt on what most plugins do. A
    /// call with more fuel has as much more time.
    pub cpu_ms: u64,
    /// Wall-clock time of one call, in milliseconds. 2,000. Fuel ends a call much earlier on a healthy machine.
    pub deadline_ms: u64,
    /// Processor time of all rules together that one request asks, in milliseconds. 500. Those whose turn comes later are not asked.
    pub request_cpu_ms: u64,
    /// Wall-clock time after which a request asks no further rule, in milliseconds. 2,000.
    pub request_ms: u64,
    /// Calls that run at the same time; others wait. 0: as many as there are threads for. Each reserves address space for its memories, not
    /// memory.
    pub concurrent_calls: u32,

    /// Bytes the host copies out of the guest for one result or one log line. 4 MiB.
    pub host_call_bytes: usize,
    /// Log lines kept of one call; the rest is counted and dropped. 32.
    pub log_lines: usize,
    /// Length of a kept log line; the rest is cut. 1 KiB.
    pub log_line_bytes: usize,
    /// Length of the guest's own message when it refuses a call; the rest is cut. 1 KiB.
    pub refusal_bytes: usize,

    /// Facts a plugin may declare. 64.
    pub facts: usize,
    /// Quantile tables a plugin may ask for. 16.
    pub quantiles: usize,
    /// Buckets of one quantile table. 1,000.
    pub quantile_buckets: u16,
    /// Reasons a plugin may declare. 1,000.
    pub reasons: usize,
    /// Text of one reason in one language. 200.
    pub reason_bytes: usize,
    /// Arguments of one reason. 8.
    pub reason_arguments: usize,
    /// Segments a plugin may declare. 1,000.
    pub segments: usize,
    /// Keys, codes and names. 64.
    pub key_bytes: usize,
    /// Titles in one language. 200.
    pub title_bytes: usize,
    /// Summaries and policies in one language. 2,000.
    pub text_bytes: usize,
    /// The schema of the settings. 64 KiB.
    pub config_schema_bytes: usize,

    /// The golden cases of one component, as they are written. 512 KiB.
    pub golden_bytes: usize,
    /// Golden cases in one component. 200.
    pub golden_cases: usize,
    /// Rows of all golden cases together. 10,000.
    pub golden_rows: usize,
    /// Fuel of all golden cases together. 1,000,000,000.
    pub golden_fuel: u64,
    /// Rows the self-test samples to see whether each row is decided by itself. 512.
    pub self_test_rows: usize,
    /// Loaded plugins kept ready in memory. 64.
    pub loaded_plugins: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes: 2 << 20,
            memory_bytes: 32 << 20,
            memories: 4,
            tables: 8,
            table_elements: 20_000,
            instances: 16,
            functions: 20_000,
            nesting: 4,
            function_bytes: 128 << 10,
            function_locals: 1_000,
            function_nesting: 512,
            segment_elements: 20_000,
            data_segments: 1_000,
            types: 4_000,
            exports: 1_000,
            stack_bytes: 512 << 10,
            decision_fuel: 20_000_000,
            row_fuel: 5_000,
            chunk_rows: 8_192,
            epoch_tick_ms: 10,
            cpu_ms: 250,
            deadline_ms: 2_000,
            request_cpu_ms: 500,
            request_ms: 2_000,
            concurrent_calls: 0,
            host_call_bytes: 4 << 20,
            log_lines: 32,
            log_line_bytes: 1 << 10,
            refusal_bytes: 1 << 10,
            facts: 64,
            quantiles: 16,
            quantile_buckets: 1_000,
            reasons: 1_000,
            reason_bytes: 200,
            reason_arguments: 8,
            segments: 1_000,
            key_bytes: 64,
            title_bytes: 200,
            text_bytes: 2_000,
            config_schema_bytes: 64 << 10,
            golden_bytes: 512 << 10,
            golden_cases: 200,
            golden_rows: 10_000,
            golden_fuel: 1_000_000_000,
            self_test_rows: 512,
            loaded_plugins: 64,
        }
    }
}

/// Places for the trials of what is uploaded, which have threads of their own.
const TRIALS: u32 = 8;

impl Limits {
    /// Fuel of one chunk of `rows` rows.
    pub fn chunk_fuel(&self, rows: usize) -> u64 {
        self.decision_fuel
            .saturating_add(self.row_fuel.saturating_mul(rows as u64))
    }

    /// Sees to it that there is a place for a call on every thread, of which there are four times those of one agency, and for trials.
    /// Returns how many threads an agency can have: `threads`, or fewer where the places are given.
    pub(crate) fn make_places(&mut self, threads: usize) -> usize {
        let places = u32::try_from(threads).unwrap_or(u32::MAX).saturating_mul(4);
        match self.concurrent_calls {
            0 => {
                self.concurrent_calls = places.saturating_add(TRIALS);
                threads
            }
            given => threads.min(given.div_ceil(4) as usize),
        }
    }

    /// Stack of a thread that calls plugins: theirs, and what the host needs around the call.
    pub fn thread_stack_bytes(&self) -> usize {
        self.stack_bytes.saturating_add(1536 << 10)
    }

    /// Length of one tick.
    pub(crate) fn tick(&self) -> Duration {
        Duration::from_millis(self.epoch_tick_ms.max(1))
    }

    /// Processor time of a call with so much fuel, in milliseconds.
    pub(crate) fn cpu_ms(&self, fuel: u64) -> u64 {
        let times = |fuel: u64| u128::from(self.cpu_ms) * u128::from(fuel) / u128::from(self.decision_fuel.max(1));
        u64::try_from(times(fuel.max(self.decision_fuel))).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_place_for_a_call_on_every_thread() {
        for (given, threads, each, places) in [
            (0, 2, 2, 16),
            (0, 64, 64, 264),
            (32, 2, 2, 32),
            (32, 64, 8, 32),
            (1, 2, 1, 1),
        ] {
            let mut limits = Limits {
                concurrent_calls: given,
                ..Limits::default()
            };
            assert_eq!(limits.make_places(threads), each, "{given} places, {threads} threads");
            assert_eq!(limits.concurrent_calls, places, "{given} places, {threads} threads");
        }
    }
}
