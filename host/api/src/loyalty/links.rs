//! Links to members' own pages.

use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, Path};
use crate::page::At;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(links))
        .open_to(&[Scope::Intake], routes!(revoke))
}

/// Calls whose answers hold links and are never kept.
pub(super) fn secret_routes() -> Calls {
    Calls::new().open_to(&[Scope::Intake], routes!(make))
}

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMemberLink, example = json!({"days": 30}))]
struct New {
    /// How long it works, 1 to 366.
    days: i64,
}

/// A link to a member's own page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberLink)]
struct Link {
    /// Id.
    id: Uuid,
    /// The member.
    customer_id: Uuid,
    /// When it was made, by the machine's clock.
    made_at: At,
    /// When it ends.
    expires_at: At,
    /// When it was last opened, to the hour; `null` if it was not.
    seen_at: Option<At>,
}

impl From<app::LinkView> for Link {
    fn from(view: app::LinkView) -> Self {
        Self {
            id: view.id,
            customer_id: view.customer,
            made_at: view.made_at.into(),
            expires_at: view.expires_at.into(),
            seen_at: view.seen_at.map(Into::into),
        }
    }
}

/// A link that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeMemberLink)]
struct Made {
    #[serde(flatten)]
    link: Link,
    /// Where the page is on this server, without its address: shown this once.
    #[schema(example = "/p/silk-road/m/AZqvK2x7bF-…")]
    path: String,
}

/// Links that work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberLinks)]
struct Links {
    /// The latest first.
    items: Vec<Link>,
}

/// Make a link to a member's own page.
///
/// Whoever has it sees balance, tier, rewards and statement without signing in, until it ends or is revoked.
#[utoipa::path(post, path = "/members/{customer_id}/links", tag = "loyalty", operation_id = "makeMemberLink", request_body = New,
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 201, description = "The link.", body = Made)))]
async fn make(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Json(new): Json<New>,
) -> Answer<(StatusCode, axum::Json<Made>)> {
    let (link, path) = front.app().loyalty().make_link(&caller, customer, new.days).await?;
    let made = Made {
        link: link.into(),
        path,
    };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// The links to a member's own page that work.
#[utoipa::path(get, path = "/members/{customer_id}/links", tag = "loyalty", operation_id = "listMemberLinks",
    params(("customer_id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 200, description = "The links.", body = Links)))]
async fn links(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
) -> Answer<axum::Json<Links>> {
    let items = front.app().loyalty().open_links(&caller, customer).await?;
    Ok(axum::Json(Links {
        items: items.into_iter().map(Link::from).collect(),
    }))
}

/// Revoke a link to a member's own page.
///
/// From then on it opens nothing.
#[utoipa::path(delete, path = "/members/{customer_id}/links/{id}", tag = "loyalty", operation_id = "revokeMemberLink",
    params(("customer_id" = Uuid, Path, description = "Id of the customer."), ("id" = Uuid, Path, description = "Id of the link.")),
    responses((status = 204, description = "It opens nothing any more.")))]
async fn revoke(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((customer, id)): Path<(Uuid, Uuid)>,
) -> Answer<StatusCode> {
    front.app().loyalty().revoke_link(&caller, customer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
