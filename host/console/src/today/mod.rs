//! Today: what needs me, what happened, who departs and returns.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/", get(today))
}

#[derive(Template)]
#[template(path = "today/today.html")]
struct Today {
    ui: Ui,
    shell: Shell,
    /// Which part of the day it is where the agency is.
    greeting: &'static str,
    person: String,
}

async fn today(State(_desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let ui = Ui::from(bare);
    let person = session.person.name.clone();
    page(&Today {
        ui,
        shell: Shell::new(&session, ui, "today"),
        greeting: greeting(ui.hour()),
        person,
    })
}

/// The part of the day.
fn greeting(hour: u32) -> &'static str {
    match hour {
        5..=11 => "morning",
        12..=17 => "afternoon",
        _ => "evening",
    }
}
