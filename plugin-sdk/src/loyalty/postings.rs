use std::marker::PhantomData;

use crate::bindings::exports::posthouse::plugin::loyalty as wire;
use crate::bindings::posthouse::plugin::reasons::Reason;
use crate::reasons::Reasons;
use crate::store::Cell;
use crate::values::Day;

/// Most points of a posting, as the host has it.
const LARGEST: i64 = 1_000_000_000_000_000;

/// Where points are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wallet {
    /// They are spent, and expire.
    Points,
    /// They count towards tiers, and cannot be spent.
    Status,
}

/// When points become active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Active {
    /// At once.
    Now,
    /// When the trip is over. Only for what a booking earns.
    Completed,
    /// On this day.
    On(Day),
}

/// How long points last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lasts {
    /// Without an end.
    Forever,
    /// Until this day, including it.
    Until(Day),
    /// So many days after the one on which they became active.
    Days(u32),
    /// Until the last day of the so-many-th month after the one in which they became active.
    Months(u32),
}

/// Points for a member: active at once and without an end, if nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Posting {
    /// Where they go.
    pub wallet: Wallet,
    /// How many.
    pub points: i64,
    /// When they become active.
    pub active: Active,
    /// How long they last.
    pub lasts: Lasts,
}

impl Posting {
    const fn new(wallet: Wallet, points: i64) -> Self {
        Self {
            wallet,
            points,
            active: Active::Now,
            lasts: Lasts::Forever,
        }
    }

    /// Points that can be spent.
    pub const fn points(points: i64) -> Self {
        Self::new(Wallet::Points, points)
    }

    /// Status that counts towards tiers.
    pub const fn status(points: i64) -> Self {
        Self::new(Wallet::Status, points)
    }

    /// Active when the trip is over. Only for what a booking earns.
    pub const fn when_completed(self) -> Self {
        Self {
            active: Active::Completed,
            ..self
        }
    }

    /// Active on this day.
    pub const fn on(self, day: Day) -> Self {
        Self {
            active: Active::On(day),
            ..self
        }
    }

    /// Until this day, including it.
    pub const fn until(self, day: Day) -> Self {
        Self {
            lasts: Lasts::Until(day),
            ..self
        }
    }

    /// For so many days after the one on which they became active.
    pub const fn for_days(self, days: u32) -> Self {
        Self {
            lasts: Lasts::Days(days),
            ..self
        }
    }

    /// Until the last day of the so-many-th month after the one in which they became active. None is without an end.
    pub const fn for_months(self, months: u32) -> Self {
        let lasts = match months {
            0 => Lasts::Forever,
            months => Lasts::Months(months),
        };
        Self { lasts, ..self }
    }
}

/// What an occasion earns: postings, each with its reason.
///
/// Postings of nothing are left out, and one of more than there can be is held to that.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Postings<R> {
    postings: Vec<(Posting, u32, Vec<Cell>)>,
    of: PhantomData<fn() -> R>,
}

impl<R: Reasons> Postings<R> {
    /// Nothing.
    pub fn new() -> Self {
        Self {
            postings: Vec::new(),
            of: PhantomData,
        }
    }

    /// One more posting.
    pub fn add(&mut self, posting: Posting, reason: R) {
        if posting.points <= 0 {
            return;
        }
        let posting = Posting {
            points: posting.points.min(LARGEST),
            ..posting
        };
        let arguments = reason.arguments();
        self.postings.push((posting, reason.index(), arguments));
    }

    /// As the host gets them.
    pub(super) fn send(self) -> Vec<wire::Posting> {
        let posting = |(posting, reason, arguments): (Posting, u32, Vec<Cell>)| wire::Posting {
            wallet: match posting.wallet {
                Wallet::Points => wire::Wallet::Points,
                Wallet::Status => wire::Wallet::Status,
            },
            points: posting.points,
            active: match posting.active {
                Active::Now => wire::Activation::Now,
                Active::Completed => wire::Activation::Completed,
                Active::On(day) => wire::Activation::On(day.0),
            },
            expires: match posting.lasts {
                Lasts::Forever => wire::Expiry::Never,
                Lasts::Until(day) => wire::Expiry::On(day.0),
                Lasts::Days(days) => wire::Expiry::Days(days),
                Lasts::Months(months) => wire::Expiry::Months(months),
            },
            reason: send_reason(reason, arguments),
        };
        self.postings.into_iter().map(posting).collect()
    }
}

/// A reason as the host gets it.
pub(super) fn send_reason(reason: u32, arguments: Vec<Cell>) -> Reason {
    Reason {
        index: reason as u16,
        arguments: arguments.into_iter().map(Into::into).collect(),
    }
}

impl<R: Reasons> Default for Postings<R> {
    fn default() -> Self {
        Self::new()
    }
}
