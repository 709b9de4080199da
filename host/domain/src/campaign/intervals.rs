//! Differences of shares and of means, each with the interval in which it lies with 95 %.

use super::student;
use serde::{Deserialize, Serialize};

/// The share of a normal distribution below which 97.5 % lie, in standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// A figure and the bounds between which it lies with 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval<T> {
    /// The best guess.
    pub estimate: T,
    /// The lower bound.
    pub low: T,
    /// The upper bound.
    pub high: T,
}

impl Eq for Interval<i64> {}

/// Wilson's score interval of a share with 95 %.
fn wilson((hits, of): (i64, i64)) -> (f64, f64) {
    let (n, share) = (of as f64, hits as f64 / of as f64);
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z * libm::sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n)) / (1.0 + z2 / n);
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// The difference of two shares with 95 %. Neither may be of nothing.
pub(super) fn newcombe(one: (i64, i64), other: (i64, i64)) -> Interval<f64> {
    let share = |(hits, of): (i64, i64)| hits as f64 / of as f64;
    let (p, q) = (share(one), share(other));
    let ((one_low, one_high), (other_low, other_high)) = (wilson(one), wilson(other));
    let apart = |a: f64, b: f64| libm::sqrt(a * a + b * b);
    Interval {
        estimate: p - q,
        low: p - q - apart(p - one_low, other_high - q),
        high: p - q + apart(one_high - p, q - other_low),
    }
}

/// Count, mean and variance of a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    pub(super) fn of(count: i64, (sum, squares): (i64, f64)) -> Self {
        let (count, sum) = (count as f64, sum as f64);
        let mean = sum / count;
        Self {
            count,
            mean,
            // what rounding takes below zero is zero
            variance: ((squares - sum * mean) / (count - 1.0)).max(0.0),
        }
    }
}

/// The difference of two means with 95 %. Each sample has two values at least.
pub(super) fn welch(one: Moments, other: Moments) -> Interval<f64> {
    let estimate = one.mean - other.mean;
    let (a, b) = (one.variance / one.count, other.variance / other.count);
    if a + b == 0.0 {
        return Interval {
            estimate,
            low: estimate,
            high: estimate,
        };
    }
    let degrees = (a + b) * (a + b) / (a * a / (one.count - 1.0) + b * b / (other.count - 1.0));
    let half = student::quantile(0.975, degrees) * libm::sqrt(a + b);
    Interval {
        estimate,
        low: estimate - half,
        high: estimate + half,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    #[test]
    fn shares_differ_as_newcombe_has_it() {
        // the examples of his paper of 1998, method 10
        for (one, other, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
        ] {
            let found = newcombe(one, other);
            near(found.low, low, 0.000_05);
            near(found.high, high, 0.000_05);
        }
    }

    #[test]
    fn means_differ_as_welch_has_it() {
        let moments = |values: &[f64]| {
            let squares: f64 = values.iter().map(|value| value * value).sum();
            let sum: f64 = values.iter().sum();
            let (count, mean) = (values.len() as f64, sum / values.len() as f64);
            let variance = (squares - sum * mean) / (count - 1.0);
            Moments { count, mean, variance }
        };
        let found = welch(
            moments(&[
                27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4,
            ]),
            moments(&[
                27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.2, 24.2,
            ]),
        );
        // worked out apart: variances by their definition, t with 27.794 degrees by integrating its density
        near(found.estimate, -2.8, 1e-9);
        near(found.low, -4.813_796_569, 1e-6);
        near(found.high, -0.786_203_431, 1e-6);
    }
}
