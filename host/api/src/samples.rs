//! Made-up customers for an agency that has none.

use super::Front;
use super::calls::Calls;
use super::extract::Auth;
use axum::extract::State;
use posthouse_app::samples::Loaded;
use posthouse_app::team::Scope;
use posthouse_web::problem::Answer;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Owner], routes!(load))
}

/// What was loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Samples {
    /// Made-up customers that the agency has.
    #[schema(example = 200)]
    customers: u32,
    /// Events of theirs that landed now.
    accepted: usize,
    /// Events that had landed before.
    duplicates: usize,
}

impl From<Loaded> for Samples {
    fn from(loaded: Loaded) -> Self {
        Self {
            customers: loaded.customers,
            accepted: loaded.events,
            duplicates: loaded.known,
        }
    }
}

/// Have a look around with made-up customers and their trips, of the source `sample`.
///
/// For an agency that has no customers; otherwise 409 `has_customers`. They cannot be taken out again, so this is for trying things out. Sent again it finishes what was
/// interrupted, and changes nothing else.
#[utoipa::path(post, path = "/samples", tag = "intake", operation_id = "loadSamples",
    responses((status = 200, description = "What is there.", body = Samples)))]
async fn load(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Samples>> {
    Ok(axum::Json(front.app().samples().load(&caller).await?.into()))
}
