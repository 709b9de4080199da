//! Quotes: what a basket costs with every campaign in force, held for a while, then confirmed with a booking or let go.
//!
//! ```text
//! gather (reads only)             make (computes only)   hold (one transaction)   settle (one transaction each)
//! facts, budgets, coupons ─► guards ─► rules ─► stacking ─► holds, decisions ─► confirm │ release │ expire ─► return
//! ```

mod budget;
mod care;
mod codes;
mod gather;
mod health;
mod hold;
mod make;
mod preview;
mod pricing;
mod purse;
mod read;
mod settle;
mod standing;
#[cfg(test)]
mod tests;
mod trace;

pub use budget::{BudgetEntry, BudgetView};
pub use preview::{PlanPreview, QuoteChange};
pub use read::{QuoteFilter, QuoteView, Saved};
pub use settle::Confirmation;
pub use trace::{Adjustment, Answer, CampaignTrace, CodeTrace, LinePrice, Named, PointsTrace};

pub(crate) use codes::{Worth, ending, hash};
pub(crate) use health::Promotions;
pub(crate) use hold::Prepared;
pub(crate) use settle::{Expire, Return};

use posthouse_domain::loyalty::LARGEST_POINTS;
use posthouse_domain::promotion::Basket;
use posthouse_domain::{Rejection, words};
use uuid::Uuid;

/// What a quote is called as the subject of a decision.
pub const QUOTE: &str = "quote";
/// How long a quote holds what it takes, unless it is asked otherwise, in minutes.
pub const HOLD_MINUTES: u16 = 30;
/// The longest hold, in minutes: two days.
pub const LONGEST_HOLD: u16 = 2 * 24 * 60;
/// Most coupon codes of one basket.
pub const MOST_CODES: usize = 10;

/// What somebody asks a price for.
#[derive(Debug, Clone)]
pub struct NewQuote {
    /// Who; nobody in particular if left out.
    pub customer: Option<Uuid>,
    /// The basket.
    pub basket: Basket,
    /// Coupon codes, as they were typed.
    pub codes: Vec<String>,
    /// How long to hold what it takes, in minutes.
    pub hold_minutes: u16,
    /// How many of the customer's points to use at most; none to use none.
    pub points: Option<i64>,
    /// The reward by which they take money off; the one that gives most if left out.
    pub reward: Option<String>,
}

impl NewQuote {
    fn check(&self) -> Result<(), Rejection> {
        self.basket.check()?;
        if self.codes.len() > MOST_CODES {
            let detail = words!(
                "{codes} coupon codes; a basket takes up to {MOST_CODES}",
                "共 {codes} 个券码；一个购物篮最多 {MOST_CODES} 个",
                codes = self.codes.len()
            );
            return Err(Rejection::new("bad_basket", detail));
        }
        if let Some(points) = self.points {
            let bad = |detail| Err(Rejection::new("bad_basket", detail));
            if !(1..=LARGEST_POINTS).contains(&points) {
                return bad(words!(
                    "points is {points}; it is 1 to {LARGEST_POINTS}",
                    "points 为 {points}；应为 1 到 {LARGEST_POINTS}"
                ));
            }
            if self.customer.is_none() {
                return bad(words!(
                    "points are a member's; send customer_id with the basket",
                    "积分属于会员；请带上 customer_id 再询价"
                ));
            }
        }
        if !(1..=LONGEST_HOLD).contains(&self.hold_minutes) {
            let detail = words!(
                "hold_minutes is {hold_minutes}; it is 1 to {LONGEST_HOLD}",
                "hold_minutes 为 {hold_minutes}；应为 1 到 {LONGEST_HOLD}",
                hold_minutes = self.hold_minutes
            );
            return Err(Rejection::new("bad_basket", detail));
        }
        Ok(())
    }
}
