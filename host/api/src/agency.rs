//! The agency that a key belongs to.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Json};
use super::fixed;
use super::page::At;
use axum::extract::State;
use posthouse_app::team::{self, AgencyRow, Caller, Scope};
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&Scope::ALL, routes!(read))
        .open_to(&[Scope::Owner], routes!(change))
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
    /// Whether everybody of the staff has to have a second factor.
    second_factor_needed: bool,
    /// What the key may do.
    #[schema(value_type = Vec<fixed::Scope>, example = json!(["campaigns", "read"]))]
    scopes: Vec<Scope>,
}

/// What is to become different of the agency; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "丝路旅行社 Silk Road Travel", "second_factor_needed": true}))]
pub(crate) struct AgencyChange {
    /// Another name, 1 to 200 bytes.
    name: Option<String>,
    /// `true`: whoever has no second factor sets one up before anything else, from their next request on.
    second_factor_needed: Option<bool>,
}

/// Whose key this is: currency, days and country of its agency, and what the key may do.
#[utoipa::path(get, path = "/agency", tag = "team", operation_id = "getAgency",
    responses((status = 200, description = "The agency.", body = Agency)))]
async fn read(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Agency>> {
    let row = front.app().team().agency(&caller).await?;
    document(&front, &caller, row).await
}

/// Give your agency another name, or have everybody of the staff need a second factor.
///
/// Its short name, time zone, currency and country are settled when it is created: every day, amount and telephone number was read by them.
#[utoipa::path(patch, path = "/agency", tag = "team", operation_id = "changeAgency", request_body = AgencyChange,
    responses((status = 200, description = "The agency as it is now.", body = Agency)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<AgencyChange>,
) -> Answer<axum::Json<Agency>> {
    let change = team::AgencyChange {
        name: body.name,
        second_factor_needed: body.second_factor_needed,
    };
    let row = front.app().team().change_agency(&caller, &change).await?;
    document(&front, &caller, row).await
}

async fn document(front: &Front, caller: &Caller, row: AgencyRow) -> Answer<axum::Json<Agency>> {
    let room = &caller.room;
    let now = front.app().now();
    let second_factor_needed = front.app().team().is_second_factor_needed(caller).await?;
    Ok(axum::Json(Agency {
        id: room.id,
        slug: room.slug.clone(),
        name: row.name,
        time_zone: room.terms.time_zone.to_string(),
        currency: room.terms.currency.to_string(),
        currency_digits: room.terms.currency.digits(),
        country: room.terms.country.clone(),
        today: time::day_text(room.day_of(now)),
        now: now.into(),
        second_factor_needed,
        scopes: caller.scopes.clone(),
    }))
}
