//! Who of the staff somebody is whom the provider has let in. Nobody becomes of the staff by it: they were invited.

use super::Provider;
use super::token::Claims;
use crate::Team;
use crate::audit;
use crate::error::{AppError, Result, retrying};
use crate::team::second_step::{Entry, Way};
use crate::team::sessions::Device;
use posthouse_domain::{normal, words};
use posthouse_store::staff::{self as store, StaffRow};
use posthouse_store::{Access, Tx, audit as log, providers, team};
use serde_json::json;
use uuid::Uuid;

/// Agencies of one person that are looked at.
const AGENCIES: i64 = 50;

fn unknown(email: &str) -> AppError {
    let email: String = email.chars().filter(|c| !c.is_control()).take(254).collect();
    AppError::invalid(
        "provider_person_unknown",
        words!(
            "nobody who can sign in here has the address {email}; ask your administrator to invite it. Who works for several agencies opens /sign-in?agency=NAME first",
            "此处没有可登录的账号使用邮箱 {email}；请联系管理员邀请该邮箱。在多家旅行社任职的，请先打开 /sign-in?agency=标识"
        ),
    )
}

fn not_verified() -> AppError {
    AppError::invalid(
        "provider_address_not_verified",
        words!(
            "your sign-in provider has not verified your e-mail address; have it verified there first",
            "登录服务尚未验证您的邮箱；请先在该服务中完成邮箱验证"
        ),
    )
}

impl Provider {
    /// Whether it may speak for this address.
    fn speaks_for(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        let domains = &self.terms.domains;
        domains.is_empty() || domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
    }
}

impl Team<'_> {
    /// Lets in whom these claims are about.
    pub(super) async fn matched(
        &self,
        provider: &Provider,
        claims: &Claims,
        named: &str,
        from: Device<'_>,
    ) -> Result<Entry> {
        let email = normal::caseless(claims.address.email.as_deref().unwrap_or_default());
        let agency = self.agency_of(provider, claims, &email, named).await?;
        retrying!(self.try_match(provider, agency, (claims, &email), from))
    }

    /// The agency that is meant: the one that was named, or the only one where the subject, or else the address, is somebody's.
    async fn agency_of(&self, provider: &Provider, claims: &Claims, email: &str, named: &str) -> Result<Uuid> {
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let mut open = Vec::new();
        for slug in &provider.terms.agencies {
            open.extend(team::agency_of_slug(&mut tx, slug).await?);
        }
        let is_open = |agency: &Uuid| provider.terms.agencies.is_empty() || open.contains(agency);
        let only = |found: Vec<Uuid>| match found.into_iter().filter(is_open).collect::<Vec<_>>().as_slice() {
            [agency] => Some(*agency),
            _ => None,
        };
        let found = if named.is_empty() {
            let known = providers::agencies_of(&mut tx, &provider.terms.issuer, &claims.sub, AGENCIES).await?;
            match only(known) {
                Some(agency) => Some(agency),
                None => only(store::agencies_of(&mut tx, email, AGENCIES).await?),
            }
        } else {
            team::agency_of_slug(&mut tx, named).await?.filter(is_open)
        };
        found.ok_or_else(|| unknown(email))
    }

    async fn try_match(
        &self,
        provider: &Provider,
        agency: Uuid,
        (claims, email): (&Claims, &str),
        from: Device<'_>,
    ) -> Result<Entry> {
        let now = self.app.machine.now();
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        log::lock(&mut tx, agency).await?;
        let identity = (provider.terms.issuer.as_str(), claims.sub.as_str());
        let known = providers::person(&mut tx, agency, identity.0, identity.1).await?;
        let row = match known {
            Some(id) => store::person(&mut tx, agency, id).await?,
            None if !claims.address.is_verified() => return Err(not_verified()),
            None => store::person_by_email(&mut tx, agency, email).await?,
        };
        let row = row.filter(|row| row.disabled_at.is_none() && provider.speaks_for(&row.email));
        let row = row.ok_or_else(|| unknown(email))?;
        // an address that the provider has given to somebody else since makes nobody this person
        if known.is_none() && !providers::put(&mut tx, agency, row.id, identity, now).await? {
            return Err(unknown(email));
        }
        if row.password.is_none() && row.signed_in_at.is_none() {
            store::forget_invitation(&mut tx, agency, row.id).await?;
            let (action, subject) = ("staff.accept", format!("staff/{}", row.id));
            let detail = json!({"way": Way::Provider.as_str()});
            audit::write(&mut tx, agency, Some(row.id), (action, &subject), &detail, now).await?;
        }
        self.enter(tx, agency, row, Way::Provider, from).await
    }

    /// Whether somebody's password opens nothing any more, because they come by the provider.
    pub(in crate::team) async fn is_shut(&self, tx: &mut Tx, agency: Uuid, row: &StaffRow) -> Result<bool> {
        let Some(provider) = self.app.provider.as_ref().filter(|provider| !provider.terms.password) else {
            return Ok(false);
        };
        Ok(providers::is_known(tx, agency, row.id, &provider.terms.issuer).await?)
    }
}
