//! Insights: what the agency can learn of all its customers together.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Query};
use super::fixed;
use super::page::At;
use axum::extract::State;
use posthouse_app::insights::{self as app, Measure, Window};
use posthouse_app::team::Scope;
use posthouse_domain::insights::pareto::Point;
use posthouse_domain::insights::rfm::SCORES;
use posthouse_domain::{time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(pareto))
        .open_to(&[Scope::Read], routes!(clv))
        .open_to(&[Scope::Rules], routes!(fit_clv))
        .open_to(&[Scope::Read], routes!(loyal))
        .open_to(&[Scope::Read], routes!(rfm))
}

/// What the best customers bring together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParetoPoint {
    /// Share of the customers in hundredths, the best first.
    percent: u8,
    /// That many customers: the share, rounded up.
    customers: u64,
    /// Their spend in minor units.
    spend: i64,
    /// Their share of all spend, 1 being all of it; `null` if there is none.
    spend_share: Option<f64>,
    /// Their margin in minor units; `null` where margins are not known.
    margin: Option<i64>,
    /// Their share of all margin. It may rise above 1 where the last customers cost money; `null` if there is none to share.
    margin_share: Option<f64>,
}

/// How few customers bring four fifths.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FourFifths {
    /// How many.
    customers: u64,
    /// Their share of the customers on the curve, 1 being all of them.
    share: f64,
}

/// Which share of the customers brings which share of spend and margin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pareto {
    /// `12m`, `24m` or `total`.
    #[schema(value_type = fixed::ParetoWindow)]
    window: &'static str,
    /// What customers are ranked by: `spend` or `margin`.
    #[schema(value_type = fixed::ParetoMeasure)]
    by: &'static str,
    /// The day of the facts.
    #[schema(format = Date, example = "2026-01-15")]
    day: String,
    /// Currency of all sums.
    #[schema(example = "CNY")]
    currency: String,
    /// Customers on the curve: those with spend or margin in the window.
    customers: u64,
    /// Customers with neither, who are left out.
    excluded: u64,
    /// Spend of all in minor units.
    spend: i64,
    /// Margin of all in minor units; `null` where margins are not known.
    margin: Option<i64>,
    /// Share of what customers are ranked by that the best 20 % bring.
    top_fifth_share: Option<f64>,
    /// The fewest customers who bring 80 % of what customers are ranked by; `null` if all together bring nothing.
    four_fifths: Option<FourFifths>,
    /// The curve at 1 % to 100 % of the customers; empty without customers.
    points: Vec<ParetoPoint>,
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Pareto {
    fn new(window: &'static str, by: Measure, pareto: &app::Pareto) -> Self {
        let curve = &pareto.curve;
        let margins = pareto.has_margin;
        let (all_spend, all_margin) = sides(by, curve.ranked, curve.beside);
        let point = |point: &Point| {
            let (spend, margin) = sides(by, point.ranked, point.beside);
            ParetoPoint {
                percent: point.percent,
                customers: point.customers,
                spend,
                spend_share: share(spend, all_spend),
                margin: margins.then_some(margin),
                margin_share: share(margin, all_margin).filter(|_| margins),
            }
        };
        Self {
            window,
            by: match by {
                Measure::Spend => "spend",
                Measure::Margin => "margin",
            },
            day: time::day_text(pareto.day),
            currency: pareto.currency.to_string(),
            customers: curve.customers,
            excluded: pareto.excluded,
            spend: all_spend,
            margin: margins.then_some(all_margin),
            top_fifth_share: curve.points.get(19).and_then(|point| share(point.ranked, curve.ranked)),
            four_fifths: curve.four_fifths.map(|customers| FourFifths {
                customers,
                share: customers as f64 / curve.customers as f64,
            }),
            points: curve.points.iter().map(point).collect(),
        }
    }
}

