//! Keys that programs open the API with: made, made again, revoked. What opens is shown once.

use super::{field, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::{instead, refused};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::team::{Caller, NewKey, RowScope, Scope, Session};
use posthouse_domain::Instant;
use serde::Deserialize;
use uuid::Uuid;

const HERE: &str = "/team/keys";
/// Keys of a page.
const PAGE: usize = 40;
/// People who are offered as holders.
const HOLDERS: usize = 200;

/// A key of the list.
struct Row {
    id: Uuid,
    name: String,
    scopes: Vec<&'static str>,
    holder: Option<String>,
    created_at: Instant,
    used_at: Option<Instant>,
    revoked_at: Option<Instant>,
    /// Whether the reader has everything it may do, and so may make it again and revoke it.
    is_own: bool,
}

/// A key that was just made.
struct Made {
    name: String,
    secret: String,
    /// The key whose place it takes.
    instead_of: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "team/keys.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    is_all: bool,
    revoked: usize,
    next: Option<usize>,
    /// What the reader may give; nothing for who does not see everything, as a key does.
    offered: Vec<&'static str>,
    holders: Vec<String>,
    made: Option<Made>,
}

impl List {
    /// Whether there is anything that was revoked, or it is looked at.
    fn shows_revoked(&self) -> bool {
        self.revoked > 0 || self.is_all
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    from: usize,
}

/// The scopes of a key as they are stored. One that only a later build knows is for an owner.
fn scopes_of(text: &str) -> Vec<Scope> {
    serde_json::from_str(text).unwrap_or_else(|_| vec![Scope::Owner])
}

fn is_covered(caller: &Caller, scopes: &[Scope]) -> bool {
    caller.covers(scopes, &[], RowScope::All)
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, asked: &Asked, made: Option<Made>) -> Answer<List> {
    let (team, caller) = (desk.app().team(), &session.caller);
    let mut keys = team.keys(caller).await?;
    // the latest first
    keys.reverse();
    let revoked = keys.iter().filter(|key| key.revoked_at.is_some()).count();
    let shown: Vec<_> = keys
        .into_iter()
        .filter(|key| asked.all || key.revoked_at.is_none())
        .collect();
    let count = shown.len();
    let row = |key: posthouse_app::team::KeyEntry| {
        let scopes = scopes_of(&key.scopes);
        Row {
            is_own: is_covered(caller, &scopes),
            scopes: scopes.iter().map(|scope| scope.as_str()).collect(),
            id: key.id,
            name: key.name,
            holder: key.holder,
            created_at: key.created_at,
            used_at: key.used_at,
            revoked_at: key.revoked_at,
        }
    };
    let offered = Scope::ALL.into_iter().filter(|scope| is_covered(caller, &[*scope]));
    let people = team.staff(caller).await?.into_iter();
    Ok(List {
        ui,
        shell: Shell::new(session, ui, "team"),
        tabs: tabs(caller, "keys"),
        rows: shown.into_iter().skip(asked.from).take(PAGE).map(row).collect(),
        is_all: asked.all,
        revoked,
        next: Some(asked.from.saturating_add(PAGE)).filter(|next| *next < count),
        offered: offered.map(Scope::as_str).collect(),
        holders: people.take(HOLDERS).map(|person| person.email).collect(),
        made,
    })
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    page(&drawn(&desk, &session, bare.into(), &asked, None).await?)
}

/// Makes a key and shows it, this once.
async fn make(
    desk: &Desk,
    session: &Session,
    (ui, scripted): (Ui, Scripted),
    new: NewKey<'_>,
    instead_of: Option<Uuid>,
) -> Answer {
    match desk.app().team().create_key(&session.caller, new).await {
        Ok((_, secret)) => {
            let made = Made {
                name: new.name.trim().to_owned(),
                secret,
                instead_of,
            };
            let drawn = drawn(desk, session, ui, &Asked::default(), Some(made)).await?;
            Ok(instead(page(&drawn)?, HERE))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let has = |scope: &Scope| {
        let mut sent = fields.iter().filter(|(name, _)| name == "scope");
        sent.any(|(_, text)| text == scope.as_str())
    };
    let scopes: Vec<Scope> = Scope::ALL.into_iter().filter(has).collect();
    let new = NewKey {
        name: field(&fields, "name"),
        scopes: &scopes,
        holder: Some(field(&fields, "holder")).filter(|holder| !holder.is_empty()),
    };
    make(&desk, &session, (bare.into(), scripted), new, None).await
}

/// Makes another key that may do the same: the program gets it, then the one before is revoked.
pub(super) async fn again(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let keys = desk.app().team().keys(&session.caller).await?;
    let before = keys.into_iter().find(|key| key.id == id && key.revoked_at.is_none());
    let before = before.ok_or(AppError::NotFound("key"))?;
    let scopes = scopes_of(&before.scopes);
    let new = NewKey {
        name: &before.name,
        scopes: &scopes,
        holder: before.holder.as_deref(),
    };
    make(&desk, &session, (bare.into(), scripted), new, Some(id)).await
}

pub(super) async fn revoke(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    desk.app().team().revoke_key(&session.caller, id).await?;
    let said = Ui::from(bare).say("team-key-revoked");
    Ok(led(scripted, HERE, &Done::said(said)))
}
