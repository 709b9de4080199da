//! The business clock, where it is moved by hand.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Json};
use super::page::At;
use axum::extract::State;
use posthouse_app::ClockMove;
use posthouse_app::team::Scope;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Operations], routes!(move_clock))
}

/// How to move the clock: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"advance": "3d"}))]
pub(crate) struct NewTime {
    /// By how much: a whole number and `d`, `h`, `m` or `s`.
    #[schema(example = "3d")]
    advance: Option<String>,
    /// To when; without a zone it is the agency's, a day alone is its beginning.
    #[schema(example = "2026-03-01T09:00:00+08:00")]
    set: Option<String>,
}

/// What the clock did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Moved {
    /// Where it stood.
    from: At,
    /// Where it stands.
    to: At,
    /// How many timers and jobs ran on the way, of every agency.
    jobs: u64,
}

/// Move the business clock. Everything that is due on the way happens in its order, and days turn one by one.
///
/// Only on a server started with `serve --clock manual:INSTANT`, and only forwards. The answer comes when all of it is done; a move that
/// is asked for meanwhile waits.
#[utoipa::path(post, path = "/clock", tag = "team", operation_id = "moveClock", request_body = NewTime,
    responses((status = 200, description = "Where the clock stands now.", body = Moved)))]
async fn move_clock(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<NewTime>,
) -> Answer<axum::Json<Moved>> {
    let by = ClockMove::read(&caller, body.advance.as_deref(), body.set.as_deref())?;
    let moved = front.app().move_clock(&caller, by).await?;
    Ok(axum::Json(Moved {
        from: moved.from.into(),
        to: moved.to.into(),
        jobs: moved.jobs,
    }))
}
