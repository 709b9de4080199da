//! The OpenAPI document. Calls describe themselves; what all of them share is added here.

use super::answers;
use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use posthouse_web::Http;
use posthouse_web::problem::ProblemBody;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response,
    ResponseBuilder, Schema, Type,
};
use utoipa::{OpenApi as _, PartialSchema};

/// The security scheme of the document: an API key.
pub(super) const SCHEME: &str = "key";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Posthouse",
        description = "Customers, facts and segments of travel agencies; segments are decided by sandboxed plugins that can be swapped while the server runs.\n\nThe key says the agency; anything of another agency is a 404. Money is integer minor units, instants are RFC 3339 in UTC, facts of kind `day` are days since 1970. Lists are paged with `limit` and `cursor`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server.")),
    tags(
        (name = "intake", description = "What happened, told by events and files."),
        (name = "profiles", description = "The living profile of each customer."),
        (name = "facts", description = "What rules can know of a customer."),
        (name = "plugins", description = "Revisions of rules."),
        (name = "bindings", description = "Which rule is in force."),
        (name = "segments", description = "Who is where, since when and why."),
        (name = "loyalty", description = "Members, their points and tiers, by rules that the agency swaps."),
        (name = "complaints", description = "Cases, who deals with them and by when, what puts them right; crises."),
        (name = "campaigns", description = "Offers to customers from plan to lessons: who planned, who agreed, what it brought."),
        (name = "tasks", description = "What is to be done, by whom, until when."),
        (name = "quotes", description = "What a basket costs with every campaign in force."),
        (name = "coupons", description = "Codes that open campaigns."),
        (name = "decisions", description = "What rules were asked and said, and asking them again."),
        (name = "insights", description = "What can be learnt of all customers together."),
        (name = "team", description = "People, their roles and sessions, branches, keys."),
        (name = "webhooks", description = "Telling the agency's own systems what happens."),
        (name = "operations", description = "Health and metrics; no key needed."),
    ),
)]
struct Frame;

/// Everything but the calls.
pub(super) fn frame() -> OpenApi {
    Frame::openapi()
}

/// The document with what all calls share: the key, the problems, `Idempotency-Key`, `Accept-Language`.
pub(super) fn finished(mut document: OpenApi, http: &Http) -> Vec<u8> {
    let mut components = ComponentsBuilder::from(document.components.take().unwrap_or_default());
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "An API key of the agency, as `posthouse agency create` prints it, or the token of somebody who has signed in. What they may do are the key's scopes or the role's permissions; with `owner` everything.",
    ));
    components = super::fixed::add_to(components)
        .schema("Problem", <ProblemBody as PartialSchema>::schema())
        .security_scheme(SCHEME, SecurityScheme::Http(key.build()));
    for (status, name, description) in SHARED {
        let headers = if matches!(status, "429" | "503" | "507") {
            Some("Retry-After")
        } else {
            None
        };
        components = components.response(name, problem(description, headers));
    }
    let mut components = components.build();
    name_items(&mut components);
    answers::complete(&mut components, &document.paths);
    document.components = Some(components);
    for (path, item) in &mut document.paths.paths {
        let secured = path.starts_with("/api/");
        for (method, operation) in operations(item) {
            bound(operation, http);
            // whoever signs in has no key yet
            let keyed = secured && operation.security.as_ref().is_none_or(|ways| !ways.is_empty());
            share(method, operation, secured, keyed);
            if secured {
                operation
                    .parameters
                    .get_or_insert_default()
                    .push(RefOr::T(accept_language()));
            }
        }
    }
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}

/// Has pages name the type of their items, which utoipa writes out anew in every page.
fn name_items(components: &mut Components) {
    for (page, schema) in &mut components.schemas {
        if let Some(item) = page.strip_prefix("Page_")
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
        }
    }
}

/// Says of numbers of items how large they may be, and of headers that they are left out rather than null.
fn bound(operation: &mut Operation, http: &Http) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if matches!(&*parameter.name, "limit" | "size") {
            let number = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(http.page_most as i64))
                .default(Some(http.page_default.into()));
            parameter.schema = Some(number.into());
        } else if parameter.parameter_in == ParameterIn::Header {
            parameter.schema = Some(ObjectBuilder::new().schema_type(Type::String).into());
        }
    }
}

/// Problems that any call can answer.
const SHARED: [(&str, &str, &str); 13] = [
    (
        "400",
        "BadRequest",
        "The request is not understood: broken JSON, an unknown query parameter.",
    ),
    ("401", "Unauthorised", "No key, or one that is not known."),
    ("403", "Forbidden", "The key or the role lacks the scope."),
    ("404", "NotFound", "There is no such thing, or it is another agency's."),
    ("408", "Stalled", "The body stopped coming, or came too slowly."),
    ("409", "Conflict", "The request does not fit the present state."),
    (
        "412",
        "PreconditionFailed",
        "The thing has changed since its `ETag` was read.",
    ),
    ("413", "TooLarge", "The body is larger than the call takes."),
    (
        "415",
        "WrongContentType",
        "The body has another content type than the call takes.",
    ),
    (
        "422",
        "Unprocessable",
        "The request is understood but cannot be carried out.",
    ),
    (
        "429",
        "RateLimited",
        "The key asks too often, or the address sends too many wrong keys.",
    ),
    (
        "503",
        "Unavailable",
        "The server or its database is busy or stopping; send the request again.",
    ),
    (
        "507",
        "StorageFull",
        "The server's disk is full; nothing was changed, send the request again once there is room.",
    ),
];

