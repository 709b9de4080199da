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
use super::reason::Reason;
use super::timeline::TimelineEntry;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use posthouse_app::profiles as app;
use posthouse_app::segments::{CustomerSegment, PastCustomer};
use posthouse_app::team::{Mask, Scope};
use posthouse_domain::Localized;
use posthouse_domain::event;
use posthouse_domain::identity::IdentityKind;
use posthouse_web::Problem;
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
        .open_to_all_of(&[Scope::Read, Scope::Documents], routes!(document))
        .open_to(&[Scope::Intake], routes!(set_owner))
        .open_to(&[Scope::Intake], routes!(set_owners))
}

/// Who of the staff looks after a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Owner {
    /// Id of the person.
    id: Uuid,
    /// What people call them.
    name: String,
}

impl From<posthouse_app::owners::Owner> for Owner {
    fn from(owner: posthouse_app::owners::Owner) -> Self {
        Self {
            id: owner.id,
            name: owner.name,
        }
    }
}

/// Everything known of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    /// Id.
    id: Uuid,
    /// Who of the staff looks after them.
    owner: Option<Owner>,
    /// What your role does not see: it stands nowhere in this.
    #[schema(value_type = Vec<fixed::Mask>)]
    masked: Vec<Mask>,
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
    /// As it was written; `null` for documents, whose numbers are shown by a call of their own, and for what your role does not see.
    #[schema(example = "138 0013 8000")]
    value: Option<String>,
    /// The form by which it is looked up; `null` for those.
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
            owner: view.owner.map(Owner::from),
            masked: view.masked,
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
        expected: if_match(&headers)?.version(),
    };
    let view = front.app().profiles().change(&caller, id, change).await?;
    Ok((etag(view.version), axum::Json(Customer::from(view))))
}

/// A document's number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentNumber {
    /// Kind of document.
    #[schema(value_type = fixed::IdentityKind, example = "passport")]
    kind: &'static str,
    /// Its number: capitals without blanks and dashes.
    #[schema(example = "E12345678")]
    number: String,
}

/// Look at the number of a customer's document.
///
/// Each look is an entry in the audit log, written before the answer is given.
#[utoipa::path(get, path = "/customers/{id}/documents/{kind}", tag = "profiles", operation_id = "getDocument",
    params(("id" = Uuid, Path, description = "Id of the customer."), ("kind" = fixed::IdentityKind, Path, description = "`id_card` or `passport`.", example = "passport")),
    responses((status = 200, description = "The number.", body = DocumentNumber)))]
async fn document(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, kind)): Path<(Uuid, String)>,
) -> Answer<axum::Json<DocumentNumber>> {
    let kind: IdentityKind = kind.parse().map_err(|()| Problem::not_found("document"))?;
    if !kind.is_document() {
        return Err(Problem::not_found("document"));
    }
    let number = front.app().profiles().document(&caller, id, kind).await?;
    Ok(axum::Json(DocumentNumber {
        kind: kind.as_str(),
        number,
    }))
}

/// Who is to look after a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner": "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f"}))]
pub(crate) struct NewOwner {
    /// Id of the person; `null` for nobody.
    owner: Option<Uuid>,
}

/// Who is to look after customers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customers": ["01a206ae-7d11-7c07-959b-4095f26e8126"], "owner": "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f"}))]
pub(crate) struct NewOwners {
    /// Ids of the customers.
    #[schema(min_items = 1, max_items = 500)]
    customers: Vec<Uuid>,
    /// Id of the person; `null` for nobody.
    owner: Option<Uuid>,
}

/// Who looks after customers now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Owned {
    /// The person; `null` for nobody.
    owner: Option<Owner>,
}

/// Give a customer an owner, or none. Whose a customer was before is in the audit log.
#[utoipa::path(put, path = "/customers/{id}/owner", tag = "profiles", operation_id = "setOwner", request_body = NewOwner,
    params(("id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 200, description = "Who looks after the customer now.", body = Owned)))]
async fn set_owner(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Json(body): Json<NewOwner>,
) -> Answer<axum::Json<Owned>> {
    let owner = front.app().profiles().set_owner(&caller, &[id], body.owner).await?;
    Ok(axum::Json(Owned {
        owner: owner.map(Owner::from),
    }))
}

/// Give many customers an owner, or none: all of them, or none of them if one is not there.
#[utoipa::path(post, path = "/customers/owner", tag = "profiles", operation_id = "setOwners", request_body = NewOwners,
    responses((status = 200, description = "Who looks after the customers now.", body = Owned)))]
async fn set_owners(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<NewOwners>,
) -> Answer<axum::Json<Owned>> {
    let profiles = front.app().profiles();
    let owner = profiles.set_owner(&caller, &body.customers, body.owner).await?;
    Ok(axum::Json(Owned {
        owner: owner.map(Owner::from),
    }))
}
