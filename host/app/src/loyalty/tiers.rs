//! The tiers there are, and those a member had.

use super::members::title;
use crate::Loyalty;
use crate::error::{AppError, Result};
use crate::rules::Reason;
use crate::team::Caller;
use posthouse_domain::{Day, Instant, Localized};
use posthouse_store::Access;
use posthouse_store::loyalty::{self as store, TierRow};
use uuid::Uuid;

/// A tier of the rule in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub title: Localized,
    /// What its members get.
    pub benefits: Localized,
}

/// A tier that a member had, or has.
#[derive(Debug, Clone)]
pub struct PastTier {
    /// Counts from 1.
    pub nth: i64,
    /// Key and title; none for no tier.
    pub tier: Option<(String, Localized)>,
    /// Its first day.
    pub from: Day,
    /// Its last day; none while it lasts.
    pub to: Option<Day>,
    /// The last day on which it was not to be lowered.
    pub valid_until: Option<Day>,
    /// Whether somebody gave it by hand.
    pub by_hand: bool,
    /// Why.
    pub reason: Option<Reason>,
    /// The decision.
    pub decision: Option<Uuid>,
    /// When it was written, in ms since 1970.
    pub at: Instant,
}

impl Loyalty<'_> {
    /// The tiers of a member before the `before`-th, the latest first, and the number before which the next page ends.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked` for those who do not see what customers spend.
    pub async fn past_tiers(
        &self,
        caller: &Caller,
        customer: Uuid,
        before: Option<i64>,
        limit: usize,
    ) -> Result<(Vec<PastTier>, Option<i64>)> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if store::member(&mut tx, agency, customer).await?.is_none() {
            return Err(AppError::NotFound("member"));
        }
        let titles = self.titles(&mut tx, agency).await?;
        // with the one that came after the first, which says how long that lasted
        let end = before.map_or(i64::MAX, |before| before.saturating_add(1));
        let mut rows = store::tiers(&mut tx, agency, customer, end, limit as i64 + 2).await?;
        let mut later = match before {
            Some(_) if !rows.is_empty() => Some(rows.remove(0)),
            _ => None,
        };
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut found: Vec<PastTier> = Vec::with_capacity(rows.len());
        for row in rows {
            let to = later.as_ref().map(|later: &TierRow| row.from_on.max(later.from_on - 1));
            found.push(PastTier {
                nth: row.nth,
                tier: row.tier.clone().map(|key| (key.clone(), title(&titles, &key))),
                from: row.from_on,
                to,
                valid_until: row.until_on,
                by_hand: row.by_hand,
                reason: serde_json::from_str(&row.reason).map_err(AppError::corrupt("reason"))?,
                decision: row.decision_id,
                at: row.at,
            });
            later = Some(row);
        }
        let next = found.last().filter(|_| more).map(|last| last.nth);
        Ok((found, next))
    }
}
