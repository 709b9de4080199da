//! Drawing lots: a random few of many customers, the same ones for the same seed.
//!
//! Everybody's ticket follows from the seed and from their number alone, so nothing is stored and nobody else changes it: whoever stays
//! keeps their ticket, and the few are the beginning of the many.

use sha2::{Digest, Sha256};
use std::collections::BinaryHeap;

/// One draw.
#[derive(Debug, Clone, Copy)]
pub struct Lots {
    keys: [u64; 2],
}

impl Lots {
    /// The draw of a seed, any text.
    pub fn new(seed: &str) -> Self {
        let digest = Sha256::digest(seed);
        let key = |place: usize| {
            let bytes = digest[place * 8..].iter().take(8);
            bytes.fold(0, |key, byte| key << 8 | u64::from(*byte))
        };
        Self { keys: [key(0), key(1)] }
    }

    /// The draw of a rule's binding.
    fn of_binding(seed: u64) -> Self {
        Self { keys: [seed, BINDINGS] }
    }

    /// The ticket of a customer's number. No two numbers share one, as every step can be taken back.
    pub fn ticket(self, number: u32) -> u64 {
        let [first, second] = self.keys;
        mix(mix(u64::from(number) ^ first) ^ second)
    }

    /// The `size` members with the smallest tickets, the smallest first, and how many members there are.
    pub fn draw(self, members: impl IntoIterator<Item = u32>, size: usize) -> (Vec<u32>, u64) {
        let (mut drawn, mut count) = (BinaryHeap::with_capacity(size + 1), 0);
        let mut largest = u64::MAX;
        for number in members {
            count += 1;
            let ticket = self.ticket(number);
            // nearly everybody is turned away here
            if drawn.len() == size && ticket > largest {
                continue;
            }
            drawn.push((ticket, number));
            if drawn.len() > size {
                drawn.pop();
            }
            largest = drawn.peek().map_or(u64::MAX, |(ticket, _)| *ticket);
        }
        let drawn = drawn.into_sorted_vec().into_iter().map(|(_, number)| number).collect();
        (drawn, count)
    }
}

/// The second key of the draws of bindings: the first eight bytes of SHA-256 of `lot`.
const BINDINGS: u64 = 0xb7b3_0d6e_4f8c_8647;

/// How many lots there are: a rule takes one customer in a hundred with those below 100.
pub const LOTS: u64 = 10_000;

/// The lot, below [`LOTS`], that a customer has drawn in a binding: by the binding's seed and the customer's number alone, so it stays the same
/// through all revisions, and says nothing of who it is.
pub fn lot(seed: u64, number: u32) -> i32 {
    (Lots::of_binding(seed).ticket(number) % LOTS) as i32
}

