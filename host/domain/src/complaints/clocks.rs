//! The clocks of one case, and what happens by itself while they run: warnings, breaches, and the moments at which a rule is asked again.

use super::said::{Escalation, TargetSet};
use super::terms::{Statutory, Targets};
use super::words::ClockKind;
use crate::Instant;
use crate::clocks::{Calendar, ServiceClock, State, Target};
use serde::{Deserialize, Serialize};

/// Hundredths of a clock's time at which somebody is warned.
pub const WARNINGS: [u32; 2] = [50, 80];
/// Hundredths at which it is over.
const END: u32 = 100;

/// By which calendars the clocks of a case go.
#[derive(Debug, Clone, Copy)]
pub struct Hours<'c> {
    /// The desk's.
    pub desk: &'c Calendar,
    /// The one by which the law's days are counted: a case that goes to another desk has no more of them.
    pub law: &'c Calendar,
}

impl<'c> Hours<'c> {
    fn of(self, kind: ClockKind) -> &'c Calendar {
        if kind.is_statutory() { self.law } else { self.desk }
    }
}

/// A clock of a case, and what it has brought about already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseClock {
    /// What it runs against.
    pub kind: ClockKind,
    /// How it stands.
    pub clock: ServiceClock,
    /// Hundredths that somebody was told of.
    fired: Vec<u32>,
    /// Hundredths at which the rule was asked again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stepped: Vec<u32>,
}

/// Something that happened to a case by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happened {
    /// So many hundredths of a clock's time are used up.
    Warned(ClockKind, u32),
    /// What was promised was not done in time.
    Breached(ClockKind),
    /// It is time to ask the rule again.
    Escalated(Escalation),
}

/// The clocks of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Clocks(pub Vec<CaseClock>);

impl CaseClock {
    fn start(kind: ClockKind, at: Instant, target: Target) -> Self {
        Self {
            kind,
            clock: ServiceClock::start(at, target),
            fired: Vec::new(),
            stepped: Vec::new(),
        }
    }

    /// What it brings about, and when: what has not happened yet and will if nothing is done.
    fn ahead(&self, hours: Hours<'_>, escalations: &[Escalation]) -> Vec<(Instant, Happened)> {
        let calendar = hours.of(self.kind);
        let reaches = |percent: u32| self.clock.reaches(percent, calendar);
        let told = WARNINGS
            .into_iter()
            .chain([END])
            .filter(|percent| !self.fired.contains(percent));
        let told = told.filter_map(|percent| {
            let what = match percent {
                END => Happened::Breached(self.kind),
                percent => Happened::Warned(self.kind, percent),
            };
            Some((reaches(percent)?, what))
        });
        let own = escalations.iter().filter(|step| step.clock == self.kind);
        let own = own.filter(|step| !self.stepped.contains(&step.percent));
        let own = own.filter_map(|step| Some((reaches(step.percent)?, Happened::Escalated(*step))));
        told.chain(own).collect()
    }

    /// Whether it still runs or waits.
    pub fn is_live(&self) -> bool {
        self.clock.met_at().is_none()
    }
}

impl Clocks {
    /// The clocks of a case that has come: the agency's own, and those of the law where it has any.
    pub fn start(at: Instant, targets: &Targets, statutory: Option<&Statutory>) -> Self {
        let own = ClockKind::OF_RULES
            .into_iter()
            .map(|kind| CaseClock::start(kind, at, Target::Minutes(targets.of(kind))));
        let law = statutory.into_iter().flat_map(Statutory::targets);
        let law = law.map(|(kind, target)| CaseClock::start(kind, at, target));
        Self(own.chain(law).collect())
    }

    /// The clock of this kind.
    pub fn of(&self, kind: ClockKind) -> Option<&CaseClock> {
        self.0.iter().find(|clock| clock.kind == kind)
    }

    /// Gives clocks other targets, and from now on other hours: what was counted by those before stays, and what was told is told.
    pub fn change(&mut self, at: Instant, before: Hours<'_>, targets: &[TargetSet]) {
        for one in &mut self.0 {
            let set = targets.iter().find(|set| set.clock == one.kind);
            let target = set.map_or(one.clock.target, |set| Target::Minutes(set.minutes));
            one.clock.change(at, before.of(one.kind), target);
        }
    }

    /// The agency waits for somebody.
    pub fn pause(&mut self, at: Instant, hours: Hours<'_>) {
        for one in &mut self.0 {
            one.clock.pause(at, hours.of(one.kind));
        }
    }

    /// It waits no longer.
    pub fn resume(&mut self, at: Instant) {
        for one in &mut self.0 {
            one.clock.resume(at);
        }
    }

    /// What was promised is done.
    pub fn meet(&mut self, kinds: &[ClockKind], at: Instant, hours: Hours<'_>) {
        for one in self.0.iter_mut().filter(|one| kinds.contains(&one.kind)) {
            one.clock.meet(at, hours.of(one.kind));
        }
    }

