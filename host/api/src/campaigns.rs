//! Campaigns from plan to lessons.

use super::Front;
use super::auth::READERS;
use super::calls::Calls;
use super::extract::{Auth, Json, OptionalJson, Path, Query, etag, if_match};
use super::fixed;
use super::page::{BackwardsQuery, Page, page_of};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use posthouse_app::campaigns as app;
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::campaign::Action;
use posthouse_web::problem::Answer;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

mod amendments;
mod effect;
mod plan;
mod shapes;
mod tasks;

use effect::CampaignEffect;
use plan::PlanBody;
use shapes::{Campaign, CampaignRehearsal, CampaignSummary, Lesson, Step};

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&READERS, routes!(list))
        .open_to(&[Scope::Campaigns], routes!(create))
        .open_to(&READERS, routes!(lessons))
        .open_to(&READERS, routes!(read))
        .open_to(&[Scope::Campaigns], routes!(change))
        .open_to(&[Scope::Campaigns], routes!(submit))
        .open_to(&[Scope::Approvals], routes!(approve))
        .open_to(&[Scope::Approvals], routes!(reject))
        .open_to(&[Scope::Campaigns], routes!(start))
        .open_to(&[Scope::Campaigns], routes!(pause))
        .open_to(&[Scope::Campaigns], routes!(resume))
        .open_to(&[Scope::Campaigns], routes!(end))
        .open_to(&[Scope::Campaigns], routes!(evaluate))
        .open_to(&READERS, routes!(history))
        .open_to(&READERS, routes!(measured))
        .merge(tasks::routes())
        .merge(amendments::routes())
}

/// A campaign to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCampaign {
    /// Lower-case letters, digits and hyphens; also names its binding `promotion/{key}`. Settled once.
    #[schema(example = "spring-2026")]
    key: String,
    /// `new-product`, `price-or-gift`, `festival`, `member` or `joint`. Settled once.
    #[schema(value_type = fixed::CampaignType, example = "festival")]
    r#type: String,
    /// For people.
    #[schema(example = "Spring Festival 2026")]
    name: String,
    /// Who answers for it.
    owner: Option<String>,
    /// What is planned.
    plan: PlanBody,
    /// Fields of the plan whose unusual figures are meant as they are written: `price_floor`, `margin_floor`, `holdout`, `budget.total`,
    /// `budget.per_customer`, `budget.per_day`, `goal.targets`, `audience.facts`, `window`.
    #[serde(default)]
    #[schema(value_type = Vec<fixed::DoubtfulField>)]
    as_written: Vec<String>,
}

/// What is to become different.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner": "Ms Lin"}))]
struct CampaignChange {
    /// Another name.
    name: Option<String>,
    /// Another owner; an empty text is none.
    owner: Option<String>,
    /// Another plan, whole. It is a draft again then, whoever had approved the one before.
    plan: Option<PlanBody>,
    /// Fields of the plan whose unusual figures are meant as they are written.
    #[serde(default)]
    #[schema(value_type = Vec<fixed::DoubtfulField>)]
    as_written: Vec<String>,
}

/// A step, with what there is to say.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "agreed, but watch the budget"}))]
struct StepNote {
    /// Why.
    note: Option<String>,
}

