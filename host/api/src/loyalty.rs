//! Loyalty: the programme, its members, what they have, and their statements.

mod adjustments;
mod books;
mod links;
mod occasions;
mod previews;
mod programme;
mod redemptions;
mod referrals;
mod rewards;
mod statement;
mod tiers;

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, Query};
use super::fixed;
use super::page::Page;
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

pub(crate) use redemptions::ordered;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(members))
        .open_to(&[Scope::Intake], routes!(enrol))
        .open_to(&[Scope::Read], routes!(member))
        .open_to(&[Scope::Campaigns], routes!(change))
        .merge(programme::routes())
        .merge(statement::routes())
        .merge(adjustments::routes())
        .merge(rewards::routes())
        .merge(redemptions::routes())
        .merge(referrals::routes())
        .merge(books::routes())
        .merge(occasions::routes())
        .merge(links::routes())
        .merge(previews::routes())
        .merge(tiers::routes())
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

/// Calls whose answers hold codes and are never kept.
pub(super) fn secret_routes() -> Calls {
    redemptions::secret_routes().merge(links::secret_routes())
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

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only members who match this text: a name, part of a telephone number, a number on a card, a code for referrals.
    #[param(example = "王")]
    q: Option<String>,
    /// Only members of this tier, by its key.
    #[param(example = "gold")]
    tier: Option<String>,
    /// Only members in this state.
    #[param(value_type = Option<fixed::MemberState>)]
    state: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Members.
///
/// Whoever does not see every customer gets the members they see.
#[utoipa::path(get, path = "/members", tag = "loyalty", operation_id = "listLoyaltyMembers", params(Listed),
    responses((status = 200, description = "In the order of their customers' ids; with `q` the best match first.", body = Page<Member>)))]
async fn members(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(listed): Query<Listed>,
) -> Answer<axum::Json<Page<Member>>> {
    let limit = front.limit(listed.limit)?;
    let loyalty = front.app().loyalty();
    let filter = app::MemberFilter {
        q: listed.q,
        tier: listed.tier,
        state: listed.state,
        ..app::MemberFilter::default()
    };
    let page = loyalty
        .members(&caller, &filter, listed.cursor.as_deref(), limit)
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

/// What is to become of a membership.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange, example = json!({"state": "suspended", "reason": "card reported lost"}))]
struct Change {
    /// `suspended` earns and spends nothing; `closed` does neither, and what there was is forfeited.
    #[schema(value_type = fixed::MemberState)]
    state: String,
    /// Why, up to 4000 bytes.
    reason: Option<String>,
}

/// Suspend a membership, close it, or make it active again.
///
/// Closing forfeits what is left of points and status; orders and quotes that hold points come first (409 `member_has_orders`). Whoever comes
/// back begins with nothing, and earns on what was booked meanwhile.
#[utoipa::path(patch, path = "/members/{customer_id}", tag = "loyalty", operation_id = "changeMember", request_body = Change,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 200, description = "The member.", body = Member)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(change): Json<Change>,
) -> Answer<axum::Json<Member>> {
    let state = app::MemberState::parse(&change.state).ok_or_else(|| {
        Problem::unprocessable(
            "bad_state",
            words!(
                "state must be active, suspended or closed",
                "state 应为 active、suspended 或 closed"
            ),
        )
    })?;
    let loyalty = front.app().loyalty();
    let view = loyalty
        .set_state(&caller, customer, state, change.reason.as_deref())
        .await?;
    Ok(axum::Json(view.into()))
}
