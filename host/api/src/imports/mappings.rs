//! Mappings that an agency keeps under a name.

use super::{Front, kind_of};
use crate::calls::Calls;
use crate::extract::{Auth, Json, Path};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::intake::mappings::KeptMapping;
use posthouse_app::team::Scope;
use posthouse_web::problem::{Answer, ProblemBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(list))
        .open_to(&[Scope::Intake], routes!(save, delete))
}

/// A mapping under a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mapping {
    /// `customers` or `bookings`.
    #[schema(value_type = fixed::FileKind)]
    kind: String,
    /// Its name.
    #[schema(example = "erp")]
    name: String,
    /// The mapping in TOML.
    mapping: String,
    /// When it was saved.
    saved_at: At,
    /// By whom.
    #[schema(example = "王芳")]
    saved_by: Option<String>,
}

impl From<KeptMapping> for Mapping {
    fn from(kept: KeptMapping) -> Self {
        Self {
            kind: kept.kind,
            name: kept.name,
            mapping: kept.mapping,
            saved_at: kept.saved_at.into(),
            saved_by: kept.saved_by,
        }
    }
}

/// A mapping to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMapping, example = json!({"mapping": "source = \"erp\"\n[columns]\namount = \"Price\"\n", "headers": ["Ref", "Mobile phone", "Ordered", "Price"]}))]
struct New {
    /// The mapping in TOML. At most 256 KiB.
    mapping: String,
    /// The header row that it was made for: the console proposes it for files with the same one.
    headers: Option<Vec<String>>,
}

/// Every mapping that the agency keeps.
#[utoipa::path(get, path = "/imports/mappings", tag = "intake", operation_id = "listMappings",
    responses((status = 200, description = "By kind and name; `next` is always null.", body = Page<Mapping>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Mapping>>> {
    Ok(axum::Json(Page::whole(front.app().intake().mappings(&caller).await?)))
}

/// Keep a mapping under a name.
///
/// In the place of the one that has the name. `POST /imports?mapping=NAME` uses it. An agency keeps up to 200.
#[utoipa::path(put, path = "/imports/mappings/{kind}/{name}", tag = "intake", operation_id = "saveMapping",
    params(("kind" = fixed::FileKind, Path, description = "What the files are about."), ("name" = String, Path, description = "1 to 80 characters.", example = "erp")),
    request_body = New,
    responses((status = 200, description = "It was changed.", body = Mapping), (status = 201, description = "It is new.", body = Mapping)))]
async fn save(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((kind, name)): Path<(String, String)>,
    Json(new): Json<New>,
) -> Answer<(StatusCode, axum::Json<Mapping>)> {
    let kind = kind_of(&kind)?;
    let (is_new, kept) = front
        .app()
        .intake()
        .save_mapping(&caller, kind, (&name, &new.mapping), new.headers.as_deref())
        .await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(kept.into())))
}

/// Delete a mapping.
///
/// What was imported with it stays as it is.
#[utoipa::path(delete, path = "/imports/mappings/{kind}/{name}", tag = "intake", operation_id = "deleteMapping",
    params(("kind" = fixed::FileKind, Path, description = "What the files are about."), ("name" = String, Path, description = "Its name.")),
    responses((status = 204, description = "It is gone."),
        (status = 422, description = "There is no such kind.", body = ProblemBody, content_type = "application/problem+json")))]
async fn delete(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((kind, name)): Path<(String, String)>,
) -> Answer<StatusCode> {
    front
        .app()
        .intake()
        .delete_mapping(&caller, kind_of(&kind)?, &name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
