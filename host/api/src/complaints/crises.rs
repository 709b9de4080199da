//! Crises: complaints that were joined, or what somebody has opened.

use super::maybe_one_of;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, OptionalJson, Path, Query, etag, if_match};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use posthouse_app::complaints::{CrisisFilter, CrisisStep, CrisisView, NewCrisis};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::complaints::Cause;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Intake], routes!(begin))
        .open_to(&[Scope::Read], routes!(one))
        .open_to(&[Scope::Intake], routes!(open))
        .open_to(&[Scope::Intake], routes!(contain))
        .open_to(&[Scope::Intake], routes!(repair))
        .open_to(&[Scope::Intake], routes!(close))
}

/// A crisis that a person sees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCrisis, example = json!({"kind": "emergency", "title": "Typhoon over Sanya", "product": "SY-FAMILY-5", "cause": "force_majeure"}))]
struct New {
    /// What kind.
    #[schema(value_type = fixed::CrisisKind)]
    kind: String,
    /// What it is about, in words, at most 200 bytes.
    title: String,
    /// The product: nothing is offered for it until the crisis is over.
    product: Option<String>,
    /// What it is about.
    #[schema(value_type = Option<fixed::CaseCause>)]
    cause: Option<String>,
    /// Key of a playbook of the rule in force; the one called like the kind if left out.
    playbook: Option<String>,
    /// Cases that belong to it, by id or number.
    #[serde(default)]
    cases: Vec<String>,
}

/// A crisis.
#[derive(Debug, Serialize, ToSchema)]
struct Crisis {
    /// Id.
    id: Uuid,
    /// What people call it.
    #[schema(example = "K2612-0003")]
    number: String,
    /// What kind.
    #[schema(value_type = fixed::CrisisKind)]
    kind: String,
    /// What it is about, in words.
    title: String,
    /// The product.
    product: Option<String>,
    /// What it is about.
    #[schema(value_type = Option<fixed::CaseCause>)]
    cause: Option<String>,
    /// Where it stands.
    #[schema(value_type = fixed::CrisisState)]
    state: String,
    /// What can be done.
    #[schema(value_type = Vec<fixed::CrisisStep>)]
    possible: Vec<&'static str>,
    /// Key of the playbook that is carried out; its steps are tasks.
    playbook: Option<String>,
    /// Who opened it; `null` if complaints were joined.
    opened_by: Option<Uuid>,
    /// When, by the business clock.
    opened_at: At,
    /// When it was over.
    closed_at: Option<At>,
    /// How many cases belong to it.
    cases: i64,
    /// Its version, which is also its `ETag`.
    version: i64,
}

impl From<CrisisView> for Crisis {
    fn from(view: CrisisView) -> Self {
        Self {
            id: view.id,
            number: view.number,
            kind: view.kind,
            title: view.title,
            product: view.product,
            cause: view.cause,
            state: view.state,
            possible: view.possible,
            playbook: view.playbook,
            opened_by: view.opened_by,
            opened_at: view.opened_at.into(),
            closed_at: view.closed_at.map(At),
            cases: view.cases,
            version: view.version,
        }
    }
}

fn shown(view: CrisisView) -> impl IntoResponse {
    (etag(view.version), axum::Json(Crisis::from(view)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Those that are not over, or those that are; all if left out.
    open: Option<bool>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Crises.
#[utoipa::path(get, path = "/crises", tag = "complaints", operation_id = "listCrises", params(ListQuery),
    responses((status = 200, description = "The latest first.", body = Page<Crisis>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ListQuery>,
) -> Answer<axum::Json<Page<Crisis>>> {
    let limit = front.limit(query.limit)?;
    let filter = CrisisFilter { open: query.open };
    let found = front
        .app()
        .complaints()
        .crises(&caller, &filter, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}

/// Open a crisis.
///
/// Complaints of one product and cause raise one by themselves, at `watch`; this one is `open` at once, and its playbook is carried out as tasks.
#[utoipa::path(post, path = "/crises", tag = "complaints", operation_id = "openCrisis", request_body = New,
    responses(
        (status = 201, description = "The crisis.", body = Crisis),
        (status = 404, description = "There is no such case.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn begin(State(front): State<Front>, Auth(caller): Auth, Json(new): Json<New>) -> Answer<impl IntoResponse> {
    let new = NewCrisis {
        kind: new.kind,
        title: new.title,
        product: new.product,
        cause: maybe_one_of("cause", new.cause.as_deref(), Cause::ALL, Cause::as_str)?,
        playbook: new.playbook,
        cases: new.cases,
    };
    Ok((
        StatusCode::CREATED,
        shown(front.app().complaints().open_crisis(&caller, &new).await?),
    ))
}

/// A crisis, by its id or number.
#[utoipa::path(get, path = "/crises/{id}", tag = "complaints", operation_id = "getCrisis",
    params(("id" = String, Path, description = "Id or number of the crisis.")),
    responses((status = 200, description = "The crisis.", body = Crisis)))]
async fn one(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<String>) -> Answer<impl IntoResponse> {
    Ok(shown(front.app().complaints().crisis(&caller, &id).await?))
}

/// How a crisis is taken on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CrisisMove)]
struct Move {
    /// Key of another playbook, when it is opened.
    playbook: Option<String>,
}

async fn step(
    front: &Front,
    caller: &Caller,
    (id, headers): (&str, &HeaderMap),
    step: CrisisStep,
    body: Move,
) -> Answer<impl IntoResponse + use<>> {
    let expected = if_match(headers)?.version();
    let playbook = body.playbook.as_deref();
    let view = front
        .app()
        .complaints()
        .move_crisis(caller, id, step, playbook, expected)
        .await?;
    Ok(shown(view))
}

macro_rules! steps {
    ($($name:ident $path:literal $operation:literal $summary:literal $description:literal $step:expr;)+) => {$(
        #[utoipa::path(post, path = $path, tag = "complaints", operation_id = $operation, summary = $summary, description = $description,
            request_body = Move,
            params(("id" = String, Path, description = "Id or number of the crisis."),
                ("If-Match" = Option<String>, Header, description = "`ETag` of the crisis as it was read.")),
            responses((status = 200, description = "The crisis.", body = Crisis)))]
        async fn $name(
            State(front): State<Front>,
            Auth(caller): Auth,
            Path(id): Path<String>,
            headers: HeaderMap,
            OptionalJson(body): OptionalJson<Move>,
        ) -> Answer<impl IntoResponse> {
            step(&front, &caller, (&id, &headers), $step, body).await
        }
    )+};
}

steps! {
    open "/crises/{id}/open" "confirmCrisis" "Say that a crisis under watch is one."
        "Its playbook is carried out as tasks, and nothing is offered for its product." CrisisStep::Open;
    contain "/crises/{id}/contain" "containCrisis" "Say that a crisis grows no more."
        "Nothing is offered for its product yet." CrisisStep::Contain;
    repair "/crises/{id}/repair" "repairCrisis" "Begin to put right what a crisis has done."
        "Nothing is offered for its product yet." CrisisStep::Repair;
    close "/crises/{id}/close" "closeCrisis" "Say that a crisis is over."
        "Its product is offered again, and everybody who was touched is called, asked, given something back and followed up: as tasks." CrisisStep::Close;
}
