//! Answers kept for retries: a request that carries a key of its sender's is carried out once, and answered alike each time. They
//! are kept sealed, as an answer can hold a customer. Answers that hold an API key are not kept at all.

use crate::Idempotency;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::words;
use posthouse_store::{Access, team as store};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, Ordering};

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

/// What a claim of a key comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The request is new: carry it out, then keep its answer or release the key.
    Yours,
    /// It was answered before.
    Kept(KeptAnswer),
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    headers: Vec<(String, String)>,
    body: String,
}

/// How long answers are kept.
const KEPT_MILLIS: i64 = 24 * 3_600_000;
/// After this a request that was never answered died with its host.
const ABANDONED_MILLIS: i64 = 10 * 60_000;
/// One claim in this many clears away old answers.
const TIDY_EVERY: u32 = 256;

static CLAIMS: AtomicU32 = AtomicU32::new(0);

impl Idempotency<'_> {
    /// Claims a key for a request, `request` being its digest.
    ///
    /// # Errors
    /// `idempotency_key_reused` if the key was sent with another request; `request_running` if the first one is not answered yet.
    pub async fn claim(&self, caller: &Caller, key: &str, request: &str) -> Result<Claim> {
        retrying!(self.try_claim(caller, key, request))
    }

    async fn try_claim(&self, caller: &Caller, key: &str, request: &str) -> Result<Claim> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let mut kept = store::kept_answer(&mut tx, agency, key).await?;
        if kept
            .as_ref()
            .is_some_and(|row| row.status.is_none() && row.created_at < now - ABANDONED_MILLIS)
        {
            store::give_back_answer(&mut tx, agency, key).await?;
            kept = None;
        } else if CLAIMS.fetch_add(1, Ordering::Relaxed).is_multiple_of(TIDY_EVERY) {
            store::forget_answers(&mut tx, agency, now - KEPT_MILLIS).await?;
        }
        if kept.is_none() {
            if store::claim_answer(&mut tx, agency, key, request, now).await? {
                tx.commit().await?;
                return Ok(Claim::Yours);
            }
            kept = store::kept_answer(&mut tx, agency, key).await?;
        }
        let running = || {
            AppError::conflict(
                "request_running",
                words!(
                    "the first request with this Idempotency-Key is not answered yet; send it again in a moment",
                    "此 Idempotency-Key 的首个请求尚未完成；请稍后重新发送"
                ),
            )
        };
        let row = kept.ok_or_else(running)?;
        if row.request != request {
            return Err(AppError::invalid(
                "idempotency_key_reused",
                words!(
                    "this Idempotency-Key was sent with another request; use a new key for each request",
                    "此 Idempotency-Key 已用于另一个请求；每个请求请用新的键"
                ),
            ));
        }
        match (row.status, row.body) {
            (Some(status), Some(bytes)) => {
                let lost = || {
                    AppError::conflict(
                        "answer_lost",
                        words!(
                            "the request was carried out, but its answer can no longer be read; look at its outcome",
                            "请求已执行，但当时的响应已无法读取；请直接查看结果"
                        ),
                    )
                };
                let text = self.app.documents.open(agency, &bytes).ok_or_else(lost)?;
                let Sealed { headers, body } = serde_json::from_str(&text).map_err(AppError::corrupt("answer"))?;
                Ok(Claim::Kept(KeptAnswer {
                    status: u16::try_from(status).unwrap_or(200),
                    headers,
                    body,
                }))
            }
            _ => Err(running()),
        }
    }

    /// Keeps the answer of a claimed key.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn keep(&self, caller: &Caller, key: &str, answer: &KeptAnswer) -> Result<()> {
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
        retrying!(self.try_keep(caller, key, answer.status, &bytes))
    }

    async fn try_keep(&self, caller: &Caller, key: &str, status: u16, bytes: &[u8]) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(caller.room.id)).await?;
        store::keep_answer(&mut tx, caller.room.id, key, status.into(), bytes).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a claimed key back: the request failed and may be sent again.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn release(&self, caller: &Caller, key: &str) -> Result<()> {
        retrying!(self.try_release(caller, key))
    }

    async fn try_release(&self, caller: &Caller, key: &str) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(caller.room.id)).await?;
        store::give_back_answer(&mut tx, caller.room.id, key).await?;
        Ok(tx.commit().await?)
    }
}
