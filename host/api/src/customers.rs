//! Customers: the living profile.

mod list;
mod record;

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, Query, etag, if_match};
use super::fixed;
use super::links::Link;
use super::page::At;
use super::preferences::Preference;
use super::segments::Reason;
use super::timeline::TimelineEntry;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use posthouse_app::profiles as app;
use posthouse_app::segments::{CustomerSegment, PastCustomer};
use posthouse_app::team::Scope;
use posthouse_domain::Localized;
use posthouse_domain::event;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(list::list))
        .open_to(&[Scope::Intake], routes!(create))
        .open_to(&[Scope::Read], routes!(read))
        .open_to(&[Scope::Intake], routes!(change))
        .merge(record::routes())
}

/// Everything known of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    /// Id.
    id: Uuid,
    /// Shown attribute values.
    #[schema(value_type = HashMap<String, described::Plain>)]
    profile: Value,
    /// By what the customer is known.
    identities: Vec<Identity>,
    /// Every value of every attribute, with its source.
    attributes: Vec<AttributeValue>,
    /// Every preference that was told, by key, with its source.
    preferences: Vec<Preference>,
    /// Who belongs to the customer.
    links: Vec<Link>,
    /// Facts of today by key; `null` is unknown.
    #[schema(value_type = HashMap<String, described::Plain>, example = json!({"trips-24m": 3, "spend-24m": 5480000, "recency-days": 41, "favourite-destination": "Kyoto"}))]
    facts: Map<String, Value>,
    /// Place in every binding, with reasons.
    segments: Vec<Place>,
    /// The newest touches, the latest first: events and rows of files, changes by hand, moves between segments.
    timeline: Vec<TimelineEntry>,
    /// Send it as `cursor` to `/customers/{id}/timeline` to get what came before; `null` if this is all.
    timeline_next: Option<String>,
    /// When it was created.
    created_at: At,
    /// When it was last changed.
    updated_at: At,
    /// Its version, as in `ETag`.
    version: i64,
}

/// An identity of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Identity {
    /// Kind of identity.
    #[schema(value_type = fixed::IdentityKind)]
    kind: String,
    /// As it was written; `null` for documents, whose numbers are not shown.
    #[schema(example = "138 0013 8000")]
    value: Option<String>,
    /// The form by which it is looked up; `null` for documents.
    #[schema(example = "+8613800138000")]
    normal: Option<String>,
}

/// One value of one attribute.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributeValue {
    /// Name.
    key: String,
    /// Normal spelling.
    value: String,
    /// Who told.
    source: String,
    /// `declared`, `observed`, `third-party` or `inferred`.
    #[schema(value_type = fixed::SourceKind)]
    source_kind: String,
    /// When it was true.
    at: At,
    /// Whether this is the value that is shown.
    shown: bool,
}

/// A customer's place in a binding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Place {
    /// The binding.
    binding: String,
    /// The segment; `null` means none.
    key: Option<String>,
    /// Its title by language.
    #[schema(value_type = Option<described::Localized>, example = json!({"zh-CN": "忠诚", "en": "Loyal"}))]
    title: Option<Localized>,
    /// What the agency does for it, by language.
    #[schema(value_type = Option<described::Localized>)]
    policy: Option<Localized>,
    /// When the customer entered last.
    since: Option<At>,
    /// Rank inside the segment, if the rule gives one.
    score: Option<f32>,
    /// Why.
    reason: Option<Reason>,
    /// The plugin that decides.
    digest: String,
    /// Whether the rule fails and an old membership stands.
    stale: bool,
}

impl From<CustomerSegment> for Place {
    fn from(place: CustomerSegment) -> Self {
        Self {
            binding: place.binding,
            key: place.key,
            title: place.title,
            policy: place.policy,
            since: place.since.map(At),
            score: place.score,
            reason: place.reason.map(Reason::from),
            digest: place.digest,
            stale: place.stale,
        }
    }
}

/// A customer's place in a binding on a past day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PastPlace {
    /// The binding.
    binding: String,
    /// The segment; `null` means none.
    key: Option<String>,
    /// Its title by language.
    #[schema(value_type = Option<described::Localized>)]
    title: Option<Localized>,
    /// What the agency did for it, by language.
    #[schema(value_type = Option<described::Localized>)]
    policy: Option<Localized>,
    /// When the customer had entered last.
    since: Option<At>,
    /// Number of the revision in force; `null` if the binding did not exist yet.
    revision: Option<i64>,
    /// The plugin that decided.
    digest: Option<String>,
}

