//! Putting a rule into force, and an older one back.

use super::classify::Rule;
use super::summary::{Cause, NewRevision};
use super::{Diff, RunSummary, SEGMENTATION};
use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::{Rejection, canonical, catalogue};
use posthouse_store::plugins::{self as store, BindingRevisionRow};
use posthouse_store::{Access, Tx};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// What is to come into force.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// Facts granted beyond those granted before; `None` grants nothing new.
    pub grant: Option<Vec<String>>,
}

/// A binding as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct BindingView {
    /// What it decides.
    pub extension_point: String,
    /// The agency's name for it.
    pub name: String,
    /// Number of the revision in force.
    pub revision: i64,
    /// `active`.
    pub mode: &'static str,
    /// The plugin in force.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// SHA-256 of the settings as canonical JSON.
    pub config_digest: String,
    /// When it came into force, in ms since 1970.
    pub activated_at: i64,
    /// Facts the agency has granted to it.
    pub granted: Vec<String>,
    /// Since when the rule fails and old memberships stand.
    pub stale_since: Option<i64>,
    /// How it fails.
    pub stale_reason: Option<String>,
    /// What the activation moved; in lists it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
}

/// One revision of a binding's history.
#[derive(Debug, Clone, Serialize)]
pub struct RevisionView {
    /// Counts from 1.
    pub revision: i64,
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// SHA-256 of the settings as canonical JSON.
    pub config_digest: String,
    /// The revision a rollback brought back.
    pub restores: Option<i64>,
    /// `activation`, `rollback`, or `breaker`: the host went back by itself because the rule kept failing.
    pub cause: String,
    /// How the rule failed, if the host went back by itself.
    pub note: Option<String>,
    /// The key that asked for it; none if the host did it by itself.
    pub activated_by: Option<Uuid>,
    /// When it came into force, in ms since 1970.
    pub activated_at: i64,
    /// What it moved.
    pub diff: Diff,
}

/// A name that can stand in a path before a dot.
pub(crate) fn check_binding_name(name: &str) -> Result<()> {
    let good = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-');
    if good {
        Ok(())
    } else {
        Err(AppError::invalid(
            "bad_name",
            format!("binding name {name:?} must be 1 to 64 lower-case letters, digits and hyphens"),
        ))
    }
}

/// Facts the rule's plugin reads that are not among `granted`.
pub(crate) fn ungranted(rule: &Rule, granted: &[String]) -> Vec<String> {
    let declared = rule.plugin.description().facts.iter().map(|fact| fact.key.clone());
    declared.filter(|fact| !granted.contains(fact)).collect()
}

/// Whether nothing but `{}` is valid under a schema of settings.
fn has_no_settings(schema: &str) -> bool {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let named = schema["properties"].as_object().is_some_and(|named| !named.is_empty());
    schema["additionalProperties"] == false && !named && schema["patternProperties"].is_null()
}

/// Passes keys of the catalogue only: a misspelt grant must not look like one.
fn check_facts(keys: &[String]) -> Result<()> {
    let unknown: Vec<String> = keys
        .iter()
        .filter(|key| catalogue::position(key).is_none())
        .map(|key| format!("{:?}", key.chars().take(64).collect::<String>()))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(AppError::invalid(
        "unknown_fact",
        format!(
            "grant names {}, which no fact is called; GET /api/v1/facts lists all facts",
            unknown.join(", ")
        ),
    ))
}

/// One revision of a binding; `None` if it has no such one.
async fn revision(tx: &mut Tx, agency: Uuid, name: &str, number: i64) -> Result<Option<BindingRevisionRow>> {
    let newest = store::revisions(tx, agency, SEGMENTATION, name, number.saturating_add(1), 1).await?;
    Ok(newest.into_iter().find(|row| row.revision == number))
}

