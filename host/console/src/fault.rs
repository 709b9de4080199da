//! What went wrong, as a page: what, why, what to do, and the code small beside it.

use crate::shell::frame::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::AppError;
use posthouse_web::Problem;

/// What handlers answer with.
pub(crate) type Answer<T = Response> = Result<T, Fault>;

/// An error on its way to a page. It is drawn at the door, which knows who reads it.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) Problem);

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        Self(error.into())
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page cannot be drawn");
        Self(Problem::internal())
    }
}

/// The problem of an answer whose page is not drawn yet.
#[derive(Debug, Clone)]
pub(crate) struct Undrawn(pub(crate) Problem);

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(Undrawn(self.0));
        response
    }
}

#[derive(Template)]
#[template(path = "shell/fault.html")]
struct Inside<'f> {
    ui: Ui,
    shell: Shell,
    problem: &'f Problem,
    said: String,
}

#[derive(Template)]
#[template(path = "shell/fault_outside.html")]
struct Outside<'f> {
    ui: Ui,
    problem: &'f Problem,
    said: String,
}

/// The page of a problem: within the shell for who is signed in, and by itself for others.
pub(crate) fn draw(problem: Problem, ui: Ui, shell: Option<Shell>) -> Response {
    let said = problem.detail.get(ui.language).to_owned();
    let drawn = match shell {
        Some(shell) => Inside {
            ui,
            shell,
            problem: &problem,
            said: said.clone(),
        }
        .render(),
        None => Outside {
            ui,
            problem: &problem,
            said: said.clone(),
        }
        .render(),
    };
    let mut response = match drawn {
        Ok(page) => (problem.status, Html(page)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    // a part of a page that was asked for says it without leaving the page
    let said = utf8_percent_encode(&said, NON_ALPHANUMERIC).to_string();
    if let Ok(said) = HeaderValue::from_str(&said) {
        response.headers_mut().insert("x-said", said);
    }
    for (name, value) in problem.into_response().headers() {
        if name == header::RETRY_AFTER {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// A template as a page.
pub(crate) fn page(template: &impl Template) -> Answer {
    Ok(Html(template.render()?).into_response())
}

/// A form that was not accepted, drawn again with what was typed.
pub(crate) fn again(template: &impl Template) -> Answer {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(template.render()?)).into_response())
}
