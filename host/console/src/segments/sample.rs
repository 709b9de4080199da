//! A random sample of a segment for telephone surveys. Drawing one is written into the audit log.

use super::binding::titles;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::segments::{Sample, SampleRequest};
use posthouse_app::team::Scope;
use posthouse_web::Problem;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    size: usize,
    #[serde(default)]
    as_of: String,
}

#[derive(Template)]
#[template(path = "segments/sample.html")]
struct Drawn {
    ui: Ui,
    shell: Shell,
    title: String,
    sample: Sample,
}

pub(super) async fn draw(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(name): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    caller.may(Scope::Exports)?;
    let ui = Ui::from(bare);
    let (binding, key) = name.split_once('.').ok_or_else(|| Problem::not_found("segment"))?;
    let request = SampleRequest {
        binding,
        segment: key,
        size: wanted.size,
        seed: None,
        as_of: Some(wanted.as_of.as_str()).filter(|day| !day.is_empty()),
    };
    let sample = desk.app().segments().sample(caller, request).await?;
    let titles = titles(&desk, caller, ui, binding, None).await?;
    let title = titles.into_iter().find(|(known, _)| known == key);
    page(&Drawn {
        ui,
        shell: Shell::new(&session, ui, "segments"),
        title: title.map_or_else(|| key.to_owned(), |(_, title)| title),
        sample,
    })
}