/// Spend and margin of what is ranked and what stands beside it.
fn sides(by: Measure, ranked: i64, beside: i64) -> (i64, i64) {
    match by {
        Measure::Spend => (ranked, beside),
        Measure::Margin => (beside, ranked),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ParetoQuery {
    /// `12m`, `24m` or `total`; `12m` if left out. Margins are known of `12m` only.
    #[param(value_type = Option<fixed::ParetoWindow>, example = "12m")]
    window: Option<String>,
    /// What customers are ranked by: `spend` or `margin`; `spend` if left out.
    #[param(value_type = Option<fixed::ParetoMeasure>, example = "spend")]
    by: Option<String>,
}

/// The Pareto view: which share of the customers brings which share of spend and margin.
#[utoipa::path(get, path = "/insights/pareto", tag = "insights", operation_id = "paretoView", params(ParetoQuery),
    responses((status = 200, description = "The curve, and where it passes 20 % of the customers and 80 % of the money.", body = Pareto)))]
async fn pareto(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ParetoQuery>,
) -> Answer<axum::Json<Pareto>> {
    let window = match query.window.as_deref().unwrap_or("12m") {
        "12m" => (Window::Year, "12m"),
        "24m" => (Window::TwoYears, "24m"),
        "total" => (Window::Total, "total"),
        other => {
            let detail = words!(
                "window {other:?} is not known; use 12m, 24m or total",
                "window {other:?} 无法识别；可用 12m、24m、total"
            );
            return Err(Problem::unprocessable("bad_window", detail));
        }
    };
    let by = match query.by.as_deref().unwrap_or("spend") {
        "spend" => Measure::Spend,
        "margin" => Measure::Margin,
        other => {
            let detail = words!(
                "by {other:?} is not known; use spend or margin",
                "by {other:?} 无法识别；可用 spend、margin"
            );
            return Err(Problem::unprocessable("bad_measure", detail));
        }
    };
    let found = front.app().insights().pareto(&caller, window.0, by).await?;
    Ok(axum::Json(Pareto::new(window.1, by, &found)))
}

/// How often customers book: the BG/NBD model, time in weeks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RateModel {
    /// Shape of the booking rates.
    r: f64,
    /// Scale of the booking rates.
    alpha: f64,
    /// First parameter of the chances of being lost after a booking.
    a: f64,
    /// Second parameter of the chances of being lost after a booking.
    b: f64,
    /// Logarithm of the likelihood of all booking days.
    log_likelihood: f64,
}

/// For how much customers book: the Gamma-Gamma model, money in minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueModel {
    /// Shape of one customer's values.
    p: f64,
    /// Shape of all customers' means.
    q: f64,
    /// Scale of all customers' means.
    gamma: f64,
    /// Logarithm of the likelihood of all means.
    log_likelihood: f64,
}

/// A fit of the models behind the fact `clv-24m`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClvFit {
    /// Counts from 1.
    fit: i64,
    /// The day up to which the history was looked at.
    #[schema(format = Date, example = "2026-01-15")]
    day: String,
    /// Business time.
    at: At,
    /// Customers with a trip.
    customers: i64,
    /// Those of them who booked again on a later day.
    repeaters: i64,
    /// Why there are no models: `too_few_repeaters` (fewer than 100), `history_too_short` (less than 182 days) or
    /// `amounts_too_far_apart`; `null` if there are.
    #[schema(value_type = Option<fixed::ClvUnfit>)]
    unfit: Option<String>,
    /// How often customers book.
    rate: Option<RateModel>,
    /// For how much.
    value: Option<ValueModel>,
}

impl From<app::ClvFit> for ClvFit {
    fn from(fit: app::ClvFit) -> Self {
        let found = fit.found.as_ref().ok();
        Self {
            fit: fit.fit,
            day: time::day_text(fit.day),
            at: fit.at.into(),
            customers: fit.customers,
            repeaters: fit.repeaters,
            rate: found.map(|found| RateModel {
                r: found.model.rate.r,
                alpha: found.model.rate.alpha,
                a: found.model.rate.a,
                b: found.model.rate.b,
                log_likelihood: found.rate_log_likelihood,
            }),
            value: found.map(|found| ValueModel {
                p: found.model.value.p,
                q: found.model.value.q,
                gamma: found.model.value.gamma,
                log_likelihood: found.value_log_likelihood,
            }),
            unfit: fit.found.err(),
        }
    }
}

