//! Seeing beforehand what another rule would do with cases.

use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Json, plugin_digest};
use crate::page::At;
use crate::reason::Reason;
use axum::extract::State;
use posthouse_app::complaints::{self as app};
use posthouse_app::team::Scope;
use posthouse_domain::{Words, time};
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to_all_of(&[Scope::Rules, Scope::Read], routes!(preview))
}

/// A rule to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoutingPreviewRequest, example = json!({"digest": "9f2b6c…", "config": {}, "days": 90}))]
struct Request {
    /// The plugin.
    digest: String,
    /// Its settings; `{}` takes the plugin's defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// Over the cases of how many days, today included, 1 to 730; 90 if left out.
    #[serde(default = "quarter")]
    days: i32,
}

fn quarter() -> i32 {
    90
}

/// What a rule makes of all cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingForeseen)]
struct Foreseen {
    /// Cases by the key of the desk.
    desks: BTreeMap<String, i64>,
    /// Cases by severity, from 1 to 4.
    severities: Vec<i64>,
    /// Cases of which something would not have been done in time, had they been answered when they were.
    breached: i64,
    /// How often cases would have gone from desk to desk.
    hops: i64,
    /// Cases that would have come to no end, and stayed at the default desk.
    loops: i64,
    /// How often the rule failed.
    failed: i64,
}

impl From<app::Foreseen> for Foreseen {
    fn from(foreseen: app::Foreseen) -> Self {
        Self {
            desks: foreseen.desks,
            severities: foreseen.severities.to_vec(),
            breached: foreseen.breached,
            hops: foreseen.hops,
            loops: foreseen.loops,
            failed: foreseen.failed,
        }
    }
}

/// Something by the rule in force and by the other one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutedCase)]
struct Rerouted {
    /// Id of the case.
    id: Uuid,
    /// Its number.
    number: String,
    /// The desk by the rule in force.
    desk_now: String,
    /// The desk by the other one.
    desk_then: String,
    /// The severity by the rule in force.
    severity_now: i32,
    /// The severity by the other one.
    severity_then: i32,
    /// When it would have had to be resolved, by the rule in force.
    due_now: Option<At>,
    /// The same by the other one.
    due_then: Option<At>,
    /// Whether something would not have been done in time, by the rule in force.
    breached_now: bool,
    /// The same by the other one.
    breached_then: bool,
    /// Why the other one sends it there.
    reason: Option<Reason>,
}

impl From<app::Rerouted> for Rerouted {
    fn from(one: app::Rerouted) -> Self {
        Self {
            id: one.id,
            number: one.number,
            desk_now: one.desk.0,
            desk_then: one.desk.1,
            severity_now: one.severity.0,
            severity_then: one.severity.1,
            due_now: one.due_at.0.map(At),
            due_then: one.due_at.1.map(At),
            breached_now: one.breached.0,
            breached_then: one.breached.1,
            reason: one.reason.map(Into::into),
        }
    }
}

/// What another rule would have done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingPreview)]
struct Preview {
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last.
    #[schema(format = Date)]
    to: String,
    /// Cases that were played.
    cases: u64,
    /// Whether there are more than are played: the latest 20,000 are.
    is_cut: bool,
    /// By the rule in force; without one by the default desk and the agency's own times.
    now: Foreseen,
    /// By the other one.
    then: Foreseen,
    /// Cases that would go to another desk.
    other_desk: i64,
    /// Cases that would have another severity.
    other_severity: i64,
    /// Cases that would have to be answered or resolved at another time.
    other_deadline: i64,
    /// Those that change, the latest first, 200 at most.
    changed: Vec<Rerouted>,
    /// How the other rule failed first, by language.
    #[schema(value_type = Option<described::Localized>)]
    fault: Option<Words>,
    /// Facts the plugin reads that are not granted to the binding: its activation has to send them as `grant`.
    grant_needed: Vec<String>,
}

/// Try a rule over past cases, beside the one in force.
///
/// Both meet every case of the last days as it came, with the facts and desks of today, and are asked again at the escalations that the case lived to
/// see. Nothing is written.
#[utoipa::path(post, path = "/complaints/preview", tag = "complaints", operation_id = "previewComplaintRouting", request_body = Request,
    responses(
        (status = 200, description = "What would change.", body = Preview),
        (status = 404, description = "There is no such plugin.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn preview(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(request): Json<Request>,
) -> Answer<axum::Json<Preview>> {
    let request = app::PreviewRequest {
        digest: plugin_digest(&request.digest)?,
        config: Value::Object(request.config),
        days: request.days,
    };
    let view = front.app().complaints().preview(&caller, &request).await?;
    Ok(axum::Json(Preview {
        from: time::day_text(view.from),
        to: time::day_text(view.to),
        cases: view.cases as u64,
        is_cut: view.is_cut,
        now: view.before.into(),
        then: view.after.into(),
        other_desk: view.other_desk,
        other_severity: view.other_severity,
        other_deadline: view.other_deadline,
        changed: view.rerouted.into_iter().map(Into::into).collect(),
        fault: view.problem,
        grant_needed: view.grant_needed,
    }))
}
