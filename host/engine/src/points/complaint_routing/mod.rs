//! The extension point `complaint-routing`: where a case goes, how grave it is, and by when it is answered.

mod cases;
mod v1;

use crate::because::Because;
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Linked};
use crate::description::{Description, Playbook};
use crate::descriptor::{bad, check_key, check_text};
use crate::fault::Fault;
use crate::identity::unusable;
use crate::limits::Limits;
use crate::made_up::Random;
use crate::point::{Point, Question, Subjects};
use crate::refusal::Refusal;
use crate::text::printable;
use crate::units::{SelfTest, Units};
use posthouse_domain::complaints::{Case, Desk, Routing, asked, check_routing};
use posthouse_domain::{Words, words};
use posthouse_golden::complaint_routing::{Routed as Compared, RoutingCase};
use posthouse_golden::{Mismatch, Rule, Said};
use serde_json::json;
use std::collections::HashSet;

/// Most playbooks of a rule, and steps of one.
const MOST_PLAYBOOKS: usize = 20;
const MOST_STEPS: usize = 50;
/// Most hours of a step.
const MOST_HOURS: u32 = 24 * 90;
/// Bytes of what a rule was asked about that are shown.
const SHOWN: usize = 1_000;

/// A rule of complaint routing.
#[derive(Debug)]
pub struct ComplaintRouting {
    adapter: v1::Adapter,
    playbooks: Vec<Playbook>,
}

/// What a rule is asked about a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseAsked {
    /// The case.
    pub case: Case,
    /// The desks it can go to.
    pub desks: Vec<Desk>,
}

/// What a rule says of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed {
    /// Where it goes.
    pub routing: Routing,
    /// Key of the playbook, should it become a crisis.
    pub playbook: Option<String>,
    /// Why.
    pub because: Because,
}

impl ComplaintRouting {
    /// What to do in a crisis.
    pub fn playbooks(&self) -> &[Playbook] {
        &self.playbooks
    }
}

impl Point for ComplaintRouting {
    const READS_CASES: bool = true;
    const UNITS: &'static Units = &Units {
        part: "desk",
        parts: "desks",
        tried: "cases_tried",
        full: "all_desks",
        each: || words!("desk", "个处理组"),
        heading: || words!("desks", "处理组数"),
        tested,
        drawn: |seed| {
            words!(
                "Cases and desks are made up from seed {seed}",
                "案件和处理组由种子 {seed} 生成"
            )
        },
    };
    const SIZES: &'static [usize] = &[1, 10, asked::MOST_DESKS];
    type Subject = CaseAsked;
    type Answer = Routed;
    type Case = RoutingCase;

    fn link(linked: &Linked) -> Result<Self, Refusal> {
        let adapter = v1::Adapter::new(linked, Self::NAME)?;
        let playbooks = adapter.playbooks(linked).map_err(unusable)?;
        check_playbooks(&playbooks, linked.limits())?;
        Ok(Self { adapter, playbooks })
    }

    fn call(&self, linked: &Linked, context: &Context, asked: &CaseAsked, facts: &[Value]) -> Answered<Routed> {
        let (answer, receipt) = self.adapter.route(linked, context, asked, facts)?;
        let routed = match answer {
            Ok(routed) => routed,
            Err(problem) => return Ok((Err(problem), receipt)),
        };
        // how many playbooks there are is known here alone
        match check_routing(&routed.routing, &asked.desks, self.playbooks.len()) {
            Ok(()) => {
                let playbook = routed
                    .routing
                    .playbook
                    .and_then(|place| self.playbooks.get(usize::from(place)));
                let playbook = playbook.map(|playbook| playbook.key.clone());
                Ok((Ok(Routed { playbook, ..routed }), receipt))
            }
            Err((field, problem)) => Err(Fault::output(field, problem, receipt)),
        }
    }

    fn check_description(said: &Description) -> Result<(), Words> {
        if said.reasons.is_empty() {
            return Err(words!(
                "0 reasons; every routing names one, so declare at least one",
                "没有声明理由；每次分派都要给出理由，请至少声明一个"
            ));
        }
        Ok(())
    }

    fn check_subject(asked: &CaseAsked) -> Result<(), Words> {
        asked::check(&asked.case, &asked.desks)
    }

    fn check_answer(
        said: &mut Routed,
        _: &CaseAsked,
        description: &Description,
        limits: &Limits,
    ) -> Result<(), (String, Words)> {
        said.because.check("reason", description, limits)
    }

    fn subjects() -> Subjects {
        Subjects {
            plain: words!("a new complaint", "一件新投诉"),
            made_up: words!("a made-up case", "生成的案件"),
            largest: words!("a case with every desk there can be", "处理组达到上限时的案件"),
        }
    }

    fn plain() -> CaseAsked {
        cases::plain()
    }

    fn hostile(today: i32) -> Vec<(Words, CaseAsked)> {
        cases::hostile(today)
    }

    fn made_up(size: usize, today: i32, random: &mut Random) -> CaseAsked {
        cases::made_up(size, today, random)
    }

    fn shown(asked: &CaseAsked) -> Words {
        let case = printable(&json!(asked.case).to_string(), SHOWN);
        let desks = printable(&json!(asked.desks).to_string(), SHOWN);
        Words::same(format!("\"complaint\": {case}, \"desks\": {desks}"))
    }

    fn question(case: &RoutingCase, rule: &Rule) -> Result<Question<CaseAsked>, Said> {
        let asked = case.read(rule)?;
        Ok(Question {
            today: asked.today,
            now: asked.now,
            seed: asked.seed,
            config: asked.config,
            subject: CaseAsked {
                case: cases::complaint(asked.complaint),
                desks: asked.desks.into_iter().map(cases::desk).collect(),
            },
            facts: asked.facts,
        })
    }

    fn compare(case: &RoutingCase, said: &Routed, description: &Description) -> Vec<Mismatch> {
        let Routed {
            routing,
            playbook,
            because,
        } = said;
        let desks = case.desk_keys();
        let reason = description.reasons.get(usize::from(because.reason));
        let compared = Compared {
            desk: routing
                .desk
                .and_then(|desk| desks.get(usize::from(desk)).map(String::as_str)),
            person: routing.person,
            severity: routing.severity.and_then(|severity| u8::try_from(severity).ok()),
            cause: routing.cause.map(|cause| cause.as_str()),
            targets: routing
                .targets
                .iter()
                .map(|set| (set.clock.as_str(), set.minutes))
                .collect(),
            escalations: routing
                .escalations
                .iter()
                .map(|step| (step.clock.as_str(), step.percent))
                .collect(),
            playbook: playbook.as_deref(),
            compensations: routing
                .compensations
                .iter()
                .map(|one| (one.remedy.as_str(), one.amount))
                .collect(),
            reason: reason.map(|reason| reason.code.as_str()),
        };
        case.compare(&compared)
    }
}

