//! Everybody of the staff, and inviting somebody.

use super::person::{self, Linked};
use super::{field, may_give, seen, tabs, tone};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::parts::dialog::refused;
use crate::parts::tabs::Tab;
use crate::shell::{Shell, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::request::Parts;
use posthouse_app::team::{Branch, NewStaff, Role, Scope, StaffEntry, StaffState};
use posthouse_domain::Instant;
use serde::Deserialize;
use uuid::Uuid;

/// People of a page.
const PAGE: usize = 50;

/// A person of the list.
struct Row {
    person: StaffEntry,
    role: String,
    /// When they last asked for something, or else signed in.
    seen: Option<Instant>,
    is_reader: bool,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    from: usize,
}

impl Asked {
    fn fits(&self, person: &StaffEntry) -> bool {
        let q = self.q.trim().to_lowercase();
        let has_text = q.is_empty() || person.name.to_lowercase().contains(&q) || person.email.contains(&q);
        let has_state = match self.state.as_str() {
            "" => person.state != StaffState::Disabled,
            "all" => true,
            state => person.state.as_str() == state,
        };
        has_text && has_state && (self.role.is_empty() || person.role == self.role)
    }
}

#[derive(Template)]
#[template(path = "team/people.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    asked: Asked,
    rows: Vec<Row>,
    found: usize,
    everybody: usize,
    next: Option<usize>,
    roles: Vec<Role>,
    /// Those that the reader may give.
    offered: Vec<Role>,
    branches: Vec<Branch>,
}

impl List {
    /// The states that can be looked at, with their word on the chip.
    fn states(&self) -> [(&'static str, &'static str); 4] {
        [
            ("", "working"),
            ("invited", "invited"),
            ("disabled", "disabled"),
            ("all", "all"),
        ]
    }

    fn has_state(&self, state: &str) -> bool {
        self.asked.state == state
    }

    fn has_role(&self, key: &str) -> bool {
        self.asked.role == key
    }
}

impl Row {
    fn tone(&self) -> &'static str {
        tone(self.person.state)
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let (ui, caller) = (Ui::from(bare), &session.caller);
    // an auditor has the room, but not this tab
    if caller.may(Scope::Team).is_err() && caller.may(Scope::Audit).is_ok() {
        return Ok(whole_page("/audit"));
    }
    caller.may(Scope::Team)?;
    let team = desk.app().team();
    let people = team.staff(caller).await?;
    let sessions = team.sessions(caller).await?;
    let roles = team.roles(caller).await?;
    let everybody = people.len();
    let fitting: Vec<StaffEntry> = people.into_iter().filter(|person| asked.fits(person)).collect();
    let found = fitting.len();
    let row = |person: StaffEntry| Row {
        role: ui.local(&person.role_title).to_owned(),
        seen: seen(&person, &sessions),
        is_reader: person.id == session.person.id,
        person,
    };
    let rows: Vec<Row> = fitting.into_iter().skip(asked.from).take(PAGE).map(row).collect();
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "team"),
        tabs: tabs(caller, "people"),
        next: Some(asked.from.saturating_add(PAGE)).filter(|next| *next < found),
        rows,
        found,
        everybody,
        offered: roles.iter().filter(|role| may_give(caller, role)).cloned().collect(),
        roles,
        branches: team.branches(caller).await?,
        asked,
    })
}

/// Invites somebody, and shows their page with the link, this once.
pub(super) async fn invite(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    parts: Parts,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let ui = Ui::from(bare);
    let new = NewStaff {
        email: field(&fields, "email"),
        name: Some(field(&fields, "name")).filter(|name| !name.is_empty()),
        role: field(&fields, "role"),
        branch: Uuid::try_parse(field(&fields, "branch")).ok(),
    };
    match desk.app().team().invite(&session.caller, new).await {
        Ok(invited) => {
            person::shown(
                &desk,
                &session,
                ui,
                invited.person.id,
                Some(Linked::of(&desk, &parts, &invited)),
            )
            .await
        }
        Err(error) => refused(error, scripted, ui),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_app::team::SessionEntry;
    use posthouse_domain::Localized;

    fn person(name: &str, state: StaffState) -> StaffEntry {
        StaffEntry {
            has_second_factor: false,
            id: Uuid::from_u128(1),
            name: name.into(),
            email: "li.min@silk.example".into(),
            role: "sales".into(),
            role_title: Localized::new("销售顾问", "Sales consultant"),
            branch: None,
            state,
            signed_in_at: Some(5),
            created_at: 1,
            version: 1,
        }
    }

    #[test]
    fn people_are_found_by_name_address_role_and_state() {
        let li = person("李敏 Li Min", StaffState::Active);
        let gone = person("李敏 Li Min", StaffState::Disabled);
        let asked = |q: &str, state: &str, role: &str| Asked {
            q: q.into(),
            state: state.into(),
            role: role.into(),
            from: 0,
        };
        for q in ["", "敏", " li min", "SILK.example"] {
            assert!(asked(q, "", "").fits(&li), "{q}");
        }
        assert!(
            !asked("wang", "", "").fits(&li)
                && !asked("", "invited", "").fits(&li)
                && !asked("", "", "guide").fits(&li)
        );
        assert!(
            !asked("", "", "").fits(&gone)
                && asked("", "disabled", "").fits(&gone)
                && asked("", "all", "sales").fits(&gone)
        );
    }

    #[test]
    fn whoever_is_there_now_was_seen_now() {
        let li = person("Li", StaffState::Active);
        let session = |person: u128, seen_at| SessionEntry {
            id: Uuid::from_u128(9),
            person: Uuid::from_u128(person),
            name: "Li".into(),
            address: String::new(),
            agent: String::new(),
            began_at: 0,
            seen_at,
            ends_at: 99,
        };
        assert_eq!(seen(&li, &[session(1, 7), session(2, 50), session(1, 8)]), Some(8));
        assert_eq!(seen(&li, &[]), Some(5));
    }
}
