//! Stacking groups: which campaigns go together, and how.

use super::Front;
use super::auth::READERS;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path};
use super::fixed;
use super::page::Page;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::campaigns::GroupView;
use posthouse_app::team::Scope;
use posthouse_domain::promotion::Mode;
use posthouse_domain::{Localized, Words, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&READERS, routes!(list))
        .open_to(&[Scope::Campaigns], routes!(define, delete))
}

/// What a group is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"mode": "best-of", "title": {"zh-CN": "季节优惠", "en": "Season offers"}}))]
struct GroupDefinition {
    /// `exclusive`: one of them and nothing beside it; `stackable`: all, each measured on the same price; `best-of`: the one that takes
    /// off most; `ordered`: all, each measured on what the one before left.
    #[schema(value_type = fixed::StackingMode)]
    mode: String,
    /// What people read, in both languages.
    #[schema(value_type = described::Localized)]
    title: Localized,
}

/// A stacking group.
#[derive(Debug, Serialize, ToSchema)]
struct StackingGroup {
    /// Its name in plans.
    #[schema(example = "season")]
    key: String,
    /// `exclusive`, `stackable`, `best-of` or `ordered`.
    #[schema(value_type = fixed::StackingMode, example = "best-of")]
    mode: &'static str,
    /// What people read, by language.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Keys of the campaigns in it that are not over.
    campaigns: Vec<String>,
    /// What its mode means, in words, each by language.
    #[schema(value_type = Vec<described::Localized>, example = json!([{"en": "Only the one of its campaigns that takes off most applies.", "zh-CN": "组内只享受优惠最多的一项。"}]))]
    understood: Vec<Words>,
}

impl From<GroupView> for StackingGroup {
    fn from(group: GroupView) -> Self {
        Self {
            key: group.key,
            mode: group.mode.as_str(),
            title: group.title,
            campaigns: group.campaigns,
            understood: vec![group.mode.in_words()],
        }
    }
}

/// The agency's stacking groups.
#[utoipa::path(get, path = "/stacking-groups", tag = "campaigns", operation_id = "listStackingGroups",
    responses((status = 200, description = "By key; `next` is always null.", body = Page<StackingGroup>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<StackingGroup>>> {
    Ok(axum::Json(Page::whole(
        front.app().stacking_groups().list(&caller).await?,
    )))
}

/// Make a stacking group, or give one there is another mode and title.
///
/// The mode of a group stays while a campaign in it is running or paused: 409 `group_in_use`.
#[utoipa::path(put, path = "/stacking-groups/{key}", tag = "campaigns", operation_id = "defineStackingGroup", request_body = GroupDefinition,
    params(("key" = String, Path, description = "Lower-case letters, digits and hyphens.", example = "season")),
    responses((status = 200, description = "The group.", body = StackingGroup)))]
async fn define(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    Json(body): Json<GroupDefinition>,
) -> Answer<axum::Json<StackingGroup>> {
    let mode = Mode::parse(&body.mode).ok_or_else(|| {
        let known = Mode::ALL.map(Mode::as_str).join(", ");
        Problem::unprocessable(
            "bad_mode",
            words!(
                "mode {mode:?} is not known; use {known}",
                "方式 {mode:?} 无法识别；可用 {known}",
                mode = body.mode
            ),
        )
    })?;
    let group = front
        .app()
        .stacking_groups()
        .put(&caller, &key, mode, &body.title)
        .await?;
    Ok(axum::Json(group.into()))
}

/// Delete a stacking group that no campaign names any more.
#[utoipa::path(delete, path = "/stacking-groups/{key}", tag = "campaigns", operation_id = "deleteStackingGroup",
    params(("key" = String, Path, description = "Its key.")),
    responses((status = 204, description = "It is gone.")))]
async fn delete(State(front): State<Front>, Auth(caller): Auth, Path(key): Path<String>) -> Answer<StatusCode> {
    front.app().stacking_groups().delete(&caller, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
