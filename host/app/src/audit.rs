//! The audit log: who did what to what. It is written with the change itself, so that neither is there without the other, and each
//! entry's hash covers the one before it.
//!
//! Entries name things and fields, and hold none of their values: the log outlives what it speaks of.

use crate::Audit;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::{Instant, Rejection, canonical, words};
use posthouse_store::audit::{self as store, Deed, Filter, NamedRow};
pub use posthouse_store::audit::{Known, Verified};
use posthouse_store::{Access, Tx};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// Logs that a host verifies at once: each is read and hashed from its beginning.
const VERIFIED_AT_ONCE: usize = 2;

/// Whose logs are being verified: each agency's once, and few in all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verifying(Arc<Mutex<HashSet<Uuid>>>);

impl Verifying {
    /// A place for an agency, given back when it is dropped; none if it has one or all are taken.
    fn enter(&self, agency: Uuid) -> Option<Place> {
        let mut agencies = self.agencies();
        let is_free = agencies.len() < VERIFIED_AT_ONCE && agencies.insert(agency);
        is_free.then(|| Place(self.clone(), agency))
    }

    fn agencies(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those whose logs are being verified.
#[derive(Debug)]
struct Place(Verifying, Uuid);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.agencies().remove(&self.1);
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
    /// `bad_audit_hash` for a known entry without a number from 1; `audit_verifying` while the agency's log, or as many others as the host
    /// verifies at once, are still at it; failures of the database.
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
        let agency = caller.room.id;
        let _place = self.app.verifying.enter(agency).ok_or_else(|| {
            AppError::Busy(Rejection::new(
                "audit_verifying",
                words!(
                    "audit logs are being verified already; ask again once that is done",
                    "正在校验审计日志；请待其完成后再试"
                ),
            ))
        })?;
        Ok(store::verify(&self.app.store, agency, known).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_store::Store;

    on_both_engines!(a_log_is_verified_once_at_a_time);

    async fn a_log_is_verified_once_at_a_time(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let mut callers = Vec::new();
        for slug in ["a", "b", "c"] {
            let (_, key) = testing::agency(&store, slug).await;
            callers.push(app.team().authenticate(&key).await.expect("a caller"));
        }
        let outcome = async |caller: &Caller| match app.audit().verify(caller, None).await {
            Ok(verified) => verified.broken.map_or("whole", |_| "broken").to_owned(),
            Err(AppError::Busy(rejection)) => rejection.code,
            Err(other) => panic!("{other}"),
        };
        let first = app.verifying.enter(callers[0].room.id);
        assert_eq!(outcome(&callers[0]).await, "audit_verifying", "its own");
        assert_eq!(outcome(&callers[1]).await, "whole");
        let second = app.verifying.enter(callers[1].room.id);
        assert_eq!(outcome(&callers[2]).await, "audit_verifying", "too many");
        drop(first);
        assert_eq!(outcome(&callers[2]).await, "whole");
        assert_eq!(outcome(&callers[0]).await, "whole", "places are given back");
        drop(second);
    }
}
