//! Plugin revisions.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Path, Query, plugin_digest, require_type, whole_body};
use super::fixed;
use super::page::{At, Page};
use super::points;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use posthouse_app::rules::PluginView;
use posthouse_app::team::Scope;
use posthouse_web::problem::Answer;
use posthouse_web::reader::Said;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Rules, Scope::Campaigns], routes!(list))
        .open_to(&[Scope::Rules], routes!(upload))
        .open_to(&[Scope::Rules], routes!(read, delete))
}

/// A plugin revision. Immutable: another build is another digest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plugin {
    /// SHA-256 of the component.
    digest: String,
    /// The rule's name through all its versions.
    #[schema(example = "rfm")]
    name: String,
    /// The build's version.
    #[schema(example = "1.0.0")]
    version: String,
    /// What it decides.
    #[schema(value_type = fixed::ExtensionPoint, example = "segmentation")]
    extension_point: String,
    /// Title by language.
    #[schema(value_type = described::Localized)]
    title: Value,
    /// What it does, by language.
    #[schema(value_type = described::Localized)]
    summary: Value,
    /// Facts it reads: `{key, kind, nullable}`.
    #[schema(value_type = Vec<described::FactUse>)]
    facts: Value,
    /// Quantile tables it needs: `{fact, buckets, among?}`.
    #[schema(value_type = Vec<described::QuantileTable>)]
    quantiles: Value,
    /// Its segments: `{key, title, policy}`.
    #[schema(value_type = Vec<described::SegmentDefinition>)]
    segments: Value,
    /// Reasons it can give: `{code, text}`.
    #[schema(value_type = Vec<described::ReasonDefinition>)]
    reasons: Value,
    /// JSON Schema 2020-12 of its settings.
    #[schema(value_type = Object)]
    config_schema: Value,
    /// Bytes of the component.
    size: i64,
    /// `verified`: it went through everything an upload goes through.
    #[schema(value_type = fixed::PluginState)]
    state: &'static str,
    /// What the self-test found: golden cases, rows or baskets tried, fuel per call and row or line.
    #[schema(value_type = points::SelfTest)]
    self_test: Value,
    /// When it came.
    created_at: At,
    /// Whether a binding names it, now or in its history; it cannot be deleted then.
    bound: bool,
    /// Why a host could not open it when it last tried, and what helps.
    not_opened: Option<Said>,
    /// Nanoseconds of processor time that a unit of its fuel took in the agency's quotes and full runs, on the host that answers and for as long as it has
    /// the agency in memory; null while too few units were burnt to tell.
    #[schema(example = 3.1)]
    nanos_per_unit: Option<f64>,
}

impl From<PluginView> for Plugin {
    fn from(view: PluginView) -> Self {
        Self {
            digest: view.digest,
            name: view.name,
            version: view.version,
            extension_point: view.extension_point,
            title: view.title,
            summary: view.summary,
            facts: view.facts,
            quantiles: view.quantiles,
            segments: view.segments,
            reasons: view.reasons,
            config_schema: view.config_schema,
            size: view.size,
            state: view.state,
            self_test: view.self_test,
            created_at: view.created_at.into(),
            bound: view.bound,
            not_opened: view.not_opened.map(Said),
            nanos_per_unit: view.nanos_per_unit,
        }
    }
}

/// Upload a plugin.
///
/// Waits until it is checked, compiled and self-tested. 201 if it is new, 200 if the agency has it already; 422 with the reason if it is
/// refused; 409 if the agency has as many or as much as it may keep; 503 if too many wait for the compiler.
#[utoipa::path(post, path = "/plugins", tag = "plugins", operation_id = "uploadPlugin",
    request_body(content = described::Bytes, content_type = "application/wasm", description = "A component, as `posthouse plugin pack` makes it."),
    responses((status = 201, description = "The new revision.", body = Plugin), (status = 200, description = "The revision was known.", body = Plugin)))]
async fn upload(State(front): State<Front>, Auth(caller): Auth, request: Request) -> Answer<impl IntoResponse> {
    require_type(request.headers(), &["application/wasm"])?;
    let component = whole_body(request, &()).await?;
    let (new, view) = front.app().plugins().upload(&caller, component).await?;
    let location = [(header::LOCATION, format!("/api/v1/plugins/{}", view.digest))];
    Ok((
        if new { StatusCode::CREATED } else { StatusCode::OK },
        location,
        axum::Json(Plugin::from(view)),
    ))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Every revision, in the order in which they came.
#[utoipa::path(get, path = "/plugins", tag = "plugins", operation_id = "listPlugins", params(ListQuery),
    responses((status = 200, description = "A page of revisions.", body = Page<Plugin>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ListQuery>,
) -> Answer<axum::Json<Page<Plugin>>> {
    // campaigns are planned with them
    let limit = front.limit(query.limit)?;
    Ok(axum::Json(Page::of(
        front
            .app()
            .plugins()
            .list(&caller, query.cursor.as_deref(), limit)
            .await?,
    )))
}

/// One revision.
#[utoipa::path(get, path = "/plugins/{digest}", tag = "plugins", operation_id = "getPlugin",
    params(("digest" = String, Path, description = "SHA-256 of the component.")),
    responses((status = 200, description = "The revision.", body = Plugin)))]
async fn read(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(digest): Path<String>,
) -> Answer<axum::Json<Plugin>> {
    Ok(axum::Json(
        front
            .app()
            .plugins()
            .get(&caller, &plugin_digest(&digest)?)
            .await?
            .into(),
    ))
}

/// Delete a revision that no binding names, nor did.
///
/// One that is named, by a binding's history or by the plan of a campaign that is not over, stays: 409 `plugin_in_use` says where. Every
/// decision can so be made again.
#[utoipa::path(delete, path = "/plugins/{digest}", tag = "plugins", operation_id = "deletePlugin",
    params(("digest" = String, Path, description = "SHA-256 of the component.")),
    responses((status = 204, description = "It is gone.")))]
async fn delete(State(front): State<Front>, Auth(caller): Auth, Path(digest): Path<String>) -> Answer<StatusCode> {
    front.app().plugins().delete(&caller, &plugin_digest(&digest)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
