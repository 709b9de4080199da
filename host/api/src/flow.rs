//! Segments over time: who moved where between two days, and random samples.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Path, Query};
use super::page::At;
use super::preview::MoveCount;
use axum::extract::State;
use posthouse_app::segments as app;
use posthouse_app::team::Scope;
use posthouse_domain::{Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(flow))
        .open_to(&[Scope::Read], routes!(trend))
        .open_to_all_of(&[Scope::Read, Scope::Exports], routes!(sample))
}

/// What a binding was at a past instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standing)]
pub(crate) struct PastBinding {
    /// The last instant that counts; of a day, its end in the agency's zone.
    at: At,
    /// Number of the revision in force; `null` if the binding did not exist yet, and then nobody was in any of its segments.
    revision: Option<i64>,
    /// The plugin that decided.
    digest: Option<String>,
}

impl From<app::PastBinding> for PastBinding {
    fn from(past: app::PastBinding) -> Self {
        Self {
            at: past.at.into(),
            revision: past.revision,
            digest: past.digest,
        }
    }
}

/// A segment at both ends of a flow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlowSegment {
    /// Its key. Segments of the same key are the same segment, whatever rule made them.
    key: String,
    /// Its title by language, by the later rule that has it.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Members at the earlier end.
    from: u64,
    /// Members at the later end.
    to: u64,
    /// Who was not in it at the earlier end and is at the later.
    entering: u64,
    /// Who was in it at the earlier end and is not at the later.
    leaving: u64,
}

/// Who moved where between two days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Flow {
    /// The binding.
    binding: String,
    /// The earlier end.
    from: PastBinding,
    /// The later end.
    to: PastBinding,
    /// Customers at the later end.
    customers: u64,
    /// Those of them who came after the earlier end.
    newcomers: u64,
    /// How many are elsewhere than before, no segment being a place too.
    changed: u64,
    /// The segments of both rules, those of the later one first.
    segments: Vec<FlowSegment>,
    /// The matrix: customers by where they were and where they are, also those who stayed. `null` is no segment, or not a customer
    /// yet. Pairs of nobody are left out.
    cells: Vec<MoveCount>,
}

impl From<app::Flow> for Flow {
    fn from(flow: app::Flow) -> Self {
        let segment = |segment: app::FlowSegment| FlowSegment {
            key: segment.key,
            title: segment.title,
            from: segment.from,
            to: segment.to,
            entering: segment.entering,
            leaving: segment.leaving,
        };
        Self {
            binding: flow.binding,
            from: flow.from.into(),
            to: flow.to.into(),
            customers: flow.customers,
            newcomers: flow.newcomers,
            changed: flow.changed,
            segments: flow.segments.into_iter().map(segment).collect(),
            cells: flow.cells.into_iter().map(MoveCount::from).collect(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FlowQuery {
    /// The earlier day or instant. A day means its end in the agency's zone.
    #[param(example = "2026-01-01")]
    from: String,
    /// The later day or instant.
    #[param(example = "2026-01-15")]
    to: String,
}

/// Who moved where between two days.
#[utoipa::path(get, path = "/segments/{segment}/flow", tag = "segments", operation_id = "segmentFlow",
    params(("segment" = String, Path, description = "The binding, as in `rfm`."), FlowQuery),
    responses((status = 200, description = "The segments at both ends and the matrix of moves.", body = Flow)))]
async fn flow(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(binding): Path<String>,
    Query(query): Query<FlowQuery>,
) -> Answer<axum::Json<Flow>> {
    let flow = front
        .app()
        .segments()
        .flow(&caller, &binding, &query.from, &query.to)
        .await?;
    Ok(axum::Json(flow.into()))
}

/// A segment over the months.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrendSegment {
    /// Its key. Segments of the same key are the same segment, whatever rule made them.
    key: String,
    /// Its title by language, by the latest rule that has it.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Members at the end of each of the days.
    members: Vec<u64>,
}

/// How many were in each segment at the ends of the last months, and now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trend {
    /// The binding.
    binding: String,
    /// The last days of months, the earliest first, and today.
    #[schema(example = json!(["2025-12-31", "2026-01-15"]))]
    days: Vec<String>,
    /// Number of the revision in force at the end of each day; `null` where the binding did not exist yet.
    revisions: Vec<Option<i64>>,
    /// Customers at the end of each day.
    customers: Vec<u64>,
    /// The segments, those of the rule in force first.
    segments: Vec<TrendSegment>,
}

