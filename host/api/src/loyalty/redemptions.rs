//! Orders of rewards, and points passed on.

use super::adjustments::Said;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, OptionalJson, Path, Query};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::{Caller, Scope};
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(redemptions))
        .open_to(&[Scope::Read], routes!(redemption))
        .open_to(&[Scope::Intake], routes!(fulfil))
        .open_to(&[Scope::Intake], routes!(cancel))
        .open_to(&[Scope::Intake], routes!(transfer))
}

/// Calls whose answers hold codes and are never kept.
pub(super) fn secret_routes() -> Calls {
    Calls::new().open_to(&[Scope::Intake], routes!(redeem))
}

/// What is ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRewardOrder, example = json!({"reward": "airport-lounge"}))]
struct NewRedemption {
    /// Key of the reward.
    reward: String,
}

/// An order of a reward.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardOrder)]
pub(crate) struct Redemption {
    /// Id.
    id: Uuid,
    /// The member.
    customer_id: Uuid,
    /// Key of the reward.
    #[schema(example = "airport-lounge")]
    reward: String,
    /// What it cost.
    points: i64,
    /// Where it stands.
    #[schema(value_type = fixed::RedemptionState)]
    state: String,
    /// The code of a coupon: in the answer that ordered it, and nowhere else.
    code: Option<String>,
    /// The task of whoever hands it out.
    task_id: Option<Uuid>,
    /// Who ordered it.
    requested_by: Uuid,
    /// When, by the business clock.
    requested_at: At,
    /// Who handed it out or called it off.
    decided_by: Option<Uuid>,
    /// When.
    decided_at: Option<At>,
    /// What there is to say about that.
    note: Option<String>,
}

impl From<app::RedemptionView> for Redemption {
    fn from(view: app::RedemptionView) -> Self {
        Self {
            id: view.id,
            customer_id: view.customer,
            reward: view.reward,
            points: view.points,
            state: view.state,
            code: view.code,
            task_id: view.task,
            requested_by: view.requested_by,
            requested_at: view.requested_at.into(),
            decided_by: view.decided_by,
            decided_at: view.decided_at.map(At::from),
            note: view.note,
        }
    }
}

/// An order as it stands; none of a coupon, whose code was told once and is lost.
///
/// # Errors
/// As whoever asks may see it.
pub(crate) async fn ordered(front: &Front, caller: &Caller, id: Uuid) -> Answer<Option<axum::Json<Redemption>>> {
    let view = front.app().loyalty().redemption(caller, id).await?;
    Ok((!view.is_coupon).then(|| axum::Json(view.into())))
}

/// Order a reward for a member.
///
/// A coupon is handed out at once: its code is in this answer and nowhere else. For anything else the points are set aside and a task is
/// written down, until somebody says that it was handed out.
#[utoipa::path(post, path = "/members/{customer_id}/redeem", tag = "loyalty", operation_id = "redeemReward", request_body = NewRedemption,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 201, description = "The order.", body = Redemption)))]
async fn redeem(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(new): Json<NewRedemption>,
) -> Answer<(StatusCode, axum::Json<Redemption>)> {
    let view = front.app().loyalty().redeem(&caller, customer, &new.reward).await?;
    Ok((StatusCode::CREATED, axum::Json(view.into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only those in this state.
    #[param(value_type = Option<fixed::RedemptionState>)]
    state: Option<String>,
    /// Only those of this member.
    customer: Option<Uuid>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Orders of rewards.
#[utoipa::path(get, path = "/redemptions", tag = "loyalty", operation_id = "listRedemptions", params(Listed),
    responses(
        (status = 200, description = "The latest first.", body = Page<Redemption>),
        (status = 404, description = "There is no such customer.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn redemptions(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<Redemption>>> {
    let limit = front.limit(listed.limit)?;
    let whose = (listed.state.as_deref(), listed.customer);
    let page = front
        .app()
        .loyalty()
        .redemptions(&caller, whose, listed.cursor, limit)
        .await?;
    Ok(axum::Json(Page::of(page)))
}

/// An order of a reward.
#[utoipa::path(get, path = "/redemptions/{id}", tag = "loyalty", operation_id = "getRedemption",
    params(("id" = Uuid, Path, description = "Id of the order.")),
    responses((status = 200, description = "The order.", body = Redemption)))]
async fn redemption(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Answer<axum::Json<Redemption>> {
    Ok(axum::Json(front.app().loyalty().redemption(&caller, id).await?.into()))
}

/// Say that a reward was handed out.
///
/// The points are spent. Said again it stays so.
#[utoipa::path(post, path = "/redemptions/{id}/fulfil", tag = "loyalty", operation_id = "fulfilRedemption",
    request_body(content = Option<Said>, content_type = "application/json"),
    params(("id" = Uuid, Path, description = "Id of the order.")),
    responses((status = 200, description = "The order.", body = Redemption)))]
async fn fulfil(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(said): OptionalJson<Said>,
) -> Answer<axum::Json<Redemption>> {
    let note = said.note;
    let view = front.app().loyalty().fulfil(&caller, id, note.as_deref()).await?;
    Ok(axum::Json(view.into()))
}

/// Call an order off.
///
/// The points come back into the lots they came from; what has expired meanwhile comes back for `return_grace_days` of the programme. A coupon
/// can be returned as long as nobody has used it (409 `coupon_used`).
#[utoipa::path(post, path = "/redemptions/{id}/cancel", tag = "loyalty", operation_id = "cancelRedemption",
    request_body(content = Option<Said>, content_type = "application/json"),
    params(("id" = Uuid, Path, description = "Id of the order.")),
    responses((status = 200, description = "The order.", body = Redemption)))]
async fn cancel(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(said): OptionalJson<Said>,
) -> Answer<axum::Json<Redemption>> {
    let note = said.note;
    let view = front.app().loyalty().cancel(&caller, id, note.as_deref()).await?;
    Ok(axum::Json(view.into()))
}

/// Points to be passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTransfer)]
struct NewTransfer {
    /// Whose they become: another member.
    to: Uuid,
    /// How many.
    #[schema(minimum = 1, example = 500)]
    points: i64,
}

/// Points that were passed on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transfer)]
struct Transfer {
    /// Id, which both statements name.
    id: Uuid,
    /// Whose they were.
    from: Uuid,
    /// Whose they are.
    to: Uuid,
    /// How many.
    points: i64,
}

/// Pass points on to another member.
///
/// Both statements have them at once, and they keep their last day. `transfer_per_day` of the programme says how many of a day (409
/// `over_the_daily_cap`).
#[utoipa::path(post, path = "/members/{customer_id}/transfer", tag = "loyalty", operation_id = "transferPoints", request_body = NewTransfer,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 201, description = "They are passed on.", body = Transfer)))]
async fn transfer(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(new): Json<NewTransfer>,
) -> Answer<(StatusCode, axum::Json<Transfer>)> {
    let loyalty = front.app().loyalty();
    let done = loyalty.transfer(&caller, customer, new.to, new.points).await?;
    let done = Transfer {
        id: done.id,
        from: done.from,
        to: done.to,
        points: done.points,
    };
    Ok((StatusCode::CREATED, axum::Json(done)))
}
