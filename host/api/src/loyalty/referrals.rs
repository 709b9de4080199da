//! Referrals: who brought whom.

use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, Query};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(refer))
        .open_to(&[Scope::Read], routes!(referrals))
}

/// Who came by whose code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReferral)]
struct NewReferral {
    /// The referral code of a member; spaces, hyphens and small letters do not matter.
    #[schema(example = "K7QX2MPA")]
    code: String,
    /// The customer who came by it.
    customer_id: Uuid,
}

/// Who brought whom.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Referral)]
struct Referral {
    /// Id.
    id: Uuid,
    /// The member who brought somebody; `null` for those who do not see them.
    referrer_id: Option<Uuid>,
    /// Whom.
    customer_id: Uuid,
    /// Where it stands.
    #[schema(value_type = fixed::ReferralState)]
    state: String,
    /// Why it was rejected.
    #[schema(value_type = Option<fixed::ReferralObjection>)]
    why: Option<String>,
    /// When it was written down, by the business clock.
    registered_at: At,
    /// The booking whose trip completed it.
    booking_id: Option<String>,
    /// The day on which that was over.
    #[schema(format = Date, example = "2026-05-20")]
    completed_on: Option<String>,
    /// When both sides were rewarded.
    rewarded_at: Option<At>,
}

impl From<app::ReferralView> for Referral {
    fn from(view: app::ReferralView) -> Self {
        Self {
            id: view.id,
            referrer_id: view.referrer,
            customer_id: view.customer,
            state: view.state,
            why: view.why,
            registered_at: view.registered_at.into(),
            booking_id: view.booking,
            completed_on: view.completed_on.map(time::day_text),
            rewarded_at: view.rewarded_at.map(At::from),
        }
    }
}

/// Write down that a customer came by a member's code.
///
/// They become a member. When their first trip is over the rules are asked about both sides. What cannot be a referral is written down as
/// `rejected`, with `why`; the same said again changes nothing.
#[utoipa::path(post, path = "/referrals", tag = "loyalty", operation_id = "registerReferral", request_body = NewReferral,
    responses((status = 201, description = "It is written down.", body = Referral)))]
async fn refer(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(new): Json<NewReferral>,
) -> Answer<(StatusCode, axum::Json<Referral>)> {
    let view = front.app().loyalty().refer(&caller, &new.code, new.customer_id).await?;
    Ok((StatusCode::CREATED, axum::Json(view.into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only those in this state.
    #[param(value_type = Option<fixed::ReferralState>)]
    state: Option<String>,
    /// Only those by this member.
    referrer: Option<Uuid>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Referrals.
#[utoipa::path(get, path = "/referrals", tag = "loyalty", operation_id = "listReferrals", params(Listed),
    responses(
        (status = 200, description = "The latest first.", body = Page<Referral>),
        (status = 404, description = "There is no such customer.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn referrals(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<Referral>>> {
    let limit = front.limit(listed.limit)?;
    let whose = (listed.state.as_deref(), listed.referrer);
    let page = front
        .app()
        .loyalty()
        .referrals(&caller, whose, listed.cursor, limit)
        .await?;
    Ok(axum::Json(Page::of(page)))
}
