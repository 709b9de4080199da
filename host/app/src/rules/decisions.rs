//! Looking at decisions.

use crate::Decisions;
use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::team::{Caller, Mask};
use posthouse_store::Access;
use posthouse_store::decisions::{self as store, DecisionRow, Filter, Latest};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A decision: what a rule was asked, what it said, and what the host made of it.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionView {
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
    /// SHA-256 of its settings as canonical JSON.
    pub config_digest: String,
    /// About whom.
    pub customer_id: Option<Uuid>,
    /// On what: its kind and its id.
    pub subject: Option<(String, Uuid)>,
    /// Business time, in ms since 1970.
    pub at: i64,
    /// What it was asked.
    pub input: Value,
    /// What it said.
    pub output: Value,
    /// `answered`, or the code of the fault.
    pub outcome: String,
    /// What the host made of it.
    pub effect: Value,
    /// What the call used.
    pub usage: Value,
    /// The lines it logged.
    pub log: Value,
}

impl DecisionView {
    fn read(row: DecisionRow) -> Result<Self> {
        let json = |text: &str, what| serde_json::from_str::<Value>(text).map_err(AppError::corrupt(what));
        Ok(Self {
            id: row.id,
            extension_point: row.extension_point,
            binding: row.binding,
            revision: row.revision,
            digest: row.digest,
            config_digest: row.config_digest,
            customer_id: row.customer_id,
            subject: row.subject_kind.zip(row.subject_id),
            at: row.at,
            input: json(&row.input, "input")?,
            output: json(&row.output, "output")?,
            outcome: row.outcome,
            effect: json(&row.effect, "effect")?,
            usage: json(&row.usage, "usage")?,
            log: json(&row.log, "log")?,
        })
    }
}

/// Which decisions are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
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

impl Decisions<'_> {
    /// One decision.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<DecisionView> {
        caller.must_see(&Mask::ALL)?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::decision(&mut tx, caller.room.id, id).await?;
        DecisionView::read(row.ok_or(AppError::NotFound("decision"))?)
    }

    /// Decisions before `before`, the newest first: `limit` at most, fewer where little of what was decided is wanted; and where they go on.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: DecisionFilter,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<DecisionView>, Option<Uuid>)> {
        caller.must_see(&Mask::ALL)?;
        let filter = Filter {
            binding: filter.binding,
            customer: filter.customer,
            subject: filter.subject,
            digest: filter.digest,
            outcome: filter.outcome,
        };
        let before = before.unwrap_or(Uuid::max());
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let Latest { rows, next } = store::latest(&mut tx, caller.room.id, &filter, before, limit).await?;
        drop(tx);
        let views = beside(move || rows.into_iter().map(DecisionView::read).collect::<Result<_>>());
        Ok((views.await??, next))
    }
}
