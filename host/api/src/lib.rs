//! The HTTP API: one file per capability, each with its calls, their documentation and the shape of their answers.
//!
//! A request passes, from outside in: `rest` (what is left of its body), `reader` (language), `observe` (span, measurement, panics), `crowd`
//! (places), `auth` (key and rate), the scopes of the call (`calls`), `bodies`, `observe` again (work that is finished whoever waits),
//! `idempotency`, and the handler, which parses, calls the app and renders. Every error is a [`posthouse_web::Problem`].

mod agency;
mod answers;
mod aside;
mod attributes;
mod audit;
mod auth;
mod beside;
mod bindings;
mod calls;
mod campaigns;
mod clashes;
mod clock;
mod complaints;
mod coupons;
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
mod jobs;
mod keys;
mod links;
mod loyalty;
mod openapi;
mod opening;
mod page;
mod plugins;
mod points;
mod preferences;
mod preview;
mod quotes;
mod reason;
mod roles;
mod samples;
mod segments;
mod sessions;
mod stacking_groups;
mod staff;
mod tasks;
mod timeline;
mod today;
mod views;
mod webhooks;
mod welcome;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use bytes::Bytes;
use calls::{Calls, Keeping};
use metrics_exporter_prometheus::PrometheusHandle;
use posthouse_app::App;
use posthouse_domain::words;
use posthouse_web::bodies::Taking;
use posthouse_web::{Doors, Http, Problem, crowd, observe, reader, rest, shown, uploads};
use std::path::PathBuf;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

struct Inner {
    app: App,
    doors: Doors,
    uploads: PathBuf,
    limiter: auth::Limiter,
    exports: auth::Limiter,
    metrics: Metrics,
}

/// What has been counted, and whether it is told beside the API.
#[derive(Clone, Default)]
pub struct Metrics {
    /// Where counts are kept.
    pub handle: Option<PrometheusHandle>,
    /// Whether `/metrics` stands beside the API.
    pub here: bool,
}

impl Front {
    /// The API of this house behind these doors; files stay in the folder `uploads` while they are received.
    pub fn new(app: App, doors: Doors, uploads: PathBuf, metrics: Metrics) -> Self {
        let limiter = auth::Limiter::new(doors.http().requests_per_second);
        Self(Arc::new(Inner {
            app,
            doors,
            uploads,
            limiter,
            exports: auth::Limiter::of_exports(),
            metrics,
        }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.0.doors
    }

    pub(crate) fn http(&self) -> &Http {
        self.0.doors.http()
    }

    /// Where files are while they come.
    pub(crate) fn uploads(&self) -> &std::path::Path {
        &self.0.uploads
    }

    fn limiter(&self) -> &auth::Limiter {
        &self.0.limiter
    }

    /// How often each key may have files of many people's data.
    fn exports(&self) -> &auth::Limiter {
        &self.0.exports
    }

    /// What has to be done now and then.
    pub fn upkeep(&self) {
        self.0.limiter.tidy();
        self.0.exports.tidy();
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
        .merge(loyalty::routes())
        .merge(complaints::routes())
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
        .merge(today::routes())
        .merge(imports::plain_routes())
        .merge(webhooks::routes())
        .merge(audit::routes())
        .merge(staff::routes())
        .merge(roles::routes())
        .merge(samples::routes())
        .merge(sessions::routes())
        .merge(views::routes())
        .merge(jobs::routes());
    let files = Taking::Pieces(http.upload_bytes.saturating_add(uploads::ENVELOPE));
    let v1 = open(plain, small)
        .merge(open(events::routes(), Taking::Whole(http.event_bytes)))
        .merge(open(imports::routes(), files))
        .merge(open(complaints::file_routes(), Taking::Pieces(complaints::FILE_BYTES)))
        .merge(open(plugins::routes(), Taking::Whole(front.component_bytes())))
        .merge(secret(
            keys::routes()
                .merge(webhooks::secret_routes())
                .merge(staff::secret_routes())
                .merge(loyalty::secret_routes())
                .merge(complaints::secret_routes()),
            small,
        ))
        .merge(secret(coupons::secret_routes(), Taking::Whole(http.event_bytes)))
        .map(|router| {
            router
                .route_layer(from_fn_with_state(front.clone(), auth::door))
                .route_layer(from_fn_with_state(front.doors().clone(), crowd::admit))
        });
    v1.map(|v1| {
        OpenApiRouter::with_openapi(openapi::frame())
            .merge(health::routes())
            .merge(welcome::routes())
            .nest("/api/v1", v1.merge(sessions::open_routes(front)))
    })
}

/// The whole API as a service.
pub fn router(front: Front) -> Router {
    let (router, document) = calls(&front).router.split_for_parts();
    let document = Bytes::from(openapi::finished(document, front.http()));
    router
        .route(
            "/api/openapi.json",
            axum::routing::get(move || openapi::serve(document.clone())),
        )
        .fallback(welcome::nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(front.doors().clone(), observe::observe))
        .layer(from_fn(reader::listen))
        .layer(from_fn_with_state(rest::Forgetting::default(), rest::read_rest))
        .with_state(front)
}

/// `/metrics` as a service of its own.
pub fn metrics_router(front: Front) -> Router {
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

#[cfg(test)]
mod tests;
