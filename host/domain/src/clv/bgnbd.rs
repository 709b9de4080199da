//! The BG/NBD model: while a customer stays, they book at a rate of their own; after each booking they may be lost. Rates are spread
//! over customers by a gamma distribution, chances of being lost by a beta distribution.

use super::simplex;
use libm::lgamma;
use std::collections::BTreeMap;

/// What the model needs to know of one customer. Times are weeks since the first booking day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visits {
    /// Booking days after the first.
    pub repeats: u32,
    /// The last booking day; 0 without a repeat.
    pub last: f64,
    /// Until when the customer was watched.
    pub age: f64,
}

/// The parameters of an agency's customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd {
    /// Shape of the rates.
    pub r: f64,
    /// Scale of the rates, in weeks.
    pub alpha: f64,
    /// First parameter of the chances of being lost.
    pub a: f64,
    /// Second parameter of the chances of being lost.
    pub b: f64,
}

/// Parameters are looked for between e to the minus this and e to this; weeks a little farther.
const BOUND: f64 = 7.0;
/// Terms of a series after which it is cut off.
const MOST_TERMS: u32 = 100_000;

/// The logarithm of the sum of two numbers given by their logarithms.
fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high + (low - high).exp().ln_1p()
}

/// A sum of positive terms, each the product of the one before and a ratio, as a logarithm.
fn log_series(ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut term, mut scale) = (1.0f64, 1.0f64, 0.0f64);
    for n in 0..MOST_TERMS {
        let factor = ratio(f64::from(n));
        term *= factor;
        sum += term;
        if factor < 1.0 && term < sum * 1e-15 {
            break;
        }
        if sum > 1e200 {
            (scale, sum, term) = (scale + sum.ln(), 1.0, term / sum);
        }
    }
    scale + sum.ln()
}

impl BgNbd {
    fn from_logs(logs: &[f64; 4]) -> Option<Self> {
        let [r, alpha, a, b] = *logs;
        let inside = [r, a, b].iter().all(|log| log.abs() <= BOUND) && alpha.abs() <= BOUND + 2.0;
        inside.then(|| Self {
            r: r.exp(),
            alpha: alpha.exp(),
            a: a.exp(),
            b: b.exp(),
        })
    }

    /// What depends on the number of repeats alone.
    fn log_counts(&self, repeats: u32) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let x = f64::from(repeats);
        lgamma(r + x) - lgamma(r) + r * alpha.ln() + lgamma(a + b) + lgamma(b + x) - lgamma(b) - lgamma(a + b + x)
    }

    /// What depends on the times as well.
    fn log_times(&self, visits: &Visits) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let x = f64::from(visits.repeats);
        let stayed = -(r + x) * (alpha + visits.age).ln();
        if visits.repeats == 0 {
            return stayed;
        }
        log_add(stayed, (a / (b + x - 1.0)).ln() - (r + x) * (alpha + visits.last).ln())
    }

    /// The logarithm of the likelihood of one customer's booking days.
    pub fn log_likelihood(&self, visits: &Visits) -> f64 {
        self.log_counts(visits.repeats) + self.log_times(visits)
    }

    /// Bookings to be expected of a customer in the next `weeks`, given how they booked so far.
    pub fn expected(&self, visits: &Visits, weeks: f64) -> f64 {
        let Self { r, alpha, b, .. } = *self;
        // at a = 1 numerator and denominator vanish together; right beside it the quotient is the same to six digits
        let a = if (self.a - 1.0).abs() < 1e-6 {
            1.0 + 1e-6
        } else {
            self.a
        };
        let x = f64::from(visits.repeats);
        let z = weeks / (alpha + visits.age + weeks);
        let (first, second, third) = (a + b - 1.0 - r, a - 1.0, a + b + x - 1.0);
        // the hypergeometric term, times (1 − z) to the power of r + x
        let term = if first.abs() * z < 10.0 {
            // after Euler's transformation the series is short
            let (mut sum, mut part) = (1.0, 1.0);
            for n in 0..MOST_TERMS {
                let n = f64::from(n);
                part *= (first + n) * (second + n) / (third + n) / (n + 1.0) * z;
                sum += part;
                if part.abs() < 1e-15 * f64::abs(sum) {
                    break;
                }
            }
            (1.0 - z).powf(second) * sum
        } else {
            // but its terms would cancel here; those of the series itself are all positive
            let sum = log_series(|n| (r + x + n) * (b + x + n) / (third + n) / (n + 1.0) * z);
            ((r + x) * (1.0 - z).ln() + sum).exp()
        };
        let lost = if visits.repeats == 0 {
            0.0
        } else {
            a / (b + x - 1.0) * ((alpha + visits.age) / (alpha + visits.last)).powf(r + x)
        };
        (third / second * (1.0 - term) / (1.0 + lost)).max(0.0)
    }
}

/// The parameters under which these customers are likeliest, and the log-likelihood.
pub fn fit(customers: &[Visits]) -> (BgNbd, f64) {
    // many customers are alike: most came once and differ by their age alone
    let mut alike: BTreeMap<(u32, u64, u64), f64> = BTreeMap::new();
    let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
    for visits in customers {
        // times are not negative, so their bits sort as they do
        let key = (visits.repeats, visits.last.to_bits(), visits.age.to_bits());
        *alike.entry(key).or_default() += 1.0;
        *counts.entry(visits.repeats).or_default() += 1.0;
    }
    let alike: Vec<(Visits, f64)> = alike
        .into_iter()
        .map(|((repeats, last, age), times)| {
            let (last, age) = (f64::from_bits(last), f64::from_bits(age));
            (Visits { repeats, last, age }, times)
        })
        .collect();
    let cost = |logs: &[f64; 4]| {
        let Some(model) = BgNbd::from_logs(logs) else {
            return f64::INFINITY;
        };
        let numbers: f64 = counts.iter().map(|(x, times)| times * model.log_counts(*x)).sum();
        let times: f64 = alike
            .iter()
            .map(|(visits, times)| times * model.log_times(visits))
            .sum();
        -(numbers + times)
    };
    let (logs, cost) = simplex::minimise([0.0, 2.0, 0.0, 1.0], 0.5, cost);
    let model = BgNbd::from_logs(&logs).unwrap_or(BgNbd {
        r: 1.0,
        alpha: 1.0,
        a: 1.0,
        b: 1.0,
    });
    (model, -cost)
}
