//! Idempotency keys: a request that carries a key of its sender's is carried out once, and answered alike each time. The key is claimed in the
//! transaction that does the work (`Idempotency::begin`), so that neither is there without the other, whenever a host dies.
//!
//! What a request made answers for itself when it is sent again, where that is possible. Other answers are kept, sealed, as they can hold a
//! customer. Answers that hold a secret are not kept at all.

use crate::Idempotency;
use crate::caller::Caller;
use crate::error::{AppError, Result, retrying};
pub use crate::ticket::Ticket;
use posthouse_domain::words;
use posthouse_store::idempotency::{self as store, KeptRow};
use posthouse_store::{Access, StoreError, Tx};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

/// What there is to say to a request that was carried out before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Its answer.
    Answer(KeptAnswer),
    /// What it made or changed, as it stands, with this HTTP status.
    Subject(String, u16),
    /// Nothing yet: it was carried out this moment, and its answer is perhaps about to be kept. With what it made or changed, if that is known.
    Unanswered(Option<String>),
    /// Nothing, but perhaps what it made or changed: its answer held a secret, or the host died before it was kept.
    Nothing(Option<String>),
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    headers: Vec<(String, String)>,
    body: String,
}

/// How long it is known that a request was carried out.
const KEPT_MILLIS: i64 = 24 * 3_600_000;
/// One attempt in this many forgets what is older, so many at most: more than were added since.
const TIDY_EVERY: u32 = 256;
const TIDIED: i64 = 1_024;

/// The code of an attempt at what another one has done, perhaps this very moment.
pub const REQUEST_RUNNING: &str = "request_running";

/// How long after its work an answer may still be kept, in machine ms.
const ANSWERED_WITHIN: i64 = 10_000;

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

