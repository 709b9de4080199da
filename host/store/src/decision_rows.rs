//! A decision as it is stored, and which of them are wanted.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

/// A decision with all it takes to make it again.
///
/// In the document of a set it is written without what it shares with the others of the set.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, Deserialize)]
pub struct DecisionRow {
    /// Id.
    pub id: Uuid,
    /// What was decided.
    pub extension_point: String,
    /// The binding that decided.
    pub binding: String,
    /// Its revision.
    pub revision: i64,
    /// The plugin.
    pub digest: String,
    /// SHA-256 of its settings.
    pub config_digest: String,
    /// About whom.
    #[serde(skip)]
    pub customer_id: Option<Uuid>,
    /// What kind of thing it is a decision on, as `quote`; with it goes `subject_id`.
    #[serde(skip)]
    pub subject_kind: Option<String>,
    /// Which one.
    #[serde(skip)]
    pub subject_id: Option<Uuid>,
    /// Business time, in ms since 1970.
    #[serde(skip)]
    pub at: i64,
    /// What it was asked, as canonical JSON.
    pub input: String,
    /// What it said, as canonical JSON.
    pub output: String,
    /// `answered`, or the code of the fault.
    pub outcome: String,
    /// What the host made of it, as JSON.
    pub effect: String,
    /// What the call used, as JSON.
    pub usage: String,
    /// The lines it logged, as JSON; kept apart from it, and no longer than they are wanted.
    #[serde(skip)]
    #[sqlx(default)]
    pub log: String,
}

/// Which decisions are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this extension point and binding.
    pub binding: Option<(String, String)>,
    /// About this customer.
    pub customer: Option<Uuid>,
    /// On this subject: its kind and its id.
    pub subject: Option<(String, Uuid)>,
    /// Made by this plugin.
    pub digest: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
}

impl Filter {
    /// Whether it takes a decision whose customer and subject it takes.
    pub(crate) fn takes(&self, row: &DecisionRow) -> bool {
        let of_binding = |(point, name): &(String, String)| (point, name) == (&row.extension_point, &row.binding);
        self.binding.as_ref().is_none_or(of_binding)
            && self.digest.as_ref().is_none_or(|digest| *digest == row.digest)
            && self.outcome.as_ref().is_none_or(|outcome| *outcome == row.outcome)
    }
}
