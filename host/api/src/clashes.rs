//! What an earlier build took in under two spellings that are one by now.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Query};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use posthouse_app::ClashRow;
use posthouse_app::team::Scope;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Read], routes!(list))
}

/// A row that shares its normal form with another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clash {
    /// A kind of identity, `booking` or `record`.
    #[schema(value_type = fixed::ClashKind, example = "email")]
    kind: String,
    /// The form that all of them have; empty for documents, whose numbers are not shown.
    #[schema(example = "li.wei@example.com")]
    form: String,
    /// How this one is written: what is written so goes on meaning it.
    #[schema(example = "Li.Wei@example.com")]
    written: String,
    /// Whose it is.
    customer_id: Uuid,
    /// When it was found.
    noted_at: At,
}

impl From<ClashRow> for Clash {
    fn from(row: ClashRow) -> Self {
        Self {
            kind: row.kind,
            form: row.form,
            written: row.was,
            customer_id: row.customer_id,
            noted_at: row.noted_at.into(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClashQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Rows of an earlier build whose spellings are one by now.
///
/// Identities, bookings and records are compared without width, case and what cannot be seen. Rows that were taken in before as different
/// ones, for different customers or bookings, stay apart, and nothing is merged: what is written as one of them always was goes on meaning it, and
/// other writings of the same form are refused with `identity_conflict` or `booking_conflict`.
#[utoipa::path(get, path = "/clashes", tag = "profiles", operation_id = "listClashes", params(ClashQuery),
    responses((status = 200, description = "A page of rows, those of one form beside each other.", body = Page<Clash>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ClashQuery>,
) -> Answer<axum::Json<Page<Clash>>> {
    let limit = front.limit(query.limit)?;
    let found = front
        .app()
        .upkeep()
        .clashes(&caller, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}
