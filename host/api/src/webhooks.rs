//! Webhooks: whom the agency has told what happens, and what became of it.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, OptionalJson, Path, Query, etag, if_match};
use super::fixed;
use super::page::{At, Page, backwards, page_of};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use posthouse_app::team::Scope;
use posthouse_app::webhooks::{DeliveryView, NewWebhook, WebhookChange, WebhookView};
use posthouse_domain::Words;
use posthouse_domain::webhook::EVENT_TYPES;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Operations], routes!(types))
        .open_to(&[Scope::Operations], routes!(deliveries))
        .open_to(&[Scope::Operations], routes!(test))
        .open_to(&[Scope::Operations], routes!(replay))
}

/// Calls whose answers hold secrets, or belong to such.
pub(super) fn secret_routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Operations], routes!(list, create))
        .open_to(&[Scope::Operations], routes!(one, change, delete))
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook, example = json!({"url": "https://example.com/posthouse", "types": ["quote.*", "customer.created"], "note": "CRM of the call centre"}))]
struct Proposed {
    /// Where events are sent: `https`, at most 2,000 bytes, without user and password.
    url: String,
    /// What it is told: names of events as `GET /webhooks/event-types` lists them, `quote.*`, or `*` for everything.
    #[schema(min_items = 1)]
    types: Vec<String>,
    /// What the agency calls it, at most 200 bytes.
    #[serde(default)]
    note: String,
}

/// What is to be different about a webhook; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange, example = json!({"rotate_secret": true}))]
struct Change {
    /// Where events are sent.
    url: Option<String>,
    /// What it is told.
    #[schema(min_items = 1)]
    types: Option<Vec<String>>,
    /// What the agency calls it.
    note: Option<String>,
    /// `false` pauses it: what happens meanwhile is not told later. `true` activates it, also one whose receiver answered 410.
    active: Option<bool>,
    /// `true` gives it another secret. Events are signed with both for a day.
    #[serde(default)]
    rotate_secret: bool,
}

/// Whether anything is sent to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WebhookState {
    Active,
    Paused,
    Gone,
}

/// Whether what is sent to a webhook arrives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookHealth)]
enum Health {
    Well,
    Failing,
    Down,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
struct Webhook {
    /// Id.
    id: Uuid,
    /// Where events are sent.
    url: String,
    /// What the agency calls it.
    note: String,
    /// What it is told.
    types: Vec<String>,
    /// `active`, `paused`, or `gone`: its receiver answered 410.
    state: WebhookState,
    /// Whether what is sent arrives: `well`; `failing`, some attempts failed; `down`, three rounds of attempts in a row without a single
    /// 2xx, and it is tried now and then.
    health: Health,
    /// Rounds of attempts in a row without a single 2xx.
    failures: i64,
    /// Before this nothing is sent, as it is down.
    retry_at: Option<At>,
    /// Deliveries that wait.
    pending: i64,
    /// Deliveries that were given up.
    dead: i64,
    /// Until then events are signed with the earlier secret too.
    earlier_secret_until: Option<At>,
    /// When it was made.
    created_at: At,
    /// Who made it.
    created_by: Uuid,
    /// The secret, `whsec_…`. Shown when it is new, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
}

impl From<WebhookView> for Webhook {
    fn from(view: WebhookView) -> Self {
        Self {
            id: view.id,
            url: view.url,
            note: view.note,
            types: view.types,
            state: match view.state.as_str() {
                "paused" => WebhookState::Paused,
                "gone" => WebhookState::Gone,
                _ => WebhookState::Active,
            },
            health: match view.failures {
                0 => Health::Well,
                _ if view.is_down => Health::Down,
                _ => Health::Failing,
            },
            failures: view.failures,
            retry_at: view.retry_at.map(At),
            pending: view.pending,
            dead: view.dead,
            earlier_secret_until: view.earlier_until.map(At),
            created_at: view.created_at.into(),
            created_by: view.created_by,
            secret: view.secret,
        }
    }
}

/// What became of a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    Pending,
    Delivered,
    Dead,
}

