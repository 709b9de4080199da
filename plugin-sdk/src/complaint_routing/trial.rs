//! A rule of complaint routing under `cargo test`: a case, the desks, and where it goes.

use posthouse_golden::complaint_routing::{self as golden, Routed, RoutingCase};
use posthouse_golden::{self, Mismatch};

use super::case::{Case, CaseBooking, CaseKind, Cause, ClockKind, Desk, Liability, Phase, Remedy, Trigger};
use super::{ComplaintRouting, Person, wire};
use crate::bindings::exports::posthouse::plugin::complaint_routing::Guest as _;
use crate::component::Component;
use crate::harness::{Asked, Harness, refused};
use crate::reasons::Reasons;
use crate::values::{Day, Money, Text};

/// What a rule of complaint routing is asked about: a complaint that has just come, and one desk, `default`, with somebody on duty, if nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    case: Case,
    desks: Vec<Desk>,
}

impl From<()> for Incoming {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// Where the rule sends the case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoutedTo {
    /// Key of the desk; `None` is the default one.
    pub desk: Option<String>,
    /// Place of the person.
    pub person: Option<u16>,
    /// How grave it is.
    pub severity: Option<u8>,
    /// What it is about.
    pub cause: Option<Cause>,
    /// Working minutes of clocks.
    pub targets: Vec<(ClockKind, u32)>,
    /// When the rule is asked again.
    pub escalations: Vec<(ClockKind, u32)>,
    /// Key of the playbook.
    pub playbook: Option<String>,
    /// What is proposed.
    pub compensations: Vec<(Remedy, i64)>,
    /// Code of the reason.
    pub reason: String,
    /// The reason's text in Chinese with its values put in.
    pub because_zh: String,
    /// The reason's text in English with its values put in.
    pub because_en: String,
    /// What the rule logged, `level: message`.
    pub logs: Vec<String>,
}

impl RoutedTo {
    /// The working minutes that the rule gives a clock.
    pub fn minutes(&self, clock: ClockKind) -> Option<u32> {
        let found = self.targets.iter().find(|(own, _)| *own == clock);
        found.map(|(_, minutes)| *minutes)
    }
}

/// For a rule of [`ComplaintRouting`].
impl<P: ComplaintRouting, Q: Into<Incoming>> Harness<P, Q> {
    fn incoming(self, change: impl FnOnce(&mut Incoming)) -> Harness<P, Incoming> {
        let mut call = self.asking::<Incoming>();
        change(&mut call.question);
        call
    }

    /// The case.
    pub fn case(self, case: Case) -> Harness<P, Incoming> {
        self.incoming(|it| it.case = case)
    }

