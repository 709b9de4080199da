use crate::bindings::exports::posthouse::plugin::complaint_routing as wire;
use crate::values::{Day, Money, Text};

pub use wire::{CaseKind, Cause, ClockKind, Liability, Phase, Remedy};

/// Why a rule is asked. More may come: a rule has an arm for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// The case is opened.
    Opened,
    /// It is opened again.
    Reopened,
    /// Somebody gave it another cause.
    CauseChanged,
    /// Somebody gave it another severity.
    SeverityChanged,
    /// The customer or a supplier has answered.
    Answered,
    /// So many hundredths of a clock's time are used up, as the rule wanted to be asked.
    Escalation(ClockKind, u32),
}

/// The booking that a case is about, as far as the agency knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseBooking {
    /// Product name or number.
    pub product: Option<Text>,
    /// Where the trip goes.
    pub destination: Option<Text>,
    /// What the trip is about.
    pub theme: Option<Text>,
    /// First day of the trip.
    pub departs: Option<Day>,
    /// Last day of the trip.
    pub returns: Option<Day>,
    /// How many people travel.
    pub travellers: Option<u32>,
    /// Its price in full.
    pub amount: Option<Money>,
}

/// A case that a rule is asked about. What is written in it is a fact of its own, `case-text`, which an agency grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Why the rule is asked.
    pub trigger: Trigger,
    /// What somebody has to say.
    pub kind: CaseKind,
    /// What it is about.
    pub cause: Option<Cause>,
    /// The agency's own word below that.
    pub cause_detail: Option<Text>,
    /// How it came.
    pub channel: Text,
    /// When in a trip it happened.
    pub phase: Phase,
    /// From 1, the gravest, to 4; `None` before anybody has said.
    pub severity: Option<u8>,
    /// Whether a person said so: a rule does not take that back.
    pub severity_by_person: bool,
    /// Who is answerable.
    pub liability: Option<Liability>,
    /// When it came, in ms since 1970.
    pub opened_at: i64,
    /// The booking it is about.
    pub booking: Option<CaseBooking>,
    /// Whose service it is about.
    pub supplier: Option<Text>,
    /// How often it was opened again.
    pub reopened: u32,
    /// How often it has gone from one desk to another.
    pub hops: u32,
    /// Whether something promised was not done in time.
    pub breached: bool,
    /// Other open cases of the same cause and of the same departure or product.
    pub alike: u32,
    /// Where it is: place among the desks; `None` when it is opened.
    pub desk: Option<u16>,
}

impl Default for Case {
    /// A complaint by telephone that has just come, about no trip.
    fn default() -> Self {
        Self {
            trigger: Trigger::Opened,
            kind: CaseKind::Complaint,
            cause: None,
            cause_detail: None,
            channel: Text("phone"),
            phase: Phase::Post,
            severity: None,
            severity_by_person: false,
            liability: None,
            opened_at: 0,
            booking: None,
            supplier: None,
            reopened: 0,
            hops: 0,
            breached: false,
            alike: 0,
            desk: None,
        }
    }
}

/// Somebody of a desk, without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Place among the people of the desk.
    pub place: u16,
    /// Whether they work now.
    pub on_duty: bool,
    /// Cases that are with them.
    pub open_cases: u32,
    /// Minutes since the last one came.
    pub idle_minutes: u32,
}

/// A desk that a case can go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Place among the desks.
    pub place: u16,
    /// Its key.
    pub key: Text,
    /// What it can do.
    pub skills: Vec<Text>,
    /// Whether it works now.
    pub within_hours: bool,
    /// Cases that are there.
    pub open_cases: u32,
    /// Its people.
    pub people: Vec<Person>,
}

impl Desk {
    /// Whether it can do this.
    pub fn can(&self, skill: &str) -> bool {
        self.skills.iter().any(|own| own.0 == skill)
    }

    /// Whether anybody of it works now.
    pub fn is_staffed(&self) -> bool {
        self.people.iter().any(|person| person.on_duty)
    }
}

/// The desks of the agency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desks(Vec<Desk>);

impl Desks {
    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Desk> {
        self.0.iter()
    }

    /// The one of this key.
    pub fn named(&self, key: &str) -> Option<&Desk> {
        self.iter().find(|desk| desk.key.0 == key)
    }

    /// One that can do this: one where somebody works now before one where nobody does, and of several the one with the fewest cases.
    pub fn with_skill(&self, skill: &str) -> Option<&Desk> {
        let able = self.iter().filter(|desk| desk.can(skill));
        able.min_by_key(|desk| (!desk.is_staffed(), !desk.within_hours, desk.open_cases, desk.place))
    }

    /// The one of this place.
    pub fn at(&self, place: u16) -> Option<&Desk> {
        self.0.get(usize::from(place))
    }

    pub(super) fn read(sent: Vec<wire::Desk>) -> Self {
        let person = |(place, person): (usize, wire::Person)| Person {
            place: place as u16,
            on_duty: person.on_duty,
            open_cases: person.open_cases,
            idle_minutes: person.idle_minutes,
        };
        let desk = |(place, desk): (usize, wire::Desk)| Desk {
            place: place as u16,
            key: Text(desk.key.leak()),
            skills: desk.skills.into_iter().map(|skill| Text(skill.leak())).collect(),
            within_hours: desk.within_hours,
            open_cases: desk.open_cases,
            people: desk.people.into_iter().enumerate().map(person).collect(),
        };
        Self(sent.into_iter().enumerate().map(desk).collect())
    }
}

impl Case {
    /// Takes over what the host sent. The texts live as long as the instance, and that lives for one call.
    pub(super) fn read(sent: wire::Complaint, trigger: wire::Trigger) -> Self {
        let text = |text: Option<String>| text.map(|text| Text(text.leak()));
        Self {
            trigger: match trigger {
                wire::Trigger::Opened => Trigger::Opened,
                wire::Trigger::Reopened => Trigger::Reopened,
                wire::Trigger::CauseChanged => Trigger::CauseChanged,
                wire::Trigger::SeverityChanged => Trigger::SeverityChanged,
                wire::Trigger::Answered => Trigger::Answered,
                wire::Trigger::Escalation(step) => Trigger::Escalation(step.clock, step.percent),
            },
            kind: sent.kind,
            cause: sent.cause,
            cause_detail: text(sent.cause_detail),
            channel: Text(sent.channel.leak()),
            phase: sent.phase,
            severity: sent.severity,
            severity_by_person: sent.severity_by_person,
            liability: sent.liability,
            opened_at: sent.opened_at,
            booking: sent.booking.map(|booking| CaseBooking {
                product: text(booking.product),
                destination: text(booking.destination),
                theme: text(booking.theme),
                departs: booking.departs.map(Day),
                returns: booking.returns.map(Day),
                travellers: booking.travellers,
                amount: booking.amount.map(Money),
            }),
            supplier: text(sent.supplier),
            reopened: sent.reopened,
            hops: sent.hops,
            breached: sent.breached,
            alike: sent.alike,
            desk: sent.desk,
        }
    }
}
