//! The HTTP API: one file per capability, each with its calls, their documentation and the shape of their answers.
//!
//! A request passes, from outside in: [`reader`] (language), [`observe`] (span, measurement, panics), [`crowd`] (places), [`auth`] (key and rate),
//! [`idempotency`], the scopes of the call ([`mod@calls`]), and the handler, which parses, calls the app and renders. Every error is a [`problem::Problem`].

mod agency;
mod answers;
mod attributes;
mod audit;
mod auth;
mod bindings;
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
mod page;
mod plugins;
mod preferences;
mod preview;
mod problem;
mod quotes;
mod reader;
mod rest;
mod segments;
mod stacking_groups;
mod tasks;
mod timeline;
mod titles;
mod webhooks;
mod welcome;

use crate::config::Http;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use bytes::Bytes;
use calls::Calls;
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
    limiter: auth::Limiter,
    exports: auth::Limiter,
    stopping: AtomicBool,
    tasks: TaskTracker,
    metrics: Option<PrometheusHandle>,
}

impl Front {
    pub(crate) fn new(app: App, http: Http, uploads: PathBuf, metrics: Option<PrometheusHandle>) -> Self {
        let limiter = auth::Limiter::new(http.requests_per_second);
        let crowd = crowd::Crowd::new(http.requests_at_once);
        Self(Arc::new(Inner {
            app,
            http,
            uploads,
            crowd,
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
        self.app().begin_to_stop();
    }

    fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// What has to be done now and then.
    pub(crate) fn upkeep(&self) {
        self.0.limiter.tidy();
        self.0.exports.tidy();
        if let Some(metrics) = &self.0.metrics {
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

    /// Largest body held in memory.
    fn largest_buffered(&self) -> usize {
        self.component_bytes()
            .max(self.http().event_bytes)
            .max(self.http().json_bytes)
    }
}

/// Every call under `/api/v1`, with the document that describes them.
fn calls(front: &Front) -> Calls {
    let http = front.http();
    let secret = Calls::new()
        .merge(keys::routes().within(http.json_bytes))
        .merge(webhooks::secret_routes().within(http.json_bytes))
        .merge(coupons::secret_routes().within(http.event_bytes))
        .map(|router| router.route_layer(from_fn_with_state(front.clone(), idempotency::once_in_secret)));
    let v1 = Calls::new()
        .merge(events::routes().within(http.event_bytes))
        .merge(imports::routes().within(http.upload_bytes.saturating_add(imports::ENVELOPE)))
        .merge(plugins::routes().within(front.component_bytes()))
        .merge(clashes::routes().within(http.json_bytes))
        .merge(agency::routes().within(http.json_bytes))
        .merge(clock::routes().within(http.json_bytes))
        .merge(customers::routes().within(http.json_bytes))
        .merge(links::routes().within(http.json_bytes))
        .merge(timeline::routes().within(http.json_bytes))
        .merge(attributes::routes().within(http.json_bytes))
        .merge(facts::routes().within(http.json_bytes))
        .merge(bindings::routes().within(http.json_bytes))
        .merge(preview::routes().within(http.json_bytes))
        .merge(segments::routes().within(http.json_bytes))
        .merge(flow::routes().within(http.json_bytes))
        .merge(insights::routes().within(http.json_bytes))
        .merge(quotes::routes().within(http.json_bytes))
        .merge(coupons::routes().within(http.json_bytes))
        .merge(decisions::routes().within(http.json_bytes))
        .merge(stacking_groups::routes().within(http.json_bytes))
        .merge(campaigns::routes().within(http.json_bytes))
        .merge(tasks::routes().within(http.json_bytes))
        .merge(webhooks::routes().within(http.json_bytes))
        .merge(audit::routes().within(http.json_bytes))
        .map(|router| router.route_layer(from_fn_with_state(front.clone(), idempotency::once)))
        .merge(secret)
        .map(|router| {
            router
                .route_layer(from_fn_with_state(front.clone(), observe::carry_out))
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
        .layer(from_fn(observe::observe))
        .layer(from_fn(reader::listen))
        .layer(from_fn(rest::read_rest))
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
