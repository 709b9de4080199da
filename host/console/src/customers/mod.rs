//! Customers: found, listed, and each with everything that is known of them.

mod list;
mod record;

use crate::Desk;
use axum::Router;
use axum::routing::get;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/customers", get(list::list))
        .route("/customers/{id}", get(record::record))
}
