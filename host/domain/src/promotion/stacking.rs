//! How the offers of several campaigns become one price.
//!
//! 1. Campaigns that offer something stand in line by their priority, 1 first. No two have the same one.
//! 2. If the first belongs to an `exclusive` group, it applies alone. If it does not, no campaign of an `exclusive` group applies.
//! 3. Groups take their turn by the priority of their first campaign, each from the prices that the groups before it left.
//!    - `stackable`: each of its campaigns is measured on those prices, and all apply.
//!    - `ordered`: each is measured on what the one before it left.
//!    - `best-of`: each is measured alone, and the one that takes off most applies; of several the one that stands first.
//! 4. No campaign takes a line below its own floor.
//! 5. A campaign that would take off more than its budgets allow does not apply at all, and everything is worked out again without it.
//!
//! Nothing depends on the order in which the campaigns are given.

use super::Offer;
use crate::{Words, words};
use serde::{Deserialize, Serialize};

/// How the campaigns of one group go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One of them, and nothing beside it.
    Exclusive,
    /// All of them, each measured on the same price.
    Stackable,
    /// The one that takes off most.
    BestOf,
    /// All of them, each measured on what the one before left.
    Ordered,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Exclusive, Self::Stackable, Self::BestOf, Self::Ordered];

    /// The name used in JSON and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Stackable => "stackable",
            Self::BestOf => "best-of",
            Self::Ordered => "ordered",
        }
    }

    /// What becomes of the campaigns of such a group.
    pub fn in_words(self) -> Words {
        match self {
            Self::Exclusive => words!(
                "One of its campaigns applies, and nothing beside it.",
                "只享受其中一项，不与其他任何活动同享。"
            ),
            Self::Stackable => words!(
                "All of its campaigns apply, each measured on the same price.",
                "组内活动全部享受，各自按同一价格计算。"
            ),
            Self::BestOf => words!(
                "Only the one of its campaigns that takes off most applies.",
                "组内只享受优惠最多的一项。"
            ),
            Self::Ordered => words!(
                "All of its campaigns apply, each measured on what the one before it left.",
                "组内活动全部享受，依次按前一项优惠后的价格计算。"
            ),
        }
    }

    /// The mode of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// What one campaign proposes, and what it may.
#[derive(Debug, Clone)]
pub struct Candidate<'c> {
    /// Its place in line; 1 is first.
    pub priority: i32,
    /// The group it belongs to.
    pub group: &'c str,
    /// How the campaigns of that group go together.
    pub mode: Mode,
    /// What it proposes, checked.
    pub offers: &'c [Offer],
    /// The lowest price of each line that it may leave, in minor units.
    pub floors: &'c [i64],
    /// Most that it may take off this basket, in minor units.
    pub allowance: i64,
}

/// One saving that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Place of the campaign among the candidates.
    pub candidate: usize,
    /// Place of the line.
    pub line: u32,
    /// Minor units off the line.
    pub off: i64,
    /// What the offer asked for; more than `off` where the floor was in the way.
    pub asked: i64,
    /// Index into the reasons of the rule.
    pub reason: u16,
}

/// Why a campaign with an offer does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It proposes nothing.
    NoOffer,
    /// Another stands before it, and one of the two goes with none.
    Outranked {
        /// The other's place among the candidates.
        by: usize,
    },
    /// Another of its group takes off more.
    NotBest {
        /// The other's place among the candidates.
        by: usize,
    },
    /// It would take off more than its budgets allow.
    OverBudget {
        /// Minor units it would take off.
        asked: i64,
        /// Minor units it may.
        allowed: i64,
    },
    /// Nothing is left above its floor.
    NothingLeft,
}

/// What became of one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It applies, and takes off this many minor units.
    Applied(i64),
    /// It does not.
    LeftOut(LeftOut),
}

/// The price of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricing {
    /// The price of each line, in minor units.
    pub prices: Vec<i64>,
    /// What applies, in the order in which it was taken off.
    pub adjustments: Vec<Adjustment>,
    /// What became of each candidate.
    pub outcomes: Vec<Outcome>,
}

/// Two campaigns have the same priority, so that their order would be nobody's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two campaigns have the priority {0}")]
pub struct SamePriority(pub i32);

