//! Rewards: what points are spent on.

use super::day;
use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Json, Path, etag, if_match};
use crate::fixed;
use crate::page::Page;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::{Day, Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(rewards))
        .open_to(&[Scope::Campaigns], routes!(create))
        .open_to(&[Scope::Campaigns], routes!(change))
}

/// A reward.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reward)]
struct Reward {
    /// Its key.
    #[schema(example = "airport-lounge")]
    key: String,
    /// What kind of thing it is.
    #[schema(value_type = fixed::RewardKind)]
    kind: &'static str,
    /// What it is called.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// The price in points.
    points: i64,
    /// Other prices of tiers, by their keys; `null` for a tier that does not get it.
    #[schema(example = json!({"gold": 4000, "member": null}))]
    tier_points: BTreeMap<String, Option<i64>>,
    /// How many pieces there are; `null` for as many as are ordered.
    stock: Option<i64>,
    /// How many are ordered and not called off.
    taken: i64,
    /// How many are left; `null` for as many as are ordered.
    left: Option<i64>,
    /// How many a member orders at most.
    per_member: Option<i64>,
    /// The first day on which it can be ordered.
    #[schema(format = Date, example = "2026-01-01")]
    from: Option<String>,
    /// The last.
    #[schema(format = Date, example = "2026-12-31")]
    until: Option<String>,
    /// Minor units that it takes off a quote, of `money_off`.
    worth: Option<i64>,
    /// The campaign whose coupon it is.
    campaign_id: Option<Uuid>,
    /// Whether it can be ordered.
    offered: bool,
    /// Moves with every change of the terms.
    version: i64,
}

impl From<app::RewardView> for Reward {
    fn from(view: app::RewardView) -> Self {
        Self {
            left: view.left(),
            key: view.key,
            kind: view.kind.as_str(),
            title: view.terms.title,
            points: view.terms.points,
            tier_points: view.terms.tier_points,
            stock: view.terms.stock,
            taken: view.taken,
            per_member: view.terms.per_member,
            from: view.terms.from.map(time::day_text),
            until: view.terms.until.map(time::day_text),
            worth: view.terms.worth,
            campaign_id: view.campaign,
            offered: view.terms.is_offered,
            version: view.version,
        }
    }
}

/// A reward to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReward, example = json!({"key": "airport-lounge", "kind": "invitation", "title": {"zh-CN": "机场贵宾厅", "en": "Airport lounge"},
    "points": 4500, "stock": 200, "per_member": 2}))]
struct NewReward {
    /// Its key: 1 to 60 lower-case letters, digits and hyphens.
    key: String,
    /// What kind of thing it is.
    #[schema(value_type = fixed::RewardKind)]
    kind: String,
    /// What it is called.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// The price in points, 1 or more.
    #[schema(minimum = 1)]
    points: i64,
    /// Other prices of tiers, by their keys; `null` for a tier that does not get it.
    #[serde(default)]
    tier_points: BTreeMap<String, Option<i64>>,
    /// How many pieces there are; as many as are ordered if left out.
    stock: Option<i64>,
    /// How many a member orders at most.
    per_member: Option<i64>,
    /// The first day on which it can be ordered.
    #[schema(format = Date, example = "2026-01-01")]
    from: Option<String>,
    /// The last.
    #[schema(format = Date, example = "2026-12-31")]
    until: Option<String>,
    /// Minor units that it takes off a quote: of `money_off`, and of nothing else.
    worth: Option<i64>,
    /// The campaign whose coupon it is, by id or key: of `coupon`, and of nothing else.
    campaign: Option<String>,
}

