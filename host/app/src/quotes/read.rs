//! Looking at quotes.

use super::purse;
use super::trace::Answer;
use crate::Quotes;
use crate::error::{AppError, Result};
use crate::team::{Caller, Rows};
use posthouse_domain::promotion::Basket;
use posthouse_store::quotes::{self as store, QuoteRow};
use posthouse_store::{Access, Tx, campaigns, intake};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A quote as it stands.
#[derive(Debug, Clone)]
pub struct QuoteView {
    /// Id.
    pub id: Uuid,
    /// For whom.
    pub customer_id: Option<Uuid>,
    /// `open`, `confirmed`, `released` or `expired`.
    pub state: String,
    /// What was asked for.
    pub basket: Basket,
    /// List price of everything, in minor units.
    pub list_price: i64,
    /// Price after all savings.
    pub price: i64,
    /// What was answered.
    pub answer: Answer,
    /// When it was made, in ms since 1970.
    pub at: i64,
    /// Until when it holds what it takes.
    pub expires_at: i64,
    /// The booking it was confirmed with.
    pub booking_id: Option<String>,
    /// When it was confirmed, released or expired.
    pub closed_at: Option<i64>,
    /// How much of what it took came back because its booking was called off or paid back, in minor units.
    pub returned: i64,
}

impl QuoteView {
    fn read(row: QuoteRow) -> Result<Self> {
        let basket = serde_json::from_str(&row.basket).map_err(AppError::corrupt("basket"))?;
        let answer = serde_json::from_str(&row.answered()?).map_err(AppError::corrupt("answer"))?;
        Ok(Self::of(row, basket, answer))
    }

    /// The quote of a row, with what stands written in the row. Nothing of it came back yet.
    pub(super) fn of(row: QuoteRow, basket: Basket, answer: Answer) -> Self {
        Self {
            id: row.id,
            customer_id: row.customer_id,
            state: row.state,
            basket,
            list_price: row.list_price,
            price: row.price,
            answer,
            at: row.at,
            expires_at: row.expires_at,
            booking_id: row.booking_id,
            closed_at: row.closed_at,
            returned: 0,
        }
    }

    /// The quote with what came back of it.
    pub(super) async fn whole(tx: &mut Tx, agency: Uuid, row: QuoteRow) -> Result<Self> {
        let savings = purse::savings(tx, agency, row.id).await?;
        Ok(Self {
            returned: savings.iter().map(|saving| saving.hold.returned).sum(),
            ..Self::read(row)?
        })
    }
}

/// Which quotes are wanted.
#[derive(Debug, Clone, Default)]
pub struct QuoteFilter {
    /// For this customer.
    pub customer: Option<Uuid>,
}

/// What a campaign took off a booking.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The campaign.
    pub campaign: Uuid,
    /// Its name.
    pub name: String,
    /// In minor units, less what came back.
    pub amount: i64,
}

impl Quotes<'_> {
    /// Passes a quote for somebody whom the caller sees; those for nobody in particular are seen by who sees everybody.
    ///
    /// # Errors
    /// `data_masked`; [`AppError::NotFound`].
    pub(super) async fn must_see(&self, caller: &Caller, id: Uuid) -> Result<()> {
        caller.must_see_money()?;
        if caller.rows == Rows::All {
            return Ok(());
        }
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::quote(&mut tx, agency, id).await?;
        drop(tx);
        let customer = row.and_then(|row| row.customer_id).ok_or(AppError::NotFound("quote"))?;
        let seen = self.app.profiles().must_see_all(caller, &[customer]).await;
        seen.map_err(|error| match error {
            AppError::NotFound(_) => AppError::NotFound("quote"),
            other => other,
        })
    }

    /// What campaigns took off these bookings, of those that were confirmed with a quote.
    pub(crate) async fn saved(&self, caller: &Caller, bookings: &[&str]) -> Result<HashMap<String, Vec<Saved>>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut saved: HashMap<String, Vec<Saved>> = HashMap::new();
        for (quote, booking) in store::confirmed_with(&mut tx, agency, bookings).await? {
            let savings = purse::savings(&mut tx, agency, quote).await?;
            let took = savings.into_iter().map(|saving| Saved {
                campaign: saving.campaign,
                name: String::new(),
                amount: saving.hold.amount - saving.hold.returned,
            });
            saved
                .entry(booking)
                .or_default()
                .extend(took.filter(|took| took.amount > 0));
        }
        let mut ids: Vec<Uuid> = saved.values().flatten().map(|saved| saved.campaign).collect();
        ids.sort_unstable();
        ids.dedup();
        let names: HashMap<Uuid, String> = campaigns::names(&mut tx, agency, &ids).await?.into_iter().collect();
        for saved in saved.values_mut().flatten() {
            saved.name = names.get(&saved.campaign).cloned().unwrap_or_default();
        }
        Ok(saved)
    }

    /// One quote.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<QuoteView> {
        let agency = caller.room.id;
        self.must_see(caller, id).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::quote(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("quote"))?;
        QuoteView::whole(&mut tx, agency, row).await
    }

    /// Quotes before `before`, the newest first.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: QuoteFilter,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<QuoteView>, Option<Uuid>)> {
        let (agency, limit) = (caller.room.id, limit as i64);
        caller.must_see_money()?;
        if let Some(customer) = filter.customer {
            self.app.profiles().must_see_all(caller, &[customer]).await?;
        }
        let before = before.unwrap_or(Uuid::max());
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut rows = match filter.customer {
            Some(customer) => store::latest_of(&mut tx, agency, customer, before, limit + 1).await?,
            None => store::latest(&mut tx, agency, before, limit + 1).await?,
        };
        let more = rows.len() as i64 > limit;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| row.id);
        if caller.rows != Rows::All {
            let visible = self.app.profiles().visible(caller).await?;
            let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.customer_id).collect();
            let customers = intake::customers(&mut tx, agency, &ids).await?;
            let seen: HashSet<Uuid> = customers
                .into_iter()
                .filter(|row| visible.has(row.ordinal))
                .map(|row| row.id)
                .collect();
            // a page may have fewer than were asked for, and goes on all the same
            rows.retain(|row| row.customer_id.is_some_and(|id| seen.contains(&id)));
        }
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(QuoteView::whole(&mut tx, agency, row).await?);
        }
        Ok((views, next))
    }
}