fn check_playbooks(playbooks: &[Playbook], limits: &Limits) -> Result<(), Refusal> {
    if playbooks.len() > MOST_PLAYBOOKS {
        return Err(bad(words!(
            "{count} playbooks, {MOST_PLAYBOOKS} are allowed",
            "有 {count} 个处理手册，上限为 {MOST_PLAYBOOKS}",
            count = playbooks.len()
        )));
    }
    let mut keys = HashSet::new();
    for (index, playbook) in playbooks.iter().enumerate() {
        let place = format!("playbooks[{index}]");
        check_key(&format!("{place}.key"), &playbook.key, limits)?;
        if !keys.insert(&playbook.key) {
            return Err(bad(words!(
                "{place}.key {key:?} is used twice",
                "{place}.key {key:?} 重复",
                key = playbook.key
            )));
        }
        check_text(&format!("{place}.title"), &playbook.title, limits.title_bytes)?;
        if playbook.steps.len() > MOST_STEPS {
            return Err(bad(words!(
                "{place} has {count} steps, {MOST_STEPS} are allowed",
                "{place} 有 {count} 步，上限为 {MOST_STEPS}",
                count = playbook.steps.len()
            )));
        }
        for (index, step) in playbook.steps.iter().enumerate() {
            let place = format!("{place}.steps[{index}]");
            check_key(&format!("{place}.role"), &step.role, limits)?;
            check_text(&format!("{place}.text"), &step.text, limits.text_bytes)?;
            if step.hours > MOST_HOURS {
                return Err(bad(words!(
                    "{place}.hours is {hours}; it is {MOST_HOURS} at most",
                    "{place}.hours 为 {hours}；上限为 {MOST_HOURS}",
                    hours = step.hours
                )));
            }
        }
    }
    Ok(())
}

fn tested(test: &SelfTest) -> [Words; 2] {
    [
        words!("{tried} cases tried", "试过 {tried} 个案件", tried = test.tried),
        words!(
            "{call} fuel a call for one desk; with every desk there can be it takes {full}",
            "一个处理组时每次调用耗燃料 {call}；处理组达到上限时用时 {full}",
            call = test.fuel_per_call,
            full = test.full.words()
        ),
    ]
}
