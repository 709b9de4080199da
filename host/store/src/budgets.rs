//! Budgets of campaigns: what is held and spent, and every movement.

use crate::{Result, Tx, dialect};
use sqlx::FromRow;
use uuid::Uuid;

/// What of a campaign's budgets is held and spent together, in minor units.
#[derive(Debug, Clone, FromRow)]
pub struct UsedRow {
    /// The campaign.
    pub campaign_id: Uuid,
    /// In all.
    pub total: i64,
    /// On the customer.
    pub customer: i64,
    /// On the day.
    pub day: i64,
    /// SHA-256 of the campaign's plan.
    pub plan_hash: String,
}

/// What is taken of the budgets of every campaign in force: in all, on one customer (its id as text, empty for nobody) and on one day
/// (its number as text). One row each: every row is a wake-up of whoever reads it.
///
/// # Errors
/// Failures of the database.
pub async fn used_in_force(tx: &mut Tx, agency: Uuid, customer: &str, day: &str) -> Result<Vec<UsedRow>> {
    fetch_all!(
        tx,
        UsedRow,
        "SELECT c.id AS campaign_id, COALESCE(t.held + t.spent, 0) AS total, COALESCE(w.held + w.spent, 0) AS customer,
                COALESCE(d.held + d.spent, 0) AS day, c.plan_hash
         FROM campaign c
         LEFT JOIN budget t ON t.agency_id = c.agency_id AND t.campaign_id = c.id AND t.scope = 'total' AND t.subject = ''
         LEFT JOIN budget w ON w.agency_id = c.agency_id AND w.campaign_id = c.id AND w.scope = 'customer' AND w.subject = $2
         LEFT JOIN budget d ON d.agency_id = c.agency_id AND d.campaign_id = c.id AND d.scope = 'day' AND d.subject = $3
         WHERE c.agency_id = $1 AND c.state = 'running'",
        agency,
        customer,
        day
    )
}

/// What is taken of a campaign's whole budget: held, spent.
///
/// # Errors
/// Failures of the database.
pub async fn total(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<(i64, i64)> {
    let row = fetch_optional!(
        tx,
        (i64, i64),
        "SELECT held, spent FROM budget WHERE agency_id = $1 AND campaign_id = $2 AND scope = 'total' AND subject = ''",
        agency,
        campaign
    )?;
    Ok(row.unwrap_or_default())
}

/// One of a campaign's budgets: the whole, a customer's or a day's.
#[derive(Debug, Clone, Copy)]
pub struct ScopedBudget<'s> {
    /// `total`, `customer` or `day`.
    pub name: &'static str,
    /// Nothing, the customer's id, the day's number.
    pub subject: &'s str,
    /// Most that may be held and spent together; `None` for no limit.
    pub limit: Option<i64>,
}

/// An amount to be held of one budget.
#[derive(Debug, Clone, Copy)]
pub struct Hold<'s> {
    /// The campaign.
    pub campaign: Uuid,
    /// Which of its budgets.
    pub scope: ScopedBudget<'s>,
    /// How much, in minor units.
    pub amount: i64,
}