    /// Clocks of these kinds begin anew, with the time they had.
    pub fn restart(&mut self, kinds: &[ClockKind], at: Instant) {
        for one in self.0.iter_mut().filter(|one| kinds.contains(&one.kind)) {
            *one = CaseClock::start(one.kind, at, one.clock.target);
        }
    }

    /// When something happens next if nothing is done.
    pub fn next(&self, hours: Hours<'_>, escalations: &[Escalation]) -> Option<Instant> {
        let ahead = self.0.iter().flat_map(|one| one.ahead(hours, escalations));
        ahead.map(|(at, _)| at).min()
    }

    /// What has happened by now, in its order; each once, however often and late this is asked.
    pub fn happen(&mut self, now: Instant, hours: Hours<'_>, escalations: &[Escalation]) -> Vec<(Instant, Happened)> {
        let mut happened = Vec::new();
        for one in &mut self.0 {
            for (at, what) in one.ahead(hours, escalations).into_iter().filter(|(at, _)| *at <= now) {
                match what {
                    Happened::Warned(_, percent) => one.fired.push(percent),
                    Happened::Breached(_) => one.fired.push(END),
                    Happened::Escalated(step) => one.stepped.push(step.percent),
                }
                happened.push((at, what));
            }
        }
        happened.sort_unstable();
        happened
    }

    /// By when the next of them is due that runs.
    pub fn due(&self, hours: Hours<'_>) -> Option<Instant> {
        self.0.iter().filter_map(|one| one.clock.due(hours.of(one.kind))).min()
    }

    /// Whether somebody was told that one of them was breached.
    pub fn has_breached(&self) -> bool {
        self.0.iter().any(|one| one.fired.contains(&END))
    }

    /// How each stands by now.
    pub fn states(&self, now: Instant, hours: Hours<'_>) -> Vec<(ClockKind, State)> {
        let state = |one: &CaseClock| (one.kind, one.clock.state(now, hours.of(one.kind)));
        self.0.iter().map(state).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clocks::{Holidays, Span, Week};
    use crate::complaints::Terms;
    use crate::time::parse_instant;
    use std::collections::BTreeMap;

    fn shanghai() -> Calendar {
        Calendar {
            zone: chrono_tz::Asia::Shanghai,
            week: Week::workdays(Span { from: 540, to: 1_080 }),
            holidays: Holidays::China,
            exceptions: BTreeMap::new(),
        }
    }

    fn at(text: &str) -> Instant {
        parse_instant(text, chrono_tz::Asia::Shanghai).expect("a time")
    }

    #[test]
    fn each_thing_happens_once_however_late_somebody_looks() {
        let calendar = shanghai();
        let hours = Hours {
            desk: &calendar,
            law: &calendar,
        };
        let terms = Terms::standard("CN");
        let opened = at("2026-03-02T09:00:00+08:00");
        let step = Escalation {
            clock: ClockKind::FirstResponse,
            percent: 150,
        };
        let mut clocks = Clocks::start(opened, terms.targets_of(2), terms.statutory.as_ref());
        assert_eq!(clocks.0.len(), 6);
        // first response of severity 2: an hour
        assert_eq!(clocks.next(hours, &[step]), Some(at("2026-03-02T09:30:00+08:00")));
        let at_ten = clocks.happen(at("2026-03-02T10:30:00+08:00"), hours, &[step]);
        let first: Vec<Happened> = at_ten.iter().map(|(_, what)| *what).collect();
        assert_eq!(
            first,
            [
                Happened::Warned(ClockKind::FirstResponse, 50),
                Happened::Warned(ClockKind::FirstResponse, 80),
                Happened::Breached(ClockKind::FirstResponse),
                Happened::Escalated(step),
            ]
        );
        assert_eq!(clocks.happen(at("2026-03-02T10:30:00+08:00"), hours, &[step]), []);
        assert!(clocks.has_breached());
        // more time changes nothing of what was told
        let more = TargetSet {
            clock: ClockKind::FirstResponse,
            minutes: 600,
        };
        clocks.change(at("2026-03-02T10:30:00+08:00"), hours, &[more]);
        assert_eq!(clocks.happen(at("2026-03-02T11:00:00+08:00"), hours, &[step]), []);
        clocks.meet(&[ClockKind::FirstResponse], at("2026-03-02T11:00:00+08:00"), hours);
        assert!(!clocks.of(ClockKind::FirstResponse).expect("a clock").is_live());
        clocks.restart(&[ClockKind::NextUpdate], at("2026-03-02T11:00:00+08:00"));
        clocks.pause(at("2026-03-02T11:00:00+08:00"), hours);
        // only the law goes on
        let next = clocks.next(hours, &[]).expect("the law");
        assert!(next > at("2026-03-05T00:00:00+08:00"), "{next}");
    }
}
