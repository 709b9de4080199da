//! Loyalty: what a rule is asked about a member, what it says, and the arithmetic of points that the host keeps like money.
//!
//! A rule only says what an occasion earns and in which tier a member stands ([`asked`], [`said`]); nothing here trusts it. What becomes
//! of what it posts is the same under every rule ([`account`]).

pub mod account;
pub mod asked;
pub mod said;

pub use account::{Account, Lot, Moved, New, Notice, Short, Waiting};
pub use asked::{AgencyEvent, Booked, Happening, Occasion, Referral, Side, Standing, StandingIn, StatusDay};
pub use said::{Activation, Expiry, LARGEST_POINTS, MOST_POSTINGS, Placement, Posting, Progress, Wallet};
