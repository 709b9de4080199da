//! Signing in, and taking up an invitation: the only pages for somebody who is not known yet.

mod code;
mod provider;

use crate::Desk;
use crate::door::{Bare, Cookie, device, from_device, keep};
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
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::AppError;
use posthouse_app::team::{Credentials, Entry, SignedIn};
use posthouse_domain::Rejection;
use serde::Deserialize;
use serde_json::json;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/sign-in", get(ask).post(sign_in))
        .route("/sign-in/code", get(code::ask).post(code::say))
        .route("/sign-in/provider", get(provider::leave))
        .route("/sign-in/provider/back", get(provider::back))
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
    /// What the provider is called by which people may sign in as well.
    provider: Option<String>,
    wrong: Option<String>,
}

impl SignIn {
    /// The page before anything was typed.
    fn new(desk: &Desk, ui: Ui, wanted: Wanted, wrong: Option<String>) -> Self {
        Self {
            ui,
            email: String::new(),
            asks_agency: !wanted.agency.is_empty(),
            agency: wanted.agency,
            next: local_path(&wanted.next),
            provider: desk.app().team().provider_title().map(str::to_owned),
            wrong,
        }
    }
}

async fn ask(State(desk): State<Desk>, bare: Bare, Query(wanted): Query<Wanted>) -> Answer {
    page(&SignIn::new(&desk, bare.into(), wanted, None))
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
    /// What that page asks for beside, of somebody who has a second factor.
    code: Option<String>,
}

/// What is wrong with what somebody typed, if they can put it right.
fn wrong(error: AppError) -> Result<Rejection, Fault> {
    match error {
        AppError::Invalid(rejection) => Ok(rejection),
        other => Err(other.into()),
    }
}

/// Leads somebody on: in, or to the question for a code.
fn led(desk: &Desk, entry: &Entry, next: &str) -> Response {
    match entry {
        Entry::In(signed_in) => keep(desk, signed_in, whole_page(&local_path(next))),
        Entry::Half(half) => {
            let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
            let response = whole_page(&format!("/sign-in/code?next={next}"));
            Cookie::Half.put(desk, Some(half), response)
        }
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
    let team = desk.app().team();
    let entered = team.sign_in(credentials, from_device(&from)).await;
    if sent.again.is_some() {
        let code = sent.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
        let entered = match (entered, code) {
            (Ok(Entry::Half(half)), Some(code)) => match team.second_step(&half, code, from_device(&from)).await {
                Ok(signed_in) => Ok(Entry::In(Box::new(signed_in))),
                Err(error) => return asked_again(ui, Some(error)),
            },
            (entered, _) => entered,
        };
        return match entered {
            Ok(Entry::In(signed_in)) => Ok(resumed(&desk, &signed_in)),
            Ok(Entry::Half(_)) => asked_again(ui, None),
            Err(error) => Ok(told(Told {
                wrong: Some(wrong(error)?.detail.get(ui.language).to_owned()),
                ui,
                asks_code: false,
            })?),
        };
    }
    match entered {
        Ok(entry) => Ok(led(&desk, &entry, &sent.next)),
        Err(error) => {
            let said = wrong(error)?.detail.get(ui.language).to_owned();
            again(&SignIn {
                ui,
                email: sent.email,
                asks_agency: true,
                agency: sent.agency,
                next: local_path(&sent.next),
                provider: team.provider_title().map(str::to_owned),
                wrong: Some(said),
            })
        }
    }
}

/// What the page whose session had ended goes on with.
fn resumed(desk: &Desk, signed_in: &SignedIn) -> Response {
    let mut response = StatusCode::OK.into_response();
    let told = json!({"signed-in": {"csrf": signed_in.session.csrf}}).to_string();
    if let Ok(told) = HeaderValue::from_str(&told) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("hx-trigger"), told);
    }
    keep(desk, signed_in, response)
}

/// What stands in the dialog of a page whose session has ended.
#[derive(Template)]
#[template(path = "sign_in/told.html")]
struct Told {
    ui: Ui,
    wrong: Option<String>,
    asks_code: bool,
}

fn told(told: Told) -> Answer {
    again(&told)
}

/// Has that dialog ask for a code as well.
fn asked_again(ui: Ui, error: Option<AppError>) -> Answer {
    let wrong = error.map(wrong).transpose()?;
    told(Told {
        ui,
        wrong: wrong.map(|rejection| rejection.detail.get(ui.language).to_owned()),
        asks_code: true,
    })
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
    let (name, email) = desk.app().team().invitation(&token).await?;
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
        Ok(entry) => Ok(led(&desk, &entry, "/")),
        Err(error) => {
            let rejection = wrong(error)?;
            let (_, email) = team.invitation(&token).await?;
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
