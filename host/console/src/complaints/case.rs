//! A case: what happened, its clocks, whose it is, what puts it right.

use super::list::desk_names;
use super::may_enter;
use super::told::{CLOCKS, Clock, Entry};
use crate::Desk;
use crate::door::{Bare, Staff, origin};
use crate::fault::{Answer, page};
use crate::once;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use posthouse_app::complaints::{CaseView, CompensationView, FileView};
use posthouse_app::team::Scope;
use posthouse_domain::complaints::{Cause, Liability, Remedy, Step};
use serde::Deserialize;
use uuid::Uuid;

/// Entries of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    before: Option<i64>,
}

/// A promise, with the names of whoever made it and decided on it.
struct Promise {
    view: CompensationView,
    amount: String,
    by: String,
    decided_by: String,
}

#[derive(Template)]
#[template(path = "complaints/case.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    case: CaseView,
    name: String,
    person: String,
    desk: String,
    clocks: Vec<Clock>,
    entries: Vec<Entry>,
    older: Option<i64>,
    promises: Vec<Promise>,
    files: Vec<FileView>,
    crisis: Option<(Uuid, String)>,
    desks: Vec<(String, String)>,
    staff: Vec<(Uuid, String)>,
    link: Option<String>,
    once: Uuid,
    may_act: bool,
    may_promise: bool,
    causes: &'static [Cause],
    liabilities: &'static [Liability],
    remedies: &'static [Remedy],
}

impl Page {
    fn can(&self, step: &str) -> bool {
        self.may_act && self.case.possible.iter().any(|one| one.as_str() == step)
    }

    /// The step that most often comes next.
    fn next(&self) -> &'static str {
        let can = |step: Step| self.case.possible.contains(&step);
        match () {
            () if self.case.first_response_at.is_none() && can(Step::Reply) => "reply",
            () if can(Step::Propose) && self.promises.is_empty() => "propose",
            () if can(Step::Resolve) => "resolve",
            () if can(Step::Close) => "close",
            () => "note",
        }
    }

    fn is_not_next(&self, step: &str) -> bool {
        step != self.next()
    }

    /// Steps that take a text and nothing else.
    fn plain(&self) -> Vec<&'static str> {
        let all = ["reply", "note", "answer", "propose", "accept", "reopen", "withdraw"];
        all.into_iter().filter(|step| self.can(step)).collect()
    }

    fn needs_text(&self, step: &str) -> bool {
        !matches!(step, "accept" | "withdraw")
    }
}

/// A case, by its id or number.
pub(super) async fn open(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    parts: Parts,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let (ui, app) = (Ui::from(bare), desk.app());
    let complaints = app.complaints();
    let case = complaints.case(caller, &id).await?;
    let may_act = caller.may(Scope::Intake).is_ok();
    let mut entries = complaints.entries(caller, &id, asked.before, PAGE + 1).await?;
    let older = (entries.len() > PAGE).then(|| entries[PAGE - 1].nth);
    entries.truncate(PAGE);
    let promises = match caller.must_see_money() {
        Ok(()) => complaints.compensations(caller, &id).await?,
        Err(_) => Vec::new(),
    };
    let people: Vec<Uuid> = entries
        .iter()
        .filter_map(|entry| entry.actor)
        .chain(case.person)
        .chain(
            promises
                .iter()
                .flat_map(|one| [one.proposed_by, one.decided_by])
                .flatten(),
        )
        .collect();
    let names = app.audit().names(caller, &people).await?;
    let named = |id: Option<Uuid>| id.and_then(|id| names.get(&id)).cloned().unwrap_or_default();
    let name = match case.customer {
        Some(customer) => {
            let labels = app.profiles().labels(caller, &[customer]).await?;
            labels
                .get(&customer)
                .map_or_else(String::new, |label| label.label.clone())
        }
        None => case
            .contact
            .as_ref()
            .and_then(|contact| contact.name.clone())
            .unwrap_or_default(),
    };
    let titles = desk_names(&desk, caller, ui).await?;
    let own = complaints.desks(caller).await?;
    let seats: Vec<Uuid> = own
        .iter()
        .filter(|one| one.key == case.desk)
        .flat_map(|one| one.people.iter().map(|seat| seat.person))
        .collect();
    let seated = app.audit().names(caller, &seats).await?;
    let crisis = match case.crisis {
        Some(id) => complaints
            .crisis(caller, &id.to_string())
            .await
            .ok()
            .map(|crisis| (id, crisis.number)),
        None => None,
    };
    let link = match may_act && caller.must_see_contact().is_ok() {
        true => Some(format!(
            "{}{}",
            origin(&desk, &parts),
            complaints.page_of(caller, &id).await?
        )),
        false => None,
    };
    let amount = |view: &CompensationView| match view.what.remedy {
        Remedy::Apology => String::new(),
        Remedy::Points => ui.number(view.what.amount),
        _ => ui.money(view.what.amount),
    };
    let clock = |kind| {
        case.clocks
            .iter()
            .find(|clock| clock.kind == kind)
            .map(|clock| Clock::of(ui, clock))
    };
    page(&Page {
        name,
        person: named(case.person),
        desk: titles.get(&case.desk).cloned().unwrap_or_else(|| case.desk.clone()),
        clocks: CLOCKS.into_iter().filter_map(clock).collect(),
        promises: promises
            .into_iter()
            .map(|view| Promise {
                amount: amount(&view),
                by: named(view.proposed_by),
                decided_by: named(view.decided_by),
                view,
            })
            .collect(),
        entries: entries
            .into_iter()
            .map(|entry| Entry::of(ui, entry, &names, &titles))
            .collect(),
        older,
        files: complaints.files(caller, &id).await?,
        crisis,
        desks: own
            .iter()
            .map(|one| (one.key.clone(), ui.local(&one.title).to_owned()))
            .collect(),
        staff: seats
            .iter()
            .filter_map(|id| Some((*id, seated.get(id)?.clone())))
            .collect(),
        link,
        once: once::name(&desk),
        may_act,
        may_promise: may_act && caller.must_see_money().is_ok(),
        causes: Cause::ALL,
        liabilities: Liability::ALL,
        remedies: Remedy::ALL,
        shell: Shell::new(&session, ui, "complaints"),
        case,
        ui,
    })
}

/// A file of a case. A browser saves it, and shows it nowhere on this server.
pub(super) async fn file(
    State(desk): State<Desk>,
    Staff(session): Staff,
    Path((id, nth)): Path<(String, i32)>,
) -> Answer {
    may_enter(&session.caller)?;
    let (file, content) = desk.app().complaints().attachment(&session.caller, &id, nth).await?;
    Ok(saved(&file, content))
}

/// A file that a browser saves.
pub(super) fn saved(file: &FileView, content: Vec<u8>) -> Response {
    let media = HeaderValue::from_str(&file.media).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let end = file.media.rsplit('/').next().unwrap_or("bin");
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{}.{end}\"", file.nth));
    let headers = [
        (header::CONTENT_TYPE, media),
        (
            header::CONTENT_DISPOSITION,
            name.unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, content).into_response()
}
