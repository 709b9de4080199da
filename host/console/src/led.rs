//! Where a form leads once it is carried out, and the line that says what was done.

use crate::door::Scripted;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use std::fmt::{Display, Write};

/// What was done, and what takes it back.
#[derive(Debug, Default)]
pub(crate) struct Done {
    said: Option<String>,
    undo: Option<(String, String)>,
}

impl Done {
    /// With a line that says what was done.
    pub(crate) fn said(what: impl Display) -> Self {
        Self {
            said: Some(what.to_string()),
            undo: None,
        }
    }

    /// Which can be taken back by a form to this path.
    pub(crate) fn undone_by(self, label: impl Display, path: impl Into<String>) -> Self {
        Self {
            undo: Some((label.to_string(), path.into())),
            ..self
        }
    }
}

/// Leads on to a page of ours. Where scripts run, only what is on it is exchanged, and what was done is said beside it.
pub(crate) fn led(Scripted(scripted): Scripted, to: &str, done: &Done) -> Response {
    if !scripted {
        return Redirect::to(to).into_response();
    }
    let mut response = StatusCode::OK.into_response();
    let mut put = |name: &'static str, value: &Value| {
        if let Ok(value) = HeaderValue::from_str(&in_ascii(value)) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    put(
        "hx-location",
        &json!({"path": to, "target": "#main", "select": "#main", "swap": "outerHTML show:window:top"}),
    );
    if let Some(text) = &done.said {
        let mut said = json!({"text": text});
        if let Some((label, path)) = &done.undo {
            said["undo"] = json!({"label": label, "path": path});
        }
        put("hx-trigger", &json!({"done": said}));
    }
    response
}

/// JSON as a header takes it.
fn in_ascii(value: &Value) -> String {
    let mut text = String::new();
    for sign in value.to_string().chars() {
        if sign.is_ascii() {
            text.push(sign);
            continue;
        }
        for unit in sign.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_scripts_is_led_on_and_one_with_them_told_more() {
        let done = Done::said("已暂停 😀").undone_by("撤销", "/campaigns/1/steps/resume");
        let plain = led(Scripted(false), "/campaigns/1", &done);
        assert_eq!(
            (plain.status().as_u16(), &plain.headers()["location"]),
            (303, &"/campaigns/1".parse().unwrap())
        );
        let told = led(Scripted(true), "/campaigns/1", &done);
        assert_eq!(told.status().as_u16(), 200);
        let header = |name: &str| -> Value { serde_json::from_slice(told.headers()[name].as_bytes()).unwrap() };
        assert_eq!(header("hx-location")["path"], "/campaigns/1");
        assert_eq!(
            header("hx-trigger"),
            json!({"done": {"text": "已暂停 😀", "undo": {"label": "撤销", "path": "/campaigns/1/steps/resume"}}})
        );
    }
}
