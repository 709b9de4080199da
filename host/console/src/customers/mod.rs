//! Customers: found, narrowed and listed; each with everything that is known of them; written down and changed.

mod belongings;
mod bulk;
mod edit;
mod facts;
mod file;
mod list;
mod membership;
mod narrow;
mod record;
mod segments;
mod timeline;
mod views;
mod wanted;

use crate::Desk;
use crate::parts::pick;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/customers", get(list::list).post(edit::create))
        .route("/customers.csv", get(list::export).post(bulk::export))
        .route("/customers/condition", get(narrow::fields))
        .route("/customers/narrow", get(narrow::narrow))
        .route("/customers/pick", get(pick::offers))
        .route("/customers/owner", post(bulk::own))
        .route("/customers/link", post(bulk::link))
        .route("/customers/views", post(views::save))
        .route("/customers/views/{id}/delete", post(views::delete))
        .route("/customers/new", get(edit::new))
        .route("/customers/{id}", get(record::record).post(edit::change))
        .route("/customers/{id}/version", get(record::version))
        .route("/customers/{id}/edit", get(edit::edit))
        .route("/customers/{id}/note", post(edit::note))
        .route("/customers/{id}/preference", post(edit::prefer))
        .route("/customers/{id}/owner", post(belongings::own))
        .route("/customers/{id}/links", post(belongings::link))
        .route("/customers/{id}/links/{kind}/{other}/remove", post(belongings::unlink))
        .route(
            "/customers/{id}/links/{kind}/{other}/restore",
            post(belongings::restore),
        )
        .route("/customers/{id}/documents/{kind}", post(belongings::document))
}