/// Prices a basket whose lines cost `list`.
///
/// # Errors
/// [`SamePriority`]; campaigns are not started with a priority that is taken.
pub fn price(list: &[i64], candidates: &[Candidate<'_>]) -> Result<Pricing, SamePriority> {
    let mut line: Vec<usize> = (0..candidates.len()).collect();
    line.sort_by_key(|candidate| candidates[*candidate].priority);
    if let Some(pair) = line
        .windows(2)
        .find(|pair| candidates[pair[0]].priority == candidates[pair[1]].priority)
    {
        return Err(SamePriority(candidates[pair[0]].priority));
    }
    let mut outcomes = vec![Outcome::LeftOut(LeftOut::NoOffer); candidates.len()];
    line.retain(|candidate| !candidates[*candidate].offers.is_empty());
    loop {
        let (prices, adjustments) = once(list, candidates, &line, &mut outcomes);
        // whoever stands first among those over budget is over it whatever the later ones do
        let over = line.iter().copied().find_map(|candidate| match outcomes[candidate] {
            Outcome::Applied(asked) if asked > candidates[candidate].allowance => Some((candidate, asked)),
            _ => None,
        });
        let Some((candidate, asked)) = over else {
            return Ok(Pricing {
                prices,
                adjustments,
                outcomes,
            });
        };
        let allowed = candidates[candidate].allowance;
        outcomes[candidate] = Outcome::LeftOut(LeftOut::OverBudget { asked, allowed });
        line.retain(|other| *other != candidate);
    }
}

/// One way through the rules, budgets aside, for the campaigns in `line`.
fn once(
    list: &[i64],
    candidates: &[Candidate<'_>],
    line: &[usize],
    outcomes: &mut [Outcome],
) -> (Vec<i64>, Vec<Adjustment>) {
    let (mut prices, mut adjustments) = (list.to_vec(), Vec::new());
    let Some(first) = line.first().copied() else {
        return (prices, adjustments);
    };
    let alone = candidates[first].mode == Mode::Exclusive;
    let goes = |candidate: usize| candidate == first || !(alone || candidates[candidate].mode == Mode::Exclusive);
    for candidate in line.iter().copied().filter(|candidate| !goes(*candidate)) {
        outcomes[candidate] = Outcome::LeftOut(LeftOut::Outranked { by: first });
    }
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for candidate in line.iter().copied().filter(|candidate| goes(*candidate)) {
        match groups
            .iter_mut()
            .find(|(group, _)| *group == candidates[candidate].group)
        {
            Some((_, members)) => members.push(candidate),
            None => groups.push((candidates[candidate].group, vec![candidate])),
        }
    }
    for (_, members) in groups {
        let before = prices.clone();
        let best = (candidates[members[0]].mode == Mode::BestOf).then(|| best(&before, candidates, &members));
        for candidate in members {
            if let Some(by) = best.filter(|best| *best != candidate) {
                outcomes[candidate] = Outcome::LeftOut(LeftOut::NotBest { by });
                continue;
            }
            let measured = (candidates[candidate].mode == Mode::Stackable).then_some(before.as_slice());
            let taken = take(candidate, &candidates[candidate], measured, &mut prices);
            let off = taken.iter().map(|adjustment| adjustment.off).sum();
            outcomes[candidate] = if off > 0 {
                Outcome::Applied(off)
            } else {
                Outcome::LeftOut(LeftOut::NothingLeft)
            };
            adjustments.extend(taken);
        }
    }
    (prices, adjustments)
}

/// The one of `members`, which stand in line, that takes off most.
fn best(prices: &[i64], candidates: &[Candidate<'_>], members: &[usize]) -> usize {
    let mut found = (members[0], i64::MIN);
    for candidate in members.iter().copied() {
        let taken = take(candidate, &candidates[candidate], None, &mut prices.to_vec());
        let off = taken.iter().map(|adjustment| adjustment.off).sum();
        if off > found.1 {
            found = (candidate, off);
        }
    }
    found.0
}

/// Takes a campaign's offers off `prices`, measured on those or on `measured`. Offers that take nothing off are left out.
fn take(place: usize, candidate: &Candidate<'_>, measured: Option<&[i64]>, prices: &mut [i64]) -> Vec<Adjustment> {
    let mut taken = Vec::new();
    for offer in candidate.offers {
        let index = offer.line as usize;
        let asked = offer
            .saving
            .of(measured.map_or(prices[index], |measured| measured[index]));
        let above = (prices[index] - candidate.floors[index].max(0)).max(0);
        let off = asked.min(above);
        if off > 0 {
            prices[index] -= off;
            taken.push(Adjustment {
                candidate: place,
                line: offer.line,
                off,
                asked,
                reason: offer.reason,
            });
        }
    }
    taken
}
