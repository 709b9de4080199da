//! What a full run asks about a second time: a rule whose answers depend on other rows may get past the self-test, and shall not get past
//! this.

use posthouse_engine::Random;

/// Of so many chunks one is drawn.
const SHARE: usize = 64;
/// Rows of a chunk that are asked about again at least, if it has as many.
const FEWEST: usize = 512;

/// The draw of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again {
    seed: u64,
    chunks: usize,
    /// Rows asked about again of a chunk that is drawn.
    rows: usize,
}

impl Again {
    /// Draws for a run over this many customers in this many chunks: of every 64 chunks one, of which as many rows as make a 64th of
    /// all, at least 512.
    pub(super) fn drawn(seed: u64, customers: usize, chunks: usize) -> Self {
        Self {
            seed,
            chunks,
            rows: (customers / SHARE).max(FEWEST),
        }
    }

    /// The rows of a chunk to ask about again, in two calls: their places in the chunk, in no order. Nothing for a chunk that is not drawn.
    pub(super) fn calls(&self, chunk: usize, rows: usize) -> Vec<Vec<u32>> {
        let group = chunk / SHARE;
        let mut random = Random(self.seed.wrapping_add(group as u64));
        let others = (self.chunks - group * SHARE).min(SHARE);
        if chunk % SHARE != random.below(others as u64) as usize {
            return Vec::new();
        }
        let mut first: Vec<u32> = random.order(rows).into_iter().map(|place| place as u32).collect();
        first.truncate(self.rows);
        let cut = first.len() / 4 + random.below(first.len() as u64 / 2) as usize;
        let second = first.split_off(cut.max(1).min(first.len()));
        [first, second].into_iter().filter(|call| !call.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CHUNK: usize = 8_192;

    /// How many rows are asked about again, and the first of them.
    fn asked(seed: u64, customers: usize) -> (usize, Vec<u32>) {
        let chunks = customers.div_ceil(CHUNK);
        let again = Again::drawn(seed, customers, chunks);
        let mut rows = Vec::new();
        for chunk in 0..chunks {
            let length = CHUNK.min(customers - chunk * CHUNK);
            let drawn = again.calls(chunk, length).concat();
            let places: BTreeSet<u32> = drawn.iter().copied().collect();
            assert_eq!(places.len(), drawn.len(), "each once");
            assert!(places.iter().all(|place| (*place as usize) < length));
            rows.extend(drawn);
        }
        (rows.len(), rows)
    }

    #[test]
    fn a_small_share_of_every_run_is_asked_about_again() {
        for (customers, rows) in [(1, 1), (2, 2), (40, 40), (512, 512), (CHUNK, 512)] {
            assert_eq!(asked(7, customers).0, rows);
        }
        for customers in [60_000, 100_000, 600_000, 1_000_000, 5_000_000] {
            let share = asked(7, customers).0 as f64 / customers as f64;
            assert!((0.01..0.032).contains(&share), "{share} of {customers}");
        }
    }

    #[test]
    fn another_seed_draws_others() {
        assert_eq!(asked(7, 100_000), asked(7, 100_000));
        assert_ne!(asked(7, 100_000), asked(8, 100_000));
        let chunks: BTreeSet<usize> = (0..200)
            .map(|seed| {
                let again = Again::drawn(seed, 100_000, 13);
                (0..13)
                    .position(|chunk| !again.calls(chunk, CHUNK).is_empty())
                    .expect("one is drawn")
            })
            .collect();
        assert_eq!(chunks.len(), 13, "no chunk is safe");
    }

    #[test]
    fn the_calls_differ_in_what_a_row_stands_beside() {
        let again = Again::drawn(3, 40, 1);
        let calls = again.calls(0, 40);
        assert_eq!(calls.len(), 2);
        assert!(
            calls.iter().all(|call| call.len() >= 2 && !call.is_sorted()),
            "{calls:?}"
        );
    }
}
