//! Budgets of campaigns: what is held and spent, and every movement.

use crate::{Result, Tx, dialect};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// What of a campaign's budgets is taken, in minor units.
#[derive(Debug, Clone, FromRow)]
pub struct UsedRow {
    /// The campaign.
    pub campaign_id: Uuid,
    /// `total`, `customer` or `day`.
    pub scope: String,
    /// Held by open quotes.
    pub held: i64,
    /// Spent on confirmed ones.
    pub spent: i64,
}

/// What is taken of the budgets of every campaign in force: in all, on one customer (its id as text, empty for nobody) and on one day
/// (its number as text). A campaign of which nothing is taken yet has its rows too.
///
/// # Errors
/// Failures of the database.
pub async fn used_in_force(tx: &mut Tx, agency: Uuid, customer: &str, day: &str) -> Result<Vec<UsedRow>> {
    fetch_all!(
        tx,
        UsedRow,
        "SELECT c.id AS campaign_id, w.scope, COALESCE(b.held, 0) AS held, COALESCE(b.spent, 0) AS spent
         FROM campaign c
         CROSS JOIN (SELECT 'total' AS scope, '' AS subject UNION ALL SELECT 'customer', CAST($2 AS TEXT) UNION ALL SELECT 'day', CAST($3 AS TEXT)) w
         LEFT JOIN budget b ON b.agency_id = c.agency_id AND b.campaign_id = c.id AND b.scope = w.scope AND b.subject = w.subject
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

/// One budget of a campaign.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'s> {
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
    pub scope: Scope<'s>,
    /// How much, in minor units.
    pub amount: i64,
}

/// Holds amounts, in the order in which they stand; whether every budget had that much left. If one had not, the transaction must not be
/// committed. Each budget may be there once.
///
/// # Errors
/// Failures of the database.
pub async fn hold(tx: &mut Tx, agency: Uuid, holds: &[Hold<'_>]) -> Result<bool> {
    for holds in holds.chunks(dialect::MOST_PARAMETERS / 6) {
        let taken = fetch_built!(&mut *tx, (Uuid, String, i64), |q| {
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
                 RETURNING campaign_id, scope, held + spent",
            );
        })?;
        let limits: HashMap<(Uuid, &str), i64> = holds
            .iter()
            .filter_map(|hold| Some(((hold.campaign, hold.scope.name), hold.scope.limit?)))
            .collect();
        let within = |(campaign, scope, taken): &(Uuid, String, i64)| {
            limits
                .get(&(*campaign, scope.as_str()))
                .is_none_or(|limit| taken <= limit)
        };
        if !taken.iter().all(within) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Moves what a budget holds and has spent.
///
/// # Errors
/// Failures of the database; it refuses to go below zero.
pub async fn shift(tx: &mut Tx, agency: Uuid, campaign: Uuid, scope: Scope<'_>, held: i64, spent: i64) -> Result<()> {
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
