//! Loyalty: members, their points and tiers, by rules that an agency swaps.
//!
//! ```text
//! booking lands ─► noted ─► followed: occasions, refunds, activations ─► rule asked ─► posted, tier ─► facts
//! the day turns ─► lots become active or are over ─► tier
//! ```
//!
//! A rule is asked outside of any transaction; what it says is written in one, in which the member is as they were when it was asked. Who fails
//! waits and is asked again, and then is for review: an occasion is never lost and never posts twice.

mod adjustments;
mod asking;
mod birthdays;
mod books;
mod brought;
mod catch_up;
mod compensated;
mod counter;
mod facts;
mod follow;
mod happened;
mod health;
mod in_quotes;
mod links;
mod list;
mod members;
mod occasions;
mod orders;
pub(crate) mod point;
mod preview;
mod programme;
mod redemptions;
mod referrals;
mod reviewed;
mod rewards;
mod rules;
mod settle;
mod sheet;
mod slice;
mod state;
mod statement;
#[cfg(test)]
mod tests;
mod tiers;
mod transfers;
mod turn;
mod written;

pub use adjustments::{Adjust, AdjustmentView};
pub use books::{Breakage, Liability, Movement, Movements, Outstanding};
pub use links::{LinkView, OwnPage};
pub use list::{AllMembers, MemberCounts, MemberFilter, MemberOrder};
pub use members::{Balances, Expiring, MemberView, NextTierView, TierView};
pub use occasions::OccasionView;
pub use preview::{Change, Foreseen, InForce, MemberChange, MonthChange, PreviewRequest, PreviewView};
pub use programme::{Enrol, Programme};
pub use redemptions::RedemptionView;
pub use referrals::ReferralView;
pub use rewards::{NewReward, RewardKind, RewardTerms, RewardView};
pub use state::MemberState;
pub use statement::{Line, Part, Statement, StatementFilter, Sums, Turnover};
pub use tiers::{PastTier, Rung};
pub use transfers::Transfer;

pub(crate) use facts::Standing;
pub(crate) use follow::Follow;
pub(crate) use in_quotes::PointsOffer;
pub(crate) use orders::End;
pub(crate) use preview::Play;
pub(crate) use redemptions::Ordered;
pub(crate) use sheet::tell;

/// The extension point of loyalty rules in paths and tables.
pub const LOYALTY: &str = "loyalty";
/// The binding whose rule gives tiers.
pub const MAIN: &str = "main";
