//! The audit log: who did what to what. It is written with the change itself, so that neither is there without the other, and each
//! entry's hash covers the one before it.
//!
//! Entries name things and fields, and hold none of their values: the log outlives what it speaks of.

use crate::Audit;
use crate::caller::Caller;
use crate::error::{AppError, Result, retrying};
use posthouse_domain::{Instant, Rejection, canonical, words};
use posthouse_store::audit::{self as store, Deed, Filter, NamedRow};
pub use posthouse_store::audit::{Known, Verified};
use posthouse_store::{Access, Tx};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Hexadecimal digits of an entry's hash.
const HASH_DIGITS: usize = 64;

/// Which entries are looked for.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only what this actor did.
    pub actor: Option<Uuid>,
    /// Only what was done to this: a word, a slash, its id.
    pub subject: Option<String>,
    /// Only from this instant on, in ms since 1970.
    pub since: Option<Instant>,
    /// Only before this instant.
    pub until: Option<Instant>,
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
    let detail = bounded(detail)?;
    let deed = Deed {
        // an agency's host has the agency's id
        actor: actor.unwrap_or(agency),
        action,
        subject,
        detail: &detail,
    };
    Ok(store::append(tx, agency, deed, now).await?)
}

/// Longest detail of an entry, in bytes: the log is never tidied, and whoever reads it reads all of it.
const LONGEST_DETAIL: usize = 16 << 10;

/// A detail as it is written. Of one that is too long the members that fit are kept, and `left_out_bytes` says how much the others were.
fn bounded(detail: &Value) -> Result<String> {
    let text = |value: &Value| canonical::to_string(value).map_err(AppError::corrupt("detail"));
    let whole = text(detail)?;
    if whole.len() <= LONGEST_DETAIL {
        return Ok(whole);
    }
    let mut kept = json!({ "left_out_bytes": whole.len() });
    for (name, value) in detail.as_object().into_iter().flatten() {
        let mut more = kept.clone();
        more[name] = value.clone();
        more["left_out_bytes"] = whole.len().into();
        if text(&more)?.len() <= LONGEST_DETAIL {
            kept = more;
        }
    }
    let members = text(&kept)?.len() - text(&json!({ "left_out_bytes": whole.len() }))?.len();
    kept["left_out_bytes"] = (whole.len() - members).into();
    text(&kept)
}

