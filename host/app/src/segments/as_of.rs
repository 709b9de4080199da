//! Looking at segments on a past day: members of one, and one customer's place in each.
//!
//! Facts of the past are not kept, so nothing says why somebody was where they were: scores and reasons belong to the present.

use super::history::since;
use super::past::{Cut, cut, division, in_force, was_ever};
use super::read::{Member, MemberPage};
use super::{InForce, SEGMENTATION};
use crate::Segments;
use crate::error::{AppError, Result};
use crate::labels::labels;
use crate::team::Caller;
use posthouse_domain::{Instant, Localized};
use posthouse_store::{Access, Tx, plugins as bindings, profiles};
use serde::Serialize;
use uuid::Uuid;

/// What a binding was at a past instant.
#[derive(Debug, Clone, Serialize)]
pub struct PastBinding {
    /// The last instant that counts, in ms since 1970.
    pub at: i64,
    /// Number of the revision in force; none if the binding did not exist yet, and then nobody was in any of its segments.
    pub revision: Option<i64>,
    /// The plugin that decided.
    pub digest: Option<String>,
}

impl PastBinding {
    pub(crate) fn new(at: Instant, rule: Option<&InForce>) -> Self {
        Self {
            at,
            revision: rule.map(|rule| rule.revision),
            digest: rule.map(|rule| rule.digest.clone()),
        }
    }
}

/// One customer's place in a binding on a past day.
#[derive(Debug, Clone, Serialize)]
pub struct PastPlace {
    /// The binding.
    pub binding: String,
    /// The segment; `null` means none.
    pub key: Option<String>,
    /// Its title.
    pub title: Option<Localized>,
    /// What the agency did for it.
    pub policy: Option<Localized>,
    /// When they had entered last, in ms since 1970.
    pub since: Option<i64>,
    /// Number of the revision in force; none if the binding did not exist yet.
    pub revision: Option<i64>,
    /// The plugin that decided.
    pub digest: Option<String>,
}

/// One customer's segments on a past day.
#[derive(Debug, Clone, Serialize)]
pub struct PastCustomer {
    /// Id.
    pub id: Uuid,
    /// The last instant that counts, in ms since 1970.
    pub as_of: i64,
    /// When the customer was created, in ms since 1970.
    pub created_at: i64,
    /// Place in every binding of today.
    pub segments: Vec<PastPlace>,
}

impl Segments<'_> {
    /// Members of a segment on a day or at an instant, in the order in which they became customers.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if no rule ever had such a segment; `bad_as_of`; `as_of_in_future`.
    pub async fn members_as_of(
        &self,
        caller: &Caller,
        (binding, segment): (&str, &str),
        as_of: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<MemberPage> {
        let agency = caller.room.id;
        let at = self.as_of(&caller.room, as_of)?;
        let from: u32 = cursor.unwrap_or("0").parse().map_err(|_| AppError::bad_cursor())?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if !was_ever(&mut tx, agency, binding, segment).await? {
            return Err(AppError::NotFound("segment"));
        }
        let cut = cut(&mut tx, agency, binding, at).await?;
        let rule = in_force(&mut tx, agency, binding, cut).await?;
        let members = division(&mut tx, agency, binding, cut, Some(segment))
            .await?
            .remove(segment)
            .unwrap_or_default();
        let visible = self.app.profiles().visible(caller).await?;
        let members = match visible.ordinals() {
            Some(own) => members & own,
            None => members,
        };
        let mut found = members.range(from..);
        let ordinals: Vec<i64> = found.by_ref().take(limit).map(i64::from).collect();
        let next = found.next().map(|ordinal| ordinal.to_string());
        let rows = profiles::customers_at(&mut tx, agency, &ordinals).await?;
        let mut labels = labels(&mut tx, caller, &rows).await?;
        let since = since(&mut tx, agency, binding, segment, &ordinals, cut).await?;
        Ok(MemberPage {
            items: rows
                .into_iter()
                .filter_map(|row| {
                    Some(Member {
                        customer_id: row.id,
                        label: labels.remove(&row.id)?,
                        since: since.get(&row.ordinal).copied(),
                        score: None,
                        reason: None,
                    })
                })
                .collect(),
            next,
            as_of: Some(PastBinding::new(at, rule.as_ref())),
            sort: None,
            score_title: None,
        })
    }

    /// A customer's place in every binding on a day or at an instant.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_as_of`; `as_of_in_future`.
    pub async fn customer_as_of(&self, caller: &Caller, id: Uuid, as_of: &str) -> Result<PastCustomer> {
        let agency = caller.room.id;
        let at = self.as_of(&caller.room, as_of)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = profiles::customer(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        self.app.profiles().must_see(caller, &row).await?;
        let mut segments = Vec::new();
        for binding in bindings::bindings(&mut tx, agency).await? {
            if binding.extension_point == SEGMENTATION {
                let cut = cut(&mut tx, agency, &binding.name, at).await?;
                segments.push(past_place(&mut tx, agency, binding.name, row.ordinal, cut).await?);
            }
        }
        Ok(PastCustomer {
            id,
            as_of: at,
            created_at: row.created_at,
            segments,
        })
    }
}

async fn past_place(tx: &mut Tx, agency: Uuid, binding: String, ordinal: i64, cut: Option<Cut>) -> Result<PastPlace> {
    let rule = in_force(tx, agency, &binding, cut).await?;
    let key = division(tx, agency, &binding, cut, None)
        .await?
        .into_iter()
        .find(|(_, members)| u32::try_from(ordinal).is_ok_and(|ordinal| members.contains(ordinal)))
        .map(|(key, _)| key);
    let entered = match &key {
        None => None,
        Some(key) => since(tx, agency, &binding, key, &[ordinal], cut)
            .await?
            .remove(&ordinal),
    };
    let def = rule
        .as_ref()
        .and_then(|rule| rule.segments.iter().find(|def| Some(&def.key) == key.as_ref()));
    Ok(PastPlace {
        binding,
        title: def.map(|def| def.title.clone()),
        policy: def.map(|def| def.policy.clone()),
        since: entered,
        revision: rule.as_ref().map(|rule| rule.revision),
        digest: rule.as_ref().map(|rule| rule.digest.clone()),
        key,
    })
}
