//! Webhooks: an agency's own systems are told what happens. What is to be told is written in the transaction that makes it happen, and
//! sent at least once, in order of its subject.
//!
//! ```text
//! change ─► tell: outbox + a delivery for each webhook that wants it (one transaction) ─► job of the webhook ─► POST, signed
//!                                                        ▲                                      │
//!                                                        └── again after a pause ◄── not 2xx ◄──┘─► delivered │ dead, to be replayed
//! ```

mod deliver;
mod outbox;
mod send;
mod sign;
#[cfg(test)]
mod tests;
mod tidy;
mod unanswered;
mod view;

pub(crate) use deliver::Deliver;
pub(crate) use outbox::{Listeners, Told};
pub(crate) use send::{Sender, bounded_agent};
pub(crate) use tidy::Tidy;
pub use unanswered::unanswered;
pub use view::{DeliveryView, NewWebhook, WebhookChange, WebhookView};

use crate::Webhooks;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::team::Caller;
use posthouse_domain::{Instant, words};
use posthouse_store::webhooks::{self as store, Waiting, WebhookRow};
use posthouse_store::{Access, StoreError, Tx, audit};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;
use view::{note, types, view};

/// How long an answer may take, from the look-up of the name to its last byte.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Most webhooks of an agency.
const MOST: usize = 20;
/// Longest address, in bytes.
const LONGEST_URL: usize = 2_000;
/// How long the earlier secret is valid beside a new one, in ms.
const OVERLAP: i64 = 24 * 3_600_000;
/// A time that never comes: a job that waits to be woken.
const NEVER: Instant = i64::MAX;
/// Most deliveries that are named in one replay.
const MOST_REPLAYED: usize = 1_000;

