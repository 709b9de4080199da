//! What campaigns have held and spent, and every movement of it.

use super::{QUOTE, purse};
use crate::Quotes;
use crate::campaigns::find;
use crate::error::{AppError, Result};
use crate::team::Caller;
use posthouse_domain::campaign::Plan;
use posthouse_store::ledger::{self, Posted};
use posthouse_store::{Access, budgets};
use uuid::Uuid;

/// A campaign's budget.
#[derive(Debug, Clone)]
pub struct BudgetView {
    /// All that may be held and spent, in minor units.
    pub total: i64,
    /// Held by open quotes.
    pub held: i64,
    /// Spent on confirmed ones.
    pub spent: i64,
    /// Most on one customer.
    pub per_customer: Option<i64>,
    /// Most on one day.
    pub per_day: Option<i64>,
    /// Movements, the newest first.
    pub entries: Vec<BudgetEntry>,
    /// Where they go on.
    pub next: Option<String>,
}

/// One movement.
#[derive(Debug, Clone)]
pub struct BudgetEntry {
    /// The quote behind it.
    pub quote_id: Uuid,
    /// `reserve`, `commit`, `release` or `return`.
    pub kind: String,
    /// Whose quote it is.
    pub customer_id: Option<Uuid>,
    /// The day whose budget it moves.
    pub day: i32,
    /// By how much more is held.
    pub held: i64,
    /// By how much more is spent.
    pub spent: i64,
    /// When, in ms since 1970.
    pub at: i64,
}

impl Quotes<'_> {
    /// A campaign's budget and its movements.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; a cursor of another list.
    pub async fn budget(
        &self,
        caller: &Caller,
        campaign: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<BudgetView> {
        let agency = caller.room.id;
        let before = match cursor {
            None => (i64::MAX, Uuid::max(), i64::MAX),
            Some(text) => position(text).ok_or_else(AppError::bad_cursor)?,
        };
        let before = (before.0, QUOTE, before.1, before.2);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, campaign).await?;
        let plan: Plan = serde_json::from_str(&row.plan).map_err(AppError::corrupt("plan"))?;
        let (held, spent) = budgets::used(&mut tx, agency, row.id).await?;
        let account = budgets::account(row.id);
        let mut rows = ledger::entries(&mut tx, agency, &account, before, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| format!("{}.{}.{}", row.entry.at, row.cause_id, row.entry.entry));
        Ok(BudgetView {
            total: plan.budget.total,
            held,
            spent,
            per_customer: plan.budget.per_customer,
            per_day: plan.budget.per_day,
            entries: rows.iter().map(BudgetEntry::read).collect::<Result<_>>()?,
            next,
        })
    }
}

impl BudgetEntry {
    fn read(row: &Posted) -> Result<Self> {
        let (customer_id, day) = purse::whose(&row.entry.parts)?;
        Ok(Self {
            quote_id: row.cause_id,
            kind: row.entry.movement.as_str().to_owned(),
            customer_id,
            day,
            held: row.entry.change.held,
            spent: row.entry.change.debited,
            at: row.entry.at,
        })
    }
}

/// The place in the list that a cursor stands for.
fn position(cursor: &str) -> Option<(i64, Uuid, i64)> {
    let mut parts = cursor.splitn(3, '.');
    Some((
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    ))
}
