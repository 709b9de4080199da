//! Mappings that are kept under a name.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::{Shell, said};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, State};
use posthouse_app::intake::mappings::KeptMapping;
use posthouse_app::team::Scope;
use posthouse_domain::row::FileKind;
use posthouse_web::Problem;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "imports/mappings.html")]
struct List {
    ui: Ui,
    shell: Shell,
    rows: Vec<KeptMapping>,
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "imports"),
        rows: desk.app().intake().mappings(&session.caller).await?,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    kind: String,
    name: String,
}

pub(super) async fn delete(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(named): Form<Named>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let kind = FileKind::parse(&named.kind).ok_or_else(|| Problem::not_found("mapping"))?;
    desk.app()
        .intake()
        .delete_mapping(&session.caller, kind, &named.name)
        .await?;
    let text = Ui::from(bare).say("imports-mapping-deleted").to_string();
    Ok(said("/imports/mappings", &text))
}
