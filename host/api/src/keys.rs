//! API keys.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Json, Path};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use posthouse_app::team::{NewKey as NewApiKey, Scope};
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Team], routes!(list, create))
        .open_to(&[Scope::Team], routes!(revoke))
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "web shop", "scopes": ["intake"]}))]
pub(crate) struct NewKey {
    /// What the agency calls it.
    name: String,
    /// `owner` (everything), `intake` (send events, files and customers), `read` (customers, facts, segments), `rules` (plugins, bindings, runs, replays),
    /// `campaigns` (plan and run them), `approvals` (agree to what others planned), `quotes` (prices, confirm and release), `grants` (give rules sensitive
    /// facts), `exports` (with `read`: customers' data as files), `documents` (with `read`: numbers of documents), `team` (people and keys), `audit` (the log),
    /// `operations` (webhooks and the clock). Of those that you have yourself.
    #[schema(value_type = Vec<fixed::Scope>, min_items = 1)]
    scopes: Vec<Scope>,
    /// Whose it is: a person or a program, 1 to 200 bytes; for somebody of the staff their e-mail address. Keys of one holder are one person, together with
    /// whoever of the staff has that address: none of them approves what another submitted.
    #[serde(default)]
    holder: Option<String>,
}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    /// Id, for revoking it.
    id: Uuid,
    /// What the agency calls it.
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<fixed::Scope>)]
    scopes: Vec<Scope>,
    /// The key itself, shown this once.
    api_key: String,
}

/// A key as it is listed: without what opens anything.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyEntry {
    /// Id, for revoking it.
    id: Uuid,
    /// What the agency calls it.
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<fixed::Scope>)]
    scopes: Vec<Scope>,
    /// Whose it is.
    holder: Option<String>,
    /// When it was made.
    created_at: At,
    /// When it was last used; up to an hour may be missing.
    used_at: Option<At>,
    /// When it was revoked.
    revoked_at: Option<At>,
}

/// Every key, revoked ones as well, the oldest first.
#[utoipa::path(get, path = "/keys", tag = "team", operation_id = "listKeys",
    responses((status = 200, description = "All keys.", body = Page<KeyEntry>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<KeyEntry>>> {
    let keys = front.app().team().keys(&caller).await?;
    let entries = keys.into_iter().map(|key| KeyEntry {
        id: key.id,
        name: key.name,
        // a scope that only a later version knows is not one of these
        scopes: serde_json::from_str(&key.scopes).unwrap_or_default(),
        holder: key.holder,
        created_at: key.created_at.into(),
        used_at: key.used_at.map(At),
        revoked_at: key.revoked_at.map(At),
    });
    Ok(axum::Json(Page::whole(entries.collect::<Vec<_>>())))
}

/// Make a further key.
///
/// The answer holds a secret and is not kept: sent again with the same `Idempotency-Key` it makes no second key and is answered with
/// `answer_lost`, which names the first. Revoke that one, and make another with a new `Idempotency-Key`.
#[utoipa::path(post, path = "/keys", tag = "team", operation_id = "createKey", request_body = NewKey,
    responses((status = 201, description = "The key, shown this once.", body = Key)))]
async fn create(State(front): State<Front>, Auth(caller): Auth, Json(body): Json<NewKey>) -> Answer<impl IntoResponse> {
    let new = NewApiKey {
        name: &body.name,
        scopes: &body.scopes,
        holder: body.holder.as_deref(),
    };
    let (id, api_key) = front.app().team().create_key(&caller, new).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(Key {
            id,
            name: body.name.trim().to_owned(),
            scopes: Scope::each_once(&body.scopes),
            api_key,
        }),
    ))
}

/// Revoke a key at once.
#[utoipa::path(delete, path = "/keys/{id}", tag = "team", operation_id = "revokeKey", params(("id" = Uuid, Path, description = "Id of the key.")),
    responses((status = 204, description = "The key opens nothing any more.")))]
async fn revoke(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<StatusCode> {
    front.app().team().revoke_key(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
