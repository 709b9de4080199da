//! What is known of every loaded plugin, whatever it decides.

use crate::contract::Linked;
use crate::description::Description;
use crate::descriptor::{Own, check_description};
use crate::fault::Fault;
use crate::limits::Limits;
use crate::problem::{Problem, TOLD};
use crate::refusal::Refusal;
use posthouse_domain::{Localized, Words, words};
use std::fmt;

/// Which plugin it is, what it says of itself, and how it is reached.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) digest: String,
    pub(crate) description: Description,
    pub(crate) linked: Linked,
}

impl Identity {
    /// Asks a component what it is, and checks every word of the answer, with what its extension point asks of its own.
    pub(crate) fn ask(linked: Linked, digest: String, own: &Own) -> Result<Self, Refusal> {
        let description = linked.describe().map_err(unusable)?;
        check_description(&description, own, linked.limits())?;
        Ok(Self {
            digest,
            description,
            linked,
        })
    }

    /// The limits it runs under.
    pub(crate) fn limits(&self) -> &Limits {
        self.linked.limits()
    }

    /// What the plugin finds wrong with settings that are valid under its schema; nothing if they fit together.
    pub(crate) fn validate(&self, config: &str) -> Result<Vec<Problem>, Fault> {
        let (answer, _) = self.linked.validate(config)?;
        let Err(mut problems) = answer else {
            return Ok(Vec::new());
        };
        if problems.is_empty() {
            // it refuses them all the same
            problems.push(Problem::said(String::new(), Localized::default()));
        }
        let more = problems.len().saturating_sub(TOLD);
        problems.truncate(TOLD);
        let mut checked: Vec<Problem> = problems
            .into_iter()
            .map(|problem| problem.checked(self.limits()))
            .collect();
        if more > 0 {
            checked.push(Problem {
                path: String::new(),
                text: words!("and {more} more", "另有 {more} 处"),
            });
        }
        Ok(checked)
    }

    /// The form in which a plugin is named in traces.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("digest", &self.digest)
            .field("name", &self.description.name)
            .field("version", &self.description.version)
            .finish_non_exhaustive()
    }
}

/// A plugin that cannot even say what it is.
pub(crate) fn unusable(fault: Fault) -> Refusal {
    Refusal::new("bad_descriptor", Words::of(&fault))
}
