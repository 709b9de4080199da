//! Coupons of campaigns, and what their budgets have left.

use super::Front;
use super::auth::READERS;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, Query};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use posthouse_app::coupons::{BatchView, Bearers, CouponView, NewBatch};
use posthouse_app::quotes::BudgetView;
use posthouse_app::team::Scope;
use posthouse_domain::{AgencyTerms, Words, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&READERS, routes!(batches))
        .open_to(&[Scope::Campaigns], routes!(revoke_batch))
        .open_to(&[Scope::Quotes], routes!(look_up))
        .open_to(&[Scope::Campaigns], routes!(revoke))
        .open_to(&READERS, routes!(budget))
}

/// Calls whose answers hold codes and are never kept.
pub(super) fn secret_routes() -> Calls {
    Calls::new().open_to(&[Scope::Campaigns], routes!(make))
}

/// Coupons to be made: `count` for whoever brings one, or `customers`, or `segment`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Spring fair", "count": 500, "uses": 1, "expires_at": "2026-06-30T16:00:00Z"}))]
pub(crate) struct NewCoupons {
    /// By which people know the batch.
    #[schema(min_length = 1)]
    label: String,
    /// So many codes for whoever brings one, up to 100,000.
    #[schema(minimum = 1, maximum = 100_000)]
    count: Option<usize>,
    /// A code for each of these customers, theirs alone.
    customers: Option<Vec<Uuid>>,
    /// A code for everyone who is in this segment (`binding.key`) now, theirs alone.
    segment: Option<String>,
    /// How often each code can be used; once if left out.
    #[schema(minimum = 1)]
    uses: Option<i32>,
    /// When the codes end: an instant as RFC 3339, or a day, which means its first instant in the agency's zone.
    expires_at: Option<String>,
}

impl NewCoupons {
    fn read(self, terms: &AgencyTerms) -> Answer<NewBatch> {
        let bearers = match (self.count, self.customers, self.segment) {
            (Some(count), None, None) => Bearers::Anyone(count),
            (None, Some(customers), None) => Bearers::Customers(customers),
            (None, None, Some(segment)) => Bearers::Segment(segment),
            _ => {
                return Err(Problem::unprocessable(
                    "bad_batch",
                    words!(
                        "say for whom the codes are: one of count, customers and segment",
                        "请说明券码给谁：count、customer、segment 三选一"
                    ),
                ));
            }
        };
        let expires_at = self.expires_at.map(|text| {
            time::parse_instant(&text, terms.time_zone).ok_or_else(|| {
                Problem::unprocessable(
                    "bad_batch",
                    words!(
                        "expires_at {text:?} is not an instant; write it like 2026-06-30T16:00:00Z",
                        "expires_at {text:?} 不是时刻；请写成 2026-06-30T16:00:00Z 的形式"
                    ),
                )
            })
        });
        Ok(NewBatch {
            label: self.label,
            bearers,
            uses: self.uses.unwrap_or(1),
            expires_at: expires_at.transpose()?,
        })
    }
}

/// A batch of coupons as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CouponBatch {
    /// Id.
    id: Uuid,
    /// The campaign it opens.
    campaign_id: Uuid,
    /// By which people know it.
    label: String,
    /// Whether each code belongs to one customer.
    personal: bool,
    /// How many codes.
    count: i64,
    /// How often each can be used.
    uses: i32,
    /// When they end.
    expires_at: Option<At>,
    /// `making` (they do not count yet), `ready` or `revoked`.
    #[schema(value_type = fixed::CouponBatchState)]
    state: String,
    /// Uses held by open quotes.
    held: i64,
    /// Uses that were redeemed and did not come back.
    used: i64,
    /// Codes that were revoked one by one.
    revoked: i64,
    /// When it was made.
    created_at: At,
    /// What the batch is, in words: sentence by sentence, each by language.
    #[schema(value_type = Vec<described::Localized>, example = json!([{"en": "500 codes for whoever brings one, each good once.", "zh-CN": "500 个券码，任何人持码可用，每码可用 1 次。"}]))]
    understood: Vec<Words>,
}

