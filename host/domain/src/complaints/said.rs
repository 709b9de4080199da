//! What a rule says of a case. It comes from outside, and is used for nothing before it was checked.

use super::SEVERITIES;
use super::asked::Desk;
use super::words::{Cause, ClockKind, Remedy};
use crate::money::LARGEST_AMOUNT;
use crate::{Words, words};
use serde::{Deserialize, Serialize};

/// Most escalations and compensations that a rule says at once.
const MOST: usize = 10;
/// Most hundredths of a clock's time at which a rule is asked again.
const MOST_PERCENT: u32 = 1_000;
/// Most working minutes of a clock: a year of days of eight hours.
pub(super) const MOST_MINUTES: u32 = 260 * 480;

/// Working minutes that a clock has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSet {
    /// Which clock.
    pub clock: ClockKind,
    /// How many.
    pub minutes: u32,
}

/// The rule is asked again when so many hundredths of a clock's time are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Escalation {
    /// Which clock.
    pub clock: ClockKind,
    /// How many hundredths.
    pub percent: u32,
}

/// What puts right what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensation {
    /// What it is.
    pub remedy: Remedy,
    /// Minor units, or points; nothing of words.
    pub amount: i64,
}

/// Where a case goes, and by when it is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Place among the desks; none is the default desk.
    pub desk: Option<u16>,
    /// Place among the people of that desk; none leaves it to the host.
    pub person: Option<u16>,
    /// From 1 to 4; none leaves it as it is.
    pub severity: Option<i32>,
    /// A guess where nobody has said.
    pub cause: Option<Cause>,
    /// Clocks that are not the agency's own.
    pub targets: Vec<TargetSet>,
    /// When the rule is asked again.
    pub escalations: Vec<Escalation>,
    /// Place among the playbooks of the rule.
    pub playbook: Option<u16>,
    /// What it proposes.
    pub compensations: Vec<Compensation>,
}

type Wrong = (String, Words);

fn check_clock(field: &str, clock: ClockKind) -> Result<(), Wrong> {
    match clock.is_statutory() {
        false => Ok(()),
        true => Err((field.to_owned(), words!("is a clock that the law sets", "是法定时钟"))),
    }
}

/// Holds a routing to the contract, of a rule with so many playbooks.
///
/// # Errors
/// The field and what is wrong with it.
pub fn check_routing(routing: &Routing, desks: &[Desk], playbooks: usize) -> Result<(), Wrong> {
    let wrong = |field: String, problem: Words| Err((field, problem));
    let within = |field: &str, place: Option<u16>, count: usize| match place {
        Some(place) if usize::from(place) >= count => wrong(
            field.to_owned(),
            words!("is {place}, there are {count}", "为 {place}，而只有 {count} 个"),
        ),
        _ => Ok(()),
    };
    within("desk", routing.desk, desks.len())?;
    let desk = routing.desk.and_then(|desk| desks.get(usize::from(desk)));
    if routing.person.is_some() && desk.is_none() {
        return wrong("person".to_owned(), words!("is given without a desk", "没有给出处理组"));
    }
    within("person", routing.person, desk.map_or(0, |desk| desk.people.len()))?;
    within("playbook", routing.playbook, playbooks)?;
    if let Some(severity) = routing.severity.filter(|severity| !SEVERITIES.contains(severity)) {
        return wrong(
            "severity".to_owned(),
            words!("is {severity}; it is 1 to 4", "为 {severity}；应为 1 到 4"),
        );
    }
    for (place, set) in routing.targets.iter().enumerate() {
        check_clock(&format!("targets[{place}].clock"), set.clock)?;
        if routing.targets[..place].iter().any(|other| other.clock == set.clock) {
            return wrong(format!("targets[{place}].clock"), words!("is set twice", "重复设置"));
        }
        if !(1..=MOST_MINUTES).contains(&set.minutes) {
            let problem = words!(
                "is {minutes}; it is 1 to {MOST_MINUTES} working minutes",
                "为 {minutes}；应为 1 到 {MOST_MINUTES} 工作分钟",
                minutes = set.minutes
            );
            return wrong(format!("targets[{place}].minutes"), problem);
        }
    }
    for (name, count) in [
        ("escalations", routing.escalations.len()),
        ("compensations", routing.compensations.len()),
    ] {
        if count > MOST {
            return wrong(
                name.to_owned(),
                words!("{count} of them, {MOST} are the most", "有 {count} 项，上限为 {MOST}"),
            );
        }
    }
    for (place, step) in routing.escalations.iter().enumerate() {
        check_clock(&format!("escalations[{place}].clock"), step.clock)?;
        if !(1..=MOST_PERCENT).contains(&step.percent) {
            let problem = words!(
                "is {percent}; it is 1 to {MOST_PERCENT}",
                "为 {percent}；应为 1 到 {MOST_PERCENT}",
                percent = step.percent
            );
            return wrong(format!("escalations[{place}].percent"), problem);
        }
    }
    for (place, one) in routing.compensations.iter().enumerate() {
        check_compensation(one).map_err(|problem| (format!("compensations[{place}].amount"), problem))?;
    }
    Ok(())
}

