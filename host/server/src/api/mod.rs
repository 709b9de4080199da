//! The HTTP API: one file per capability, each with its calls, their documentation and the shape of their answers.
//!
//! A request passes, from outside in: [`rest`] (what is left of its body), [`reader`] (language), [`observe`] (span, measurement, panics), [`crowd`]
//! (places), [`auth`] (key and rate), the scopes of the call ([`mod@calls`]), [`bodies`], [`observe`] again (work that is finished whoever waits),
//! [`idempotency`], and the handler, which parses, calls the app and renders. Every error is a [`problem::Problem`].

mod agency;
mod answers;
mod attributes;
mod audit;
mod auth;
mod beside;
mod bindings;
mod bodies;
mod calls;
mod campaigns;
mod clashes;
mod clock;
mod coupons;
mod crowd;
mod customers;
mod decisions;
mod described;
mod events;
mod extract;
mod facts;
mod fixed;
mod flow;
mod health;
mod idempotency;
mod imports;
mod insights;
mod keys;
mod links;
mod observe;
mod openapi;
mod opening;
mod page;
mod plugins;
mod points;
mod preferences;
mod preview;
mod problem;
mod quotes;
mod rations;
mod reader;
mod refusals;
mod rest;
mod segments;
mod stacking_groups;
mod strangers;
mod tasks;
mod timeline;
mod titles;
mod webhooks;
mod welcome;

use crate::config::Http;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use bodies::Taking;
use bytes::Bytes;
use calls::{Calls, Keeping};
use metrics_exporter_prometheus::PrometheusHandle;
use posthouse_app::App;
use posthouse_domain::words;
use problem::Problem;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Front(Arc<Inner>);

struct Inner {
    app: App,
    http: Http,
    uploads: PathBuf,
    crowd: crowd::Crowd,
    bodies: rations::Store,
    strangers: strangers::Strangers,
    refusals: refusals::Refusals,
    limiter: auth::Limiter,
    exports: auth::Limiter,
    stopping: AtomicBool,
    tasks: TaskTracker,
    metrics: Metrics,
}

/// What has been counted, and whether it is told beside the API.
#[derive(Clone, Default)]
pub(crate) struct Metrics {
    /// Where counts are kept.
    pub(crate) handle: Option<PrometheusHandle>,
    /// Whether `/metrics` stands beside the API.
    pub(crate) here: bool,
}

impl Front {
    pub(crate) fn new(app: App, http: Http, uploads: PathBuf, metrics: Metrics) -> Self {
        let limiter = auth::Limiter::new(http.requests_per_second);
        let crowd = crowd::Crowd::new(http.requests_at_once);
        let bodies = rations::Store::new(http.body_memory_bytes);
        let strangers = strangers::Strangers::new(http.wrong_keys_per_minute, http.proxies());
        Self(Arc::new(Inner {
            app,
            http,
            uploads,
            crowd,
            bodies,
            strangers,
            refusals: refusals::Refusals::default(),
            limiter,
            exports: auth::Limiter::of_exports(),
            stopping: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            metrics,
        }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    fn crowd(&self) -> &crowd::Crowd {
        &self.0.crowd
    }

    fn bodies(&self) -> &rations::Store {
        &self.0.bodies
    }

    fn strangers(&self) -> &strangers::Strangers {
        &self.0.strangers
    }

    /// What was refused lately.
    pub(crate) fn refusals(&self) -> &refusals::Refusals {
        &self.0.refusals
    }

    fn limiter(&self) -> &auth::Limiter {
        &self.0.limiter
    }

    /// How often each key may have files of many people's data.
    fn exports(&self) -> &auth::Limiter {
        &self.0.exports
    }

    /// Writes under way, some of whose senders may be gone.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// From now on `/readyz` says no.
    pub(crate) fn begin_to_stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        self.refusals().report(true);
        self.app().begin_to_stop();
    }

    fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// What has to be done now and then.
    pub(crate) fn upkeep(&self) {
        self.0.limiter.tidy();
        self.0.exports.tidy();
        self.strangers().tidy();
        self.refusals().report(false);
        if let Some(metrics) = &self.0.metrics.handle {
            metrics.run_upkeep();
        }
    }

    /// Largest upload of a plugin. A good deal more than a component may have, so that the sandbox's own refusal is heard.
    fn component_bytes(&self) -> usize {
        self.0
            .app
            .engine()
            .limits()
            .component_bytes
            .saturating_mul(4)
            .max(8 << 20)
    }
}

/// Every call under `/api/v1`, with the document that describes them.
fn calls(front: &Front) -> Calls {
    let http = front.http();
    let small = Taking::Whole(http.json_bytes);
    let open = |calls: Calls, taking: Taking| calls.open(front, taking, Keeping::Answers);
    let secret = |calls: Calls, taking: Taking| calls.open(front, taking, Keeping::Nothing);
    let plain = Calls::new()
        .merge(clashes::routes())
        .merge(agency::routes())
        .merge(clock::routes())
        .merge(customers::routes())
        .merge(links::routes())
        .merge(timeline::routes())
        .merge(attributes::routes())
        .merge(facts::routes())
        .merge(bindings::routes())
        .merge(preview::routes())
        .merge(segments::routes())
        .merge(flow::routes())
        .merge(insights::routes())
        .merge(quotes::routes())
        .merge(coupons::routes())
        .merge(decisions::routes())
        .merge(stacking_groups::routes())
        .merge(campaigns::routes())
        .merge(tasks::routes())
        .merge(webhooks::routes())
        .merge(audit::routes());
    let files = Taking::Pieces(http.upload_bytes.saturating_add(imports::ENVELOPE));
    let v1 = open(plain, small)
        .merge(open(events::routes(), Taking::Whole(http.event_bytes)))
        .merge(open(imports::routes(), files))
        .merge(open(plugins::routes(), Taking::Whole(front.component_bytes())))
        .merge(secret(keys::routes().merge(webhooks::secret_routes()), small))
        .merge(secret(coupons::secret_routes(), Taking::Whole(http.event_bytes)))
        .map(|router| {
            router
                .route_layer(from_fn_with_state(front.clone(), auth::door))
                .route_layer(from_fn_with_state(front.clone(), crowd::admit))
        });
    v1.map(|v1| {
        OpenApiRouter::with_openapi(openapi::frame())
            .merge(health::routes())
            .merge(welcome::routes())
            .nest("/api/v1", v1)
    })
}

/// The whole API as a service.
pub(crate) fn router(front: Front) -> Router {
    let (router, document) = calls(&front).router.split_for_parts();
    let document = Bytes::from(openapi::finished(document, front.http()));
    router
        .route(
            "/api/openapi.json",
            axum::routing::get(move || openapi::serve(document.clone())),
        )
        .fallback(welcome::nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(front.clone(), observe::observe))
        .layer(from_fn(reader::listen))
        .layer(from_fn_with_state(rest::Forgetting::default(), rest::read_rest))
        .with_state(front)
}

/// `/metrics` as a service of its own.
pub(crate) fn metrics_router(front: Front) -> Router {
    Router::new()
        .route("/metrics", axum::routing::get(health::told))
        .fallback(welcome::nothing_here)
        .layer(from_fn(reader::listen))
        .with_state(front)
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = words!(
        "{path} does not take {method}; the Allow header lists what it takes",
        "{path} 不支持 {method}；支持的方法见 Allow 头",
        path = shown(uri.path()),
        method = shown(method.as_str())
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// A sender's words in an answer: not too many of them.
fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
