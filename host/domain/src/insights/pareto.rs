//! The Pareto view: which share of the customers brings which share of the money.

/// A customer's money in minor units: what they are ranked by, and what is shown beside it.
pub type Pair = (i64, i64);

/// What the best customers bring together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Share of the customers, in hundredths.
    pub percent: u8,
    /// That many customers: the share, rounded up.
    pub customers: u64,
    /// What they bring of what all are ranked by, in minor units.
    pub ranked: i64,
    /// What they bring of the other, in minor units.
    pub beside: i64,
}

/// The curve from the best customers to all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curve {
    /// Customers on it.
    pub customers: u64,
    /// What all bring of what they are ranked by, in minor units.
    pub ranked: i64,
    /// What all bring of the other, in minor units.
    pub beside: i64,
    /// One point per hundredth of the customers; none without customers.
    pub points: Vec<Point>,
    /// The smallest number of best customers who bring four fifths; none if all together bring nothing.
    pub four_fifths: Option<u64>,
}

/// Ranks the customers, the best first, and adds up what they bring. Reorders `pairs`.
pub fn curve(pairs: &mut [Pair]) -> Curve {
    // customers who bring the same of both are alike here, so the order is settled
    pairs.sort_unstable_by(|a, b| b.cmp(a));
    let n = pairs.len();
    let total = |pick: fn(&Pair) -> i64| pairs.iter().map(pick).fold(0, i64::saturating_add);
    let (all_ranked, all_beside) = (total(|pair| pair.0), total(|pair| pair.1));
    let (mut ranked, mut beside) = (0i64, 0i64);
    let (mut points, mut four_fifths) = (Vec::with_capacity(100), None);
    for (position, pair) in pairs.iter().enumerate() {
        (ranked, beside) = (ranked.saturating_add(pair.0), beside.saturating_add(pair.1));
        let customers = position + 1;
        if four_fifths.is_none() && all_ranked > 0 && i128::from(ranked) * 5 >= i128::from(all_ranked) * 4 {
            four_fifths = Some(customers as u64);
        }
        while points.len() < 100 && ((points.len() + 1) * n).div_ceil(100) == customers {
            points.push(Point {
                percent: points.len() as u8 + 1,
                customers: customers as u64,
                ranked,
                beside,
            });
        }
    }
    Curve {
        customers: n as u64,
        ranked: all_ranked,
        beside: all_beside,
        points,
        four_fifths,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_in_five_brings_four_fifths() {
        let mut pairs = [(5, 1), (80, 3), (5, 2), (5, 0), (5, 9)];
        let found = curve(&mut pairs);
        assert_eq!((found.customers, found.ranked, found.beside), (5, 100, 15));
        assert_eq!(found.four_fifths, Some(1));
        let at = |percent: usize| found.points[percent - 1];
        assert_eq!((at(1).customers, at(20).customers, at(21).customers), (1, 1, 2));
        assert_eq!((at(20).ranked, at(40).ranked, at(40).beside), (80, 85, 12));
        assert_eq!((at(100).ranked, at(100).beside), (100, 15));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(curve(&mut []).points, []);
        let losses = curve(&mut [(-5, 0), (0, 0)]);
        assert_eq!(
            (losses.ranked, losses.four_fifths, losses.points.len()),
            (-5, None, 100)
        );
    }

    proptest! {
        #[test]
        fn points_are_sums_of_the_best(pairs in prop::collection::vec((-20i64..50, -9i64..9), 1..260)) {
            let found = curve(&mut pairs.clone());
            let mut sorted = pairs.clone();
            sorted.sort_unstable();
            sorted.reverse();
            prop_assert_eq!(found.points.len(), 100);
            for point in &found.points {
                let n = (pairs.len() * usize::from(point.percent)).div_ceil(100);
                let sums = sorted[..n].iter().fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
                prop_assert_eq!((point.customers, point.ranked, point.beside), (n as u64, sums.0, sums.1));
            }
        }
    }
}
