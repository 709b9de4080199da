//! The RFM map: how lately guests booked against how often they travelled, and what those of each cell spent.

use crate::quantiles::{edges, score};

/// Scores of each of the three, 1 to 5.
pub const SCORES: usize = 5;

/// A guest who travelled in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guest {
    /// Days since the latest booking.
    pub recency_days: i64,
    /// Trips of the window, one at least.
    pub trips: i64,
    /// Spend of the window in minor units.
    pub spend: i64,
}

/// Guests who booked and travelled alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub customers: u64,
    /// What they spent together, in minor units.
    pub spend: i64,
    /// Their mean score of money, times a hundred; zero if there are none.
    pub money: u64,
}

/// From and to which value a score goes, both included; open at an end that is `None`.
pub type Bounds = (Option<i64>, Option<i64>);

/// Everyone who is on the map, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RfmMap {
    /// Cells by recency and frequency: `cells[r - 1][f - 1]`, 5 being the latest and the most often.
    pub cells: [[Cell; SCORES]; SCORES],
    /// Days since the latest booking of each score of recency.
    pub recency: [Bounds; SCORES],
    /// Trips of each score of frequency.
    pub frequency: [Bounds; SCORES],
}

/// The bounds of the scores between these edges, the lowest first. Without edges nobody is scored.
fn bounds(edges: &[i64]) -> [Bounds; SCORES] {
    std::array::from_fn(|place| {
        let least = place
            .checked_sub(1)
            .and_then(|before| edges.get(before))
            .map(|edge| edge + 1);
        (least, edges.get(place).copied())
    })
}

/// Places guests on the map. The scores are those of the rule `rfm`: fifths among all who travelled in the window.
pub fn map(guests: &[Guest]) -> RfmMap {
    let fifths = |of: fn(&Guest) -> i64| {
        let mut values: Vec<i64> = guests.iter().map(of).collect();
        edges(&mut values, SCORES as u16)
    };
    let (days, trips, spends) = (
        fifths(|guest| guest.recency_days),
        fifths(|guest| guest.trips),
        fifths(|guest| guest.spend),
    );
    let mut recency = bounds(&days);
    recency.reverse();
    let mut found = RfmMap {
        recency,
        frequency: bounds(&trips),
        ..RfmMap::default()
    };
    // who did not travel is not on the map
    found.frequency[0].0 = Some(1);
    for guest in guests {
        let r = SCORES + 1 - usize::from(score(&days, guest.recency_days));
        let f = usize::from(score(&trips, guest.trips));
        let cell = &mut found.cells[r - 1][f - 1];
        cell.customers += 1;
        cell.spend = cell.spend.saturating_add(guest.spend);
        cell.money += u64::from(score(&spends, guest.spend));
    }
    for cell in found.cells.iter_mut().flatten() {
        cell.money = (cell.money * 100).checked_div(cell.customers).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn guest(recency_days: i64, trips: i64, spend: i64) -> Guest {
        Guest {
            recency_days,
            trips,
            spend,
        }
    }

    #[test]
    fn ten_guests_stand_on_the_diagonal() {
        // whoever booked later travelled more
        let guests: Vec<Guest> = (1..=10).map(|n| guest(110 - 10 * n, n, 1_000 * n)).collect();
        let found = map(&guests);
        for (r, row) in found.cells.iter().enumerate() {
            for (f, cell) in row.iter().enumerate() {
                assert_eq!(cell.customers, if r == f { 2 } else { 0 }, "{r} {f}");
            }
        }
        assert_eq!(
            found.cells[4][4],
            Cell {
                customers: 2,
                spend: 19_000,
                money: 500
            }
        );
        assert_eq!(found.recency[4], (None, Some(20)));
        assert_eq!(found.recency[0], (Some(81), None));
        assert_eq!(found.frequency[4], (Some(9), None));
        assert_eq!(map(&[]).cells, RfmMap::default().cells);
    }

    proptest! {
        #[test]
        fn everyone_is_in_the_cell_whose_bounds_they_are_within(
            drawn in prop::collection::vec((0i64..30, 1i64..6, -5i64..50), 1..80)
        ) {
            let guests: Vec<Guest> = drawn.into_iter().map(|(days, trips, spend)| guest(days, trips, spend)).collect();
            let found = map(&guests);
            let within = |value: i64, (least, most): Bounds| {
                least.is_none_or(|least| least <= value) && most.is_none_or(|most| value <= most)
            };
            for (r, row) in found.cells.iter().enumerate() {
                for (f, cell) in row.iter().enumerate() {
                    let here: Vec<&Guest> = guests
                        .iter()
                        .filter(|guest| within(guest.recency_days, found.recency[r]) && within(guest.trips, found.frequency[f]))
                        .collect();
                    prop_assert_eq!(here.len() as u64, cell.customers);
                    prop_assert_eq!(here.iter().map(|guest| guest.spend).sum::<i64>(), cell.spend);
                }
            }
            let all: u64 = found.cells.iter().flatten().map(|cell| cell.customers).sum();
            prop_assert_eq!(all, guests.len() as u64);
        }
    }
}
