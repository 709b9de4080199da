//! Facts: the catalogue, and everyone's.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Query};
use super::fixed;
use super::page::Page;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use posthouse_app::facts::export::{Export, Format};
use posthouse_app::team::Scope;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::{self, FactDef, FactKind, Sensitivity};
use posthouse_domain::{Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// The day of the facts of an export.
const DAY: HeaderName = HeaderName::from_static("posthouse-day");

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Rules, Scope::Campaigns, Scope::Read], routes!(catalogue))
        .open_to_all_of(&[Scope::Read, Scope::Exports], routes!(export))
}

/// One fact of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "recency-days", "kind": "count", "unit": "days", "nullable": true,
    "meaning": {"zh-CN": "距最近一次出游预订的天数", "en": "days since the last booking day of a trip"}, "source": "bookings", "sensitivity": "ordinary"
}))]
pub(crate) struct Fact {
    /// Stable name; `attr.KEY` for attributes the agency has defined.
    key: Cow<'static, str>,
    /// `count`, `money` (minor units of the base currency), `number`, `flag`, `day` (days since 1970) or `text`.
    #[schema(value_type = fixed::FactKind)]
    kind: FactKind,
    /// Unit of the value, where one makes sense.
    unit: Option<&'static str>,
    /// Whether it can be unknown.
    nullable: bool,
    /// What it says, by language.
    #[schema(value_type = described::Localized)]
    meaning: Localized,
    /// Which records feed it; `no_source` as long as none do; `binding` for the lot, which every binding draws anew.
    source: &'static str,
    /// `ordinary`, or `personal`: it says who the customer is or what they spend, and only a key with the scope `grants` grants it to a rule.
    #[schema(value_type = fixed::Sensitivity)]
    sensitivity: Sensitivity,
}

impl From<&FactDef> for Fact {
    fn from(def: &FactDef) -> Self {
        Self {
            key: def.key.into(),
            kind: def.kind,
            unit: def.unit,
            nullable: def.nullable,
            meaning: Localized::new(def.meaning.0, def.meaning.1),
            source: def.source,
            sensitivity: def.sensitivity,
        }
    }
}

impl From<AttributeDef> for Fact {
    fn from(def: AttributeDef) -> Self {
        Self {
            key: def.fact_key().into(),
            kind: def.kind,
            unit: (def.kind == FactKind::Money).then_some("minor units"),
            nullable: true,
            meaning: def.title,
            source: "attributes",
            sensitivity: def.sensitivity,
        }
    }
}

/// The catalogue of facts, and after it the attributes the agency has defined.
#[utoipa::path(get, path = "/facts", tag = "facts", operation_id = "listFacts",
    responses((status = 200, description = "Every fact; `next` is always null.", body = Page<Fact>)))]
async fn catalogue(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Fact>>> {
    // rules and plans are written against the catalogue as well
    let own = front.app().attributes().list(&caller).await?;
    let facts = catalogue::readable()
        .map(Fact::from)
        .chain(own.into_iter().map(Fact::from));
    Ok(axum::Json(Page {
        items: facts.collect(),
        next: None,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// `csv`, `jsonl` or `arrow` (an IPC stream).
    #[param(value_type = Option<fixed::ExportFormat>, example = "csv")]
    format: Option<String>,
}

/// Everyone's facts of today, or while a day is being turned of the last one that was.
///
/// The header `Posthouse-Day` says of which day they are.
///
/// Columns `customer_id`, `member_no`, then one per fact headed by its key. Unknown is an empty cell in CSV, null elsewhere; days are days
/// since 1970; flags are `true` and `false`.
#[utoipa::path(get, path = "/facts/export", tag = "facts", operation_id = "exportFacts", params(ExportQuery),
    responses((status = 200, description = "One row per customer.",
        headers(("posthouse-day" = String, description = "The day of the facts, as in 2026-01-15.")), content(
        (String = "text/csv"), (String = "application/x-ndjson"), (described::Bytes = "application/vnd.apache.arrow.stream")))))]
async fn export(
    State(front): State<Front>,
    Auth(caller): Auth,
    method: Method,
    Query(query): Query<ExportQuery>,
) -> Answer<Response> {
    let (format, media, disposition) = match query.format.as_deref().unwrap_or("csv") {
        "csv" => (
            Format::Csv,
            "text/csv; charset=utf-8",
            "attachment; filename=\"facts.csv\"",
        ),
        "jsonl" => (
            Format::Jsonl,
            "application/x-ndjson",
            "attachment; filename=\"facts.jsonl\"",
        ),
        "arrow" => (
            Format::Arrow,
            "application/vnd.apache.arrow.stream",
            "attachment; filename=\"facts.arrows\"",
        ),
        other => {
            return Err(Problem::unprocessable(
                "bad_format",
                words!(
                    "format {other:?} is not known; use csv, jsonl or arrow",
                    "格式 {other:?} 无法识别；可用 csv、jsonl、arrow"
                ),
            ));
        }
    };
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    // whoever only asks what there is takes nothing away
    if method == Method::HEAD {
        return Ok(headers.into_response());
    }
    front.exports().check(caller.actor)?;
    let export = front.app().facts().export(&caller, format).await?;
    let day = time::day_text(export.day());
    Ok((headers, [(DAY, day)], pieces(export)).into_response())
}

fn pieces(export: Export) -> Body {
    let pieces = futures_util::stream::unfold(Some(export), |state| async {
        let mut export = state?;
        loop {
            return match export.piece().await {
                Ok(None) => None,
                Ok(Some(bytes)) if bytes.is_empty() => continue,
                Ok(Some(bytes)) => Some((Ok::<Bytes, std::io::Error>(bytes), Some(export))),
                Err(error) => {
                    tracing::error!(%error, "an export broke off");
                    Some((Err(std::io::Error::other("the export broke off")), None))
                }
            };
        }
    });
    Body::from_stream(pieces)
}
