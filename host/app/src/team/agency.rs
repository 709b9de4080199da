//! The agency itself: what it is called. Zone, currency and country are settled when it is created: days, amounts and telephone numbers of everybody were read by
//! them.

use super::keys::is_plain;
use crate::Team;
use crate::caller::{Caller, Scope};
use crate::error::{AppError, Result, retrying};
use posthouse_domain::words;
use posthouse_store::team::{self as store, AgencyRow};
use posthouse_store::{Access, Tx};
use serde_json::json;
use uuid::Uuid;

/// What is to become different of an agency; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AgencyChange {
    /// Another name; its slug stays.
    pub name: Option<String>,
    /// Whether everybody of the staff has to have a second factor, from their next request on.
    pub second_factor_needed: Option<bool>,
}

/// A name that an agency can have.
///
/// # Errors
/// `bad_name`.
pub(super) fn checked(name: &str) -> Result<String> {
    if name.trim().is_empty() || name.len() > 200 || !is_plain(name) {
        return Err(AppError::invalid(
            "bad_name",
            words!(
                "the name must have 1 to 200 bytes and no characters that cannot be seen",
                "名称应为 1 到 200 字节，且不含看不见的字符"
            ),
        ));
    }
    Ok(name.trim().to_owned())
}

/// The agency of a transaction.
pub(super) async fn present(tx: &mut Tx, agency: Uuid) -> Result<AgencyRow> {
    let found = store::agency(tx, agency).await?;
    found.ok_or_else(|| AppError::Internal(format!("agency {agency} is not there")))
}

impl Team<'_> {
    /// The caller's agency as it is now.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn agency(&self, caller: &Caller) -> Result<AgencyRow> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        present(&mut tx, caller.room.id).await
    }

    /// Changes the agency, all of it or nothing. What it is already changes nothing.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is no owner; `bad_name`; failures of the database.
    pub async fn change_agency(&self, caller: &Caller, change: &AgencyChange) -> Result<AgencyRow> {
        caller.may(Scope::Owner)?;
        let name = change.name.as_deref().map(checked).transpose()?;
        retrying!(self.try_change_agency(caller, name.as_deref(), change.second_factor_needed))
    }

    async fn try_change_agency(&self, caller: &Caller, name: Option<&str>, needed: Option<bool>) -> Result<AgencyRow> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        posthouse_store::audit::lock(&mut tx, agency).await?;
        let mut row = present(&mut tx, agency).await?;
        if let Some(name) = name
            && row.name != name
        {
            name.clone_into(&mut row.name);
            store::rename_agency(&mut tx, agency, name).await?;
            let subject = format!("agency/{}", row.slug);
            let audit = self.app.audit();
            audit
                .note(&mut tx, caller, "agency.rename", &subject, json!({}))
                .await?;
        }
        if let Some(needed) = needed {
            self.need_second_factor(&mut tx, caller, needed).await?;
        }
        tx.commit().await?;
        Ok(row)
    }
}
