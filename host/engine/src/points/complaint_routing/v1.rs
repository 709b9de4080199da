//! The way into a component that serves the extension point in version 1 of the contract.

use super::{CaseAsked, Routed};
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Export, Linked, context_of, wire};
use crate::description::{Playbook, PlaybookStep};
use crate::fault::Fault;
use crate::refusal::Refusal;
use posthouse_domain::complaints::{
    Booked, Case, Cause, ClockKind, Compensation, Desk, Escalation, Kind, Liability, Phase, Remedy, Routing, TargetSet,
    Trigger,
};

/// Bytes of a case where it lies in the guest's memory, without the texts it points to.
const CASE_BYTES: usize = 216;
/// The same of a desk, of one of its people and of one of its skills.
const DESK_BYTES: usize = 28;
const PERSON_BYTES: usize = 12;
const SKILL_BYTES: usize = 8;
/// The same of a routing, and of what stands in its lists.
const ROUTING_BYTES: usize = 56;
const ENTRY_BYTES: usize = 16;

/// The functions that are called.
#[derive(Debug)]
pub(super) struct Adapter {
    playbooks: Export,
    route: Export,
}

impl Adapter {
    pub(super) fn new(linked: &Linked, point: &str) -> Result<Self, Refusal> {
        let export = |name| linked.export(point, name);
        Ok(Self {
            playbooks: export("playbooks")?,
            route: export("route")?,
        })
    }

    /// What to do in a crisis.
    pub(super) fn playbooks(&self, linked: &Linked) -> Result<Vec<Playbook>, Fault> {
        let said: Vec<types::Playbook> = linked.ask(&self.playbooks)?;
        let step = |step: types::PlaybookStep| PlaybookStep {
            role: step.role,
            hours: step.hours,
            text: wire::localized(step.text),
        };
        let playbook = |playbook: types::Playbook| Playbook {
            key: playbook.key,
            title: wire::localized(playbook.title),
            steps: playbook.steps.into_iter().map(step).collect(),
        };
        Ok(said.into_iter().map(playbook).collect())
    }

    pub(super) fn route(
        &self,
        linked: &Linked,
        context: &Context,
        asked: &CaseAsked,
        facts: &[Value],
    ) -> Answered<Routed> {
        let bytes_in = context.size() + size(asked) + wire::size_of_facts(facts);
        let skills: Vec<Vec<&str>> = asked
            .desks
            .iter()
            .map(|desk| desk.skills.iter().map(String::as_str).collect())
            .collect();
        let people: Vec<Vec<types::Person>> = asked.desks.iter().map(people_of).collect();
        let desks: Vec<types::Desk<'_>> = asked
            .desks
            .iter()
            .zip(skills.iter().zip(&people))
            .map(|(desk, (skills, people))| types::Desk {
                key: &desk.key,
                skills,
                within_hours: desk.within_hours,
                open_cases: desk.open_cases,
                people,
            })
            .collect();
        let facts: Vec<wire::Value<'_>> = facts.iter().map(Into::into).collect();
        let ask = (
            context_of(context),
            types::Complaint::new(&asked.case),
            trigger(&asked.case),
            &*desks,
            &*facts,
        );
        let fuel = linked.limits().decision_fuel;
        linked.call(&self.route, (fuel, bytes_in), ask, |said: types::Routing| {
            let entries = said.targets.len() + said.escalations.len() + said.compensations.len();
            let bytes_out = ROUTING_BYTES + entries * ENTRY_BYTES + said.reason.size();
            (said.read(), bytes_out)
        })
    }
}

fn people_of(desk: &Desk) -> Vec<types::Person> {
    let person = |person: &posthouse_domain::complaints::Person| types::Person {
        on_duty: person.on_duty,
        open_cases: person.open_cases,
        idle_minutes: person.idle_minutes,
    };
    desk.people.iter().map(person).collect()
}

fn size(asked: &CaseAsked) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let case = &asked.case;
    let booking = |it: &Booked| text(&it.product) + text(&it.destination) + text(&it.theme);
    let desk = |desk: &Desk| {
        let skills: usize = desk.skills.iter().map(|skill| SKILL_BYTES + skill.len()).sum();
        DESK_BYTES + desk.key.len() + skills + desk.people.len() * PERSON_BYTES
    };
    CASE_BYTES
        + text(&case.cause_detail)
        + text(&case.supplier)
        + case.channel.len()
        + case.booking.as_ref().map_or(0, booking)
        + asked.desks.iter().map(desk).sum::<usize>()
}

