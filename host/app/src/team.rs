//! Agencies, their keys and their people.

mod agency;
mod branches;
mod doorkeeper;
mod keys;
mod passwords;
mod provider;
mod roles;
mod second_factor;
mod second_step;
mod sessions;
mod sign_in;
mod staff;
#[cfg(test)]
mod tests;
mod totp;

pub(crate) use crate::caller::is_same_person;
pub use crate::caller::{Caller, Mask, RowScope, Rows, Scope};
pub use agency::AgencyChange;
pub use branches::Branch;
pub(crate) use doorkeeper::Doorkeeper;
pub use keys::{NewKey, create_key, keys, revoke_key};
pub(crate) use keys::{Uses, is_plain};
use keys::{hash, new_secret};
pub(crate) use passwords::Passwords;
pub use posthouse_store::team::{AgencyRow, KeyEntry};
pub(crate) use provider::Provider;
pub use provider::{Back, Errand, ProviderTerms};
pub(crate) use roles::role;
pub use roles::{NewRole, OWNER, Role};
pub use second_factor::{Enrolment, SecondFactor, take_second_factor};
pub use second_step::Entry;
pub use sessions::{Device, Person, Session, SessionEntry, SignedIn};
pub use sign_in::{Credentials, Preferences};
pub use staff::{
    Invited, NewStaff, StaffChange, StaffEntry, StaffState, invite, person_by_email, reset, set_disabled, staff,
};

use crate::Team;
use crate::audit;
use crate::error::{AppError, Result, retrying};
use posthouse_domain::money::Currency;
use posthouse_domain::{AgencyTerms, Entropy, words};
use posthouse_store::team::{self as store, KeyRow};
use posthouse_store::{Access, Store, unique};
use serde_json::json;
use uuid::Uuid;

/// What a new agency is to be.
#[derive(Debug, Clone)]
pub struct NewAgency {
    /// Short name in addresses and commands: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Full name.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 3166 alpha-2 code.
    pub country: String,
}

/// Creates an agency with an owner key; the key is returned this once and kept only as a hash.
///
/// # Errors
/// Terms that are not understood, a slug that is taken, failures of the database.
pub async fn create_agency(
    store: &Store,
    new: NewAgency,
    now: i64,
    entropy: &dyn Entropy,
) -> Result<(AgencyRow, String)> {
    let (row, secret, _) = create_agency_of(store, new, None, now, entropy).await?;
    Ok((row, secret))
}

/// Creates an agency as [`create_agency`] does, and invites its first person as an owner: both or neither.
///
/// # Errors
/// As [`create_agency`]; `bad_email`.
pub async fn create_agency_of(
    store: &Store,
    new: NewAgency,
    owner: Option<&str>,
    now: i64,
    entropy: &dyn Entropy,
) -> Result<(AgencyRow, String, Option<Invited>)> {
    let slug_ok = (1..=63).contains(&new.slug.len())
        && new
            .slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !new.slug.starts_with('-');
    if !slug_ok {
        return Err(AppError::invalid(
            "bad_slug",
            words!(
                "slug {slug:?} must be 1 to 63 lower-case letters, digits and hyphens",
                "标识 {slug:?} 应为 1 到 63 个小写字母、数字或连字符",
                slug = new.slug
            ),
        ));
    }
    let row = AgencyRow {
        id: entropy.id(now),
        slug: new.slug,
        name: agency::checked(&new.name)?,
        time_zone: new.time_zone,
        currency: new.currency.to_uppercase(),
        country: new.country.to_uppercase(),
    };
    terms(&row)?;
    let mut tx = store.write(Access::Agency(row.id)).await?;
    match store::create_agency(&mut tx, &row, now).await {
        Err(error) if error.is_duplicate_of(unique::SLUG) => {
            return Err(AppError::conflict(
                "slug_taken",
                words!(
                    "an agency {slug:?} exists already; choose another slug",
                    "旅行社 {slug:?} 已存在；请换一个标识",
                    slug = row.slug
                ),
            ));
        }
        other => other?,
    }
    let (secret, hash) = new_secret(row.id, entropy);
    let key = KeyRow {
        id: entropy.id(now),
        name: "owner".into(),
        scopes: r#"["owner"]"#.into(),
        holder: None,
    };
    store::create_key(&mut tx, row.id, &key, &hash, now).await?;
    let subject = format!("agency/{}", row.slug);
    audit::write(
        &mut tx,
        row.id,
        None,
        ("agency.create", &subject),
        &json!({"key": key.id}),
        now,
    )
    .await?;
    let invited = match owner {
        Some(email) => {
            let new = NewStaff {
                email,
                name: None,
                role: OWNER,
                branch: None,
            };
            Some(staff::put_person(&mut tx, row.id, None, new, now, entropy).await?)
        }
        None => None,
    };
    tx.commit().await?;
    Ok((row, secret, invited))
}

/// Every agency of the installation, by slug.
///
/// # Errors
/// Failures of the database.
pub async fn agencies(store: &Store) -> Result<Vec<AgencyRow>> {
    let mut tx = store.read(Access::Jobs).await?;
    Ok(store::agencies(&mut tx).await?)
}

