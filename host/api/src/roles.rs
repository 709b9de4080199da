//! Roles and branches.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path, etag, if_match};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use posthouse_app::team::{self, Mask, RowScope, Scope};
use posthouse_domain::Localized;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Team], routes!(list))
        .open_to(&[Scope::Team], routes!(put, delete))
        .open_to(&[Scope::Team], routes!(branches, add_branch))
        .open_to(&[Scope::Team], routes!(rename_branch))
}

/// What people of a role may do and see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Role {
    /// What it is called in requests.
    #[schema(example = "sales")]
    key: String,
    /// What people read, by language.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// What it may do, in the words of keys.
    #[schema(value_type = Vec<fixed::Scope>)]
    permissions: Vec<Scope>,
    /// What it does not see of customers.
    #[schema(value_type = Vec<fixed::Mask>)]
    masks: Vec<Mask>,
    /// Whose customers it sees.
    #[schema(value_type = fixed::RowScope)]
    rows: RowScope,
    /// Whether it is the same in every agency, and cannot be changed.
    built_in: bool,
    /// For `If-Match`; 0 for a built-in one.
    version: i64,
}

impl From<team::Role> for Role {
    fn from(role: team::Role) -> Self {
        Self {
            key: role.key,
            title: role.title,
            permissions: role.permissions,
            masks: role.masks,
            rows: role.rows,
            built_in: role.is_built_in,
            version: role.version,
        }
    }
}

/// What a role is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": {"zh-CN": "门店店长", "en": "Shop manager"}, "permissions": ["intake", "read", "quotes"], "masks": [], "rows": "branch"}))]
pub(crate) struct RoleDefinition {
    /// What people read, in both languages.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// What it may do, of what you may do yourself; not `owner`.
    #[schema(value_type = Vec<fixed::Scope>, min_items = 1)]
    permissions: Vec<Scope>,
    /// What it does not see of customers; nothing if left out.
    #[serde(default)]
    #[schema(value_type = Vec<fixed::Mask>)]
    masks: Vec<Mask>,
    /// Whose customers it sees; everybody's if left out.
    #[serde(default = "all")]
    #[schema(value_type = fixed::RowScope)]
    rows: RowScope,
}

fn all() -> RowScope {
    RowScope::All
}

/// Every role, the built-in ones first.
#[utoipa::path(get, path = "/roles", tag = "team", operation_id = "listRoles",
    responses((status = 200, description = "All of them; `next` is always null.", body = Page<Role>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Role>>> {
    Ok(axum::Json(Page::whole(front.app().team().roles(&caller).await?)))
}

/// Make a role of your agency's own, or change it for everybody who has it.
///
/// Built-in roles stay as they are: 409 `role_built_in`. Nobody gives, or takes, rights that they do not have: 403 `not_yours_to_give`.
#[utoipa::path(put, path = "/roles/{key}", tag = "team", operation_id = "putRole", request_body = RoleDefinition,
    params(("key" = String, Path, description = "Lower-case letters, digits and underscores.", example = "shop_manager"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` it must have.")),
    responses((status = 200, description = "The role as it is now.", body = Role, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 201, description = "The role, which is new.", body = Role, headers(("ETag" = String, description = "For `If-Match`.")))))]
async fn put(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(body): Json<RoleDefinition>,
) -> Answer<impl IntoResponse> {
    let new = team::NewRole {
        title: body.title,
        permissions: body.permissions,
        masks: body.masks,
        rows: body.rows,
    };
    let asked = if_match(&headers)?;
    let roles = front.app().team().roles(&caller).await?;
    let expected = asked.of(roles.iter().any(|role| role.key == key), "version_changed")?;
    let (role, is_new) = front.app().team().put_role(&caller, &key, &new, expected).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, etag(role.version), axum::Json(Role::from(role))))
}

/// Take away a role of your agency's own that nobody has.
///
/// 409 `role_in_use` while somebody of the staff has it, also somebody who was disabled.
#[utoipa::path(delete, path = "/roles/{key}", tag = "team", operation_id = "deleteRole",
    params(("key" = String, Path, description = "Its key.", example = "shop_manager")),
    responses((status = 204, description = "It is gone.")))]
async fn delete(State(front): State<Front>, Auth(caller): Auth, Path(key): Path<String>) -> Answer<StatusCode> {
    front.app().team().delete_role(&caller, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A place of the agency that people work in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Branch {
    /// Id.
    id: Uuid,
    /// What people call it.
    #[schema(example = "静安门店 Jing'an")]
    name: String,
    /// When it was written down.
    created_at: At,
}

impl From<team::Branch> for Branch {
    fn from(branch: team::Branch) -> Self {
        Self {
            id: branch.id,
            name: branch.name,
            created_at: branch.created_at.into(),
        }
    }
}

/// A branch to be written down, or its other name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "静安门店 Jing'an"}))]
pub(crate) struct NewBranch {
    /// What people call it, 1 to 200 bytes.
    name: String,
}

/// Every branch, by name.
#[utoipa::path(get, path = "/branches", tag = "team", operation_id = "listBranches",
    responses((status = 200, description = "All of them; `next` is always null.", body = Page<Branch>)))]
async fn branches(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Branch>>> {
    Ok(axum::Json(Page::whole(front.app().team().branches(&caller).await?)))
}

/// Write a branch down.
#[utoipa::path(post, path = "/branches", tag = "team", operation_id = "addBranch", request_body = NewBranch,
    responses((status = 201, description = "The branch.", body = Branch)))]
async fn add_branch(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<NewBranch>,
) -> Answer<impl IntoResponse> {
    let branch = front.app().team().add_branch(&caller, &body.name).await?;
    Ok((StatusCode::CREATED, axum::Json(Branch::from(branch))))
}

/// Give a branch another name.
#[utoipa::path(patch, path = "/branches/{id}", tag = "team", operation_id = "renameBranch", request_body = NewBranch,
    params(("id" = Uuid, Path, description = "Id of the branch.")),
    responses((status = 200, description = "The branch as it is now.", body = Branch)))]
async fn rename_branch(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Json(body): Json<NewBranch>,
) -> Answer<axum::Json<Branch>> {
    let branch = front.app().team().rename_branch(&caller, id, &body.name).await?;
    Ok(axum::Json(Branch::from(branch)))
}
