//! Jobs: work that falls due by itself, how much of it waits, and what was given up.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::{Shell, said};
use crate::texts;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, State};
use posthouse_app::jobs::JobsView;
use posthouse_app::team::Scope;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "plugins/jobs.html")]
struct Jobs {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    found: JobsView,
}

impl Jobs {
    /// What a kind of work does, in words; one that a later build has is called by its name.
    fn does(&self, kind: &str) -> String {
        let key = format!("plugins-job-{}", kind.replace('.', "-"));
        match texts::has(&key) {
            true => self.ui.say_of("plugins-job-", kind).to_string(),
            false => kind.to_owned(),
        }
    }
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let ui = Ui::from(bare);
    let found = desk.app().jobs().look(&session.caller).await?;
    page(&Jobs {
        ui,
        shell: Shell::new(&session, ui, "plugins"),
        tabs: tabs(&session.caller, "jobs"),
        found,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    kind: String,
    #[serde(default)]
    key: String,
}

/// Has a job that was given up tried again.
pub(super) async fn retry(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(which): Form<Which>,
) -> Answer {
    session.caller.may(Scope::Operations)?;
    let ui = Ui::from(bare);
    desk.app()
        .jobs()
        .try_again(&session.caller, &which.kind, &which.key)
        .await?;
    Ok(said("/jobs", &ui.say("plugins-job-tried").to_string()))
}

#[cfg(test)]
mod tests {
    use crate::texts;

    #[test]
    fn every_kind_of_work_has_its_words() {
        for kind in posthouse_app::job_kind_names() {
            assert!(texts::has(&format!("plugins-job-{}", kind.replace('.', "-"))), "{kind}");
        }
    }
}
