//! The programme: what points are called, and the terms they are kept under.

use super::day;
use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, IfMatch, Json, etag, if_match};
use crate::fixed;
use crate::page::At;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use posthouse_app::AppError;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::{Day, Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(programme))
        .open_to(&[Scope::Campaigns], routes!(put_programme))
}

/// What points are worth in the books where nobody has said it, in minor units of a hundred.
const VALUE_OF_100: i64 = 100;
/// For how many days points come back whose lot is over.
const GRACE: i32 = 30;
/// How many points a member passes on in a day.
const TRANSFER_PER_DAY: i64 = 10_000;
/// How many customers a member brings in a year.
const REFERRALS_PER_YEAR: i32 = 50;
/// How often a change that names no version is made on top of another one that came first.
const OVERTAKEN: u32 = 5;

/// An agency's programme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyProgramme)]
struct Programme {
    /// What points are called.
    #[schema(value_type = described::Localized)]
    name: Localized,
    /// How customers become members.
    #[schema(value_type = fixed::Enrol)]
    enrol: &'static str,
    /// Minor units that a hundred points are worth in the books.
    value_of_100: i64,
    /// For how many days points come back whose lot is over when an order is called off.
    return_grace_days: i32,
    /// How many points a member passes on in a day; 0 for none.
    transfer_per_day: i64,
    /// How many points somebody of a role adjusts at once, by the role's key. A role that is not named has no limit of its own.
    #[schema(example = json!({"sales": 500}))]
    adjust_limits: BTreeMap<String, i64>,
    /// How many customers a member brings in 365 days.
    referrals_per_year: i32,
    /// Bookings made and trips that are over from this day on earn; `null` until the programme begins.
    #[schema(format = Date, example = "2026-01-01")]
    since: Option<String>,
    /// When it was last changed.
    updated_at: Option<At>,
}

impl From<Option<app::Programme>> for Programme {
    fn from(programme: Option<app::Programme>) -> Self {
        match programme {
            Some(programme) => Self {
                name: programme.name,
                enrol: programme.enrol.as_str(),
                value_of_100: programme.value_of_100,
                return_grace_days: programme.return_grace_days,
                transfer_per_day: programme.transfer_per_day,
                adjust_limits: programme.adjust_limits,
                referrals_per_year: programme.referrals_per_year,
                since: Some(time::day_text(programme.since)),
                updated_at: Some(programme.updated_at.into()),
            },
            None => Self {
                name: Localized::new("积分", "points"),
                enrol: app::Enrol::Automatic.as_str(),
                value_of_100: VALUE_OF_100,
                return_grace_days: GRACE,
                transfer_per_day: TRANSFER_PER_DAY,
                adjust_limits: BTreeMap::new(),
                referrals_per_year: REFERRALS_PER_YEAR,
                since: None,
                updated_at: None,
            },
        }
    }
}

/// The terms of a programme. What is left out stays, or is as it is of a programme that has not begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLoyaltyProgramme, example = json!({"name": {"zh-CN": "里程", "en": "miles"}, "enrol": "automatic", "value_of_100": 100, "since": "2026-01-01"}))]
struct NewProgramme {
    /// What points are called, 1 to 60 bytes in each language.
    #[schema(value_type = Option<described::Localized>)]
    name: Option<Localized>,
    /// How customers become members.
    #[schema(value_type = Option<fixed::Enrol>)]
    enrol: Option<String>,
    /// Minor units that a hundred points are worth in the books.
    value_of_100: Option<i64>,
    /// For how many days points come back whose lot is over when an order is called off, up to 365.
    return_grace_days: Option<i32>,
    /// How many points a member passes on in a day; 0 for none.
    transfer_per_day: Option<i64>,
    /// How many points somebody of a role adjusts at once, by the role's key. All of them: a role that is left out has no limit.
    adjust_limits: Option<BTreeMap<String, i64>>,
    /// How many customers a member brings in 365 days, up to 10,000.
    referrals_per_year: Option<i32>,
    /// Bookings made and trips that are over from this day on earn: today or before. Today if it was never said.
    #[schema(format = Date, example = "2026-01-01")]
    since: Option<String>,
}

impl NewProgramme {
    /// The terms as they become: what is not said stays as it is.
    fn terms(&self, before: Option<app::Programme>, today: Day) -> Answer<app::Programme> {
        let since = match (&self.since, &before) {
            (Some(text), _) => day("since", text)?,
            (None, Some(before)) => before.since,
            (None, None) => today,
        };
        let known = Programme::from(before);
        let enrol = self.enrol.as_deref().unwrap_or(known.enrol);
        let enrol = app::Enrol::parse(enrol).ok_or_else(|| {
            let detail = words!(
                "enrol must be automatic or on_request",
                "enrol 应为 automatic 或 on_request"
            );
            Problem::unprocessable("bad_programme", detail)
        })?;
        Ok(app::Programme {
            name: self.name.clone().unwrap_or(known.name),
            enrol,
            value_of_100: self.value_of_100.unwrap_or(known.value_of_100),
            return_grace_days: self.return_grace_days.unwrap_or(known.return_grace_days),
            transfer_per_day: self.transfer_per_day.unwrap_or(known.transfer_per_day),
            adjust_limits: self.adjust_limits.clone().unwrap_or(known.adjust_limits),
            referrals_per_year: self.referrals_per_year.unwrap_or(known.referrals_per_year),
            since,
            updated_at: 0,
            version: 0,
        })
    }
}

/// The programme.
#[utoipa::path(get, path = "/loyalty/programme", tag = "loyalty", operation_id = "getLoyaltyProgramme",
    responses((status = 200, description = "Its terms; before it begins those it would have.", body = Programme)))]
async fn programme(State(front): State<Front>, Auth(caller): Auth) -> Answer<impl IntoResponse> {
    let programme = front.app().loyalty().programme(&caller).await?;
    let version = programme.as_ref().map_or(0, |programme| programme.version);
    Ok((etag(version), axum::Json(Programme::from(programme))))
}

/// Begin the programme, or change its terms.
///
/// Bookings that an earlier `since` lets in are looked at in the background. What was posted stands.
#[utoipa::path(put, path = "/loyalty/programme", tag = "loyalty", operation_id = "putLoyaltyProgramme", request_body = NewProgramme,
    params(("If-Match" = Option<String>, Header, description = "`ETag` of the terms as they were read, or `*` to change only what is there; 412 `version_changed` if they are others by now, or there are none. Left out, the change is made on top of whatever they are.")),
    responses((status = 200, description = "Its terms.", body = Programme)))]
async fn put_programme(
    State(front): State<Front>,
    Auth(caller): Auth,
    headers: HeaderMap,
    Json(new): Json<NewProgramme>,
) -> Answer<impl IntoResponse> {
    let asked = if_match(&headers)?;
    let loyalty = front.app().loyalty();
    let today = caller.room.day_of(front.app().now());
    let mut tries = 0;
    loop {
        let before = loyalty.programme(&caller).await?;
        let expected = asked.of(before.is_some(), "version_changed")?;
        // on top of what was read here, so that two changes do not undo each other
        let expected = expected.or(Some(before.as_ref().map_or(0, |before| before.version)));
        let programme = new.terms(before, today)?;
        match loyalty.put_programme(&caller, &programme, expected).await {
            Err(AppError::Conflict(refused))
                if refused.code == "version_changed" && asked == IfMatch::Unsaid && tries < OVERTAKEN =>
            {
                tries += 1;
            }
            put => {
                let put = put?;
                return Ok((etag(put.version), axum::Json(Programme::from(Some(put)))));
            }
        }
    }
}
