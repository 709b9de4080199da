//! Facts as people call them.

use crate::Desk;
use crate::ui::Ui;
use posthouse_app::Result;
use posthouse_app::team::Caller;
use posthouse_domain::Localized;
use posthouse_domain::catalogue::{self, FactKind, Sensitivity};
use serde_json::Value;
use std::collections::HashMap;

/// What stands before a binding's name where a rule reads its segment.
const SEGMENT: &str = "segment.";

/// A fact, as a page names it.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Whether it says who somebody is or what they spend, so that granting it is a right of its own.
    pub(crate) is_personal: bool,
}

#[derive(Debug)]
struct Known {
    title: Localized,
    kind: FactKind,
    sensitivity: Sensitivity,
}

/// Every fact that an agency has.
#[derive(Debug)]
pub(crate) struct Facts {
    ui: Ui,
    known: HashMap<String, Known>,
}

impl Facts {
    /// The catalogue, and what the agency has defined.
    pub(crate) async fn of(desk: &Desk, caller: &Caller, ui: Ui) -> Result<Self> {
        let catalogue = catalogue::readable().map(|fact| {
            let known = Known {
                title: Localized::new(fact.meaning.0, fact.meaning.1),
                kind: fact.kind,
                sensitivity: fact.sensitivity,
            };
            (fact.key.to_owned(), known)
        });
        let own = desk.app().attributes().list(caller).await?;
        let own = own.into_iter().map(|fact| {
            let (key, kind, sensitivity) = (fact.fact_key(), fact.kind, fact.sensitivity);
            let title = fact.title;
            (
                key,
                Known {
                    title,
                    kind,
                    sensitivity,
                },
            )
        });
        Ok(Self {
            ui,
            known: catalogue.chain(own).collect(),
        })
    }

    /// The fact of this key. One that is not known any more is called by its key.
    pub(crate) fn named(&self, key: &str) -> Fact {
        let (title, is_personal) = match (self.known.get(key), key.strip_prefix(SEGMENT)) {
            (Some(known), _) => (
                self.ui.local(&known.title).to_owned(),
                known.sensitivity == Sensitivity::Personal,
            ),
            (None, Some(binding)) => (
                self.ui.say("parts-segment-of").with("binding", binding).to_string(),
                false,
            ),
            (None, None) => (key.to_owned(), true),
        };
        Fact {
            key: key.to_owned(),
            title,
            is_personal,
        }
    }

    /// What a fact says, as people read it.
    pub(crate) fn told(&self, key: &str, value: &Value) -> String {
        match (self.known.get(key).map(|known| known.kind), value) {
            (_, Value::Null) => "—".into(),
            (Some(FactKind::Money), Value::Number(minor)) => self.ui.money(minor.as_i64().unwrap_or_default()),
            (Some(FactKind::Day), Value::Number(day)) => self.ui.day(&(day.as_i64().unwrap_or_default() as i32)),
            (_, Value::Bool(true)) => self.ui.say("parts-yes").to_string(),
            (_, Value::Bool(false)) => self.ui.say("parts-no").to_string(),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        }
    }

    pub(crate) fn all<'k>(&self, keys: impl IntoIterator<Item = &'k String>) -> Vec<Fact> {
        keys.into_iter().map(|key| self.named(key)).collect()
    }
}
