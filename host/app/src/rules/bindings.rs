//! Bindings: which rule is in force under which name, since when, and what stood there before. What it takes to put another one into
//! force is for each extension point to say.

use super::aside::SetAside;
use super::call::reason_for;
use super::diff::Diff;
use super::pointer::find;
use crate::Bindings;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::{Words, words};
use posthouse_store::plugins::{self as store, BindingRevisionRow, BindingRow, ENDING};
use posthouse_store::{Access, Tx, campaigns};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

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
    pub stale_reason: Option<Words>,
    /// Whether it is not asked for a while, and why.
    pub set_aside: Option<SetAside>,
    /// Why a host could not open its plugin when it last tried.
    pub not_opened: Option<Words>,
    /// When it ended; it decides nothing since, and what is said of a rule is of the one that stood before.
    pub ended_at: Option<i64>,
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
    /// `activation`, `rollback`, `ending`, or `breaker`: the host went back by itself because the rule kept failing.
    pub cause: String,
    /// How the rule failed, if the host went back by itself.
    pub note: Option<Words>,
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
            words!(
                "binding name {name:?} must be 1 to 64 lower-case letters, digits and hyphens",
                "绑定名 {name:?} 应为 1 到 64 个小写字母、数字或连字符"
            ),
        ))
    }
}

/// One revision of a binding; `None` if it has no such one.
async fn revision(
    tx: &mut Tx,
    agency: Uuid,
    point: &str,
    name: &str,
    number: i64,
) -> Result<Option<BindingRevisionRow>> {
    let newest = store::revisions(tx, agency, point, name, number.saturating_add(1), 1).await?;
    Ok(newest.into_iter().find(|row| row.revision == number))
}

/// The revision that first put into force what `number` did: itself, or the one it brought back, however often that was done.
async fn origin(tx: &mut Tx, agency: Uuid, point: &str, name: &str, mut number: i64) -> Result<i64> {
    // a revision restores older ones only, so this comes to an end
    while let Some(restored) = revision(tx, agency, point, name, number)
        .await?
        .and_then(|row| row.restores)
    {
        number = restored;
    }
    Ok(number)
}

/// The newest revision before `number` that put a rule into force.
async fn rule_before(
    tx: &mut Tx,
    agency: Uuid,
    point: &str,
    name: &str,
    mut number: i64,
) -> Result<Option<BindingRevisionRow>> {
    loop {
        number -= 1;
        let before = revision(tx, agency, point, name, number).await?;
        if before.as_ref().is_none_or(|row| row.cause != ENDING) {
            return Ok(before);
        }
    }
}

/// The revision that a rollback brings back: the named one, or without a name the one before the present. From a revision that restored
/// an older one it goes to what stood before that one, so that each further call goes further back.
///
/// # Errors
/// [`AppError::NotFound`]; `nothing_to_restore` if there is no older revision.
pub(crate) async fn older_revision(
    tx: &mut Tx,
    agency: Uuid,
    point: &str,
    name: &str,
    to: Option<i64>,
) -> Result<BindingRevisionRow> {
    let row = find(tx, agency, point, name).await?;
    let older = match to {
        Some(to) if to < row.revision => revision(tx, agency, point, name, to)
            .await?
            .filter(|older| older.cause != ENDING),
        Some(_) => None,
        None => {
            let origin = origin(tx, agency, point, name, row.revision).await?;
            let before = rule_before(tx, agency, point, name, origin).await?;
            if before.is_none() && origin < row.revision {
                let detail = words!(
                    "binding {name} is at revision {revision}, which brought back revision {origin}, and nothing stood before that; send the number of a later revision as to, GET /bindings/{point}/{name}/history lists them",
                    "绑定 {name} 当前为修订 {revision}，它恢复的是修订 {origin}，再往前没有了；请用 to 指定较晚的修订号，可用 GET /bindings/{point}/{name}/history 查看",
                    revision = row.revision
                );
                return Err(AppError::conflict("nothing_to_restore", detail));
            }
            before
        }
    };
    older.ok_or_else(|| {
        AppError::conflict(
            "nothing_to_restore",
            words!(
                "binding {name} is at revision {revision}; there is no such earlier revision to go back to",
                "绑定 {name} 当前为修订 {revision}；没有这个更早的修订可以退回",
                revision = row.revision
            ),
        )
    })
}

/// A binding as the caller sees it.
async fn view(tx: &mut Tx, caller: &Caller, row: BindingRow) -> Result<BindingView> {
    let granted = store::granted(tx, caller.room.id, &row.extension_point, &row.name).await?;
    Ok(BindingView {
        set_aside: SetAside::of(&row),
        not_opened: row.unopened.as_deref().map(Words::from_stored),
        ended_at: row.is_ended().then_some(row.activated_at),
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
        stale_reason: row.stale_reason.as_deref().map(|reason| reason_for(caller, reason)),
        diff: None,
    })
}

impl Bindings<'_> {
    /// The bindings of the agency that decide.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<BindingView>> {
        self.which(caller, false).await
    }

    /// Those that have ended.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn ended(&self, caller: &Caller) -> Result<Vec<BindingView>> {
        self.which(caller, true).await
    }

    async fn which(&self, caller: &Caller, ended: bool) -> Result<Vec<BindingView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut views = Vec::new();
        for row in store::bindings(&mut tx, agency).await? {
            if row.is_ended() == ended {
                views.push(view(&mut tx, caller, row).await?);
            }
        }
        Ok(views)
    }

    /// One binding.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, point: &str, name: &str) -> Result<BindingView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, point, name).await?;
        view(&mut tx, caller, row).await
    }

    /// Revisions of a binding before `before`, the newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn history(
        &self,
        caller: &Caller,
        point: &str,
        name: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<RevisionView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        find(&mut tx, agency, point, name).await?;
        let rows = store::revisions(&mut tx, agency, point, name, before.unwrap_or(i64::MAX), limit).await?;
        rows.into_iter()
            .map(|row| {
                Ok(RevisionView {
                    revision: row.revision,
                    digest: row.digest,
                    config: serde_json::from_str(&row.config).map_err(AppError::corrupt("settings"))?,
                    config_digest: row.config_digest,
                    restores: row.restores,
                    cause: row.cause,
                    note: row.note.as_deref().map(|note| reason_for(caller, note)),
                    activated_by: row.activated_by,
                    activated_at: row.activated_at,
                    diff: serde_json::from_str(&row.diff).map_err(AppError::corrupt("diff"))?,
                })
            })
            .collect()
    }

    /// Has a rule that was set aside asked at once, as if nothing had been counted against it. One that was not stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn ask_again(&self, caller: &Caller, point: &str, name: &str) -> Result<BindingView> {
        retrying!(self.try_ask_again(caller, point, name))?;
        self.get(caller, point, name).await
    }

    async fn try_ask_again(&self, caller: &Caller, point: &str, name: &str) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        campaigns::next_version(&mut tx, agency).await?;
        let row = find(&mut tx, agency, point, name).await?;
        if store::ask_again(&mut tx, agency, (point, name)).await? {
            let subject = format!("binding/{point}/{name}");
            let detail = json!({"revision": row.revision, "digest": row.digest});
            self.app
                .audit()
                .note(&mut tx, caller, "binding.ask-again", &subject, detail)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}
