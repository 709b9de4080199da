//! Which rule decides: a pointer per binding, moved in one transaction. Calls in flight finish on the revision they began with.

use super::diff::Diff;
use crate::App;
use crate::error::{AppError, Result};
use crate::webhooks::Told;
use posthouse_domain::{Instant, canonical};
use posthouse_store::plugins::{self as store, BindingRevisionRow, BindingRow};
use posthouse_store::{StoreError, Tx, dialect};
use uuid::Uuid;

/// The binding of this name, as it stands.
///
/// # Errors
/// [`AppError::NotFound`].
pub(crate) async fn find(tx: &mut Tx, agency: Uuid, point: &str, name: &str) -> Result<BindingRow> {
    let row = store::binding(tx, agency, point, name).await?;
    row.ok_or(AppError::NotFound("binding"))
}

/// A rule about to decide. That it can be opened and takes its settings was seen before.
#[derive(Debug)]
pub(crate) struct NewRule<'r> {
    pub(crate) extension_point: &'static str,
    /// Name of the binding.
    pub(crate) name: &'r str,
    pub(crate) digest: &'r str,
    /// Settings as canonical JSON.
    pub(crate) config: &'r str,
    /// `activation`, `rollback` or `breaker`.
    pub(crate) cause: &'static str,
    /// The revision it brings back.
    pub(crate) restores: Option<i64>,
    /// The key that asked; none if the host does it by itself.
    pub(crate) by: Option<Uuid>,
    /// Why the host does it by itself.
    pub(crate) note: Option<&'r str>,
    /// Facts granted with it.
    pub(crate) grant: &'r [String],
}

/// Moves a binding's pointer to a rule; returns the number of the revision. The caller commits.
///
/// # Errors
/// [`StoreError::Overtaken`] if somebody else moved it meanwhile: worth trying again.
pub(crate) async fn put_rule(app: &App, tx: &mut Tx, agency: Uuid, new: &NewRule<'_>, now: Instant) -> Result<i64> {
    let point = new.extension_point;
    let present = store::binding(tx, agency, point, new.name).await?;
    let from = present.map_or(0, |row| row.revision);
    let config_digest = canonical::digest(new.config);
    let row = BindingRow {
        extension_point: point.to_owned(),
        name: new.name.to_owned(),
        revision: from + 1,
        run: 0,
        transition: 0,
        applied_change: 0,
        stale_since: None,
        stale_reason: None,
        digest: new.digest.to_owned(),
        config: new.config.to_owned(),
        config_digest: config_digest.clone(),
        activated_at: now,
        set_aside_until: None,
        set_aside_why: None,
        set_asides: 0,
        unopened: None,
        cause: new.cause.to_owned(),
    };
    if !store::put_binding(tx, agency, from, &row).await? {
        return Err(StoreError::Overtaken.into());
    }
    let revision = BindingRevisionRow {
        revision: from + 1,
        digest: row.digest,
        config: row.config,
        config_digest,
        restores: new.restores,
        diff: serde_json::to_string(&Diff::default()).map_err(StoreError::corrupt("diff"))?,
        cause: new.cause.to_owned(),
        note: new.note.map(str::to_owned),
        activated_by: new.by,
        activated_at: now,
    };
    store::insert_revision(tx, agency, point, new.name, &revision).await?;
    if let Some(by) = new.by {
        store::grant(tx, agency, point, new.name, new.grant, by, now).await?;
    }
    dialect::notify(tx, agency).await?;
    announce(app, tx, agency, (point, new.name), &revision, new.grant).await?;
    Ok(from + 1)
}

/// Writes down who put a rule into force and granted it which facts, and tells others of it.
pub(crate) async fn announce(
    app: &App,
    tx: &mut Tx,
    agency: Uuid,
    binding: (&str, &str),
    revision: &BindingRevisionRow,
    granted: &[String],
) -> Result<()> {
    let told = in_force(binding, revision);
    let mut detail = told.data.clone();
    if !granted.is_empty() {
        detail["granted"] = granted.into();
    }
    let (action, by) = (format!("binding.{}", revision.cause), revision.activated_by);
    app.audit()
        .note_by(tx, agency, by, &action, &told.subject, detail)
        .await?;
    app.webhooks().tell(tx, agency, told).await
}

fn in_force((point, name): (&str, &str), revision: &BindingRevisionRow) -> Told {
    let kind = match revision.cause.as_str() {
        BREAKER => "plugin.failing",
        store::ENDING => "plugin.ended",
        _ => "plugin.activated",
    };
    Told {
        kind,
        subject: format!("binding/{point}/{name}"),
        at: revision.activated_at,
        data: serde_json::json!({
            "extension_point": point,
            "binding": name,
            "revision": revision.revision,
            "digest": revision.digest,
            "config_digest": revision.config_digest,
            "cause": revision.cause,
            "restores": revision.restores,
            "by": revision.activated_by,
        }),
    }
}

/// Why the host moves a pointer back by itself.
pub(crate) const BREAKER: &str = "breaker";

/// What makes two revisions the same rule.
pub(crate) fn rule_of(row: &BindingRevisionRow) -> (&str, &str) {
    (&row.digest, &row.config_digest)
}
