//! The agency's own terms: how much time a case of each severity has, what the law sets, and how much somebody may promise.

use super::SEVERITIES;
use super::said::MOST_MINUTES;
use super::words::ClockKind;
use crate::clocks::Target;
use crate::{Words, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most days that a time of the law has.
const MOST_DAYS: u16 = 365;
/// Most roles with a limit of their own.
const MOST_LIMITS: usize = 60;
/// Longest name of a source, in bytes.
const LONGEST_SOURCE: usize = 400;

/// Working minutes of a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Until the customer hears something.
    pub first_response: u32,
    /// Until the customer hears something again.
    pub next_update: u32,
    /// Until the case is resolved.
    pub resolution: u32,
}

impl Targets {
    /// Those of a clock; nothing of one that the law sets.
    pub fn of(&self, kind: ClockKind) -> u32 {
        match kind {
            ClockKind::FirstResponse => self.first_response,
            ClockKind::NextUpdate => self.next_update,
            ClockKind::Resolution => self.resolution,
            _ => 0,
        }
    }
}

/// Times that the law sets for complaints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statutory {
    /// Working days until it is decided whether the complaint is taken up.
    pub acceptance_working_days: u16,
    /// Days until it is answered in writing.
    pub reply_days: u16,
    /// Days until a settlement has been tried.
    pub mediation_days: u16,
    /// Where that is said.
    pub source: String,
}

impl Statutory {
    pub(super) fn targets(&self) -> [(ClockKind, Target); 3] {
        [
            (
                ClockKind::StatutoryAcceptance,
                Target::WorkingDays(self.acceptance_working_days),
            ),
            (ClockKind::StatutoryReply, Target::Days(self.reply_days)),
            (ClockKind::StatutoryMediation, Target::Days(self.mediation_days)),
        ]
    }
}

/// How much somebody of a role may promise by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Minor units of money.
    pub money: i64,
    /// Points.
    pub points: i64,
}

/// The terms of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Of the severities from 1 to 4.
    pub targets: [Targets; 4],
    /// Severity of a case of which nobody has said anything.
    pub severity: i32,
    /// Times of the law; none where there are none.
    pub statutory: Option<Statutory>,
    /// By the key of a role. Who has none promises nothing without another person.
    pub limits: BTreeMap<String, Limit>,
    /// So many open complaints of one departure or product and cause are joined.
    pub joint_count: u32,
    /// Within so many days.
    pub joint_days: u32,
}

impl Terms {
    /// What a new agency of this country has. China's times are those of the rules for handling tourism complaints (旅游投诉处理办法), articles 15, 18
    /// and 25; an agency holds them against the text in force.
    pub fn standard(country: &str) -> Self {
        let targets = |first_response, next_update, resolution| Targets {
            first_response,
            next_update,
            resolution,
        };
        Self {
            targets: [
                targets(30, 120, 540),
                targets(60, 270, 1_080),
                targets(240, 540, 2_700),
                targets(540, 1_080, 5_400),
            ],
            severity: 3,
            statutory: (country == "CN").then(|| Statutory {
                acceptance_working_days: 5,
                reply_days: 10,
                mediation_days: 60,
                source: "《旅游投诉处理办法》第十五条、第十八条、第二十五条".into(),
            }),
            limits: BTreeMap::from([
                (
                    "owner".into(),
                    Limit {
                        money: 1_000_000,
                        points: 100_000,
                    },
                ),
                (
                    "crm_lead".into(),
                    Limit {
                        money: 200_000,
                        points: 20_000,
                    },
                ),
                (
                    "complaint_officer".into(),
                    Limit {
                        money: 50_000,
                        points: 5_000,
                    },
                ),
            ]),
            joint_count: 4,
            joint_days: 14,
        }
    }

    /// The times of a severity.
    pub fn targets_of(&self, severity: i32) -> &Targets {
        let place = severity.clamp(*SEVERITIES.start(), *SEVERITIES.end()) - 1;
        &self.targets[place as usize]
    }

    /// Passes terms that can be kept.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), Words> {
        for (place, targets) in self.targets.iter().enumerate() {
            for kind in ClockKind::OF_RULES {
                if !(1..=MOST_MINUTES).contains(&targets.of(kind)) {
                    return Err(words!(
                        "{kind} of severity {severity} is {minutes}; it is 1 to {MOST_MINUTES} working minutes",
                        "严重程度 {severity} 的 {kind} 为 {minutes}；应为 1 到 {MOST_MINUTES} 工作分钟",
                        kind = kind.as_str(),
                        severity = place + 1,
                        minutes = targets.of(kind)
                    ));
                }
            }
        }
        if !SEVERITIES.contains(&self.severity) {
            return Err(words!("severity is 1 to 4", "severity 应为 1 到 4"));
        }
        if let Some(law) = &self.statutory {
            let days = [law.acceptance_working_days, law.reply_days, law.mediation_days];
            if days.iter().any(|days| !(1..=MOST_DAYS).contains(days)) {
                return Err(words!(
                    "times of the law are 1 to {MOST_DAYS} days",
                    "法定期限应为 1 到 {MOST_DAYS} 天"
                ));
            }
            if law.source.trim().is_empty() || law.source.len() > LONGEST_SOURCE {
                return Err(words!(
                    "say in 1 to {LONGEST_SOURCE} bytes where the times of the law are from",
                    "请注明法定期限的出处，1 到 {LONGEST_SOURCE} 字节"
                ));
            }
        }
        if self.limits.len() > MOST_LIMITS {
            return Err(words!(
                "limits names more than {MOST_LIMITS} roles",
                "limits 超过 {MOST_LIMITS} 个角色"
            ));
        }
        if self.limits.values().any(|limit| limit.money < 0 || limit.points < 0) {
            return Err(words!("a limit is not less than nothing", "限额不能为负"));
        }
        if !(2..=100).contains(&self.joint_count) || !(1..=365).contains(&self.joint_days) {
            return Err(words!(
                "complaints are joined from 2 to 100 of them on, within 1 to 365 days",
                "并案的件数应为 2 到 100，天数应为 1 到 365"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_held_to_their_bounds() {
        let terms = Terms::standard("CN");
        assert_eq!(terms.check(), Ok(()));
        assert_eq!(Terms::standard("DE").statutory, None);
        assert!(terms.targets_of(1).resolution < terms.targets_of(4).resolution);
        type Spoil = fn(&mut Terms);
        let wrong: [Spoil; 6] = [
            |it| it.targets[2].next_update = 0,
            |it| it.severity = 5,
            |it| it.statutory.as_mut().expect("China's").reply_days = 0,
            |it| it.statutory.as_mut().expect("China's").source = " ".into(),
            |it| it.joint_count = 1,
            |it| it.limits.values_mut().for_each(|limit| limit.points = -1),
        ];
        for spoil in wrong {
            let mut terms = terms.clone();
            spoil(&mut terms);
            assert!(terms.check().is_err(), "{terms:?}");
        }
    }
}