fn problem(description: &str, header: Option<&str>) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let mut response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    if let Some(header) = header {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("Seconds to wait."))
            .build();
        response = response.header(
            header,
            utoipa::openapi::header::HeaderBuilder::new()
                .schema(Some(seconds))
                .build(),
        );
    }
    response.build()
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    let PathItem {
        get,
        put,
        post,
        patch,
        delete,
        ..
    } = item;
    let all = [
        (HttpMethod::Get, get),
        (HttpMethod::Put, put),
        (HttpMethod::Post, post),
        (HttpMethod::Patch, patch),
        (HttpMethod::Delete, delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
        .collect()
}

/// Operations whose bodies or queries name something that may not be there.
const NAMED_INSIDE: [&str; 14] = [
    "previewLoyaltyRule",
    "previewSegmentation",
    "runSegmentation",
    "createCampaign",
    "createQuote",
    "lookUpCoupon",
    "revokeCoupon",
    "listTasks",
    "addTask",
    "inviteStaff",
    "setOwners",
    "enrolMember",
    "registerReferral",
    "createReward",
];

/// Operations that take nothing away that is still in use.
const KEPT_WHILE_USED: [&str; 6] = [
    "deleteAttribute",
    "deleteStackingGroup",
    "deleteCampaignTask",
    "deletePlugin",
    "endBinding",
    "deleteRole",
];

fn share(method: HttpMethod, operation: &mut Operation, secured: bool, keyed: bool) {
    // these take an Idempotency-Key, which may be a bad one
    let once = keyed && matches!(method, HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch);
    let body = operation.request_body.is_some();
    let has = |wanted: &dyn Fn(&Parameter) -> bool| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if wanted(parameter)))
    };
    let conditional = has(&|parameter| parameter.name == "If-Match");
    let named = has(&|parameter| parameter.parameter_in == ParameterIn::Path || parameter.name == "segment")
        || operation
            .operation_id
            .as_deref()
            .is_some_and(|id| NAMED_INSIDE.contains(&id));
    let in_use = operation
        .operation_id
        .as_deref()
        .is_some_and(|id| KEPT_WHILE_USED.contains(&id));
    let query = has(&|parameter| parameter.parameter_in == ParameterIn::Query);
    for (status, name, _) in SHARED {
        let answers = match status {
            "401" | "403" | "429" => keyed,
            "507" => secured,
            "503" => true,
            "404" => secured && named,
            "400" => once || secured && (body || query),
            "409" => secured && (in_use || !matches!(method, HttpMethod::Get | HttpMethod::Delete)),
            "412" => conditional,
            "408" | "413" | "415" => body,
            _ => once || secured && (body || query),
        };
        if answers {
            let shared = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_owned()).or_insert(shared);
        }
    }
    if once {
        operation
            .parameters
            .get_or_insert_default()
            .push(RefOr::T(idempotency_key()));
    }
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Makes a retry safe: the same request with the same key is carried out once. For a day it is answered alike, with quotes as they stand.",
        ))
        .schema(Some(text))
        .build()
}

fn accept_language() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name("Accept-Language")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Language of messages: `zh-CN` or `en`, with weights if you like; English if left out. Codes are never translated.",
        ))
        .schema(Some(text))
        .build()
}

/// `GET /api/openapi.json`.
pub(super) async fn serve(document: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::front;
    use std::collections::{BTreeMap, BTreeSet};

    async fn document() -> String {
        let (front, _folder) = front().await;
        let (_, document) = crate::calls(&front).router.split_for_parts();
        String::from_utf8(finished(document, front.http())).unwrap()
    }

    /// `POSTHOUSE_UPDATE_OPENAPI=1 cargo test -p posthouse-api openapi` writes the document anew.
    #[tokio::test]
    async fn the_document_is_the_one_that_is_kept() {
        let made = document().await + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        if std::env::var_os("POSTHOUSE_UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == made,
            "openapi.json is not what the calls say; look at them, then POSTHOUSE_UPDATE_OPENAPI=1 cargo test -p posthouse-api openapi"
        );
    }

    #[tokio::test]
    async fn bookings_in_events_have_the_fields_of_files() {
        let document: serde_json::Value = serde_json::from_str(&document().await).unwrap();
        let described = &document["components"]["schemas"]["BookingData"]["properties"];
        let described: BTreeSet<&str> = described.as_object().unwrap().keys().map(String::as_str).collect();
        // who, which event and which state stand beside the data
        let of_files = posthouse_domain::row::FileKind::Bookings.headers().iter().copied();
        let of_files =
            of_files.filter(|name| !name.starts_with("customer_") && !["external_id", "status"].contains(name));
        assert_eq!(described, of_files.collect());
    }

    #[tokio::test]
    async fn no_two_types_have_one_name() {
        let (front, _folder) = front().await;
        let mut known = BTreeMap::new();
        for (name, schema) in crate::calls(&front).types {
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(
                serde_json::to_value(first).unwrap(),
                serde_json::to_value(schema).unwrap(),
                "two types are called {name} in the document, which can describe one: give the other a name with #[schema(as = …)]"
            );
        }
        assert!(known.len() > 50, "{}", known.len());
    }

    #[tokio::test]
    async fn every_call_has_a_name_and_a_tag_and_every_reference_leads_somewhere() {
        let document: serde_json::Value = serde_json::from_str(&document().await).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut names = std::collections::HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(
                    operation["operationId"].is_string() && operation["tags"][0].is_string(),
                    "{method} {path}"
                );
                // clients that are generated have a function of this name
                assert!(
                    names.insert(&operation["operationId"]),
                    "{method} {path} is called as another call"
                );
                assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            }
        }
        let text = document.to_string();
        for reference in text
            .split("\"$ref\":\"#")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
        }
    }
}