/// The latest fit of the models.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clv {
    /// The fit in force; `null` before the first night.
    latest: Option<ClvFit>,
}

/// The models behind the fact `clv-24m`: what a customer can be expected to spend in the next 730 days.
///
/// They are fitted to all customers after each local midnight. `GET /facts/export` has everyone's value.
#[utoipa::path(get, path = "/insights/clv", tag = "insights", operation_id = "readClv",
    responses((status = 200, description = "The latest fit.", body = Clv)))]
async fn clv(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Clv>> {
    let latest = front.app().insights().clv(&caller).await?.map(ClvFit::from);
    Ok(axum::Json(Clv { latest }))
}

/// Fit the models behind `clv-24m` now instead of after midnight.
///
/// Rules that read the fact see the new values at their next full run.
#[utoipa::path(post, path = "/insights/clv", tag = "insights", operation_id = "fitClv",
    responses((status = 200, description = "What was found.", body = ClvFit)))]
async fn fit_clv(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<ClvFit>> {
    Ok(axum::Json(front.app().insights().fit_clv(&caller).await?.into()))
}

/// One of the five indicators over all customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoyaltyIndicator {
    /// `frequency`, `spend`, `satisfaction`, `word-of-mouth` or `feedback`.
    #[schema(value_type = fixed::LoyalIndicator)]
    key: &'static str,
    /// The fact it looks at.
    #[schema(example = "trips-24m")]
    fact: &'static str,
    /// From how many on it counts; money in minor units.
    threshold: f64,
    /// Whether anything feeds the fact yet; nobody meets the indicator otherwise.
    has_source: bool,
    /// How many customers meet it.
    met: u64,
}

/// A loyal customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoyalCustomer {
    /// Who.
    customer_id: Uuid,
    /// The shown name.
    name: Option<String>,
    /// The indicators they meet.
    #[schema(value_type = Vec<fixed::LoyalIndicator>)]
    met: Vec<&'static str>,
}

/// Loyal customers by five indicators.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Loyal {
    /// The day of the facts.
    #[schema(format = Date, example = "2026-01-15")]
    day: String,
    /// Currency of the spend.
    #[schema(example = "CNY")]
    currency: String,
    /// All customers.
    customers: u64,
    /// How many indicators a loyal customer meets.
    at_least: usize,
    /// How many customers are loyal.
    loyal: u64,
    /// The indicators.
    indicators: Vec<LoyaltyIndicator>,
    /// How many customers meet none, one, two, three, four and all five.
    by_count: Vec<u64>,
    /// A page of loyal customers, in the order in which they became customers.
    items: Vec<LoyalCustomer>,
    /// Send it as `cursor` to get the next page; `null` on the last one.
    next: Option<String>,
}

