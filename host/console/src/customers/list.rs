//! The list of customers, narrowed by segments and facts and sorted by any of them.

use super::facts::{self, Fact, Typed, said};
use super::segments::{Bindings, bindings};
use super::wanted::Wanted;
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, again, page};
use crate::shell::Shell;
use crate::shell::lead::leave_for;
use crate::ui::Ui;
use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use posthouse_app::AppError;
use posthouse_app::profiles::FoundRow;
use posthouse_app::sheet::Sheet;
use posthouse_app::team::Scope;
use posthouse_domain::campaign::Condition;

/// Customers of a page.
const PAGE: usize = 50;

type Fields = Query<Vec<(String, String)>>;

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
    may_export: bool,
    may_write: bool,
}

impl List {
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
    if is_part && wanted.cursor.is_some() {
        return page(&Rows {
            ui,
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
        may_export: caller.may(Scope::Exports).is_ok(),
        may_write: caller.may(Scope::Intake).is_ok(),
        wanted,
    })
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

/// The fields of a condition on one fact.
#[derive(Template)]
#[template(path = "customers/condition.html")]
struct ConditionFields {
    ui: Ui,
    kind: &'static str,
    typed: Typed,
    wrong: bool,
}

fn find(fields: &[(String, String)], name: &str) -> String {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or_else(String::new, |(_, value)| value.clone())
}

/// What can be asked of a fact: numbers have bounds, flags an answer, texts a list.
pub(super) async fn fields(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(fields): Fields,
) -> Answer {
    session.caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let facts = facts::all(&desk, &session.caller, ui).await?;
    let asked = find(&fields, "about");
    let kind = facts
        .iter()
        .find(|fact| fact.key == asked)
        .map_or("none", |fact| fact.kind.as_str());
    page(&ConditionFields {
        ui,
        kind,
        typed: Typed::default(),
        wrong: false,
    })
}

/// Leads to the list with one condition more.
pub(super) async fn narrow(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Part(is_part): Part,
    Query(sent): Fields,
) -> Answer {
    session.caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let facts = facts::all(&desk, &session.caller, ui).await?;
    let asked = find(&sent, "about");
    let typed = Typed {
        least: find(&sent, "least"),
        most: find(&sent, "most"),
        is: find(&sent, "is"),
        texts: find(&sent, "texts"),
    };
    let fact = facts.iter().find(|fact| fact.key == asked);
    let condition = fact.and_then(|fact| facts::condition(fact, &typed, ui.currency));
    match condition {
        Some(condition) => Ok(leave_for(&Wanted::read(sent).with_fact(condition), is_part)),
        None => again(&ConditionFields {
            ui,
            kind: fact.map_or("none", |fact| fact.kind.as_str()),
            typed,
            wrong: true,
        }),
    }
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
    let columns: Vec<Fact> = browse
        .columns
        .iter()
        .filter_map(|key| facts.iter().find(|fact| fact.key == *key))
        .cloned()
        .collect();
    let bindings = bindings(&desk, caller, ui).await?;
    let all = profiles.browse_all(caller, &browse).await?;
    let first = head(&columns, ui)?;
    let state = (all, bindings, columns, Some(first));
    let pieces = futures_util::stream::unfold(Some(state), move |state| async move {
        let (mut all, bindings, columns, first) = state?;
        if let Some(first) = first {
            return Some((Ok(first), Some((all, bindings, columns, None))));
        }
        let page = all
            .page()
            .await
            .and_then(|page| page.map(|rows| lines(&rows, &bindings, &columns, ui)).transpose());
        match page {
            Ok(Some(lines)) => Some((Ok(lines), Some((all, bindings, columns, None)))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"customers.csv\""),
    ];
    Ok::<Response, _>((headers, Body::from_stream(pieces)).into_response())
}

/// One customer as a row of a file.
fn put(sheet: &mut Sheet, row: &FoundRow, bindings: &Bindings, columns: &[Fact], ui: Ui) -> Result<(), AppError> {
    let label = &row.summary.label;
    let segments: Vec<String> = row
        .summary
        .segments
        .iter()
        .map(|segment| bindings.title(segment))
        .collect();
    sheet.text(&label.label)?;
    sheet.text(label.member_no.as_deref().unwrap_or_default())?;
    sheet.text(&segments.join("; "))?;
    for (fact, value) in columns.iter().zip(&row.values) {
        let value = fact.in_a_file(value.as_ref(), ui.currency);
        if fact.is_number() {
            sheet.own(value)?
        } else {
            sheet.text(&value)?
        }
    }
    sheet.end_row()
}

/// The head of a file, and what says that it is UTF-8.
fn head(columns: &[Fact], ui: Ui) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', "\u{feff}".as_bytes());
    for key in ["customers-customer", "customers-member-no", "customers-segments"] {
        sheet.text(&crate::texts::Saying::new(ui.language, key).to_string())?;
    }
    for fact in columns {
        sheet.text(&fact.title)?;
    }
    sheet.end_row()?;
    sheet.bytes()
}

fn lines(rows: &[FoundRow], bindings: &Bindings, columns: &[Fact], ui: Ui) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', b"");
    for row in rows {
        put(&mut sheet, row, bindings, columns, ui)?;
    }
    sheet.bytes()
}
