//! Plugins, for operators and authors: what was let in, where it is in force, what it reads, costs and writes; what rules decided; and the
//! systems that are told of it all; the work that falls due by itself.

mod activate;
mod binding;
mod decisions;
mod jobs;
mod list;
mod record;
mod webhooks;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use posthouse_app::team::{Caller, Scope};

pub(crate) fn routes() -> Router<Desk> {
    // the door has looked at its size
    let any = DefaultBodyLimit::disable();
    Router::new()
        .route("/plugins", get(list::list).post(list::upload).layer(any))
        .route("/plugins/bindings/{point}/{name}", get(binding::binding))
        .route("/plugins/bindings/{point}/{name}/ask-again", post(binding::ask_again))
        .route("/plugins/bindings/{point}/{name}/end", post(binding::end))
        .route("/plugins/bindings/{point}/{name}/restore", post(binding::restore))
        .route("/plugins/{digest}", get(record::record))
        .route(
            "/plugins/{digest}/activate",
            get(activate::open).post(activate::activate),
        )
        .route("/plugins/{digest}/try", post(activate::try_out))
        .route("/plugins/{digest}/delete", post(record::delete))
        .route("/decisions", get(decisions::list))
        .route("/decisions/{id}", get(decisions::record))
        .route("/decisions/{id}/replay", post(decisions::replay))
        .route("/jobs", get(jobs::list))
        .route("/jobs/retry", post(jobs::retry))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::record).post(webhooks::change))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/replay", post(webhooks::replay))
        .route("/webhooks/{id}/delete", post(webhooks::delete))
}

/// Where a binding is looked at.
fn binding_path(point: &str, name: &str) -> String {
    format!("/plugins/bindings/{point}/{name}")
}

/// The tabs of the room that somebody may open.
fn tabs(caller: &Caller, here: &str) -> Vec<Tab> {
    let all = [
        ("plugins", "/plugins", Scope::Rules),
        ("decisions", "/decisions", Scope::Read),
        ("webhooks", "/webhooks", Scope::Operations),
        ("jobs", "/jobs", Scope::Operations),
    ];
    let open = all.into_iter().filter(|(_, _, scope)| caller.may(*scope).is_ok());
    tabs::tabs(open.map(|(name, path, _)| (name, path)), here)
}
