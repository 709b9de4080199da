//! With which revision a full run happens, and what it says it did.

use super::Live;
use super::classify::SegmentationRule;
use crate::rules::Diff;
use crate::team::Caller;
use serde::Serialize;

/// What a full run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// The binding.
    pub binding: String,
    /// Number of the run within the binding.
    pub run: i64,
    /// Number of the revision that decided.
    pub revision: i64,
    /// Its plugin.
    pub digest: String,
    /// `activation`, `rollback`, `breaker`, `request` or `midnight`.
    pub cause: String,
    /// Business time, in ms since 1970.
    pub at: i64,
    /// How many customers were classified.
    pub customers: i64,
    /// How many moved.
    pub changed: i64,
    /// Fuel used.
    pub fuel: i64,
    /// Wall-clock milliseconds.
    pub duration_ms: i64,
    /// What moved.
    pub diff: Diff,
}

impl RunSummary {
    /// The latest run of a binding, without what it moved.
    pub(super) fn of(live: &Live) -> Self {
        let run = &live.run;
        Self {
            binding: live.row.name.clone(),
            run: run.run,
            revision: run.revision,
            digest: run.digest.clone(),
            cause: run.cause.clone(),
            at: run.at,
            customers: run.customers,
            changed: run.moved,
            fuel: run.fuel,
            duration_ms: run.duration_ms,
            diff: Diff::default(),
        }
    }
}

/// A revision about to come into force.
#[derive(Debug, Clone)]
pub(crate) struct NewRevision {
    pub(crate) rule: SegmentationRule,
    pub(crate) digest: String,
    /// Facts granted with it.
    pub(crate) grant: Vec<String>,
    /// The revision it brings back.
    pub(crate) restores: Option<i64>,
    /// Who asked; none if the host does it by itself.
    pub(crate) asker: Option<Caller>,
    /// The revision in whose place it comes, 0 for none; if that is not in force any more nothing happens.
    pub(crate) instead_of: Option<i64>,
    /// Why the host does it by itself.
    pub(crate) note: Option<String>,
}

impl NewRevision {
    /// Whether whoever asked may read customers.
    pub(crate) fn reads(&self) -> bool {
        self.asker.as_ref().is_some_and(|asker| asker.reads_everything())
    }
}
