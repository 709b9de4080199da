//! One person of the staff: who they are, what they may do, where they are signed in.

use super::roles::Meaning;
use super::{field, may_give, seen, tone};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff, origin};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::{instead, refused};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};

use axum::http::request::Parts;
use posthouse_app::team::{Branch, Invited, Role, Scope, Session, SessionEntry, StaffChange, StaffEntry};
use posthouse_domain::Instant;
use uuid::Uuid;

/// A link that somebody joins by, shown once.
pub(super) struct Linked {
    url: String,
    ends_at: Instant,
}

impl Linked {
    pub(super) fn of(desk: &Desk, parts: &Parts, invited: &Invited) -> Self {
        Self {
            url: format!("{}{}", origin(desk, parts), invited.path()),
            ends_at: invited.ends_at,
        }
    }
}

pub(super) fn address(id: Uuid) -> String {
    format!("/team/people/{id}")
}

#[derive(Template)]
#[template(path = "team/person.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    person: StaffEntry,
    role: String,
    meaning: Meaning,
    seen: Option<Instant>,
    is_reader: bool,
    /// Whether the reader has every right of theirs, and so may change them.
    may_change: bool,
    may_audit: bool,
    offered: Vec<Role>,
    branches: Vec<Branch>,
    sessions: Vec<SessionEntry>,
    /// Keys in force that are theirs.
    keys: Vec<String>,
    link: Option<Linked>,
}

impl Record {
    fn state(&self) -> &'static str {
        self.person.state.as_str()
    }

    fn tone(&self) -> &'static str {
        tone(self.person.state)
    }

    fn has_role(&self, key: &str) -> bool {
        self.person.role == key
    }

    fn is_at(&self, id: &Uuid) -> bool {
        self.person.branch.as_ref().is_some_and(|branch| branch.id == *id)
    }
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, id: Uuid, link: Option<Linked>) -> Answer<Record> {
    let (team, caller) = (desk.app().team(), &session.caller);
    let person = team.person(caller, id).await?;
    let roles = team.roles(caller).await?;
    let mut sessions = team.sessions(caller).await?;
    sessions.retain(|session| session.person == id);
    let keys = team.keys(caller).await?.into_iter();
    let keys = keys.filter(|key| key.revoked_at.is_none() && key.holder.as_ref() == Some(&person.email));
    let own = roles.iter().find(|role| role.key == person.role);
    Ok(Record {
        ui,
        shell: Shell::new(session, ui, "team"),
        role: ui.local(&person.role_title).to_owned(),
        meaning: own.map(Meaning::of).unwrap_or_default(),
        seen: seen(&person, &sessions),
        is_reader: person.id == session.person.id,
        may_change: own.is_some_and(|role| may_give(caller, role)),
        may_audit: caller.may(Scope::Audit).is_ok(),
        offered: roles.iter().filter(|role| may_give(caller, role)).cloned().collect(),
        branches: team.branches(caller).await?,
        sessions,
        keys: keys.map(|key| key.name).collect(),
        person,
        link,
    })
}

/// Somebody's page in answer to a form.
pub(super) async fn shown(desk: &Desk, session: &Session, ui: Ui, id: Uuid, link: Option<Linked>) -> Answer {
    let drawn = drawn(desk, session, ui, id, link).await?;
    Ok(instead(page(&drawn)?, &address(id)))
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    page(&drawn(&desk, &session, bare.into(), id, None).await?)
}

/// Another name, role or branch.
pub(super) async fn change(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let ui = Ui::from(bare);
    let sent = |name: &str| fields.iter().any(|(own, _)| own == name);
    let text = |name: &str| sent(name).then(|| field(&fields, name).to_owned());
    let change = StaffChange {
        name: text("name"),
        role: text("role"),
        branch: sent("branch").then(|| Uuid::try_parse(field(&fields, "branch")).ok()),
        disabled: None,
    };
    let expected = field(&fields, "version").parse().ok();
    match desk
        .app()
        .team()
        .change_staff(&session.caller, id, &change, expected)
        .await
    {
        Ok(person) => {
            let said = ui.say("team-person-kept").with("name", &person.name);
            Ok(led(scripted, &address(id), &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

/// Another link, shown this once.
pub(super) async fn link(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    parts: Parts,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let invited = desk.app().team().invite_again(&session.caller, id).await?;
    shown(
        &desk,
        &session,
        bare.into(),
        id,
        Some(Linked::of(&desk, &parts, &invited)),
    )
    .await
}

/// Disables somebody, or lets them in again.
pub(super) async fn set_state(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let ui = Ui::from(bare);
    let disabled = field(&fields, "to") == "disabled";
    let change = StaffChange {
        disabled: Some(disabled),
        ..StaffChange::default()
    };
    let person = desk
        .app()
        .team()
        .change_staff(&session.caller, id, &change, None)
        .await?;
    let said = match disabled {
        true => ui.say("team-person-disabled"),
        false => ui.say("team-person-back"),
    };
    Ok(led(
        scripted,
        &address(id),
        &Done::said(said.with("name", &person.name)),
    ))
}

/// Ends one session of theirs, or all.
pub(super) async fn end_sessions(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, team) = (Ui::from(bare), desk.app().team());
    let person = team.person(&session.caller, id).await?;
    let only = Uuid::try_parse(field(&fields, "session")).ok();
    let mut sessions = team.sessions(&session.caller).await?;
    sessions.retain(|one| one.person == person.id && only.is_none_or(|only| only == one.id));
    for one in &sessions {
        match team.end_session(&session.caller, one.id).await {
            // it has ended by itself
            Err(posthouse_app::AppError::NotFound(_)) => {}
            ended => ended?,
        }
    }
    let said = ui.say("team-sessions-ended").count("count", sessions.len());
    Ok(led(scripted, &address(id), &Done::said(said)))
}

/// Takes their second factor away, as they have lost it.
pub(super) async fn take_second_factor(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, team) = (Ui::from(bare), desk.app().team());
    let person = team.person(&session.caller, id).await?;
    team.take_second_factor(&session.caller, person.id).await?;
    let said = ui.say("team-second-factor-gone").with("name", &person.name);
    Ok(led(scripted, &address(id), &Done::said(said)))
}
