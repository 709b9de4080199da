//! How segments grew and shrank: members at the end of each month, as a picture and as a table.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::pictures::Stack;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::segments::{SEGMENTATION, Trend};
use posthouse_app::team::Scope;
use posthouse_domain::time::day_text;
use serde::Deserialize;

/// Months before this one.
const MONTHS: u32 = 12;
/// The binding that is shown if there is one of this name: stages are what changes.
const FIRST: &str = "lifecycle";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    binding: String,
}

/// A segment: its numbers lead to its members of that day.
struct Row {
    key: String,
    title: String,
    members: Vec<u64>,
    /// The change from the first day to the last.
    change: i64,
}

#[derive(Template)]
#[template(path = "insights/stages.html")]
struct Stages {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    bindings: Vec<String>,
    /// None without a binding.
    found: Option<Shown>,
}

struct Shown {
    binding: String,
    /// The days as the head of the table has them, and as addresses do.
    days: Vec<(String, String)>,
    customers: Vec<u64>,
    rows: Vec<Row>,
    picture: Stack,
}

impl Stages {
    fn is_here(&self, binding: &str) -> bool {
        self.found.as_ref().is_some_and(|found| found.binding == binding)
    }
}

impl Shown {
    fn of(mut trend: Trend, ui: Ui) -> Self {
        // before its first rule there is nothing to see
        let last = trend.days.len().saturating_sub(1);
        let before = trend
            .revisions
            .iter()
            .take_while(|revision| revision.is_none())
            .count()
            .min(last);
        trend.days.drain(..before);
        trend.customers.drain(..before);
        for segment in &mut trend.segments {
            segment.members.drain(..before);
        }
        let rows: Vec<Row> = trend
            .segments
            .into_iter()
            .map(|segment| Row {
                change: match (segment.members.first(), segment.members.last()) {
                    (Some(first), Some(last)) => last.cast_signed() - first.cast_signed(),
                    _ => 0,
                },
                key: segment.key,
                title: ui.local(&segment.title).to_owned(),
                members: segment.members,
            })
            .collect();
        let mut months: Vec<String> = trend.days.iter().map(|day| ui.month(day)).collect();
        if let Some(today) = months.last_mut() {
            *today = ui.say("insights-today").to_string();
        }
        let parts = rows.iter().map(|row| (row.title.as_str(), row.members.as_slice()));
        Self {
            picture: Stack::new(ui.say("insights-stages").to_string(), &months, parts, &trend.customers),
            days: months
                .into_iter()
                .zip(trend.days.iter().map(|day| day_text(*day)))
                .collect(),
            binding: trend.binding,
            customers: trend.customers,
            rows,
        }
    }
}

impl Row {
    fn tone(&self) -> &'static str {
        match self.change.signum() {
            1 => "up",
            -1 => "dn",
            _ => "",
        }
    }
}

pub(super) async fn stages(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let bindings = desk.app().bindings().list(caller).await?;
    let bindings: Vec<String> = bindings
        .into_iter()
        .filter(|binding| binding.extension_point == SEGMENTATION)
        .map(|binding| binding.name)
        .collect();
    let wanted = [asked.binding.as_str(), FIRST];
    let shown = wanted
        .iter()
        .find_map(|name| bindings.iter().find(|known| known == name));
    let found = match shown.or(bindings.first()) {
        Some(binding) => Some(Shown::of(
            desk.app().segments().trend(caller, binding, MONTHS).await?,
            ui,
        )),
        None => None,
    };
    page(&Stages {
        ui,
        shell: Shell::new(&session, ui, "insights"),
        tabs: tabs(caller, "stages"),
        bindings,
        found,
    })
}
