//! The Pareto view over the facts of everyone.

use crate::Insights;
use crate::error::{AppError, Result};
use crate::facts::Frame;
use crate::team::{Caller, Mask};
use posthouse_domain::catalogue::{Value, position};
use posthouse_domain::insights::pareto::{Curve, Pair, curve};
use posthouse_domain::money::Currency;
use posthouse_domain::{Day, words};

/// Over which bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The last 365 days.
    Year,
    /// The last 730 days.
    TwoYears,
    /// Ever.
    Total,
}

/// By what customers are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// What they spent.
    Spend,
    /// What they left to the agency.
    Margin,
}

/// The Pareto view.
#[derive(Debug, Clone)]
pub struct Pareto {
    /// The day of the facts.
    pub day: Day,
    /// Currency of all sums.
    pub currency: Currency,
    /// The curve; the customers on it have spend or margin in the window.
    pub curve: Curve,
    /// Customers without either, who are left out.
    pub excluded: u64,
    /// Whether margins are known in this window.
    pub has_margin: bool,
}

impl Insights<'_> {
    /// Which share of the customers brings which share of spend and margin.
    ///
    /// # Errors
    /// `margin_window` for margins of another window than a year.
    pub async fn pareto(&self, caller: &Caller, window: Window, by: Measure) -> Result<Pareto> {
        caller.must_see(&[Mask::Money])?;
        let has_margin = window == Window::Year;
        if by == Measure::Margin && !has_margin {
            return Err(AppError::invalid(
                "margin_window",
                words!(
                    "margins are known of the last 12 months only; ask for window=12m",
                    "毛利只有最近 12 个月的数据；请使用 window=12m"
                ),
            ));
        }
        let question = move |frame: &Frame, _| {
            let (mut pairs, excluded) = pairs(frame, window, by);
            (curve(&mut pairs), excluded)
        };
        let (day, (curve, excluded)) = self.ask(caller, question).await?;
        Ok(Pareto {
            day,
            currency: caller.room.terms.currency,
            curve,
            excluded,
            has_margin,
        })
    }
}

/// Ranked and other money of those who have any, and how many have none.
fn pairs(frame: &Frame, window: Window, by: Measure) -> (Vec<Pair>, u64) {
    let spend = match window {
        Window::Year => "spend-12m",
        Window::TwoYears => "spend-24m",
        Window::Total => "spend-total",
    };
    let margin = if window == Window::Year {
        position("margin-12m")
    } else {
        None
    };
    let spend = position(spend);
    let money = |fact: Option<usize>, row| match fact.map(|fact| frame.stored(fact, row)) {
        Some(Value::Whole(minor)) => minor,
        _ => 0,
    };
    let mut pairs = Vec::new();
    let mut excluded = 0;
    for row in 0..frame.len() {
        match (money(spend, row), money(margin, row)) {
            (0, 0) => excluded += 1,
            (spend, margin) if by == Measure::Spend => pairs.push((spend, margin)),
            (spend, margin) => pairs.push((margin, spend)),
        }
    }
    (pairs, excluded)
}
