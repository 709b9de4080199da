//! Jobs: work that falls due, and what was given up.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Json};
use super::page::At;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::jobs as app;
use posthouse_app::team::Scope;
use posthouse_web::problem::{Answer, ProblemBody};
use posthouse_web::reader;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Operations], routes!(look))
        .open_to(&[Scope::Operations], routes!(retry))
}

/// The jobs of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobKind {
    /// What they do.
    #[schema(example = "quote.expire")]
    kind: String,
    /// Those that wait for their time, and those at work.
    waiting: i64,
    /// Those of them that a host is at work on.
    running: i64,
    /// Those of them that failed and are tried again.
    failing: i64,
    /// Those that were given up.
    dead: i64,
    /// When the first of those that wait is due; `null` if none does.
    next_due: Option<At>,
}

/// A job that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadJob {
    /// What it does.
    #[schema(example = "import.run")]
    kind: String,
    /// Which one of its kind: an id, or empty if there is only one.
    key: String,
    /// When it was due.
    due: At,
    /// How often it was tried.
    attempts: i64,
    /// Why it failed the last time.
    failure: String,
    /// When it was given up.
    dead_at: At,
}

/// The jobs of the agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jobs {
    /// Each kind of which there are any.
    kinds: Vec<JobKind>,
    /// Those that were given up, the latest first; up to 200.
    dead: Vec<DeadJob>,
}

/// Which job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "import.run", "key": "0197f2a4-6a52-7c1e-8a3b-2f6f1d9c4e55"}))]
struct Retry {
    /// What it does.
    kind: String,
    /// Which one of its kind; empty if left out.
    #[serde(default)]
    key: String,
}

/// Work that falls due: how much of each kind waits, and what was given up.
///
/// What fails is tried again after pauses from one second to a quarter of an hour, and given up in the end.
#[utoipa::path(get, path = "/jobs", tag = "operations", operation_id = "listJobs",
    responses((status = 200, description = "Counts by kind, and the jobs that were given up.", body = Jobs)))]
async fn look(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Jobs>> {
    let found = front.app().jobs().look(&caller).await?;
    let language = reader::language();
    Ok(axum::Json(Jobs {
        kinds: found
            .kinds
            .into_iter()
            .map(|kind| JobKind {
                kind: kind.kind,
                waiting: kind.waiting,
                running: kind.running,
                failing: kind.failing,
                dead: kind.dead,
                next_due: kind.next_due.map(At::from),
            })
            .collect(),
        dead: found
            .dead
            .into_iter()
            .map(|job: app::DeadJob| DeadJob {
                kind: job.kind,
                key: job.key,
                due: job.due.into(),
                attempts: job.attempts,
                failure: job.failure.into_text(language),
                dead_at: job.dead_at.into(),
            })
            .collect(),
    }))
}

/// Try a job again that was given up, from its first attempt.
#[utoipa::path(post, path = "/jobs/retry", tag = "operations", operation_id = "retryJob", request_body = Retry,
    responses((status = 204, description = "It waits for its turn."),
        (status = 404, description = "None of this kind and key was given up.", body = ProblemBody, content_type = "application/problem+json")))]
async fn retry(State(front): State<Front>, Auth(caller): Auth, Json(which): Json<Retry>) -> Answer<StatusCode> {
    front.app().jobs().try_again(&caller, &which.kind, &which.key).await?;
    Ok(StatusCode::NO_CONTENT)
}
