//! Whether the server lives, can work, and what it has counted. Outside `/api/v1`, without a key.

use super::Front;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use posthouse_domain::{Words, words};
use posthouse_web::problem::{Answer, Problem, ProblemBody};
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Front> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(metrics))
}

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process answers.
#[utoipa::path(get, path = "/livez", tag = "operations", operation_id = "live", security(),
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain")))]
async fn live() -> &'static str {
    "ok\n"
}

/// Whether requests can be served: the database answers and takes what is written, the rules in force are open, and the server is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "operations", operation_id = "ready", security(),
    responses((status = 200, description = "They can.", body = String, content_type = "text/plain")))]
async fn ready(State(front): State<Front>) -> Answer<&'static str> {
    let not_ready =
        |code: &str, detail: Words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(1);
    if front.doors().is_stopping() {
        return Err(not_ready(
            "shutting_down",
            words!(
                "the server is stopping; use another one",
                "服务器正在停止；请使用另一台"
            ),
        ));
    }
    match tokio::time::timeout(PATIENCE, front.app().ready()).await {
        Ok(Ok(())) if !front.app().is_warm() => Err(not_ready(
            "warming_up",
            words!(
                "the server opens the rules in force; use another one until it is ready",
                "服务器正在打开生效中的规则；就绪之前请使用另一台"
            ),
        )),
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(error)) if posthouse_app::is_full(&error) => {
            let full = posthouse_app::storage_full();
            Err(not_ready(
                &full.code,
                words!(
                    "the disk of the database is full or does not take what is written; make room, the server then goes on by itself",
                    "数据库所在磁盘已满或无法写入；腾出空间后服务器会自行恢复"
                ),
            ))
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Err(not_ready(
                "database_unavailable",
                words!(
                    "the database does not answer; `posthouse doctor` says why",
                    "数据库没有响应；原因见 `posthouse doctor`"
                ),
            ))
        }
        Err(_) => Err(not_ready(
            "database_slow",
            words!(
                "the database did not answer within 2 s; `posthouse doctor` says why",
                "数据库 2 秒内没有响应；原因见 `posthouse doctor`"
            ),
        )),
    }
}

/// Counts and durations in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", operation_id = "metrics", security(),
    responses((status = 200, description = "Metrics.", body = String, content_type = "text/plain"),
        (status = 404, description = "They are told at another address.", body = ProblemBody, content_type = "application/problem+json")))]
async fn metrics(State(front): State<Front>) -> Answer<Response> {
    if front.0.metrics.here {
        return Ok(told(State(front)).await.into_response());
    }
    let detail = words!(
        "metrics are not told at this address; metrics-listen in posthouse.toml gives them one of their own",
        "此地址不提供指标；可在 posthouse.toml 中用 metrics-listen 为指标另设地址"
    );
    Err(Problem::new(StatusCode::NOT_FOUND, "unknown_path", detail))
}

/// The same, to whoever asks.
pub(super) async fn told(State(front): State<Front>) -> impl IntoResponse {
    let stats = front.app().engine().stats();
    metrics::counter!("posthouse_plugins_compiled_total").absolute(stats.compiled);
    metrics::counter!("posthouse_plugins_from_cache_total").absolute(stats.from_cache);
    let (fuel, cpu_micros) = front.app().engine().spent();
    metrics::counter!("posthouse_rule_fuel_total").absolute(fuel);
    metrics::counter!("posthouse_rule_cpu_microseconds_total").absolute(cpu_micros);
    metrics::gauge!("posthouse_plugins_loaded").set(stats.loaded as f64);
    let text = front
        .0
        .metrics
        .handle
        .as_ref()
        .map(metrics_exporter_prometheus::PrometheusHandle::render)
        .unwrap_or_default();
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
}
