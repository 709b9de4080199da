//! What the host makes of a rule's word: guards, and where a case goes when there is no rule or it says nothing usable. A case is never without a desk.

use super::asked::{Case, Desk};
use super::said::{Compensation, Escalation, Routing, TargetSet};
use super::words::{Cause, Trigger};
use serde::{Deserialize, Serialize};

/// Most times that rules send a case from one desk to another, since it was opened or a person last gave it to one.
pub const MOST_HOPS: u32 = 10;

/// What is kept of a case's way, so that it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Where rules have sent it, with all that they went by.
    pub seen: Vec<(String, Trigger, i32, Option<Cause>)>,
    /// Rules send it nowhere any more: they did not come to an end.
    pub is_held: bool,
    /// When the rule is asked again.
    pub escalations: Vec<Escalation>,
    /// Key of the playbook for a crisis.
    pub playbook: Option<String>,
}

/// Why a rule's word was not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// It has gone from desk to desk too often.
    TooManyHops,
    /// It has been there before, with nothing changed.
    Loop,
    /// Whoever was named is not on duty.
    NotOnDuty,
    /// A person has said that it is graver.
    SeverityStands,
    /// Somebody has said what it is about.
    CauseStands,
    /// It was later than the law has it.
    LaterThanTheLaw,
    /// The rule failed.
    RuleFailed,
    /// Whoever was named may not see the case.
    MayNotSee,
}

/// Where a case goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    /// Place among the desks.
    pub desk: u16,
    /// Place among its people, where the rule named somebody.
    pub person: Option<u16>,
    /// Whether it goes to another desk than it was at.
    pub is_hop: bool,
    /// Its severity.
    pub severity: i32,
    /// Its cause.
    pub cause: Option<Cause>,
    /// Clocks that are not the agency's own.
    pub targets: Vec<TargetSet>,
    /// Place among the playbooks of the rule.
    pub playbook: Option<u16>,
    /// What is proposed.
    pub compensations: Vec<Compensation>,
    /// Why the rule's word was not followed in full.
    pub objections: Vec<Objection>,
}

