//! Reports on all customers together: who brings the money, and who is loyal by five indicators.

mod loyal;
mod pareto;

use crate::Desk;
use axum::Router;
use axum::routing::get;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/insights", get(pareto::pareto))
        .route("/insights/loyal", get(loyal::loyal))
}
