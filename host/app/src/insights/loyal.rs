//! Loyal customers by five indicators, from the facts of everyone.

use crate::Insights;
use crate::error::{AppError, Result};
use crate::facts::Frame;
use crate::facts::columns::Rows;
use crate::labels::shown_name;
use crate::team::{Caller, Mask};
use posthouse_domain::catalogue::{ALL, NO_SOURCE, Value, position};
use posthouse_domain::insights::loyal::{INDICATORS, Indicator, met};
use posthouse_domain::money::Currency;
use posthouse_domain::{Day, quantiles, words};
use posthouse_store::{Access, profiles};
use uuid::Uuid;

/// What is asked of loyal customers. What is left out has its default.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoyalRequest {
    /// From how many on each indicator counts, in the order of [`INDICATORS`]; money in minor units.
    pub thresholds: [Option<f64>; 5],
    /// How many indicators a loyal customer meets; as many as have a source if left out.
    pub at_least: Option<usize>,
}

/// One indicator over everyone.
#[derive(Debug, Clone, Copy)]
pub struct IndicatorCount {
    /// Which.
    pub indicator: Indicator,
    /// From how many on it counts.
    pub threshold: f64,
    /// Whether anything feeds its fact; nobody meets it otherwise.
    pub has_source: bool,
    /// How many meet it.
    pub met: u64,
}

/// A loyal customer.
#[derive(Debug, Clone)]
pub struct LoyalCustomer {
    /// Who.
    pub customer_id: Uuid,
    /// The shown name.
    pub name: Option<String>,
    /// The indicators they meet.
    pub met: Vec<Indicator>,
}

/// Loyal customers, a page of them, and how all fare.
#[derive(Debug, Clone)]
pub struct Loyal {
    /// The day of the facts.
    pub day: Day,
    /// Currency of the spend.
    pub currency: Currency,
    /// All customers.
    pub customers: u64,
    /// How many indicators a loyal customer meets.
    pub at_least: usize,
    /// How many are loyal.
    pub loyal: u64,
    /// The indicators.
    pub indicators: Vec<IndicatorCount>,
    /// How many customers meet none, one … five.
    pub by_count: [u64; 6],
    /// The page, in the order in which they became customers.
    pub items: Vec<LoyalCustomer>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// The 80th percentile of the spend of those who travelled in two years, in minor units.
fn high_spend(frame: &Frame, today: Day) -> f64 {
    let everyone = Rows::Range(0..frame.len());
    let lend = |key: &str| Some(frame.lend(position(key)?, &everyone, today));
    let trips = lend("trips-24m");
    let mut spends = lend("spend-24m").map_or_else(Vec::new, |spend| spend.population(frame.len(), trips.as_ref()));
    quantiles::edges(&mut spends, 5).last().map_or(0.0, |edge| *edge as f64)
}

impl Insights<'_> {
    /// Loyal customers by five indicators.
    ///
    /// # Errors
    /// `bad_threshold`; `bad_at_least`; a cursor of another list.
    pub async fn loyal(
        &self,
        caller: &Caller,
        request: LoyalRequest,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Loyal> {
        caller.must_see(&[Mask::Money])?;
        let from: usize = cursor.unwrap_or("0").parse().map_err(|_| AppError::bad_cursor())?;
        for (indicator, threshold) in INDICATORS.iter().zip(request.thresholds) {
            if threshold.is_some_and(|threshold| !threshold.is_finite() || threshold < 0.0) {
                let detail = words!(
                    "the threshold of {indicator} must be a number, 0 or above",
                    "{indicator} 的阈值应为不小于 0 的数",
                    indicator = indicator.as_str()
                );
                return Err(AppError::invalid("bad_threshold", detail));
            }
        }
        if request.at_least.is_some_and(|at_least| !(1..=5).contains(&at_least)) {
            return Err(AppError::invalid(
                "bad_at_least",
                words!(
                    "at_least must be between 1 and 5, as there are five indicators",
                    "at_least 应在 1 到 5 之间，共五项指标"
                ),
            ));
        }
        let room = &caller.room;
        let currency = room.terms.currency;
        let question = move |frame: &Frame, today| look(frame, today, currency, &request, (from, limit));
        let (_, (mut found, page)) = self.ask(caller, question).await?;
        let ordinals: Vec<i64> = page.iter().map(|(ordinal, _)| *ordinal as i64).collect();
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let rows = profiles::customers_at(&mut tx, room.id, &ordinals).await?;
        found.items = rows
            .into_iter()
            .map(|row| {
                let met = page
                    .binary_search_by_key(&(row.ordinal as usize), |(ordinal, _)| *ordinal)
                    .map_or([false; 5], |index| page[index].1);
                LoyalCustomer {
                    customer_id: row.id,
                    name: shown_name(&row.profile),
                    met: INDICATORS
                        .into_iter()
                        .zip(met)
                        .filter_map(|(indicator, met)| met.then_some(indicator))
                        .collect(),
                }
            })
            .collect();
        Ok(found)
    }
}

/// Ordinals of loyal customers with the indicators they meet.
type Found = Vec<(usize, [bool; 5])>;

/// One pass over everyone: the counts, and the page from an ordinal on.
fn look(
    frame: &Frame,
    today: Day,
    currency: Currency,
    request: &LoyalRequest,
    (from, limit): (usize, usize),
) -> (Loyal, Found) {
    let facts = INDICATORS.map(|indicator| position(indicator.fact()));
    let any =
        |fact| (0..frame.len()).any(|row| !matches!(frame.value(fact, row, today), Value::Unknown | Value::Whole(0)));
    // what a capability feeds is known where anybody has any of it: an agency without referrals knows nothing of them
    let has_source = facts
        .map(|fact| fact.is_some_and(|fact| ALL[fact].source != NO_SOURCE && (ALL[fact].base.is_some() || any(fact))));
    // twice in two years, spending as only a fifth does, content on a scale of five, one of each a year
    let defaults = [2.0, high_spend(frame, today), 4.0, 1.0, 1.0];
    let thresholds: [f64; 5] = std::array::from_fn(|i| request.thresholds[i].unwrap_or(defaults[i]));
    let at_least = request
        .at_least
        .unwrap_or_else(|| has_source.iter().filter(|has| **has).count());
    let (mut counts, mut by_count, mut loyal) = ([0u64; 5], [0u64; 6], 0);
    let (mut page, mut next) = (Vec::new(), None);
    for row in 0..frame.len() {
        let values = std::array::from_fn(|i| {
            // what nothing feeds is nothing known, not nothing done
            let fact = facts[i].filter(|_| has_source[i])?;
            match frame.value(fact, row, today) {
                Value::Whole(n) => Some(n as f64),
                Value::Number(n) => Some(n),
                _ => None,
            }
        });
        let met = met(values, thresholds);
        for (count, met) in counts.iter_mut().zip(met) {
            *count += u64::from(met);
        }
        let times = met.iter().filter(|met| **met).count();
        by_count[times] += 1;
        if times >= at_least {
            loyal += 1;
            if row >= from && page.len() < limit {
                page.push((row, met));
            } else if row >= from && next.is_none() {
                next = Some(row.to_string());
            }
        }
    }
    let indicators = (0..5).map(|i| IndicatorCount {
        indicator: INDICATORS[i],
        threshold: thresholds[i],
        has_source: has_source[i],
        met: counts[i],
    });
    let found = Loyal {
        day: today,
        currency,
        customers: frame.len() as u64,
        at_least,
        loyal,
        indicators: indicators.collect(),
        by_count,
        items: Vec::new(),
        next,
    };
    (found, page)
}
