//! How much a campaign may still take off.

use serde::{Deserialize, Serialize};

/// What a campaign may spend in all, on one customer, and on one day of the agency; in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// In all.
    pub total: i64,
    /// On one customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer: Option<i64>,
    /// On one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<i64>,
}

/// What is spent or held already, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// In all.
    pub total: i64,
    /// On the customer who asks.
    pub customer: i64,
    /// Today.
    pub day: i64,
}

/// Which of the budgets is the tightest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetScope {
    /// The campaign's.
    Total,
    /// The customer's.
    Customer,
    /// The day's.
    Day,
}

impl Budget {
    /// Most that may be taken off now, and by which budget.
    pub fn allowance(&self, used: Used) -> (i64, BudgetScope) {
        let mut tightest = ((self.total - used.total).max(0), BudgetScope::Total);
        for (budget, used, scope) in [
            (self.per_customer, used.customer, BudgetScope::Customer),
            (self.per_day, used.day, BudgetScope::Day),
        ] {
            let left = budget.map_or(i64::MAX, |budget| (budget - used).max(0));
            if left < tightest.0 {
                tightest = (left, scope);
            }
        }
        tightest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_budget_counts() {
        let budget = Budget {
            total: 1_000,
            per_customer: Some(300),
            per_day: Some(500),
        };
        let left = |total, customer, day| budget.allowance(Used { total, customer, day });
        assert_eq!(left(0, 0, 0), (300, BudgetScope::Customer));
        assert_eq!(left(400, 0, 400), (100, BudgetScope::Day));
        assert_eq!(left(950, 0, 0), (50, BudgetScope::Total));
        assert_eq!(left(1_001, 0, 0), (0, BudgetScope::Total));
        let open = Budget {
            per_customer: None,
            per_day: None,
            ..budget
        };
        assert_eq!(open.allowance(Used::default()), (1_000, BudgetScope::Total));
    }
}