impl From<app::Trend> for Trend {
    fn from(trend: app::Trend) -> Self {
        let segment = |segment: app::TrendSegment| TrendSegment {
            key: segment.key,
            title: segment.title,
            members: segment.members,
        };
        Self {
            binding: trend.binding,
            days: trend.days.into_iter().map(time::day_text).collect(),
            revisions: trend.revisions,
            customers: trend.customers,
            segments: trend.segments.into_iter().map(segment).collect(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TrendQuery {
    /// Months before this one, 1 to 36; 12 if left out.
    #[param(example = 12)]
    months: Option<u32>,
}

/// How many were in each segment at the ends of the last months, and now.
#[utoipa::path(get, path = "/segments/{segment}/trend", tag = "segments", operation_id = "segmentTrend",
    params(("segment" = String, Path, description = "The binding, as in `lifecycle`."), TrendQuery),
    responses((status = 200, description = "A number for each segment and month.", body = Trend)))]
async fn trend(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(binding): Path<String>,
    Query(query): Query<TrendQuery>,
) -> Answer<axum::Json<Trend>> {
    let months = query.months.unwrap_or(12);
    let trend = front.app().segments().trend(&caller, &binding, months).await?;
    Ok(axum::Json(trend.into()))
}

/// Somebody who was drawn, with what a caller needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Drawn {
    /// Who.
    customer_id: Uuid,
    /// The shown name.
    name: Option<String>,
    /// Their member number.
    member_no: Option<String>,
    /// Their telephone numbers.
    phones: Vec<String>,
    /// Language of correspondence.
    language: Option<String>,
    /// Whether they agreed to hear of offers.
    consent_marketing: Option<bool>,
}

/// A random sample of a segment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sample {
    /// The binding.
    binding: String,
    /// The segment.
    key: String,
    /// The past instant asked for; `null` for the present.
    as_of: Option<PastBinding>,
    /// How many members there were to draw from.
    members: u64,
    /// The seed; the same one draws the same people again.
    seed: String,
    /// Who was drawn, in the order of the draw: the first ten are the sample of ten.
    items: Vec<Drawn>,
}

impl From<app::Sample> for Sample {
    fn from(sample: app::Sample) -> Self {
        let drawn = |person: app::Drawn| Drawn {
            customer_id: person.customer_id,
            name: person.name,
            member_no: person.member_no,
            phones: person.phones,
            language: person.language,
            consent_marketing: person.consent_marketing,
        };
        Self {
            binding: sample.binding,
            key: sample.key,
            as_of: sample.as_of.map(PastBinding::from),
            members: sample.members,
            seed: sample.seed,
            items: sample.items.into_iter().map(drawn).collect(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SampleQuery {
    /// How many to draw, 1 to 1000; 100 if left out. All are drawn if there are fewer.
    size: Option<usize>,
    /// Any text of up to 200 bytes. The same seed draws the same people as long as they are members; one is made up if left out.
    #[param(example = "spring-survey")]
    seed: Option<String>,
    /// Draw from the members on a past day or at an instant.
    #[param(example = "2026-01-01")]
    as_of: Option<String>,
}

/// A random sample of a segment, for telephone surveys.
///
/// Everybody's ticket is worked out from the seed and the customer's number, counted from 0 in the order in which they became customers (that of
/// the export of facts); those with the smallest tickets are drawn. So a draw can be repeated, and whoever stays in the segment keeps their ticket.
#[utoipa::path(get, path = "/segments/{segment}/sample", tag = "segments", operation_id = "sampleSegment",
    params(("segment" = String, Path, description = "`binding.key`, as in `rfm.champions`."), SampleQuery),
    responses((status = 200, description = "Who was drawn.", body = Sample)))]
async fn sample(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(segment): Path<String>,
    Query(query): Query<SampleQuery>,
) -> Answer<axum::Json<Sample>> {
    let most = front.http().page_most;
    let size = query.size.unwrap_or(front.http().page_default);
    if !(1..=most).contains(&size) {
        let detail = words!(
            "size {size} must be between 1 and {most}",
            "size {size} 应在 1 到 {most} 之间"
        );
        return Err(Problem::unprocessable("bad_size", detail));
    }
    let (binding, segment) = segment.split_once('.').ok_or_else(|| Problem::not_found("segment"))?;
    let request = app::SampleRequest {
        binding,
        segment,
        size,
        seed: query.seed.as_deref(),
        as_of: query.as_of.as_deref(),
    };
    Ok(axum::Json(
        front.app().segments().sample(&caller, request).await?.into(),
    ))
}
