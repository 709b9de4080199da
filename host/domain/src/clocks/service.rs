//! A clock that runs against something that is promised.

use super::calendar::{Calendar, MINUTE};
use crate::time::{day_of, start_of_day};
use crate::{Day, Instant};
use serde::{Deserialize, Serialize};

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// So many minutes of working time, without those in which the agency waited for others.
    Minutes(u32),
    /// The end of the so-many-th working day behind the one on which it began. It never stands still.
    WorkingDays(u16),
    /// The end of the so-many-th day behind the one on which it began, or of the next working day. It never stands still.
    Days(u16),
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It runs.
    Running,
    /// The agency waits for somebody.
    Paused,
    /// What was promised was done in time.
    Met,
    /// It was not, or not in time.
    Breached,
}

/// A clock. What it has counted stays when its target or its calendar changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceClock {
    /// When it began.
    pub started_at: Instant,
    /// What is promised.
    pub target: Target,
    /// Working time, in ms, that was counted before `since`.
    used: i64,
    /// Since when it runs; nothing while it stands still.
    since: Option<Instant>,
    /// When what was promised was done.
    met_at: Option<Instant>,
}

impl ServiceClock {
    /// A clock that begins to run.
    pub fn start(at: Instant, target: Target) -> Self {
        Self {
            started_at: at,
            target,
            used: 0,
            since: Some(at),
            met_at: None,
        }
    }

    /// Whether it runs on whatever happens.
    fn is_statutory(&self) -> bool {
        !matches!(self.target, Target::Minutes(_))
    }

    /// Working time in ms that was counted by now.
    fn counted(&self, now: Instant, calendar: &Calendar) -> i64 {
        self.used + self.since.map_or(0, |since| calendar.worked(since, now))
    }

    fn settle(&mut self, at: Instant, calendar: &Calendar) {
        self.used = self.counted(at, calendar);
        self.since = self.since.map(|since| since.max(at));
    }

    /// The agency waits for somebody. One that the law sets runs on, and one that stands still or is done stays so.
    pub fn pause(&mut self, at: Instant, calendar: &Calendar) {
        if self.is_statutory() || self.met_at.is_some() {
            return;
        }
        self.settle(at, calendar);
        self.since = None;
    }

    /// The agency waits no longer.
    pub fn resume(&mut self, at: Instant) {
        if self.met_at.is_none() {
            self.since.get_or_insert(at);
        }
    }

    /// Another target, or from now on another calendar: what was counted by the one before stays.
    pub fn change(&mut self, at: Instant, before: &Calendar, target: Target) {
        if self.met_at.is_some() {
            return;
        }
        self.settle(at, before);
        self.target = target;
        if self.is_statutory() {
            self.since.get_or_insert(at);
        }
    }

    /// What was promised is done. Done again it was done the first time.
    pub fn meet(&mut self, at: Instant, calendar: &Calendar) {
        if self.met_at.is_none() {
            self.settle(at, calendar);
            self.since = None;
            self.met_at = Some(at);
        }
    }

    /// When what was promised was done.
    pub fn met_at(&self) -> Option<Instant> {
        self.met_at
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.since.is_none() && self.met_at.is_none()
    }

    /// By when it is to be done. Nothing while it stands still or where the calendar never opens, and once it is done.
    pub fn due(&self, calendar: &Calendar) -> Option<Instant> {
        self.reaches(100, calendar)
    }

    /// When so many hundredths of the time are used up: a warning is due then, and at a hundred it is breached. A target that is less than what was
    /// counted is reached when it was set.
    pub fn reaches(&self, hundredths: u32, calendar: &Calendar) -> Option<Instant> {
        let since = self.since?;
        if self.is_statutory() {
            let end = self.end(calendar)?;
            return Some(self.started_at + (end - self.started_at) * i64::from(hundredths) / 100);
        }
        match self.allowed() * i64::from(hundredths) / 100 - self.used {
            ..=0 => Some(since),
            left => calendar.after(since, left),
        }
    }

    /// Working time, in ms, that is promised; nothing for what is counted in days.
    fn allowed(&self) -> i64 {
        match self.target {
            Target::Minutes(minutes) => i64::from(minutes) * MINUTE,
            Target::WorkingDays(_) | Target::Days(_) => 0,
        }
    }

