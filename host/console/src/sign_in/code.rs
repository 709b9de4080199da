//! The second page of signing in: a code, of somebody who has a second factor.

use super::{Wanted, wrong};
use crate::Desk;
use crate::door::{Bare, Cookie, device, from_device, keep};
use crate::fault::{Answer, again, page};
use crate::shell::{local_path, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::request::Parts;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct Code {
    ui: Ui,
    next: String,
    wrong: Option<String>,
}

pub(super) async fn ask(State(desk): State<Desk>, bare: Bare, parts: Parts, Query(wanted): Query<Wanted>) -> Answer {
    // there is nothing to ask of somebody who has not said who they are
    if Cookie::Half.read(&desk, &parts.headers).is_none() {
        return Ok(whole_page("/sign-in"));
    }
    page(&Code {
        ui: bare.into(),
        next: local_path(&wanted.next),
        wrong: None,
    })
}

#[derive(Deserialize)]
pub(super) struct Said {
    code: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn say(State(desk): State<Desk>, bare: Bare, parts: Parts, Form(said): Form<Said>) -> Answer {
    let ui = Ui::from(bare);
    let from = device(&desk, &parts);
    let half = Cookie::Half.read(&desk, &parts.headers).unwrap_or_default();
    let next = local_path(&said.next);
    match desk
        .app()
        .team()
        .second_step(&half, &said.code, from_device(&from))
        .await
    {
        Ok(signed_in) => Ok(keep(&desk, &signed_in, whole_page(&next))),
        Err(error) => {
            let rejection = wrong(error)?;
            again(&Code {
                ui,
                next,
                wrong: Some(rejection.detail.get(ui.language).to_owned()),
            })
        }
    }
}