/// Where a case goes by a rule's word, or without one: `default_desk` is a place among the desks, of which there is one at least.
pub fn place(
    case: &Case,
    kept: &mut Kept,
    said: Option<&Routing>,
    desks: &[Desk],
    (default_desk, default_severity): (u16, i32),
) -> Placement {
    let mut objections = Vec::new();
    let stands = case.severity.unwrap_or(default_severity);
    let Some(said) = said else {
        let desk = case.desk.unwrap_or(default_desk);
        return Placement {
            desk,
            severity: stands,
            cause: case.cause,
            ..Placement::default()
        };
    };
    let severity = match said.severity {
        // a lower number is graver
        Some(severity) if case.severity_by_person && severity > stands => {
            objections.push(Objection::SeverityStands);
            stands
        }
        Some(severity) => severity,
        None => stands,
    };
    let cause = match (case.cause, said.cause) {
        (Some(known), Some(guess)) if known != guess => {
            objections.push(Objection::CauseStands);
            Some(known)
        }
        (known, guess) => known.or(guess),
    };
    let wanted = said.desk.unwrap_or(default_desk);
    let (mut desk, mut person) = (wanted, said.person);
    if kept.is_held {
        desk = case.desk.unwrap_or(default_desk);
    } else if case.desk != Some(wanted) {
        let key = desks
            .get(usize::from(wanted))
            .map_or_else(String::new, |desk| desk.key.clone());
        let now = (key, case.trigger, severity, cause);
        let objection = match () {
            () if kept.seen.len() as u32 >= MOST_HOPS => Some(Objection::TooManyHops),
            () if kept.seen.contains(&now) => Some(Objection::Loop),
            () => None,
        };
        match objection {
            Some(objection) => {
                objections.push(objection);
                kept.is_held = true;
                desk = default_desk;
            }
            None => kept.seen.push(now),
        }
    }
    if desk != wanted {
        person = None;
    }
    if let Some(named) = person {
        let people = desks.get(usize::from(desk)).map_or(&[][..], |desk| &desk.people);
        if !people.get(usize::from(named)).is_some_and(|person| person.on_duty) {
            objections.push(Objection::NotOnDuty);
            person = None;
        }
    }
    kept.escalations.clone_from(&said.escalations);
    Placement {
        desk,
        person,
        is_hop: case.desk.is_some_and(|before| before != desk),
        severity,
        cause,
        targets: said.targets.clone(),
        playbook: said.playbook,
        compensations: said.compensations.clone(),
        objections,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaints::asked::Person;
    use crate::complaints::words::{Kind, Phase};

    fn desk(key: &str, on_duty: bool) -> Desk {
        Desk {
            key: key.into(),
            skills: vec![],
            within_hours: true,
            open_cases: 0,
            people: vec![Person {
                on_duty,
                open_cases: 0,
                idle_minutes: 0,
            }],
        }
    }

    fn case(desk: Option<u16>, trigger: Trigger) -> Case {
        Case {
            kind: Kind::Complaint,
            cause: None,
            cause_detail: None,
            channel: "phone".into(),
            phase: Phase::Post,
            severity: desk.map(|_| 3),
            severity_by_person: false,
            liability: None,
            opened_at: 0,
            booking: None,
            supplier: None,
            reopened: 0,
            hops: 0,
            breached: false,
            alike: 0,
            desk,
            trigger,
            escalation: None,
        }
    }

    fn to(desk: u16) -> Routing {
        Routing {
            desk: Some(desk),
            ..Routing::default()
        }
    }

    #[test]
    fn a_case_is_never_without_a_desk() {
        let desks = [desk("default", true), desk("senior", false)];
        let mut kept = Kept::default();
        let opened = case(None, Trigger::Opened);
        let placed = place(&opened, &mut kept, None, &desks, (0, 3));
        assert_eq!((placed.desk, placed.severity, placed.is_hop), (0, 3, false));
        let nowhere = Routing {
            severity: Some(1),
            ..Routing::default()
        };
        assert_eq!(place(&opened, &mut kept, Some(&nowhere), &desks, (0, 3)).desk, 0);
        let named = Routing {
            person: Some(0),
            ..to(1)
        };
        let placed = place(&opened, &mut kept, Some(&named), &desks, (0, 3));
        assert_eq!((placed.desk, placed.person), (1, None));
        assert_eq!(placed.objections, [Objection::NotOnDuty]);
        // without a rule it stays where it is
        assert_eq!(
            place(&case(Some(1), Trigger::Answered), &mut kept, None, &desks, (0, 3)).desk,
            1
        );
    }

    #[test]
    fn a_rule_that_sends_it_to_and_fro_is_held() {
        let desks = [desk("default", true), desk("a", true), desk("b", true)];
        let mut kept = Kept::default();
        let mut at = None;
        let mut way = Vec::new();
        for turn in 0..6 {
            let asked = case(
                at,
                if at.is_none() {
                    Trigger::Opened
                } else {
                    Trigger::Answered
                },
            );
            let placed = place(&asked, &mut kept, Some(&to(1 + turn % 2)), &desks, (0, 3));
            at = Some(placed.desk);
            way.push(placed.desk);
            if placed.objections.contains(&Objection::Loop) {
                break;
            }
        }
        assert_eq!(
            way,
            [1, 2, 1, 0],
            "opened at a, answered to b, answered to a, and no second time to b"
        );
        let stays = place(&case(at, Trigger::Answered), &mut kept, Some(&to(2)), &desks, (0, 3));
        assert_eq!((stays.desk, stays.is_hop), (0, false));
    }

    #[test]
    fn hops_come_to_an_end() {
        let desks: Vec<Desk> = (0..30).map(|n| desk(&format!("d{n}"), true)).collect();
        let (mut kept, mut at) = (Kept::default(), None);
        for turn in 1..30 {
            let placed = place(&case(at, Trigger::Answered), &mut kept, Some(&to(turn)), &desks, (0, 3));
            at = Some(placed.desk);
        }
        assert_eq!((at, kept.seen.len() as u32), (Some(0), MOST_HOPS));
    }

    #[test]
    fn a_person_has_the_last_word_on_gravity_and_cause() {
        let desks = [desk("default", true)];
        let said = Routing {
            severity: Some(4),
            cause: Some(Cause::Price),
            ..to(0)
        };
        let by_person = Case {
            severity: Some(2),
            severity_by_person: true,
            cause: Some(Cause::Safety),
            ..case(Some(0), Trigger::Answered)
        };
        let placed = place(&by_person, &mut Kept::default(), Some(&said), &desks, (0, 3));
        assert_eq!((placed.severity, placed.cause), (2, Some(Cause::Safety)));
        assert_eq!(placed.objections, [Objection::SeverityStands, Objection::CauseStands]);
        let graver = Routing {
            severity: Some(1),
            ..to(0)
        };
        assert_eq!(
            place(&by_person, &mut Kept::default(), Some(&graver), &desks, (0, 3)).severity,
            1
        );
        let by_rule = Case {
            severity_by_person: false,
            ..by_person
        };
        assert_eq!(
            place(&by_rule, &mut Kept::default(), Some(&said), &desks, (0, 3)).severity,
            4
        );
    }
}