/// How a campaign went.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"judgement": "Families booked earlier than last year", "lessons": "Begin two weeks earlier, leave out hotels"}))]
struct CampaignEvaluation {
    /// How it went, in the view of those who know: what the figures do not say.
    judgement: String,
    /// What to do again and what not.
    lessons: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those in this state.
    #[param(value_type = Option<fixed::CampaignState>)]
    state: Option<String>,
    /// Only those of this type.
    #[param(value_type = Option<fixed::CampaignType>)]
    r#type: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Campaigns, the newest first.
#[utoipa::path(get, path = "/campaigns", tag = "campaigns", operation_id = "listCampaigns", params(ListQuery),
    responses((status = 200, description = "A page of campaigns.", body = Page<CampaignSummary>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ListQuery>,
) -> Answer<axum::Json<Page<CampaignSummary>>> {
    let limit = front.limit(query.limit)?;
    let only = (query.state.as_deref(), query.r#type.as_deref());
    let found = front
        .app()
        .campaigns()
        .list(&caller, only, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CreateQuery {
    /// Says what it would do and does nothing; also for another plan of a campaign that is known by its key.
    #[serde(default)]
    dry_run: bool,
}

/// Write a campaign down, as a draft.
///
/// Everything that the plan names has to be there: the plugin, the stacking group, segments and facts. Figures that are hardly meant as
/// they are written, a floor of 80 basis points or a budget of 500.00 for a whole campaign, are refused as `implausible`.
#[utoipa::path(post, path = "/campaigns", tag = "campaigns", operation_id = "createCampaign", request_body = NewCampaign, params(CreateQuery),
    responses((status = 201, description = "The draft.", body = Campaign),
        (status = 200, description = "With `dry_run`: what it would do.", body = CampaignRehearsal)))]
async fn create(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<CreateQuery>,
    Json(body): Json<NewCampaign>,
) -> Answer<Response> {
    let new = app::NewCampaign {
        key: body.key,
        kind: body.r#type,
        name: body.name,
        owner: body.owner,
        plan: body.plan.read(&caller.room.terms)?,
        as_written: body.as_written,
    };
    if query.dry_run {
        let would = front.app().campaigns().rehearse(&caller, &new).await?;
        return Ok(axum::Json(CampaignRehearsal::from(would)).into_response());
    }
    let view = front.app().campaigns().create(&caller, new).await?;
    let location = [(header::LOCATION, format!("/api/v1/campaigns/{}", view.campaign.id))];
    Ok((StatusCode::CREATED, location, shown(view)).into_response())
}

/// A campaign with its ETag.
fn shown(view: app::CampaignView) -> impl IntoResponse {
    (etag(view.campaign.version), axum::Json(Campaign::from(view)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LessonsQuery {
    /// Only from campaigns of this type.
    #[param(value_type = Option<fixed::CampaignType>)]
    r#type: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What was learned from campaigns, the newest first.
#[utoipa::path(get, path = "/campaigns/lessons", tag = "campaigns", operation_id = "listLessons", params(LessonsQuery),
    responses((status = 200, description = "A page of lessons.", body = Page<Lesson>)))]
async fn lessons(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<LessonsQuery>,
) -> Answer<axum::Json<Page<Lesson>>> {
    let limit = front.limit(query.limit)?;
    let found = front
        .app()
        .campaigns()
        .lessons(&caller, query.r#type.as_deref(), query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}

/// One campaign, with its plan, its approval, its budget and what was learned from others of its type.
#[utoipa::path(get, path = "/campaigns/{id}", tag = "campaigns", operation_id = "getCampaign",
    params(("id" = String, Path, description = "Id or key of the campaign.")),
    responses((status = 200, description = "The campaign.", body = Campaign)))]
async fn read(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<String>) -> Answer<impl IntoResponse> {
    Ok(shown(front.app().campaigns().get(&caller, &id).await?))
}

/// Change a campaign.
///
/// Another plan is a draft again, whoever had approved the one before; what is running or paused is changed by an amendment.
#[utoipa::path(patch, path = "/campaigns/{id}", tag = "campaigns", operation_id = "changeCampaign", request_body = CampaignChange,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign.", body = Campaign)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<CampaignChange>,
) -> Answer<impl IntoResponse> {
    let terms = &caller.room.terms;
    let change = app::CampaignChange {
        name: body.name,
        owner: body.owner,
        plan: body.plan.map(|plan| plan.read(terms)).transpose()?,
        as_written: body.as_written,
    };
    let expected = if_match(&headers)?.version();
    let view = front.app().campaigns().change(&caller, &id, &change, expected).await?;
    Ok(shown(view))
}

/// Takes a step in the name of `caller`.
async fn step(
    front: &Front,
    caller: &Caller,
    id: &str,
    headers: &HeaderMap,
    (action, said): (Action, StepNote),
) -> Answer<impl IntoResponse + use<>> {
    let (app, note, expected) = (front.app(), said.note.as_deref(), if_match(headers)?);
    let view = match action {
        Action::Start => app.campaigns().start(caller, id, note, expected.version()).await?,
        _ => {
            app.campaigns()
                .step(caller, id, action, note, expected.version())
                .await?
        }
    };
    Ok(shown(view))
}

/// Ask for approval.
#[utoipa::path(post, path = "/campaigns/{id}/submit", tag = "campaigns", operation_id = "submitCampaign", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, submitted.", body = Campaign)))]
async fn submit(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::Submit, said)).await
}

/// Agree to a plan.
///
/// Another key than the one that wrote or submitted it: 409 `own_plan` otherwise. The campaign is approved then, or preparing if it has
/// tasks that are not done.
#[utoipa::path(post, path = "/campaigns/{id}/approve", tag = "campaigns", operation_id = "approveCampaign", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read: agrees to nothing that was not seen.")),
    responses((status = 200, description = "The campaign, approved or preparing.", body = Campaign)))]
