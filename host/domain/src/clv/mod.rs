//! Customer lifetime value: what a customer can be expected to spend, from how often, how lately and for how much they booked.
//!
//! How often a customer will book comes from the BG/NBD model (Fader, Hardie and Lee 2005), for how much from the Gamma-Gamma model
//! (Fader and Hardie 2013). Both are fitted to all customers of an agency by maximum likelihood. Time is counted in weeks, a booking
//! day counts once however many bookings it has, and the first booking day is what makes a customer: only later ones are repeats.
//! Nothing here is random: the same customers give the same model.

pub mod bgnbd;
pub mod gamma_gamma;
mod simplex;

use crate::{Day, facts::FactRow, money};
use bgnbd::{BgNbd, Visits};
use gamma_gamma::{GammaGamma, Values};

/// How far ahead the fact looks, in days: the length of the windows `-24m`.
pub const HORIZON: Day = crate::facts::TWO_YEARS;
/// Fewest customers with a repeat that a fit is made from.
pub const FEWEST_REPEATERS: usize = 100;
/// Shortest history of an agency, in days from its first booking day, that a fit is made from.
pub const SHORTEST_HISTORY: Day = 182;

/// A customer who spends more than this many times the median a time is not believed: a slip of the keyboard, or no traveller.
const BELIEVED: f64 = 1_000.0;
/// Of so many customers one at most may be beyond belief; where there are more, the amounts themselves are wrong.
const DOUBTED: usize = 50;
/// A mean of all customers that is more than this many times what those who are known spent says that the model does not hold.
const STRETCHED: f64 = 10.0;

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
    /// Spend of all booking days, in minor units.
    pub spend: i64,
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
            spend: row.spend_total,
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
    /// Expected spend of the next [`HORIZON`] days in minor units, not discounted. Nothing of somebody who never paid anything; unknown of
    /// somebody whose spend is beyond belief.
    pub fn worth(&self, purchases: &Purchases) -> Option<i64> {
        if purchases.spend.max(purchases.repeat_spend) <= 0 {
            return Some(0);
        }
        let mean = purchases.mean_value();
        let usual = self.value.expected(0, None);
        // the first booking day tells nothing of what is usual, but it can be as absurd as any other
        let first = (purchases.spend - purchases.repeat_spend) as f64;
        if mean.unwrap_or_default().max(first) > BELIEVED * usual {
            return None;
        }
        let bookings = self
            .rate
            .expected(&purchases.visits(self.day), f64::from(HORIZON) / WEEK);
        let worth = bookings * self.value.expected(purchases.repeats, mean);
        (worth.is_finite() && worth < money::LARGEST_AMOUNT as f64).then(|| worth.round() as i64)
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
    /// The amounts are too far apart to say what a customer spends.
    AmountsTooFarApart,
}

impl Unfit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::TooFewRepeaters, Self::TooShort, Self::AmountsTooFarApart];

    /// The code that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooFewRepeaters => "too_few_repeaters",
            Self::TooShort => "history_too_short",
            Self::AmountsTooFarApart => "amounts_too_far_apart",
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
    let (value, value_log_likelihood) = fit_values(values)?;
    Ok(Fit {
        model: Model { day, rate, value },
        rate_log_likelihood,
        value_log_likelihood,
    })
}

/// Fits what customers spend a time, without the few who are beyond belief: one of them would make fortunes of everyone.
fn fit_values(mut values: Vec<Values>) -> Result<(GammaGamma, f64), Unfit> {
    let mut means: Vec<f64> = values.iter().map(|values| values.mean).collect();
    let middle = means.len() / 2;
    let (_, median, _) = means.select_nth_unstable_by(middle, f64::total_cmp);
    let most = BELIEVED * *median;
    let all = values.len();
    values.retain(|values| values.mean <= most);
    if (all - values.len()) * DOUBTED > all || values.len() < FEWEST_REPEATERS {
        return Err(Unfit::AmountsTooFarApart);
    }
    let known = values.iter().map(|values| values.mean).sum::<f64>() / values.len() as f64;
    let (model, log_likelihood) = gamma_gamma::fit(&values);
    let usual = model.expected(0, None);
    if !usual.is_finite() || usual > STRETCHED * known {
        return Err(Unfit::AmountsTooFarApart);
    }
    Ok((model, log_likelihood))
}
