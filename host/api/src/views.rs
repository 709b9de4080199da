//! Lists as people narrow, sort and lay them out, kept under a name.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Json, Path, Query};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::team::Scope;
use posthouse_app::views::{self as app, NewView, ViewList};
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(list, save))
        .open_to(&[Scope::Read], routes!(delete))
}

/// A list under a name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedView)]
pub(crate) struct View {
    /// Id.
    id: Uuid,
    /// Its name.
    #[schema(example = "Platinum of Shanghai")]
    title: String,
    /// What stands behind the `?` of the list's address in the console.
    #[schema(example = "segment=rfm.champions&sort=-spend-24m")]
    query: String,
    /// Whether everybody sees it.
    shared: bool,
    /// Whether it is the caller's own.
    own: bool,
    /// Whose it is.
    owner: Option<String>,
    /// When it was saved.
    saved_at: At,
}

impl From<app::View> for View {
    fn from(view: app::View) -> Self {
        Self {
            id: view.id,
            title: view.title,
            query: view.query,
            shared: view.is_shared,
            own: view.is_own,
            owner: view.owner,
            saved_at: view.saved_at.into(),
        }
    }
}

/// A list to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewView, example = json!({"list": "customers", "title": "Platinum of Shanghai", "query": "segment=rfm.champions&sort=-spend-24m"}))]
struct New {
    /// Which list.
    #[schema(value_type = fixed::ViewList)]
    list: String,
    /// 1 to 60 characters. A view of the caller's that has this name is replaced.
    title: String,
    /// What stands behind the `?` of the list's address in the console, up to 4,000 bytes.
    query: String,
    /// Whether everybody sees it; `false` if left out.
    #[serde(default)]
    shared: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Which list.
    #[param(value_type = fixed::ViewList, example = "customers")]
    list: String,
}

/// The views of a list: the caller's own, then those that others share.
#[utoipa::path(get, path = "/views", tag = "profiles", operation_id = "listViews", params(Wanted),
    responses((status = 200, description = "By name; `next` is always null.", body = Page<View>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(wanted): Query<Wanted>,
) -> Answer<axum::Json<Page<View>>> {
    let list: ViewList = wanted.list.parse()?;
    Ok(axum::Json(Page::whole(front.app().views().list(&caller, list).await?)))
}

/// Keep a list under a name.
///
/// In the place of the caller's view of that name. Everybody keeps up to 50 views of a list.
#[utoipa::path(post, path = "/views", tag = "profiles", operation_id = "saveView", request_body = New,
    responses((status = 200, description = "The view.", body = View)))]
async fn save(State(front): State<Front>, Auth(caller): Auth, Json(new): Json<New>) -> Answer<axum::Json<View>> {
    let new = NewView {
        list: new.list.parse()?,
        title: &new.title,
        query: &new.query,
        is_shared: new.shared,
    };
    Ok(axum::Json(front.app().views().save(&caller, &new).await?.into()))
}

/// Delete a view.
///
/// One's own; one that others share with the scope `team`.
#[utoipa::path(delete, path = "/views/{id}", tag = "profiles", operation_id = "deleteView",
    params(("id" = Uuid, Path, description = "Id of the view.")),
    responses((status = 204, description = "It is gone.")))]
async fn delete(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<StatusCode> {
    front.app().views().delete(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
