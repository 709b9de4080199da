//! Seeing beforehand what another loyalty rule would do.

use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Json, Path, plugin_digest};
use crate::fixed;
use crate::page::At;
use crate::preview::{MoveCount, SegmentChange};
use crate::reason::Reason;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::{Localized, Words, time};
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    // a preview names customers and what they would have, and whoever may upload rules may not read that by that alone
    Calls::new()
        .open_to_all_of(&[Scope::Rules, Scope::Read], routes!(begin))
        .open_to_all_of(&[Scope::Rules, Scope::Read], routes!(preview))
        .open_to_all_of(&[Scope::Rules, Scope::Read], routes!(cancel))
}

/// A rule to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoyaltyPreviewRequest, example = json!({"binding": "main", "digest": "9f2b6c…", "config": {}, "days": 365}))]
struct Request {
    /// The binding it would be put into.
    binding: String,
    /// The plugin.
    digest: String,
    /// Its settings; `{}` takes the plugin's defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// Over how many days, today included, 1 to 730.
    days: i32,
}

/// Something by the rule in force and by the other one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyChange)]
struct Change {
    /// By the rule in force; 0 where there is none.
    now: i64,
    /// By the other one.
    then: i64,
}

impl From<app::Change> for Change {
    fn from(change: app::Change) -> Self {
        Self {
            now: change.now,
            then: change.then,
        }
    }
}

/// What was posted for the occasions of a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyMonthChange)]
struct MonthChange {
    /// The month.
    #[schema(example = "2026-05")]
    month: String,
    /// Points, less what refunds took back.
    points: Change,
}

/// A member for whom the rules differ.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyMemberChange)]
struct MemberChange {
    /// Who.
    customer_id: Uuid,
    /// For lists: the name, or else the member number, a masked telephone number or e-mail address, or the end of the id.
    label: String,
    /// What the rules posted.
    points: Change,
    /// The tier by the rule in force; `null` means none.
    from: Option<String>,
    /// The tier by the other one; `null` means none.
    to: Option<String>,
    /// Why that tier, by the other rule.
    reason: Option<Reason>,
}

/// What another rule would have done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyForeseen)]
struct Foreseen {
    /// Whether there is a rule in force to compare with.
    compared: bool,
    /// Points by month, the earliest first.
    months: Vec<MonthChange>,
    /// Points in all.
    points: Change,
    /// How many of them have not expired by now.
    outstanding: Change,
    /// What these are worth, in minor units.
    value: Change,
    /// Which share of points ends unspent, in parts of 10,000, as in the last 730 days; `null` if nothing ended.
    breakage_rate: Option<i64>,
    /// What of the value is expected to be spent, in minor units.
    cost: Change,
    /// Titles of tiers by key.
    #[schema(value_type = BTreeMap<String, described::Localized>)]
    titles: BTreeMap<String, Localized>,
    /// Every tier of either rule, the lowest first; nothing if the binding gives no tiers.
    tiers: Vec<SegmentChange>,
    /// Every move between tiers, the largest first.
    moves: Vec<MoveCount>,
    /// How many members would stand in another tier.
    changed: u64,
    /// How often the other rule failed.
    failed: u64,
    /// How it failed first, by language.
    #[schema(value_type = Option<described::Localized>)]
    fault: Option<Words>,
    /// Those for whom the rules differ most, 20 at most.
    sample: Vec<MemberChange>,
}

/// A preview, under way or over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyPreview)]
struct Preview {
    /// Id.
    id: Uuid,
    /// The binding.
    #[schema(example = "main")]
    binding: String,
    /// The plugin.
    digest: String,
    /// Its settings.
    #[schema(value_type = Object)]
    config: Value,
    /// The first day that is played.
    #[schema(format = Date, example = "2025-06-02")]
    from: String,
    /// The last.
    #[schema(format = Date, example = "2026-06-01")]
    to: String,
    /// Where it stands.
    #[schema(value_type = fixed::PreviewState)]
    state: String,
    /// How many members there are.
    members: i64,
    /// How many of them were played.
    done: i64,
    /// How many occasions the rule was asked about.
    occasions: i64,
    /// What came of it, once it is done.
    result: Option<Foreseen>,
    /// Facts the plugin reads that are not granted to the binding: its activation has to send them as `grant`.
    grant_needed: Vec<String>,
    /// Why it failed, by language.
    #[schema(value_type = Option<described::Localized>)]
    problem: Option<Words>,
    /// When it was asked for, by the machine's clock.
    asked_at: At,
}

