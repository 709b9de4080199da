//! The way to the provider of sign-ins and back.

use super::{SignIn, Wanted, led, wrong};
use crate::Desk;
use crate::door::{Bare, Cookie, device, from_device};
use crate::fault::{Answer, Fault, again};
use crate::shell::local_path;
use crate::ui::Ui;
use axum::extract::{Query, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect};
use posthouse_app::AppError;
use posthouse_app::team::Back;
use serde::Deserialize;

/// Where the provider sends people back to: the address they have opened, which the provider was told beforehand.
fn address(desk: &Desk, parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let scheme = if desk.doors().http().tls_in_front {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{}/sign-in/provider/back", host.unwrap_or_default())
}

/// The sign-in page, with what went wrong on the way.
fn failed(desk: &Desk, ui: Ui, error: AppError, wanted: Wanted) -> Answer {
    let said = match error {
        AppError::Unable(rejection) => rejection,
        error => wrong(error)?,
    };
    let said = said.detail.get(ui.language).to_owned();
    let response = again(&SignIn::new(desk, ui, wanted, Some(said)))?;
    Ok(Cookie::Errand.put(desk, None, response))
}

/// A link rather than a form: the policy of our pages lets forms go nowhere else.
pub(super) async fn leave(State(desk): State<Desk>, bare: Bare, parts: Parts, Query(wanted): Query<Wanted>) -> Answer {
    let ui = Ui::from(bare);
    let back = address(&desk, &parts);
    let next = local_path(&wanted.next);
    match desk.app().team().begin_errand(&back, &next, wanted.agency.trim()).await {
        Ok(errand) => {
            let response = Redirect::to(&errand.address).into_response();
            Ok(Cookie::Errand.put(&desk, Some(&errand.carried), response))
        }
        Err(error @ AppError::NotFound(_)) => Err(Fault::from(error)),
        Err(error) => failed(&desk, ui, error, wanted),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Brought {
    state: String,
    code: String,
    error: String,
    iss: Option<String>,
}

pub(super) async fn back(State(desk): State<Desk>, bare: Bare, parts: Parts, Query(brought): Query<Brought>) -> Answer {
    let ui = Ui::from(bare);
    let from = device(&desk, &parts);
    let carried = Cookie::Errand.read(&desk, &parts.headers).unwrap_or_default();
    let back = Back {
        carried: &carried,
        state: &brought.state,
        code: &brought.code,
        error: &brought.error,
        issuer: brought.iss.as_deref(),
    };
    match desk.app().team().come_back(back, from_device(&from)).await {
        Ok((entry, next)) => {
            let response = led(&desk, &entry, &next);
            Ok(Cookie::Errand.put(&desk, None, response))
        }
        Err(error @ AppError::NotFound(_)) => Err(Fault::from(error)),
        Err(error) => failed(&desk, ui, error, Wanted::default()),
    }
}
