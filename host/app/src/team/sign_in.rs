//! Signing in: by password, or by the link of an invitation, with which the password is chosen.

use super::doorkeeper::{count_outcome, locked_out};
use super::keys::hash;
use super::passwords::{self, Place};
use super::second_step::{Entry, Way};
use super::sessions::{self, Device, Person, SESSION, Session};
use super::staff::{agency_of_link, new_token};
use crate::Team;
use crate::audit;
use crate::caller::Caller;
use crate::error::{AppError, Result, retrying};
use crate::texts::short;
use posthouse_domain::{normal, words};
use posthouse_store::sessions::{self as session_store, SessionRow};
use posthouse_store::staff::{self as store, StaffRow};
use posthouse_store::{Access, StoreError, Tx, audit as log, team};
use serde_json::json;
use uuid::Uuid;

/// What somebody signs in with.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'c> {
    /// The agency's slug; none: the one agency where this e-mail address is somebody's.
    pub agency: Option<&'c str>,
    /// E-mail address.
    pub email: &'c str,
    /// Password.
    pub password: &'c str,
}

/// What a person has chosen for themselves; none is as the browser or the device has it.
#[derive(Debug, Clone, Default)]
pub struct Preferences {
    /// `zh-CN` or `en`.
    pub language: Option<String>,
    /// `light` or `dark`.
    pub theme: Option<String>,
}

/// The one answer to an address, a password or an account that does not open.
pub(super) fn refused() -> AppError {
    AppError::invalid(
        "sign_in_refused",
        words!(
            "the e-mail address or the password is not right, or the account is not in use; who works for several agencies names the agency as well",
            "邮箱或密码不正确，或账号未启用；在多家旅行社任职的，请同时注明旅行社"
        ),
    )
}

fn link_over() -> AppError {
    AppError::invalid(
        "invitation_over",
        words!(
            "this link was used, replaced or is more than 7 days old; ask whoever sent it for a new one",
            "此链接已使用、已被替换或已超过 7 天；请向发送人索取新的链接"
        ),
    )
}