impl From<app::PreviewView> for Preview {
    fn from(view: app::PreviewView) -> Self {
        let mut labels = view.labels;
        let mut member = |one: app::MemberChange| MemberChange {
            label: labels
                .remove(&one.customer)
                .map_or_else(String::new, |label| label.label),
            customer_id: one.customer,
            points: one.points.into(),
            from: one.from,
            to: one.to,
            reason: one.reason.map(Into::into),
        };
        let result = view.result.map(|result| Foreseen {
            compared: result.compared,
            months: result
                .months
                .into_iter()
                .map(|month| MonthChange {
                    month: time::day_text(month.month)[..7].to_owned(),
                    points: month.points.into(),
                })
                .collect(),
            points: result.points.into(),
            outstanding: result.outstanding.into(),
            value: result.value.into(),
            breakage_rate: result.breakage_rate,
            cost: result.cost.into(),
            titles: result.titles,
            tiers: result.tiers.into_iter().map(Into::into).collect(),
            moves: result.moves.into_iter().map(Into::into).collect(),
            changed: result.changed,
            failed: result.failed,
            fault: result.fault,
            sample: result.sample.into_iter().map(&mut member).collect(),
        });
        Self {
            id: view.id,
            binding: view.binding,
            digest: view.digest,
            config: view.config,
            from: time::day_text(view.from),
            to: time::day_text(view.to),
            state: view.state,
            members: view.members,
            done: view.done,
            occasions: view.occasions,
            result,
            grant_needed: view.grant_needed,
            problem: view.problem,
            asked_at: view.asked_at.into(),
        }
    }
}

/// Try a rule over past occasions, beside the one in force.
///
/// Both are played over what happened to every member in the last days: the bookings as they turned out, joining, referrals and events. Points of other rules and
/// tiers by hand stay as they were, what members spent is left out, and facts are those of today. Nothing is posted. It goes on in the background;
/// one of an agency at a time, and each is kept for a week.
#[utoipa::path(post, path = "/loyalty/preview", tag = "loyalty", operation_id = "previewLoyaltyRule", request_body = Request,
    responses((status = 202, description = "It is under way.", body = Preview)))]
async fn begin(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(request): Json<Request>,
) -> Answer<(StatusCode, axum::Json<Preview>)> {
    let request = app::PreviewRequest {
        binding: request.binding,
        digest: plugin_digest(&request.digest)?,
        config: Value::Object(request.config),
        days: request.days,
    };
    let view = front.app().loyalty().begin_preview(&caller, &request).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(view.into())))
}

/// A preview with how far it has come, and what came of it.
#[utoipa::path(get, path = "/loyalty/previews/{id}", tag = "loyalty", operation_id = "getLoyaltyPreview",
    params(("id" = Uuid, Path, description = "Id of the preview.")),
    responses((status = 200, description = "The preview.", body = Preview)))]
async fn preview(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Preview>> {
    Ok(axum::Json(front.app().loyalty().preview(&caller, id).await?.into()))
}

/// End a preview that is under way.
///
/// One that is over stays as it is.
#[utoipa::path(post, path = "/loyalty/previews/{id}/cancel", tag = "loyalty", operation_id = "cancelLoyaltyPreview",
    params(("id" = Uuid, Path, description = "Id of the preview.")),
    responses((status = 200, description = "The preview.", body = Preview)))]
async fn cancel(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Preview>> {
    Ok(axum::Json(
        front.app().loyalty().cancel_preview(&caller, id).await?.into(),
    ))
}
