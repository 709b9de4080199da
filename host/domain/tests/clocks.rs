//! Service clocks against a second way to keep them, which looks at every minute's wall clock by itself.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use posthouse_domain::clocks::{Calendar, Exception, Holidays, ServiceClock, Span, State, Target, Week};
use posthouse_domain::{Day, Instant};
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000;
/// 2026-01-01T00:00Z; lives begin within the year behind it and last for up to a year.
const BEGIN: Instant = 1_767_225_600_000;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn spans(&mut self) -> Vec<Span> {
        let mut bounds: Vec<u16> = (0..2 * self.below(3)).map(|_| self.below(1_441) as u16).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let pairs = bounds.chunks_exact(2);
        pairs
            .map(|pair| Span {
                from: pair[0],
                to: pair[1],
            })
            .collect()
    }

    fn calendar(&mut self) -> Calendar {
        const ZONES: [Tz; 7] = [
            chrono_tz::Asia::Shanghai,
            chrono_tz::America::New_York,
            chrono_tz::Europe::Berlin,
            chrono_tz::Australia::Lord_Howe,
            chrono_tz::Africa::Cairo,
            chrono_tz::America::Santiago,
            chrono_tz::Asia::Kathmandu,
        ];
        let usual = Week::workdays(Span { from: 540, to: 1_080 });
        let week = match self.below(2) {
            0 => usual.clone(),
            _ => Week(std::array::from_fn(|_| self.spans())),
        };
        let week = if week.0.iter().all(Vec::is_empty) { usual } else { week };
        let first = (BEGIN / (1_440 * MINUTE)) as Day;
        let exceptions = (0..self.below(40)).map(|_| {
            let exception = match self.below(3) {
                0 => Exception::Closed,
                1 => Exception::Workday,
                _ => Exception::Hours(self.spans()),
            };
            (first + self.below(730) as Day, exception)
        });
        let exceptions: BTreeMap<Day, Exception> = exceptions.collect();
        let holidays = [Holidays::None, Holidays::China][self.below(2) as usize];
        let zone = ZONES[self.below(ZONES.len() as u64) as usize];
        Calendar {
            zone,
            week,
            holidays,
            exceptions,
        }
    }
}

/// China's days off and worked weekends, written down once more as they were announced.
fn in_china(date: chrono::NaiveDate) -> Option<bool> {
    let off = "2026-01-01 2026-01-02 2026-01-03 2026-02-15 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-21 2026-02-22 2026-02-23 \
        2026-04-04 2026-04-05 2026-04-06 2026-05-01 2026-05-02 2026-05-03 2026-05-04 2026-05-05 2026-06-19 2026-06-20 2026-06-21 2026-09-25 \
        2026-09-26 2026-09-27 2026-10-01 2026-10-02 2026-10-03 2026-10-04 2026-10-05 2026-10-06 2026-10-07 2027-01-01 2027-02-05 2027-02-06 \
        2027-02-07 2027-02-08 2027-02-09 2027-02-10 2027-04-05 2027-05-01 2027-05-02 2027-05-03 2027-05-04 2027-06-09 2027-09-15 2027-10-01 \
        2027-10-02 2027-10-03 2027-10-04 2027-10-05";
    let worked = "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10";
    let text = date.format("%Y-%m-%d").to_string();
    match (off.contains(&text), worked.contains(&text)) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    }
}

/// Whether work is done in the minute that begins at an instant.
fn is_open(calendar: &Calendar, at: Instant) -> bool {
    let local = DateTime::<Utc>::from_timestamp_millis(at)
        .expect("a time")
        .with_timezone(&calendar.zone);
    let own = &calendar.week.0[local.weekday().num_days_from_monday() as usize];
    let like_any = || {
        if own.is_empty() {
            calendar.week.0.iter().find(|spans| !spans.is_empty()).expect("hours")
        } else {
            own
        }
    };
    let day = local
        .date_naive()
        .signed_duration_since(chrono::NaiveDate::default())
        .num_days() as Day;
    let official = match calendar.holidays {
        Holidays::None => None,
        Holidays::China => in_china(local.date_naive()),
    };
    let spans: Vec<Span> = match calendar.exceptions.get(&day) {
        Some(Exception::Closed) => Vec::new(),
        Some(Exception::Workday) => like_any().clone(),
        Some(Exception::Hours(spans)) => spans.clone(),
        None => match official {
            Some(false) => Vec::new(),
            Some(true) => like_any().clone(),
            None => own.clone(),
        },
    };
    let minute = local.hour() * 60 + local.minute();
    spans
        .iter()
        .any(|span| u32::from(span.from) <= minute && minute < u32::from(span.to))
}

/// A clock, minute by minute.
struct Slow {
    used: i64,
    runs: bool,
    allowed: i64,
    /// The minutes in which the half and the whole were used up.
    reached: [Option<Instant>; 2],
}

impl Slow {
    /// A minute passes.
    fn pass(&mut self, calendar: &Calendar, at: Instant) {
        if self.runs && is_open(calendar, at) {
            self.used += 1;
            self.mark(at + MINUTE);
        }
    }

