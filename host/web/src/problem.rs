//! Errors as RFC 9457 problems: a stable code for programs, a sentence for people that says what to do.

use crate::reader::{Said, content_language, language};
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use posthouse_app::{AppError, StoreError};
use posthouse_domain::{Rejection, Words, words};
use serde::Serialize;
use utoipa::ToSchema;

/// What every error answers, as `application/problem+json`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:posthouse:problem:grant_needed",
    "title": "Grant needed",
    "status": 409,
    "code": "grant_needed",
    "detail": "the plugin reads birth-date, which the agency has not granted to rfm; send them as grant to allow it"
}))]
pub struct ProblemBody {
    /// Names the kind of problem; made of the code.
    r#type: String,
    /// The code in words, in the language of `Accept-Language`.
    title: String,
    /// The HTTP status again.
    status: u16,
    /// Stable; programs may rely on it.
    code: String,
    /// What is wrong, where, and what to do; in the language of `Accept-Language`.
    detail: Said,
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its HTTP status.
    pub status: StatusCode,
    /// Stable; programs may rely on it.
    pub code: String,
    /// What is wrong, where, and what to do.
    pub detail: Words,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The code of a request for which there was no room.
pub const OVERLOADED: &str = "overloaded";

/// Marks the answer to a request that was turned away before anything was done.
#[derive(Debug, Clone, Copy)]
pub struct Turned;

/// The code of a problem, beside its answer.
#[derive(Debug, Clone)]
pub struct Code(pub String);

/// What handlers return.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// An error with this status, code and sentence.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: Words) -> Self {
        Self {
            status,
            code: code.into(),
            detail,
            headers: Vec::new(),
        }
    }

    /// The request is understood but cannot be carried out.
    pub fn unprocessable(code: &'static str, detail: Words) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// The request is not understood.
    pub fn bad(code: &'static str, detail: Words) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing.
    pub fn not_found(what: &'static str) -> Self {
        let detail = words!(
            "there is no such {what} in this agency; check the address, and that the key belongs to the right agency",
            "本旅行社没有这个{what}；请核对地址，以及密钥是否属于该旅行社",
            what = posthouse_app::thing(what)
        );
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The body is larger than the call takes.
    pub fn too_large(most: usize) -> Self {
        let detail = words!(
            "the body is larger than the {most} bytes this call takes; send it in smaller pieces, or raise the limit in posthouse.toml",
            "请求体超过此接口的上限 {most} 字节；请分批发送，或在 posthouse.toml 中调高上限"
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    /// A defect of the host. What it was stays in the log.
    pub fn internal() -> Self {
        let detail = words!(
            "something went wrong inside the server; give its operator the X-Request-Id of this answer, the log says more under it",
            "服务器内部错误；请把本次响应的 X-Request-Id 告知运维人员，日志中可据此查到详情"
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail)
    }

    /// A file could not be written. What it was stays in the log.
    pub fn of_file(error: &std::io::Error) -> Self {
        match StoreError::of_file(error) {
            Some(full) => AppError::from(full).into(),
            None => {
                tracing::error!(%error, "a file cannot be written");
                Self::internal()
            }
        }
    }

    /// The same request may succeed in `seconds`.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// With a header beside it.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn rejected(status: StatusCode, rejection: Rejection) -> Self {
        Self::new(status, rejection.code, rejection.detail)
    }

    fn body(&self) -> ProblemBody {
        ProblemBody {
            r#type: format!("urn:posthouse:problem:{}", self.code),
            title: crate::titles::title(&self.code, self.status, language()),
            status: self.status.as_u16(),
            code: self.code.clone(),
            detail: self.detail.clone().into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
            .headers_mut()
            .insert(header::CONTENT_LANGUAGE, content_language());
        response.headers_mut().extend(self.headers);
        if self.code == OVERLOADED {
            response.extensions_mut().insert(Turned);
        }
        response.extensions_mut().insert(Code(self.code));
        response
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::NotFound(what) => Self::not_found(what),
            AppError::Missing(detail) => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            AppError::Invalid(rejection) => Self::rejected(StatusCode::UNPROCESSABLE_ENTITY, rejection),
            // these two answer a condition the request made with If-Match
            AppError::Conflict(rejection) if matches!(&*rejection.code, "version_changed" | "revision_changed") => {
                Self::rejected(StatusCode::PRECONDITION_FAILED, rejection)
            }
            AppError::Conflict(rejection) => Self::rejected(StatusCode::CONFLICT, rejection),
            AppError::Unauthorised => Self::unauthorised("key_unknown", Words::of(&error)),
            AppError::Denied(rejection) => Self::rejected(StatusCode::FORBIDDEN, rejection),
            AppError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "scope_missing", Words::of(&error)),
            AppError::Busy(rejection) => Self::rejected(StatusCode::SERVICE_UNAVAILABLE, rejection).retry_after(2),
            error if error.is_transient() => {
                tracing::warn!(%error, "the database is busy");
                let detail = words!(
                    "the database is busy; nothing was changed, send the request again in a moment",
                    "数据库繁忙；没有任何改动，请稍后重新发送请求"
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_busy", detail).retry_after(1)
            }
            error if posthouse_app::note_if_full(&error) => {
                Self::rejected(StatusCode::INSUFFICIENT_STORAGE, posthouse_app::storage_full()).retry_after(5)
            }
            error @ AppError::Store(StoreError::Overloaded | StoreError::TooLong(_)) => {
                tracing::warn!(%error, "a request is turned away");
                let detail = words!(
                    "the server has more to do than it can; nothing was changed, send the request again in a moment",
                    "服务器超出负荷；没有任何改动，请稍后重新发送请求"
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, OVERLOADED, detail).retry_after(2)
            }
            error @ AppError::Store(StoreError::InDoubt(_)) => {
                tracing::warn!(%error, "nobody knows whether a request was carried out");
                let detail = words!(
                    "the connection to the database was lost at the last moment: the request was carried out or not at all; send it again with the \
                     Idempotency-Key it had, or without one look at its outcome first",
                    "最后一刻与数据库的连接中断：请求或已执行，或完全没有执行；原来带有 Idempotency-Key 的，请用同一键重新发送，没有的请先查看结果"
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "outcome_unknown", detail).retry_after(1)
            }
            AppError::Unable(rejection) => {
                tracing::error!(code = %rejection.code, detail = %rejection.detail, "this host cannot do what it should be able to");
                Self::rejected(StatusCode::INTERNAL_SERVER_ERROR, rejection)
            }
            AppError::Store(_) | AppError::Internal(_) => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }
}

impl Problem {
    /// Nobody is known by what was sent.
    pub fn unauthorised(code: &'static str, detail: Words) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(problem: Problem) -> (Response, serde_json::Value) {
        let (parts, body) = problem.into_response().into_parts();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        (
            Response::from_parts(parts, axum::body::Body::empty()),
            serde_json::from_slice(&bytes).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_problem_has_its_form() {
        let (response, body) = read(AppError::conflict("slug_taken", Words::same("choose another")).into()).await;
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let expected = serde_json::json!({"type": "urn:posthouse:problem:slug_taken", "title": "Slug taken", "status": 409, "code": "slug_taken", "detail": "choose another"});
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn nothing_of_the_inside_leaks() {
        let (response, body) = read(AppError::Internal("password=hunter2".into()).into()).await;
        assert_eq!(response.status(), 500);
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }

    #[test]
    fn every_error_has_its_status() {
        let status = |error: AppError| Problem::from(error).status.as_u16();
        assert_eq!(status(AppError::NotFound("customer")), 404);
        assert_eq!(status(AppError::invalid("bad_name", Words::same("x"))), 422);
        assert_eq!(status(AppError::conflict("version_changed", Words::same("x"))), 412);
        assert_eq!(status(AppError::Unauthorised), 401);
        assert_eq!(status(AppError::Forbidden("read")), 403);
        assert_eq!(
            status(AppError::Busy(Rejection::new("compile_queue_full", Words::same("x")))),
            503
        );
        assert_eq!(
            status(AppError::Unable(Rejection::new("plugin_not_opened", Words::same("x")))),
            500
        );
    }

    #[test]
    fn busy_says_when_to_come_back_and_unauthorised_how_to_come() {
        let has = |error: AppError, name: &str| Problem::from(error).into_response().headers().contains_key(name);
        assert!(has(
            AppError::Busy(Rejection::new("compile_queue_full", Words::same("x"))),
            "retry-after"
        ));
        assert!(has(AppError::Unauthorised, "www-authenticate"));
    }
}
