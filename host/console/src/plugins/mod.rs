//! Plugins, for operators and authors: what was let in, where it is in force, what it reads, costs and writes; what rules decided; and the
//! systems that are told of it all.

mod binding;
mod decisions;
mod list;
mod record;
mod webhooks;

use crate::Desk;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use posthouse_app::team::{Caller, Scope};

/// Where plugins are sent to.
pub(crate) const UPLOAD: &str = "/plugins";

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        // the door has looked at its size
        .route(
            UPLOAD,
            get(list::list).post(list::upload).layer(DefaultBodyLimit::disable()),
        )
        .route("/plugins/bindings/{point}/{name}", get(binding::binding))
        .route("/plugins/bindings/{point}/{name}/ask-again", post(binding::ask_again))
        .route("/plugins/bindings/{point}/{name}/end", post(binding::end))
        .route("/plugins/bindings/{point}/{name}/restore", post(binding::restore))
        .route("/plugins/{digest}", get(record::record))
        .route("/plugins/{digest}/delete", post(record::delete))
        .route("/decisions", get(decisions::list))
        .route("/decisions/{id}", get(decisions::record))
        .route("/decisions/{id}/replay", post(decisions::replay))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::record).post(webhooks::change))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/replay", post(webhooks::replay))
        .route("/webhooks/{id}/delete", post(webhooks::delete))
}

/// Largest upload, in bytes: a good deal more than a plugin may have, so that the sandbox's own refusal is heard.
pub(crate) fn upload_bytes(desk: &Desk) -> usize {
    let most = desk.app().engine().limits().component_bytes;
    most.saturating_mul(4).max(8 << 20)
}

/// The tabs of the room that somebody may open.
#[derive(Debug, Clone)]
struct Tab {
    name: &'static str,
    path: &'static str,
    is_here: bool,
}

fn tabs(caller: &Caller, here: &'static str) -> Vec<Tab> {
    let all = [
        ("plugins", UPLOAD, Scope::Rules),
        ("decisions", "/decisions", Scope::Read),
        ("webhooks", "/webhooks", Scope::Operations),
    ];
    let open = all.into_iter().filter(|(_, _, scope)| caller.may(*scope).is_ok());
    let tab = |(name, path, _)| Tab {
        name,
        path,
        is_here: name == here,
    };
    open.map(tab).collect()
}