    /// One more desk, with somebody on duty who has nothing to do.
    pub fn desk(self, key: &'static str, skills: &[&'static str]) -> Harness<P, Incoming> {
        let person = Person {
            place: 0,
            on_duty: true,
            open_cases: 0,
            idle_minutes: 0,
        };
        let desk = Desk {
            place: 0,
            key: Text(key),
            skills: skills.iter().map(|skill| Text(skill)).collect(),
            within_hours: true,
            open_cases: 0,
            people: vec![person],
        };
        self.with_desk(desk)
    }

    /// One more desk as it is written; its place is the next one.
    pub fn with_desk(self, desk: Desk) -> Harness<P, Incoming> {
        self.incoming(|it| {
            let place = it.desks.len() as u16;
            it.desks.push(Desk { place, ..desk });
        })
    }

    /// Asks the rule, and asks once more to see that it says the same again.
    ///
    /// # Panics
    /// If it refuses the call, or says something else the second time.
    pub fn route(self) -> RoutedTo {
        match self.try_route() {
            Ok(routed) => routed,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Like [`Self::route`], with the refusal as a sentence.
    ///
    /// # Errors
    /// Why the call was refused, or what it says the second time.
    pub fn try_route(self) -> Result<RoutedTo, String> {
        let call = self.incoming(|_| {});
        match call.question.desks.is_empty() {
            true => call.desk("default", &[]).answer(),
            false => call.answer(),
        }
    }
}

impl<P: ComplaintRouting> Asked<Incoming> for P {
    type Answer = RoutedTo;
    type Case = RoutingCase;

    fn ask(call: &Harness<Self, Incoming>) -> Result<RoutedTo, String> {
        let first = once(call)?;
        let logs = crate::log::native::take();
        let again = once(call)?;
        if again != first {
            return Err(format!(
                "the same call gets different answers: first {first:?}, then {again:?}"
            ));
        }
        Ok(RoutedTo { logs, ..first })
    }

    fn case(case: &RoutingCase, rule: &posthouse_golden::Rule) -> Result<Vec<Mismatch>, String> {
        let asked = case.read(rule)?;
        let call = Harness::<Self>::of_case((asked.today, asked.now, asked.seed), &asked.config);
        let incoming = Incoming {
            case: complained(asked.complaint),
            desks: asked.desks.into_iter().enumerate().map(desk).collect(),
        };
        let said = call.about(asked.facts).incoming(|it| *it = incoming).answer()?;
        Ok(case.compare(&said.compared()))
    }
}

fn once<P: ComplaintRouting>(call: &Harness<P, Incoming>) -> Result<RoutedTo, String> {
    let (case, desks) = (&call.question.case, &call.question.desks);
    let (complaint, trigger) = sent(case);
    let asked = desks.iter().map(sent_desk).collect();
    let said = Component::<P>::route(call.context(), complaint, trigger, asked, call.customer()?).map_err(refused)?;
    let key = |place: u16| match desks.get(usize::from(place)) {
        Some(desk) => Ok(desk.key.to_string()),
        None => Err(format!("the case goes to desk {place}, which there is not")),
    };
    let playbook = |place: u16| match P::PLAYBOOKS.get(usize::from(place)) {
        Some(playbook) => Ok(playbook.key.to_owned()),
        None => Err(format!("it names playbook {place}, which the rule does not have")),
    };
    let def = &P::Reason::DEFS[usize::from(said.reason.index)];
    let [because_zh, because_en] = call.told(def, said.reason.arguments);
    Ok(RoutedTo {
        desk: said.desk.map(key).transpose()?,
        person: said.person,
        severity: said.severity,
        cause: said.cause,
        targets: said.targets.iter().map(|set| (set.clock, set.minutes)).collect(),
        escalations: said.escalations.iter().map(|step| (step.clock, step.percent)).collect(),
        playbook: said.playbook.map(playbook).transpose()?,
        compensations: said.compensations.iter().map(|one| (one.remedy, one.amount)).collect(),
        reason: def.code.to_owned(),
        because_zh,
        because_en,
        logs: Vec::new(),
    })
}

impl RoutedTo {
    /// As golden cases compare it.
    fn compared(&self) -> Routed<'_> {
        Routed {
            desk: self.desk.as_deref(),
            person: self.person,
            severity: self.severity,
            cause: self.cause.map(|cause| golden::CAUSES[cause as usize]),
            targets: self
                .targets
                .iter()
                .map(|(clock, minutes)| (named(*clock), *minutes))
                .collect(),
            escalations: self
                .escalations
                .iter()
                .map(|(clock, percent)| (named(*clock), *percent))
                .collect(),
            playbook: self.playbook.as_deref(),
            compensations: self
                .compensations
                .iter()
                .map(|(remedy, amount)| (golden::REMEDIES[*remedy as usize], *amount))
                .collect(),
            reason: Some(&self.reason),
        }
    }
}

fn named(clock: ClockKind) -> &'static str {
    golden::CLOCKS[clock as usize]
}

/// The one of these words, which stand in the order of the contract.
fn of<T: Copy>(word: &str, words: &[&str], all: &[T]) -> T {
    let place = words.iter().position(|known| *known == word).unwrap_or_default();
    all[place]
}

const KINDS: [CaseKind; 4] = [
    CaseKind::Complaint,
    CaseKind::Suggestion,
    CaseKind::Inquiry,
    CaseKind::Praise,
];
const CAUSES: [Cause; 9] = [
    Cause::ServiceFailure,
    Cause::Product,
    Cause::Information,
    Cause::ForceMajeure,
    Cause::Malicious,
    Cause::Price,
    Cause::Safety,
    Cause::Refund,
    Cause::Other,
];
const LIABILITIES: [Liability; 5] = [
    Liability::Agency,
    Liability::Supplier,
    Liability::Guest,
    Liability::ForceMajeure,
    Liability::Unclear,
];
const PHASES: [Phase; 3] = [Phase::Pre, Phase::InTrip, Phase::Post];
const CLOCKS: [ClockKind; 3] = [ClockKind::FirstResponse, ClockKind::NextUpdate, ClockKind::Resolution];
const TRIGGERS: [Trigger; 5] = [
    Trigger::Opened,
    Trigger::Reopened,
    Trigger::CauseChanged,
    Trigger::SeverityChanged,
    Trigger::Answered,
];

