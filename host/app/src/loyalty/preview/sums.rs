//! What two rules come to over all members.

use super::play::Outcome;
use crate::rules::Reason;
use crate::rules::{ClassChange, MoveCount};
use posthouse_domain::{Day, Localized, Words};
use posthouse_engine::{Because, Value as Fact};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Members who are shown.
const SHOWN: usize = 20;

/// Something by the rule in force and by the other one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// By the rule in force; zero where there is none.
    pub now: i64,
    /// By the other one.
    pub then: i64,
}

/// What was posted for the occasions of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthChange {
    /// Its first day.
    pub month: Day,
    /// Points, less what refunds took back.
    pub points: Change,
}

/// A member for whom the rules differ.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberChange {
    /// Who.
    pub customer: Uuid,
    /// What the rules posted.
    pub points: Change,
    /// The tier by the rule in force.
    pub from: Option<String>,
    /// The tier by the other one.
    pub to: Option<String>,
    /// Why that tier.
    pub reason: Option<Reason>,
}

/// The rule in force, as it was when another was played beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InForce {
    /// Its plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
}

/// What another rule would have done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Foreseen {
    /// Whether there is a rule in force to compare with.
    pub compared: bool,
    /// That rule.
    #[serde(default)]
    pub in_force: Option<InForce>,
    /// Points by month, the earliest first.
    pub months: Vec<MonthChange>,
    /// Points in all.
    pub points: Change,
    /// How many of them are not expired today.
    pub outstanding: Change,
    /// What these are worth in minor units.
    pub value: Change,
    /// What share of points expires unspent, in parts of 10,000, as in the past; none if nothing ended yet.
    pub breakage_rate: Option<i64>,
    /// What of the value is expected to be spent, in minor units.
    pub cost: Change,
    /// Titles of tiers by key.
    pub titles: BTreeMap<String, Localized>,
    /// Every tier of either rule, the lowest first.
    pub tiers: Vec<ClassChange>,
    /// Every move between tiers, the largest first.
    pub moves: Vec<MoveCount>,
    /// How many members would stand in another tier.
    pub changed: u64,
    /// Occasions for which the other rule failed.
    pub failed: u64,
    /// How it failed first.
    pub fault: Option<Words>,
    /// Those for whom the rules differ most.
    pub sample: Vec<MemberChange>,
}

/// A member who may be shown, with what the reason of the tier is said from.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) change: MemberChange,
    pub(super) said: Option<(Because, Vec<Fact>)>,
}

impl Candidate {
    /// Those whose tier differs come first, then those with the largest difference.
    fn weight(&self) -> (bool, u64) {
        let MemberChange { points, from, to, .. } = &self.change;
        (from != to, points.then.abs_diff(points.now))
    }
}

/// Sums that grow with each member.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) members: u64,
    pub(super) asked: u64,
    pub(super) months: BTreeMap<Day, Change>,
    pub(super) outstanding: Change,
    tiers: BTreeMap<(Option<String>, Option<String>), u64>,
    pub(super) failed: u64,
    pub(super) fault: Option<Words>,
    pub(super) shown: Vec<Candidate>,
}

impl Totals {
    /// Counts a member.
    pub(super) fn count(mut self, customer: Uuid, now: Option<Outcome>, then: Outcome, facts: &[Fact]) -> Self {
        let now = now.unwrap_or_default();
        self.members += 1;
        self.asked += then.asked;
        self.failed += then.failed;
        if self.fault.is_none() {
            self.fault.clone_from(&then.fault);
        }
        let points = Change {
            now: now.points(),
            then: then.points(),
        };
        for (month, points) in &now.months {
            self.months.entry(*month).or_default().now += points;
        }
        for (month, points) in &then.months {
            self.months.entry(*month).or_default().then += points;
        }
        self.outstanding.now += now.outstanding;
        self.outstanding.then += then.outstanding;
        *self.tiers.entry((now.tier.clone(), then.tier.clone())).or_default() += 1;
        if points.now != points.then || now.tier != then.tier {
            self.shown.push(Candidate {
                said: then.because.map(|because| (because, facts.to_vec())),
                change: MemberChange {
                    customer,
                    points,
                    from: now.tier,
                    to: then.tier,
                    reason: None,
                },
            });
            self.cut();
        }
        self
    }

    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.members += other.members;
        self.asked += other.asked;
        self.failed += other.failed;
        self.fault = self.fault.or(other.fault);
        for (month, change) in other.months {
            let sum = self.months.entry(month).or_default();
            sum.now += change.now;
            sum.then += change.then;
        }
        self.outstanding.now += other.outstanding.now;
        self.outstanding.then += other.outstanding.then;
        for (pair, count) in other.tiers {
            *self.tiers.entry(pair).or_default() += count;
        }
        self.shown.extend(other.shown);
        self.cut();
        self
    }

    fn cut(&mut self) {
        if self.shown.len() > 2 * SHOWN {
            self.rank();
        }
    }

    /// Those who are shown, in their order.
    pub(super) fn rank(&mut self) {
        self.shown
            .sort_by_key(|one| (Reverse(one.weight()), one.change.customer));
        self.shown.truncate(SHOWN);
    }

    /// The tiers in this order, then any others, and the moves between them.
    pub(super) fn moves(&self, order: &[String]) -> (Vec<ClassChange>, Vec<MoveCount>, u64) {
        let (mut classes, mut moves): (BTreeMap<&str, ClassChange>, _) = (BTreeMap::new(), Vec::new());
        for key in order {
            classes.entry(key).or_insert_with(|| empty(key));
        }
        for ((from, to), count) in &self.tiers {
            if let Some(key) = from {
                let class = classes.entry(key).or_insert_with(|| empty(key));
                class.now += count;
                class.leaving += if from == to { 0 } else { *count };
            }
            if let Some(key) = to {
                let class = classes.entry(key).or_insert_with(|| empty(key));
                class.then += count;
                class.entering += if from == to { 0 } else { *count };
            }
            if from != to {
                moves.push(MoveCount {
                    from: from.clone(),
                    to: to.clone(),
                    count: *count,
                });
            }
        }
        moves.sort_by_key(|moved| Reverse(moved.count));
        let changed = moves.iter().map(|moved| moved.count).sum();
        let mut classes: Vec<ClassChange> = classes.into_values().collect();
        let place = |key: &str| order.iter().position(|known| known == key).unwrap_or(order.len());
        classes.sort_by_key(|class| place(&class.key));
        (classes, moves, changed)
    }
}

fn empty(key: &str) -> ClassChange {
    ClassChange {
        key: key.to_owned(),
        now: 0,
        then: 0,
        entering: 0,
        leaving: 0,
    }
}
