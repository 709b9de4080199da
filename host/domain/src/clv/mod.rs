//! Customer lifetime value: what a customer can be expected to spend, from how often, how lately and for how much they booked.
//!
//! How often a customer will book comes from the BG/NBD model (Fader, Hardie and Lee 2005), for how much from the Gamma-Gamma model
//! (Fader and Hardie 2013). Both are fitted to all customers of an agency by maximum likelihood. Time is counted in weeks, a booking
//! day counts once however many bookings it has, and the first booking day is what makes a customer: only later ones are repeats.
//! Nothing here is random: the same customers give the same model.

pub mod bgnbd;
pub mod gamma_gamma;
mod simplex;

use crate::{Day, facts::FactRow};
use bgnbd::{BgNbd, Visits};
use gamma_gamma::{GammaGamma, Values};

/// How far ahead the fact looks, in days: the length of the windows `-24m`.
pub const HORIZON: Day = crate::facts::TWO_YEARS;
/// Fewest customers with a repeat that a fit is made from.
pub const FEWEST_REPEATERS: usize = 100;
/// Shortest history of an agency, in days from its first booking day, that a fit is made from.
pub const SHORTEST_HISTORY: Day = 182;

const WEEK: f64 = 7.0;

/// What the models need to know of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchases {
    /// Booking days after the first.
    pub repeats: u32,
    /// The first booking day.
    pub first_on: Day,
    /// The last booking day.
    pub last_on: Day,
    /// Spend of all booking days after the first, in minor units.
    pub repeat_spend: i64,
}

impl Purchases {
    /// What a row of facts says; `None` of somebody who never booked a trip.
    pub fn of(row: &FactRow) -> Option<Self> {
        Some(Self {
            repeats: row.booking_days.saturating_sub(1).max(0) as u32,
            first_on: row.first_trip_on?,
            last_on: row.last_trip_on?,
            repeat_spend: row.repeat_spend,
        })
    }

    /// Weeks from the first booking day to the last, and to `day`. A booking after `day` moves the view to its own day.
    fn weeks(&self, day: Day) -> (f64, f64) {
        let since_first = |day: Day| f64::from(day.saturating_sub(self.first_on).max(0)) / WEEK;
        (since_first(self.last_on), since_first(day.max(self.last_on)))
    }

    fn visits(&self, day: Day) -> Visits {
        let (last, age) = self.weeks(day);
        Visits {
            repeats: self.repeats,
            last,
            age,
        }
    }

    fn mean_value(&self) -> Option<f64> {
        (self.repeats > 0 && self.repeat_spend > 0).then(|| self.repeat_spend as f64 / f64::from(self.repeats))
    }
}

/// Both models of an agency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// The day up to which the history was looked at.
    pub day: Day,
    /// How often customers book; time in weeks.
    pub rate: BgNbd,
    /// For how much; money in minor units.
    pub value: GammaGamma,
}

impl Model {
    /// Expected spend of the next [`HORIZON`] days in minor units, not discounted.
    pub fn worth(&self, purchases: &Purchases) -> i64 {
        let bookings = self
            .rate
            .expected(&purchases.visits(self.day), f64::from(HORIZON) / WEEK);
        let value = self.value.expected(purchases.repeats, purchases.mean_value());
        // saturates, should the sum not fit
        (bookings * value).round() as i64
    }
}

/// A model with how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The model.
    pub model: Model,
    /// Log-likelihood of the booking days.
    pub rate_log_likelihood: f64,
    /// Log-likelihood of the values.
    pub value_log_likelihood: f64,
}

/// Why there is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Fewer than [`FEWEST_REPEATERS`] customers booked again for money.
    TooFewRepeaters,
    /// The first booking is less than [`SHORTEST_HISTORY`] days ago.
    TooShort,
}

impl Unfit {
    /// The code that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooFewRepeaters => "too_few_repeaters",
            Self::TooShort => "history_too_short",
        }
    }
}

/// Fits both models to the customers as they were known on `day`.
///
/// # Errors
/// Too little to learn from.
pub fn fit(day: Day, customers: &[Purchases]) -> Result<Fit, Unfit> {
    let values: Vec<Values> = customers
        .iter()
        .filter_map(|purchases| {
            Some(Values {
                repeats: purchases.repeats,
                mean: purchases.mean_value()?,
            })
        })
        .collect();
    if values.len() < FEWEST_REPEATERS {
        return Err(Unfit::TooFewRepeaters);
    }
    let began = customers
        .iter()
        .map(|purchases| purchases.first_on)
        .min()
        .unwrap_or(day);
    if day.saturating_sub(began) < SHORTEST_HISTORY {
        return Err(Unfit::TooShort);
    }
    let visits: Vec<Visits> = customers.iter().map(|purchases| purchases.visits(day)).collect();
    let (rate, rate_log_likelihood) = bgnbd::fit(&visits);
    let (value, value_log_likelihood) = gamma_gamma::fit(&values);
    Ok(Fit {
        model: Model { day, rate, value },
        rate_log_likelihood,
        value_log_likelihood,
    })
}
