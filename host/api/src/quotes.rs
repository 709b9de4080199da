//! Quotes: the price of a basket, held for a while, then confirmed with its booking or let go.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, Query};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use posthouse_app::quotes::{self as app, Confirmation, HOLD_MINUTES, NewQuote, QuoteFilter, QuoteView};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_domain::{Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Quotes], routes!(quote))
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Quotes, Scope::Read], routes!(read))
        .open_to(&[Scope::Quotes], routes!(confirm))
        .open_to(&[Scope::Quotes], routes!(release))
}

/// A basket to be priced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0198…", "channel": "app", "codes": [], "lines": [
    {"sku": "YN-7", "kind": "tour", "destination": "云南", "theme": "culture", "departs": "2026-05-01", "travellers": 2, "unit_price": 498_000, "quantity": 2}]}))]
pub(crate) struct BasketBody {
    /// Who buys; left out, nobody in particular, and campaigns for known customers do not apply.
    customer_id: Option<Uuid>,
    /// Where: `app`, `shop`, …. Campaigns name their places by the same words.
    #[schema(min_length = 1)]
    channel: String,
    /// What, 1 to 100 lines.
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineBody>,
    /// Coupon codes, however they were typed; up to 10.
    #[serde(default)]
    #[schema(max_items = 10)]
    codes: Vec<String>,
    /// How long to hold budgets and coupons for this price, in minutes, 1 to 2880; 30 if left out.
    #[schema(minimum = 1, maximum = 2880)]
    hold_minutes: Option<u16>,
    /// How many of the customer's points to use at most, after campaigns and down to the cost of the lines; none if left out.
    #[schema(minimum = 1)]
    points: Option<i64>,
    /// Key of the `money_off` reward by which they take money off; the one that gives most if left out.
    reward: Option<String>,
}

/// One thing of a basket.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    /// The agency's number of the product.
    #[schema(min_length = 1)]
    sku: String,
    /// `tour`, `hotel`, `flight`, `train`, `cruise`, `ticket`, `transfer`, `visa`, `insurance` or `other`.
    #[schema(value_type = fixed::ProductKind)]
    kind: ProductKind,
    /// Where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<String>,
    /// When it begins, `2026-05-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    departs: Option<String>,
    /// For how many people it is.
    #[schema(minimum = 1, maximum = 10_000)]
    travellers: i32,
    /// Price of one, in minor units of the agency's currency: 498000 for CNY 4,980.00.
    #[schema(minimum = 0, example = 498_000)]
    unit_price: i64,
    /// What one costs the agency, in minor units; where it is known, no campaign takes the price below it. Rules are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    unit_cost: Option<i64>,
    /// How many.
    #[schema(minimum = 1, maximum = 10_000)]
    quantity: i32,
}

impl LineBody {
    fn read(self, place: usize) -> Answer<Line> {
        let departs = self.departs.map(|text| {
            time::parse_day(&text).ok_or_else(|| {
                Problem::unprocessable(
                    "bad_basket",
                    words!(
                        "lines[{place}] departs on {text:?}; write a date like 2026-05-01",
                        "lines[{place}] 的出发日期为 {text:?}；请写成 2026-05-01 的形式"
                    ),
                )
            })
        });
        Ok(Line {
            sku: self.sku,
            kind: self.kind,
            destination: self.destination,
            theme: self.theme,
            departs: departs.transpose()?,
            travellers: self.travellers,
            unit_price: self.unit_price,
            unit_cost: self.unit_cost,
            quantity: self.quantity,
        })
    }
}

impl From<Line> for LineBody {
    fn from(line: Line) -> Self {
        Self {
            sku: line.sku,
            kind: line.kind,
            destination: line.destination,
            theme: line.theme,
            departs: line.departs.map(time::day_text),
            travellers: line.travellers,
            unit_price: line.unit_price,
            unit_cost: line.unit_cost,
            quantity: line.quantity,
        }
    }
}

/// A campaign by its names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignName {
    /// Id.
    id: Uuid,
    /// The agency's key for it.
    key: String,
    /// For people.
    name: String,
}

impl From<app::Named> for CampaignName {
    fn from(named: app::Named) -> Self {
        Self {
            id: named.id,
            key: named.key,
            name: named.name,
        }
    }
}

/// The price of one line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinePrice {
    /// The agency's number of the product.
    sku: String,
    /// Before all savings, in minor units.
    list_price: i64,
    /// After them, in minor units.
    price: i64,
}

/// One saving.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Adjustment {
    /// Whose.
    campaign: CampaignName,
    /// Place of the line, from 0.
    line: u32,
    /// Minor units off.
    off: i64,
    /// What the rule asked for, in minor units; more than `off` where a floor was in the way.
    asked: i64,
    /// The rule's reason.
    reason: AdjustmentReason,
    /// The decision behind it.
    decision: Uuid,
}