impl Audit<'_> {
    /// Writes down what a caller did, in the transaction that was begun for them. Comes last in it.
    pub(crate) async fn note(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: &str,
        subject: &str,
        detail: Value,
    ) -> Result<()> {
        self.app.idempotency().name_subject(tx, caller, subject).await?;
        self.note_by(tx, caller.room.id, Some(caller.actor), action, subject, detail)
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
        self.note_by(&mut tx, caller.room.id, Some(caller.actor), action, subject, detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Entries of the log before a number, the latest first: `limit` at most, and fewer if much is said of them; and the number to go on
    /// before, if there are more.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<AuditEntry>, Option<i64>)> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut before = before.unwrap_or(i64::MAX);
        if let Some(until) = filter.until
            && let Some(first) = store::first_since(&mut tx, agency, until).await?
        {
            before = before.min(first);
        }
        let from = match filter.since {
            // nothing was written since then
            Some(since) => Some(store::first_since(&mut tx, agency, since).await?.unwrap_or(i64::MAX)),
            None => None,
        };
        let filter = Filter {
            actor: filter.actor,
            subject: filter.subject.clone(),
            from,
        };
        let (rows, more) = store::entries(&mut tx, agency, &filter, before, limit).await?;
        let next = rows.last().filter(|_| more).map(|row| row.entry.entry);
        let entries = rows.into_iter().map(AuditEntry::of).collect::<Result<_>>()?;
        Ok((entries, next))
    }

    /// What people call these actors. Whoever sees what somebody did may know who that was.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn names(&self, caller: &Caller, actors: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let mut actors = actors.to_vec();
        actors.sort_unstable();
        actors.dedup();
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let names = store::names(&mut tx, caller.room.id, &actors).await?;
        Ok(names.into_iter().collect())
    }

    /// Computes every hash of the log again, and compares the one that somebody has kept.
    ///
    /// # Errors
    /// `bad_audit_hash` for a known entry without a number from 1, or with what is no hash; `audit_verifying` while the agency's log, or as many others as the host
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
        if let Some(hash) = known.map(|known| &known.hash)
            && !(hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit()))
        {
            return Err(AppError::invalid(
                "bad_audit_hash",
                words!(
                    "the hash has {HASH_DIGITS} hexadecimal digits, this one has {digits} characters; copy it again",
                    "哈希是 {HASH_DIGITS} 位十六进制数，这里是 {digits} 个字符；请重新复制",
                    digits = hash.chars().count()
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
    use crate::team::{NewKey, Scope};
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_store::Store;

    on_both_engines!(
        a_log_is_verified_once_at_a_time,
        what_is_long_is_kept_short,
        a_page_ends_before_it_is_too_long,
    );

    #[test]
    fn a_long_detail_says_what_it_leaves_out() {
        let short = json!({"name": "x".repeat(1_000)});
        assert_eq!(bounded(&short).unwrap(), short.to_string());
        let long = json!({"a": "x".repeat(20_000), "b": 1, "c": "y".repeat(16_000), "d": "z".repeat(500)});
        let kept = bounded(&long).unwrap();
        assert!(kept.len() <= LONGEST_DETAIL, "{}", kept.len());
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!((&kept["b"], &kept["c"]), (&long["b"], &long["c"]));
        assert_eq!((kept.get("a"), kept.get("d")), (None, None));
        let left_out = json!({"a": long["a"], "d": long["d"]}).to_string().len() as i64;
        let said = kept["left_out_bytes"].as_i64().unwrap();
        assert!((said - left_out).abs() < 10, "{said} of {left_out}");
    }

    async fn what_is_long_is_kept_short(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (_, key) = testing::agency(&store, "a").await;
        let caller = app.team().authenticate(&key).await.expect("a caller");
        let new = |scopes| NewKey {
            name: "desk",
            scopes,
            holder: None,
        };
        let refused = app
            .team()
            .create_key(&caller, new(&[Scope::Read; Scope::ALL.len() + 1]))
            .await;
        assert!(matches!(refused, Err(AppError::Invalid(rejection)) if rejection.code == "bad_key"));
        let twice = [Scope::Quotes, Scope::Read, Scope::Read, Scope::Quotes];
        let (_, desk) = app.team().create_key(&caller, new(&twice)).await.expect("a key");
        let desk = app.team().authenticate(&desk).await.expect("a caller");
        assert_eq!(desk.scopes, [Scope::Read, Scope::Quotes], "each once");
        let detail = json!({"text": "x".repeat(100_000)});
        app.audit()
            .note_look(&caller, "thing.look", "thing/1", &detail)
            .await
            .expect("an entry");
        let (entries, _) = app
            .audit()
            .list(&caller, &AuditFilter::default(), None, 2)
            .await
            .expect("entries");
        assert_eq!(entries[0].detail, json!({"left_out_bytes": 100_011}));
        assert_eq!(entries[1].detail["scopes"], json!(["read", "quotes"]));
    }

    /// Entries of earlier versions are as long as they are.
    async fn a_page_ends_before_it_is_too_long(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (agency, key) = testing::agency(&store, "a").await;
        let caller = app.team().authenticate(&key).await.expect("a caller");
        let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
        for bytes in [10, 400_000, 2_000_000, 400_000, 400_000, 400_000, 10] {
            let detail = json!({"text": "x".repeat(bytes)}).to_string();
            let deed = Deed {
                actor: agency,
                action: "thing.change",
                subject: "thing/1",
                detail: &detail,
            };
            posthouse_store::audit::append(&mut tx, agency, deed, NOW)
                .await
                .expect("an entry");
        }
        tx.commit().await.expect("a commit");
        for subject in [None, Some("thing/1".to_owned())] {
            let filter = AuditFilter {
                subject,
                ..AuditFilter::default()
            };
            let (mut pages, mut before) = (Vec::new(), None);
            loop {
                let (entries, next) = app.audit().list(&caller, &filter, before, 3).await.expect("entries");
                pages.push(entries.iter().map(|entry| entry.entry).collect::<Vec<_>>());
                before = next;
                if next.is_none() {
                    break;
                }
            }
            let last = if filter.subject.is_some() {
                vec![3, 2]
            } else {
                vec![3, 2, 1]
            };
            assert_eq!(pages, [vec![8, 7, 6], vec![5], vec![4], last]);
        }
        let verified = app.audit().verify(&caller, None).await.expect("a verdict");
        assert_eq!((verified.entries, verified.broken), (8, None));
    }

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
