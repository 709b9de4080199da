//! Cases that nobody has: plain ones, hostile ones, and such as there are; and what golden cases write of one.

use super::CaseAsked;
use crate::made_up::Random;
use posthouse_domain::complaints::asked::{MOST_DESKS, MOST_PEOPLE, MOST_PEOPLE_IN_ALL};
use posthouse_domain::complaints::{
    Booked, Case, Cause, ClockKind, Desk, Escalation, Kind, Liability, Person, Phase, Trigger,
};
use posthouse_domain::money::LARGEST_AMOUNT;
use posthouse_domain::{Words, words};
use posthouse_golden::complaint_routing as format;

/// Names of things that are long or odd.
const NAMES: [&str; 5] = ["上海", "e\u{301}\u{202e}", "👩‍👩‍👧‍👦", "<script>'\"--", "{0}"];
/// What desks of real agencies can do.
const SKILLS: [&str; 6] = ["senior", "supplier", "in-trip", "refund", "english", "safety"];
const DAY: i64 = 86_400_000;

fn person(on_duty: bool) -> Person {
    Person {
        on_duty,
        open_cases: 0,
        idle_minutes: 0,
    }
}

fn only_desk(on_duty: bool) -> Desk {
    Desk {
        key: "default".to_owned(),
        skills: Vec::new(),
        within_hours: on_duty,
        open_cases: 0,
        people: vec![person(on_duty)],
    }
}

fn case(today: i32) -> Case {
    Case {
        kind: Kind::Complaint,
        cause: None,
        cause_detail: None,
        channel: "phone".to_owned(),
        phase: Phase::Post,
        severity: None,
        severity_by_person: false,
        liability: None,
        opened_at: i64::from(today) * DAY,
        booking: None,
        supplier: None,
        reopened: 0,
        hops: 0,
        breached: false,
        alike: 0,
        desk: None,
        trigger: Trigger::Opened,
        escalation: None,
    }
}

/// A complaint that has just come.
pub(super) fn plain() -> CaseAsked {
    CaseAsked {
        case: case(0),
        desks: vec![only_desk(true)],
    }
}

/// Cases and desks at the edges of what there can be.
pub(super) fn hostile(today: i32) -> Vec<(Words, CaseAsked)> {
    let about = |case: Case| CaseAsked {
        case,
        desks: vec![only_desk(true)],
    };
    let with = |desks: Vec<Desk>| CaseAsked {
        case: case(today),
        desks,
    };
    let booked = |booking: Booked| Case {
        booking: Some(booking),
        phase: Phase::InTrip,
        ..case(today)
    };
    let mut all = vec![
        (words!("no desk", "没有处理组"), with(Vec::new())),
        (words!("everybody off duty", "无人值班"), with(vec![only_desk(false)])),
        (
            words!("a desk without people", "没有成员的处理组"),
            with(vec![Desk {
                people: Vec::new(),
                ..only_desk(true)
            }]),
        ),
        (
            words!("two desks of one key", "两个同名处理组"),
            with(vec![only_desk(true), only_desk(false)]),
        ),
        (
            words!("the most of everything", "各项达到上限"),
            about(Case {
                severity: Some(4),
                severity_by_person: true,
                reopened: u32::MAX,
                hops: u32::MAX,
                alike: u32::MAX,
                breached: true,
                desk: Some(0),
                opened_at: i64::MAX,
                ..case(today)
            }),
        ),
        (
            words!("before the calendar began", "早于日历起点"),
            about(Case {
                opened_at: i64::MIN,
                ..case(today)
            }),
        ),
        (
            words!("people with the most cases", "案件最多的成员"),
            with(vec![Desk {
                open_cases: u32::MAX,
                people: vec![Person {
                    on_duty: true,
                    open_cases: u32::MAX,
                    idle_minutes: u32::MAX,
                }],
                ..only_desk(true)
            }]),
        ),
    ];
    for kind in Kind::ALL {
        all.push((
            words!("every kind", "每种类型"),
            about(Case {
                kind: *kind,
                ..case(today)
            }),
        ));
    }
    for cause in Cause::ALL {
        for liability in Liability::ALL {
            let case = Case {
                cause: Some(*cause),
                liability: Some(*liability),
                ..case(today)
            };
            all.push((words!("every cause and liability", "每种原因与责任"), about(case)));
        }
    }
    for trigger in [
        Trigger::Reopened,
        Trigger::CauseChanged,
        Trigger::SeverityChanged,
        Trigger::Answered,
    ] {
        let case = Case {
            trigger,
            severity: Some(1),
            desk: Some(0),
            ..case(today)
        };
        all.push((words!("every trigger", "每种触发"), about(case)));
    }
    for clock in ClockKind::OF_RULES {
        for percent in [1, 100, 1_000] {
            let case = Case {
                trigger: Trigger::Escalation,
                escalation: Some(Escalation { clock, percent }),
                severity: Some(2),
                desk: Some(0),
                ..case(today)
            };
            all.push((words!("every escalation", "每种升级"), about(case)));
        }
    }
    for amount in [0, 1, LARGEST_AMOUNT] {
        let booking = Booked {
            amount: Some(amount),
            travellers: Some(u32::MAX),
            ..Booked::default()
        };
        all.push((
            words!("a booking of {amount}", "金额为 {amount} 的订单"),
            about(booked(booking)),
        ));
    }
    for day in [i32::MIN, i32::MAX] {
        let booking = Booked {
            departs: Some(day),
            returns: Some(day),
            ..Booked::default()
        };
        all.push((
            words!("an unusual day of departure", "特殊的出发日期"),
            about(booked(booking)),
        ));
    }
    for name in NAMES {
        let booking = Booked {
            product: Some(name.to_owned()),
            destination: Some(name.to_owned()),
            theme: Some(name.to_owned()),
            ..Booked::default()
        };
        let case = Case {
            channel: name.to_owned(),
            supplier: Some(name.to_owned()),
            cause_detail: Some(name.to_owned()),
            ..booked(booking)
        };
        all.push((words!("unusual names", "特殊名称"), about(case)));
        all.push((
            words!("unusual skills", "特殊技能"),
            with(vec![Desk {
                key: name.to_owned(),
                skills: vec![name.to_owned()],
                ..only_desk(true)
            }]),
        ));
    }
    all
}

