//! Decisions: what a rule was asked, what it said, and asking it again.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Path, Query};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use posthouse_app::quotes::QUOTE;
use posthouse_app::rules::{self as app, DecisionFilter, DecisionView};
use posthouse_app::team::Scope;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Read], routes!(read))
        // it answers with what the rule says of the customer
        .open_to_all_of(&[Scope::Rules, Scope::Read], routes!(replay))
}

/// What a decision is on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionSubject)]
pub(crate) struct Subject {
    /// What kind of thing.
    #[schema(example = "quote")]
    kind: String,
    /// Which one.
    id: Uuid,
}

/// A decision: what a rule was asked, what it said, and what the host made of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decision {
    /// Id.
    id: Uuid,
    /// What was decided.
    #[schema(value_type = fixed::ExtensionPoint, example = "promotion")]
    extension_point: String,
    /// The binding that decided.
    binding: String,
    /// Its revision.
    revision: i64,
    /// The plugin.
    digest: String,
    /// SHA-256 of its settings as canonical JSON.
    config_digest: String,
    /// About whom.
    customer_id: Option<Uuid>,
    /// On what.
    subject: Option<Subject>,
    /// The subject, if that is a quote.
    quote_id: Option<Uuid>,
    /// Business time.
    at: At,
    /// What the rule was asked: context and request, with the facts it declares and nothing else.
    #[schema(value_type = described::DecisionInput)]
    input: Value,
    /// What it said, or the code of its fault.
    #[schema(value_type = Object)]
    output: Value,
    /// `answered`, or the code of the fault.
    #[schema(value_type = fixed::DecisionOutcome, example = "answered")]
    outcome: String,
    /// What the host made of an offer: `code`, `off` in minor units, `text` in both languages. Of complaint routing the `number` of the case and the `trigger`; empty for a loyalty rule.
    #[schema(value_type = described::DecisionEffect)]
    effect: Value,
    /// What the call used: fuel, microseconds, bytes.
    #[schema(value_type = described::Usage)]
    usage: Value,
    /// The lines it logged, for as long as they are kept (`plugins.log-days`).
    #[schema(value_type = Vec<described::PluginLogLine>)]
    log: Value,
}

impl From<DecisionView> for Decision {
    fn from(view: DecisionView) -> Self {
        Self {
            id: view.id,
            extension_point: view.extension_point,
            binding: view.binding,
            revision: view.revision,
            digest: view.digest,
            config_digest: view.config_digest,
            customer_id: view.customer_id,
            quote_id: view
                .subject
                .as_ref()
                .filter(|(kind, _)| kind == QUOTE)
                .map(|(_, id)| *id),
            subject: view.subject.map(|(kind, id)| Subject { kind, id }),
            at: view.at.into(),
            input: view.input,
            output: view.output,
            outcome: view.outcome,
            effect: view.effect,
            usage: view.usage,
            log: view.log,
        }
    }
}

/// What a replay came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    /// The decision.
    decision: Uuid,
    /// When it was made, in business time.
    at: At,
    /// What was decided.
    #[schema(value_type = fixed::ExtensionPoint, example = "promotion")]
    extension_point: String,
    /// The binding that decided.
    binding: String,
    /// Its revision then, which need not be in force any more.
    revision: i64,
    /// Name of the plugin.
    #[schema(example = "early-bird")]
    plugin: String,
    /// Its version.
    version: String,
    /// Its digest.
    digest: String,
    /// The settings it was made with.
    #[schema(value_type = Object)]
    config: Value,
    /// Whether the output is the same byte for byte. Fuel is not compared.
    identical: bool,
    /// The first difference, if there is one.
    difference: Option<Difference>,
    /// The output now.
    #[schema(value_type = Object)]
    output: Value,
    /// Fuel used now.
    fuel: u64,
}

/// The first place where two answers differ.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// JSON pointer into the output.
    #[schema(example = "/offers/0/rate")]
    at: String,
    /// What was said then; null if there was nothing.
    #[schema(value_type = Option<Value>)]
    then: Option<Value>,
    /// What is said now; null if there is nothing.
    #[schema(value_type = Option<Value>)]
    now: Option<Value>,
}

impl From<app::Replay> for Replay {
    fn from(replay: app::Replay) -> Self {
        Self {
            decision: replay.decision,
            at: replay.at.into(),
            extension_point: replay.extension_point,
            binding: replay.binding,
            revision: replay.revision,
            plugin: replay.plugin,
            version: replay.version,
            digest: replay.digest,
            config: replay.config,
            identical: replay.identical,
            difference: replay.difference.map(|found| Difference {
                at: found.at,
                then: found.then,
                now: found.now,
            }),
            output: replay.output,
            fuel: replay.fuel,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DecisionQuery {
    /// `promotion/KEY`: of this binding.
    binding: Option<String>,
    /// About this customer.
    customer_id: Option<Uuid>,
    /// For this quote.
    quote_id: Option<Uuid>,
    /// Made by this plugin.
    digest: Option<String>,
    /// `answered`, or the code of a fault.
    #[param(value_type = Option<fixed::DecisionOutcome>)]
    outcome: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// Decisions, the newest first.
///
/// A page may end before it is full where few of the latest are wanted: as long as there is a `next`, it goes on there.
#[utoipa::path(get, path = "/decisions", tag = "decisions", operation_id = "listDecisions", params(DecisionQuery),
    responses((status = 200, description = "A page of decisions.", body = Page<Decision>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<DecisionQuery>,
) -> Answer<axum::Json<Page<Decision>>> {
    let limit = front.limit(query.limit)?;
    let binding = match &query.binding {
        None => None,
        Some(text) => {
            let parts = text
                .split_once('/')
                .map(|(point, name)| (point.to_owned(), name.to_owned()));
            Some(parts.ok_or_else(|| {
                Problem::unprocessable(
                    "bad_name",
                    words!(
                        "binding {text:?} has no extension point; write it like promotion/early-bird",
                        "绑定 {text:?} 缺少扩展点；请写成 promotion/early-bird 的形式"
                    ),
                )
            })?)
        }
    };
    let filter = DecisionFilter {
        binding,
        customer: query.customer_id,
        subject: query.quote_id.map(|id| (QUOTE.to_owned(), id)),
        digest: query.digest,
        outcome: query.outcome,
    };
    let (items, next) = front
        .app()
        .decisions()
        .list(&caller, filter, query.cursor, limit)
        .await?;
    Ok(axum::Json(Page::of((items, next.map(|id| id.to_string())))))
}

/// One decision.
#[utoipa::path(get, path = "/decisions/{id}", tag = "decisions", operation_id = "getDecision", params(("id" = Uuid, Path, description = "Id of the decision.")),
    responses((status = 200, description = "The decision.", body = Decision)))]
async fn read(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Decision>> {
    Ok(axum::Json(front.app().decisions().get(&caller, id).await?.into()))
}

/// Make a decision again, with the plugin, settings and input it was made with, whatever is in force by now. Nothing is changed.
#[utoipa::path(post, path = "/decisions/{id}/replay", tag = "decisions", operation_id = "replayDecision", params(("id" = Uuid, Path, description = "Id of the decision.")),
    responses((status = 200, description = "Whether it is the same, or the first difference.", body = Replay)))]
async fn replay(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Replay>> {
    Ok(axum::Json(front.app().decisions().replay(&caller, id).await?.into()))
}