async fn approve(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::Approve, said)).await
}

/// Send a plan back, with a reason as note.
#[utoipa::path(post, path = "/campaigns/{id}/reject", tag = "campaigns", operation_id = "rejectCampaign", request_body = StepNote,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, a draft again.", body = Campaign)))]
async fn reject(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::Reject, said)).await
}

/// Start an approved campaign and activate its rule.
///
/// Inside its window it makes offers from now on. The rule is granted the facts that it declares; what says who
/// customers are or what they spend takes a key with the scope `grants` besides: 403 `grant_not_allowed`.
#[utoipa::path(post, path = "/campaigns/{id}/start", tag = "campaigns", operation_id = "startCampaign", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, running.", body = Campaign)))]
async fn start(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::Start, said)).await
}

/// Stop a campaign for a while.
///
/// It offers nothing then, and keeps what it has promised.
#[utoipa::path(post, path = "/campaigns/{id}/pause", tag = "campaigns", operation_id = "pauseCampaign", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, paused.", body = Campaign)))]
async fn pause(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::Pause, said)).await
}

/// Let a paused campaign go on.
#[utoipa::path(post, path = "/campaigns/{id}/resume", tag = "campaigns", operation_id = "resumeCampaign", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, running.", body = Campaign)))]
async fn resume(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::Resume, said)).await
}

/// Close a campaign for good. At the end of its window this happens by itself.
#[utoipa::path(post, path = "/campaigns/{id}/end", tag = "campaigns", operation_id = "endCampaign", request_body = Option<StepNote>,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, ended.", body = Campaign)))]
async fn end(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalJson(said): OptionalJson<StepNote>,
) -> Answer<impl IntoResponse> {
    step(&front, &caller, &id, &headers, (Action::End, said)).await
}

/// Write down how an ended campaign went and what was learned.
///
/// The figures as they are now are kept with it, and all of it is shown when the next campaign of its type is planned.
#[utoipa::path(post, path = "/campaigns/{id}/evaluate", tag = "campaigns", operation_id = "evaluateCampaign", request_body = CampaignEvaluation,
    params(("id" = String, Path, description = "Id or key of the campaign."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the campaign as it was read.")),
    responses((status = 200, description = "The campaign, evaluated.", body = Campaign)))]
async fn evaluate(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<CampaignEvaluation>,
) -> Answer<impl IntoResponse> {
    let evaluation = app::Evaluation {
        judgement: body.judgement,
        lessons: body.lessons,
    };
    let expected = if_match(&headers)?.version();
    let view = front
        .app()
        .campaigns()
        .evaluate(&caller, &id, &evaluation, expected)
        .await?;
    Ok(shown(view))
}

/// Every step of a campaign's life, the newest first.
#[utoipa::path(get, path = "/campaigns/{id}/history", tag = "campaigns", operation_id = "listCampaignSteps",
    params(("id" = String, Path, description = "Id or key of the campaign."), BackwardsQuery),
    responses((status = 200, description = "A page of steps.", body = Page<Step>)))]
async fn history(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Query(query): Query<BackwardsQuery>,
) -> Answer<axum::Json<Page<Step>>> {
    let (limit, before) = query.page(&front)?;
    let steps = front
        .app()
        .campaigns()
        .history(&caller, &id, before, limit as i64 + 1)
        .await?;
    Ok(axum::Json(page_of(steps, limit, |step| step.step)))
}

/// What a campaign brought so far.
///
/// Participation, sales, discount and margin; those it was open to beside those it was kept from, with 95 % intervals; the goal's figures;
/// and the campaign before of the same type.
#[utoipa::path(get, path = "/campaigns/{id}/effect", tag = "campaigns", operation_id = "getCampaignEffect",
    params(("id" = String, Path, description = "Id or key of the campaign.")),
    responses((status = 200, description = "The effect.", body = CampaignEffect)))]
async fn measured(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Answer<axum::Json<CampaignEffect>> {
    Ok(axum::Json(front.app().campaigns().effect(&caller, &id).await?.into()))
}