fn trigger(case: &Case) -> types::Trigger {
    match (case.trigger, case.escalation) {
        (Trigger::Opened, _) | (Trigger::Escalation, None) => types::Trigger::Opened,
        (Trigger::Reopened, _) => types::Trigger::Reopened,
        (Trigger::CauseChanged, _) => types::Trigger::CauseChanged,
        (Trigger::SeverityChanged, _) => types::Trigger::SeverityChanged,
        (Trigger::Answered, _) => types::Trigger::Answered,
        (Trigger::Escalation, Some(step)) => types::Trigger::Escalation(types::Escalation {
            clock: clock(step.clock),
            percent: step.percent,
        }),
    }
}

/// A clock that rules know; those of the law they are not told of.
fn clock(kind: ClockKind) -> types::ClockKind {
    match kind {
        ClockKind::FirstResponse => types::ClockKind::FirstResponse,
        ClockKind::NextUpdate => types::ClockKind::NextUpdate,
        _ => types::ClockKind::Resolution,
    }
}

/// The types as they cross the border; field names and order are those of `wit/v1`.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use crate::contract::wire::{Localized, Reason};
    use wasmtime::component::{ComponentType, Lift, Lower};

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct PlaybookStep {
        pub(super) role: String,
        pub(super) hours: u32,
        pub(super) text: Localized,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Playbook {
        pub(super) key: String,
        pub(super) title: Localized,
        pub(super) steps: Vec<PlaybookStep>,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum CaseKind {
        #[component(name = "complaint")]
        Complaint,
        #[component(name = "suggestion")]
        Suggestion,
        #[component(name = "inquiry")]
        Inquiry,
        #[component(name = "praise")]
        Praise,
    }

    #[derive(Clone, Copy, ComponentType, Lower, Lift)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum Cause {
        #[component(name = "service-failure")]
        ServiceFailure,
        #[component(name = "product")]
        Product,
        #[component(name = "information")]
        Information,
        #[component(name = "force-majeure")]
        ForceMajeure,
        #[component(name = "malicious")]
        Malicious,
        #[component(name = "price")]
        Price,
        #[component(name = "safety")]
        Safety,
        #[component(name = "refund")]
        Refund,
        #[component(name = "other")]
        Other,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum Liability {
        #[component(name = "agency")]
        Agency,
        #[component(name = "supplier")]
        Supplier,
        #[component(name = "guest")]
        Guest,
        #[component(name = "force-majeure")]
        ForceMajeure,
        #[component(name = "unclear")]
        Unclear,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum Phase {
        #[component(name = "pre")]
        Pre,
        #[component(name = "in-trip")]
        InTrip,
        #[component(name = "post")]
        Post,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Booking<'a> {
        pub(super) product: Option<&'a str>,
        pub(super) destination: Option<&'a str>,
        pub(super) theme: Option<&'a str>,
        pub(super) departs: Option<i32>,
        pub(super) returns: Option<i32>,
        pub(super) travellers: Option<u32>,
        pub(super) amount: Option<i64>,
    }

    #[derive(Clone, Copy, ComponentType, Lower, Lift)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum ClockKind {
        #[component(name = "first-response")]
        FirstResponse,
        #[component(name = "next-update")]
        NextUpdate,
        #[component(name = "resolution")]
        Resolution,
    }

    #[derive(Clone, Copy, ComponentType, Lower, Lift)]
    #[component(record)]
    pub(super) struct Escalation {
        pub(super) clock: ClockKind,
        pub(super) percent: u32,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(variant)]
    pub(super) enum Trigger {
        #[component(name = "opened")]
        Opened,
        #[component(name = "reopened")]
        Reopened,
        #[component(name = "cause-changed")]
        CauseChanged,
        #[component(name = "severity-changed")]
        SeverityChanged,
        #[component(name = "answered")]
        Answered,
        #[component(name = "escalation")]
        Escalation(Escalation),
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Complaint<'a> {
        pub(super) kind: CaseKind,
        pub(super) cause: Option<Cause>,
        #[component(name = "cause-detail")]
        pub(super) cause_detail: Option<&'a str>,
        pub(super) channel: &'a str,
        pub(super) phase: Phase,
        pub(super) severity: Option<u8>,
        #[component(name = "severity-by-person")]
        pub(super) severity_by_person: bool,
        pub(super) liability: Option<Liability>,
        #[component(name = "opened-at")]
        pub(super) opened_at: i64,
        pub(super) booking: Option<Booking<'a>>,
        pub(super) supplier: Option<&'a str>,
        pub(super) reopened: u32,
        pub(super) hops: u32,
        pub(super) breached: bool,
        pub(super) alike: u32,
        pub(super) desk: Option<u16>,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Person {
        #[component(name = "on-duty")]
        pub(super) on_duty: bool,
        #[component(name = "open-cases")]
        pub(super) open_cases: u32,
        #[component(name = "idle-minutes")]
        pub(super) idle_minutes: u32,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Desk<'a> {
        pub(super) key: &'a str,
        pub(super) skills: &'a [&'a str],
        #[component(name = "within-hours")]
        pub(super) within_hours: bool,
        #[component(name = "open-cases")]
        pub(super) open_cases: u32,
        pub(super) people: &'a [Person],
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Target {
        pub(super) clock: ClockKind,
        pub(super) minutes: u32,
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(dead_code, reason = "the derive makes the values from their discriminants")]
    pub(super) enum Remedy {
        #[component(name = "apology")]
        Apology,
        #[component(name = "refund")]
        Refund,
        #[component(name = "discount")]
        Discount,
        #[component(name = "gift")]
        Gift,
        #[component(name = "points")]
        Points,
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Compensation {
        pub(super) remedy: Remedy,
        pub(super) amount: i64,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Routing {
        pub(super) desk: Option<u16>,
        pub(super) person: Option<u16>,
        pub(super) severity: Option<u8>,
        pub(super) cause: Option<Cause>,
        pub(super) targets: Vec<Target>,
        pub(super) escalations: Vec<Escalation>,
        pub(super) playbook: Option<u16>,
        pub(super) compensations: Vec<Compensation>,
        pub(super) reason: Reason,
    }
}

/// The same words on both sides of the border.
macro_rules! same_words {
    ($from:ty => $to:ty: $($word:ident),+) => {
        impl From<$from> for $to {
            fn from(word: $from) -> Self {
                match word {
                    $(<$from>::$word => Self::$word),+
                }
            }
        }
    };
}

same_words!(Kind => types::CaseKind: Complaint, Suggestion, Inquiry, Praise);
same_words!(Cause => types::Cause: ServiceFailure, Product, Information, ForceMajeure, Malicious, Price, Safety, Refund, Other);
same_words!(types::Cause => Cause: ServiceFailure, Product, Information, ForceMajeure, Malicious, Price, Safety, Refund, Other);
same_words!(Liability => types::Liability: Agency, Supplier, Guest, ForceMajeure, Unclear);
same_words!(Phase => types::Phase: Pre, InTrip, Post);
same_words!(types::ClockKind => ClockKind: FirstResponse, NextUpdate, Resolution);
same_words!(types::Remedy => Remedy: Apology, Refund, Discount, Gift, Points);

impl<'a> types::Complaint<'a> {
    fn new(case: &'a Case) -> Self {
        Self {
            kind: case.kind.into(),
            cause: case.cause.map(Into::into),
            cause_detail: case.cause_detail.as_deref(),
            channel: &case.channel,
            phase: case.phase.into(),
            severity: case.severity.and_then(|severity| u8::try_from(severity).ok()),
            severity_by_person: case.severity_by_person,
            liability: case.liability.map(Into::into),
            opened_at: case.opened_at,
            booking: case.booking.as_ref().map(Into::into),
            supplier: case.supplier.as_deref(),
            reopened: case.reopened,
            hops: case.hops,
            breached: case.breached,
            alike: case.alike,
            desk: case.desk,
        }
    }
}

impl<'a> From<&'a Booked> for types::Booking<'a> {
    fn from(booking: &'a Booked) -> Self {
        Self {
            product: booking.product.as_deref(),
            destination: booking.destination.as_deref(),
            theme: booking.theme.as_deref(),
            departs: booking.departs,
            returns: booking.returns,
            travellers: booking.travellers,
            amount: booking.amount,
        }
    }
}

impl types::Routing {
    fn read(self) -> Routed {
        let target = |set: types::Target| TargetSet {
            clock: set.clock.into(),
            minutes: set.minutes,
        };
        let escalation = |step: types::Escalation| Escalation {
            clock: step.clock.into(),
            percent: step.percent,
        };
        let compensation = |one: types::Compensation| Compensation {
            remedy: one.remedy.into(),
            amount: one.amount,
        };
        Routed {
            routing: Routing {
                desk: self.desk,
                person: self.person,
                severity: self.severity.map(i32::from),
                cause: self.cause.map(Into::into),
                targets: self.targets.into_iter().map(target).collect(),
                escalations: self.escalations.into_iter().map(escalation).collect(),
                playbook: self.playbook,
                compensations: self.compensations.into_iter().map(compensation).collect(),
            },
            playbook: None,
            because: self.reason.into(),
        }
    }
}
