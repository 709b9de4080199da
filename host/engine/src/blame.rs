//! Which row brings a call to fail. The same rows are asked about again, half of them at a time.

use std::ops::Range;

/// What became of a call about some of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// The rule answers.
    Answers,
    /// It fails.
    Fails,
    /// The host could not find out; it looks no further.
    Unclear,
}

/// The first row that by itself brings a call about `rows` rows to fail, which is known to fail. There is none if the rule fails without
/// any rows, as for its settings, or only for many of them together. Asks once for each halving, and twice more.
pub(crate) fn culprit(rows: usize, ask: impl Fn(Range<usize>) -> Again) -> Option<usize> {
    if rows == 0 || ask(0..0) != Again::Answers {
        return None;
    }
    let mut suspects = 0..rows;
    while suspects.len() > 1 {
        let middle = suspects.start + suspects.len() / 2;
        match ask(suspects.start..middle) {
            Again::Fails => suspects.end = middle,
            Again::Answers => suspects.start = middle,
            Again::Unclear => return None,
        }
    }
    // the other half was never asked, and may fail only together with the first
    (rows == 1 || ask(suspects.clone()) == Again::Fails).then_some(suspects.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn find(rows: usize, fails: impl Fn(Range<usize>) -> bool) -> (Option<usize>, usize) {
        let asked = Cell::new(0);
        let found = culprit(rows, |range| {
            asked.set(asked.get() + 1);
            if fails(range) { Again::Fails } else { Again::Answers }
        });
        (found, asked.get())
    }

    #[test]
    fn the_first_row_that_fails_is_found_with_few_questions() {
        for rows in [1, 2, 3, 64, 1_000, 8_192] {
            for bad in [0, rows / 3, rows / 2, rows - 1] {
                let (found, asked) = find(rows, |range| range.contains(&bad));
                assert_eq!(found, Some(bad), "of {rows}");
                assert!(asked <= 15, "{asked} questions about {rows} rows");
            }
        }
        let several = |range: Range<usize>| [100, 700, 900].iter().any(|row| range.contains(row));
        assert_eq!(find(1_000, several).0, Some(100));
    }

    #[test]
    fn what_is_no_single_row_is_blamed_on_none() {
        assert_eq!(find(8, |_| true), (None, 1), "it fails without rows");
        assert_eq!(find(0, |_| true), (None, 0));
        assert_eq!(find(8, |range| range.len() > 3).0, None, "only many together fail");
        assert_eq!(find(8, |range| range.contains(&2) && range.contains(&6)).0, None);
        let asked = Cell::new(0);
        let unclear = culprit(8, |range| {
            asked.set(asked.get() + 1);
            if range.is_empty() {
                Again::Answers
            } else {
                Again::Unclear
            }
        });
        assert_eq!((unclear, asked.get()), (None, 2));
    }
}
