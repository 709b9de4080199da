use std::marker::PhantomData;

use super::Tiers;
use super::postings::send_reason;
use crate::bindings::exports::posthouse::plugin::loyalty as wire;
use crate::reasons::Reasons;
use crate::store::Cell;
use crate::values::Day;

/// In which tier a member stands: without an end, and without saying how far it is to the next one, if nothing else is said.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Placement<T, R> {
    tier: Option<u32>,
    valid_until: Option<Day>,
    next: Option<Progress>,
    reason: Option<(u32, Vec<Cell>)>,
    of: PhantomData<fn() -> (T, R)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Progress {
    tier: u32,
    have: i64,
    need: i64,
    unit: &'static str,
}

impl<T: Tiers, R: Reasons> Placement<T, R> {
    /// In no tier.
    pub fn none() -> Self {
        Self {
            tier: None,
            valid_until: None,
            next: None,
            reason: None,
            of: PhantomData,
        }
    }

    /// In this tier.
    pub fn in_tier(tier: T) -> Self {
        Self {
            tier: Some(tier.index()),
            ..Self::none()
        }
    }

    /// Not lowered up to and with this day; on the next one the rule is asked again.
    pub fn until(self, day: impl Into<Option<Day>>) -> Self {
        Self {
            valid_until: day.into(),
            ..self
        }
    }

    /// How much status the member has on the way to a higher tier, and how much it takes.
    pub fn next(self, tier: T, have: i64, need: i64) -> Self {
        self.next_in("status", tier, have, need)
    }

    /// The same of something else that is counted, in lower-case words joined by hyphens: `trips`.
    pub fn next_in(self, unit: &'static str, tier: T, have: i64, need: i64) -> Self {
        let next = Progress {
            tier: tier.index(),
            have: have.max(0),
            need,
            unit,
        };
        Self {
            next: Some(next),
            ..self
        }
    }

    /// For this reason.
    pub fn because(self, reason: R) -> Self {
        let arguments = reason.arguments();
        Self {
            reason: Some((reason.index(), arguments)),
            ..self
        }
    }

    /// As the host gets it.
    pub(super) fn send(self) -> wire::Placement {
        wire::Placement {
            tier: self.tier.map(|tier| tier as u16),
            valid_until: self.valid_until.map(|day| day.0),
            next: self.next.map(|next| wire::Progress {
                tier: next.tier as u16,
                have: next.have,
                need: next.need,
                unit: next.unit.to_owned(),
            }),
            reason: self.reason.map(|(reason, arguments)| send_reason(reason, arguments)),
        }
    }
}