impl Team<'_> {
    /// Lets somebody in by their password, or to the question for a code. Where nobody has the address it takes as long and comes to the same, also in the number of
    /// tries.
    ///
    /// # Errors
    /// `sign_in_refused`, whatever is not right; `locked_out` after too many wrong passwords for this person or from this address, with how long;
    /// `sign_in_busy`.
    pub async fn sign_in(&self, credentials: Credentials<'_>, from: Device<'_>) -> Result<Entry> {
        let outcome = self.try_sign_in(credentials, from).await;
        // who has still to say a code is counted when they have
        if !matches!(outcome, Ok(Entry::Half(_))) {
            count_outcome(&outcome);
        }
        outcome
    }

    async fn try_sign_in(&self, credentials: Credentials<'_>, from: Device<'_>) -> Result<Entry> {
        let email = normal::caseless(credentials.email);
        // whoever waits for a place is counted before the next one is compared
        let place = self.app.passwords.place().await?;
        let now = self.app.machine.now();
        self.app.doorkeeper.admit(from.address, now)?;
        match self.find(credentials.agency, &email).await? {
            Some((agency, row)) => self.let_in(&place, (agency, row), credentials, from).await,
            None => {
                let name = format!("{} {email}", credentials.agency.unwrap_or_default());
                self.app.doorkeeper.admit_stranger(&name, now)?;
                place.is_right(credentials.password, None).await?;
                self.app.doorkeeper.count_stranger(&name, now);
                self.app.doorkeeper.count(from.address, now);
                Err(refused())
            }
        }
    }

    /// The person of this address: in the agency that is named, or else in the only one where there is one.
    async fn find(&self, slug: Option<&str>, email: &str) -> Result<Option<(Uuid, StaffRow)>> {
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let agency = match slug {
            Some(slug) => team::agency_of_slug(&mut tx, slug).await?,
            None => match store::agencies_of(&mut tx, email, 2).await?.as_slice() {
                [agency] => Some(*agency),
                _ => None,
            },
        };
        drop(tx);
        let Some(agency) = agency else { return Ok(None) };
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::person_by_email(&mut tx, agency, email).await?;
        Ok(row.map(|row| (agency, row)))
    }

    async fn let_in(
        &self,
        place: &Place,
        (agency, row): (Uuid, StaffRow),
        credentials: Credentials<'_>,
        from: Device<'_>,
    ) -> Result<Entry> {
        let now = self.app.machine.now();
        if row.locked_until > now {
            return Err(locked_out(row.locked_until - now));
        }
        let is_right = place.is_right(credentials.password, row.password.as_deref()).await?;
        if !is_right || row.disabled_at.is_some() {
            self.app.doorkeeper.count(from.address, now);
            self.note_failure(agency, row.id, now).await?;
            return Err(refused());
        }
        let password = row.password.clone().unwrap_or_default();
        retrying!(self.begin(agency, row.clone(), &password, from))
    }

    /// Begins a session of somebody whose password was right, unless that or they themselves have changed meanwhile.
    async fn begin(&self, agency: Uuid, row: StaffRow, password: &str, from: Device<'_>) -> Result<Entry> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        log::lock(&mut tx, agency).await?;
        let is_right = store::has_password(&mut tx, agency, row.id, password).await?;
        if !is_right || self.is_shut(&mut tx, agency, &row).await? {
            return Err(refused());
        }
        self.enter(tx, agency, row, Way::Password, from).await
    }

    /// Writes a session down, with its entry in the log. Comes last in its transaction.
    pub(super) async fn put_session(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        staff: Uuid,
        way: &str,
        from: Device<'_>,
    ) -> Result<(String, SessionRow)> {
        let now = self.app.machine.now();
        session_store::tidy(tx, agency, staff, (now, now - sessions::IDLE_MILLIS)).await?;
        let (token, hash) = new_token(SESSION, agency, &*self.app.entropy);
        let row = SessionRow {
            id: self.app.entropy.id(now),
            staff_id: staff,
            address: from.address.to_canonical().to_string(),
            agent: from.agent_shown(),
            way: way.to_owned(),
            began_at: now,
            seen_at: now,
            rotated_at: now,
            ends_at: now + sessions::LONGEST_MILLIS,
        };
        session_store::begin(tx, agency, &row, &hash).await?;
        let subject = format!("staff/{staff}");
        let detail = json!({"session": row.id});
        audit::write(tx, agency, Some(staff), ("staff.sign-in", &subject), &detail, now).await?;
        Ok((token, row))
    }

    /// Takes up an invitation, or chooses a new password by a link: the link opens no more, sessions under the old password end, and one begins, once whoever
    /// has a second factor has said a code.
    ///
    /// # Errors
    /// `invitation_over`; `weak_password`; `bad_name`; `locked_out` after too many wrong links from this address; `sign_in_busy`.
    pub async fn accept_invitation(&self, token: &str, name: &str, password: &str, from: Device<'_>) -> Result<Entry> {
        let place = self.app.passwords.place().await?;
        let now = self.app.machine.now();
        self.app.doorkeeper.admit(from.address, now)?;
        let found = self.invited(token).await?;
        let Some((agency, mut row)) = found else {
            self.app.doorkeeper.count(from.address, now);
            return Err(link_over());
        };
        if !name.trim().is_empty() {
            row.name = short(&words!("name", "姓名"), name)?;
        }
        let password = passwords::acceptable(password, &row.email, &row.name)?;
        let kept = place.hash(&password, &*self.app.entropy).await?;
        retrying!(self.accept((agency, row.clone()), &hash(token), &kept, from))
    }

    /// Whom a link is for, as long as it opens.
    ///
    /// # Errors
    /// `invitation_over`.
    pub async fn invitation(&self, token: &str) -> Result<(String, String)> {
        let (_, row) = self.invited(token).await?.ok_or_else(link_over)?;
        Ok((row.name, row.email))
    }

    async fn invited(&self, token: &str) -> Result<Option<(Uuid, StaffRow)>> {
        let Some(agency) = agency_of_link(token) else {
            return Ok(None);
        };
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let found = store::invited(&mut tx, agency, &hash(token)).await?;
        let Some((id, _)) = found.filter(|(_, ends_at)| *ends_at > self.app.machine.now()) else {
            return Ok(None);
        };
        let row = store::person(&mut tx, agency, id).await?;
        Ok(row.filter(|row| row.disabled_at.is_none()).map(|row| (agency, row)))
    }

    async fn accept(
        &self,
        (agency, named): (Uuid, StaffRow),
        link: &[u8],
        password: &str,
        from: Device<'_>,
    ) -> Result<Entry> {
        let now = self.app.machine.now();
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        log::lock(&mut tx, agency).await?;
        if !store::take_invitation(&mut tx, agency, link).await? {
            return Err(link_over());
        }
        // whatever else has become of the person meanwhile stays
        let present = store::person(&mut tx, agency, named.id).await?;
        let mut row = present.filter(|row| row.disabled_at.is_none()).ok_or_else(link_over)?;
        (row.name, row.version) = (named.name, row.version + 1);
        if !store::change(&mut tx, agency, &row).await? {
            return Err(StoreError::Overtaken.into());
        }
        store::set_password(&mut tx, agency, row.id, password).await?;
        session_store::end_of(&mut tx, agency, row.id, None).await?;
        let subject = format!("staff/{}", row.id);
        let action = ("staff.accept", &*subject);
        audit::write(&mut tx, agency, Some(row.id), action, &json!({}), now).await?;
        self.enter(tx, agency, row, Way::Link, from).await
    }

    /// Gives somebody who knows their password another one; their other sessions end.
    ///
    /// # Errors
    /// `sign_in_refused` and `locked_out` for a wrong present password, as when signing in; `weak_password`; `sign_in_busy`.
    pub async fn change_password(&self, session: &Session, present: &str, new: &str, from: Device<'_>) -> Result<()> {
        let (agency, id) = (session.caller.room.id, session.person.id);
        let place = self.app.passwords.place().await?;
        let now = self.app.machine.now();
        self.app.doorkeeper.admit(from.address, now)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::person(&mut tx, agency, id).await?.ok_or_else(refused)?;
        drop(tx);
        if row.locked_until > now {
            return Err(locked_out(row.locked_until - now));
        }
        if !place.is_right(present, row.password.as_deref()).await? {
            self.app.doorkeeper.count(from.address, now);
            self.note_failure(agency, row.id, now).await?;
            return Err(refused());
        }
        let form = passwords::acceptable(new, &row.email, &row.name)?;
        let kept = place.hash(&form, &*self.app.entropy).await?;
        retrying!(async {
            let mut tx = self.app.idempotency().begin(&session.caller).await?;
            log::lock(&mut tx, agency).await?;
            store::set_password(&mut tx, agency, id, &kept).await?;
            session_store::end_of(&mut tx, agency, id, Some(session.id)).await?;
            let subject = format!("staff/{id}");
            let audit = self.app.audit();
            audit
                .note(&mut tx, &session.caller, "staff.password", &subject, json!({}))
                .await?;
            Ok::<_, AppError>(tx.commit().await?)
        })
    }

    /// Keeps what a person has chosen for themselves: language and theme.
    ///
    /// # Errors
    /// `bad_appearance`; [`AppError::NotFound`] for a key, which is nobody.
    pub async fn prefer(&self, caller: &Caller, chosen: &Preferences) -> Result<Person> {
        let language = chosen.language.as_deref();
        let theme = chosen.theme.as_deref();
        let is_known = language.is_none_or(|name| matches!(name, "zh-CN" | "en"))
            && theme.is_none_or(|name| matches!(name, "light" | "dark"));
        if !is_known {
            return Err(AppError::invalid(
                "bad_appearance",
                words!(
                    "language is zh-CN or en, theme is light or dark; leave out what is to be as the device has it",
                    "language 为 zh-CN 或 en，theme 为 light 或 dark；不填则跟随设备"
                ),
            ));
        }
        retrying!(async {
            let (agency, id) = (caller.room.id, caller.actor);
            let mut tx = self.app.idempotency().begin(caller).await?;
            let row = store::person(&mut tx, agency, id).await?;
            let mut row = row.ok_or(AppError::NotFound("person"))?;
            (row.language, row.theme) = (chosen.language.clone(), chosen.theme.clone());
            row.version += 1;
            if !store::change(&mut tx, agency, &row).await? {
                return Err(StoreError::Overtaken.into());
            }
            let person = sessions::person(&mut tx, agency, row).await?;
            tx.commit().await?;
            Ok(person)
        })
    }
}
