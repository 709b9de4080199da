//! Loyalty: the programme, its members, what they have, and their statements.

mod statement;

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, Query};
use super::fixed;
use super::page::{At, Page};
use super::reason::Reason;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::{Day, Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(programme))
        .open_to(&[Scope::Campaigns], routes!(put_programme))
        .open_to(&[Scope::Read], routes!(members))
        .open_to(&[Scope::Intake], routes!(enrol))
        .open_to(&[Scope::Read], routes!(member))
        .merge(statement::routes())
}

/// What points are worth in the books where nobody has said it, in minor units of a hundred.
const VALUE_OF_100: i64 = 100;
/// For how many days points come back whose lot is over.
const GRACE: i32 = 30;

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
                since: Some(time::day_text(programme.since)),
                updated_at: Some(programme.updated_at.into()),
            },
            None => Self {
                name: Localized::new("积分", "points"),
                enrol: app::Enrol::Automatic.as_str(),
                value_of_100: VALUE_OF_100,
                return_grace_days: GRACE,
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
    /// Bookings made and trips that are over from this day on earn: today or before. Today if it was never said.
    #[schema(format = Date, example = "2026-01-01")]
    since: Option<String>,
}

/// A day on which something expires.
#[derive(Debug, Serialize, ToSchema)]
struct Expiring {
    /// The last day.
    #[schema(format = Date, example = "2028-01-31")]
    on: String,
    /// How many points.
    points: i64,
}

/// What a member has of points.
#[derive(Debug, Serialize, ToSchema)]
struct Points {
    /// What can be spent.
    available: i64,
    /// What is still to become so.
    pending: i64,
    /// What is set aside.
    held: i64,
    /// What was taken back and already spent; the next earnings make it good.
    owed: i64,
    /// What will be over, the earliest first; nothing for a past day.
    expiring: Vec<Expiring>,
}

/// What a member has of status.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    /// What counts.
    available: i64,
}

/// The way to a higher tier.
#[derive(Debug, Serialize, ToSchema)]
struct NextTier {
    /// Its key.
    #[schema(example = "gold")]
    key: String,
    /// What the member has.
    have: i64,
    /// What it takes.
    need: i64,
    /// What is counted.
    #[schema(example = "status")]
    unit: String,
}

/// The tier a member stands in.
#[derive(Debug, Serialize, ToSchema)]
struct Tier {
    /// Its key.
    #[schema(example = "silver")]
    key: String,
    /// What it is called by the rule in force.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Since when.
    #[schema(format = Date, example = "2026-01-15")]
    since: String,
    /// The last day on which it is not lowered; `null` if it has no end.
    #[schema(format = Date, example = "2027-12-31")]
    valid_until: Option<String>,
    /// Whether somebody gave it by hand.
    by_hand: bool,
    /// Why.
    reason: Option<Reason>,
    /// The way to a higher one; `null` at the top, and for a past day.
    next: Option<NextTier>,
}

/// A member of the programme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyMember)]
struct Member {
    /// The customer.
    customer_id: Uuid,
    /// The number on the card.
    #[schema(example = "00000001")]
    member_no: String,
    /// Whether they take part.
    #[schema(value_type = fixed::MemberState)]
    state: String,
    /// The day of joining.
    #[schema(format = Date, example = "2026-01-15")]
    since: String,
    /// The tier; `null` for none.
    tier: Option<Tier>,
    /// Points.
    points: Points,
    /// Status.
    status: Status,
    /// The code by which others are referred.
    #[schema(example = "K7QX2MPA")]
    referral_code: String,
}

impl From<app::MemberView> for Member {
    fn from(view: app::MemberView) -> Self {
        let tier = |tier: app::TierView| Tier {
            key: tier.key,
            title: tier.title,
            since: time::day_text(tier.since),
            valid_until: tier.valid_until.map(time::day_text),
            by_hand: tier.by_hand,
            reason: tier.reason.map(Into::into),
            next: tier.next.map(|next| NextTier {
                key: next.key,
                have: next.have,
                need: next.need,
                unit: next.unit,
            }),
        };
        let expiring = |one: app::Expiring| Expiring {
            on: time::day_text(one.on),
            points: one.points,
        };
        Self {
            customer_id: view.customer,
            member_no: view.member_no,
            state: view.state,
            since: time::day_text(view.since),
            tier: view.tier.map(tier),
            points: Points {
                available: view.points.available,
                pending: view.points.pending,
                held: view.points.held,
                owed: view.points.owed,
                expiring: view.points.expiring.into_iter().map(expiring).collect(),
            },
            status: Status { available: view.status },
            referral_code: view.referral_code,
        }
    }
}

