//! Narrowing the list of customers by one fact more.

use super::facts::{self, Typed};
use super::list::Fields;
use super::wanted::Wanted;
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, again, page};
use crate::shell::lead::leave_for;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::team::Scope;

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