impl CouponBatch {
    fn of(view: BatchView, terms: &AgencyTerms) -> Self {
        Self {
            understood: view.in_words(terms),
            id: view.id,
            campaign_id: view.campaign_id,
            label: view.label,
            personal: view.personal,
            count: view.count,
            uses: view.uses,
            expires_at: view.expires_at.map(At),
            state: view.state,
            held: view.held,
            used: view.used,
            revoked: view.revoked,
            created_at: view.created_at.into(),
        }
    }
}

/// A batch with its codes, which are told this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeCoupons {
    /// The batch.
    #[serde(flatten)]
    batch: CouponBatch,
    /// The codes.
    codes: Vec<CouponCode>,
}

/// A code, told this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CouponCode {
    /// The code.
    #[schema(example = "7XQ2-M4KD-0WZH-9PCT")]
    code: String,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    customer_id: Option<Uuid>,
}

/// Make a batch of coupons for a campaign.
///
/// The codes are in this answer and nowhere else: only their hashes are kept. Sent again with the same `Idempotency-Key` it makes no
/// second batch and is answered with `answer_lost`; a batch whose answer was lost is revoked, and another one made.
#[utoipa::path(post, path = "/campaigns/{id}/coupons", tag = "coupons", operation_id = "makeCoupons", request_body = NewCoupons,
    params(("id" = String, Path, description = "Id or key of the campaign.")),
    responses((status = 201, description = "The batch with its codes.", body = MadeCoupons)))]
async fn make(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<NewCoupons>,
) -> Answer<impl IntoResponse> {
    let (batch, codes) = front
        .app()
        .coupons()
        .make(&caller, &id, body.read(&caller.room.terms)?)
        .await?;
    let code = |made: posthouse_app::coupons::MadeCode| CouponCode {
        code: made.code,
        customer_id: made.customer_id,
    };
    let made = MadeCoupons {
        batch: CouponBatch::of(batch, &caller.room.terms),
        codes: codes.into_iter().map(code).collect(),
    };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// A campaign's batches of coupons, the newest first.
#[utoipa::path(get, path = "/campaigns/{id}/coupons", tag = "coupons", operation_id = "listCoupons",
    params(("id" = String, Path, description = "Id or key of the campaign."), BatchQuery),
    responses((status = 200, description = "A page of batches.", body = Page<CouponBatch>)))]
async fn batches(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Query(query): Query<BatchQuery>,
) -> Answer<axum::Json<Page<CouponBatch>>> {
    let limit = front.limit(query.limit)?;
    let (views, next) = front.app().coupons().batches(&caller, &id, query.cursor, limit).await?;
    let terms = &caller.room.terms;
    Ok(axum::Json(Page {
        items: views.into_iter().map(|view| CouponBatch::of(view, terms)).collect(),
        next: next.map(|id| id.to_string()),
    }))
}

/// Revoke every code of a batch. What open quotes hold of it they keep.
#[utoipa::path(post, path = "/campaigns/{id}/coupons/{batch}/revoke", tag = "coupons", operation_id = "revokeCoupons",
    params(("id" = String, Path, description = "Id or key of the campaign."), ("batch" = Uuid, Path, description = "Id of the batch.")),
    responses((status = 200, description = "The revoked batch.", body = CouponBatch)))]
async fn revoke_batch(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, batch)): Path<(String, Uuid)>,
) -> Answer<axum::Json<CouponBatch>> {
    let view = front.app().coupons().revoke_batch(&caller, &id, batch).await?;
    Ok(axum::Json(CouponBatch::of(view, &caller.room.terms)))
}

/// A code that somebody brings. It stands in a body, as addresses are written into logs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "7XQ2-M4KD-0WZH-9PCT"}))]
pub(crate) struct CodeBody {
    /// The code, however it was typed.
    code: String,
}

/// A code as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Coupon {
    /// Its last letters.
    code: String,
    /// Its batch.
    batch_id: Uuid,
    /// The campaign it opens.
    campaign_id: Uuid,
    /// Whose it is; null for whoever brings it.
    customer_id: Option<Uuid>,
    /// `good`, `coupon_revoked`, `coupon_expired` or `coupon_used_up`.
    #[schema(value_type = fixed::CouponState)]
    state: &'static str,
    /// Uses held by open quotes.
    held: i32,
    /// Uses that were redeemed and did not come back.
    used: i32,
    /// How often it can be used.
    uses: i32,
    /// When it ends.
    expires_at: Option<At>,
    /// What was done with it, the oldest first.
    history: Vec<Redemption>,
}

