//! Settings: everybody's own page, and what the agency has settled for all.

mod agency;
mod attributes;
mod me;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::routing::{get, post};
use posthouse_app::team::{Caller, Scope};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/settings", get(me::own))
        .route("/settings/password", post(me::change_password))
        .route("/settings/sessions", post(me::end_sessions))
        .route("/settings/agency", get(agency::terms).post(agency::rename))
        .route("/settings/samples", post(agency::load_samples))
        .route("/settings/attributes", get(attributes::list).post(attributes::define))
        .route("/settings/attributes/{key}/delete", post(attributes::delete))
}

/// The tabs of the room that somebody may open.
fn tabs(caller: &Caller, here: &str) -> Vec<Tab> {
    let mut open = vec![("me", "/settings")];
    if caller.may(Scope::Owner).is_ok() {
        open.push(("agency", "/settings/agency"));
    }
    if caller.may(Scope::Rules).is_ok() {
        open.push(("attributes", "/settings/attributes"));
    }
    tabs::tabs(open, here)
}
