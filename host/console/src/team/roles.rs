//! Roles: the built-in ones in words, and the agency's own.

use super::{field, may_give, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::team::{Caller, Mask, NewRole, Role, RowScope, Scope, Session, StaffEntry};
use posthouse_domain::Localized;
use serde::Deserialize;
use uuid::Uuid;

/// Longest key of a role.
const LONGEST: usize = 40;
/// People of a role that are named on its page.
const NAMED: usize = 20;

/// What a role may do and see, by the names that texts have.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    pub(super) may: Vec<&'static str>,
    pub(super) masks: Vec<&'static str>,
    pub(super) rows: &'static str,
}

impl Meaning {
    pub(super) fn of(role: &Role) -> Self {
        Self {
            may: role.permissions.iter().map(|scope| scope.as_str()).collect(),
            masks: role.masks.iter().map(|mask| mask.as_str()).collect(),
            rows: role.rows.as_str(),
        }
    }
}

/// A role of the list.
struct Row {
    key: String,
    title: String,
    meaning: Meaning,
    is_built_in: bool,
    people: usize,
}

#[derive(Template)]
#[template(path = "team/roles.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
}

pub(super) fn address(key: &str) -> String {
    format!("/team/roles/{key}")
}

fn having(people: &[StaffEntry], key: &str) -> usize {
    people.iter().filter(|person| person.role == key).count()
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, caller, team) = (Ui::from(bare), &session.caller, desk.app().team());
    let people = team.staff(caller).await?;
    let mut rows: Vec<Row> = team
        .roles(caller)
        .await?
        .into_iter()
        .map(|role| Row {
            title: ui.local(&role.title).to_owned(),
            meaning: Meaning::of(&role),
            is_built_in: role.is_built_in,
            people: having(&people, &role.key),
            key: role.key,
        })
        .collect();
    // the agency's own are those that it changes
    rows.sort_by_key(|row| row.is_built_in);
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "team"),
        tabs: tabs(caller, "roles"),
        rows,
    })
}

/// Something that a form can tick.
struct Tick {
    name: &'static str,
    is_on: bool,
    /// Whether it cannot be chosen otherwise: the reader does not see it either.
    is_fixed: bool,
}

/// What a form of a role shows.
struct Fields {
    zh: String,
    en: String,
    scopes: Vec<Tick>,
    masks: Vec<Tick>,
    rows: Vec<Tick>,
}

impl Fields {
    /// Filled in as this role is, with what the reader may give.
    fn of(caller: &Caller, role: Option<&Role>) -> Self {
        let has = |scope: Scope| role.is_some_and(|role| role.permissions.contains(&scope));
        let scopes = Scope::ALL
            .into_iter()
            .filter(|scope| *scope != Scope::Owner && caller.may(*scope).is_ok());
        let own_rows = role.map_or(caller.row_scope(), |role| role.rows.min(caller.row_scope()));
        let rows = RowScope::ALL.into_iter().filter(|rows| *rows <= caller.row_scope());
        Self {
            zh: role.map(|role| role.title.zh_cn.clone()).unwrap_or_default(),
            en: role.map(|role| role.title.en.clone()).unwrap_or_default(),
            scopes: scopes
                .map(|scope| Tick {
                    name: scope.as_str(),
                    is_on: has(scope),
                    is_fixed: false,
                })
                .collect(),
            masks: Mask::ALL
                .into_iter()
                .map(|mask| Tick {
                    name: mask.as_str(),
                    is_on: caller.is_masked(mask) || role.is_some_and(|role| role.masks.contains(&mask)),
                    is_fixed: caller.is_masked(mask),
                })
                .collect(),
            rows: rows
                .map(|rows| Tick {
                    name: rows.as_str(),
                    is_on: rows == own_rows,
                    is_fixed: false,
                })
                .collect(),
        }
    }
}

/// A role as a form has it.
fn sent(caller: &Caller, fields: &[(String, String)]) -> NewRole {
    let has = |name: &str, value: &str| fields.iter().any(|(own, text)| own == name && text == value);
    NewRole {
        title: Localized::new(field(fields, "zh"), field(fields, "en")),
        permissions: Scope::ALL
            .into_iter()
            .filter(|scope| has("scope", scope.as_str()))
            .collect(),
        masks: Mask::ALL
            .into_iter()
            .filter(|mask| has("mask", mask.as_str()) || caller.is_masked(*mask))
            .collect(),
        rows: RowScope::ALL
            .into_iter()
            .find(|rows| has("rows", rows.as_str()))
            .unwrap_or(RowScope::Own),
    }
}

