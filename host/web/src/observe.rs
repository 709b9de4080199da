//! One span, one line and one measurement per request; panics become problems; writes are finished even when nobody waits.

use crate::Doors;
use crate::crowd::Held;
use crate::problem::{Code, OVERLOADED, Problem};
use crate::reader;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use posthouse_app::clock::SystemEntropy;
use posthouse_domain::{Entropy, words};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// How long requests took.
pub const REQUEST_SECONDS: &str = "posthouse_http_request_seconds";

/// The agency whose key or session came with a request, beside its answer.
#[derive(Debug, Clone)]
pub struct Known(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer but for the language.
pub async fn observe(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let origin = doors.strangers().origin(&request);
    let id = request_id(request.headers());
    let method = known_method(request.method());
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id, method, path, agency = tracing::field::Empty);
    let answered = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let mut response = answered.unwrap_or_else(|_| Problem::internal().into_response());
    let (status, elapsed) = (response.status(), began.elapsed());
    span.in_scope(|| {
        let ms = elapsed.as_secs_f64() * 1_000.0;
        let ms = (ms * 10.0).round() / 10.0;
        if refused(&response).is_some_and(|(code, agency)| !doors.refusals().count(code, agency, origin)) {
            tracing::debug!(status = status.as_u16(), ms, "answered");
        } else if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), ms, "answered");
        } else if path.starts_with("/api/") {
            tracing::info!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), ms, "answered");
        }
    });
    metrics::histogram!(REQUEST_SECONDS, "method" => method, "path" => path, "status" => status.as_str().to_owned())
        .record(elapsed);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    // what is said of customers is not kept on the way, and no browser guesses what it is
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The code and the agency of an answer that whoever asks can have as often as they like: nobody is known, or nothing was begun.
fn refused(response: &Response) -> Option<(&str, &str)> {
    let code = response.extensions().get::<Code>()?.0.as_str();
    match response.extensions().get::<Known>() {
        None if response.status().is_client_error() || code == OVERLOADED => Some((code, "")),
        Some(Known(agency)) if matches!(code, OVERLOADED | "rate_limited") => Some((code, agency)),
        _ => None,
    }
}

/// Finishes what it began: writes go on when their sender hangs up, so that nothing is left half told. Whoever waits is told in time.
pub async fn carry_out(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let upload = request
        .extensions()
        .get::<MatchedPath>()
        .is_some_and(|path| path.as_str().ends_with("/imports"));
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let held = request.extensions().get::<Held>().cloned();
    let work = next.run(request);
    let work = async {
        if !writes {
            return work.await;
        }
        let work = async move {
            let response = work.await;
            drop(held);
            response
        };
        let task = doors
            .tasks()
            .spawn(reader::for_this_reader(work).instrument(tracing::Span::current()));
        match task.await {
            Ok(response) => response,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Problem::internal().into_response(),
            },
        }
    };
    if upload {
        // an upload takes as long as its file; it has its own patience between two pieces
        return work.await;
    }
    let patience = Duration::from_secs(doors.http().request_seconds);
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| {
        let detail = words!("the request was not done after {patience} s; what it began goes on, look at its outcome before you send it again", "请求在 {patience} 秒后仍未完成；已开始的操作会继续，重新发送前请先查看结果", patience = patience.as_secs());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail)
            .retry_after(5)
            .into_response()
    })
}

/// The sender's id if it is harmless, otherwise a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sane = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    let sent = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(sane);
    sent.map_or_else(
        || {
            let mut random = [0; 12];
            SystemEntropy.fill(&mut random);
            hex::encode(random)
        },
        str::to_owned,
    )
}

/// Methods as label values; whatever else is sent must not make new ones.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_taken_only_when_harmless() {
        let read = |value: &str| request_id(&HeaderMap::from_iter([(REQUEST_ID, value.parse().unwrap())]));
        assert_eq!(read("abc-1_2.3:4"), "abc-1_2.3:4");
        for bad in ["", "a b", "x\"y", &"a".repeat(129)] {
            assert_eq!(read(bad).len(), 24, "{bad}");
        }
    }
}