    fn mark(&mut self, at: Instant) {
        for (share, reached) in [1, 2].into_iter().zip(&mut self.reached) {
            if 2 * self.used >= share * self.allowed {
                reached.get_or_insert(at);
            }
        }
    }
}

/// Even targets, so that their half is whole as well.
fn target(dice: &mut Dice) -> u32 {
    2 + 2 * dice.below(4_000) as u32
}

#[test]
fn whatever_happens_the_clock_is_right_to_the_minute() {
    let (mut pauses, mut breaches) = (0, 0);
    for seed in 0..24 {
        let mut dice = Dice(seed);
        let mut calendar = dice.calendar();
        let mut now = BEGIN + dice.below(365 * 1_440) as i64 * MINUTE;
        let first = target(&mut dice);
        let mut clock = ServiceClock::start(now, Target::Minutes(first));
        let mut slow = Slow {
            used: 0,
            runs: true,
            allowed: first.into(),
            reached: [None; 2],
        };
        for step in 0..12 {
            // by when it is due if nothing happens is what the minutes say as they pass
            let (half, due, begun) = (clock.reaches(50, &calendar), clock.due(&calendar), now);
            let length = dice.below(30 * 1_440) as i64;
            for minute in 0..length {
                slow.pass(&calendar, now + minute * MINUTE);
            }
            now += length * MINUTE;
            let place = format!("seed {seed}, step {step}");
            assert_eq!(clock.used_minutes(now, &calendar), slow.used, "{place}");
            assert_eq!(
                clock.left_minutes(now, &calendar),
                Some(slow.allowed - slow.used),
                "{place}"
            );
            for (told, reached) in [half, due].into_iter().zip(slow.reached) {
                match reached {
                    // used up before this step, however long ago
                    Some(at) if slow.runs && at == begun => assert!(told.is_some_and(|told| told <= at), "{place}"),
                    Some(at) if slow.runs => assert_eq!(told, Some(at), "{place}"),
                    Some(_) => {}
                    None => assert!(told.is_none_or(|told| told > now), "{place}: {told:?} by {now}"),
                }
            }
            let is_over = slow.used >= slow.allowed;
            let state = clock.state(now, &calendar);
            let expected = match (is_over, slow.runs) {
                (true, _) => State::Breached,
                (false, true) => State::Running,
                (false, false) => State::Paused,
            };
            assert_eq!(state, expected, "{place}");
            breaches += u32::from(is_over);
            match dice.below(4) {
                0 => {
                    clock.pause(now, &calendar);
                    slow.runs = false;
                    pauses += 1;
                }
                1 => {
                    clock.resume(now);
                    slow.runs = true;
                }
                2 => {
                    let next = target(&mut dice);
                    clock.change(now, &calendar, Target::Minutes(next));
                    slow.allowed = next.into();
                }
                _ => {
                    let other = dice.calendar();
                    clock.change(now, &calendar, clock.target);
                    calendar = other;
                }
            }
            // from now on it is told anew when what is left is used up
            slow.reached = [None; 2];
            slow.mark(now);
        }
    }
    assert!(pauses > 30 && breaches > 30, "{pauses} {breaches}");
}

#[test]
fn days_of_the_law_are_counted_one_by_one() {
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let calendar = dice.calendar();
        let begun = BEGIN + dice.below(365 * 1_440) as i64 * MINUTE;
        let is_worked = |date: chrono::NaiveDate| {
            // some minute of it: days begin at different hours where clocks are changed
            let noon = date.and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp_millis();
            let around = (-36 * 60..36 * 60).map(|minute| noon + minute * MINUTE);
            let mut own = around.filter(|at| {
                let local = DateTime::<Utc>::from_timestamp_millis(*at)
                    .unwrap()
                    .with_timezone(&calendar.zone);
                local.date_naive() == date
            });
            own.any(|at| is_open(&calendar, at))
        };
        let date_of = |at: Instant| {
            DateTime::<Utc>::from_timestamp_millis(at)
                .unwrap()
                .with_timezone(&calendar.zone)
                .date_naive()
        };
        let days = 1 + dice.below(60) as u16;
        for target in [Target::WorkingDays(days), Target::Days(days)] {
            let clock = ServiceClock::start(begun, target);
            let (mut date, mut counted) = (date_of(begun), 0);
            while counted < days || !is_worked(date) {
                date += TimeDelta::days(1);
                counted += u16::from(matches!(target, Target::Days(_)) || is_worked(date));
            }
            let due = clock.due(&calendar).expect("it ends");
            // the last minute is of that day, and the next of the one behind it
            assert_eq!(date_of(due - MINUTE), date, "seed {seed} {target:?}");
            assert_eq!(date_of(due), date + TimeDelta::days(1), "seed {seed} {target:?}");
            assert_eq!(clock.state(due - MINUTE, &calendar), State::Running);
            assert_eq!(clock.state(due, &calendar), State::Breached);
        }
    }
}
