//! Between a right password and a session: whoever has a second factor has to say a code of it. Codes are counted like passwords, in the transaction that
//! compares them, so that many at once are counted one after the other.

use super::doorkeeper::{self, locked_out};
use super::keys::hash;
use super::sessions::{Device, SignedIn};
use super::staff::{agency_of, new_token};
use super::totp::{self, Secret};
use crate::Team;
use crate::audit;
use crate::error::{AppError, Result, retrying};
use posthouse_domain::{Instant, words};
use posthouse_store::factors::{self, HalfRow};
use posthouse_store::staff::{self as store, StaffRow};
use posthouse_store::{Access, Tx, audit as log};
use serde_json::json;
use uuid::Uuid;

/// What the token of somebody begins with who has still to say a code.
const HALF: &str = "phh";
/// How long they may take for it, in ms.
const HALF_MILLIS: i64 = 5 * 60_000;

/// By which way somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Password,
    Link,
    Provider,
}

impl Way {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
            Self::Provider => "provider",
        }
    }
}

/// Where a right password, link or provider leads to.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Into a session.
    In(Box<SignedIn>),
    /// To the question for a code, with the token that it is answered with.
    Half(String),
}

impl Entry {
    /// The session.
    ///
    /// # Errors
    /// `code_needed` if somebody has still to say a code.
    pub fn whole(self) -> Result<SignedIn> {
        match self {
            Self::In(signed_in) => Ok(*signed_in),
            Self::Half(_) => Err(code_needed()),
        }
    }
}

fn code_needed() -> AppError {
    AppError::invalid(
        "code_needed",
        words!(
            "this person has a second factor: send a code of their authenticator app, or a recovery code, as `code`",
            "该账号已启用两步验证：请以 `code` 一并发送验证器中的验证码或恢复码"
        ),
    )
}

/// The one answer to a code that is wrong, was taken before, or is too old.
pub(super) fn code_refused() -> AppError {
    AppError::invalid(
        "code_refused",
        words!(
            "the code is not right, or was used already; wait for the next one, and see that the device's clock is right",
            "验证码不正确或已使用过；请等待下一个验证码，并确认设备时间准确"
        ),
    )
}

fn half_over() -> AppError {
    AppError::invalid(
        "sign_in_over",
        words!(
            "more than 5 minutes have passed, or the account has changed meanwhile; sign in again",
            "已超过 5 分钟，或账号信息已变更；请重新登录"
        ),
    )
}