impl Webhooks<'_> {
    /// The agency's webhooks, the oldest first.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<WebhookView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut views = Vec::new();
        for row in store::webhooks(&mut tx, agency).await? {
            let waiting = store::waiting(&mut tx, agency, row.id).await?;
            views.push(view(row, waiting, self.app.machine.now(), None)?);
        }
        Ok(views)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; failures of the database.
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<WebhookView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::webhook(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("webhook"))?;
        let waiting = store::waiting(&mut tx, agency, id).await?;
        view(row, waiting, self.app.machine.now(), None)
    }

    /// Makes a webhook. Its secret is shown this once.
    ///
    /// # Errors
    /// `bad_webhook_url`, `private_address`, `bad_event_type`, `bad_note`; `too_many_webhooks`; failures of the database.
    pub async fn create(&self, caller: &Caller, new: &NewWebhook) -> Result<WebhookView> {
        self.app.sender.check(&new.url)?;
        let (types, note) = (types(&new.types)?, note(&new.note)?);
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let (secret, sealed) = self.new_secret(agency)?;
        let row = WebhookRow {
            id: self.app.entropy.id(now),
            url: new.url.clone(),
            note,
            types,
            state: "active".into(),
            secret: sealed,
            earlier: None,
            earlier_until: None,
            failures: 0,
            retry_at: 0,
            created_at: now,
            created_by: caller.actor,
            version: 1,
        };
        retrying!(self.try_create(caller, &row))?;
        view(row, Waiting::default(), now, Some(secret))
    }

    async fn try_create(&self, caller: &Caller, row: &WebhookRow) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // who creates one at the same time counts after this
        audit::lock(&mut tx, agency).await?;
        let there = store::webhooks(&mut tx, agency).await?.len();
        if there >= MOST {
            return Err(AppError::conflict(
                "too_many_webhooks",
                words!(
                    "an agency has {MOST} webhooks at most; delete one that is not needed",
                    "每家旅行社最多 {MOST} 个 Webhook；请先删除不用的"
                ),
            ));
        }
        store::insert(&mut tx, agency, row).await?;
        self.note(&mut tx, caller, "webhook.create", row.id, json!({})).await?;
        jobs::put(
            &mut tx,
            agency,
            deliveries(&row.id.to_string(), Lane::Deliveries, NEVER),
        )
        .await?;
        if there == 0 {
            Tidy::schedule(&mut tx, agency, row.created_at).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Changes a webhook. A new secret is shown this once; the earlier one stays valid for a day. What failed is forgotten, and what waits
    /// is tried at once.
    ///
    /// # Errors
    /// As [`Webhooks::create`]; `nothing_changed` if nothing is to be different; `version_changed` if somebody else changed it meanwhile.
    pub async fn change(
        &self,
        caller: &Caller,
        id: Uuid,
        expected: Option<i64>,
        change: &WebhookChange,
    ) -> Result<WebhookView> {
        if change.is_empty() {
            return Err(AppError::invalid(
                "nothing_changed",
                words!(
                    "nothing is to be changed; send url, types, note, active or rotate_secret",
                    "没有要修改的内容；请给出 url、types、note、active 或 rotate_secret"
                ),
            ));
        }
        if let Some(url) = &change.url {
            self.app.sender.check(url)?;
        }
        let types = change.types.as_deref().map(types).transpose()?;
        let note = change.note.as_deref().map(note).transpose()?;
        retrying!(self.try_change(caller, id, expected, change, (types.as_ref(), note.as_ref())))
    }

    async fn try_change(
        &self,
        caller: &Caller,
        id: Uuid,
        expected: Option<i64>,
        change: &WebhookChange,
        (types, note): (Option<&String>, Option<&String>),
    ) -> Result<WebhookView> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        let row = store::webhook(&mut tx, agency, id).await?;
        let mut row = row.ok_or(AppError::NotFound("webhook"))?;
        let changed = || {
            AppError::conflict(
                "version_changed",
                words!(
                    "the webhook was changed meanwhile; look at it again before changing it",
                    "该 Webhook 已被修改；请重新读取后再修改"
                ),
            )
        };
        if expected.is_some_and(|expected| expected != row.version) {
            return Err(changed());
        }
        let before = row.state.clone();
        row.url = change.url.clone().unwrap_or(row.url);
        row.types = types.cloned().unwrap_or(row.types);
        row.note = note.cloned().unwrap_or(row.note);
        if let Some(active) = change.active {
            row.state = if active { "active" } else { "paused" }.into();
        }
        let secret = if change.rotate {
            let (secret, sealed) = self.new_secret(agency)?;
            row.earlier = Some(std::mem::replace(&mut row.secret, sealed));
            row.earlier_until = Some(now + OVERLAP);
            Some(secret)
        } else {
            None
        };
        let detail = json!({
            "url": change.url.is_some(),
            "types": change.types.is_some(),
            "note": change.note.is_some(),
            "active": change.active,
            "rotated": change.rotate,
        });
        self.note(&mut tx, caller, "webhook.change", id, detail).await?;
        jobs::wake(&mut tx, agency, (store::DELIVER, &id.to_string()), now, 1).await?;
        if !store::change(&mut tx, agency, &row).await? {
            return Err(match expected {
                Some(_) => changed(),
                None => StoreError::Overtaken.into(),
            });
        }
        if before != "active" {
            store::renew(&mut tx, agency, id, now).await?;
        }
        store::hurry(&mut tx, agency, id, now).await?;
        let waiting = store::waiting(&mut tx, agency, id).await?;
        tx.commit().await?;
        row.version += 1;
        (row.failures, row.retry_at) = (0, 0);
        view(row, waiting, now, secret)
    }

    /// Takes a webhook away, with everything that waits for it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; failures of the database.
    pub async fn delete(&self, caller: &Caller, id: Uuid) -> Result<()> {
        retrying!(self.try_delete(caller, id))
    }

    async fn try_delete(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        self.note(&mut tx, caller, "webhook.delete", id, json!({})).await?;
        jobs::cancel(&mut tx, agency, store::DELIVER, &id.to_string()).await?;
        if !store::delete(&mut tx, agency, id).await? {
            return Err(AppError::NotFound("webhook"));
        }
        Ok(tx.commit().await?)
    }

    /// Has a webhook told that somebody tries it. Returns the event's id.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `webhook_not_active`; failures of the database.
    pub async fn test(&self, caller: &Caller, id: Uuid) -> Result<Uuid> {
        retrying!(self.try_test(caller, id))
    }

    async fn try_test(&self, caller: &Caller, id: Uuid) -> Result<Uuid> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        let row = store::webhook(&mut tx, agency, id).await?;
        if row.ok_or(AppError::NotFound("webhook"))?.state != "active" {
            return Err(AppError::conflict(
                "webhook_not_active",
                words!(
                    "the webhook is paused or gone; resume it first (`posthouse webhooks resume {id}`)",
                    "该 Webhook 已暂停或已失效；请先恢复（`posthouse webhooks resume {id}`）"
                ),
            ));
        }
        let told = Told {
            kind: "webhook.test",
            // of its own, so that it is sent even while an earlier one fails
            subject: format!("test/{}", self.app.entropy.id(self.app.machine.now())),
            at: self.app.clock.now(),
            data: json!({ "webhook": id }),
        };
        self.note(&mut tx, caller, "webhook.test", id, json!({})).await?;
        let event = Listeners::only(id).tell(self.app, &mut tx, agency, vec![told]).await?;
        tx.commit().await?;
        event
            .first()
            .copied()
            .ok_or_else(|| AppError::Internal("a test was not written".into()))
    }

    /// Deliveries of a webhook before a place, the latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_state`; failures of the database.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        id: Uuid,
        state: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<DeliveryView>> {
        if let Some(state) = state.filter(|state| !["pending", "delivered", "dead"].contains(state)) {
            return Err(AppError::invalid(
                "bad_state",
                words!(
                    "state {state:?} is not known; use pending, delivered or dead",
                    "状态 {state:?} 无法识别；可用 pending、delivered、dead"
                ),
            ));
        }
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if store::webhook(&mut tx, agency, id).await?.is_none() {
            return Err(AppError::NotFound("webhook"));
        }
        let rows = store::deliveries(&mut tx, agency, id, state, before.unwrap_or(i64::MAX), limit).await?;
        rows.into_iter().map(DeliveryView::of).collect()
    }

    /// Has deliveries told again, these or all that were given up; returns how many.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `too_many_items`; failures of the database.
    pub async fn replay(&self, caller: &Caller, id: Uuid, only: Option<&[i64]>) -> Result<u64> {
        if only.is_some_and(|only| only.len() > MOST_REPLAYED) {
            return Err(AppError::invalid(
                "too_many_items",
                words!(
                    "name {MOST_REPLAYED} deliveries at most, or none to replay all that were given up",
                    "一次最多 {MOST_REPLAYED} 条；不指定则重发所有已放弃的通知"
                ),
            ));
        }
        retrying!(self.try_replay(caller, id, only))
    }

    async fn try_replay(&self, caller: &Caller, id: Uuid, only: Option<&[i64]>) -> Result<u64> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        if store::webhook(&mut tx, agency, id).await?.is_none() {
            return Err(AppError::NotFound("webhook"));
        }
        // the log, the job, what is to be told: whoever takes several of them takes them in this order
        audit::lock(&mut tx, agency).await?;
        jobs::wake(&mut tx, agency, (store::DELIVER, &id.to_string()), now, 1).await?;
        let replayed = store::replay(&mut tx, agency, id, only, now).await?;
        let detail = json!({ "named": only.map(<[i64]>::len), "replayed": replayed });
        self.note(&mut tx, caller, "webhook.replay", id, detail).await?;
        tx.commit().await?;
        Ok(replayed)
    }

    async fn note(&self, tx: &mut Tx, caller: &Caller, action: &str, id: Uuid, detail: Value) -> Result<()> {
        self.app
            .audit()
            .note(tx, caller, action, &format!("webhook/{id}"), detail)
            .await
    }

    /// A new secret: as it is shown, and sealed as it is stored.
    fn new_secret(&self, agency: Uuid) -> Result<(String, Vec<u8>)> {
        let mut random = [0; 32];
        self.app.entropy.fill(&mut random);
        let secret = sign::shown(&random);
        let sealed = self.app.documents.seal(agency, &secret, &*self.app.entropy);
        let sealed = sealed.ok_or_else(|| AppError::Internal("a secret could not be sealed".into()))?;
        Ok((secret, sealed))
    }
}

/// The job of a webhook.
fn deliveries(key: &str, lane: Lane, due: Instant) -> NewJob<'_> {
    NewJob {
        kind: store::DELIVER,
        key,
        lane,
        clock: JobClock::Machine,
        due,
    }
}
