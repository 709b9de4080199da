//! Answers that lead somewhere.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A path of our own; anything else is the first page.
pub(crate) fn local_path(path: &str) -> String {
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if is_ours { path.to_owned() } else { "/".into() }
}

/// Leads to a page, and has a line at its foot say what was done.
pub(crate) fn said(path: &str, text: &str) -> Response {
    let mut response = Redirect::to(path).into_response();
    let note = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    // the page after the redirect takes it out of the cookie, once
    if let Ok(value) = HeaderValue::from_str(&format!("said={note}; Path=/; SameSite=Lax; Max-Age=20")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The same with a way back: what that is called, and where it is sent.
pub(crate) fn said_with_undo(path: &str, text: &str, (label, undo): (&str, &str)) -> Response {
    let mut response = said(path, text);
    let note = utf8_percent_encode(&format!("{undo} {label}"), NON_ALPHANUMERIC).to_string();
    if let Ok(value) = HeaderValue::from_str(&format!("undo={note}; Path=/; SameSite=Lax; Max-Age=20")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Leads to a page that is loaded as a whole.
pub(crate) fn whole_page(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The same for a part of a page that asked: a redirect it would follow by itself, and put the page where the part was to be.
pub(crate) fn leave_for(path: &str, is_part: bool) -> Response {
    let value = HeaderValue::from_str(path).ok().filter(|_| is_part);
    let Some(value) = value else { return whole_page(path) };
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert("hx-redirect", value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_led_to() {
        for ours in ["/", "/customers?q=%E6%9D%8E"] {
            assert_eq!(local_path(ours), ours);
        }
        for theirs in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nx: y",
        ] {
            assert_eq!(local_path(theirs), "/");
        }
    }
}
