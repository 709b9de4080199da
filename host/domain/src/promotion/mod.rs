//! Promotions: a basket, what campaigns propose for it, and how several proposals become one price.
//!
//! A rule proposes; nothing here trusts it. [`check`] holds its offers against the basket, [`price`] lets them add up by the agency's
//! stacking groups, never below a floor and never beyond a budget.

mod basket;
pub mod budget;
pub mod coupon;
pub mod guard;
pub mod holdout;
mod offer;
pub mod returns;
mod stacking;

pub use basket::{Basket, LARGEST_PRICE, Line, MOST_LINES, MOST_QUANTITY, MOST_TRAVELLERS, ProductKind};
pub use offer::{Offer, Saving, WHOLE, check};
pub use stacking::{Adjustment, Candidate, LeftOut, Mode, Outcome, Pricing, SamePriority, price};