/// A case like those there are on a day, with so many desks.
pub(super) fn made_up(desks: usize, today: i32, random: &mut Random) -> CaseAsked {
    let mut below = |end: u64| random.below(end) as i64;
    let mut left = MOST_PEOPLE_IN_ALL;
    let made: Vec<Desk> = (0..desks.min(MOST_DESKS))
        .map(|number| {
            let people = (below(12) as usize).min(MOST_PEOPLE).min(left);
            left -= people;
            Desk {
                key: if number == 0 {
                    "default".to_owned()
                } else {
                    format!("desk-{number}")
                },
                skills: (0..below(3))
                    .map(|_| SKILLS[below(SKILLS.len() as u64) as usize].to_owned())
                    .collect(),
                within_hours: below(3) > 0,
                open_cases: below(200) as u32,
                people: (0..people)
                    .map(|_| Person {
                        on_duty: below(4) > 0,
                        open_cases: below(30) as u32,
                        idle_minutes: below(5_000) as u32,
                    })
                    .collect(),
            }
        })
        .collect();
    let mut one = |all: usize| below(all as u64) as usize;
    let is_new = one(2) == 0;
    let escalates = !is_new && one(4) == 0;
    let clock = ClockKind::OF_RULES[one(3)];
    let departs = today + one(60) as i32 - 30;
    let booking = (one(4) > 0).then(|| Booked {
        product: Some(format!("P{}", one(40))),
        destination: Some("云南".to_owned()),
        departs: Some(departs),
        returns: Some(departs + 7),
        travellers: Some(1 + one(6) as u32),
        amount: Some(one(3_000_000) as i64),
        ..Booked::default()
    });
    let case = Case {
        kind: if one(4) > 0 {
            Kind::Complaint
        } else {
            Kind::ALL[one(Kind::ALL.len())]
        },
        cause: (one(3) > 0).then(|| Cause::ALL[one(Cause::ALL.len())]),
        liability: (one(4) == 0).then(|| Liability::ALL[one(Liability::ALL.len())]),
        booking,
        phase: Phase::ALL[one(Phase::ALL.len())],
        severity: (!is_new || one(3) == 0).then(|| 1 + one(4) as i32),
        severity_by_person: one(5) == 0,
        supplier: (one(3) == 0).then(|| format!("supplier-{}", one(20))),
        reopened: u32::from(one(10) == 0),
        hops: if is_new { 0 } else { one(6) as u32 },
        breached: one(6) == 0,
        alike: one(5) as u32,
        desk: (!is_new && !made.is_empty()).then(|| one(made.len()) as u16),
        trigger: match (is_new, escalates) {
            (true, _) => Trigger::Opened,
            (false, true) => Trigger::Escalation,
            (false, false) => [Trigger::Answered, Trigger::SeverityChanged, Trigger::Reopened][one(3)],
        },
        escalation: escalates.then_some(Escalation { clock, percent: 100 }),
        ..case(today)
    };
    CaseAsked { case, desks: made }
}

/// A word of the format, which has the names of the domain.
fn word<T>(word: &str, parse: impl Fn(&str) -> Option<T>, otherwise: T) -> T {
    parse(word).unwrap_or(otherwise)
}

/// A complaint as a golden case writes it.
pub(super) fn complaint(said: format::Complained) -> Case {
    let clock = |name: &str| word(name, ClockKind::parse, ClockKind::Resolution);
    let escalation = said.escalation.map(|(name, percent)| Escalation {
        clock: clock(name),
        percent,
    });
    Case {
        kind: word(said.kind, Kind::parse, Kind::Complaint),
        cause: said.cause.and_then(Cause::parse),
        cause_detail: said.cause_detail,
        channel: said.channel,
        phase: word(said.phase, Phase::parse, Phase::Post),
        severity: said.severity.map(i32::from),
        severity_by_person: said.severity_by_person,
        liability: said.liability.and_then(Liability::parse),
        opened_at: said.opened_at,
        booking: said.booking.map(|booking| Booked {
            product: booking.product,
            destination: booking.destination,
            theme: booking.theme,
            departs: booking.departs,
            returns: booking.returns,
            travellers: booking.travellers,
            amount: booking.amount,
        }),
        supplier: said.supplier,
        reopened: said.reopened,
        hops: said.hops,
        breached: said.breached,
        alike: said.alike,
        desk: said.desk,
        trigger: match said.trigger {
            Some(name) => word(name, Trigger::parse, Trigger::Opened),
            None => Trigger::Escalation,
        },
        escalation,
    }
}

/// A desk as a golden case writes it.
pub(super) fn desk(said: format::DeskAt) -> Desk {
    Desk {
        key: said.key,
        skills: said.skills,
        within_hours: said.within_hours,
        open_cases: said.open_cases,
        people: said
            .people
            .into_iter()
            .map(|(on_duty, open_cases, idle_minutes)| Person {
                on_duty,
                open_cases,
                idle_minutes,
            })
            .collect(),
    }
}
