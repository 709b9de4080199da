//! The books: what is outstanding, and what moved.

use super::day;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Query};
use axum::extract::State;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(liability))
        .open_to(&[Scope::Read], routes!(movements))
}

/// Points that are outstanding, of members of a tier and ending in the same month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutstandingPoints)]
struct Outstanding {
    /// Key of the tier; `null` for members without one.
    #[schema(example = "gold")]
    tier: Option<String>,
    /// The month in which they end; `null` for what has no end, or has not begun.
    #[schema(example = "2027-12")]
    month: Option<String>,
    /// What can be spent or is set aside.
    available: i64,
    /// What waits.
    pending: i64,
    /// What all of it is worth, in minor units.
    value: i64,
}

/// What nobody is expected to spend, and from what that follows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Breakage)]
struct Breakage {
    /// The first day that was looked at.
    #[schema(format = Date, example = "2024-06-02")]
    from: String,
    /// The last.
    #[schema(format = Date, example = "2026-06-01")]
    to: String,
    /// What expired or was forfeited then.
    expired: i64,
    /// What was spent then.
    spent: i64,
    /// Which share of what ended then had expired, in parts of 10,000; `null` if nothing ended.
    rate: Option<i64>,
    /// How many of the outstanding points that are.
    points: i64,
    /// What they are worth, in minor units.
    value: i64,
}

/// What is outstanding.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Liability)]
struct Liability {
    /// The day.
    #[schema(format = Date, example = "2026-06-01")]
    on: String,
    /// What can be spent or is set aside.
    available: i64,
    /// What waits.
    pending: i64,
    /// What members owe.
    owed: i64,
    /// What all of it is worth, less what is owed, in minor units.
    value: i64,
    /// Minor units that a hundred points are worth.
    value_of_100: i64,
    /// By tier and month; nothing for a past day.
    items: Vec<Outstanding>,
    /// What of it nobody will spend.
    breakage: Breakage,
}

impl From<app::Liability> for Liability {
    fn from(found: app::Liability) -> Self {
        let row = |row: app::Outstanding| Outstanding {
            tier: row.tier,
            month: row.month.map(|day| time::day_text(day)[..7].to_owned()),
            available: row.available,
            pending: row.pending,
            value: row.value,
        };
        let breakage = found.breakage;
        Self {
            on: time::day_text(found.on),
            available: found.available,
            pending: found.pending,
            owed: found.owed,
            value: found.value,
            value_of_100: found.value_of_100,
            items: found.rows.into_iter().map(row).collect(),
            breakage: Breakage {
                from: time::day_text(breakage.from),
                to: time::day_text(breakage.to),
                expired: breakage.expired,
                spent: breakage.spent,
                rate: breakage.rate,
                points: breakage.points,
                value: breakage.value,
            },
        }
    }
}

/// What moved in one way, of points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Movement)]
struct Movement {
    /// The kind of the lines, or `opening` and `closing`.
    #[schema(example = "earned")]
    kind: String,
    /// Of what waits.
    pending: i64,
    /// Of what can be spent.
    available: i64,
    /// Of what is set aside.
    held: i64,
    /// Of what is owed.
    owed: i64,
    /// How many lines.
    lines: i64,
}

impl From<app::Movement> for Movement {
    fn from(row: app::Movement) -> Self {
        Self {
            kind: row.kind,
            pending: row.pending,
            available: row.available,
            held: row.held,
            owed: row.owed,
            lines: row.lines,
        }
    }
}

/// What moved in a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Movements)]
struct Movements {
    /// What there was on the evening before.
    opening: Movement,
    /// What moved, by kind. With the opening it is the closing.
    items: Vec<Movement>,
    /// What there was on the last evening.
    closing: Movement,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AsOf {
    /// A past day; today if left out.
    #[param(example = "2025-12-31")]
    as_of: Option<String>,
}

/// What is outstanding and what it is worth.
///
/// By tier and month of expiry for today; of a past day the sums. Before there is a programme: 404.
#[utoipa::path(get, path = "/loyalty/liability", tag = "loyalty", operation_id = "getLiability", params(AsOf),
    responses(
        (status = 200, description = "What is outstanding.", body = Liability),
        (status = 404, description = "There is no programme yet.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn liability(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(asked): Query<AsOf>,
) -> Answer<axum::Json<Liability>> {
    let as_of = asked.as_of.as_deref().map(|text| day("as_of", text)).transpose()?;
    Ok(axum::Json(
        front.app().loyalty().liability(&caller, as_of).await?.into(),
    ))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Period {
    /// The first day.
    #[param(example = "2026-01-01")]
    from: String,
    /// The last day.
    #[param(example = "2026-01-31")]
    to: String,
}

/// What moved in a period, from the opening to the closing balance.
#[utoipa::path(get, path = "/loyalty/movements", tag = "loyalty", operation_id = "getMovements", params(Period),
    responses((status = 200, description = "What moved, of points.", body = Movements)))]
async fn movements(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(period): Query<Period>,
) -> Answer<axum::Json<Movements>> {
    let days = (day("from", &period.from)?, day("to", &period.to)?);
    let found = front.app().loyalty().movements(&caller, days).await?;
    Ok(axum::Json(Movements {
        opening: found.opening.into(),
        items: found.rows.into_iter().map(Into::into).collect(),
        closing: found.closing.into(),
    }))
}
