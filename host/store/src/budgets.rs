//! Budgets of campaigns: accounts of the ledger, with a part for each customer and each day.

use crate::ledger::{self, Account};
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// The kind of account that budgets are.
pub const ACCOUNT: &str = "budget";
/// The part that one customer has of it; the subject is the customer's id.
pub const CUSTOMER: &str = "customer";
/// The part that one day has of it; the subject is the day's number.
pub const DAY: &str = "day";

/// The account that a campaign's budget is.
pub fn account(campaign: Uuid) -> Account {
    Account::new(ACCOUNT, campaign)
}

/// What of a campaign's budget is held by open quotes, and what is spent on confirmed ones, in minor units.
///
/// # Errors
/// Failures of the database.
pub async fn used(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<(i64, i64)> {
    let sums = ledger::total(tx, agency, &account(campaign)).await?;
    Ok((sums.held, sums.debited))
}

/// The same of several campaigns: id, held and spent; those that nothing was ever taken of are left out.
///
/// # Errors
/// Failures of the database.
pub async fn used_of(tx: &mut Tx, agency: Uuid, campaigns: &[Uuid]) -> Result<Vec<(Uuid, i64, i64)>> {
    fetch_listed!(
        tx,
        (Uuid, i64, i64),
        "SELECT owner, held, debited FROM ledger_counter WHERE agency_id = $1 AND kind = 'budget' AND place = 'total/' AND owner IN",
        [agency],
        campaigns,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

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
    /// Whether it is noted to which arm the customer belongs.
    pub assigned: bool,
}

/// What is taken of the budgets of every campaign in force: in all, on one customer and on one day; and whether the customer is assigned to an
/// arm of it. One row each: every row is a wake-up of whoever reads it.
///
/// # Errors
/// Failures of the database.
pub async fn used_in_force(tx: &mut Tx, agency: Uuid, customer: Option<Uuid>, day: i32) -> Result<Vec<UsedRow>> {
    let who = customer.map(|id| format!("{CUSTOMER}/{id}"));
    fetch_all!(
        tx,
        UsedRow,
        "SELECT c.id AS campaign_id, COALESCE(t.held + t.debited - t.credited, 0) AS total,
                COALESCE(w.held + w.debited - w.credited, 0) AS customer,
                COALESCE(d.held + d.debited - d.credited, 0) AS day,
                a.arm IS NOT NULL AS assigned
         FROM campaign c
         LEFT JOIN ledger_counter t ON t.agency_id = c.agency_id AND t.kind = 'budget' AND t.place = 'total/' AND t.owner = c.id
         LEFT JOIN ledger_counter w ON w.agency_id = c.agency_id AND w.kind = 'budget' AND w.place = $2 AND w.owner = c.id
         LEFT JOIN ledger_counter d ON d.agency_id = c.agency_id AND d.kind = 'budget' AND d.place = $3 AND d.owner = c.id
         LEFT JOIN campaign_assignment a ON a.agency_id = c.agency_id AND a.customer_id = $4 AND a.campaign_id = c.id
         WHERE c.agency_id = $1 AND c.state = 'running'",
        agency,
        who.as_deref(),
        format!("{DAY}/{day}"),
        customer
    )
}