impl Idempotency<'_> {
    /// What is known of a request that was carried out under this key, `request` being its digest; `None` if none was.
    ///
    /// # Errors
    /// `idempotency_key_reused` if it was another request; failures of the database.
    pub async fn kept(&self, caller: &Caller, key: &str, request: &str) -> Result<Option<Kept>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::kept(&mut tx, agency, key).await?;
        drop(tx);
        row.map(|row| self.read(agency, request, row)).transpose()
    }

    fn read(&self, agency: Uuid, request: &str, row: KeptRow) -> Result<Kept> {
        if row.request != request {
            return Err(AppError::invalid(
                "idempotency_key_reused",
                words!(
                    "this Idempotency-Key was sent with another request; use a new key for each request",
                    "此 Idempotency-Key 已用于另一个请求；每个请求请用新的键"
                ),
            ));
        }
        let status = row.status.and_then(|status| u16::try_from(status).ok());
        Ok(match (status, row.body, row.subject) {
            (Some(status), Some(bytes), subject) => match self.app.documents.open(agency, &bytes) {
                Some(text) => {
                    let Sealed { headers, body } = serde_json::from_str(&text).map_err(AppError::corrupt("answer"))?;
                    Kept::Answer(KeptAnswer { status, headers, body })
                }
                None => Kept::Nothing(subject),
            },
            (None, _, subject) if row.created_at > self.app.machine.now() - ANSWERED_WITHIN => {
                Kept::Unanswered(subject)
            }
            (Some(status @ 1..), None, Some(subject)) => Kept::Subject(subject, status),
            (_, _, subject) => Kept::Nothing(subject),
        })
    }

    /// The caller, about to attempt a request of this digest under a key.
    pub fn attempt(&self, caller: &Caller, key: &str, request: &str) -> Caller {
        let ticket = Ticket::new(self.app.entropy.id(self.app.machine.now()), key, request);
        Caller {
            ticket: Some(Arc::new(ticket)),
            ..caller.clone()
        }
    }

    /// Begins the transaction that does what a caller asks for. If they sent a key it is claimed in it.
    ///
    /// # Errors
    /// `request_running` if another attempt has done it, perhaps this very moment: what is kept under the key says more. Failures of
    /// the database.
    pub(crate) async fn begin(&self, caller: &Caller) -> Result<Tx> {
        self.begin_claiming(caller, None).await
    }

    /// The same for a transaction whose subject answers for itself with this HTTP status when the request is sent again.
    ///
    /// # Errors
    /// As [`Idempotency::begin`].
    pub(crate) async fn begin_on(&self, caller: &Caller, subject: &str, status: u16) -> Result<Tx> {
        let tx = self.begin_claiming(caller, Some((subject, status))).await?;
        if let Some(ticket) = &caller.ticket {
            ticket.answers_for_itself();
        }
        Ok(tx)
    }

    /// The same for the work of several callers of an agency in one transaction, each with what it makes.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if one of their keys is claimed: alone, each hears whether it is its own. With one caller, as [`Idempotency::begin`].
    pub(crate) async fn begin_on_each(&self, agency: Uuid, on: &[(&Caller, &str)], status: u16) -> Result<Tx> {
        if let [(caller, subject)] = on {
            return self.begin_on(caller, subject, status).await;
        }
        let tickets = on
            .iter()
            .filter_map(|(caller, subject)| Some((caller.ticket.as_ref()?, *subject)));
        let tickets: Vec<_> = tickets.collect();
        self.tidy(agency, tickets.len()).await?;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let claims: Vec<_> = tickets
            .iter()
            .map(|(ticket, subject)| ticket.claim(Some((subject, status))))
            .collect();
        if !store::claim_all(&mut tx, agency, &claims, self.app.machine.now()).await? {
            return Err(StoreError::Overtaken.into());
        }
        for (ticket, _) in tickets {
            ticket.answers_for_itself();
        }
        Ok(tx)
    }

    async fn begin_claiming(&self, caller: &Caller, subject: Option<(&str, u16)>) -> Result<Tx> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let Some(ticket) = &caller.ticket else {
            return Ok(self.app.store.write(Access::Agency(agency)).await?);
        };
        self.tidy(agency, 1).await?;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        if store::claim(&mut tx, agency, ticket.claim(subject), now).await? {
            return Ok(tx);
        }
        Err(AppError::conflict(
            REQUEST_RUNNING,
            words!(
                "the first request with this Idempotency-Key is just being answered; send it again in a moment",
                "此 Idempotency-Key 的首个请求正在答复中；请稍后重新发送"
            ),
        ))
    }

    /// Forgets now and then what was kept for longer than it has to be, in a transaction of its own: nobody waits for what it has locked.
    async fn tidy(&self, agency: Uuid, attempts: usize) -> Result<()> {
        let attempts = attempts as u32;
        let before = ATTEMPTS.fetch_add(attempts, Ordering::Relaxed);
        if before.wrapping_add(attempts) / TIDY_EVERY == before / TIDY_EVERY {
            return Ok(());
        }
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::forget(&mut tx, agency, self.app.machine.now() - KEPT_MILLIS, TIDIED).await?;
        Ok(tx.commit().await?)
    }

    /// What became of an attempt that failed: whether its work was done all the same, and then with what it made or changed, if that is known.
    /// Its answer will not be kept any more.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn lost(&self, caller: &Caller) -> Result<Option<Kept>> {
        let Some(ticket) = &caller.ticket else { return Ok(None) };
        let agency = caller.room.id;
        // most that fail have done nothing, and take the writer from nobody to hear so
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::kept(&mut tx, agency, &ticket.key).await?;
        drop(tx);
        let Some(row) = row.filter(|row| row.ticket == Some(ticket.id)) else {
            return Ok(None);
        };
        retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(agency)).await?;
            store::lose(&mut tx, agency, ticket.claim(None)).await?;
            tx.commit().await.map_err(AppError::from)
        })?;
        let status = row.status.and_then(|status| u16::try_from(status).ok());
        Ok(Some(match (row.subject, status) {
            (Some(subject), Some(status @ 1..)) => Kept::Subject(subject, status),
            (subject, _) => Kept::Nothing(subject),
        }))
    }

    /// Says in its transaction what a caller's request was about.
    pub(crate) async fn name_subject(&self, tx: &mut Tx, caller: &Caller, subject: &str) -> Result<()> {
        if let Some(ticket) = &caller.ticket
            && !ticket.is_answered()
        {
            store::name_subject(tx, caller.room.id, ticket.claim(None), subject).await?;
        }
        Ok(())
    }

    /// Keeps the answer to an attempt, unless what it made answers for itself.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn keep(&self, caller: &Caller, answer: &KeptAnswer) -> Result<()> {
        let Some(ticket) = &caller.ticket else { return Ok(()) };
        if ticket.is_answered() {
            return Ok(());
        }
        let sealed = Sealed {
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        };
        let text = serde_json::to_string(&sealed).map_err(AppError::corrupt("answer"))?;
        let bytes = self
            .app
            .documents
            .seal(caller.room.id, &text, &*self.app.entropy)
            .ok_or_else(|| AppError::Internal("an answer cannot be sealed".into()))?;
        retrying!(self.try_keep(caller, ticket, answer.status, &bytes))
    }

    async fn try_keep(&self, caller: &Caller, ticket: &Ticket, status: u16, bytes: &[u8]) -> Result<()> {
        let agency = caller.room.id;
        self.tidy(agency, 1).await?;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let answer = (status.into(), bytes);
        store::keep(&mut tx, agency, ticket.claim(None), answer, self.app.machine.now()).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_domain::Clock;
    use posthouse_store::Store;

    on_both_engines!(
        a_key_is_claimed_with_the_work,
        who_comes_meanwhile_waits_and_hears_what_was_done,
        answers_are_kept_for_a_day,
        who_has_done_nothing_waits_for_nobody,
    );

    async fn caller(store: &Store) -> (crate::App, testing::Clocks, Caller) {
        let (app, clocks) = testing::host(store, NOW);
        let (_, key) = testing::agency(store, "once").await;
        let caller = app.team().authenticate(&key).await.expect("a key");
        (app, clocks, caller)
    }

    async fn a_key_is_claimed_with_the_work(store: Store) {
        let (app, clocks, caller) = caller(&store).await;
        let once = app.idempotency();
        // work that is undone claims nothing
        drop(
            once.begin(&once.attempt(&caller, "k", "r"))
                .await
                .expect("a transaction"),
        );
        assert_eq!(once.kept(&caller, "k", "r").await.expect("a look"), None);
        let attempt = once.attempt(&caller, "k", "r");
        let mut tx = once.begin(&attempt).await.expect("a transaction");
        once.name_subject(&mut tx, &attempt, "thing/1").await.expect("a name");
        tx.commit().await.expect("a commit");
        // its answer may come yet; after a while the host has died before it was kept
        let kept = once.kept(&caller, "k", "r").await.expect("a look");
        assert_eq!(kept, Some(Kept::Unanswered(Some("thing/1".into()))));
        clocks.machine.set(NOW + ANSWERED_WITHIN);
        let kept = once.kept(&caller, "k", "r").await.expect("a look");
        assert_eq!(kept, Some(Kept::Nothing(Some("thing/1".into()))));
        // the same attempt may begin another transaction, another one may not
        drop(once.begin(&attempt).await.expect("a transaction"));
        let error = once
            .begin(&once.attempt(&caller, "k", "r"))
            .await
            .expect_err("it was done");
        assert!(matches!(error, AppError::Conflict(rejection) if rejection.code == "request_running"));
        let error = once.kept(&caller, "k", "other").await.expect_err("another request");
        assert!(matches!(error, AppError::Invalid(rejection) if rejection.code == "idempotency_key_reused"));
        // an attempt that was done and failed afterwards will not be answered
        let failing = once.attempt(&caller, "f", "r");
        assert_eq!(once.lost(&failing).await.expect("a look"), None, "nothing was done");
        let tx = once.begin(&failing).await.expect("a transaction");
        tx.commit().await.expect("a commit");
        assert_eq!(once.lost(&failing).await.expect("a look"), Some(Kept::Nothing(None)));
        let kept = once.kept(&caller, "f", "r").await.expect("a look");
        assert_eq!(kept, Some(Kept::Nothing(None)), "at once");
        // what answers for itself needs no answer kept
        let attempt = once.attempt(&caller, "q", "r");
        let tx = once.begin_on(&attempt, "quote/1", 201).await.expect("a transaction");
        tx.commit().await.expect("a commit");
        once.keep(&attempt, &answer()).await.expect("nothing to keep");
        let kept = once.kept(&caller, "q", "r").await.expect("a look");
        assert_eq!(kept, Some(Kept::Subject("quote/1".into(), 201)));
    }

    async fn who_comes_meanwhile_waits_and_hears_what_was_done(store: Store) {
        let (app, _, caller) = caller(&store).await;
        let first = app
            .idempotency()
            .begin(&app.idempotency().attempt(&caller, "k", "r"))
            .await
            .expect("a transaction");
        let waiting = {
            let (app, attempt) = (app.clone(), app.idempotency().attempt(&caller, "k", "r"));
            tokio::spawn(async move { app.idempotency().begin(&attempt).await.map(drop) })
        };
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "nobody knows yet what becomes of the first");
        first.commit().await.expect("a commit");
        waiting.await.expect("it ends").expect_err("the first has done it");
    }

    async fn answers_are_kept_for_a_day(store: Store) {
        let (app, clocks, caller) = caller(&store).await;
        let once = app.idempotency();
        let attempt = once.attempt(&caller, "k", "r");
        once.keep(&attempt, &answer()).await.expect("it is kept");
        let kept = once.kept(&caller, "k", "r").await.expect("a look");
        assert_eq!(kept, Some(Kept::Answer(answer())));
        clocks.machine.set(NOW + KEPT_MILLIS + 1);
        let attempt = once.attempt(&caller, "last", "r");
        for _ in 0..TIDY_EVERY {
            once.begin(&attempt)
                .await
                .expect("a transaction")
                .commit()
                .await
                .expect("a commit");
        }
        assert_eq!(once.kept(&caller, "k", "r").await.expect("a look"), None);
    }

    async fn who_has_done_nothing_waits_for_nobody(store: Store) {
        let (app, _, caller) = caller(&store).await;
        let failing = app.idempotency().attempt(&caller, "k", "r");
        // somebody else writes, and has claimed another key
        let other = app.idempotency().attempt(&caller, "other", "r");
        let writing = app.idempotency().begin(&other).await.expect("a transaction");
        let asked = async { app.idempotency().lost(&failing).await };
        let lost = tokio::time::timeout(std::time::Duration::from_secs(2), asked).await;
        assert_eq!(lost.expect("at once").expect("a look"), None);
        drop(writing);
    }

    fn answer() -> KeptAnswer {
        KeptAnswer {
            status: 201,
            headers: vec![("location".into(), "/there".into())],
            body: "{}".into(),
        }
    }
}
