//! What a quote takes of the budgets of campaigns, told as movements of the ledger: the budget is the account, the quote the cause, its
//! customer and its day are parts.

use super::QUOTE;
use crate::error::{AppError, Result};
use posthouse_domain::ledger::{Hold, Part};
use posthouse_domain::promotion::budget::Budget;
use posthouse_store::Tx;
use posthouse_store::budgets;
use posthouse_store::ledger::{self, Account, Cause, Posting};
use uuid::Uuid;

/// The quote as the cause of what it takes.
pub(super) fn cause(quote: Uuid) -> Cause {
    Cause { kind: QUOTE, id: quote }
}

/// The budgets of one campaign as a quote meets them: all of it, its customer's, its day's.
pub(super) struct Purse {
    customer: Option<String>,
    day: String,
}

impl Purse {
    pub(super) fn new(customer: Option<Uuid>, day: i32) -> Self {
        Self {
            customer: customer.map(|id| id.to_string()),
            day: day.to_string(),
        }
    }

    /// What is to be taken of a campaign's budgets. Every one of them counts it, limited or not: a limit may come later.
    pub(super) fn taking(&self, campaign: Uuid, amount: i64, limits: &Budget) -> Posting {
        let part = |scope: &str, subject: &str, limit| Part {
            scope: scope.to_owned(),
            subject: subject.to_owned(),
            own: false,
            amount,
            at_most: limit,
        };
        let customer = self.customer.iter();
        let mut parts: Vec<Part> = customer
            .map(|id| part(budgets::CUSTOMER, id, limits.per_customer))
            .collect();
        parts.push(part(budgets::DAY, &self.day, limits.per_day));
        Posting {
            account: budgets::account(campaign),
            amount,
            at_most: Some(limits.total),
            parts,
        }
    }
}

/// What one campaign takes off a quote.
pub(super) struct Saving {
    /// The campaign.
    pub(super) campaign: Uuid,
    /// How much, and what became of it.
    pub(super) hold: Hold,
}

impl Saving {
    /// So much coming back of each of the campaign's budgets.
    pub(super) fn coming_back(&self, amount: i64) -> (&Hold, Posting) {
        let posting = Posting {
            account: budgets::account(self.campaign),
            amount,
            at_most: None,
            parts: self.hold.parts_with(amount),
        };
        (&self.hold, posting)
    }
}

/// What campaigns take off a quote, by their ids.
pub(super) async fn savings(tx: &mut Tx, agency: Uuid, quote: Uuid) -> Result<Vec<Saving>> {
    let holds = ledger::holds(tx, agency, cause(quote)).await?;
    let budgets = holds
        .into_iter()
        .filter(|(account, _)| account.kind == budgets::ACCOUNT);
    let saving = |(account, hold): (Account, Hold)| Saving {
        campaign: account.owner,
        hold,
    };
    Ok(budgets.map(saving).collect())
}

/// Whose budgets an entry moved: its customer, and its day.
pub(super) fn whose(parts: &[Part]) -> Result<(Option<Uuid>, i32)> {
    let subject = |scope| {
        let part = parts.iter().find(|part| part.scope == scope);
        part.map(|part| part.subject.as_str())
    };
    let unreadable = || AppError::Internal(format!("an entry of a budget moved {parts:?}"));
    let customer = subject(budgets::CUSTOMER).map(Uuid::try_parse).transpose();
    let day = subject(budgets::DAY).and_then(|day| day.parse().ok());
    Ok((customer.map_err(|_| unreadable())?, day.ok_or_else(unreadable)?))
}