/// Holds amounts, in the order in which they stand; whether every budget had that much left. If one had not, the transaction must not be
/// committed. Each budget may be there once, and the caller has made sure that the amount fits an untouched one.
///
/// # Errors
/// Failures of the database.
pub async fn hold(tx: &mut Tx, agency: Uuid, holds: &[Hold<'_>]) -> Result<bool> {
    for holds in holds.chunks(dialect::MOST_PARAMETERS / 9) {
        let held = execute_built!(&mut *tx, holds.len(), |q| {
            q.push("INSERT INTO budget (agency_id, campaign_id, scope, subject, held, spent) ");
            q.push_values(holds, |mut b, hold| {
                b.push_bind(agency)
                    .push_bind(hold.campaign)
                    .push_bind(hold.scope.name)
                    .push_bind(hold.scope.subject)
                    .push_bind(hold.amount)
                    .push_bind(0_i64);
            });
            q.push(
                " ON CONFLICT (agency_id, campaign_id, scope, subject) DO UPDATE SET held = budget.held + excluded.held
                 WHERE budget.held + budget.spent + excluded.held <= CASE",
            );
            // a branch for those without a limit too: the same text for as many
            for hold in holds {
                q.push(" WHEN excluded.campaign_id = ")
                    .push_bind(hold.campaign)
                    .push(" AND excluded.scope = ")
                    .push_bind(hold.scope.name)
                    .push(" THEN ")
                    .push_bind(hold.scope.limit.unwrap_or(i64::MAX));
            }
            q.push(" END");
        })?;
        if held != holds.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Moves what a budget holds and has spent.
///
/// # Errors
/// Failures of the database; it refuses to go below zero.
pub async fn shift(
    tx: &mut Tx,
    agency: Uuid,
    campaign: Uuid,
    scope: ScopedBudget<'_>,
    held: i64,
    spent: i64,
) -> Result<()> {
    execute!(
        tx,
        "UPDATE budget SET held = held + $5, spent = spent + $6
         WHERE agency_id = $1 AND campaign_id = $2 AND scope = $3 AND subject = $4",
        agency,
        campaign,
        scope.name,
        scope.subject,
        held,
        spent
    )
    .map(drop)
}

/// A movement of a campaign's budgets.
#[derive(Debug, Clone, FromRow)]
pub struct EntryRow {
    /// The quote that moved it.
    pub quote_id: Uuid,
    /// The campaign.
    pub campaign_id: Uuid,
    /// Counts from 1 within quote and campaign.
    pub entry: i64,
    /// `reserve`, `commit`, `release` or `return`.
    pub kind: String,
    /// Whose quote it is.
    pub customer_id: Option<Uuid>,
    /// The day whose budget it is.
    pub day: i32,
    /// By how much more is held.
    pub held: i64,
    /// By how much more is spent.
    pub spent: i64,
    /// When, in ms since 1970.
    pub at: i64,
}

/// Writes movements down.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] if one of them is there already; failures of the database.
pub async fn insert_entries(tx: &mut Tx, agency: Uuid, rows: &[EntryRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        10,
        "INSERT INTO budget_entry (agency_id, quote_id, campaign_id, entry, kind, customer_id, day, held, spent, at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.quote_id)
            .push_bind(row.campaign_id)
            .push_bind(row.entry)
            .push_bind(&row.kind)
            .push_bind(row.customer_id)
            .push_bind(row.day)
            .push_bind(row.held)
            .push_bind(row.spent)
            .push_bind(row.at),
        ""
    )
}

/// The number of the latest entry of a quote for a campaign.
///
/// # Errors
/// Failures of the database.
pub async fn last_entry(tx: &mut Tx, agency: Uuid, quote: Uuid, campaign: Uuid) -> Result<i64> {
    let (entry,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COALESCE(MAX(entry), 0) FROM budget_entry WHERE agency_id = $1 AND quote_id = $2 AND campaign_id = $3",
        agency,
        quote,
        campaign
    )?;
    Ok(entry)
}

/// What all movements of a campaign come to: held, spent.
///
/// # Errors
/// Failures of the database.
pub async fn sum_of_entries(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT CAST(COALESCE(SUM(held), 0) AS BIGINT), CAST(COALESCE(SUM(spent), 0) AS BIGINT) FROM budget_entry
         WHERE agency_id = $1 AND campaign_id = $2",
        agency,
        campaign
    )
}

/// Movements of a campaign before (`at`, quote, entry), the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn entries(
    tx: &mut Tx,
    agency: Uuid,
    campaign: Uuid,
    before: (i64, Uuid, i64),
    limit: i64,
) -> Result<Vec<EntryRow>> {
    fetch_all!(
        tx,
        EntryRow,
        "SELECT quote_id, campaign_id, entry, kind, customer_id, day, held, spent, at FROM budget_entry
         WHERE agency_id = $1 AND campaign_id = $2
           AND (at < $3 OR (at = $3 AND (quote_id < $4 OR (quote_id = $4 AND entry < $5))))
         ORDER BY at DESC, quote_id DESC, entry DESC LIMIT $6",
        agency,
        campaign,
        before.0,
        before.1,
        before.2,
        limit
    )
}
