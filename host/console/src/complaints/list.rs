//! Cases, what is due first first.

use super::told::{Clock, soonest};
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::complaints::{CaseFilter, CaseView};
use posthouse_app::team::{Caller, Scope};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Cases of a page.
const PAGE: usize = 50;
/// What is shown: what is due first, what one has oneself, what is late, what waits, what is over.
const PARTS: [&str; 6] = ["open", "mine", "late", "waiting", "resolved", "all"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    part: String,
    desk: String,
    q: String,
    cursor: Option<String>,
}

/// A case as a list shows it.
pub(super) struct Row {
    pub(super) case: CaseView,
    /// Whose it is.
    pub(super) name: String,
    pub(super) person: String,
    pub(super) desk: String,
    pub(super) clock: Option<Clock>,
}

/// What desks are called, by their keys.
pub(super) async fn desk_names(desk: &Desk, caller: &Caller, ui: Ui) -> posthouse_app::Result<HashMap<String, String>> {
    let desks = desk.app().complaints().desks(caller).await?.into_iter();
    Ok(desks.map(|one| (one.key, ui.local(&one.title).to_owned())).collect())
}

/// Cases with all that a list shows of them.
pub(super) async fn rows(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    cases: Vec<CaseView>,
) -> posthouse_app::Result<Vec<Row>> {
    let customers: Vec<Uuid> = cases.iter().filter_map(|case| case.customer).collect();
    let labels = desk.app().profiles().labels(caller, &customers).await?;
    let people: Vec<Uuid> = cases.iter().filter_map(|case| case.person).collect();
    let names = desk.app().audit().names(caller, &people).await?;
    let desks = desk_names(desk, caller, ui).await?;
    let row = |case: CaseView| {
        let known = case
            .customer
            .and_then(|customer| labels.get(&customer))
            .map(|label| label.label.clone());
        let told = case
            .contact
            .as_ref()
            .and_then(|contact| contact.name.clone().or_else(|| contact.phone.clone()));
        Row {
            name: known.or(told).unwrap_or_default(),
            person: case
                .person
                .and_then(|person| names.get(&person))
                .cloned()
                .unwrap_or_default(),
            desk: desks.get(&case.desk).cloned().unwrap_or_else(|| case.desk.clone()),
            clock: soonest(ui, &case),
            case,
        }
    };
    Ok(cases.into_iter().map(row).collect())
}

#[derive(Template)]
#[template(path = "complaints/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    parts: [&'static str; 6],
    part: String,
    desk: String,
    q: String,
    desks: Vec<(String, String)>,
    rows: Vec<Row>,
    next: Option<String>,
    may_open: bool,
}

impl List {
    fn path(&self, part: &str, cursor: Option<&String>) -> String {
        let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut path = format!("/complaints?part={part}");
        for (name, text) in [("desk", &self.desk), ("q", &self.q)] {
            if !text.is_empty() {
                path += &format!("&{name}={}", coded(text));
            }
        }
        if let Some(cursor) = cursor {
            path += &format!("&cursor={}", coded(cursor));
        }
        path
    }

    fn more(&self) -> Option<String> {
        self.next.as_ref().map(|next| self.path(&self.part, Some(next)))
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let ui = Ui::from(bare);
    let part = PARTS.into_iter().find(|part| *part == asked.part).unwrap_or(PARTS[0]);
    let filter = CaseFilter {
        open: matches!(part, "open" | "mine" | "late" | "waiting").then_some(true),
        state: match part {
            "waiting" => Some("waiting_customer".to_owned()),
            "resolved" => Some("resolved".to_owned()),
            _ => None,
        },
        mine: part == "mine",
        breached: part == "late",
        desk: Some(asked.desk.clone()).filter(|desk| !desk.is_empty()),
        q: Some(asked.q.clone()).filter(|q| !q.trim().is_empty()),
        by_due: matches!(part, "open" | "mine" | "late" | "waiting"),
        ..CaseFilter::default()
    };
    let complaints = desk.app().complaints();
    let (found, next) = complaints.list(caller, &filter, asked.cursor.as_deref(), PAGE).await?;
    let desks = complaints.desks(caller).await?.into_iter();
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "complaints"),
        tabs: tabs("cases"),
        parts: PARTS,
        part: part.to_owned(),
        desk: asked.desk,
        q: asked.q,
        desks: desks.map(|one| (one.key, ui.local(&one.title).to_owned())).collect(),
        rows: rows(&desk, caller, ui, found).await?,
        next,
        may_open: caller.may(Scope::Intake).is_ok(),
    })
}
