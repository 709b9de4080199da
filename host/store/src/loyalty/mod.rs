//! Loyalty: an agency's programme, its members, their lots and statements, and what rules are asked about.

mod entries;
mod lots;
mod members;
mod occasions;
mod programme;

pub use entries::{EntryRow, balance_on, entries, insert_entries};
pub use lots::{LotRow, lots, lots_of_occasions, put_lots};
pub use members::{
    MemberRow, TierRow, due, insert, insert_tiers, list, lock, member, members, next_due, put, put_due, tier_on, tiers,
};
pub use occasions::{
    FOLLOW, OccasionRow, WAITING, follow_soon, next_occasion, occasions_about, put_occasions, settle_touched,
    still_waits, touch, touch_all, waiting,
};
pub use programme::{ProgrammeRow, number_members, programme, put_programme};