/// Why a rule offers something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdjustmentReason {
    /// Stable code of the rule's own.
    code: String,
    /// In words.
    #[schema(value_type = described::Localized)]
    text: Localized,
}

/// What became of a coupon code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeTrace {
    /// The code's last letters.
    #[schema(example = "…9PCT")]
    code: String,
    /// `held` (confirming redeems it), `not_applied`, or what is wrong with it.
    #[schema(value_type = fixed::CodeState)]
    state: String,
    /// In words.
    #[schema(value_type = described::Localized)]
    text: Localized,
    /// The campaign it opens, if it is good.
    campaign_id: Option<Uuid>,
}

/// What became of one campaign.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignTrace {
    /// Which.
    campaign: CampaignName,
    /// Its stacking group.
    group: String,
    /// `exclusive`, `stackable`, `best-of` or `ordered`.
    #[schema(value_type = fixed::StackingMode)]
    mode: String,
    /// Its place in line; 1 is first.
    priority: i32,
    /// Whether it takes something off.
    applied: bool,
    /// `applied`, or why not: `outside_window`, `elsewhere`, `customer_needed`, `not_in_audience`, `holdout`, `open_complaint`,
    /// `coupon_needed`, `no_rule`, `set_aside`, `not_asked`, `rule_failed`, `no_offer`, `outranked`, `not_best`, `over_budget`, `at_floor`, `not_running`.
    #[schema(value_type = fixed::CampaignOutcome)]
    code: String,
    /// In words.
    #[schema(value_type = described::Localized)]
    text: Localized,
    /// Minor units off.
    off: i64,
    /// The decision of its rule, if that was asked.
    decision: Option<Uuid>,
}

/// What points took off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotePoints {
    /// Key of the reward by which they do.
    #[schema(example = "points-for-money")]
    reward: String,
    /// How many were to be used at most.
    asked: i64,
    /// How many are held, or were spent.
    used: i64,
    /// Minor units off.
    off: i64,
}

/// A priced basket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quote {
    /// Id.
    id: Uuid,
    /// `open` (what it takes is held), `confirmed`, `released` or `expired`.
    #[schema(value_type = fixed::QuoteState)]
    state: String,
    /// Who buys.
    customer_id: Option<Uuid>,
    /// Where.
    channel: String,
    /// ISO 4217 code; all amounts are its minor units.
    currency: String,
    /// Before all savings, in minor units.
    list_price: i64,
    /// After them, in minor units.
    price: i64,
    /// Line by line, in the order of the basket.
    lines: Vec<LinePrice>,
    /// The basket as it was sent.
    basket: Vec<LineBody>,
    /// What was taken off, in that order.
    adjustments: Vec<Adjustment>,
    /// Every coupon code of the basket.
    coupons: Vec<CodeTrace>,
    /// Every campaign in force, the first in line first.
    trace: Vec<CampaignTrace>,
    /// What points took off beside what the lines say; `null` if none were to be used.
    points: Option<QuotePoints>,
    /// When it was made.
    at: At,
    /// Until when it holds what it takes.
    expires_at: At,
    /// The booking it was confirmed with.
    booking_id: Option<String>,
    /// When it was confirmed, released or expired.
    closed_at: Option<At>,
    /// How much of the savings went back to their budgets because the booking was called off or paid back; in minor units.
    returned: i64,
}

impl Quote {
    fn of(view: QuoteView, currency: String) -> Self {
        let app::Answer {
            lines,
            adjustments,
            coupons,
            trace,
            points,
        } = view.answer;
        let line = |line: app::LinePrice| LinePrice {
            sku: line.sku,
            list_price: line.list_price,
            price: line.price,
        };
        let adjustment = |found: app::Adjustment| Adjustment {
            campaign: found.campaign.into(),
            line: found.line,
            off: found.off,
            asked: found.asked,
            reason: AdjustmentReason {
                code: found.reason.code,
                text: found.reason.text,
            },
            decision: found.decision,
        };
        let code = |found: app::CodeTrace| CodeTrace {
            code: found.code,
            state: found.state,
            text: found.text,
            campaign_id: found.campaign,
        };
        let campaign = |found: app::CampaignTrace| CampaignTrace {
            campaign: found.campaign.into(),
            group: found.group,
            mode: found.mode,
            priority: found.priority,
            applied: found.applied,
            code: found.code,
            text: found.text,
            off: found.off,
            decision: found.decision,
        };
        Self {
            id: view.id,
            state: view.state,
            customer_id: view.customer_id,
            channel: view.basket.channel,
            currency,
            list_price: view.list_price,
            price: view.price,
            points: points.map(|points| QuotePoints {
                reward: points.reward,
                asked: points.asked,
                used: points.used,
                off: points.off,
            }),
            lines: lines.into_iter().map(line).collect(),
            basket: view.basket.lines.into_iter().map(LineBody::from).collect(),
            adjustments: adjustments.into_iter().map(adjustment).collect(),
            coupons: coupons.into_iter().map(code).collect(),
            trace: trace.into_iter().map(campaign).collect(),
            at: view.at.into(),
            expires_at: view.expires_at.into(),
            booking_id: view.booking_id,
            closed_at: view.closed_at.map(At),
            returned: view.returned,
        }
    }
}