/// The revision that first put into force what `number` did: itself, or the one it brought back, however often that was done.
async fn origin(tx: &mut Tx, agency: Uuid, name: &str, mut number: i64) -> Result<i64> {
    // a revision restores older ones only, so this comes to an end
    while let Some(restored) = revision(tx, agency, name, number).await?.and_then(|row| row.restores) {
        number = restored;
    }
    Ok(number)
}

impl App {
    /// A rule of this agency: the plugin loaded, its settings checked.
    pub(crate) async fn rule(&self, agency: Uuid, binding: &str, digest: &str, config: &Value) -> Result<Rule> {
        check_binding_name(binding)?;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let plugin = self.open_segmentation(&mut tx, agency, digest).await?;
        let attributes = posthouse_store::attributes::definitions(&mut tx, agency).await?;
        drop(tx);
        if let Err(problems) = posthouse_engine::validate_config(&plugin.description().config_schema, config) {
            let detail = if has_no_settings(&plugin.description().config_schema) {
                format!(
                    "plugin {} has no settings; leave them out or send {{}}",
                    plugin.description().name
                )
            } else {
                format!("the settings do not fit the plugin's schema: {}", problems.join("; "))
            };
            return Err(AppError::invalid("bad_config", detail));
        }
        let config = canonical::to_string(config).map_err(|e| AppError::invalid("bad_config", e.to_string()))?;
        Rule::new(plugin, config, agency, binding, &attributes)
    }

