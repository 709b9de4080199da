//! A second factor: set up by a person for themselves, taken away by them or by whoever looks after them, and wanted of everybody or not.

use super::doorkeeper::locked_out;
use super::roles;
use super::second_step::{code_refused, count_failure};
use super::sessions::Device;
use super::staff::held;
use super::totp::{self, Secret};
use crate::Team;
use crate::audit;
use crate::caller::Caller;
use crate::error::{AppError, Result, repeating, retrying};
use posthouse_domain::{Instant, words};
use posthouse_store::factors::{self as store, FactorRow};
use posthouse_store::staff::StaffRow;
use posthouse_store::{Access, Store, Tx, audit as log};
use serde_json::json;
use uuid::Uuid;

/// Recovery codes of a person.
const CODES: usize = 10;
/// How long a secret waits for the code that confirms it, in ms.
const WAITS_MILLIS: i64 = 3_600_000;

/// A person's second factor.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// Since when it is in force, in ms since 1970; none if it is not.
    pub since: Option<Instant>,
    /// Recovery codes that were not used.
    pub codes_left: i64,
    /// Whether the agency wants everybody to have one.
    pub is_needed: bool,
    /// Whether the person has a password, which taking it away asks for.
    pub has_password: bool,
    /// What was begun and waits for the code that confirms it.
    pub begun: Option<Enrolment>,
}

/// What an authenticator app is told.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The secret in Base32, for typing.
    pub secret: String,
    /// The same as an address, for a picture.
    pub address: String,
}

/// What takes a code.
enum Deed {
    /// To get recovery codes with these hashes.
    Renew(Vec<Vec<u8>>),
    /// To do without.
    Remove,
}

/// Takes somebody's second factor away on behalf of the host; `false` if they had none.
///
/// # Errors
/// [`AppError::NotFound`]; failures of the database.
pub async fn take_second_factor(app_store: &Store, agency: Uuid, id: Uuid, now: Instant) -> Result<bool> {
    repeating!(async {
        let mut tx = app_store.write(Access::Agency(agency)).await?;
        log::lock(&mut tx, agency).await?;
        held(&mut tx, agency, id).await?;
        let removed = remove(&mut tx, agency, None, id, now).await?;
        tx.commit().await?;
        Ok::<_, AppError>(removed)
    })
}

async fn remove(tx: &mut Tx, agency: Uuid, by: Option<Uuid>, id: Uuid, now: Instant) -> Result<bool> {
    if !store::remove(tx, agency, id).await? {
        return Ok(false);
    }
    store::forget_halves(tx, agency, id).await?;
    let subject = format!("staff/{id}");
    audit::write(tx, agency, by, ("staff.second-factor-off", &subject), &json!({}), now).await?;
    Ok(true)
}