/// Price a basket with every campaign in force.
///
/// What the price takes of budgets and coupons is held until the quote is confirmed, released, or its time is over.
#[utoipa::path(post, path = "/quotes", tag = "quotes", operation_id = "createQuote", request_body = BasketBody,
    responses((status = 201, description = "The price, and what became of every campaign.", body = Quote)))]
async fn quote(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<BasketBody>,
) -> Answer<impl IntoResponse> {
    let lines = body.lines.into_iter().enumerate();
    let lines = lines.map(|(place, line)| line.read(place)).collect::<Answer<_>>()?;
    let new = NewQuote {
        customer: body.customer_id,
        basket: Basket {
            channel: body.channel,
            lines,
        },
        codes: body.codes,
        hold_minutes: body.hold_minutes.unwrap_or(HOLD_MINUTES),
        points: body.points,
        reward: body.reward,
    };
    let view = front.app().quotes().make(&caller, new).await?;
    let currency = caller.room.terms.currency.to_string();
    Ok((StatusCode::CREATED, axum::Json(Quote::of(view, currency))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QuoteQuery {
    /// For this customer.
    customer_id: Option<Uuid>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Quotes, the newest first.
#[utoipa::path(get, path = "/quotes", tag = "quotes", operation_id = "listQuotes", params(QuoteQuery),
    responses((status = 200, description = "A page of quotes.", body = Page<Quote>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<QuoteQuery>,
) -> Answer<axum::Json<Page<Quote>>> {
    let limit = front.limit(query.limit)?;
    let filter = QuoteFilter {
        customer: query.customer_id,
    };
    let (views, next) = front.app().quotes().list(&caller, filter, query.cursor, limit).await?;
    let currency = caller.room.terms.currency.to_string();
    Ok(axum::Json(Page {
        items: views
            .into_iter()
            .map(|view| Quote::of(view, currency.clone()))
            .collect(),
        next: next.map(|id| id.to_string()),
    }))
}

/// One quote.
#[utoipa::path(get, path = "/quotes/{id}", tag = "quotes", operation_id = "getQuote", params(("id" = Uuid, Path, description = "Id of the quote.")),
    responses((status = 200, description = "The quote.", body = Quote)))]
async fn read(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Quote>> {
    shown(&front, &caller, id).await
}

/// A quote as it stands.
pub(super) async fn shown(front: &Front, caller: &Caller, id: Uuid) -> Answer<axum::Json<Quote>> {
    let view = front.app().quotes().get(caller, id).await?;
    Ok(axum::Json(Quote::of(view, caller.room.terms.currency.to_string())))
}

/// With which booking a quote is confirmed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"booking_id": "B-2026-0815"}))]
pub(crate) struct ConfirmBody {
    /// The booking's id as events and files tell it; it need not have been told yet.
    booking_id: String,
}

/// Confirm a quote with its booking: what it held is spent, its coupons are redeemed.
///
/// Done once, however often it is sent: the same booking again answers the same. When events or files tell that the booking is
/// cancelled or refunded, budgets and coupons come back by themselves.
#[utoipa::path(post, path = "/quotes/{id}/confirm", tag = "quotes", operation_id = "confirmQuote", request_body = ConfirmBody,
    params(("id" = Uuid, Path, description = "Id of the quote.")),
    responses((status = 200, description = "The confirmed quote.", body = Quote)))]
async fn confirm(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Json(body): Json<ConfirmBody>,
) -> Answer<axum::Json<Quote>> {
    let with = Confirmation {
        booking_id: body.booking_id,
    };
    let view = front.app().quotes().confirm(&caller, id, with).await?;
    Ok(axum::Json(Quote::of(view, caller.room.terms.currency.to_string())))
}

/// Let a quote go: what it held is free again. The same again answers the same.
#[utoipa::path(post, path = "/quotes/{id}/release", tag = "quotes", operation_id = "releaseQuote", params(("id" = Uuid, Path, description = "Id of the quote.")),
    responses((status = 200, description = "The quote, released; or expired, if its time was over.", body = Quote)))]
async fn release(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Quote>> {
    let view = front.app().quotes().release(&caller, id).await?;
    Ok(axum::Json(Quote::of(view, caller.room.terms.currency.to_string())))
}
