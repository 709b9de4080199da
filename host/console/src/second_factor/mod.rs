//! A person's second factor: set up, renewed and taken away by themselves; and, for owners, whether everybody has to have one.

pub(crate) mod first;

use crate::Desk;
use crate::door::{Bare, Staff, device, from_device};
use crate::fault::{Answer, again, page};
use crate::shell::{Shell, said, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::request::Parts;
use axum::routing::{get, post};
use first::PATH;
use posthouse_app::AppError;
use posthouse_app::team::{AgencyChange, Scope, SecondFactor, Session};
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;
use std::fmt::Write;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/me/second-factor", get(show).post(begin))
        .route("/me/second-factor/confirm", post(confirm))
        .route("/me/second-factor/codes", post(renew))
        .route("/me/second-factor/remove", post(remove))
        .route("/me/second-factor/everybody", post(everybody))
}

/// A picture of text that a telephone reads.
struct Picture {
    size: usize,
    path: String,
}

impl Picture {
    fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let (size, mut path) = (code.width(), String::new());
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let _ = write!(path, "M{} {}h1v1h-1z", at % size, at / size);
            }
        }
        Some(Self { size, path })
    }
}

#[derive(Template)]
#[template(path = "second_factor/page.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    factor: SecondFactor,
    picture: Option<Picture>,
    must_enrol: bool,
    is_owner: bool,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "second_factor/codes.html")]
struct Codes {
    ui: Ui,
    shell: Shell,
    codes: Vec<String>,
}

impl Codes {
    fn text(&self) -> String {
        self.codes.join("\n")
    }
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, wrong: Option<String>) -> Result<Page, AppError> {
    let factor = desk.app().team().second_factor(&session.caller).await?;
    let begun = factor.begun.as_ref();
    Ok(Page {
        ui,
        shell: Shell::new(session, ui, ""),
        picture: begun.and_then(|begun| Picture::of(&begun.address)),
        factor,
        must_enrol: session.must_enrol,
        is_owner: session.caller.may(Scope::Owner).is_ok(),
        wrong,
    })
}

/// The page once more, with what is wrong, if its reader can put it right.
async fn refused(desk: &Desk, session: &Session, ui: Ui, error: AppError) -> Answer {
    match error {
        AppError::Invalid(rejection) | AppError::Conflict(rejection) => {
            let wrong = rejection.detail.get(ui.language).to_owned();
            again(&drawn(desk, session, ui, Some(wrong)).await?)
        }
        other => Err(other.into()),
    }
}

async fn show(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    page(&drawn(&desk, &session, bare.into(), None).await?)
}

async fn begin(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    match desk.app().team().begin_second_factor(&session.caller).await {
        Ok(()) => Ok(whole_page(PATH)),
        Err(error) => refused(&desk, &session, bare.into(), error).await,
    }
}

#[derive(Deserialize)]
struct Said {
    code: String,
}

async fn confirm(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Form(typed): Form<Said>) -> Answer {
    let outcome = desk
        .app()
        .team()
        .confirm_second_factor(&session.caller, &typed.code)
        .await;
    shown(&desk, &session, bare.into(), outcome).await
}

async fn renew(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    parts: Parts,
    Form(typed): Form<Said>,
) -> Answer {
    let from = device(&desk, &parts);
    let outcome = desk
        .app()
        .team()
        .renew_recovery_codes(&session.caller, &typed.code, from_device(&from))
        .await;
    shown(&desk, &session, bare.into(), outcome).await
}

/// Recovery codes, this once.
async fn shown(desk: &Desk, session: &Session, ui: Ui, outcome: Result<Vec<String>, AppError>) -> Answer {
    match outcome {
        Ok(codes) => page(&Codes {
            ui,
            shell: Shell::new(session, ui, ""),
            codes,
        }),
        Err(error) => refused(desk, session, ui, error).await,
    }
}

#[derive(Deserialize)]
struct Removing {
    #[serde(default)]
    password: String,
    code: String,
}

async fn remove(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    parts: Parts,
    Form(typed): Form<Removing>,
) -> Answer {
    let ui = Ui::from(bare);
    let from = device(&desk, &parts);
    let outcome = desk
        .app()
        .team()
        .remove_second_factor(&session.caller, &typed.password, &typed.code, from_device(&from))
        .await;
    match outcome {
        Ok(()) => Ok(said(PATH, &ui.say("second-factor-removed").to_string())),
        Err(error) => refused(&desk, &session, ui, error).await,
    }
}

#[derive(Deserialize)]
struct Everybody {
    #[serde(default)]
    needed: bool,
}

async fn everybody(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Form(sent): Form<Everybody>) -> Answer {
    let ui = Ui::from(bare);
    let change = AgencyChange {
        second_factor_needed: Some(sent.needed),
        ..AgencyChange::default()
    };
    desk.app().team().change_agency(&session.caller, &change).await?;
    let text = match sent.needed {
        true => ui.say("second-factor-needed-now"),
        false => ui.say("second-factor-free-now"),
    };
    Ok(said(PATH, &text.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_drawn_of_what_a_telephone_reads() {
        let picture = Picture::of("otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQ").unwrap();
        let modules = picture.path.matches('M').count();
        // the three finders alone have 33 dark modules each
        assert!(picture.size >= 21 && modules > 99 && modules < picture.size * picture.size);
        assert!(picture.path.starts_with("M0 0h1v1h-1z"));
        assert!(Picture::of(&"x".repeat(4_000)).is_none());
    }

    #[test]
    fn nothing_else_is_open_before() {
        for path in [PATH, "/me/second-factor/confirm", "/me", "/sign-out"] {
            assert!(first::is_open(path), "{path}");
        }
        for path in ["/", "/customers", "/me/second-factors", "/me/sessions", "/palette"] {
            assert!(!first::is_open(path), "{path}");
        }
    }
}