/// The last step of SplitMix64: a bijection in which every bit of the input reaches every bit of the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Fixed, so that what these tests find out stays as it is.
    const SEEDS: [&str; 6] = ["", "a", "b", "spring-survey", "2026-01", "春季回访"];

    /// Sum of squared deviations over expectation, as standard deviations of that sum from its mean.
    fn strangeness(counts: &[u64]) -> f64 {
        let (cells, all) = (counts.len() as f64, counts.iter().sum::<u64>() as f64);
        let expected = all / cells;
        let chi: f64 = counts.iter().map(|n| (*n as f64 - expected).powi(2) / expected).sum();
        (chi - (cells - 1.0)) / (2.0 * (cells - 1.0)).sqrt()
    }

    #[test]
    fn a_ticket_is_what_the_documentation_says() {
        // worked out by hand in another language: SHA-256 of the seed, its first 16 bytes as two big-endian numbers
        let [first, second] = [0x3e23_e816_0039_594a, 0x3389_4f65_64e1_b134];
        assert_eq!(Lots::new("b").keys, [first, second]);
        assert_eq!(Lots::new("b").ticket(7), 0xcf4e_f1b9_1f47_cba8);
        assert_eq!(mix(1), 0x5692_161d_100b_05e5);
    }

    #[test]
    fn a_lot_is_what_the_documentation_says() {
        // worked out by hand in another language
        assert_eq!(lot(0, 0), 5482);
        assert_eq!(lot(0x0123_4567_89ab_cdef, 7), 6278);
        assert_eq!(lot(1, u32::MAX), 9922);
    }

    #[test]
    fn lots_fall_evenly_and_anew_in_every_binding() {
        let (mut lots, mut pairs) = (vec![0u64; LOTS as usize], [0u64; 100]);
        for number in 0..1_000_000 {
            let (one, other) = (lot(17, number), lot(18, number));
            lots[one as usize] += 1;
            pairs[(one / 1_000 * 10 + other / 1_000) as usize] += 1;
        }
        for (name, found) in [("lots", strangeness(&lots)), ("pairs", strangeness(&pairs))] {
            assert!(found.abs() < 4.0, "{name}: {found}");
        }
    }

    #[test]
    fn the_smallest_tickets_are_drawn_in_their_order() {
        for seed in SEEDS {
            let lots = Lots::new(seed);
            let members: Vec<u32> = (0..5_000).filter(|n| n % 3 != 1).collect();
            let mut sorted = members.clone();
            sorted.sort_by_key(|n| lots.ticket(*n));
            for size in [0, 1, 10, 100, members.len(), 9_999] {
                let expected: Vec<u32> = sorted.iter().take(size).copied().collect();
                let (drawn, count) = lots.draw(members.iter().rev().copied(), size);
                assert_eq!((drawn, count), (expected, members.len() as u64), "{seed} {size}");
            }
        }
    }

    #[test]
    fn whoever_leaves_makes_room_for_the_next_alone() {
        let lots = Lots::new("survey");
        let (all, _) = lots.draw(0..10_000, 200);
        let gone = all[17];
        let (rest, _) = lots.draw((0..10_000).filter(|n| *n != gone), 199);
        let expected: Vec<u32> = all.into_iter().filter(|n| *n != gone).collect();
        assert_eq!(rest, expected);
    }

    #[test]
    fn every_part_of_the_numbers_is_drawn_as_often() {
        // the first hundred of ten thousand, ten thousand seeds: each hundredth of the numbers, each last digit, each pair of neighbours
        let (mut hundredths, mut digits, mut times) = ([0u64; 100], [0u64; 10], vec![0u64; 10_000]);
        let mut neighbours = 0u64;
        for seed in 0..10_000 {
            let (drawn, _) = Lots::new(&format!("seed {seed}")).draw(0..10_000, 100);
            let numbers: BTreeSet<u32> = drawn.into_iter().collect();
            neighbours += numbers.iter().filter(|n| numbers.contains(&(*n + 1))).count() as u64;
            for number in numbers {
                hundredths[number as usize / 100] += 1;
                digits[number as usize % 10] += 1;
                times[number as usize] += 1;
            }
        }
        for (name, found) in [
            ("hundredths", strangeness(&hundredths)),
            ("digits", strangeness(&digits)),
            ("everyone", strangeness(&times)),
        ] {
            assert!(found.abs() < 4.0, "{name}: {found}");
        }
        // 100 · 99 / 10,000 in each draw, so 9,900 in all; a standard deviation is about a hundred
        assert!((9_500..10_300).contains(&neighbours), "{neighbours}");
    }

    #[test]
    fn seeds_have_nothing_to_do_with_each_other() {
        // the ranks of a thousand people under one seed, in tenths, against those under a seed that differs in a letter
        let mut cells = [0u64; 100];
        for pair in 0..200 {
            let ranks = |seed: String| {
                let (drawn, _) = Lots::new(&seed).draw(0..1_000, 1_000);
                let mut ranks = vec![0; 1_000];
                drawn.iter().enumerate().for_each(|(rank, n)| ranks[*n as usize] = rank);
                ranks
            };
            let (one, other) = (ranks(format!("{pair}a")), ranks(format!("{pair}b")));
            one.iter()
                .zip(&other)
                .for_each(|(a, b)| cells[a / 100 * 10 + b / 100] += 1);
        }
        let found = strangeness(&cells);
        assert!(found.abs() < 4.0, "{found}");
    }

    #[test]
    fn a_changed_bit_of_the_number_changes_half_the_ticket() {
        for seed in SEEDS {
            let lots = Lots::new(seed);
            for bit in 0..32 {
                let flips: u32 = (0..2_000u32)
                    .map(|n| (lots.ticket(n * 977) ^ lots.ticket((n * 977) ^ (1 << bit))).count_ones())
                    .sum();
                // 2,000 · 64 coins: 64,000, give or take 179
                assert!((63_100..64_900).contains(&flips), "{seed} bit {bit}: {flips}");
            }
        }
    }
}
