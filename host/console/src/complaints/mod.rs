//! Complaints: who deals with what and by when, what happened, what puts it right; crises, desks, and what all of it has in common.

mod case;
mod crises;
mod deeds;
mod desks;
mod insight;
mod list;
mod open;
pub(crate) mod own;
mod told;
mod typed;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::routing::{get, post};
use posthouse_app::team::{Caller, Scope};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/complaints", get(list::list).post(open::open))
        .route("/complaints/new", get(open::form))
        .route("/complaints/crises", get(crises::list).post(crises::begin))
        .route("/complaints/crises/{id}/{step}", post(crises::step))
        .route("/complaints/desks", get(desks::list))
        .route("/complaints/desks/put", post(desks::put))
        .route("/complaints/desks/duty", post(desks::duty))
        .route("/complaints/insight", get(insight::show))
        .route("/complaints/compensations/{id}/{verdict}", post(deeds::decide))
        .route("/complaints/{id}", get(case::open))
        .route("/complaints/{id}/files/{nth}", get(case::file))
        .route("/complaints/{id}/compensate", post(deeds::promise))
        .route("/complaints/{id}/{step}", post(deeds::act))
}

/// Passes whoever reads customers.
fn may_enter(caller: &Caller) -> posthouse_app::Result<()> {
    caller.may(Scope::Read)
}

/// The tabs of the room.
fn tabs(here: &str) -> Vec<Tab> {
    let all = [
        ("cases", "/complaints"),
        ("crises", "/complaints/crises"),
        ("desks", "/complaints/desks"),
        ("insight", "/complaints/insight"),
    ];
    tabs::tabs(all, here)
}
