use super::Tiers;
use crate::bindings::exports::posthouse::plugin::loyalty as wire;
use crate::values::{Day, Text};

/// What a member has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<T> {
    /// The day of joining.
    pub since: Day,
    /// The tier the member stands in, if any.
    pub tier: Option<InTier<T>>,
    /// Points that can be spent.
    pub available: i64,
    /// Points that are still to become so.
    pub pending: i64,
    /// Status by the day on which it became active, the earliest first, of the last 730 days and still valid.
    pub status: Vec<(Day, i64)>,
}

/// The tier a member stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InTier<T> {
    /// Its key.
    pub key: Text,
    /// The tier of this rule that has the key; none if it is one of an earlier rule.
    pub tier: Option<T>,
    /// Since when.
    pub since: Day,
    /// The last day on which it is not lowered; `None` if it has no end.
    pub valid_until: Option<Day>,
    /// Whether somebody gave it by hand.
    pub by_hand: bool,
}

impl<T> Member<T> {
    /// The status that became active in so many days up to and with `today`.
    pub fn status_of_days(&self, days: i32, today: Day) -> i64 {
        let within = |day: &Day| *day <= today && today.since(*day) < days;
        let counted = self.status.iter().filter(|(day, _)| within(day));
        counted.fold(0, |sum, (_, points)| sum.saturating_add(*points))
    }
}

impl<T: Tiers> Member<T> {
    /// Takes over what the host sent.
    pub(super) fn read(sent: wire::Standing) -> Self {
        Self {
            since: Day(sent.member_since),
            tier: sent.tier.map(|tier| InTier {
                tier: T::of_key(&tier.tier),
                key: Text(tier.tier.leak()),
                since: Day(tier.since),
                valid_until: tier.valid_until.map(Day),
                by_hand: tier.by_hand,
            }),
            available: sent.available,
            pending: sent.pending,
            status: sent.status.into_iter().map(|day| (Day(day.on), day.points)).collect(),
        }
    }
}
