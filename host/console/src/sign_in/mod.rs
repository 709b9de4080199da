//! Signing in, and taking up an invitation: the only pages for somebody who is not known yet.

use crate::Desk;
use crate::door::{Bare, device, from_device, keep};
use crate::fault::{Answer, Fault, again, page};
use crate::shell::{local_path, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use posthouse_app::AppError;
use posthouse_app::team::Credentials;
use posthouse_domain::Rejection;
use serde::Deserialize;
use serde_json::json;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/sign-in", get(ask).post(sign_in))
        .route("/join/{token}", get(invited).post(join))
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
    #[serde(default)]
    agency: String,
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignIn {
    ui: Ui,
    email: String,
    agency: String,
    /// Whether the agency is asked for: the address is known in several, or somebody said so.
    asks_agency: bool,
    next: String,
    wrong: Option<String>,
}

async fn ask(bare: Bare, Query(wanted): Query<Wanted>) -> Answer {
    page(&SignIn {
        ui: bare.into(),
        email: String::new(),
        asks_agency: !wanted.agency.is_empty(),
        agency: wanted.agency,
        next: local_path(&wanted.next),
        wrong: None,
    })
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    agency: String,
    email: String,
    password: String,
    #[serde(default)]
    next: String,
    /// Sent by the page whose session has ended, which stays as it is.
    again: Option<String>,
}

/// What is wrong with what somebody typed, if they can put it right.
fn wrong(error: AppError) -> Result<Rejection, Fault> {
    match error {
        AppError::Invalid(rejection) => Ok(rejection),
        other => Err(other.into()),
    }
}

async fn sign_in(State(desk): State<Desk>, bare: Bare, parts: Parts, Form(sent): Form<Sent>) -> Answer {
    let ui = Ui::from(bare);
    let from = device(&desk, &parts);
    let agency = Some(sent.agency.trim()).filter(|agency| !agency.is_empty());
    let credentials = Credentials {
        agency,
        email: sent.email.trim(),
        password: &sent.password,
    };
    match desk.app().team().sign_in(credentials, from_device(&from)).await {
        Ok(signed_in) if sent.again.is_some() => {
            let mut response = StatusCode::OK.into_response();
            let told = json!({"signed-in": {"csrf": signed_in.session.csrf}}).to_string();
            if let Ok(told) = HeaderValue::from_str(&told) {
                response
                    .headers_mut()
                    .insert(HeaderName::from_static("hx-trigger"), told);
            }
            Ok(keep(&desk, &signed_in, response))
        }
        Ok(signed_in) => Ok(keep(&desk, &signed_in, whole_page(&local_path(&sent.next)))),
        Err(error) => {
            let rejection = wrong(error)?;
            let said = rejection.detail.get(ui.language).to_owned();
            if sent.again.is_some() {
                return Ok(told(&said));
            }
            again(&SignIn {
                ui,
                email: sent.email,
                asks_agency: true,
                agency: sent.agency,
                next: local_path(&sent.next),
                wrong: Some(said),
            })
        }
    }
}

/// A line in the dialog of a page whose session has ended.
fn told(said: &str) -> Response {
    let mut text = String::from("<p class=\"notice bad\">");
    let _ = askama::filters::escape(said, askama::filters::Html).map(|escaped| text.push_str(&escaped.to_string()));
    text.push_str("</p>");
    (StatusCode::UNPROCESSABLE_ENTITY, axum::response::Html(text)).into_response()
}

#[derive(Template)]
#[template(path = "sign_in/join.html")]
struct Join {
    ui: Ui,
    email: String,
    name: String,
    token: String,
    wrong: Option<String>,
}

async fn invited(State(desk): State<Desk>, bare: Bare, Path(token): Path<String>) -> Answer {
    let (email, name) = desk.app().team().invitation(&token).await?;
    page(&Join {
        ui: bare.into(),
        email,
        name,
        token,
        wrong: None,
    })
}

#[derive(Deserialize)]
struct Joining {
    name: String,
    password: String,
}

async fn join(
    State(desk): State<Desk>,
    bare: Bare,
    Path(token): Path<String>,
    parts: Parts,
    Form(sent): Form<Joining>,
) -> Answer {
    let ui = Ui::from(bare);
    let from = device(&desk, &parts);
    let team = desk.app().team();
    match team
        .accept_invitation(&token, &sent.name, &sent.password, from_device(&from))
        .await
    {
        Ok(signed_in) => Ok(keep(&desk, &signed_in, whole_page("/"))),
        Err(error) => {
            let rejection = wrong(error)?;
            let (email, _) = team.invitation(&token).await?;
            let said = rejection.detail.get(ui.language).to_owned();
            again(&Join {
                ui,
                email,
                name: sent.name,
                token,
                wrong: Some(said),
            })
        }
    }
}
