//! The Gamma-Gamma model: what a customer spends a time varies around a mean of their own, and the means vary between customers; how
//! often somebody books says nothing about how much they spend.

use super::simplex;
use libm::lgamma;
use std::collections::BTreeMap;

/// What the model needs to know of one customer who came again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// Booking days after the first.
    pub repeats: u32,
    /// Mean spend of those days; above 0.
    pub mean: f64,
}

/// The parameters of an agency's customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    /// Shape of the values of one customer.
    pub p: f64,
    /// Shape of the means of all customers; above 1, so that there is a mean of them.
    pub q: f64,
    /// Scale of the means, in the unit of the values.
    pub gamma: f64,
}

/// Parameters are looked for between e to the minus this and e to this.
const BOUND: f64 = 7.0;

impl GammaGamma {
    fn from_logs(logs: &[f64; 3], unit: f64) -> Option<Self> {
        let [p, beyond, gamma] = *logs;
        let inside = [p, beyond, gamma].iter().all(|log| log.abs() <= BOUND);
        inside.then(|| Self {
            p: p.exp(),
            q: 1.0 + beyond.exp(),
            gamma: gamma.exp() * unit,
        })
    }

    /// The logarithm of the likelihood of one customer's mean.
    pub fn log_likelihood(&self, values: &Values) -> f64 {
        let Self { p, q, gamma } = *self;
        let (x, mean) = (f64::from(values.repeats), values.mean);
        let shape = p * x;
        lgamma(shape + q) - lgamma(shape) - lgamma(q) + q * gamma.ln() + (shape - 1.0) * mean.ln() + shape * x.ln()
            - (shape + q) * (gamma + x * mean).ln()
    }

    /// What a customer can be expected to spend a time; of one who did not come again, or for nothing, what all spend.
    pub fn expected(&self, repeats: u32, mean: Option<f64>) -> f64 {
        let Self { p, q, gamma } = *self;
        let x = if mean.is_some() { f64::from(repeats) } else { 0.0 };
        p * (gamma + x * mean.unwrap_or(0.0)) / (p * x + q - 1.0)
    }
}

/// The parameters under which these customers are likeliest, and the log-likelihood.
pub fn fit(customers: &[Values]) -> (GammaGamma, f64) {
    let n = customers.len() as f64;
    // in units of the mean the scale is near 1, whatever the currency
    let unit = customers.iter().map(|values| values.mean).sum::<f64>() / n;
    let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
    let (mut log_means, mut weighted, mut log_repeats) = (0.0, 0.0, 0.0);
    for values in customers {
        let x = f64::from(values.repeats);
        *counts.entry(values.repeats).or_default() += 1.0;
        log_means += values.mean.ln();
        weighted += x * values.mean.ln();
        log_repeats += x * x.ln();
    }
    // the sum of `log_likelihood`, with what does not change from one try to the next added up before
    let cost = |logs: &[f64; 3]| {
        let Some(GammaGamma { p, q, gamma }) = GammaGamma::from_logs(logs, unit) else {
            return f64::INFINITY;
        };
        let numbers = |(repeats, times): (&u32, &f64)| {
            let shape = p * f64::from(*repeats);
            times * (lgamma(shape + q) - lgamma(shape))
        };
        let sums = |values: &Values| {
            let x = f64::from(values.repeats);
            (p * x + q) * (gamma + x * values.mean).ln()
        };
        let constant = n * (q * gamma.ln() - lgamma(q)) + p * weighted - log_means + p * log_repeats;
        -(constant + counts.iter().map(numbers).sum::<f64>() - customers.iter().map(sums).sum::<f64>())
    };
    let (logs, cost) = simplex::minimise([1.0, 1.0, 0.0], 0.5, cost);
    let model = GammaGamma::from_logs(&logs, unit).unwrap_or(GammaGamma {
        p: 1.0,
        q: 2.0,
        gamma: unit,
    });
    (model, -cost)
}
