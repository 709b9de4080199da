//! People of the agency.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, etag, if_match};
use super::fixed;
use super::page::{At, Page};
use super::roles::Branch;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use posthouse_app::team::{self, NewStaff, Scope, StaffChange as Change, StaffEntry};
use posthouse_domain::Localized;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Team], routes!(list))
        .open_to(&[Scope::Team], routes!(one, change))
        .open_to(&[Scope::Team], routes!(take_second_factor))
}

/// Calls whose answers hold a link.
pub(super) fn secret_routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Team], routes!(invite))
        .open_to(&[Scope::Team], routes!(invite_again))
}

/// A person of the staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffMember)]
pub(crate) struct Staff {
    /// Id, as every `…_by` and the audit log name them.
    id: Uuid,
    /// What people call them.
    #[schema(example = "李敏 Li Min")]
    name: String,
    /// E-mail address, by which they sign in.
    #[schema(example = "li.min@silk.example")]
    email: String,
    /// Key of their role.
    #[schema(example = "sales")]
    role: String,
    /// What the role is called, by language.
    #[schema(value_type = described::Localized)]
    role_title: Localized,
    /// Where they work.
    branch: Option<Branch>,
    /// `invited`: has not come yet; `active`; `disabled`: is not let in any more.
    #[schema(value_type = fixed::StaffState)]
    state: &'static str,
    /// Whether they say a code of an authenticator app when they sign in.
    second_factor: bool,
    /// When they last signed in.
    signed_in_at: Option<At>,
    /// When they were invited.
    created_at: At,
    /// For `If-Match`.
    version: i64,
}

impl From<StaffEntry> for Staff {
    fn from(person: StaffEntry) -> Self {
        Self {
            id: person.id,
            name: person.name,
            email: person.email,
            role: person.role,
            role_title: person.role_title,
            branch: person.branch.map(Branch::from),
            state: person.state.as_str(),
            second_factor: person.has_second_factor,
            signed_in_at: person.signed_in_at.map(At),
            created_at: person.created_at.into(),
            version: person.version,
        }
    }
}

/// Somebody to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "li.min@silk.example", "name": "李敏 Li Min", "role": "sales"}))]
pub(crate) struct NewPerson {
    /// E-mail address, by which they sign in. It stays theirs.
    email: String,
    /// What people call them, 1 to 200 bytes; what the address begins with if left out. They can choose another one with the link.
    #[serde(default)]
    name: Option<String>,
    /// Key of their role, of which you have every right yourself.
    role: String,
    /// Id of the branch where they work.
    #[serde(default)]
    branch: Option<Uuid>,
}

/// Somebody with the link by which they choose a password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// Whom it is for.
    staff: Staff,
    /// What opens it, once; shown this once.
    token: String,
    /// Where on this server the link leads to.
    #[schema(example = "/join/phi_01a204a1193a70a2bedfbaa8a47b6e03_…")]
    path: String,
    /// Until when.
    ends_at: At,
}

impl From<team::Invited> for Invitation {
    fn from(invited: team::Invited) -> Self {
        Self {
            path: invited.path(),
            token: invited.token,
            ends_at: invited.ends_at.into(),
            staff: invited.person.into(),
        }
    }
}

/// What is to become different of a person; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "crm_specialist"}))]
pub(crate) struct StaffChange {
    /// Another name.
    #[serde(default)]
    name: Option<String>,
    /// Another role.
    #[serde(default)]
    role: Option<String>,
    /// Another branch; `null` for none.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<Uuid>)]
    branch: Option<Option<Uuid>>,
    /// `true`: they are not let in any more, and every session of theirs ends at once; `false`: they are let in again.
    #[serde(default)]
    disabled: Option<bool>,
}

/// What was sent, `null` included.
fn sent<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<Option<Uuid>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Everybody of the staff, the first who came first.
#[utoipa::path(get, path = "/staff", tag = "team", operation_id = "listStaff",
    responses((status = 200, description = "All of them; `next` is always null.", body = Page<Staff>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Staff>>> {
    Ok(axum::Json(Page::whole(front.app().team().staff(&caller).await?)))
}

/// One person.
#[utoipa::path(get, path = "/staff/{id}", tag = "team", operation_id = "getStaff", params(("id" = Uuid, Path, description = "Id of the person.")),
    responses((status = 200, description = "The person.", body = Staff, headers(("ETag" = String, description = "For `If-Match`.")))))]
async fn one(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<impl IntoResponse> {
    let person = front.app().team().person(&caller, id).await?;
    Ok((etag(person.version), axum::Json(Staff::from(person))))
}

/// Invite somebody by a link, which opens once and for 7 days.
///
/// The link comes with the answer, for you to send. The answer is not kept: sent again with the same `Idempotency-Key` it invites nobody anew and is answered with
/// `answer_lost`; make another link then.
#[utoipa::path(post, path = "/staff", tag = "team", operation_id = "inviteStaff", request_body = NewPerson,
    responses((status = 201, description = "The person and the link, shown this once.", body = Invitation)))]
async fn invite(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<NewPerson>,
) -> Answer<impl IntoResponse> {
    let new = NewStaff {
        email: &body.email,
        name: body.name.as_deref(),
        role: &body.role,
        branch: body.branch,
    };
    let invited = front.app().team().invite(&caller, new).await?;
    Ok((StatusCode::CREATED, axum::Json(Invitation::from(invited))))
}

/// Make another link for somebody who has lost theirs, or their password.
///
/// The link before opens nothing any more. Password and sessions stay as they are until the new link is used.
#[utoipa::path(post, path = "/staff/{id}/invitation", tag = "team", operation_id = "inviteStaffAgain",
    params(("id" = Uuid, Path, description = "Id of the person.")),
    responses((status = 201, description = "The link, shown this once.", body = Invitation)))]
async fn invite_again(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Answer<impl IntoResponse> {
    let invited = front.app().team().invite_again(&caller, id).await?;
    Ok((StatusCode::CREATED, axum::Json(Invitation::from(invited))))
}

/// Give somebody another role, branch or name; disable them, or let them in again.
///
/// It holds from their next request on. The last owner who can sign in stays one: 409 `last_owner`.
#[utoipa::path(patch, path = "/staff/{id}", tag = "team", operation_id = "changeStaff", request_body = StaffChange,
    params(("id" = Uuid, Path, description = "Id of the person."), ("If-Match" = Option<String>, Header, description = "The `ETag` it must have.")),
    responses((status = 200, description = "The person as they are now.", body = Staff, headers(("ETag" = String, description = "For `If-Match`.")))))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<StaffChange>,
) -> Answer<impl IntoResponse> {
    let change = Change {
        name: body.name,
        role: body.role,
        branch: body.branch,
        disabled: body.disabled,
    };
    let expected = if_match(&headers)?.version();
    let person = front.app().team().change_staff(&caller, id, &change, expected).await?;
    Ok((etag(person.version), axum::Json(Staff::from(person))))
}

/// Take the second factor away from somebody who has lost it, with their recovery codes.
///
/// Where there is none, nothing happens. Where the agency wants everybody to have one, they set up another when they sign in next.
#[utoipa::path(delete, path = "/staff/{id}/second-factor", tag = "team", operation_id = "takeSecondFactor", params(("id" = Uuid, Path, description = "Id of the person.")),
    responses((status = 204, description = "They sign in without a code.")))]
async fn take_second_factor(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Answer<StatusCode> {
    front.app().team().take_second_factor(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