impl Team<'_> {
    /// How the caller's second factor stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a key, which is nobody.
    pub async fn second_factor(&self, caller: &Caller) -> Result<SecondFactor> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = held(&mut tx, agency, caller.actor).await?;
        let factor = store::factor(&mut tx, agency, row.id).await?;
        let codes_left = store::codes_left(&mut tx, agency, row.id).await?;
        let is_needed = store::is_needed(&mut tx, agency).await?;
        let since = factor.as_ref().and_then(|factor| factor.confirmed_at);
        let begun = match &factor {
            Some(factor) if self.waits(factor) => {
                let secret = self.secret(agency, row.id, &factor.sealed)?;
                Some(Enrolment {
                    secret: secret.text(),
                    address: secret.address(&caller.room.slug, &row.email),
                })
            }
            _ => None,
        };
        Ok(SecondFactor {
            since,
            codes_left,
            is_needed,
            has_password: row.password.is_some(),
            begun,
        })
    }

    fn waits(&self, factor: &FactorRow) -> bool {
        factor.confirmed_at.is_none() && factor.created_at + WAITS_MILLIS > self.app.machine.now()
    }

    /// Begins to set one up: a new secret, which is in force once a code has confirmed it. Done again, it takes the place of the one before.
    ///
    /// # Errors
    /// `second_factor_there`; [`AppError::NotFound`] for a key.
    pub async fn begin_second_factor(&self, caller: &Caller) -> Result<()> {
        let agency = caller.room.id;
        let secret = Secret::new(&*self.app.entropy);
        let sealed = self
            .app
            .documents
            .seal_factor(agency, caller.actor, secret.bytes(), &*self.app.entropy);
        let sealed = sealed.ok_or_else(|| AppError::Internal("a secret cannot be sealed".into()))?;
        retrying!(async {
            let mut tx = self.app.idempotency().begin(caller).await?;
            let row = held(&mut tx, agency, caller.actor).await?;
            if !store::begin(&mut tx, agency, row.id, &sealed, self.app.machine.now()).await? {
                return Err(there_is_one());
            }
            Ok(tx.commit().await?)
        })
    }

    /// Puts the secret that was begun into force by a code of it, and answers the recovery codes, this once.
    ///
    /// # Errors
    /// `code_refused`; `second_factor_over` if none was begun within the hour; `second_factor_there`.
    pub async fn confirm_second_factor(&self, caller: &Caller, code: &str) -> Result<Vec<String>> {
        let (agency, id) = (caller.room.id, caller.actor);
        let (codes, hashes) = self.new_codes(agency, id);
        retrying!(async {
            let now = self.app.machine.now();
            let mut tx = self.app.idempotency().begin(caller).await?;
            log::lock(&mut tx, agency).await?;
            held(&mut tx, agency, id).await?;
            let factor = store::factor(&mut tx, agency, id).await?;
            let factor = match factor {
                Some(factor) if factor.confirmed_at.is_some() => return Err(there_is_one()),
                Some(factor) if self.waits(&factor) => factor,
                _ => return Err(begun_too_long_ago()),
            };
            let secret = self.secret(agency, id, &factor.sealed)?;
            let step = secret.step(&totp::plain(code), now, 0).ok_or_else(code_refused)?;
            if !store::confirm(&mut tx, agency, id, step, now).await? {
                return Err(there_is_one());
            }
            store::put_codes(&mut tx, agency, id, &hashes).await?;
            let (subject, detail) = (format!("staff/{id}"), json!({}));
            let audit = self.app.audit();
            audit
                .note(&mut tx, caller, "staff.second-factor-on", &subject, detail)
                .await?;
            Ok(tx.commit().await?)
        })?;
        Ok(codes)
    }

    /// Makes new recovery codes in place of those before, for who knows a code.
    ///
    /// # Errors
    /// `code_refused`, `locked_out`; [`AppError::NotFound`] for a key.
    pub async fn renew_recovery_codes(&self, caller: &Caller, code: &str, from: Device<'_>) -> Result<Vec<String>> {
        let (agency, id) = (caller.room.id, caller.actor);
        let (codes, hashes) = self.new_codes(agency, id);
        self.with_code(caller, code, from, Deed::Renew(hashes)).await?;
        Ok(codes)
    }

    /// Takes one's own second factor away, for who knows their password, if they have one, and a code.
    ///
    /// # Errors
    /// `sign_in_refused` for a wrong password, `code_refused` for a wrong code; `locked_out` after too many; `sign_in_busy`.
    pub async fn remove_second_factor(
        &self,
        caller: &Caller,
        password: &str,
        code: &str,
        from: Device<'_>,
    ) -> Result<()> {
        self.check_password(caller, password, from).await?;
        self.with_code(caller, code, from, Deed::Remove).await
    }

    /// Does something for a caller whose code is right, in the transaction that takes it. A wrong one is counted.
    async fn with_code(&self, caller: &Caller, code: &str, from: Device<'_>, deed: Deed) -> Result<()> {
        let (agency, id, now) = (caller.room.id, caller.actor, self.app.machine.now());
        self.app.doorkeeper.admit(from.address, now)?;
        let is_right = retrying!(async {
            let mut tx = self.app.idempotency().begin(caller).await?;
            log::lock(&mut tx, agency).await?;
            let row = held(&mut tx, agency, id).await?;
            free(&row, now)?;
            let is_right = self.takes(&mut tx, agency, id, code).await?;
            match &deed {
                _ if !is_right => count_failure(&mut tx, agency, id, now).await?,
                Deed::Remove => drop(remove(&mut tx, agency, Some(id), id, now).await?),
                Deed::Renew(hashes) => {
                    store::put_codes(&mut tx, agency, id, hashes).await?;
                    let (subject, detail) = (format!("staff/{id}"), json!({}));
                    let audit = self.app.audit();
                    audit
                        .note(&mut tx, caller, "staff.recovery-codes", &subject, detail)
                        .await?;
                }
            }
            tx.commit().await?;
            Ok::<_, AppError>(is_right)
        })?;
        if is_right {
            return Ok(());
        }
        self.app.doorkeeper.count(from.address, now);
        Err(code_refused())
    }

    async fn check_password(&self, caller: &Caller, password: &str, from: Device<'_>) -> Result<()> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let place = self.app.passwords.place().await?;
        self.app.doorkeeper.admit(from.address, now)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = held(&mut tx, agency, caller.actor).await?;
        drop(tx);
        free(&row, now)?;
        if row.password.is_none() || place.is_right(password, row.password.as_deref()).await? {
            return Ok(());
        }
        self.app.doorkeeper.count(from.address, now);
        self.note_failure(agency, row.id, now).await?;
        Err(super::sign_in::refused())
    }

    fn new_codes(&self, agency: Uuid, staff: Uuid) -> (Vec<String>, Vec<Vec<u8>>) {
        let codes: Vec<String> = (0..CODES).map(|_| totp::recovery_code(&*self.app.entropy)).collect();
        let hash = |code: &String| self.app.documents.recovery(agency, staff, &totp::plain(code));
        let hashes = codes.iter().map(hash).collect();
        (codes, hashes)
    }

    /// Takes somebody's second factor away who has lost it. Where there is none, nothing happens.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `not_yours_to_give` for somebody with rights that the caller does not have.
    pub async fn take_second_factor(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let agency = caller.room.id;
        retrying!(async {
            let mut tx = self.app.idempotency().begin(caller).await?;
            log::lock(&mut tx, agency).await?;
            let row = held(&mut tx, agency, id).await?;
            let role = roles::role(&mut tx, agency, &row.role).await?;
            caller.may_give(&role.permissions, &role.masks, role.rows)?;
            remove(&mut tx, agency, Some(caller.actor), id, self.app.machine.now()).await?;
            Ok(tx.commit().await?)
        })
    }

    /// Whether everybody of the agency has to have one.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn is_second_factor_needed(&self, caller: &Caller) -> Result<bool> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        Ok(store::is_needed(&mut tx, caller.room.id).await?)
    }

    /// Has everybody need one, or not. Whoever calls has looked whether the caller may.
    pub(super) async fn need_second_factor(&self, tx: &mut Tx, caller: &Caller, needed: bool) -> Result<()> {
        let agency = caller.room.id;
        if store::set_needed(tx, agency, needed).await? {
            let subject = format!("agency/{}", caller.room.slug);
            let detail = json!({"needed": needed});
            let audit = self.app.audit();
            audit.note(tx, caller, "agency.second-factor", &subject, detail).await?;
        }
        Ok(())
    }

    /// Counts a wrong password in a transaction of its own.
    pub(super) async fn note_failure(&self, agency: Uuid, staff: Uuid, now: Instant) -> Result<()> {
        repeating!(async {
            let mut tx = self.app.store.write(Access::Agency(agency)).await?;
            count_failure(&mut tx, agency, staff, now).await?;
            Ok::<_, AppError>(tx.commit().await?)
        })
    }
}

fn free(row: &StaffRow, now: Instant) -> Result<()> {
    match row.locked_until - now {
        wait if wait > 0 => Err(locked_out(wait)),
        _ => Ok(()),
    }
}

fn there_is_one() -> AppError {
    AppError::conflict(
        "second_factor_there",
        words!(
            "you have a second factor already; take it away before you set another one up",
            "您已启用两步验证；如需更换，请先停用"
        ),
    )
}

fn begun_too_long_ago() -> AppError {
    AppError::conflict(
        "second_factor_over",
        words!(
            "setting it up was begun more than an hour ago, or not at all; begin anew",
            "设置已超过一小时或尚未开始；请重新开始"
        ),
    )
}