    /// Puts a rule into force: when this returns, everyone is in the segment the new rule gives, and nothing was ever decided by a
    /// mixture of two rules.
    ///
    /// # Errors
    /// `grant_needed` if the plugin reads facts that were not granted; `unknown_fact` if the grant names none; `revision_changed` if `expected` is not the revision in force;
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
            by: Some(caller.key),
            note: None,
        };
        self.put_revision(caller, name, new, Cause::Activation, expected).await
    }

    /// Puts an older revision back into force. It is a new revision that says what it restores. Without `to` it walks back: from a
    /// revision that restored an older one to what stood before that one, so that each further call goes further back.
    ///
    /// # Errors
    /// As [`App::activate`]; `nothing_to_restore` if there is no older revision.
    pub async fn rollback(
        &self,
        caller: &Caller,
        name: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        let agency = caller.room.id;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let row = store::binding(&mut tx, agency, SEGMENTATION, name)
            .await?
            .ok_or(AppError::NotFound("binding"))?;
        let older = match to {
            Some(to) if to < row.revision => revision(&mut tx, agency, name, to).await?,
            Some(_) => None,
            None => {
                let origin = origin(&mut tx, agency, name, row.revision).await?;
                let before = revision(&mut tx, agency, name, origin - 1).await?;
                if before.is_none() && origin < row.revision {
                    let detail = format!(
                        "binding {name} is at revision {}, which brought back revision {origin}, and nothing stood before that; \
                         send the number of a later revision as to, GET /bindings/{SEGMENTATION}/{name}/history lists them",
                        row.revision
                    );
                    return Err(AppError::conflict("nothing_to_restore", detail));
                }
                before
            }
        };
        drop(tx);
        let older = older.ok_or_else(|| {
            AppError::conflict(
                "nothing_to_restore",
                format!(
                    "binding {name} is at revision {}; there is no such older one to go back to",
                    row.revision
                ),
            )
        })?;
        let config = serde_json::from_str(&older.config).map_err(AppError::corrupt("settings"))?;
        let rule = self.rule(agency, name, &older.digest, &config).await?;
        let new = NewRevision {
            rule,
            digest: older.digest,
            grant: Vec::new(),
            restores: Some(older.revision),
            by: Some(caller.key),
            note: None,
        };
        self.put_revision(caller, name, new, Cause::Rollback, expected).await
    }

    async fn put_revision(
        &self,
        caller: &Caller,
        name: &str,
        mut new: NewRevision,
        cause: Cause,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        let room = &caller.room;
        let mut desk = room.desk.lock().await;
        let moment = retrying!(self.sync(room, &mut desk))?;
        let present = room.live().get(name).map(|live| live.row.revision);
        if expected.is_some_and(|expected| expected != present.unwrap_or(0)) {
            let stands = present.map_or_else(
                || "does not exist yet".to_owned(),
                |revision| format!("is at revision {revision}"),
            );
            return Err(AppError::conflict(
                "revision_changed",
                format!("binding {name} {stands}; look at it again before changing it"),
            ));
        }
        new.grant = self.grants(caller, name, &new, present.is_none()).await?;
        let summary: RunSummary = self.full_run(room, &mut desk, moment, name, Some(new), cause).await?;
        drop(desk);
        let mut view = self.binding(caller, name).await?;
        view.diff = Some(summary.diff);
        Ok(view)
    }

    /// The grants to be written: the first activation grants what the plugin declares, a later one only what the call names.
    async fn grants(&self, caller: &Caller, name: &str, new: &NewRevision, first: bool) -> Result<Vec<String>> {
        check_facts(&new.grant)?;
        if first {
            return Ok(ungranted(&new.rule, &[]));
        }
        let mut tx = self.store.read(Access::Agency(caller.room.id)).await?;
        let granted = store::granted(&mut tx, caller.room.id, SEGMENTATION, name).await?;
        let missing = ungranted(&new.rule, &granted);
        let needed: Vec<&str> = missing
            .iter()
            .filter(|fact| !new.grant.contains(fact))
            .map(String::as_str)
            .collect();
        if needed.is_empty() {
            return Ok(missing);
        }
        let detail = format!(
            "the plugin reads {}, which the agency has not granted to {name}; send them as grant to allow it",
            needed.join(", ")
        );
        Err(AppError::Conflict(Rejection::new("grant_needed", detail)))
    }

    /// Every binding of the agency.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn bindings(&self, caller: &Caller) -> Result<Vec<BindingView>> {
        let agency = caller.room.id;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let mut views = Vec::new();
        for row in store::bindings(&mut tx, agency).await? {
            let granted = store::granted(&mut tx, agency, &row.extension_point, &row.name).await?;
            views.push(BindingView {
                extension_point: row.extension_point,
                name: row.name,
                revision: row.revision,
                mode: "active",
                digest: row.digest,
                config: serde_json::from_str(&row.config).map_err(AppError::corrupt("settings"))?,
                config_digest: row.config_digest,
                activated_at: row.activated_at,
                granted,
                stale_since: row.stale_since,
                stale_reason: row.stale_reason,
                diff: None,
            });
        }
        Ok(views)
    }

    /// One binding.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn binding(&self, caller: &Caller, name: &str) -> Result<BindingView> {
        let found = self
            .bindings(caller)
            .await?
            .into_iter()
            .find(|view| view.extension_point == SEGMENTATION && view.name == name);
        found.ok_or(AppError::NotFound("binding"))
    }

    /// Revisions of a binding before `before`, the newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn binding_history(
        &self,
        caller: &Caller,
        name: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<RevisionView>> {
        let agency = caller.room.id;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        store::binding(&mut tx, agency, SEGMENTATION, name)
            .await?
            .ok_or(AppError::NotFound("binding"))?;
        let rows = store::revisions(&mut tx, agency, SEGMENTATION, name, before.unwrap_or(i64::MAX), limit).await?;
        rows.into_iter()
            .map(|row| {
                Ok(RevisionView {
                    revision: row.revision,
                    digest: row.digest,
                    config: serde_json::from_str(&row.config).map_err(AppError::corrupt("settings"))?,
                    config_digest: row.config_digest,
                    restores: row.restores,
                    cause: row.cause,
                    note: row.note,
                    activated_by: row.activated_by,
                    activated_at: row.activated_at,
                    diff: serde_json::from_str(&row.diff).map_err(AppError::corrupt("diff"))?,
                })
            })
            .collect()
    }
}
