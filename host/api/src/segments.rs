//! Segments: who is in which, since when and why; and running the rules again.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, OptionalJson, Path, Query};
use super::fixed;
use super::flow::PastBinding;
use super::page::{At, Page};
use super::preview::Diff;
use super::reason::Reason;
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
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Read], routes!(members))
        .open_to(&[Scope::Rules], routes!(run))
}

/// A segment and how many are in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Segment {
    /// The binding it belongs to.
    #[schema(example = "rfm")]
    binding: String,
    /// Its key.
    #[schema(example = "champions")]
    key: String,
    /// Its title by language.
    #[schema(value_type = described::Localized, example = json!({"zh-CN": "冠军客户", "en": "Champions"}))]
    title: Localized,
    /// What the agency does for it, by language.
    #[schema(value_type = described::Localized)]
    policy: Localized,
    /// The plugin that decides.
    digest: String,
    /// Members.
    count: u64,
    /// What the scores of its members count, by language; `null` if the rule does not say.
    #[schema(value_type = Option<described::Localized>, example = json!({"zh-CN": "出行次数", "en": "trips"}))]
    score_title: Option<Localized>,
    /// Business time of the latest full run; later events are counted in.
    as_of: At,
    /// Whether the rule fails and old memberships stand.
    stale: bool,
}

impl From<app::SegmentSummary> for Segment {
    fn from(segment: app::SegmentSummary) -> Self {
        Self {
            binding: segment.binding,
            key: segment.key,
            title: segment.title,
            policy: segment.policy,
            digest: segment.digest,
            count: segment.count,
            score_title: segment.score_title,
            as_of: segment.as_of.into(),
            stale: segment.stale,
        }
    }
}

/// A day that is being turned: facts are folded for it in the background.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Turning {
    /// The day that begins.
    #[schema(format = Date, example = "2026-01-16")]
    to: String,
    /// Customers whose facts are still to be folded for it.
    left: u64,
}

/// Every segment, and of which day the facts are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentList {
    /// The segments.
    items: Vec<Segment>,
    /// Always `null`.
    next: Option<String>,
    /// The last day for which everyone's facts were folded: exports, previews, insights and reasons are of this day. `null` on a server that was
    /// started while a day was being turned, and for a moment while what was turned is taken over.
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-15")]
    day: Option<String>,
    /// The day that is being turned; `null` if none is.
    turning: Option<Turning>,
}

/// A member of a segment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// Who.
    customer_id: Uuid,
    /// The shown name.
    name: Option<String>,
    /// The agency's member number.
    member_no: Option<String>,
    /// For lists: the name, or else the member number, a masked telephone number or e-mail address, or the end of the id.
    label: String,
    /// When they entered last.
    since: Option<At>,
    /// Rank inside the segment, if the rule gives one; `null` for a past day.
    score: Option<f32>,
    /// Why; `null` for a past day.
    reason: Option<Reason>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberPage {
    /// The members.
    items: Vec<Member>,
    /// Send it as `cursor` to get the next page; `null` on the last one.
    next: Option<String>,
    /// The past instant asked for; `null` for the present.
    as_of: Option<PastBinding>,
    /// `score`, `since`, `name` or `joined`; `null` for a past day.
    #[schema(value_type = Option<fixed::MemberSort>)]
    sort: Option<&'static str>,
    /// What the scores count, by language; `null` for a past day and if the rule does not say.
    #[schema(value_type = Option<described::Localized>)]
    score_title: Option<Localized>,
}

impl From<app::MemberPage> for MemberPage {
    fn from(page: app::MemberPage) -> Self {
        Self {
            items: page.items.into_iter().map(Member::from).collect(),
            next: page.next,
            as_of: page.as_of.map(PastBinding::from),
            sort: page.sort.map(app::Sort::as_str),
            score_title: page.score_title,
        }
    }
}

impl From<app::Member> for Member {
    fn from(member: app::Member) -> Self {
        Self {
            customer_id: member.customer_id,
            name: member.label.name,
            member_no: member.label.member_no,
            label: member.label.label,
            since: member.since.map(At),
            score: member.score,
            reason: member.reason.map(Reason::from),
        }
    }
}

/// What a full run did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    /// The binding.
    binding: String,
    /// Number of the run within the binding.
    run: i64,
    /// Number of the revision that decided.
    revision: i64,
    /// Its plugin.
    digest: String,
    /// `activation`, `rollback`, `request` or `midnight`.
    #[schema(value_type = fixed::RunCause)]
    cause: String,
    /// Business time.
    at: At,
    /// How many customers were classified.
    customers: i64,
    /// How many moved.
    changed: i64,
    /// Fuel used.
    fuel: i64,
    /// Wall-clock milliseconds.
    duration_ms: i64,
    /// What moved.
    diff: Diff,
}

