//! How customers belong together.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Path};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::links::LinkView;
use posthouse_app::team::Scope;
use posthouse_domain::link::LinkKind;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Intake], routes!(link, unlink))
}

/// Someone who belongs to a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// `family`, `companion`, `payer`, `referrer` or `emergency-contact`.
    #[schema(value_type = fixed::LinkKind)]
    kind: String,
    /// `mutual`: each is it to the other; `is`: the other is it to this customer; `of`: this customer is it to the other.
    #[schema(value_type = fixed::LinkDirection)]
    direction: &'static str,
    /// The other customer.
    customer_id: Uuid,
    /// For lists: the other's name, or else what they are known by.
    label: String,
    /// Who told.
    source: String,
    /// When it was told first.
    at: At,
}

impl From<LinkView> for Link {
    fn from(view: LinkView) -> Self {
        Self {
            kind: view.kind,
            direction: view.direction,
            customer_id: view.customer_id,
            label: view.label,
            source: view.source,
            at: view.at.into(),
        }
    }
}

fn kind(text: &str) -> Answer<LinkKind> {
    text.parse().map_err(|()| {
        let known = LinkKind::ALL.map(LinkKind::as_str).join(", ");
        Problem::unprocessable(
            "bad_kind",
            words!(
                "link kind {text:?} is not known; use {known}",
                "关联类型 {text:?} 无法识别；可用 {known}"
            ),
        )
    })
}

/// Say what another customer is to this one.
///
/// Family and companions are so of each other. A link that is known stays as it is.
#[utoipa::path(put, path = "/customers/{id}/links/{kind}/{other}", tag = "profiles", operation_id = "linkCustomers",
    params(("id" = Uuid, Path, description = "Id of the customer."),
        ("kind" = fixed::LinkKind, Path, description = "What the other is.", example = "payer"),
        ("other" = Uuid, Path, description = "Id of the other customer.")),
    responses((status = 200, description = "Every link of the customer; `next` is always null.", body = Page<Link>)))]
async fn link(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, kind_text, other)): Path<(Uuid, String, Uuid)>,
) -> Answer<axum::Json<Page<Link>>> {
    let links = front
        .app()
        .profiles()
        .link(&caller, id, kind(&kind_text)?, other)
        .await?;
    Ok(axum::Json(Page::whole(links)))
}

/// Take a link away. One that is not there is not missed.
#[utoipa::path(delete, path = "/customers/{id}/links/{kind}/{other}", tag = "profiles", operation_id = "unlinkCustomers",
    params(("id" = Uuid, Path, description = "Id of the customer."), ("kind" = fixed::LinkKind, Path, description = "What the other is."),
        ("other" = Uuid, Path, description = "Id of the other customer.")),
    responses((status = 204, description = "They are not linked so."),
        (status = 422, description = "There is no such kind.", body = ProblemBody, content_type = "application/problem+json")))]
async fn unlink(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, kind_text, other)): Path<(Uuid, String, Uuid)>,
) -> Answer<StatusCode> {
    front
        .app()
        .profiles()
        .unlink(&caller, id, kind(&kind_text)?, other)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
