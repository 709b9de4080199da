//! Every touch of a customer.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Path, Query};
use super::page::{At, Page};
use axum::extract::State;
use posthouse_app::team::Scope;
use posthouse_app::timeline as app;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Read], routes!(timeline))
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    /// Event type, or `segment.moved`.
    r#type: String,
    /// When it happened.
    occurred_at: At,
    /// Where it was told; `console` by hand, `segments` of moves.
    source: String,
    /// The source's number of it.
    external_id: String,
    /// The sender's fields; of changes by hand what was set; of moves `binding`, `from` and `to`.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<app::TimelineEntry> for TimelineEntry {
    fn from(entry: app::TimelineEntry) -> Self {
        Self {
            r#type: entry.r#type,
            occurred_at: entry.occurred_at.into(),
            source: entry.source,
            external_id: entry.external_id,
            data: entry.data,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TimelineQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before, or a customer's `timeline_next`.
    cursor: Option<String>,
}

/// Every touch of a customer, the latest first: events and rows of files, changes by hand, moves between segments.
#[utoipa::path(get, path = "/customers/{id}/timeline", tag = "profiles", operation_id = "getTimeline",
    params(("id" = Uuid, Path, description = "Id of the customer."), TimelineQuery),
    responses((status = 200, description = "A page of the timeline.", body = Page<TimelineEntry>)))]
async fn timeline(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<TimelineQuery>,
) -> Answer<axum::Json<Page<TimelineEntry>>> {
    let limit = front.limit(query.limit)?;
    let found = front
        .app()
        .profiles()
        .timeline(&caller, id, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}
