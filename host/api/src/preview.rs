//! Seeing beforehand who will move.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Json, Path, Query, plugin_digest};
use super::page::Page;
use super::reason::Reason;
use axum::extract::State;
use posthouse_app::team::Scope;
use posthouse_app::{rules, segments as app};
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Rules], routes!(preview))
        // a preview names customers, and whoever may upload rules may not read customers by that alone
        .open_to_all_of(&[Scope::Rules, Scope::Read], routes!(moves))
}

/// A rule to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"digest": "9f2b6c…", "config": {}, "name": "rfm"}))]
pub(crate) struct PreviewRequest {
    /// The plugin.
    digest: String,
    /// Its settings; `{}` takes the plugin's defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// The binding it would be put into.
    name: String,
}

/// What a rule would change: both rules on the same facts and clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Under which its moves are listed, for a day.
    id: Uuid,
    /// The day of the facts that both rules were asked about: the last one that was wholly turned.
    #[schema(format = Date, example = "2026-01-15")]
    day: String,
    /// How many customers were classified.
    customers: u64,
    /// Every segment of either rule.
    segments: Vec<SegmentChange>,
    /// Every move that would happen, the largest first.
    moves: Vec<MoveCount>,
    /// How many would move in all.
    changed: u64,
    /// How many the rule in force would move today by itself.
    drift: u64,
    /// Whether the rule in force fails: `now` is then what it said last, and no drift can be told.
    stale: bool,
    /// Facts the plugin reads that are not granted to the binding: its activation has to send them as `grant`.
    grant_needed: Vec<String>,
    /// Facts that its activation would grant, the first one included, and that say who customers are or what they spend: only a key with
    /// the scope `grants` grants them.
    sensitive: Vec<String>,
    /// Those who would move: all of up to a hundred, some of more. Nobody for a key without the scope `read`.
    sample: Vec<Mover>,
    /// Fuel used by the new rule.
    fuel: u64,
    /// Wall-clock milliseconds.
    duration_ms: u64,
}

/// One segment before and after.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentChange {
    /// Segment key.
    key: String,
    /// Members by the rule in force.
    now: u64,
    /// Members by the new rule.
    then: u64,
    /// Who enters.
    entering: u64,
    /// Who leaves.
    leaving: u64,
}

/// How many move from one segment to another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MoveCount {
    /// The old segment; `null` means none.
    from: Option<String>,
    /// The new segment; `null` means none.
    to: Option<String>,
    /// How many.
    count: u64,
}

/// Somebody who would move.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mover {
    /// Who.
    customer_id: Uuid,
    /// The shown name.
    name: Option<String>,
    /// The agency's member number.
    member_no: Option<String>,
    /// For lists: the name, or else the member number, a masked telephone number or e-mail address, or the end of the id.
    label: String,
    /// The segment by the rule in force; `null` means none.
    from: Option<String>,
    /// The segment by the new rule; `null` means none.
    to: Option<String>,
    /// Why, by the new rule. Only those that come with the preview itself have one, and only if the rule gives reasons.
    reason: Option<Reason>,
}

/// What a change of rules moves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Diff {
    /// How many customers there are.
    customers: u64,
    /// Every segment of either rule.
    segments: Vec<SegmentChange>,
    /// Every move, the largest first.
    moves: Vec<MoveCount>,
    /// How many move in all.
    changed: u64,
}

impl From<rules::ClassChange> for SegmentChange {
    fn from(change: rules::ClassChange) -> Self {
        Self {
            key: change.key,
            now: change.now,
            then: change.then,
            entering: change.entering,
            leaving: change.leaving,
        }
    }
}

impl From<rules::MoveCount> for MoveCount {
    fn from(count: rules::MoveCount) -> Self {
        Self {
            from: count.from,
            to: count.to,
            count: count.count,
        }
    }
}

impl From<app::PreviewSample> for Mover {
    fn from(mover: app::PreviewSample) -> Self {
        Self {
            customer_id: mover.customer_id,
            name: mover.label.name,
            member_no: mover.label.member_no,
            label: mover.label.label,
            from: mover.from,
            to: mover.to,
            reason: mover.reason.map(Reason::from),
        }
    }
}

fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}

impl From<rules::Diff> for Diff {
    fn from(diff: rules::Diff) -> Self {
        Self {
            customers: diff.customers,
            segments: all(diff.classes),
            moves: all(diff.moves),
            changed: diff.changed,
        }
    }
}

impl From<app::Preview> for Preview {
    fn from(preview: app::Preview) -> Self {
        Self {
            id: preview.id,
            day: time::day_text(preview.day),
            customers: preview.customers,
            segments: all(preview.segments),
            moves: all(preview.moves),
            changed: preview.changed,
            drift: preview.drift,
            stale: preview.stale,
            grant_needed: preview.grant_needed,
            sensitive: preview.sensitive,
            sample: all(preview.sample),
            fuel: preview.fuel,
            duration_ms: preview.duration_ms,
        }
    }
}

/// Try a rule on everyone, beside the one in force. Nothing is changed.
///
/// A key without the scope `read` is shown how many move, and nobody.
#[utoipa::path(post, path = "/segmentation/preview", tag = "segments", operation_id = "previewSegmentation", request_body = PreviewRequest,
    responses((status = 200, description = "Who would move.", body = Preview)))]
async fn preview(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<PreviewRequest>,
) -> Answer<axum::Json<Preview>> {
    let request = app::PreviewRequest {
        digest: plugin_digest(&body.digest)?,
        config: Value::Object(body.config),
        name: body.name,
    };
    Ok(axum::Json(
        front.app().segments().preview(&caller, request).await?.into(),
    ))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MovesQuery {
    /// Only those who leave this segment; empty means those who are in none.
    from: Option<String>,
    /// Only those who enter this segment; empty means those who will be in none.
    to: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Everyone who would move by a preview. Kept for a day.
#[utoipa::path(get, path = "/segmentation/previews/{id}/moves", tag = "segments", operation_id = "listPreviewMoves",
    params(("id" = Uuid, Path, description = "Id of the preview."), MovesQuery),
    responses((status = 200, description = "A page of movers.", body = Page<Mover>)))]
async fn moves(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<MovesQuery>,
) -> Answer<axum::Json<Page<Mover>>> {
    let limit = front.limit(query.limit)?;
    let page = front
        .app()
        .segments()
        .preview_moves(
            &caller,
            id,
            query.from.as_deref(),
            query.to.as_deref(),
            query.cursor.as_deref(),
            limit,
        )
        .await?;
    Ok(axum::Json(Page::of((page.items, page.next))))
}
