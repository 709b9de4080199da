//! Some of an agency's customers: a bit for each, by ordinal.

/// Some of an agency's customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    words: Vec<u64>,
}

/// Customers in one word.
const WORD: usize = u64::BITS as usize;

impl Selection {
    /// All customers with ordinals below `customers`.
    pub(crate) fn all(customers: usize) -> Self {
        let mut words = vec![u64::MAX; customers.div_ceil(WORD)];
        if let (Some(last), used @ 1..) = (words.last_mut(), customers % WORD) {
            *last = (1 << used) - 1;
        }
        Self { words }
    }

    /// Those of these ordinals that are below `customers`.
    pub(crate) fn of(customers: usize, ordinals: impl Iterator<Item = usize>) -> Self {
        let mut words = vec![0; customers.div_ceil(WORD)];
        for ordinal in ordinals.filter(|ordinal| *ordinal < customers) {
            words[ordinal / WORD] |= 1 << (ordinal % WORD);
        }
        Self { words }
    }

    /// Leaves out those who do not stay. Only those who are in are asked about.
    #[inline]
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(usize) -> bool) {
        for (place, word) in self.words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                // nobody can predict who stays: no branch
                *word &= !(u64::from(!stays(place * WORD + bit as usize)) << bit);
            }
        }
    }

    /// Whether somebody is in it.
    pub(crate) fn contains(&self, ordinal: usize) -> bool {
        let word = self.words.get(ordinal / WORD);
        word.is_some_and(|word| word & (1 << (ordinal % WORD)) != 0)
    }

    /// How many are in it.
    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Those who are in it, the lowest ordinal first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(place * WORD + bit as usize)
            })
        })
    }

    /// Those who are in it, the highest ordinal first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().rev().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| u64::BITS - 1 - left.leading_zeros())?;
                left &= !(1 << bit);
                Some(place * WORD + bit as usize)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_is_in_both_orders() {
        for customers in [0, 1, 63, 64, 65, 200] {
            let mut some = Selection::all(customers);
            assert_eq!(some.count(), customers as u64);
            some.retain(|ordinal| ordinal % 3 == 1);
            let expected: Vec<usize> = (0..customers).filter(|ordinal| ordinal % 3 == 1).collect();
            assert_eq!(some.iter().collect::<Vec<_>>(), expected);
            assert_eq!(
                some.newest_first().collect::<Vec<_>>(),
                expected.iter().rev().copied().collect::<Vec<_>>()
            );
            assert_eq!(
                some,
                Selection::of(customers, expected.iter().copied().chain([customers + 70]))
            );
            assert!((0..customers + 100).all(|ordinal| some.contains(ordinal) == expected.contains(&ordinal)));
        }
    }
}
