//! Insights: what the agency can learn of all its customers together.

use super::Front;
use super::extract::{Auth, Query};
use super::problem::{Answer, Problem};
use axum::extract::State;
use posthouse_app::insights::{self as app, Measure, Window};
use posthouse_app::team::Scope;
use posthouse_domain::insights::pareto::Point;
use posthouse_domain::time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Front> {
    OpenApiRouter::new().routes(routes!(pareto))
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
    window: &'static str,
    /// What customers are ranked by: `spend` or `margin`.
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
    #[param(example = "12m")]
    window: Option<String>,
    /// What customers are ranked by: `spend` or `margin`; `spend` if left out.
    #[param(example = "spend")]
    by: Option<String>,
}

/// The Pareto view: which share of the customers brings which share of spend and margin.
#[utoipa::path(get, path = "/insights/pareto", tag = "insights", operation_id = "paretoView", params(ParetoQuery),
    responses((status = 200, description = "The curve, and where it passes 20 % of the customers and 80 % of the money.", body = Pareto)))]
async fn pareto(
    State(front): State<Front>,
    auth: Auth,
    Query(query): Query<ParetoQuery>,
) -> Answer<axum::Json<Pareto>> {
    let caller = auth.may(Scope::Read)?;
    let window = match query.window.as_deref().unwrap_or("12m") {
        "12m" => (Window::Year, "12m"),
        "24m" => (Window::TwoYears, "24m"),
        "total" => (Window::Total, "total"),
        other => {
            let detail = format!("window {other:?} is not known; use 12m, 24m or total");
            return Err(Problem::unprocessable("bad_window", detail));
        }
    };
    let by = match query.by.as_deref().unwrap_or("spend") {
        "spend" => Measure::Spend,
        "margin" => Measure::Margin,
        other => {
            let detail = format!("by {other:?} is not known; use spend or margin");
            return Err(Problem::unprocessable("bad_measure", detail));
        }
    };
    let found = front.app().pareto(&caller, window.0, by).await?;
    Ok(axum::Json(Pareto::new(window.1, by, &found)))
}