fn complained(said: golden::Complained) -> Case {
    let text = |text: Option<String>| text.map(|text| Text(text.leak()));
    let escalation = said
        .escalation
        .map(|(clock, percent)| Trigger::Escalation(of(clock, &golden::CLOCKS, &CLOCKS), percent));
    let trigger = said.trigger.map(|word| of(word, &golden::TRIGGERS, &TRIGGERS));
    Case {
        trigger: escalation.or(trigger).unwrap_or(Trigger::Opened),
        kind: of(said.kind, &golden::KINDS, &KINDS),
        cause: said.cause.map(|word| of(word, &golden::CAUSES, &CAUSES)),
        cause_detail: text(said.cause_detail),
        channel: Text(said.channel.leak()),
        phase: of(said.phase, &golden::PHASES, &PHASES),
        severity: said.severity,
        severity_by_person: said.severity_by_person,
        liability: said.liability.map(|word| of(word, &golden::LIABILITIES, &LIABILITIES)),
        opened_at: said.opened_at,
        booking: said.booking.map(|booking| CaseBooking {
            product: text(booking.product),
            destination: text(booking.destination),
            theme: text(booking.theme),
            departs: booking.departs.map(Day),
            returns: booking.returns.map(Day),
            travellers: booking.travellers,
            amount: booking.amount.map(Money),
        }),
        supplier: text(said.supplier),
        reopened: said.reopened,
        hops: said.hops,
        breached: said.breached,
        alike: said.alike,
        desk: said.desk,
    }
}

fn desk((place, said): (usize, golden::DeskAt)) -> Desk {
    let person = |(place, (on_duty, open_cases, idle_minutes)): (usize, (bool, u32, u32))| Person {
        place: place as u16,
        on_duty,
        open_cases,
        idle_minutes,
    };
    Desk {
        place: place as u16,
        key: Text(said.key.leak()),
        skills: said.skills.into_iter().map(|skill| Text(skill.leak())).collect(),
        within_hours: said.within_hours,
        open_cases: said.open_cases,
        people: said.people.into_iter().enumerate().map(person).collect(),
    }
}

/// As the host would send it.
fn sent(case: &Case) -> (wire::Complaint, wire::Trigger) {
    let text = |text: Option<Text>| text.map(|text| text.to_string());
    let trigger = match case.trigger {
        Trigger::Opened => wire::Trigger::Opened,
        Trigger::Reopened => wire::Trigger::Reopened,
        Trigger::CauseChanged => wire::Trigger::CauseChanged,
        Trigger::SeverityChanged => wire::Trigger::SeverityChanged,
        Trigger::Answered => wire::Trigger::Answered,
        Trigger::Escalation(clock, percent) => wire::Trigger::Escalation(wire::Escalation { clock, percent }),
    };
    let complaint = wire::Complaint {
        kind: case.kind,
        cause: case.cause,
        cause_detail: text(case.cause_detail),
        channel: case.channel.to_string(),
        phase: case.phase,
        severity: case.severity,
        severity_by_person: case.severity_by_person,
        liability: case.liability,
        opened_at: case.opened_at,
        booking: case.booking.map(|booking| wire::Booking {
            product: text(booking.product),
            destination: text(booking.destination),
            theme: text(booking.theme),
            departs: booking.departs.map(|day| day.0),
            returns: booking.returns.map(|day| day.0),
            travellers: booking.travellers,
            amount: booking.amount.map(|amount| amount.0),
        }),
        supplier: text(case.supplier),
        reopened: case.reopened,
        hops: case.hops,
        breached: case.breached,
        alike: case.alike,
        desk: case.desk,
    };
    (complaint, trigger)
}

fn sent_desk(desk: &Desk) -> wire::Desk {
    let person = |person: &Person| wire::Person {
        on_duty: person.on_duty,
        open_cases: person.open_cases,
        idle_minutes: person.idle_minutes,
    };
    wire::Desk {
        key: desk.key.to_string(),
        skills: desk.skills.iter().map(|skill| skill.to_string()).collect(),
        within_hours: desk.within_hours,
        open_cases: desk.open_cases,
        people: desk.people.iter().map(person).collect(),
    }
}