/// Who is to become a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLoyaltyMember)]
struct NewMember {
    /// The customer.
    customer_id: Uuid,
}

fn day(name: &'static str, text: &str) -> Answer<Day> {
    time::parse_day(text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::unprocessable(
            "bad_date",
            words!(
                "{name} {shown:?} is not a date like 2026-01-15",
                "{name} {shown:?} 不是 2026-01-15 这样的日期"
            ),
        )
    })
}

/// The programme.
#[utoipa::path(get, path = "/loyalty/programme", tag = "loyalty", operation_id = "getLoyaltyProgramme",
    responses((status = 200, description = "Its terms; before it begins those it would have.", body = Programme)))]
async fn programme(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Programme>> {
    Ok(axum::Json(front.app().loyalty().programme(&caller).await?.into()))
}

/// Begin the programme, or change its terms.
///
/// Bookings that an earlier `since` lets in are looked at in the background. What was posted stands.
#[utoipa::path(put, path = "/loyalty/programme", tag = "loyalty", operation_id = "putLoyaltyProgramme", request_body = NewProgramme,
    responses((status = 200, description = "Its terms.", body = Programme)))]
async fn put_programme(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(new): Json<NewProgramme>,
) -> Answer<axum::Json<Programme>> {
    let loyalty = front.app().loyalty();
    let before = loyalty.programme(&caller).await?;
    let known = Programme::from(before.clone());
    let enrol = new.enrol.as_deref().unwrap_or(known.enrol);
    let enrol = app::Enrol::parse(enrol).ok_or_else(|| {
        let detail = words!(
            "enrol must be automatic or on_request",
            "enrol 应为 automatic 或 on_request"
        );
        Problem::unprocessable("bad_programme", detail)
    })?;
    let since = match (&new.since, &before) {
        (Some(text), _) => day("since", text)?,
        (None, Some(before)) => before.since,
        (None, None) => caller.room.day_of(front.app().now()),
    };
    let programme = app::Programme {
        name: new.name.unwrap_or(known.name),
        enrol,
        value_of_100: new.value_of_100.unwrap_or(known.value_of_100),
        return_grace_days: new.return_grace_days.unwrap_or(known.return_grace_days),
        since,
        updated_at: 0,
    };
    let put = loyalty.put_programme(&caller, &programme).await?;
    Ok(axum::Json(Some(put).into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only members of this tier, by its key.
    #[param(example = "gold")]
    tier: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Members.
#[utoipa::path(get, path = "/members", tag = "loyalty", operation_id = "listMembers", params(Listed),
    responses((status = 200, description = "In the order of their customers' ids.", body = Page<Member>)))]
async fn members(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<Member>>> {
    let limit = front.limit(listed.limit)?;
    let loyalty = front.app().loyalty();
    let page = loyalty
        .members(&caller, listed.tier.as_deref(), listed.cursor, limit)
        .await?;
    Ok(axum::Json(Page::of(page)))
}

/// Make a customer a member.
///
/// Bookings made and trips that are over since the programme began earn from then on. Before there is a programme: 409 `no_programme`.
#[utoipa::path(post, path = "/members", tag = "loyalty", operation_id = "enrolMember", request_body = NewMember,
    responses(
        (status = 201, description = "The member.", body = Member),
        (status = 200, description = "The customer is a member already.", body = Member)))]
async fn enrol(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(new): Json<NewMember>,
) -> Answer<(StatusCode, axum::Json<Member>)> {
    let (is_new, member) = front.app().loyalty().enrol(&caller, new.customer_id).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(member.into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AsOf {
    /// A past day, of whose evening the balances and the tier are.
    #[param(example = "2025-12-31")]
    as_of: Option<String>,
}

/// A member: tier and why, balances, what expires.
#[utoipa::path(get, path = "/members/{customer_id}", tag = "loyalty", operation_id = "getMember",
    params(("customer_id" = Uuid, Path, description = "Id of the customer."), AsOf),
    responses((status = 200, description = "The member.", body = Member)))]
async fn member(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Query(asked): Query<AsOf>,
) -> Answer<axum::Json<Member>> {
    let as_of = asked.as_of.as_deref().map(|text| day("as_of", text)).transpose()?;
    let view = front.app().loyalty().member(&caller, customer, as_of).await?;
    Ok(axum::Json(view.into()))
}
