//! The list of customers.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::search::CustomerSummary;
use posthouse_app::team::Scope;
use serde::Deserialize;

/// Customers of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    segment: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "customers/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    q: String,
    rows: Vec<CustomerSummary>,
    next: Option<String>,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let q = asked.q.trim().to_owned();
    let (rows, next) = desk
        .app()
        .profiles()
        .list(
            &session.caller,
            Some(q.as_str()).filter(|q| !q.is_empty()),
            asked.segment.as_deref(),
            asked.cursor.as_deref(),
            PAGE,
        )
        .await?;
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "customers"),
        q,
        rows,
        next,
    })
}
