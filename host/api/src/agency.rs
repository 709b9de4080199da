//! The agency that a key belongs to.

use super::Front;
use super::calls::Calls;
use super::extract::Auth;
use super::fixed;
use super::page::At;
use axum::extract::State;
use posthouse_app::team::Scope;
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&Scope::ALL, routes!(read))
}

/// The agency of the key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Agency {
    /// Id.
    id: Uuid,
    /// Its short name.
    #[schema(example = "silk-road")]
    slug: String,
    /// Its full name.
    name: String,
    /// IANA name of the zone its days begin in.
    #[schema(example = "Asia/Shanghai")]
    time_zone: String,
    /// ISO 4217 code; every amount of the API is in its minor units.
    #[schema(example = "CNY")]
    currency: String,
    /// How many decimal digits the minor unit has: amounts are minor units, 10 to this power of them one major unit.
    #[schema(example = 2)]
    currency_digits: u32,
    /// ISO 3166 code; telephone numbers without a prefix are of this country.
    #[schema(example = "CN")]
    country: String,
    /// The day it is for the agency, by the business clock.
    #[schema(example = "2026-01-15")]
    today: String,
    /// The business clock: holds, days and deadlines go by it.
    now: At,
    /// What the key may do.
    #[schema(value_type = Vec<fixed::Scope>, example = json!(["campaigns", "read"]))]
    scopes: Vec<Scope>,
}

/// Whose key this is: currency, days and country of its agency, and what the key may do.
#[utoipa::path(get, path = "/agency", tag = "team", operation_id = "getAgency",
    responses((status = 200, description = "The agency.", body = Agency)))]
async fn read(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Agency>> {
    let room = &caller.room;
    let now = front.app().now();
    Ok(axum::Json(Agency {
        id: room.id,
        slug: room.slug.clone(),
        name: room.name.clone(),
        time_zone: room.terms.time_zone.to_string(),
        currency: room.terms.currency.to_string(),
        currency_digits: room.terms.currency.digits(),
        country: room.terms.country.clone(),
        today: time::day_text(room.day_of(now)),
        now: now.into(),
        scopes: caller.scopes.clone(),
    }))
}
