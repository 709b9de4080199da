//! What lists of campaigns say of each: how its budget is used, and how many take part.

use crate::Campaigns;
use crate::error::Result;
use crate::team::Caller;
use posthouse_store::{Access, budgets, effects};
use std::collections::HashMap;
use uuid::Uuid;

/// How a campaign stands by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Minor units of its budget that open quotes hold.
    pub held: i64,
    /// Minor units of it that confirmed quotes have spent.
    pub spent: i64,
    /// Customers who confirmed a quote with an offer of it.
    pub participants: i64,
}

impl Campaigns<'_> {
    /// How these campaigns stand; one that nobody has asked a price of is left out, as is one of another agency.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn figures(&self, caller: &Caller, campaigns: &[Uuid]) -> Result<HashMap<Uuid, Figures>> {
        let agency = caller.room.id;
        let mut figures: HashMap<Uuid, Figures> = HashMap::new();
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        for (campaign, held, spent) in budgets::used_of(&mut tx, agency, campaigns).await? {
            let of = figures.entry(campaign).or_default();
            (of.held, of.spent) = (held, spent);
        }
        for (campaign, participants) in effects::participants(&mut tx, agency, campaigns).await? {
            figures.entry(campaign).or_default().participants = participants;
        }
        Ok(figures)
    }
}
