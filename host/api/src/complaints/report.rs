//! What complaints have in common.

use super::one_of;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Query};
use crate::fixed;
use axum::extract::State;
use posthouse_app::complaints::{By, ReportRow};
use posthouse_app::team::Scope;
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Read], routes!(report))
}

/// Cases that have something in common.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintReportRow)]
struct Row {
    /// What; `null` where it is not known.
    key: Option<String>,
    /// How many.
    cases: i64,
    /// Their share together with the rows before, in hundredths: the Pareto line.
    cumulative_percent: f64,
    /// How many are open.
    open: i64,
    /// Of how many something promised was not done in time.
    breached: i64,
    /// How often they were opened again.
    reopened: i64,
    /// Median minutes until the customer first heard something.
    response_minutes: Option<i64>,
    /// Median minutes until they were resolved.
    resolution_minutes: Option<i64>,
    /// What customers said on average, from 1 to 5.
    rating: Option<f64>,
    /// What putting right has cost, in minor units; `null` for roles that see no money.
    cost: Option<i64>,
}

impl From<ReportRow> for Row {
    fn from(row: ReportRow) -> Self {
        Self {
            key: row.key,
            cases: row.cases,
            cumulative_percent: row.cumulative_percent,
            open: row.open,
            breached: row.breached,
            reopened: row.reopened,
            response_minutes: row.response_minutes,
            resolution_minutes: row.resolution_minutes,
            rating: row.rating,
            cost: row.cost,
        }
    }
}

/// Complaints of some days together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintReport)]
struct Report {
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last.
    #[schema(format = Date)]
    to: String,
    /// What they are put together by.
    #[schema(value_type = fixed::ComplaintsBy)]
    by: &'static str,
    /// All of them.
    all: Row,
    /// The most first, 100 at most.
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The first day; 90 days ago if left out.
    #[param(format = Date, example = "2026-01-01")]
    from: Option<String>,
    /// The last day; today if left out.
    #[param(format = Date, example = "2026-03-31")]
    to: Option<String>,
    /// What they are put together by; `cause` if left out.
    #[param(value_type = Option<fixed::ComplaintsBy>)]
    by: Option<String>,
}

/// What cases that came on some days have in common: counts, the Pareto line, times, breaches, cost.
#[utoipa::path(get, path = "/insights/complaints", tag = "insights", operation_id = "complaintReport", params(Asked),
    responses((status = 200, description = "The report.", body = Report)))]
async fn report(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(asked): Query<Asked>,
) -> Answer<axum::Json<Report>> {
    let by = one_of("by", asked.by.as_deref().unwrap_or("cause"), &By::ALL, By::as_str)?;
    let today = caller.room.day_of(front.app().now());
    let day = |text: Option<String>| text.map(|text| crate::tasks::day(&text)).transpose();
    let to = day(asked.to)?.unwrap_or(today);
    let from = day(asked.from)?.unwrap_or(to - 89);
    let report = front.app().complaints().report(&caller, (from, to), by).await?;
    Ok(axum::Json(Report {
        from: time::day_text(report.from),
        to: time::day_text(report.to),
        by: by.as_str(),
        all: report.all.into(),
        rows: report.rows.into_iter().map(Into::into).collect(),
    }))
}
