//! Two sums by month beside each other, as a picture. It never stands without its table.

use askama::Template;
use askama::filters::HtmlSafe;

/// Room of a month, and how high the picture is, in its own units.
const MONTH: usize = 20;
const HIGH: i64 = 100;

/// A month: its name, and what there was by the one and the other.
pub(crate) type Month = (String, i64, i64);

#[derive(Debug, Template)]
#[template(path = "parts/months.html")]
pub(crate) struct Months {
    said: String,
    /// What the picture is as high as.
    most: String,
    /// The first month and the last.
    ends: (String, String),
    width: usize,
    bars: Vec<Bar>,
}

/// It escapes what it writes itself.
impl HtmlSafe for Months {}

#[derive(Debug, PartialEq)]
struct Bar {
    class: &'static str,
    x: usize,
    width: usize,
    y: i64,
    height: i64,
    said: String,
}

impl Months {
    /// The picture, with sums as `number` writes them; of the first sum nothing is drawn where there is none of it.
    pub(crate) fn new(said: String, months: &[Month], number: impl Fn(i64) -> String) -> Self {
        let most = months
            .iter()
            .map(|(_, one, other)| *one.max(other))
            .max()
            .unwrap_or(0)
            .max(1);
        let is_pair = months.iter().any(|(_, one, _)| *one != 0);
        let mut bars = Vec::new();
        for (place, (name, one, other)) in months.iter().enumerate() {
            let x = place * MONTH;
            let mut bar = |class, x, width, sum: i64| {
                let height = (i128::from(sum.max(0)) * i128::from(HIGH) / i128::from(most)) as i64;
                bars.push(Bar {
                    class,
                    x,
                    width,
                    y: HIGH - height,
                    height,
                    said: format!("{name}: {}", number(sum)),
                });
            };
            match is_pair {
                true => {
                    bar("now", x + 2, 7, *one);
                    bar("then", x + 10, 7, *other);
                }
                false => bar("then", x + 3, 14, *other),
            }
        }
        let name = |month: Option<&Month>| month.map_or_else(String::new, |(name, ..)| name.clone());
        Self {
            said,
            most: number(most),
            // of one month there is no other end
            ends: (name(months.first()), name(months.get(1..).and_then(<[Month]>::last))),
            width: months.len() * MONTH,
            bars,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_sum_is_as_high_as_the_picture() {
        let one = Months::new("x".into(), &[("1".into(), 0, 50), ("2".into(), 0, 25)], |sum| {
            format!("{sum}.")
        });
        let heights: Vec<i64> = one.bars.iter().map(|bar| bar.height).collect();
        assert_eq!((one.width, heights), (40, vec![100, 50]));
        assert_eq!((one.most.as_str(), one.ends), ("50.", ("1".into(), "2".into())));
        let two = Months::new("x".into(), &[("1".into(), 80, 20), ("2".into(), 0, -5)], |sum| {
            sum.to_string()
        });
        let heights: Vec<(&str, i64)> = two.bars.iter().map(|bar| (bar.class, bar.height)).collect();
        assert_eq!(heights, [("now", 100), ("then", 25), ("now", 0), ("then", 0)]);
        assert!(Months::new("x".into(), &[], |sum| sum.to_string()).bars.is_empty());
    }
}