/// Passes an amount that a remedy can have.
///
/// # Errors
/// What is wrong with it.
pub fn check_compensation(one: &Compensation) -> Result<(), Words> {
    let Compensation { remedy, amount } = *one;
    match remedy {
        Remedy::Apology if amount != 0 => Err(words!("is {amount}; words cost nothing", "为 {amount}；致歉没有金额")),
        Remedy::Apology => Ok(()),
        _ if (1..=LARGEST_AMOUNT).contains(&amount) => Ok(()),
        _ => Err(words!(
            "is {amount}; it is 1 to {LARGEST_AMOUNT}",
            "为 {amount}；应为 1 到 {LARGEST_AMOUNT}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaints::asked::Person;

    fn desks() -> Vec<Desk> {
        let person = Person {
            on_duty: true,
            open_cases: 0,
            idle_minutes: 0,
        };
        vec![Desk {
            key: "default".into(),
            skills: vec![],
            within_hours: true,
            open_cases: 0,
            people: vec![person],
        }]
    }

    #[test]
    fn what_a_rule_says_is_held_to_the_contract() {
        let fine = Routing {
            desk: Some(0),
            person: Some(0),
            severity: Some(1),
            targets: vec![TargetSet {
                clock: ClockKind::Resolution,
                minutes: 60,
            }],
            escalations: vec![Escalation {
                clock: ClockKind::Resolution,
                percent: 150,
            }],
            compensations: vec![Compensation {
                remedy: Remedy::Points,
                amount: 100,
            }],
            ..Routing::default()
        };
        assert_eq!(check_routing(&fine, &desks(), 0), Ok(()));
        type Spoil = fn(&mut Routing);
        let wrong: [(&str, Spoil); 11] = [
            ("desk", |it| it.desk = Some(1)),
            ("person", |it| it.person = Some(1)),
            ("person", |it| it.desk = None),
            ("severity", |it| it.severity = Some(0)),
            ("playbook", |it| it.playbook = Some(0)),
            ("targets[0].minutes", |it| it.targets[0].minutes = 0),
            ("targets[0].clock", |it| it.targets[0].clock = ClockKind::StatutoryReply),
            ("targets[1].clock", |it| it.targets.push(it.targets[0])),
            ("escalations", |it| it.escalations = vec![it.escalations[0]; 11]),
            ("compensations[0].amount", |it| it.compensations[0].amount = i64::MAX),
            ("compensations[0].amount", |it| {
                it.compensations[0].remedy = Remedy::Apology
            }),
        ];
        for (field, spoil) in wrong {
            let mut said = fine.clone();
            spoil(&mut said);
            let found = check_routing(&said, &desks(), 0).map_err(|(field, _)| field);
            assert_eq!(found, Err(field.to_owned()));
        }
    }
}
