//! Everybody's own page: language and theme, the password, where they are signed in.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff, device, forget, from_device};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::parts::tabs::Tab;
use crate::shell::{Shell, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, State};
use axum::http::request::Parts;
use posthouse_app::AppError;
use posthouse_app::team::SessionEntry;
use posthouse_domain::words;
use serde::Deserialize;
use uuid::Uuid;

const HERE: &str = "/settings";

#[derive(Template)]
#[template(path = "settings/me.html")]
struct Own {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    branch: Option<String>,
    /// What was chosen: a language, or as the browser asks.
    language: Option<String>,
    sessions: Vec<SessionEntry>,
    /// The session that looks.
    present: Uuid,
}

impl Own {
    fn speaks(&self, tag: &str) -> bool {
        self.language.as_deref().unwrap_or("device") == tag
    }
}

pub(super) async fn own(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let ui = Ui::from(bare);
    let mut sessions = desk.app().team().sessions(&session.caller).await?;
    sessions.retain(|one| one.person == session.person.id);
    page(&Own {
        ui,
        shell: Shell::new(&session, ui, "settings"),
        tabs: tabs(&session.caller, "me"),
        branch: session.person.branch.as_ref().map(|branch| branch.name.clone()),
        language: session.person.language.clone(),
        sessions,
        present: session.id,
    })
}

#[derive(Deserialize)]
pub(super) struct Passwords {
    present: String,
    new: String,
}

/// Another password: every other session of theirs ends.
pub(super) async fn change_password(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    parts: Parts,
    Form(sent): Form<Passwords>,
) -> Answer {
    let ui = Ui::from(bare);
    let from = device(&desk, &parts);
    let team = desk.app().team();
    let changed = team.change_password(&session, &sent.present, &sent.new, from_device(&from));
    match changed.await {
        Ok(()) => Ok(led(scripted, HERE, &Done::said(ui.say("settings-password-changed")))),
        // who is signed in has no address that could be wrong
        Err(AppError::Invalid(why)) if why.code == "sign_in_refused" => {
            let detail = words!("the present password is not right", "当前密码不正确");
            refused(AppError::invalid("sign_in_refused", detail), scripted, ui)
        }
        Err(error) => refused(error, scripted, ui),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Ending {
    /// Only this one; all others if left out.
    session: Option<Uuid>,
}

/// Ends a session of one's own, or all but this one.
pub(super) async fn end_sessions(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(ending): Form<Ending>,
) -> Answer {
    let (ui, team) = (Ui::from(bare), desk.app().team());
    if ending.session == Some(session.id) {
        team.sign_out(&session).await?;
        return Ok(forget(&desk, whole_page("/sign-in")));
    }
    let mut sessions = team.sessions(&session.caller).await?;
    sessions.retain(|one| one.person == session.person.id && one.id != session.id);
    sessions.retain(|one| ending.session.is_none_or(|only| only == one.id));
    for one in &sessions {
        match team.end_session(&session.caller, one.id).await {
            // it has ended by itself
            Err(AppError::NotFound(_)) => {}
            ended => ended?,
        }
    }
    let said = ui.say("settings-sessions-ended").count("count", sessions.len());
    Ok(led(scripted, HERE, &Done::said(said)))
}