    /// When a time that the law sets is over.
    fn end(&self, calendar: &Calendar) -> Option<Instant> {
        let begun: Day = day_of(self.started_at, calendar.zone);
        let last = match self.target {
            Target::Minutes(_) => return None,
            Target::WorkingDays(days) => calendar.worked_day(begun, days)?,
            Target::Days(days) => calendar.day_or_next(begun.saturating_add(days.into()))?,
        };
        Some(start_of_day(last.saturating_add(1), calendar.zone))
    }

    /// Minutes used by now, begun ones left out: of working time, or for what is counted in days of time as it passes.
    pub fn used_minutes(&self, now: Instant, calendar: &Calendar) -> i64 {
        match self.is_statutory() {
            true => (self.met_at.unwrap_or(now) - self.started_at).max(0) / MINUTE,
            false => self.counted(now, calendar) / MINUTE,
        }
    }

    /// Minutes left by now, negative once it is breached. None where the calendar never opens.
    pub fn left_minutes(&self, now: Instant, calendar: &Calendar) -> Option<i64> {
        match self.is_statutory() {
            true => {
                let end = self.end(calendar)?;
                Some((end - self.met_at.unwrap_or(now)).div_euclid(MINUTE))
            }
            false => Some((self.allowed() - self.counted(now, calendar)).div_euclid(MINUTE)),
        }
    }

    /// How it stands by now.
    pub fn state(&self, now: Instant, calendar: &Calendar) -> State {
        let is_over = match self.is_statutory() {
            true => self.end(calendar).is_some_and(|end| self.met_at.unwrap_or(now) >= end),
            false => self.counted(now, calendar) >= self.allowed(),
        };
        match (is_over, self.met_at, self.since) {
            (true, ..) => State::Breached,
            (false, Some(_), _) => State::Met,
            (false, None, None) => State::Paused,
            (false, None, Some(_)) => State::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clocks::{Holidays, Span, Week};
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
    fn a_clock_stands_still_while_the_agency_waits() {
        let calendar = shanghai();
        let mut clock = ServiceClock::start(at("2026-03-02T10:00:00+08:00"), Target::Minutes(240));
        assert_eq!(clock.reaches(50, &calendar), Some(at("2026-03-02T12:00:00+08:00")));
        assert_eq!(clock.due(&calendar), Some(at("2026-03-02T14:00:00+08:00")));
        clock.pause(at("2026-03-02T11:00:00+08:00"), &calendar);
        assert_eq!(clock.due(&calendar), None);
        let later = at("2026-03-04T17:00:00+08:00");
        assert_eq!(
            (clock.state(later, &calendar), clock.used_minutes(later, &calendar)),
            (State::Paused, 60)
        );
        clock.resume(later);
        assert_eq!(clock.due(&calendar), Some(at("2026-03-05T11:00:00+08:00")));
        // graver: half the time, of which an hour is used up
        clock.change(later, &calendar, Target::Minutes(120));
        assert_eq!(clock.due(&calendar), Some(at("2026-03-04T18:00:00+08:00")));
        clock.change(later, &calendar, Target::Minutes(30));
        assert_eq!(
            (clock.due(&calendar), clock.state(later, &calendar)),
            (Some(later), State::Breached)
        );
        assert_eq!(clock.left_minutes(later, &calendar), Some(-30));
        clock.change(later, &calendar, Target::Minutes(120));
        clock.meet(at("2026-03-04T17:30:00+08:00"), &calendar);
        assert_eq!(clock.state(at("2027-01-01T00:00:00+08:00"), &calendar), State::Met);
        assert_eq!(clock.due(&calendar), None);
    }

    #[test]
    fn the_law_does_not_wait() {
        let calendar = shanghai();
        let begun = at("2026-02-12T17:00:00+08:00");
        let mut written = ServiceClock::start(begun, Target::Days(10));
        // the tenth day is in the holiday, which ends on the 23rd
        assert_eq!(written.due(&calendar), Some(at("2026-02-25T00:00:00+08:00")));
        written.pause(begun, &calendar);
        assert!(!written.is_paused());
        let accepted = ServiceClock::start(begun, Target::WorkingDays(5));
        // Friday the 13th, Saturday the 14th, and three days behind the holiday
        assert_eq!(accepted.due(&calendar), Some(at("2026-02-27T00:00:00+08:00")));
        assert_eq!(
            accepted.state(at("2026-02-27T00:00:00+08:00"), &calendar),
            State::Breached
        );
        assert_eq!(
            accepted.state(at("2026-02-26T23:59:00+08:00"), &calendar),
            State::Running
        );
    }
}
