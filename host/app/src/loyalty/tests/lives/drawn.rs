//! What looks random in these lives, and is the same every time.

use posthouse_domain::Entropy;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that look random and are the same every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub(super) fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        match all.len() {
            0 => None,
            many => all.get(self.below(many as u64) as usize),
        }
    }

    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for place in (1..all.len()).rev() {
            all.swap(place, self.below(place as u64 + 1) as usize);
        }
    }
}

/// Counts: of two ids of the same moment the later one is the larger, so that both ways spend lots in the same order.
#[derive(Default)]
pub(super) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        match bytes {
            [front @ .., _, _, _, _, _, _, _, _] if front.len() == 2 => {
                front.fill(0);
                bytes[2..].copy_from_slice(&n.to_be_bytes());
            }
            // codes only have to be different
            _ => {
                let mut dice = Dice(n);
                bytes.iter_mut().for_each(|byte| *byte = dice.below(256) as u8);
            }
        }
    }
}
