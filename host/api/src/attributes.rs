//! The agency's own fields of a customer.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path};
use super::fixed;
use super::page::Page;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::team::Scope;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::{FactKind, Sensitivity};
use posthouse_domain::{Localized, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Rules, Scope::Read], routes!(list))
        .open_to(&[Scope::Rules], routes!(define, delete))
}

/// What an attribute is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "text", "title": {"zh-CN": "会员卡级别", "en": "Card level"}}))]
pub(crate) struct Definition {
    /// `count`, `money` (minor units of the base currency), `number`, `flag`, `day` or `text`. Settled once.
    #[schema(value_type = fixed::FactKind)]
    kind: String,
    /// What people read, in both languages.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// `ordinary`, which takes a key with the scope `grants`, or `personal` if left out.
    #[schema(value_type = Option<fixed::Sensitivity>)]
    sensitivity: Option<Sensitivity>,
}

/// One field of the agency's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attribute {
    /// Its key.
    key: String,
    /// Its key among the facts, as rules read it.
    fact: String,
    /// Kind of its values.
    #[schema(value_type = fixed::FactKind)]
    kind: &'static str,
    /// What people read, by language.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// `ordinary`, or `personal`: only a key with the scope `grants` grants it to a rule.
    #[schema(value_type = fixed::Sensitivity)]
    sensitivity: Sensitivity,
}

impl From<AttributeDef> for Attribute {
    fn from(definition: AttributeDef) -> Self {
        Self {
            fact: definition.fact_key(),
            key: definition.key,
            kind: definition.kind.as_str(),
            title: definition.title,
            sensitivity: definition.sensitivity,
        }
    }
}

/// Every attribute the agency has defined.
#[utoipa::path(get, path = "/attributes", tag = "facts", operation_id = "listAttributes",
    responses((status = 200, description = "By key; `next` is always null.", body = Page<Attribute>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Attribute>>> {
    Ok(axum::Json(Page::whole(front.app().attributes().list(&caller).await?)))
}

/// Defines an attribute, or gives one there is another title or sensitivity.
///
/// Customers' values come with events, files (`attr.KEY` as a header) and `PATCH`; values that were told before count from now on.
#[utoipa::path(put, path = "/attributes/{key}", tag = "facts", operation_id = "defineAttribute",
    params(("key" = String, Path, description = "Lower-case words joined by hyphens.", example = "card-level")), request_body = Definition,
    responses((status = 200, description = "The attribute.", body = Attribute)))]
async fn define(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    Json(definition): Json<Definition>,
) -> Answer<axum::Json<Attribute>> {
    let Some(kind) = FactKind::parse(&definition.kind) else {
        return Err(Problem::unprocessable(
            "bad_kind",
            words!(
                "kind {kind:?} is not known; use count, money, number, flag, day or text",
                "类型 {kind:?} 无法识别；可用 count、money、number、flag、day、text",
                kind = definition.kind
            ),
        ));
    };
    let definition = AttributeDef {
        key,
        kind,
        title: definition.title,
        sensitivity: definition.sensitivity.unwrap_or(Sensitivity::Personal),
    };
    Ok(axum::Json(
        front.app().attributes().define(&caller, definition).await?.into(),
    ))
}

/// Forgets an attribute. What was recorded of customers stays in their files.
#[utoipa::path(delete, path = "/attributes/{key}", tag = "facts", operation_id = "deleteAttribute",
    params(("key" = String, Path, description = "Its key.")),
    responses((status = 204, description = "It is forgotten.")))]
async fn delete(State(front): State<Front>, Auth(caller): Auth, Path(key): Path<String>) -> Answer<StatusCode> {
    front.app().attributes().delete(&caller, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
