//! A file that is looked at before it lands.

use super::shapes::Import;
use super::{Front, kind_of};
use crate::calls::Calls;
use crate::extract::{Auth, Json, Path};
use crate::fixed;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::team::Scope;
use posthouse_web::problem::Answer;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(look))
        .open_to(&[Scope::Intake], routes!(land))
}

/// How a file is to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LookAgain, example = json!({"kind": "bookings", "mapping": "date_order = \"dmy\"\n[columns]\namount = \"Price\"\n"}))]
struct Again {
    /// `customers` or `bookings`.
    #[schema(value_type = fixed::FileKind)]
    kind: String,
    /// The whole mapping in TOML, encoding and sheet among it; none if the file needs none.
    mapping: Option<String>,
}

/// Look at a file again.
///
/// Does the dry run of a file that was sent with `look=true` once more with another mapping, and keeps the file for another day.
#[utoipa::path(post, path = "/imports/{id}/look", tag = "intake", operation_id = "lookAgain", params(("id" = Uuid, Path, description = "Id of the import.")),
    request_body = Again, responses((status = 202, description = "The dry run, which begins anew.", body = Import)))]
async fn look(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Json(again): Json<Again>,
) -> Answer<(StatusCode, axum::Json<Import>)> {
    let kind = kind_of(&again.kind)?;
    let looked = front
        .app()
        .intake()
        .look_again(&caller, id, kind, again.mapping.as_deref())
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(looked.into())))
}

/// Import a file that was looked at.
///
/// As it was looked at last, under the same id. The same that is being imported already is joined: the answer has its id then.
#[utoipa::path(post, path = "/imports/{id}/land", tag = "intake", operation_id = "landImport", params(("id" = Uuid, Path, description = "Id of the import.")),
    responses((status = 202, description = "The import.", body = Import)))]
async fn land(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Answer<(StatusCode, axum::Json<Import>)> {
    let landing = front.app().intake().land_look(&caller, id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(landing.into())))
}