/// Something that a webhook was told, or is to be told.
#[derive(Debug, Serialize, ToSchema)]
struct Delivery {
    /// Its place among what the webhook is told; names it in a replay.
    delivery: i64,
    /// Id of the event: `webhook-id` of the request, `id` of the CloudEvent.
    event_id: Uuid,
    /// Type of the event.
    #[serde(rename = "type")]
    #[schema(value_type = fixed::OutgoingType, example = "quote.confirmed")]
    kind: String,
    /// What it happened to.
    #[schema(example = "quote/01a204a1-193a-70a2-bedf-baa8a47b6e03")]
    subject: String,
    /// When it happened.
    time: At,
    /// `pending`, `delivered`, or `dead`: given up.
    state: DeliveryState,
    /// How often it was tried.
    attempts: i64,
    /// When it is tried next; of one subject, not before the ones before it.
    next_at: Option<At>,
    /// When it was delivered or given up.
    ended_at: Option<At>,
    /// The status of the last answer.
    status: Option<i64>,
    /// The beginning of the last answer, or why there was none.
    answer: Option<String>,
    /// `data` of the CloudEvent.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<DeliveryView> for Delivery {
    fn from(view: DeliveryView) -> Self {
        Self {
            delivery: view.seq,
            event_id: view.event_id,
            kind: view.kind,
            subject: view.subject,
            time: view.at.into(),
            state: match view.state.as_str() {
                "delivered" => DeliveryState::Delivered,
                "dead" => DeliveryState::Dead,
                _ => DeliveryState::Pending,
            },
            attempts: view.attempts,
            next_at: view.next_at.map(At),
            ended_at: view.ended_at.map(At),
            status: view.status,
            answer: view.answer,
            data: view.data,
        }
    }
}

/// A type of event.
#[derive(Debug, Serialize, ToSchema)]
struct EventType {
    /// Its name.
    #[schema(value_type = fixed::OutgoingType, example = "quote.confirmed")]
    name: &'static str,
    /// When it happens, by language.
    #[schema(value_type = described::Localized)]
    meaning: Words,
}

/// The types of events.
#[utoipa::path(get, path = "/webhooks/event-types", tag = "webhooks", operation_id = "listEventTypes",
    responses((status = 200, description = "By name; `next` is always null.", body = Page<EventType>)))]
async fn types() -> Answer<axum::Json<Page<EventType>>> {
    let items = EVENT_TYPES.iter().map(|kind| EventType {
        name: kind.name,
        meaning: Words {
            en: kind.en.to_owned(),
            zh: kind.zh.to_owned(),
        },
    });
    Ok(axum::Json(Page {
        items: items.collect(),
        next: None,
    }))
}

/// The agency's webhooks.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", operation_id = "listWebhooks",
    responses((status = 200, description = "The oldest first; `next` is always null.", body = Page<Webhook>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Webhook>>> {
    Ok(axum::Json(Page::whole(front.app().webhooks().list(&caller).await?)))
}

/// Make a webhook. Owners only.
///
/// From now on what happens is sent there: `POST` of a CloudEvent, signed as Standard Webhooks has it. The answer holds a secret
/// and is not kept: sent again with the same `Idempotency-Key` it makes no second webhook and is answered with `answer_lost`, which names the
/// first. Rotate that one's secret.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", operation_id = "createWebhook", request_body = Proposed,
    responses((status = 201, description = "The webhook, with its secret, shown this once.", body = Webhook,
        headers(("Location" = String, description = "Its address.")))))]
async fn create(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<Proposed>,
) -> Answer<impl IntoResponse> {
    let new = NewWebhook {
        url: body.url,
        note: body.note,
        types: body.types,
    };
    let view = front.app().webhooks().create(&caller, &new).await?;
    let location = [(header::LOCATION, format!("/api/v1/webhooks/{}", view.id))];
    let tag = etag(view.version);
    Ok((StatusCode::CREATED, location, tag, axum::Json(Webhook::from(view))))
}

