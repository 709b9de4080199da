//! Seeing beforehand: a rule of loyalty on its way through the past, and what it would have done.

use super::may_enter;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::flow::{Flow, Place, with_stayers};
use crate::parts::months::{Month, Months};
use crate::parts::schema::{Changed, changed};
use crate::shell::{Shell, said};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::{Change, Foreseen, PreviewView};
use posthouse_app::rules::PluginView;
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::Localized;
use posthouse_domain::time::day_text;
use uuid::Uuid;

/// A tier before and after.
struct Row {
    title: String,
    now: u64,
    then: u64,
}

impl Row {
    fn change(&self) -> i64 {
        self.then as i64 - self.now as i64
    }
}

/// A member for whom the rules differ.
struct Mover {
    id: Uuid,
    name: String,
    from: String,
    to: String,
    points: Change,
    reason: String,
}

/// What came of it.
struct Came {
    result: Foreseen,
    months: Vec<(String, Change)>,
    by_month: Months,
    rows: Vec<Row>,
    picture: Option<Flow>,
    movers: Vec<Mover>,
}

#[derive(Template)]
#[template(path = "members/preview.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    view: PreviewView,
    title: String,
    /// The settings that are others than those in force.
    changes: Vec<Changed>,
    came: Option<Came>,
}

impl Page {
    fn is_open(&self) -> bool {
        ["waiting", "running"].contains(&self.view.state.as_str())
    }

    /// How far it has come, in hundredths.
    fn gone(&self) -> i64 {
        (self.view.done * 100 / self.view.members.max(1)).clamp(0, 100)
    }

    fn tone(&self, change: i64) -> &'static str {
        match change.signum() {
            1 => "up",
            -1 => "dn",
            _ => "",
        }
    }

    fn diff(&self, change: &Change) -> i64 {
        change.then - change.now
    }
}

fn came(view: &mut PreviewView, ui: Ui) -> Option<Came> {
    let result = view.result.take()?;
    let none = ui.say("members-no-tier").to_string();
    let titled = |key: &Option<String>| match key {
        Some(key) => result
            .titles
            .get(key)
            .map_or_else(|| key.clone(), |title| ui.local(title).to_owned()),
        None => none.clone(),
    };
    let rows: Vec<Row> = result
        .tiers
        .iter()
        .map(|tier| Row {
            title: titled(&Some(tier.key.clone())),
            now: tier.now,
            then: tier.then,
        })
        .collect();
    let mut places: Vec<Place> = result
        .tiers
        .iter()
        .map(|tier| (Some(tier.key.clone()), titled(&Some(tier.key.clone()))))
        .collect();
    places.push((None, none.clone()));
    let stayed = result
        .tiers
        .iter()
        .map(|tier| (Some(tier.key.clone()), tier.now.saturating_sub(tier.leaving)));
    let cells = with_stayers(&result.moves, stayed);
    let picture = (!result.tiers.is_empty() && result.compared).then(|| Flow::new(ui, &places, &cells));
    let months: Vec<(String, Change)> = result
        .months
        .iter()
        .map(|one| (day_text(one.month)[..7].to_owned(), one.points))
        .collect();
    let bars: Vec<Month> = months
        .iter()
        .map(|(name, points)| (name.clone(), points.now, points.then))
        .collect();
    let movers = result.sample.iter().map(|one| Mover {
        id: one.customer,
        name: view
            .labels
            .get(&one.customer)
            .map_or_else(String::new, |label| label.label.clone()),
        from: titled(&one.from),
        to: titled(&one.to),
        points: one.points,
        reason: one
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| ui.local(&reason.text).to_owned()),
    });
    Some(Came {
        movers: movers.collect(),
        by_month: Months::new(ui.say("members-points-by-month").to_string(), &bars, |sum| {
            ui.number(sum)
        }),
        months,
        rows,
        picture,
        result,
    })
}

fn may_try(caller: &Caller) -> posthouse_app::Result<()> {
    may_enter(caller)?;
    caller.may(Scope::Rules)
}

pub(super) async fn open(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Path(id): Path<Uuid>) -> Answer {
    let (caller, ui) = (&session.caller, Ui::from(bare));
    may_try(caller)?;
    let mut view = desk.app().loyalty().preview(caller, id).await?;
    let (title, changes) = match desk.app().plugins().get(caller, &view.digest).await {
        Ok(plugin) => {
            let title: Localized = serde_json::from_value(plugin.title.clone()).unwrap_or_default();
            let changes = changes(&desk, caller, ui, &view, &plugin).await?;
            (ui.local(&title).to_owned(), changes)
        }
        Err(AppError::NotFound(_) | AppError::Missing(_)) => {
            (view.digest.chars().take(12).collect::<String>(), Vec::new())
        }
        Err(error) => return Err(error.into()),
    };
    page(&Page {
        shell: Shell::new(&session, ui, "members"),
        came: came(&mut view, ui),
        title,
        changes,
        view,
        ui,
    })
}

/// What the preview's settings change of those that were in force when it was played, where both rules are of one name.
async fn changes(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    view: &PreviewView,
    plugin: &PluginView,
) -> posthouse_app::Result<Vec<Changed>> {
    let Some(before) = view.result.as_ref().and_then(|result| result.in_force.as_ref()) else {
        return Ok(Vec::new());
    };
    let is_same = match before.digest == plugin.digest {
        true => true,
        false => match desk.app().plugins().get(caller, &before.digest).await {
            Ok(other) => other.name == plugin.name,
            Err(AppError::NotFound(_) | AppError::Missing(_)) => false,
            Err(error) => return Err(error),
        },
    };
    Ok(match is_same {
        true => changed(ui, &plugin.config_schema, &before.config, &view.config),
        false => Vec::new(),
    })
}

/// Ends a preview that is under way.
pub(super) async fn cancel(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    may_try(&session.caller)?;
    desk.app().loyalty().cancel_preview(&session.caller, id).await?;
    let text = Ui::from(bare).say("members-preview-ended").to_string();
    Ok(said(&format!("/members/previews/{id}"), &text))
}
