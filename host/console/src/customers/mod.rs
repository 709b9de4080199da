//! Customers: found, narrowed and listed; each with everything that is known of them; written down and changed.

mod edit;
mod facts;
mod list;
mod record;
mod segments;
mod timeline;
mod wanted;

use crate::Desk;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/customers", get(list::list).post(edit::create))
        .route("/customers.csv", get(list::export))
        .route("/customers/condition", get(list::fields))
        .route("/customers/narrow", get(list::narrow))
        .route("/customers/new", get(edit::new))
        .route("/customers/{id}", get(record::record).post(edit::change))
        .route("/customers/{id}/edit", get(edit::edit))
        .route("/customers/{id}/note", post(edit::note))
        .route("/customers/{id}/preference", post(edit::prefer))
}