/// What is to become different of a reward. What is left out stays; `null` takes a bound away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RewardChange, example = json!({"stock": 500, "offered": true}))]
struct RewardChange {
    /// What it is called.
    #[schema(value_type = Option<described::Localized>)]
    title: Option<Localized>,
    /// The price in points.
    #[schema(minimum = 1)]
    points: Option<i64>,
    /// Other prices of tiers, all of them.
    tier_points: Option<BTreeMap<String, Option<i64>>>,
    /// How many pieces there are.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>)]
    stock: Option<Option<i64>>,
    /// How many a member orders at most.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>)]
    per_member: Option<Option<i64>>,
    /// The first day on which it can be ordered.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Option<String>>,
    /// The last.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Option<String>>,
    /// Minor units that it takes off a quote.
    worth: Option<i64>,
    /// Whether it can be ordered.
    offered: Option<bool>,
}

/// A field that is there, be it `null`.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}

fn bound(name: &'static str, text: Option<&str>) -> Answer<Option<Day>> {
    text.map(|text| day(name, text)).transpose()
}

/// Rewards.
#[utoipa::path(get, path = "/rewards", tag = "loyalty", operation_id = "listRewards",
    responses((status = 200, description = "By their keys.", body = Page<Reward>)))]
async fn rewards(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Reward>>> {
    Ok(axum::Json(Page::whole(front.app().loyalty().rewards(&caller).await?)))
}

/// Make a reward.
#[utoipa::path(post, path = "/rewards", tag = "loyalty", operation_id = "createReward", request_body = NewReward,
    responses((status = 201, description = "It can be ordered.", body = Reward)))]
async fn create(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(new): Json<NewReward>,
) -> Answer<impl IntoResponse> {
    let kind = app::RewardKind::parse(&new.kind).ok_or_else(|| {
        let known = app::RewardKind::ALL.map(app::RewardKind::as_str).join(", ");
        Problem::unprocessable("bad_reward", words!("kind is one of {known}", "kind 应为 {known} 之一"))
    })?;
    let new = app::NewReward {
        key: new.key,
        kind,
        campaign: new.campaign,
        terms: app::RewardTerms {
            title: new.title,
            points: new.points,
            tier_points: new.tier_points,
            stock: new.stock,
            per_member: new.per_member,
            from: bound("from", new.from.as_deref())?,
            until: bound("until", new.until.as_deref())?,
            worth: new.worth,
            is_offered: true,
        },
    };
    let view = front.app().loyalty().create_reward(&caller, &new).await?;
    Ok((StatusCode::CREATED, etag(view.version), axum::Json(Reward::from(view))))
}

/// Change the terms of a reward, or take it out of the catalogue.
///
/// Orders keep what they cost.
#[utoipa::path(patch, path = "/rewards/{key}", tag = "loyalty", operation_id = "changeReward", request_body = RewardChange,
    params(("key" = String, Path, description = "Its key."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the reward as it was read; 412 `version_changed` if it is another by now.")),
    responses((status = 200, description = "The reward.", body = Reward)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(change): Json<RewardChange>,
) -> Answer<impl IntoResponse> {
    let expected = if_match(&headers)?.version();
    let loyalty = front.app().loyalty();
    let before = loyalty.reward(&caller, &key).await?;
    let known = before.terms;
    let limit = |said: Option<Option<String>>, name, known: Option<Day>| match said {
        Some(text) => bound(name, text.as_deref()),
        None => Ok(known),
    };
    let terms = app::RewardTerms {
        title: change.title.unwrap_or(known.title),
        points: change.points.unwrap_or(known.points),
        tier_points: change.tier_points.unwrap_or(known.tier_points),
        stock: change.stock.unwrap_or(known.stock),
        per_member: change.per_member.unwrap_or(known.per_member),
        from: limit(change.from, "from", known.from)?,
        until: limit(change.until, "until", known.until)?,
        worth: change.worth.or(known.worth),
        is_offered: change.offered.unwrap_or(known.is_offered),
    };
    // on top of what was read here, so that two changes do not undo each other
    let expected = expected.or(Some(before.version));
    let view = loyalty.change_reward(&caller, &key, &terms, expected).await?;
    Ok((etag(view.version), axum::Json(Reward::from(view))))
}
