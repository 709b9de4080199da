use super::case::{Cause, ClockKind, Desk, Person, Remedy};
use crate::bindings::exports::posthouse::plugin::complaint_routing as wire;
use crate::bindings::posthouse::plugin::reasons::Reason;
use crate::description::Localized;
use crate::reasons::Reasons;
use crate::store::Cell;

/// Most minutes of a clock, escalations and compensations, as the host has them.
const MOST_MINUTES: u32 = 260 * 480;
const MOST: usize = 10;
const LARGEST: i64 = 1_000_000_000_000_000;

/// What is done in a crisis, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playbook {
    /// Lower-case words joined by hyphens; names it through all versions of the rule.
    pub key: &'static str,
    /// A few words.
    pub title: Localized,
    /// The steps, in their order.
    pub steps: &'static [PlaybookStep],
}

/// A step of a playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaybookStep {
    /// Who does it: `guide`, `duty-manager`.
    pub role: &'static str,
    /// Within how many hours.
    pub hours: u32,
    /// What is done.
    pub text: Localized,
}

/// Where a case goes, and by when it is answered.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Route<R> {
    desk: Option<u16>,
    person: Option<u16>,
    severity: Option<u8>,
    cause: Option<Cause>,
    targets: Vec<(ClockKind, u32)>,
    escalations: Vec<(ClockKind, u32)>,
    playbook: Option<&'static str>,
    compensations: Vec<(Remedy, i64)>,
    reason: (u32, Vec<Cell>),
    of: std::marker::PhantomData<fn() -> R>,
}

impl<R: Reasons> Route<R> {
    fn new(desk: Option<u16>, reason: R) -> Self {
        let arguments = reason.arguments();
        Self {
            desk,
            person: None,
            severity: None,
            cause: None,
            targets: Vec::new(),
            escalations: Vec::new(),
            playbook: None,
            compensations: Vec::new(),
            reason: (reason.index(), arguments),
            of: std::marker::PhantomData,
        }
    }

    /// To this desk. Whoever of it has least to do gets the case.
    pub fn to(desk: &Desk, reason: R) -> Self {
        Self::new(Some(desk.place), reason)
    }

    /// To the agency's default desk.
    pub fn to_default(reason: R) -> Self {
        Self::new(None, reason)
    }

    /// To this desk, or the default one where there is none.
    pub fn to_or_default(desk: Option<&Desk>, reason: R) -> Self {
        Self::new(desk.map(|desk| desk.place), reason)
    }

    /// To this person of the desk.
    pub fn person(self, person: &Person) -> Self {
        Self {
            person: Some(person.place),
            ..self
        }
    }

    /// So grave, from 1 to 4.
    pub fn severity(self, severity: u8) -> Self {
        Self {
            severity: Some(severity.clamp(1, 4)),
            ..self
        }
    }

    /// About this, where nobody has said.
    pub fn cause(self, cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..self
        }
    }

    /// Within so many working minutes. Said again for the same clock, the last counts.
    pub fn within(mut self, clock: ClockKind, minutes: u32) -> Self {
        self.targets.retain(|(other, _)| *other != clock);
        self.targets.push((clock, minutes.clamp(1, MOST_MINUTES)));
        self
    }

    /// Asks this rule again when so many hundredths of the clock's time are used up.
    pub fn ask_again(mut self, clock: ClockKind, percent: u32) -> Self {
        if self.escalations.len() < MOST && percent > 0 {
            self.escalations.push((clock, percent.min(1_000)));
        }
        self
    }

    /// By this playbook, by its key, should it become a crisis.
    pub fn playbook(self, key: &'static str) -> Self {
        Self {
            playbook: Some(key),
            ..self
        }
    }

    /// With this to put things right: minor units, or points. Nothing is left out, and more than there can be is held to that.
    pub fn compensate(mut self, remedy: Remedy, amount: i64) -> Self {
        let amount = match remedy {
            Remedy::Apology => 0,
            _ => amount.min(LARGEST),
        };
        if self.compensations.len() < MOST && (amount > 0 || remedy == Remedy::Apology) {
            self.compensations.push((remedy, amount));
        }
        self
    }

    /// As the host gets it, of a rule with these playbooks.
    pub(super) fn send(self, playbooks: &[Playbook]) -> wire::Routing {
        let (reason, arguments) = self.reason;
        let target = |(clock, minutes)| wire::Target { clock, minutes };
        let escalation = |(clock, percent)| wire::Escalation { clock, percent };
        let playbook = self
            .playbook
            .and_then(|key| playbooks.iter().position(|playbook| playbook.key == key));
        wire::Routing {
            desk: self.desk,
            person: self.person,
            severity: self.severity,
            cause: self.cause,
            targets: self.targets.into_iter().map(target).collect(),
            escalations: self.escalations.into_iter().map(escalation).collect(),
            playbook: playbook.map(|place| place as u16),
            compensations: self
                .compensations
                .into_iter()
                .map(|(remedy, amount)| wire::Compensation { remedy, amount })
                .collect(),
            reason: Reason {
                index: reason as u16,
                arguments: arguments.into_iter().map(Into::into).collect(),
            },
        }
    }
}

impl Playbook {
    pub(super) fn send(&self) -> wire::Playbook {
        let step = |step: &PlaybookStep| wire::PlaybookStep {
            role: step.role.to_owned(),
            hours: step.hours,
            text: step.text.into(),
        };
        wire::Playbook {
            key: self.key.to_owned(),
            title: self.title.into(),
            steps: self.steps.iter().map(step).collect(),
        }
    }
}
