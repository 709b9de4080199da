//! How many rows a slice has. The more, the less each of them costs, for a transaction writes a page once however often it changes it;
//! the fewer, the sooner others have their turn.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows while others write customers as well: few enough that events land between slices.
pub(crate) const SHARED: usize = 2_000;
/// Rows while nobody else does.
pub(crate) const ALONE: usize = 4_000;
/// After so many slices that nobody came between.
const CALM: usize = 3;

/// How fast a file may be landed, set by whoever lands it and heeded by whoever cuts it into slices.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    undisturbed: AtomicUsize,
}

impl Pace {
    /// Rows of the next slice.
    pub(crate) fn rows(&self) -> usize {
        match self.undisturbed.load(Ordering::Relaxed) {
            CALM.. => ALONE,
            _ => SHARED,
        }
    }

    /// A slice was written, with nobody else writing customers since the one before.
    pub(crate) fn undisturbed(&self) {
        self.undisturbed.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody else wrote customers.
    pub(crate) fn disturbed(&self) {
        self.undisturbed.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_grow_while_nobody_else_writes_and_shrink_at_once() {
        let pace = Pace::default();
        for _ in 0..CALM {
            assert_eq!(pace.rows(), SHARED);
            pace.undisturbed();
        }
        assert_eq!(pace.rows(), ALONE);
        pace.undisturbed();
        assert_eq!(pace.rows(), ALONE);
        pace.disturbed();
        assert_eq!(pace.rows(), SHARED);
    }
}
