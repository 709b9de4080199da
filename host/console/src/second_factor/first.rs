//! What comes first for somebody who has to set a second factor up before anything else.

use axum::http::StatusCode;
use posthouse_domain::words;
use posthouse_web::Problem;

/// Where it is.
pub(crate) const PATH: &str = "/me/second-factor";

/// What somebody reaches who has to set one up before anything else.
pub(crate) fn is_open(path: &str) -> bool {
    path == PATH || path.starts_with("/me/second-factor/") || path == "/me" || path == "/sign-out"
}

/// The answer to whoever sends something else before.
pub(crate) fn first() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "second_factor_needed",
        words!(
            "your agency wants everybody to have a second factor; set yours up first",
            "您的旅行社要求启用两步验证；请先完成设置"
        ),
    )
}
