//! The list of customers, narrowed by segments and facts and sorted by any of them.

use super::bulk::{Colleague, colleagues};
use super::facts::{self, Fact, said};
use super::file;
use super::segments::{Bindings, bindings};
use super::wanted::Wanted;
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::AppError;
use posthouse_app::profiles::FoundRow;
use posthouse_app::team::{Caller, Scope};
use posthouse_app::views::{View, ViewList};
use posthouse_domain::campaign::Condition;
use posthouse_domain::link::LinkKind;

/// Customers of a page.
const PAGE: usize = 40;

pub(super) type Fields = Query<Vec<(String, String)>>;

/// Something that narrows the list, and the address without it.
struct Chip {
    title: String,
    said: String,
    without: String,
}

/// A column of facts.
struct Column {
    fact: Fact,
    sorted: String,
    /// `up` if the lowest comes first, `down` if the highest does; empty if the list is in another order.
    way: &'static str,
}

/// A customer in the list.
struct Row {
    found: FoundRow,
    tags: Vec<String>,
    values: Vec<String>,
}

/// Only the rows and where they go on: what is added at the end of a list.
#[derive(Template)]
#[template(path = "customers/rows.html")]
struct Rows {
    ui: Ui,
    may_pick: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "customers/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    wanted: Wanted,
    total: u64,
    chips: Vec<Chip>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    more: Option<String>,
    bindings: Bindings,
    facts: Vec<Fact>,
    may_pick: bool,
    views: Vec<Named>,
    colleagues: Vec<Colleague>,
    /// What another customer can be to those who are ticked.
    kinds: [&'static str; 5],
    may_export: bool,
    may_write: bool,
}

/// A view, as the list shows it.
struct Named {
    view: View,
    path: String,
    is_here: bool,
    may_delete: bool,
}

impl List {
    /// The view that is shown.
    fn here(&self) -> Option<&Named> {
        self.views.iter().find(|named| named.is_here)
    }

    fn is_plain(&self) -> bool {
        self.wanted.query().is_empty()
    }

    fn has_column(&self, key: &str) -> bool {
        self.columns.iter().any(|column| column.fact.key == key)
    }

    fn has_segment(&self, segment: &str) -> bool {
        self.wanted.segments.iter().any(|wanted| wanted == segment)
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Part(is_part): Part,
    Query(fields): Fields,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let wanted = Wanted::read(fields);
    let profiles = desk.app().profiles();
    let conditions = profiles.conditions(caller, &wanted.facts).await?;
    let browse = wanted.browse(conditions.clone(), PAGE);
    let found = profiles.browse(caller, &browse).await?;
    let facts = facts::all(&desk, caller, ui).await?;
    let bindings = bindings(&desk, caller, ui).await?;
    let columns: Vec<Column> = browse
        .columns
        .iter()
        .filter_map(|key| column(&facts, key, &wanted))
        .collect();
    let row = |found: FoundRow| Row {
        tags: found
            .summary
            .segments
            .iter()
            .map(|segment| bindings.title(segment))
            .collect(),
        values: columns
            .iter()
            .zip(&found.values)
            .map(|(column, value)| column.fact.shown(value.as_ref(), ui))
            .collect(),
        found,
    };
    let rows: Vec<Row> = found.rows.into_iter().map(row).collect();
    let more = found.next.map(|next| wanted.page(&next));
    let (may_export, may_write) = (caller.may(Scope::Exports).is_ok(), caller.may(Scope::Intake).is_ok());
    let may_pick = may_export || may_write;
    if is_part && wanted.cursor.is_some() {
        return page(&Rows {
            ui,
            may_pick,
            columns,
            rows,
            more,
        });
    }
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "customers"),
        total: found.total,
        chips: chips(&wanted, &conditions, &facts, &bindings, ui),
        columns,
        rows,
        more,
        bindings,
        facts,
        may_pick,
        views: views(&desk, caller, &wanted).await?,
        kinds: LinkKind::ALL.map(LinkKind::as_str),
        colleagues: match may_write {
            true => colleagues(&desk, caller).await?,
            false => Vec::new(),
        },
        may_export,
        may_write,
        wanted,
    })
}

async fn views(desk: &Desk, caller: &Caller, wanted: &Wanted) -> Result<Vec<Named>, AppError> {
    let views = desk.app().views().list(caller, ViewList::Customers).await?;
    let here = wanted.query();
    let named = |view: View| Named {
        path: format!("/customers?{}", view.query),
        is_here: view.query == here,
        may_delete: view.is_own || caller.may(Scope::Team).is_ok(),
        view,
    };
    Ok(views.into_iter().map(named).collect())
}

fn column(facts: &[Fact], key: &str, wanted: &Wanted) -> Option<Column> {
    let fact = facts.iter().find(|fact| fact.key == key)?.clone();
    let way = match wanted.sort.as_deref() {
        Some(sort) if sort == key => "up",
        Some(sort) if sort.strip_prefix('-') == Some(key) => "down",
        _ => "",
    };
    Some(Column {
        sorted: wanted.sorted(key),
        fact,
        way,
    })
}

fn chips(wanted: &Wanted, conditions: &[Condition], facts: &[Fact], bindings: &Bindings, ui: Ui) -> Vec<Chip> {
    let mut chips: Vec<Chip> = Vec::new();
    let between = if ui.is_chinese() { "、" } else { ", " };
    for binding in &bindings.0 {
        let titles = binding
            .segments
            .iter()
            .filter(|segment| wanted.segments.contains(&segment.name));
        let titles: Vec<&str> = titles.map(|segment| segment.title.as_str()).collect();
        if !titles.is_empty() {
            chips.push(Chip {
                title: binding.name.clone(),
                said: titles.join(between),
                without: wanted.without_segments(&binding.name),
            });
        }
    }
    for (condition, text) in conditions.iter().zip(&wanted.facts) {
        if let Some(fact) = facts.iter().find(|fact| fact.key == condition.fact) {
            chips.push(Chip {
                title: fact.title.clone(),
                said: said(fact, condition, ui),
                without: wanted.without_fact(text),
            });
        }
    }
    chips
}

/// The list as a file: what it shows, of everybody in it.
pub(super) async fn export(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(fields): Fields,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    caller.may(Scope::Exports)?;
    let ui = Ui::from(bare);
    let wanted = Wanted::read(fields);
    let profiles = desk.app().profiles();
    let conditions = profiles.conditions(caller, &wanted.facts).await?;
    let browse = wanted.browse(conditions, PAGE);
    let facts = facts::all(&desk, caller, ui).await?;
    file::of(&desk, caller, &browse, &facts, ui).await
}
