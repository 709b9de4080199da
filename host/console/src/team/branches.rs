//! Branches: written down, and called by another name.

use super::{field, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::team::{Branch, Scope};
use uuid::Uuid;

const HERE: &str = "/team/branches";

#[derive(Template)]
#[template(path = "team/branches.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    /// With how many people work there.
    rows: Vec<(Branch, usize)>,
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Team)?;
    let (ui, caller, team) = (Ui::from(bare), &session.caller, desk.app().team());
    let people = team.staff(caller).await?;
    let at = |branch: &Branch| {
        let there = people.iter().filter(|person| person.branch.as_ref() == Some(branch));
        there.count()
    };
    let rows = team.branches(caller).await?.into_iter();
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "team"),
        tabs: tabs(caller, "branches"),
        rows: rows.map(|branch| (branch.clone(), at(&branch))).collect(),
    })
}

pub(super) async fn add(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let ui = Ui::from(bare);
    match desk
        .app()
        .team()
        .add_branch(&session.caller, field(&fields, "name"))
        .await
    {
        Ok(branch) => {
            let said = ui.say("team-branch-added").with("branch", branch.name);
            Ok(led(scripted, HERE, &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

pub(super) async fn rename(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Team)?;
    let ui = Ui::from(bare);
    match desk
        .app()
        .team()
        .rename_branch(&session.caller, id, field(&fields, "name"))
        .await
    {
        Ok(branch) => {
            let said = ui.say("team-branch-kept").with("branch", branch.name);
            Ok(led(scripted, HERE, &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}
