//! Reports on all customers together: who brings the money, how lately and how often guests travel, how segments
//! grow and shrink, and who is loyal by five indicators.

mod loyal;
mod pareto;
mod rfm;
mod stages;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::routing::get;
use posthouse_app::team::{Caller, Mask, Rows};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/insights", get(pareto::pareto))
        .route("/insights/rfm", get(rfm::rfm))
        .route("/insights/stages", get(stages::stages))
        .route("/insights/loyal", get(loyal::loyal))
}

/// Whether a caller sees everybody's spend, which all reports but one are about.
fn sees_spend(caller: &Caller) -> bool {
    caller.rows == Rows::All && !caller.is_masked(Mask::Money)
}

/// The reports of the room that somebody may open.
fn tabs(caller: &Caller, here: &str) -> Vec<Tab> {
    let all = [
        ("pareto", "/insights"),
        ("rfm", "/insights/rfm"),
        ("stages", "/insights/stages"),
        ("loyal", "/insights/loyal"),
    ];
    let open = all
        .into_iter()
        .filter(|(name, _)| *name == "stages" || sees_spend(caller));
    tabs::tabs(open, here)
}
