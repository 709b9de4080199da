//! Facts as people call them.

use crate::Desk;
use crate::ui::Ui;
use posthouse_app::Result;
use posthouse_app::team::Caller;
use posthouse_domain::Localized;
use posthouse_domain::catalogue::{self, Sensitivity};
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

/// Every fact that an agency has.
#[derive(Debug)]
pub(crate) struct Facts {
    ui: Ui,
    known: HashMap<String, (Localized, Sensitivity)>,
}

impl Facts {
    /// The catalogue, and what the agency has defined.
    pub(crate) async fn of(desk: &Desk, caller: &Caller, ui: Ui) -> Result<Self> {
        let catalogue = catalogue::readable().map(|fact| {
            let title = Localized::new(fact.meaning.0, fact.meaning.1);
            (fact.key.to_owned(), (title, fact.sensitivity))
        });
        let own = desk.app().attributes().list(caller).await?;
        let own = own
            .into_iter()
            .map(|fact| (fact.fact_key(), (fact.title, fact.sensitivity)));
        Ok(Self {
            ui,
            known: catalogue.chain(own).collect(),
        })
    }

    /// The fact of this key. One that is not known any more is called by its key.
    pub(crate) fn named(&self, key: &str) -> Fact {
        let (title, is_personal) = match (self.known.get(key), key.strip_prefix(SEGMENT)) {
            (Some((title, sensitivity)), _) => (self.ui.local(title).to_owned(), *sensitivity == Sensitivity::Personal),
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

    pub(crate) fn all<'k>(&self, keys: impl IntoIterator<Item = &'k String>) -> Vec<Fact> {
        keys.into_iter().map(|key| self.named(key)).collect()
    }
}
