//! Forms whose answer is said in themselves: what is wrong stands beside what was typed, which stays.

use crate::door::Scripted;
use crate::fault::Answer;
use crate::ui::Ui;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use posthouse_app::AppError;

/// What is wrong, for the line of the form that says so (`hx-target="find .told"`). Without scripts it is a page of its own.
pub(crate) fn refused(error: AppError, Scripted(scripted): Scripted, ui: Ui) -> Answer {
    match error {
        AppError::Invalid(why) if scripted => {
            let mut line = String::from("<p class=\"notice bad\"><bdi>");
            let said = why.detail.get(ui.language);
            let _ = askama::filters::escape(said, askama::filters::Html).map(|escaped| line += &escaped.to_string());
            line += "</bdi></p>";
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(line)).into_response())
        }
        other => Err(other.into()),
    }
}

/// A page as the answer to such a form: it takes the place of the one the form is on, and has this address.
pub(crate) fn instead(mut page: Response, path: &str) -> Response {
    for (name, value) in [
        ("hx-retarget", "#main"),
        ("hx-reselect", "#main"),
        ("hx-reswap", "outerHTML show:window:top"),
        ("hx-push-url", path),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            page.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use posthouse_domain::{Language, words};

    #[tokio::test]
    async fn what_is_wrong_is_only_text() {
        let ui = Ui {
            language: Language::En,
            zone: chrono_tz::UTC,
            currency: posthouse_domain::money::Currency::parse("CNY").unwrap(),
            now: 0,
            rail: None,
        };
        let wrong = || AppError::invalid("bad_name", words!("not <b>this</b>", "不行"));
        let said = refused(wrong(), Scripted(true), ui).unwrap();
        assert_eq!(said.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let text = to_bytes(said.into_body(), 1_000).await.unwrap();
        assert_eq!(
            &text[..],
            b"<p class=\"notice bad\"><bdi>not &#60;b&#62;this&#60;/b&#62;</bdi></p>"
        );
        assert!(refused(wrong(), Scripted(false), ui).is_err(), "a page of its own");
    }
}