impl Team<'_> {
    /// Whether somebody who comes by this way has to say a code.
    pub(super) async fn asks_code(&self, tx: &mut Tx, agency: Uuid, staff: Uuid, way: Way) -> Result<bool> {
        let (_, since) = factors::standing(tx, agency, staff).await?;
        Ok(since.is_some() && !self.is_vouched(way.as_str()))
    }

    /// Lets somebody into a session, or notes that they have still to say a code. Comes last in its transaction.
    pub(super) async fn enter(
        &self,
        mut tx: Tx,
        agency: Uuid,
        row: StaffRow,
        way: Way,
        from: Device<'_>,
    ) -> Result<Entry> {
        let now = self.app.machine.now();
        if self.asks_code(&mut tx, agency, row.id, way).await? {
            let (token, hash) = new_token(HALF, agency, &*self.app.entropy);
            let half = HalfRow {
                staff_id: row.id,
                way: way.as_str().into(),
            };
            factors::put_half(&mut tx, agency, &half, &hash, (now, now + HALF_MILLIS)).await?;
            tx.commit().await?;
            return Ok(Entry::Half(token));
        }
        store::came_in(&mut tx, agency, row.id, now).await?;
        let (token, session) = self.put_session(&mut tx, agency, row.id, way.as_str(), from).await?;
        tx.commit().await?;
        let session = self.opened(agency, row, session).await?;
        Ok(Entry::In(Box::new(SignedIn { token, session })))
    }

    /// Lets somebody in whose password, link or provider was right, by a code of their app or a recovery code, each of which opens once.
    ///
    /// # Errors
    /// `code_refused`; `locked_out` after too many wrong ones, as for passwords; `sign_in_over` after 5 minutes.
    pub async fn second_step(&self, token: &str, code: &str, from: Device<'_>) -> Result<SignedIn> {
        let outcome = self.try_second_step(token, code, from).await;
        doorkeeper::count_outcome(&outcome);
        outcome
    }

    async fn try_second_step(&self, token: &str, code: &str, from: Device<'_>) -> Result<SignedIn> {
        let now = self.app.machine.now();
        self.app.doorkeeper.admit(from.address, now)?;
        let Some(agency) = agency_of(HALF, token) else {
            self.app.doorkeeper.count(from.address, now);
            return Err(half_over());
        };
        let signed_in = retrying!(self.compare(agency, &hash(token), code, from))?;
        signed_in.ok_or_else(|| {
            self.app.doorkeeper.count(from.address, now);
            code_refused()
        })
    }

    /// `None` for a wrong code, which is counted.
    async fn compare(&self, agency: Uuid, token: &[u8], code: &str, from: Device<'_>) -> Result<Option<SignedIn>> {
        let now = self.app.machine.now();
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        log::lock(&mut tx, agency).await?;
        let half = factors::half(&mut tx, agency, token, now)
            .await?
            .ok_or_else(half_over)?;
        let row = store::person(&mut tx, agency, half.staff_id).await?;
        let row = row.filter(|row| row.disabled_at.is_none()).ok_or_else(half_over)?;
        if row.locked_until > now {
            return Err(locked_out(row.locked_until - now));
        }
        if !self.takes(&mut tx, agency, row.id, code).await? {
            count_failure(&mut tx, agency, row.id, now).await?;
            tx.commit().await?;
            return Ok(None);
        }
        if !factors::take_half(&mut tx, agency, token).await? {
            return Err(half_over());
        }
        store::came_in(&mut tx, agency, row.id, now).await?;
        let (token, session) = self.put_session(&mut tx, agency, row.id, &half.way, from).await?;
        tx.commit().await?;
        let session = self.opened(agency, row, session).await?;
        Ok(Some(SignedIn { token, session }))
    }

    /// Takes a code of somebody's app, or one of their recovery codes; `false` if it is neither, or was taken before, on whichever host.
    pub(super) async fn takes(&self, tx: &mut Tx, agency: Uuid, staff: Uuid, typed: &str) -> Result<bool> {
        let plain = totp::plain(typed);
        if !totp::is_code(&plain) {
            let hash = self.app.documents.recovery(agency, staff, &plain);
            if !factors::take_code(tx, agency, staff, &hash).await? {
                return Ok(false);
            }
            let left = factors::codes_left(tx, agency, staff).await?;
            let (action, subject) = ("staff.recovery-code", format!("staff/{staff}"));
            let detail = json!({"left": left});
            audit::write(
                tx,
                agency,
                Some(staff),
                (action, &subject),
                &detail,
                self.app.machine.now(),
            )
            .await?;
            return Ok(true);
        }
        let factor = factors::factor(tx, agency, staff).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else {
            return Ok(false);
        };
        let secret = self.secret(agency, staff, &factor.sealed)?;
        match secret.step(&plain, self.app.machine.now(), factor.last_step) {
            Some(step) => Ok(factors::take_step(tx, agency, staff, step).await?),
            None => Ok(false),
        }
    }

    pub(super) fn secret(&self, agency: Uuid, staff: Uuid, sealed: &[u8]) -> Result<Secret> {
        let opened = self.app.documents.open_factor(agency, staff, sealed);
        opened.map(Secret::of).ok_or_else(|| {
            AppError::Internal("a second factor does not open: it was sealed with another secret".into())
        })
    }

    /// Whether whoever comes by this way has shown a second factor elsewhere.
    pub(super) fn is_vouched(&self, way: &str) -> bool {
        way == Way::Provider.as_str() && self.app.provider.as_ref().is_some_and(|provider| provider.vouches())
    }
}

/// Counts a wrong password or code, and closes the door for a while after too many in a row.
pub(super) async fn count_failure(tx: &mut Tx, agency: Uuid, staff: Uuid, now: Instant) -> Result<()> {
    let failures = store::count_failure(tx, agency, staff).await?;
    let pause = doorkeeper::pause(failures);
    if pause > 0 {
        store::lock_out(tx, agency, staff, now + pause).await?;
        let (action, subject) = ("staff.lock-out", format!("staff/{staff}"));
        audit::write(
            tx,
            agency,
            None,
            (action, &subject),
            &json!({"failures": failures}),
            now,
        )
        .await?;
    }
    Ok(())
}