/// A customer's segments on a past day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerThen {
    /// Id.
    id: Uuid,
    /// The last instant that counts; of a day, its end in the agency's zone.
    as_of: At,
    /// When the customer was created; before that they were in no segment.
    created_at: At,
    /// Place in every binding of today.
    segments: Vec<PastPlace>,
}

impl From<PastCustomer> for CustomerThen {
    fn from(then: PastCustomer) -> Self {
        let place = |place: posthouse_app::segments::PastPlace| PastPlace {
            binding: place.binding,
            key: place.key,
            title: place.title,
            policy: place.policy,
            since: place.since.map(At),
            revision: place.revision,
            digest: place.digest,
        };
        Self {
            id: then.id,
            as_of: then.as_of.into(),
            created_at: then.created_at.into(),
            segments: then.segments.into_iter().map(place).collect(),
        }
    }
}

/// The customer, or with `as_of` their segments then.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum CustomerAnswer {
    /// Everything known.
    Now(Box<Customer>),
    /// Segments of a past day.
    Then(CustomerThen),
}

impl From<app::CustomerView> for Customer {
    fn from(view: app::CustomerView) -> Self {
        let attribute = |a: app::AttributeView| AttributeValue {
            key: a.key,
            value: a.value,
            source: a.source,
            source_kind: a.source_kind,
            at: a.at.into(),
            shown: a.shown,
        };
        Self {
            id: view.id,
            profile: view.profile,
            identities: view
                .identities
                .into_iter()
                .map(|i| Identity {
                    kind: i.kind,
                    value: i.value,
                    normal: i.normal,
                })
                .collect(),
            attributes: view.attributes.into_iter().map(attribute).collect(),
            preferences: view.preferences.into_iter().map(Preference::from).collect(),
            links: view.links.into_iter().map(Link::from).collect(),
            facts: view.facts,
            segments: view.segments.into_iter().map(Place::from).collect(),
            timeline: view.timeline.into_iter().map(TimelineEntry::from).collect(),
            timeline_next: view.timeline_next,
            created_at: view.created_at.into(),
            updated_at: view.updated_at.into(),
            version: view.version,
        }
    }
}

/// Write a customer down by hand.
///
/// One who is known by any of the identities is not created again: 409 `customer_exists` names the known one.
#[utoipa::path(post, path = "/customers", tag = "profiles", operation_id = "createCustomer", request_body = super::events::CustomerText,
    responses((status = 201, description = "The new customer.", body = Customer)))]
async fn create(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<event::Customer>,
) -> Answer<impl IntoResponse> {
    let view = front.app().profiles().create(&caller, body).await?;
    let location = [(header::LOCATION, format!("/api/v1/customers/{}", view.id))];
    Ok((
        StatusCode::CREATED,
        etag(view.version),
        location,
        axum::Json(Customer::from(view)),
    ))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReadQuery {
    /// Only the segments, as they were on a past day (at its end in the agency's zone) or at an instant.
    #[param(example = "2026-01-01")]
    as_of: Option<String>,
}

/// Everything known of a customer.
///
/// With `as_of`, only the segments as they were then: facts and profiles of the past are not kept.
#[utoipa::path(get, path = "/customers/{id}", tag = "profiles", operation_id = "getCustomer",
    params(("id" = Uuid, Path, description = "Id of the customer."), ReadQuery),
    responses((status = 200, description = "The customer; with `as_of`, the customer's segments then.", body = CustomerAnswer)))]
async fn read(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<ReadQuery>,
) -> Answer<Response> {
    if let Some(as_of) = query.as_of {
        let then = front.app().segments().customer_as_of(&caller, id, &as_of).await?;
        return Ok(axum::Json(CustomerAnswer::Then(then.into())).into_response());
    }
    let view = front.app().profiles().get(&caller, id).await?;
    let tag = etag(view.version);
    Ok((tag, axum::Json(CustomerAnswer::Now(Box::new(view.into())))).into_response())
}

/// Change a customer by hand.
///
/// Adds identities, sets name and attributes; what was known before stays in the history.
#[utoipa::path(patch, path = "/customers/{id}", tag = "profiles", operation_id = "changeCustomer", request_body = super::events::CustomerText,
    params(("id" = Uuid, Path, description = "Id of the customer."), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that is to be changed; 412 `version_changed` if it is another by now.")),
    responses((status = 200, description = "The customer as changed.", body = Customer)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<event::Customer>,
) -> Answer<impl IntoResponse> {
    let change = app::Change {
        customer: body,
        expected: if_match(&headers)?,
    };
    let view = front.app().profiles().change(&caller, id, change).await?;
    Ok((etag(view.version), axum::Json(Customer::from(view))))
}
