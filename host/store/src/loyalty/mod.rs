//! Loyalty: an agency's programme, its members, their lots and statements, what rules are asked about, and what people do by hand.

mod adjustments;
mod books;
mod entries;
mod links;
mod listed;
mod lots;
mod members;
mod occasions;
mod previews;
mod programme;
mod referrals;
mod rewards;
mod sources;

pub use adjustments::{
    AdjustmentRow, adjustment, adjustments, adjustments_waiting, decide_adjustment, insert_adjustment,
};
pub use books::{MovementRow, OutstandingRow, enter, movements, outstanding};
pub use entries::{EntryRow, balance_on, entries, insert_entries, moved_on};
pub use links::{LinkRow, insert_link, link, open_links, revoke_link, touch_link};
pub use listed::{
    ExpiringRow, Wanted, by_customer, by_points, by_since, counted_expiring, counted_owed, counted_states,
    counted_tiers, expiring, ids_at, known_as,
};
pub use lots::{LotRow, LotSource, lots, lots_apart_from, lots_named, lots_of_occasions, put_lots};
pub use members::{MemberRow, TierRow, due, insert_tiers, lock_all, member, members, put, tier_on, tiers};
pub use occasions::{
    FOLLOW, OccasionRow, WAITING, follow_soon, next_occasion, occasion, occasions, occasions_about,
    occasions_apart_from_bookings, occasions_named, put_occasions, settle_touched, still_waits, touch, touch_all,
    waiting,
};
pub use previews::{
    PlayedRow, PreviewRow, TierOf, advance_preview, end_preview, forget_previews, insert_preview, played_behind,
    preview, previews, tiers_of, told_bookings_of,
};
pub use programme::{ProgrammeRow, number_members, programme, put_programme, set_birthdays};
pub use referrals::{
    ReferralRow, completed_days, member_by_code, put_referral, referral, referrals, referrals_of, registered_since,
};
pub use rewards::{
    RedemptionRow, RewardRow, decide_redemption, insert_redemption, ordered, put_reward, redeemed, redemption,
    redemptions, reward, rewards, take_piece,
};
pub use sources::{OfLot, SourceRow, of_lots, sources, turnover};