/// The agency of this slug.
///
/// # Errors
/// `agency_unknown` if there is none; failures of the database.
pub async fn agency_by_slug(store: &Store, slug: &str) -> Result<AgencyRow> {
    let found = agencies(store).await?.into_iter().find(|agency| agency.slug == slug);
    found.ok_or_else(|| {
        AppError::invalid(
            "agency_unknown",
            words!(
                "there is no agency {slug:?} in this database; `posthouse agency list` lists them",
                "此数据库中没有旅行社 {slug:?}；可用 `posthouse agency list` 查看"
            ),
        )
    })
}

/// The terms of the trade an agency row names.
pub(crate) fn terms(row: &AgencyRow) -> Result<AgencyTerms> {
    let time_zone = row.time_zone.parse().map_err(|_| {
        AppError::invalid(
            "bad_time_zone",
            words!(
                "time zone {time_zone:?} is not known; use a name like Asia/Shanghai",
                "时区 {time_zone:?} 无法识别；请写成 Asia/Shanghai 的形式",
                time_zone = row.time_zone
            ),
        )
    })?;
    let currency = Currency::parse(&row.currency).ok_or_else(|| {
        AppError::invalid(
            "bad_currency",
            words!(
                "currency {currency:?} is not a three-letter code like CNY",
                "币种 {currency:?} 不是 CNY 这样的三字母代码",
                currency = row.currency
            ),
        )
    })?;
    if row.country.len() != 2 || !row.country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(AppError::invalid(
            "bad_country",
            words!(
                "country {country:?} is not a two-letter code like CN",
                "国家 {country:?} 不是 CN 这样的两字母代码",
                country = row.country
            ),
        ));
    }
    Ok(AgencyTerms {
        time_zone,
        currency,
        country: row.country.clone(),
    })
}

impl Team<'_> {
    /// Who sends this key, or this token of a session.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] if nobody; `second_factor_needed` for somebody who has to set one up first.
    pub async fn authenticate(&self, secret: &str) -> Result<Caller> {
        if secret.starts_with(sessions::SESSION) {
            let session = self.session(secret).await?;
            sessions::enrol_first(&session)?;
            return Ok(session.caller);
        }
        let agency = secret
            .strip_prefix("ph_")
            .and_then(|rest| rest.split_once('_'))
            .and_then(|(agency, _)| Uuid::try_parse(agency).ok());
        let agency = agency.ok_or(AppError::Unauthorised)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let key = store::key_by_hash(&mut tx, agency, &hash(secret))
            .await?
            .ok_or(AppError::Unauthorised)?;
        drop(tx);
        self.note_use(agency, key.id);
        let scopes = serde_json::from_str(&key.scopes).map_err(AppError::corrupt("scopes"))?;
        Ok(Caller {
            room: self.app.room(agency).await?,
            actor: key.id,
            scopes,
            masks: Vec::new(),
            rows: Rows::All,
            holder: key.holder,
            ticket: None,
        })
    }

    /// Notes beside the request, once an hour, that a key was used: nobody waits for it, and what fails is only not known.
    fn note_use(&self, agency: Uuid, id: Uuid) {
        let now = self.app.machine.now();
        if !self.app.key_uses.is_new(id, now) {
            return;
        }
        let store = self.app.store.clone();
        self.app.background.spawn(async move {
            let noted = async {
                let mut tx = store.write(Access::Agency(agency)).await?;
                store::touch_key(&mut tx, agency, id, (now, now - keys::USED_MILLIS)).await?;
                tx.commit().await
            };
            if let Err(error) = noted.await {
                tracing::debug!(%error, "it is not noted that a key was used");
            }
        });
    }

    /// Gives the agency another key; returned this once.
    ///
    /// # Errors
    /// As [`create_key`]; `not_yours_to_give` for scopes that the caller does not have, and for a caller who does not see everything, as a key does.
    pub async fn create_key(&self, caller: &Caller, new: NewKey<'_>) -> Result<(Uuid, String)> {
        caller.may_give(new.scopes, &[], RowScope::All)?;
        retrying!(self.try_create_key(caller, new))
    }

    async fn try_create_key(&self, caller: &Caller, new: NewKey<'_>) -> Result<(Uuid, String)> {
        let (now, by) = (self.app.machine.now(), Some(caller.actor));
        let mut tx = self.app.idempotency().begin(caller).await?;
        let (id, secret) = keys::put_key(&mut tx, caller.room.id, new, by, now, &*self.app.entropy).await?;
        let subject = format!("key/{id}");
        self.app.idempotency().name_subject(&mut tx, caller, &subject).await?;
        tx.commit().await?;
        Ok((id, secret))
    }

    /// Every key of the agency, the oldest first, without what opens anything.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn keys(&self, caller: &Caller) -> Result<Vec<store::KeyEntry>> {
        keys::keys(&self.app.store, caller.room.id).await
    }

    /// Revokes a key at once.
    ///
    /// # Errors
    /// As [`revoke_key`]; `not_yours_to_give` for a key with scopes that the caller does not have.
    pub async fn revoke_key(&self, caller: &Caller, key: Uuid) -> Result<()> {
        let keys = self.keys(caller).await?;
        let known = keys
            .iter()
            .find(|known| known.id == key)
            .ok_or(AppError::NotFound("key"))?;
        // a scope that only a later build knows is for an owner
        let scopes = serde_json::from_str(&known.scopes).unwrap_or_else(|_| vec![Scope::Owner]);
        caller.may_give(&scopes, &[], RowScope::All)?;
        let (by, now) = (Some(caller.actor), self.app.machine.now());
        revoke_key(&self.app.store, caller.room.id, key, by, now).await
    }
}