impl From<app::RunSummary> for Run {
    fn from(run: app::RunSummary) -> Self {
        Self {
            binding: run.binding,
            run: run.run,
            revision: run.revision,
            digest: run.digest,
            cause: run.cause,
            at: run.at.into(),
            customers: run.customers,
            changed: run.changed,
            fuel: run.fuel,
            duration_ms: run.duration_ms,
            diff: run.diff.into(),
        }
    }
}

/// Every segment of every binding.
#[utoipa::path(get, path = "/segments", tag = "segments", operation_id = "listSegments",
    responses((status = 200, description = "Every segment; `next` is always null.", body = SegmentList)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<SegmentList>> {
    let items = front.app().segments().list(&caller).await?;
    let day = front.app().days().of_facts(&caller).await?;
    Ok(axum::Json(SegmentList {
        items: items.into_iter().map(Segment::from).collect(),
        next: None,
        day: day.day.map(time::day_text),
        turning: day.turning.map(|turning| Turning {
            to: time::day_text(turning.to),
            left: turning.left,
        }),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MembersQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// `score` (the highest first; so it is if left out), `since` (who entered last first), `name`, or `joined` (in the order in which they
    /// became customers). Not together with `as_of`.
    #[param(value_type = Option<fixed::MemberSort>)]
    sort: Option<String>,
    /// Members on a past day, at its end in the agency's zone, or at an instant.
    #[param(example = "2026-01-01")]
    as_of: Option<String>,
}

/// Members of a segment with since, score and reason, the highest score first.
///
/// `score_title` says what the scores count. Members of one score come in the order in which they became customers, and so does everyone
/// while the rule fails, as there are no scores then.
///
/// With `as_of`, who was a member then and since when; facts of the past are not kept, so there are no scores and reasons, and members come in the
/// order in which they became customers. Before the
/// binding's first activation nobody was; `as_of.revision` is `null` then.
#[utoipa::path(get, path = "/segments/{segment}/members", tag = "segments", operation_id = "listMembers",
    params(("segment" = String, Path, description = "`binding.key`, as in `rfm.champions`."), MembersQuery),
    responses((status = 200, description = "A page of members.", body = MemberPage)))]
async fn members(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(segment): Path<String>,
    Query(query): Query<MembersQuery>,
) -> Answer<axum::Json<MemberPage>> {
    let limit = front.limit(query.limit)?;
    let (binding, key) = segment.split_once('.').ok_or_else(|| Problem::not_found("segment"))?;
    let (app, cursor) = (front.app(), query.cursor.as_deref());
    let page = match &query.as_of {
        None => {
            let sort = match query.sort.as_deref() {
                None => app::Sort::default(),
                Some(word) => word.parse().map_err(|()| {
                    let known = app::Sort::ALL.map(app::Sort::as_str);
                    let detail = words!(
                        "sort {word:?} is not known; known are {en}",
                        "排序 {word:?} 无法识别；可用的有 {zh}",
                        en = known.join(", "),
                        zh = known.join("、")
                    );
                    Problem::unprocessable("bad_sort", detail)
                })?,
            };
            app.segments()
                .members(&caller, (binding, key), sort, cursor, limit)
                .await?
        }
        Some(_) if query.sort.is_some() => {
            return Err(Problem::unprocessable(
                "sort_not_with_as_of",
                words!(
                    "members of a past day come in the order in which they became customers, as scores of the past are not kept; leave out sort or as_of",
                    "过去某天的成员按成为客户的先后排列，因为过去的得分没有保留；请去掉 sort 或 as_of"
                ),
            ));
        }
        Some(as_of) => {
            app.segments()
                .members_as_of(&caller, (binding, key), as_of, cursor, limit)
                .await?
        }
    };
    Ok(axum::Json(page.into()))
}

/// Which rules to run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"binding": "rfm"}))]
pub(crate) struct RunRequest {
    /// Only this binding; every one if left out.
    binding: Option<String>,
}

/// Run the rules over everyone again.
///
/// Answers when it is done, with one summary per binding. Rules also run at activation and after each local midnight. While a day is being turned
/// it waits, ten seconds at most (`day_turning`).
#[utoipa::path(post, path = "/segmentation/runs", tag = "segments", operation_id = "runSegmentation", request_body = Option<RunRequest>,
    responses((status = 200, description = "A summary per binding; `next` is always null.", body = Page<Run>)))]
async fn run(
    State(front): State<Front>,
    Auth(caller): Auth,
    OptionalJson(body): OptionalJson<RunRequest>,
) -> Answer<axum::Json<Page<Run>>> {
    Ok(axum::Json(Page::whole(
        front.app().segments().run(&caller, body.binding.as_deref()).await?,
    )))
}
