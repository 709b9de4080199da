//! Points, status and tiers by hand: somebody asks, another person says yes or no.

use super::day;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, OptionalJson, Path, Query};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(adjust))
        .open_to(&[Scope::Campaigns], routes!(give_tier))
        .open_to(&[Scope::Read], routes!(adjustments))
        .open_to(&[Scope::Approvals], routes!(approve))
        .open_to(&[Scope::Approvals], routes!(reject))
}

/// Points or status to be given, or taken away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAdjustment, example = json!({"wallet": "points", "points": 500, "reason": "delayed coach on 3 May"}))]
struct NewAdjustment {
    /// Where.
    #[schema(value_type = fixed::Wallet)]
    wallet: String,
    /// How many; less than nothing to take away.
    points: i64,
    /// The last day of what is given; it has no end if left out.
    #[schema(format = Date, example = "2027-12-31")]
    expires: Option<String>,
    /// Why, 1 to 4000 bytes.
    reason: String,
}

/// A tier to be given by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTier, example = json!({"tier": "gold", "valid_until": "2026-12-31", "reason": "status match with a hotel group"}))]
struct NewTier {
    /// Key of a tier of the rule in force, not below the member's.
    tier: String,
    /// The last day on which it is not lowered.
    #[schema(format = Date)]
    valid_until: String,
    /// Why, 1 to 4000 bytes.
    reason: String,
}

/// What is said with a yes or no.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecisionNote, example = json!({"note": "as agreed"}))]
pub(super) struct Said {
    /// What there is to say, up to 4000 bytes.
    pub(super) note: Option<String>,
}

/// What somebody asked for by hand, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberAdjustment)]
struct Adjustment {
    /// Id.
    id: Uuid,
    /// The member.
    customer_id: Uuid,
    /// Where; `null` where a tier is given.
    #[schema(value_type = Option<fixed::Wallet>)]
    wallet: Option<&'static str>,
    /// How many; less than nothing to take away.
    points: Option<i64>,
    /// The last day of what is given.
    #[schema(format = Date, example = "2027-12-31")]
    expires: Option<String>,
    /// Key of the tier.
    #[schema(example = "gold")]
    tier: Option<String>,
    /// The last day on which it is not lowered.
    #[schema(format = Date, example = "2026-12-31")]
    valid_until: Option<String>,
    /// Why, in somebody's words.
    reason: String,
    /// Where it stands.
    #[schema(value_type = fixed::AdjustmentState)]
    state: String,
    /// Who asked for it.
    asked_by: Uuid,
    /// When, by the business clock.
    asked_at: At,
    /// Who said yes or no.
    decided_by: Option<Uuid>,
    /// When.
    decided_at: Option<At>,
    /// What they said.
    note: Option<String>,
}

impl From<app::AdjustmentView> for Adjustment {
    fn from(view: app::AdjustmentView) -> Self {
        let (wallet, points, expires, tier, valid_until) = match view.what {
            app::Adjust::Wallet(wallet, points, until) => (Some(wallet.as_str()), Some(points), until, None, None),
            app::Adjust::Tier(tier, until) => (None, None, None, Some(tier), Some(until)),
        };
        Self {
            id: view.id,
            customer_id: view.customer,
            wallet,
            points,
            expires: expires.map(time::day_text),
            tier,
            valid_until: valid_until.map(time::day_text),
            reason: view.reason,
            state: view.state,
            asked_by: view.asked_by,
            asked_at: view.asked_at.into(),
            decided_by: view.decided_by,
            decided_at: view.decided_at.map(At::from),
            note: view.note,
        }
    }
}

/// Ask for points or status to be given or taken away.
///
/// It waits for another person. `adjust_limits` of the programme say how much somebody of a role asks for, or agrees to, at once (409
/// `over_your_limit`).
#[utoipa::path(post, path = "/members/{customer_id}/adjust", tag = "loyalty", operation_id = "adjustMember", request_body = NewAdjustment,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 202, description = "It waits for another person.", body = Adjustment)))]
async fn adjust(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(new): Json<NewAdjustment>,
) -> Answer<(StatusCode, axum::Json<Adjustment>)> {
    let wallet = Wallet::parse(&new.wallet).ok_or_else(|| {
        Problem::unprocessable(
            "bad_adjustment",
            words!("wallet must be points or status", "wallet 应为 points 或 status"),
        )
    })?;
    let expires = new.expires.as_deref().map(|text| day("expires", text)).transpose()?;
    let what = app::Adjust::Wallet(wallet, new.points, expires);
    let loyalty = front.app().loyalty();
    let view = loyalty.adjust(&caller, customer, &what, &new.reason).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(view.into())))
}

/// Ask for a tier to be given by hand, until a day.
///
/// It waits for another person. Until its end the tier is not lowered; then the rule says what becomes of it.
#[utoipa::path(post, path = "/members/{customer_id}/tier", tag = "loyalty", operation_id = "giveTier", request_body = NewTier,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 202, description = "It waits for another person.", body = Adjustment)))]
async fn give_tier(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(new): Json<NewTier>,
) -> Answer<(StatusCode, axum::Json<Adjustment>)> {
    let what = app::Adjust::Tier(new.tier, day("valid_until", &new.valid_until)?);
    let loyalty = front.app().loyalty();
    let view = loyalty.adjust(&caller, customer, &what, &new.reason).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(view.into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only those in this state.
    #[param(value_type = Option<fixed::AdjustmentState>)]
    state: Option<String>,
    /// Only those of this member.
    customer: Option<Uuid>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Adjustments.
#[utoipa::path(get, path = "/adjustments", tag = "loyalty", operation_id = "listAdjustments", params(Listed),
    responses(
        (status = 200, description = "The latest first.", body = Page<Adjustment>),
        (status = 404, description = "There is no such customer.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn adjustments(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<Adjustment>>> {
    let limit = front.limit(listed.limit)?;
    let whose = (listed.state.as_deref(), listed.customer);
    let page = front
        .app()
        .loyalty()
        .adjustments(&caller, whose, listed.cursor, limit)
        .await?;
    Ok(axum::Json(Page::of(page)))
}

/// Agree to an adjustment, as another person than the one who asked for it.
///
/// It is carried out at once. What was agreed to before stays so.
#[utoipa::path(post, path = "/adjustments/{id}/approve", tag = "loyalty", operation_id = "approveAdjustment",
    request_body(content = Option<Said>, content_type = "application/json"),
    params(("id" = Uuid, Path, description = "Id of the adjustment.")),
    responses((status = 200, description = "It is carried out.", body = Adjustment)))]
async fn approve(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(said): OptionalJson<Said>,
) -> Answer<axum::Json<Adjustment>> {
    let note = said.note;
    let view = front.app().loyalty().approve(&caller, id, note.as_deref()).await?;
    Ok(axum::Json(view.into()))
}

/// Say no to an adjustment.
#[utoipa::path(post, path = "/adjustments/{id}/reject", tag = "loyalty", operation_id = "rejectAdjustment",
    request_body(content = Option<Said>, content_type = "application/json"),
    params(("id" = Uuid, Path, description = "Id of the adjustment.")),
    responses((status = 200, description = "Nothing was changed.", body = Adjustment)))]
async fn reject(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(said): OptionalJson<Said>,
) -> Answer<axum::Json<Adjustment>> {
    let note = said.note;
    let view = front.app().loyalty().reject(&caller, id, note.as_deref()).await?;
    Ok(axum::Json(view.into()))
}