/// Something that was done with a code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redemption {
    /// For this quote.
    quote_id: Uuid,
    /// `hold`, `redeem`, `release` (of a hold) or `return` (of a use).
    #[schema(value_type = fixed::CouponMovement)]
    kind: String,
    /// When.
    at: At,
}

impl From<CouponView> for Coupon {
    fn from(view: CouponView) -> Self {
        let redemption = |(quote_id, kind, at): (Uuid, String, i64)| Redemption {
            quote_id,
            kind,
            at: at.into(),
        };
        Self {
            code: view.code,
            batch_id: view.batch_id,
            campaign_id: view.campaign_id,
            customer_id: view.customer_id,
            state: view.state,
            held: view.held,
            used: view.used,
            uses: view.uses,
            expires_at: view.expires_at.map(At),
            history: view.history.into_iter().map(redemption).collect(),
        }
    }
}

/// What is known of a code. Nothing is changed.
#[utoipa::path(post, path = "/coupons/look-up", tag = "coupons", operation_id = "lookUpCoupon", request_body = CodeBody,
    responses((status = 200, description = "The code as it stands.", body = Coupon)))]
async fn look_up(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<CodeBody>,
) -> Answer<axum::Json<Coupon>> {
    Ok(axum::Json(front.app().coupons().get(&caller, &body.code).await?.into()))
}

/// Revoke one code. What an open quote holds of it that quote keeps.
#[utoipa::path(post, path = "/coupons/revoke", tag = "coupons", operation_id = "revokeCoupon", request_body = CodeBody,
    responses((status = 200, description = "The revoked code.", body = Coupon)))]
async fn revoke(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<CodeBody>,
) -> Answer<axum::Json<Coupon>> {
    Ok(axum::Json(
        front.app().coupons().revoke(&caller, &body.code).await?.into(),
    ))
}

/// A campaign's budget. All amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Budget {
    /// All that may be held and spent.
    total: i64,
    /// Held by open quotes.
    held: i64,
    /// Spent on confirmed ones.
    spent: i64,
    /// What is left.
    left: i64,
    /// Most on one customer.
    per_customer: Option<i64>,
    /// Most on one day.
    per_day: Option<i64>,
    /// Movements, the newest first. All of them together come to `held` and `spent`.
    entries: Vec<BudgetEntry>,
    /// Send it as `cursor` to get further movements; null on the last page.
    next: Option<String>,
}

/// One movement of a budget.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BudgetEntry {
    /// The quote behind it.
    quote_id: Uuid,
    /// `reserve`, `commit`, `release` (of what was held) or `return` (of what was spent).
    #[schema(value_type = fixed::BudgetMovement)]
    kind: String,
    /// Whose quote it is.
    customer_id: Option<Uuid>,
    /// The day whose budget it moves.
    day: String,
    /// By how much more is held.
    held: i64,
    /// By how much more is spent.
    spent: i64,
    /// When.
    at: At,
}

impl From<BudgetView> for Budget {
    fn from(view: BudgetView) -> Self {
        Self {
            total: view.total,
            held: view.held,
            spent: view.spent,
            left: view.total - view.held - view.spent,
            per_customer: view.per_customer,
            per_day: view.per_day,
            entries: view
                .entries
                .into_iter()
                .map(|entry| BudgetEntry {
                    quote_id: entry.quote_id,
                    kind: entry.kind,
                    customer_id: entry.customer_id,
                    day: time::day_text(entry.day),
                    held: entry.held,
                    spent: entry.spent,
                    at: entry.at.into(),
                })
                .collect(),
            next: view.next,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BudgetQuery {
    /// Movements of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What of a campaign's budget is held, spent and left, and every movement of it.
#[utoipa::path(get, path = "/campaigns/{id}/budget", tag = "campaigns", operation_id = "getBudget",
    params(("id" = String, Path, description = "Id or key of the campaign."), BudgetQuery),
    responses((status = 200, description = "The budget.", body = Budget)))]
async fn budget(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Query(query): Query<BudgetQuery>,
) -> Answer<axum::Json<Budget>> {
    let limit = front.limit(query.limit)?;
    let view = front
        .app()
        .quotes()
        .budget(&caller, &id, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(view.into()))
}
