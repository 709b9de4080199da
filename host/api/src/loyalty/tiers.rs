//! The tiers that a member had.

use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Path, Query};
use crate::page::{At, Page};
use crate::reason::Reason;
use axum::extract::State;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::{Localized, time};
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Read], routes!(tiers))
}

/// A tier that a member had, or has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PastTier)]
struct PastTier {
    /// Counts from 1.
    number: i64,
    /// Its key; `null` for no tier.
    #[schema(example = "gold")]
    key: Option<String>,
    /// What it is called by the rule in force.
    #[schema(value_type = Option<described::Localized>)]
    title: Option<Localized>,
    /// Its first day.
    #[schema(format = Date, example = "2026-01-15")]
    from: String,
    /// Its last day; `null` while it lasts.
    #[schema(format = Date, example = "2027-01-14")]
    to: Option<String>,
    /// The last day on which it was not to be lowered; `null` if it had no end.
    #[schema(format = Date, example = "2027-12-31")]
    valid_until: Option<String>,
    /// Whether somebody gave it by hand.
    by_hand: bool,
    /// Why.
    reason: Option<Reason>,
    /// The decision, which `GET /decisions/{id}` shows.
    decision: Option<Uuid>,
    /// When it was written.
    at: At,
}

impl From<app::PastTier> for PastTier {
    fn from(had: app::PastTier) -> Self {
        let (key, title) = had.tier.unzip();
        Self {
            number: had.nth,
            key,
            title,
            from: time::day_text(had.from),
            to: had.to.map(time::day_text),
            valid_until: had.valid_until.map(time::day_text),
            by_hand: had.by_hand,
            reason: had.reason.map(Into::into),
            decision: had.decision,
            at: had.at.into(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<i64>,
}

/// The tiers that a member had.
#[utoipa::path(get, path = "/members/{customer_id}/tiers", tag = "loyalty", operation_id = "listMemberTiers",
    params(("customer_id" = Uuid, Path, description = "Id of the customer."), Listed),
    responses((status = 200, description = "The latest first.", body = Page<PastTier>)))]
async fn tiers(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<PastTier>>> {
    let limit = front.limit(listed.limit)?;
    let loyalty = front.app().loyalty();
    let (tiers, next) = loyalty.past_tiers(&caller, customer, listed.cursor, limit).await?;
    Ok(axum::Json(Page::of((tiers, next.map(|number| number.to_string())))))
}
