//! Quotes: what a basket costs with every campaign in force, and why.

mod basket;
mod list;
mod record;
mod tester;

use crate::Desk;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/quotes", get(list::list).post(tester::price))
        .route("/quotes/new", get(tester::new))
        .route("/quotes/{id}", get(record::record))
        .route("/quotes/{id}/confirm", post(record::confirm))
        .route("/quotes/{id}/release", post(record::release))
}

/// The look of a state's tag.
fn state_class(state: &str) -> &'static str {
    match state {
        "open" => "info",
        "confirmed" => "good",
        "expired" => "warn",
        _ => "",
    }
}
