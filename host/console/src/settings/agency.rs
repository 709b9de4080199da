//! The agency: what it is called, what it was settled with, and samples for one that has nobody yet.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, State};
use posthouse_app::samples::CUSTOMERS;
use posthouse_app::team::{AgencyChange, Scope};
use serde::Deserialize;

const HERE: &str = "/settings/agency";

#[derive(Template)]
#[template(path = "settings/agency.html")]
struct Terms {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    slug: String,
    time_zone: String,
    currency: String,
    country: String,
    /// Whether there is nobody yet, so that samples can be loaded.
    is_empty: bool,
    samples: u32,
}

pub(super) async fn terms(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Owner)?;
    let (ui, app) = (Ui::from(bare), desk.app());
    let row = app.team().agency(&session.caller).await?;
    let beginning = app.today().beginning(&session.caller).await?;
    page(&Terms {
        ui,
        shell: Shell::new(&session, ui, "settings"),
        tabs: tabs(&session.caller, "agency"),
        slug: row.slug,
        time_zone: row.time_zone,
        currency: row.currency,
        country: row.country,
        is_empty: beginning.is_some_and(|beginning| beginning.is_empty),
        samples: CUSTOMERS,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    name: String,
}

pub(super) async fn rename(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Named>,
) -> Answer {
    session.caller.may(Scope::Owner)?;
    let ui = Ui::from(bare);
    let change = AgencyChange {
        name: Some(sent.name),
        ..AgencyChange::default()
    };
    match desk.app().team().change_agency(&session.caller, &change).await {
        Ok(row) => {
            let said = ui.say("settings-agency-kept").with("name", row.name);
            Ok(led(scripted, HERE, &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

/// Made-up customers, for an agency that has none.
pub(super) async fn load_samples(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
) -> Answer {
    session.caller.may(Scope::Owner)?;
    let loaded = desk.app().samples().load(&session.caller).await?;
    let said = Ui::from(bare)
        .say("settings-samples-loaded")
        .count("count", loaded.customers);
    Ok(led(scripted, "/customers", &Done::said(said)))
}