impl From<app::Loyal> for Loyal {
    fn from(loyal: app::Loyal) -> Self {
        let indicator = |count: app::IndicatorCount| LoyaltyIndicator {
            key: count.indicator.as_str(),
            fact: count.indicator.fact(),
            threshold: count.threshold,
            has_source: count.has_source,
            met: count.met,
        };
        let customer = |customer: app::LoyalCustomer| LoyalCustomer {
            customer_id: customer.customer_id,
            name: customer.name,
            met: customer.met.into_iter().map(|indicator| indicator.as_str()).collect(),
        };
        Self {
            day: time::day_text(loyal.day),
            currency: loyal.currency.to_string(),
            customers: loyal.customers,
            at_least: loyal.at_least,
            loyal: loyal.loyal,
            indicators: loyal.indicators.into_iter().map(indicator).collect(),
            by_count: loyal.by_count.to_vec(),
            items: loyal.items.into_iter().map(customer).collect(),
            next: loyal.next,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LoyalQuery {
    /// Frequency: trips of 24 months; 2 if left out.
    trips: Option<f64>,
    /// Spend of 24 months in minor units; if left out, the 80th percentile among those who travelled in that time.
    spend: Option<f64>,
    /// Mean satisfaction of 12 months; 4 if left out.
    satisfaction: Option<f64>,
    /// Word of mouth: customers referred in 12 months; 1 if left out.
    referrals: Option<f64>,
    /// Feedback: reviews written in 12 months; 1 if left out.
    feedback: Option<f64>,
    /// How many of the five a loyal customer meets; as many as have a source if left out.
    at_least: Option<usize>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Loyal customers by five indicators: frequency, spend, satisfaction, word of mouth, feedback.
#[utoipa::path(get, path = "/insights/loyal", tag = "insights", operation_id = "loyalCustomers", params(LoyalQuery),
    responses((status = 200, description = "How many meet each indicator, and a page of those who meet enough.", body = Loyal)))]
async fn loyal(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<LoyalQuery>,
) -> Answer<axum::Json<Loyal>> {
    let limit = front.limit(query.limit)?;
    let request = app::LoyalRequest {
        thresholds: [
            query.trips,
            query.spend,
            query.satisfaction,
            query.referrals,
            query.feedback,
        ],
        at_least: query.at_least,
    };
    let found = front
        .app()
        .insights()
        .loyal(&caller, request, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(found.into()))
}

/// Guests who booked and travelled alike.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RfmCell {
    /// Score of recency, 5 for the fifth who booked latest.
    recency: usize,
    /// Score of frequency, 5 for the fifth who travelled most often.
    frequency: usize,
    /// The fewest days since the latest booking; `null` if there is no bound.
    recency_days_from: Option<i64>,
    /// The most of them; `null` if there is no bound.
    recency_days_to: Option<i64>,
    /// The fewest trips of 24 months; `null` if there is no bound.
    trips_from: Option<i64>,
    /// The most of them; `null` if there is no bound.
    trips_to: Option<i64>,
    /// How many customers.
    customers: u64,
    /// What they spent in 24 months, in minor units.
    spend: i64,
    /// Their mean score of money, 1 to 5; `null` if there are none.
    money: Option<f64>,
}

/// How lately guests booked against how often they travelled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rfm {
    /// The day of the facts.
    #[schema(format = Date, example = "2026-01-15")]
    day: String,
    /// Currency of all sums.
    #[schema(example = "CNY")]
    currency: String,
    /// Customers who travelled in the last 24 months; they are on the map.
    customers: u64,
    /// Customers who did not.
    others: u64,
    /// 25 cells, those who booked latest first, and of these those who travelled most often.
    cells: Vec<RfmCell>,
}

impl From<app::Rfm> for Rfm {
    fn from(found: app::Rfm) -> Self {
        let places = (1..=SCORES).rev().flat_map(|r| (1..=SCORES).rev().map(move |f| (r, f)));
        let cell = |(r, f): (usize, usize)| {
            let (cell, days, trips) = (
                found.map.cells[r - 1][f - 1],
                found.map.recency[r - 1],
                found.map.frequency[f - 1],
            );
            RfmCell {
                recency: r,
                frequency: f,
                recency_days_from: days.0,
                recency_days_to: days.1,
                trips_from: trips.0,
                trips_to: trips.1,
                customers: cell.customers,
                spend: cell.spend,
                money: (cell.customers > 0).then(|| cell.money as f64 / 100.0),
            }
        };
        Self {
            day: time::day_text(found.day),
            currency: found.currency.to_string(),
            customers: found.customers,
            others: found.others,
            cells: places.map(cell).collect(),
        }
    }
}

/// The RFM map: how lately guests booked against how often they travelled, and what those of each cell spent.
///
/// Scores are fifths among the customers who travelled in the last 24 months, as the rule `rfm` has them. A cell's bounds are those of the facts
/// `recency-days` and `trips-24m`, so that `GET /customers?fact=…` finds the same customers.
#[utoipa::path(get, path = "/insights/rfm", tag = "insights", operation_id = "rfmMap",
    responses((status = 200, description = "The map.", body = Rfm)))]
async fn rfm(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Rfm>> {
    Ok(axum::Json(front.app().insights().rfm(&caller).await?.into()))
}
