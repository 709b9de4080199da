//! A binding: its segments, who moved between two days, and every rule that has stood there.

use super::list::{Group, groups};
use super::{described, localized};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::flow::{Flow, Place};
use crate::parts::schema::{Changed, changed};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::AppError;
use posthouse_app::rules::RevisionView;
use posthouse_app::segments::{FlowSegment, SEGMENTATION};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::time::{day_of, day_text, instant_text, parse_day};
use serde::Deserialize;
use std::collections::HashMap;

/// Revisions that are shown.
const HISTORY: i64 = 20;
/// The days of a flow, unless others are asked for.
const DAYS: i32 = 30;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

/// Who moved between two days.
#[derive(Debug)]
struct Moves {
    from: String,
    to: String,
    changed: u64,
    newcomers: u64,
    rows: Vec<FlowSegment>,
    /// None while the binding did not exist at the earlier end.
    picture: Option<Flow>,
}

/// A revision, as the history tells it.
#[derive(Debug)]
struct Past {
    revision: RevisionView,
    plugin: String,
    by: String,
    /// The settings that became others.
    changes: Vec<Changed>,
    /// Whether it became another plugin.
    is_other: bool,
}

#[derive(Template)]
#[template(path = "segments/binding.html")]
struct Binding {
    ui: Ui,
    shell: Shell,
    group: Group,
    moves: Moves,
    history: Vec<Past>,
    present: i64,
    may_try: bool,
}

pub(super) async fn binding(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    name: &str,
    Query(asked): Query<Asked>,
) -> Answer {
    let ui = Ui::from(bare);
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let group = groups(&desk, caller, ui, Some(name)).await?.pop();
    let group = group.ok_or(AppError::NotFound("binding"))?;
    let may_try = caller.may(Scope::Rules).is_ok();
    let history = match may_try {
        true => history(&desk, caller, ui, name).await?,
        false => Vec::new(),
    };
    page(&Binding {
        ui,
        shell: Shell::new(&session, ui, "segments"),
        moves: moves(&desk, caller, ui, name, asked).await?,
        present: history.first().map_or(0, |past| past.revision.revision),
        group,
        history,
        may_try,
    })
}

async fn moves(desk: &Desk, caller: &Caller, ui: Ui, name: &str, asked: Asked) -> posthouse_app::Result<Moves> {
    let day = |text: &str, otherwise: i32| parse_day(text).unwrap_or(otherwise).min(ui.today());
    let to = day(&asked.to, ui.today());
    let from = day(&asked.from, to - DAYS).min(to);
    // of today there is only what was until now
    let end = if to == ui.today() {
        instant_text(ui.now)
    } else {
        day_text(to)
    };
    let mut begin = if from == ui.today() {
        end.clone()
    } else {
        day_text(from)
    };
    let mut first_day = from;
    if asked.from.is_empty() {
        // before its first rule there is nothing to compare with
        let first = desk
            .app()
            .bindings()
            .history(caller, SEGMENTATION, name, Some(2), 1)
            .await?;
        let first = first
            .first()
            .map(|first| (first.activated_at, day_of(first.activated_at, ui.zone)));
        if let Some((at, day)) = first.filter(|(_, day)| *day >= from && *day <= to) {
            (begin, first_day) = (instant_text(at.min(ui.now)), day);
        }
    }
    let flow = desk.app().segments().flow(caller, name, &begin, &end).await?;
    let mut places: Vec<Place> = flow
        .segments
        .iter()
        .map(|one| (Some(one.key.clone()), ui.local(&one.title).to_owned()))
        .collect();
    places.push((None, ui.say("segments-outside").to_string()));
    Ok(Moves {
        from: day_text(first_day),
        to: day_text(to),
        changed: flow.changed,
        newcomers: flow.newcomers,
        picture: flow.from.revision.map(|_| Flow::new(ui, &places, &flow.cells)),
        rows: flow.segments,
    })
}

async fn history(desk: &Desk, caller: &Caller, ui: Ui, name: &str) -> posthouse_app::Result<Vec<Past>> {
    let app = desk.app();
    let mut revisions = app
        .bindings()
        .history(caller, SEGMENTATION, name, None, HISTORY + 1)
        .await?;
    let actors: Vec<_> = revisions.iter().filter_map(|one| one.activated_by).collect();
    let names = app.audit().names(caller, &actors).await?;
    let mut plugins = HashMap::new();
    for one in &revisions {
        if !plugins.contains_key(&one.digest) {
            plugins.insert(one.digest.clone(), app.plugins().get(caller, &one.digest).await?);
        }
    }
    let before: Vec<_> = revisions
        .iter()
        .skip(1)
        .map(|one| (one.digest.clone(), one.config.clone()))
        .collect();
    revisions.truncate(HISTORY as usize);
    let past = revisions.into_iter().enumerate().map(|(place, revision)| {
        let plugin = &plugins[&revision.digest];
        let earlier = before.get(place);
        Past {
            plugin: format!("{} {}", plugin.name, plugin.version),
            is_other: earlier.is_some_and(|(digest, _)| *digest != revision.digest),
            changes: earlier.map_or_else(Vec::new, |(_, config)| {
                changed(ui, &plugin.config_schema, config, &revision.config)
            }),
            by: match revision.activated_by.and_then(|id| names.get(&id)) {
                Some(name) => name.clone(),
                None => ui.say("segments-by-host").to_string(),
            },
            revision,
        }
    });
    Ok(past.collect())
}

/// The titles of a plugin's and a binding's segments by key, those of the plugin first.
pub(super) async fn titles(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    name: &str,
    digest: Option<&str>,
) -> posthouse_app::Result<Vec<(String, String)>> {
    let mut titles = Vec::new();
    if let Some(digest) = digest {
        let plugin = desk.app().plugins().get(caller, digest).await?;
        let segments = described(&plugin).into_iter();
        titles.extend(segments.map(|one| (one.key, ui.local(&one.title).to_owned())));
    }
    for one in desk.app().segments().list(caller).await? {
        if one.binding == name && !titles.iter().any(|(key, _)| *key == one.key) {
            titles.push((one.key, ui.local(&one.title).to_owned()));
        }
    }
    Ok(titles)
}

/// What a plugin is called.
pub(super) fn plugin_title(ui: Ui, plugin: &posthouse_app::rules::PluginView) -> String {
    ui.local(&localized(&plugin.title)).to_owned()
}
