//! What a rule would change, beside the one in force: counts, names, reasons, and what it asks for.

use super::bar;
use super::binding::titles;
use super::list::tone;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::facts::{Fact, Facts};
use crate::parts::flow::{Flow, Place, with_stayers};
use crate::parts::schema::{Changed, changed};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use posthouse_app::rules::{BindingView, MoveCount, PluginView};
use posthouse_app::segments::{PreviewRequest, PreviewSample};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::Day;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// A segment before and after.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) now: u64,
    pub(super) then: u64,
    /// Of 72.
    pub(super) bar: u64,
}

impl Row {
    pub(super) fn change(&self) -> i64 {
        self.then.cast_signed() - self.now.cast_signed()
    }

    pub(super) fn tone(&self) -> &'static str {
        tone(self.change())
    }

    /// On which side of the moves it stands: where more come, those who come.
    pub(super) fn side(&self) -> &'static str {
        if self.change() > 0 { "to" } else { "from" }
    }
}

/// What came of trying a rule.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) digest: String,
    /// The settings that were tried, as they come into force.
    pub(super) config: String,
    /// The revision it was held against; 0 for none.
    pub(super) expected: i64,
    pub(super) restore: Option<i64>,
    pub(super) day: Day,
    pub(super) customers: u64,
    pub(super) changed: u64,
    pub(super) drift: u64,
    pub(super) is_stale: bool,
    pub(super) is_same: bool,
    pub(super) rows: Vec<Row>,
    pub(super) picture: Flow,
    pub(super) changes: Vec<Changed>,
    /// What it asks to read.
    pub(super) grants: Vec<Fact>,
    /// Whether that takes a right that the reader does not have.
    pub(super) is_beyond: bool,
    pub(super) movers: Vec<Mover>,
    pub(super) duration_ms: u64,
}

/// Somebody who would move, with segments as people call them.
#[derive(Debug)]
pub(super) struct Mover {
    pub(super) who: PreviewSample,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

fn named(titles: &[(String, String)], key: &Option<String>) -> Option<String> {
    let key = key.as_ref()?;
    let title = titles.iter().find(|(known, _)| known == key);
    Some(title.map_or_else(|| key.clone(), |(_, title)| title.clone()))
}

fn movers(titles: &[(String, String)], sample: Vec<PreviewSample>) -> Vec<Mover> {
    let mover = |who: PreviewSample| Mover {
        from: named(titles, &who.from),
        to: named(titles, &who.to),
        who,
    };
    sample.into_iter().map(mover).collect()
}

/// Tries a rule.
pub(super) async fn tried(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    (plugin, binding): (&PluginView, Option<&BindingView>),
    (name, config, restore): (&str, &Value, Option<i64>),
) -> posthouse_app::Result<Tried> {
    let app = desk.app();
    let request = PreviewRequest {
        digest: plugin.digest.clone(),
        config: config.clone(),
        name: name.to_owned(),
    };
    let preview = app.segments().preview(caller, request).await?;
    let titles = titles(desk, caller, ui, name, Some(&plugin.digest)).await?;
    let facts = Facts::of(desk, caller, ui).await?;
    // a first activation grants whatever the rule reads
    let declared = plugin.facts.as_array().into_iter().flatten();
    let declared: Vec<String> = declared
        .filter_map(|fact| fact["key"].as_str())
        .map(str::to_owned)
        .collect();
    let asked = if binding.is_some() {
        &preview.grant_needed
    } else {
        &declared
    };
    let all = preview.customers;
    let mut rows: Vec<Row> = preview
        .segments
        .iter()
        .map(|segment| Row {
            title: named(&titles, &Some(segment.key.clone())).unwrap_or_default(),
            key: segment.key.clone(),
            now: segment.now,
            then: segment.then,
            bar: bar(segment.then, all),
        })
        .collect();
    let outside = |count: &dyn Fn(&Row) -> u64| all.saturating_sub(rows.iter().map(count).sum());
    let (now, then) = (outside(&|row| row.now), outside(&|row| row.then));
    let stayed = preview
        .segments
        .iter()
        .map(|one| (Some(one.key.clone()), one.now.saturating_sub(one.leaving)));
    let went: u64 = preview
        .moves
        .iter()
        .filter(|one| one.from.is_none())
        .map(|one| one.count)
        .sum();
    let cells: Vec<MoveCount> = with_stayers(&preview.moves, stayed.chain([(None, now.saturating_sub(went))]));
    let mut places: Vec<Place> = rows
        .iter()
        .map(|row| (Some(row.key.clone()), row.title.clone()))
        .collect();
    let none = ui.say("segments-outside").to_string();
    places.push((None, none.clone()));
    if now + then > 0 {
        rows.push(Row {
            key: String::new(),
            title: none,
            now,
            then,
            bar: bar(then, all),
        });
    }
    let changes = match binding {
        Some(binding) => changed(ui, &plugin.config_schema, &binding.config, config),
        None => Vec::new(),
    };
    Ok(Tried {
        id: preview.id,
        name: name.to_owned(),
        digest: plugin.digest.clone(),
        config: config.to_string(),
        expected: binding.map_or(0, |binding| binding.revision),
        restore,
        day: preview.day,
        customers: all,
        changed: preview.changed,
        drift: preview.drift,
        is_stale: preview.stale,
        is_same: binding.is_some_and(|binding| binding.digest == plugin.digest && changes.is_empty()),
        picture: Flow::new(ui, &places, &cells),
        rows,
        changes,
        grants: facts.all(asked),
        is_beyond: !preview.sensitive.is_empty() && caller.may(Scope::Grants).is_err(),
        movers: movers(&titles, preview.sample),
        duration_ms: preview.duration_ms,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    name: String,
    digest: String,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "segments/moves.html")]
struct Moves {
    ui: Ui,
    shell: Shell,
    name: String,
    from: Option<String>,
    to: Option<String>,
    /// The address of this list without its place in it.
    path: String,
    movers: Vec<Mover>,
    next: Option<String>,
}

/// Movers of a page.
const PAGE: usize = 50;

/// Everybody who would move by a preview, or from or to one segment.
pub(super) async fn moves(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
    let found = desk
        .app()
        .segments()
        .preview_moves(caller, id, from, to, asked.cursor.as_deref(), PAGE)
        .await?;
    let titles = titles(&desk, caller, ui, &asked.name, Some(&asked.digest)).await?;
    let shown = |key: &Option<String>| {
        let none = || ui.say("segments-outside").to_string();
        key.as_ref()
            .map(|key| named(&titles, &Some(key.clone()).filter(|key| !key.is_empty())).unwrap_or_else(none))
    };
    let mut path = format!("/try-a-rule/{id}/moves?name={}&digest={}", asked.name, asked.digest);
    for (side, key) in [("from", from), ("to", to)] {
        if let Some(key) = key {
            path += &format!("&{side}={key}");
        }
    }
    page(&Moves {
        ui,
        shell: Shell::new(&session, ui, "segments"),
        from: shown(&asked.from),
        to: shown(&asked.to),
        movers: movers(&titles, found.items),
        next: found.next,
        name: asked.name,
        path,
    })
}
