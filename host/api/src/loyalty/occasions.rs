//! Occasions: what an agency tells of by a name of its own, and what waits or is for review.

use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Json, Path, Query};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::loyalty::AgencyEvent;
use posthouse_domain::{Words, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(tell))
        .open_to(&[Scope::Read], routes!(occasions))
        .open_to(&[Scope::Rules], routes!(ask_again))
}

/// Something that happened to a member, by a name of the agency's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMemberEvent, example = json!({"name": "status-match", "data": {"club": "hotel", "tier": "gold"}}))]
struct NewEvent {
    /// Lower-case words joined by hyphens, as the rule knows it.
    name: String,
    /// What it says: texts, whole numbers and flags, 4 KiB in all.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, described::EventValue>)]
    data: Map<String, Value>,
}

/// What was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberEvent)]
struct Told {
    /// Its id; the lines of the statement name its decision.
    id: Uuid,
}

/// Tell of something that happened to a member.
///
/// Every rule in force is asked about it, in the background, as `status-match` is about a tier of another club.
#[utoipa::path(post, path = "/members/{customer_id}/events", tag = "loyalty", operation_id = "tellOfMember", request_body = NewEvent,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 202, description = "Rules are about to be asked.", body = Told)))]
async fn tell(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(new): Json<NewEvent>,
) -> Answer<(StatusCode, axum::Json<Told>)> {
    let event = AgencyEvent {
        name: new.name,
        data: new.data,
    };
    let id = front.app().loyalty().tell_of(&caller, customer, &event).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Told { id })))
}

/// What a rule is asked about, for one binding.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyOccasion)]
struct Occasion {
    /// Id.
    id: Uuid,
    /// The member.
    customer_id: Uuid,
    /// What happened.
    #[schema(example = "booking-confirmed")]
    kind: String,
    /// What it is about: a word, a slash, its id; `null` for joining.
    #[schema(example = "booking/B-1001")]
    about: Option<String>,
    /// The binding whose rule is asked.
    #[schema(example = "main")]
    binding: String,
    /// Where it stands.
    #[schema(value_type = fixed::OccasionState)]
    state: String,
    /// How often the rule was asked in vain.
    attempts: i64,
    /// How it failed, by language.
    #[schema(value_type = Option<described::Localized>)]
    problem: Option<Words>,
    /// When it was written down, by the business clock.
    created_at: At,
}

impl From<app::OccasionView> for Occasion {
    fn from(view: app::OccasionView) -> Self {
        Self {
            id: view.id,
            customer_id: view.customer,
            kind: view.kind,
            about: view.about,
            binding: view.binding,
            state: view.state,
            attempts: view.attempts,
            problem: view.problem,
            created_at: view.created_at.into(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// `review` if left out.
    #[param(value_type = Option<fixed::OccasionState>)]
    state: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Occasions that wait for a rule, or are for review.
///
/// A rule that fails is asked five times; then its occasion is for review, with the reason.
#[utoipa::path(get, path = "/loyalty/occasions", tag = "loyalty", operation_id = "listOccasions", params(Listed),
    responses((status = 200, description = "The latest first.", body = Page<Occasion>)))]
async fn occasions(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<Occasion>>> {
    let limit = front.limit(listed.limit)?;
    let state = listed.state.as_deref().unwrap_or("review");
    if !["review", "waiting"].contains(&state) {
        return Err(Problem::unprocessable(
            "bad_state",
            words!("state must be review or waiting", "state 应为 review 或 waiting"),
        ));
    }
    let page = front
        .app()
        .loyalty()
        .occasions(&caller, state, listed.cursor, limit)
        .await?;
    Ok(axum::Json(Page::of(page)))
}

/// Have the rule asked again about an occasion that waits or is for review.
#[utoipa::path(post, path = "/loyalty/occasions/{id}/ask-again", tag = "loyalty", operation_id = "askAgainAboutOccasion",
    params(("id" = Uuid, Path, description = "Id of the occasion.")),
    responses((status = 200, description = "It waits, and the rule is asked at once.", body = Occasion)))]
async fn ask_again(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Answer<axum::Json<Occasion>> {
    Ok(axum::Json(front.app().loyalty().ask_again(&caller, id).await?.into()))
}
