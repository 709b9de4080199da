//! Changes to what is in force: the old plan serves until another person approves the new one.

use super::super::Front;
use super::super::auth::READERS;
use super::super::calls::Calls;
use super::super::described;
use super::super::extract::{Auth, Json, OptionalJson, Path, Query, if_match};
use super::super::fixed;
use super::super::page::{At, BackwardsQuery, Page, page_of};
use super::plan::{PlanBody, RuleBody};
use super::{StepNote, shown};
use crate::campaigns::shapes::Campaign;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use posthouse_app::campaigns as app;
use posthouse_app::team::Scope;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&READERS, routes!(list))
        .open_to(&[Scope::Campaigns], routes!(propose))
        .open_to(&[Scope::Approvals], routes!(approve))
        .open_to(&[Scope::Approvals], routes!(reject))
}

/// A change to what is in force: another rule by `digest` and `config`, or another `plan`, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"digest": "9f2b6c…", "config": {"days": 45}, "note": "too few book early enough"}))]
struct NewAmendment {
    /// The plugin of the new rule.
    digest: Option<String>,
    /// Its settings.
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
    /// The new plan, instead of a rule alone.
    plan: Option<PlanBody>,
    /// Fields of the plan whose unusual figures are meant as they are written.
    #[serde(default)]
    #[schema(value_type = Vec<fixed::DoubtfulField>)]
    as_written: Vec<String>,
    /// Facts that the new rule reads beyond those granted before.
    #[serde(default)]
    grant: Vec<String>,
    /// Why.
    note: Option<String>,
}

/// A change to what is in force.
#[derive(Debug, Serialize, ToSchema)]
struct Amendment {
    /// Counts from 1.
    amendment: i64,
    /// `proposed`, `approved` or `rejected`.
    #[schema(value_type = fixed::AmendmentState, example = "proposed")]
    state: String,
    /// The whole plan as it would be.
    plan: PlanBody,
    /// SHA-256 of that plan as canonical JSON.
    plan_hash: String,
    /// Facts that the approval grants.
    grant: Vec<String>,
    /// What was foreseen when it was proposed: `changes` of the plan in words, and what both plans would take off the latest quotes
    /// (`now`, `then`: minor units).
    #[schema(value_type = described::PlanPreview)]
    preview: Value,
    /// Why.
    note: Option<String>,
    /// The key that proposed it.
    proposed_by: Uuid,
    /// When.
    proposed_at: At,
    /// The key that decided; null if the host closed it with its campaign.
    decided_by: Option<Uuid>,
    /// When.
    decided_at: Option<At>,
}

impl From<app::AmendmentView> for Amendment {
    fn from(amendment: app::AmendmentView) -> Self {
        Self {
            amendment: amendment.amendment,
            state: amendment.state,
            plan: amendment.plan.into(),
            plan_hash: amendment.plan_hash,
            grant: amendment.grant,
            preview: amendment.preview,
            note: amendment.note,
            proposed_by: amendment.proposed_by,
            proposed_at: amendment.proposed_at.into(),
            decided_by: amendment.decided_by,
            decided_at: amendment.decided_at.map(At),
        }
    }
}

/// The amendments of a campaign, the newest first.
#[utoipa::path(get, path = "/campaigns/{id}/amendments", tag = "campaigns", operation_id = "listAmendments",
    params(("id" = String, Path, description = "Id or key of the campaign."), BackwardsQuery),
    responses((status = 200, description = "A page of amendments.", body = Page<Amendment>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Query(query): Query<BackwardsQuery>,
) -> Answer<axum::Json<Page<Amendment>>> {
    let (limit, before) = query.page(&front)?;
    let found = front
        .app()
        .amendments()
        .list(&caller, &id, before, limit as i64 + 1)
        .await?;
    Ok(axum::Json(page_of(found, limit, |amendment| amendment.amendment)))
}

/// Propose a change to what is running or paused.
///
/// What is in force serves on until another key approves it. One amendment at a time waits for a decision: 409 `amendment_open`.
#[utoipa::path(post, path = "/campaigns/{id}/amendments", tag = "campaigns", operation_id = "proposeAmendment", request_body = NewAmendment,
    params(("id" = String, Path, description = "Id or key of the campaign.")),
    responses((status = 201, description = "The amendment with what is foreseen.", body = Amendment)))]
async fn propose(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<NewAmendment>,
) -> Answer<(StatusCode, axum::Json<Amendment>)> {
    let proposal = match (body.plan, body.digest) {
        (Some(plan), None) if body.config.is_none() => {
            app::Proposal::Plan(Box::new(plan.read(&caller.room.terms)?), body.as_written)
        }
        (None, Some(digest)) => app::Proposal::Rule(RuleBody::new(digest, body.config.unwrap_or_default()).read()?),
        _ => {
            let detail = words!(
                "send either digest and config of another rule, or another plan as a whole",
                "请只发送其一：另一条规则的 digest 和 config，或另一份完整方案"
            );
            return Err(Problem::unprocessable("bad_amendment", detail));
        }
    };
    let note = body.note.as_deref();
    let amendment = front
        .app()
        .amendments()
        .propose(&caller, &id, &proposal, &body.grant, note)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(amendment.into())))
}

/// Put an amendment into force.
///
/// Another key than the one that proposed it: 409 `own_plan` otherwise.
#[utoipa::path(post, path = "/campaigns/{id}/amendments/{number}/approve", tag = "campaigns", operation_id = "approveAmendment", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."), ("number" = i64, Path, description = "Number of the amendment."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign with its new plan.", body = Campaign)))]
async fn approve(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, number)): Path<(String, i64)>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    let expected = if_match(&headers)?.version();
    let view = front
        .app()
        .amendments()
        .approve(&caller, (&id, number), said.note.as_deref(), expected)
        .await?;
    Ok(shown(view))
}

/// Leave everything as it is, with a reason as note.
#[utoipa::path(post, path = "/campaigns/{id}/amendments/{number}/reject", tag = "campaigns", operation_id = "rejectAmendment", request_body = StepNote,
    params(("id" = String, Path, description = "Id or key of the campaign."), ("number" = i64, Path, description = "Number of the amendment.")),
    responses((status = 200, description = "The amendment, rejected.", body = Amendment)))]
async fn reject(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, number)): Path<(String, i64)>,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<axum::Json<Amendment>> {
    let rejected = front
        .app()
        .amendments()
        .reject(&caller, (&id, number), said.note.as_deref())
        .await?;
    Ok(axum::Json(rejected.into()))
}
