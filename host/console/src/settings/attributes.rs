//! The agency's own fields of a customer.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::team::Scope;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::{FactKind, Sensitivity};
use posthouse_domain::{Localized, words};
use serde::Deserialize;

const HERE: &str = "/settings/attributes";
/// The kinds that an attribute can be of, the usual ones first.
const KINDS: [FactKind; 6] = [
    FactKind::Text,
    FactKind::Flag,
    FactKind::Day,
    FactKind::Count,
    FactKind::Number,
    FactKind::Money,
];

#[derive(Template)]
#[template(path = "settings/attributes.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<AttributeDef>,
    kinds: [&'static str; 6],
    /// Whether the reader may declare one ordinary, so that any rule can read it.
    may_open: bool,
}

impl List {
    fn is_ordinary(&self, row: &AttributeDef) -> bool {
        row.sensitivity == Sensitivity::Ordinary
    }
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "settings"),
        tabs: tabs(&session.caller, "attributes"),
        rows: desk.app().attributes().list(&session.caller).await?,
        kinds: KINDS.map(FactKind::as_str),
        may_open: session.caller.may(Scope::Grants).is_ok(),
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    key: String,
    kind: String,
    zh: String,
    en: String,
    #[serde(default)]
    sensitivity: String,
    /// Whether one is made: one that is there is not written over by mistake.
    #[serde(default)]
    is_new: bool,
}

/// Defines an attribute, or gives one another title or sensitivity.
pub(super) async fn define(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let (ui, caller, attributes) = (Ui::from(bare), &session.caller, desk.app().attributes());
    let key = sent.key.trim().to_owned();
    if sent.is_new && attributes.list(caller).await?.iter().any(|known| known.key == key) {
        let detail = words!(
            "there is an attribute {key} already; change that one, or choose another key",
            "已有属性 {key}；请修改它，或换一个键"
        );
        return refused(AppError::invalid("bad_key", detail), scripted, ui);
    }
    let definition = AttributeDef {
        key,
        kind: FactKind::parse(&sent.kind).unwrap_or(FactKind::Text),
        title: Localized::new(sent.zh.trim(), sent.en.trim()),
        sensitivity: match sent.sensitivity.as_str() {
            "ordinary" => Sensitivity::Ordinary,
            _ => Sensitivity::Personal,
        },
    };
    match attributes.define(caller, definition).await {
        Ok(definition) => {
            let said = ui
                .say("settings-attribute-kept")
                .with("title", ui.local(&definition.title));
            Ok(led(scripted, HERE, &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

pub(super) async fn delete(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(key): Path<String>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    desk.app().attributes().delete(&session.caller, &key).await?;
    let said = Ui::from(bare).say("settings-attribute-gone").with("key", key);
    Ok(led(scripted, HERE, &Done::said(said)))
}