/// A webhook.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "getWebhook",
    params(("id" = Uuid, Path, description = "Id of the webhook.")),
    responses((status = 200, description = "The webhook, without its secret.", body = Webhook)))]
async fn one(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<impl IntoResponse> {
    let view = front.app().webhooks().get(&caller, id).await?;
    Ok((etag(view.version), axum::Json(Webhook::from(view))))
}

/// Change a webhook's address, event types, note, state or secret. Owners only.
///
/// Whatever waits is tried at once. The answer may hold a secret and is not kept: sent again with the same `Idempotency-Key` it changes
/// nothing more and is answered with `answer_lost`. A secret that was lost is rotated once more, with a new `Idempotency-Key`.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", operation_id = "changeWebhook", request_body = Change,
    params(("id" = Uuid, Path, description = "Id of the webhook."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the webhook as it was read.")),
    responses((status = 200, description = "The webhook; with its secret if that is new.", body = Webhook)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<Change>,
) -> Answer<impl IntoResponse> {
    let change = WebhookChange {
        url: body.url,
        note: body.note,
        types: body.types,
        active: body.active,
        rotate: body.rotate_secret,
    };
    let view = front
        .app()
        .webhooks()
        .change(&caller, id, if_match(&headers)?.version(), &change)
        .await?;
    Ok((etag(view.version), axum::Json(Webhook::from(view))))
}

/// Delete a webhook, with what waits for it. Owners only.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "deleteWebhook",
    params(("id" = Uuid, Path, description = "Id of the webhook.")),
    responses((status = 204, description = "Deleted.")))]
async fn delete(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<StatusCode> {
    front.app().webhooks().delete(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An event by its id.
#[derive(Debug, Serialize, ToSchema)]
struct Sent {
    /// Id of the event.
    event_id: Uuid,
}

/// Try a webhook: an event `webhook.test` is sent to it, whatever types it subscribes to.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", operation_id = "testWebhook",
    params(("id" = Uuid, Path, description = "Id of the webhook.")),
    responses((status = 202, description = "It is on its way; the webhook's deliveries say what became of it.", body = Sent)))]
async fn test(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<impl IntoResponse> {
    let event_id = front.app().webhooks().test(&caller, id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Sent { event_id })))
}

/// Which deliveries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"deliveries": [17, 21]}))]
struct DeliveriesToReplay {
    /// Their numbers, at most 1,000, whether delivered or dead; all that are dead if left out.
    #[schema(max_items = 1000)]
    deliveries: Option<Vec<i64>>,
}

/// How many.
#[derive(Debug, Serialize, ToSchema)]
struct Replayed {
    /// Deliveries that wait to be sent again.
    replayed: u64,
}

/// Send deliveries again: these, or all that were given up. Their attempts count anew.
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", operation_id = "replayDeliveries", request_body = Option<DeliveriesToReplay>,
    params(("id" = Uuid, Path, description = "Id of the webhook.")),
    responses((status = 202, description = "They are sent in their order.", body = Replayed)))]
async fn replay(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(body): OptionalJson<DeliveriesToReplay>,
) -> Answer<impl IntoResponse> {
    let replayed = front
        .app()
        .webhooks()
        .replay(&caller, id, body.deliveries.as_deref())
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Replayed { replayed })))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Only those that are `pending`, `delivered` or `dead`.
    #[param(value_type = Option<DeliveryState>, example = "dead")]
    state: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What a webhook was told and is to be told. Kept for 30 days.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "listDeliveries",
    params(("id" = Uuid, Path, description = "Id of the webhook."), DeliveriesQuery),
    responses((status = 200, description = "The latest first.", body = Page<Delivery>)))]
async fn deliveries(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<DeliveriesQuery>,
) -> Answer<axum::Json<Page<Delivery>>> {
    let (limit, before) = backwards(&front, query.limit, query.cursor)?;
    let found = front
        .app()
        .webhooks()
        .deliveries(&caller, id, query.state.as_deref(), before, limit as i64 + 1)
        .await?;
    Ok(axum::Json(page_of(found, limit, |delivery: &DeliveryView| {
        delivery.seq
    })))
}
