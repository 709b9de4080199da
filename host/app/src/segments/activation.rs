//! Putting a rule into force, and an older one back.

use super::cause::Cause;
use super::classify::SegmentationRule;
use super::summary::NewRevision;
use super::{RunSummary, SEGMENTATION};
use crate::Segments;
use crate::days::Of;
use crate::error::{AppError, Result};
use crate::rules::bindings::{BindingView, check_binding_name, older_revision};
use crate::rules::call::failure_for;
use crate::rules::grants::{reads, to_be_written};
use crate::rules::plugins::wrong_extension_point;
use crate::rules::{Activation, check_present};
use crate::team::Caller;
use posthouse_engine::{Plugin, SegmentationPlugin};
use posthouse_store::{Access, plugins as bindings};
use serde_json::Value;
use uuid::Uuid;

/// A plugin where a segmentation is needed.
pub(super) fn segmentation(plugin: Plugin) -> Result<SegmentationPlugin> {
    plugin
        .front()
        .ok_or_else(|| wrong_extension_point(&plugin, SEGMENTATION))
}

impl Segments<'_> {
    /// A rule of this agency: the plugin loaded, its settings checked.
    pub(crate) async fn rule(
        &self,
        agency: Uuid,
        binding: &str,
        digest: &str,
        config: &Value,
    ) -> Result<SegmentationRule> {
        check_binding_name(binding)?;
        let opened = self.app.plugins().open(agency, digest).await?;
        let plugin = segmentation(opened.clone())?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let attributes = posthouse_store::attributes::definitions(&mut tx, agency).await?;
        drop(tx);
        let config = self.app.plugins().fitting(agency, &opened, config).await?;
        SegmentationRule::new(plugin, config, agency, binding, &attributes)
    }

    /// Puts a rule into force: when this returns, everyone is in the segment the new rule gives, and nothing was ever decided by a
    /// mixture of two rules.
    ///
    /// # Errors
    /// `grant_needed` if the plugin reads facts that were not granted; `grant_not_allowed` if the caller may not grant them; `unknown_fact` if the grant names none; `revision_changed` if `expected` is not the revision in force;
    /// settings that do not fit, a rule that fails. The old rule stays in force then.
    pub async fn activate(
        &self,
        caller: &Caller,
        name: &str,
        activation: Activation,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        let rule = self
            .rule(caller.room.id, name, &activation.digest, &activation.config)
            .await?;
        let new = NewRevision {
            rule,
            digest: activation.digest,
            grant: activation.grant.unwrap_or_default(),
            restores: None,
            asker: Some(caller.clone()),
            instead_of: expected,
            note: None,
        };
        self.put_revision(caller, name, new, Cause::Activation).await
    }

    /// Puts an older revision back into force. It is a new revision that says what it restores. Without `to` it walks back: from a
    /// revision that restored an older one to what stood before that one, so that each further call goes further back.
    ///
    /// # Errors
    /// As [`Segments::activate`]; `nothing_to_restore` if there is no older revision.
    pub async fn roll_back(
        &self,
        caller: &Caller,
        name: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let older = older_revision(&mut tx, agency, SEGMENTATION, name, to).await?;
        drop(tx);
        let config = serde_json::from_str(&older.config).map_err(AppError::corrupt("settings"))?;
        let rule = self.rule(agency, name, &older.digest, &config).await?;
        let new = NewRevision {
            rule,
            digest: older.digest,
            grant: Vec::new(),
            restores: Some(older.revision),
            asker: Some(caller.clone()),
            instead_of: expected,
            note: None,
        };
        self.put_revision(caller, name, new, Cause::Rollback).await
    }

    async fn put_revision(
        &self,
        caller: &Caller,
        name: &str,
        mut new: NewRevision,
        cause: Cause,
    ) -> Result<BindingView> {
        let room = &caller.room;
        let (mut desk, moment) = self.app.days().desk(room, Of::Today).await?;
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let present = bindings::binding(&mut tx, room.id, SEGMENTATION, name).await?;
        drop(tx);
        check_present(name, new.instead_of, present.as_ref().map_or(0, |row| row.revision))?;
        new.grant = self.grants(caller, name, &new, present.is_none()).await?;
        let ran = self.full_run(room, &mut desk, moment, name, Some(new), cause).await;
        let summary: RunSummary = ran.map_err(|error| failure_for(caller, error))?;
        drop(desk);
        let mut view = self.app.bindings().get(caller, SEGMENTATION, name).await?;
        view.diff = Some(summary.diff);
        Ok(view)
    }

    /// The grants to be written.
    async fn grants(&self, caller: &Caller, name: &str, new: &NewRevision, first: bool) -> Result<Vec<String>> {
        let reads = reads(new.rule.plugin.description());
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        to_be_written(&mut tx, caller, (SEGMENTATION, name), &reads, (&new.grant, first)).await
    }
}
