//! The audit log: who did what to what. It is written with the change itself, so that neither is there without the other, and each
//! entry's hash covers the one before it.
//!
//! Entries name things and fields, and hold none of their values: the log outlives what it speaks of.

use crate::Audit;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::{Instant, canonical, words};
use posthouse_store::audit::{self as store, Deed, Filter, NamedRow};
pub use posthouse_store::audit::{Known, Verified};
use posthouse_store::{Access, Tx};
use serde_json::Value;
use uuid::Uuid;

/// Which entries are looked for.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only what this actor did.
    pub actor: Option<Uuid>,
    /// Only what was done to this: a word, a slash, its id.
    pub subject: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Id, as every `…_by` has it.
    pub id: Uuid,
    /// `staff`, `key` or `host`.
    pub kind: String,
    /// What people call it.
    pub name: String,
}

/// An entry of the log.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Its number, from 1 without gaps.
    pub entry: i64,
    /// When, in ms since 1970 by the machine's clock.
    pub at: Instant,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More about it.
    pub detail: Value,
    /// Its hash.
    pub hash: String,
}

impl AuditEntry {
    fn of(row: NamedRow) -> Result<Self> {
        let detail = row.read_detail()?;
        Ok(Self {
            entry: row.entry.entry,
            at: row.entry.at,
            actor: Actor {
                id: row.entry.actor_id,
                kind: row.kind,
                name: row.name,
            },
            action: row.entry.action,
            subject: row.entry.subject,
            detail,
            hash: row.entry.hash,
        })
    }
}

/// Writes down what somebody did; `actor` is none for the host. Comes last in its transaction: the log is locked until that ends.
pub(crate) async fn write(
    tx: &mut Tx,
    agency: Uuid,
    actor: Option<Uuid>,
    (action, subject): (&str, &str),
    detail: &Value,
    now: Instant,
) -> Result<()> {
    let detail = canonical::to_string(detail).map_err(AppError::corrupt("detail"))?;
    let deed = Deed {
        // an agency's host has the agency's id
        actor: actor.unwrap_or(agency),
        action,
        subject,
        detail: &detail,
    };
    Ok(store::append(tx, agency, deed, now).await?)
}

impl Audit<'_> {
    /// Writes down what a caller did. Comes last in its transaction.
    pub(crate) async fn note(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: &str,
        subject: &str,
        detail: Value,
    ) -> Result<()> {
        self.note_by(tx, caller.room.id, Some(caller.key), action, subject, detail)
            .await
    }

    /// Writes down what an actor did, or the host by itself. Comes last in its transaction.
    pub(crate) async fn note_by(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        actor: Option<Uuid>,
        action: &str,
        subject: &str,
        detail: Value,
    ) -> Result<()> {
        write(tx, agency, actor, (action, subject), &detail, self.app.machine.now()).await
    }

    /// Writes down that a caller looks at something sensitive, before they see it.
    pub(crate) async fn note_look(&self, caller: &Caller, action: &str, subject: &str, detail: &Value) -> Result<()> {
        retrying!(self.try_note_look(caller, action, subject, detail.clone()))
    }

    async fn try_note_look(&self, caller: &Caller, action: &str, subject: &str, detail: Value) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(caller.room.id)).await?;
        self.note(&mut tx, caller, action, subject, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Entries of the log before a number, the latest first.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let agency = caller.room.id;
        let filter = Filter {
            actor: filter.actor,
            subject: filter.subject.clone(),
        };
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = store::entries(&mut tx, agency, &filter, before.unwrap_or(i64::MAX), limit).await?;
        rows.into_iter().map(AuditEntry::of).collect()
    }

    /// Computes every hash of the log again, and compares the one that somebody has kept.
    ///
    /// # Errors
    /// `bad_audit_hash` for a known entry without a number from 1; failures of the database.
    pub async fn verify(&self, caller: &Caller, known: Option<&Known>) -> Result<Verified> {
        if known.is_some_and(|known| known.entry < 1) {
            return Err(AppError::invalid(
                "bad_audit_hash",
                words!(
                    "name the entry, from 1, and the hash that you kept of it",
                    "请给出条目序号（从 1 起）及当时保存的哈希"
                ),
            ));
        }
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        Ok(store::verify(&mut tx, caller.room.id, known).await?)
    }
}