/// The key of a role of this title, which none of the others has.
fn key_of(title: &str, others: &[Role]) -> String {
    let mut key = String::new();
    for sign in title.chars() {
        if sign.is_ascii_alphanumeric() {
            key.push(sign.to_ascii_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    let key = key.trim_start_matches(|sign: char| !sign.is_ascii_lowercase());
    let key = key
        .get(..key.len().min(LONGEST - 4))
        .unwrap_or_default()
        .trim_end_matches('_');
    let key = if key.is_empty() { "role" } else { key };
    let is_free = |key: &str| others.iter().all(|role| role.key != key);
    if is_free(key) {
        return key.to_owned();
    }
    let numbered = (2..).map(|number| format!("{key}_{number}"));
    numbered.into_iter().find(|key| is_free(key)).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "team/new_role.html")]
struct New {
    ui: Ui,
    shell: Shell,
    action: String,
    version: i64,
    fields: Fields,
    /// The role that it begins with.
    like: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Like {
    #[serde(default)]
    like: String,
}

pub(super) async fn new(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Like>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, caller) = (Ui::from(bare), &session.caller);
    let roles = desk.app().team().roles(caller).await?;
    let like = roles.iter().find(|role| role.key == asked.like);
    let mut fields = Fields::of(caller, like);
    (fields.zh, fields.en) = (String::new(), String::new());
    page(&New {
        ui,
        shell: Shell::new(&session, ui, "team"),
        action: "/team/new-role".into(),
        version: 0,
        fields,
        like: like.map(|role| ui.local(&role.title).to_owned()),
    })
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, caller, team) = (Ui::from(bare), &session.caller, desk.app().team());
    let new = sent(caller, &fields);
    let key = key_of(&new.title.en, &team.roles(caller).await?);
    // nothing that somebody else has just made is written over
    match team.put_role(caller, &key, &new, Some(0)).await {
        Ok((role, _)) => {
            let said = ui.say("team-role-made").with("role", ui.local(&role.title));
            Ok(led(scripted, &address(&role.key), &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

#[derive(Template)]
#[template(path = "team/role.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    key: String,
    title: String,
    is_built_in: bool,
    meaning: Meaning,
    may_change: bool,
    /// How to change it; none for one that cannot be.
    action: String,
    version: i64,
    fields: Fields,
    named: Vec<(Uuid, String)>,
    people: usize,
}

async fn found(desk: &Desk, session: &Session, key: &str) -> Result<Role, AppError> {
    let roles = desk.app().team().roles(&session.caller).await?;
    let found = roles.into_iter().find(|role| role.key == key);
    found.ok_or(AppError::NotFound("role"))
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(key): Path<String>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, caller) = (Ui::from(bare), &session.caller);
    let role = found(&desk, &session, &key).await?;
    let mut people = desk.app().team().staff(caller).await?;
    people.retain(|person| person.role == key);
    page(&Record {
        ui,
        shell: Shell::new(&session, ui, "team"),
        title: ui.local(&role.title).to_owned(),
        is_built_in: role.is_built_in,
        meaning: Meaning::of(&role),
        may_change: !role.is_built_in && may_give(caller, &role),
        action: address(&key),
        version: role.version,
        fields: Fields::of(caller, Some(&role)),
        people: people.len(),
        named: people
            .into_iter()
            .take(NAMED)
            .map(|person| (person.id, person.name))
            .collect(),
        key,
    })
}

pub(super) async fn change(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(key): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, caller) = (Ui::from(bare), &session.caller);
    // a form changes what is there, and makes nothing
    let before = found(&desk, &session, &key).await?;
    let expected = field(&fields, "version").parse().unwrap_or(before.version);
    match desk
        .app()
        .team()
        .put_role(caller, &key, &sent(caller, &fields), Some(expected))
        .await
    {
        Ok((role, _)) => {
            let said = ui.say("team-role-kept").with("role", ui.local(&role.title));
            Ok(led(scripted, &address(&key), &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

pub(super) async fn delete(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(key): Path<String>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let ui = Ui::from(bare);
    let role = found(&desk, &session, &key).await?;
    desk.app().team().delete_role(&session.caller, &key).await?;
    let said = ui.say("team-role-gone").with("role", ui.local(&role.title));
    Ok(led(scripted, "/team/roles", &Done::said(said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(key: &str) -> Role {
        Role {
            key: key.into(),
            title: Localized::new("店长", "Shop manager"),
            permissions: vec![Scope::Read],
            masks: vec![],
            rows: RowScope::Branch,
            is_built_in: false,
            version: 1,
        }
    }

    #[test]
    fn a_role_is_called_by_its_title_in_english() {
        let others = [role("shop_manager"), role("shop_manager_2"), role("role")];
        for (title, key) in [
            ("Shop manager", "shop_manager_3"),
            ("  Tour — Leader (Asia)", "tour_leader_asia"),
            ("2nd desk", "nd_desk"),
            ("店长", "role_2"),
            (
                "A very long title of a role that nobody can ever remember",
                "a_very_long_title_of_a_role_that_nob",
            ),
        ] {
            assert_eq!(key_of(title, &others), key, "{title}");
        }
    }
}
