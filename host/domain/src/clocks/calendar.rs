//! Working time on the wall clock of a zone.

use super::holidays::Holidays;
use crate::time::{DAY_MILLIS, date_from_day, day_of, start_of_day};
use crate::{Day, Instant, Words, words};
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A minute in ms.
pub(super) const MINUTE: i64 = 60_000;
/// The minute at which a day ends.
const MIDNIGHT: u16 = 1_440;
/// Most spans of a day.
const MOST_SPANS: usize = 8;
/// Most exceptions of a calendar.
const MOST_EXCEPTIONS: usize = 2_000;
/// How many days ahead working time is looked for: a calendar that is closed for longer never opens.
const HORIZON: Day = 3_660;

/// Part of a day, in minutes on the wall clock: from the first until before the second, which is 1,440 at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins.
    pub from: u16,
    /// Where it is over.
    pub to: u16,
}

/// Hours of a week, Monday first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Week(pub [Vec<Span>; 7]);

impl Week {
    /// The same hours from Monday to Friday.
    pub fn workdays(span: Span) -> Self {
        let open = || vec![span];
        Self([open(), open(), open(), open(), open(), Vec::new(), Vec::new()])
    }
}

/// A day that is not as its week has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exception {
    /// Nobody works.
    Closed,
    /// Worked like any other day: with its own hours if its day of the week has some, or else those of the first day of the week that has.
    Workday,
    /// These hours.
    Hours(Vec<Span>),
}

/// When work is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Whose wall clock.
    pub zone: Tz,
    /// The hours of a week.
    pub week: Week,
    /// Public holidays, which go before the week.
    pub holidays: Holidays,
    /// The agency's own exceptions, which go before both.
    pub exceptions: BTreeMap<Day, Exception>,
}

fn check_spans(spans: &[Span]) -> Result<(), Words> {
    if spans.len() > MOST_SPANS {
        return Err(words!(
            "a day has at most {MOST_SPANS} spans of hours",
            "一天最多 {MOST_SPANS} 段工作时间"
        ));
    }
    let mut last = 0;
    for (place, span) in spans.iter().enumerate() {
        if span.from >= span.to || span.to > MIDNIGHT || place > 0 && span.from < last {
            return Err(words!(
                "hours end after they begin, by midnight at the latest, and stand one after the other",
                "每段工作时间须先开始后结束，最晚到午夜，并按先后排列、互不重叠"
            ));
        }
        last = span.to;
    }
    Ok(())
}

impl Calendar {
    /// Passes a calendar whose hours can be worked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Words> {
        if self.exceptions.len() > MOST_EXCEPTIONS {
            return Err(words!(
                "a calendar has at most {MOST_EXCEPTIONS} exceptions",
                "一份日历最多 {MOST_EXCEPTIONS} 个例外日"
            ));
        }
        if self.week.0.iter().all(Vec::is_empty) {
            return Err(words!(
                "a week without any hours never ends",
                "一周中至少要有一段工作时间"
            ));
        }
        for spans in &self.week.0 {
            check_spans(spans)?;
        }
        for exception in self.exceptions.values() {
            if let Exception::Hours(spans) = exception {
                check_spans(spans)?;
            }
        }
        Ok(())
    }

    /// The hours of a day.
    pub fn hours(&self, day: Day) -> &[Span] {
        let own = &*self.week.0[date_from_day(day).weekday().num_days_from_monday() as usize];
        let like_any = || match own {
            [] => self
                .week
                .0
                .iter()
                .find(|spans| !spans.is_empty())
                .map_or(&[][..], |spans| spans),
            own => own,
        };
        match (self.exceptions.get(&day), self.holidays.worked(day)) {
            (Some(Exception::Hours(spans)), _) => spans,
            (Some(Exception::Closed), _) | (None, Some(false)) => &[],
            (Some(Exception::Workday), _) | (None, Some(true)) => like_any(),
            (None, None) => own,
        }
    }

    /// Whether anybody works on a day.
    pub fn is_worked(&self, day: Day) -> bool {
        !self.hours(day).is_empty()
    }

    /// The stretches of a day in which work is done, in their order.
    fn open(&self, day: Day) -> Vec<(Instant, Instant)> {
        let hours = self.hours(day);
        if hours.is_empty() {
            return Vec::new();
        }
        let (begin, end) = (
            start_of_day(day, self.zone),
            start_of_day(day.saturating_add(1), self.zone),
        );
        if end - begin == DAY_MILLIS {
            let at = |minute: u16| begin + i64::from(minute) * MINUTE;
            return hours.iter().map(|span| (at(span.from), at(span.to))).collect();
        }
        // clocks are changed: the day is walked through, as the wall clock skips minutes or has them twice
        let mut open: Vec<(Instant, Instant)> = Vec::new();
        for at in (begin..end).step_by(MINUTE as usize) {
            let minute = self.minute_of(at);
            if !hours.iter().any(|span| (span.from..span.to).contains(&minute)) {
                continue;
            }
            match open.last_mut().filter(|last| last.1 == at) {
                Some(last) => last.1 = at + MINUTE,
                None => open.push((at, at + MINUTE)),
            }
        }
        open
    }

    /// The minute that the wall clock shows.
    fn minute_of(&self, at: Instant) -> u16 {
        let shown = DateTime::from_timestamp_millis(at)
            .unwrap_or_default()
            .with_timezone(&self.zone);
        // there are 1,440 of them
        (shown.hour() * 60 + shown.minute()) as u16
    }

    /// How much working time, in ms, lies between two instants; nothing if the second is not later.
    pub fn worked(&self, from: Instant, to: Instant) -> i64 {
        if to <= from {
            return 0;
        }
        (day_of(from, self.zone)..=day_of(to, self.zone))
            .flat_map(|day| self.open(day))
            .map(|(begin, end)| (end.min(to) - begin.max(from)).max(0))
            .sum()
    }

    /// When so much working time, in ms, has passed from an instant on; with nothing to pass, the next moment at which work is done. None if the
    /// calendar does not open often enough within ten years.
    pub fn after(&self, from: Instant, mut millis: i64) -> Option<Instant> {
        let first = day_of(from, self.zone);
        for day in first..first.saturating_add(HORIZON) {
            for (begin, end) in self.open(day) {
                let begin = begin.max(from);
                let length = end - begin;
                if length <= 0 {
                    continue;
                }
                if millis <= length {
                    return Some(begin + millis);
                }
                millis -= length;
            }
        }
        None
    }

    /// The so-many-th day behind a day on which somebody works.
    pub(super) fn worked_day(&self, behind: Day, days: u16) -> Option<Day> {
        let ahead = (behind.saturating_add(1)..behind.saturating_add(HORIZON)).filter(|day| self.is_worked(*day));
        match days {
            0 => Some(behind),
            days => ahead.take(days.into()).nth(usize::from(days) - 1),
        }
    }

    /// A day, or the next one on which somebody works.
    pub(super) fn day_or_next(&self, day: Day) -> Option<Day> {
        (day..day.saturating_add(HORIZON)).find(|day| self.is_worked(*day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{parse_day, parse_instant};

    fn standard(zone: Tz) -> Calendar {
        Calendar {
            zone,
            week: Week::workdays(Span { from: 540, to: 1_080 }),
            holidays: Holidays::China,
            exceptions: BTreeMap::new(),
        }
    }

    fn at(text: &str) -> Instant {
        parse_instant(text, chrono_tz::Asia::Shanghai).expect("a time")
    }

    #[test]
    fn a_case_of_friday_evening_goes_on_behind_the_holiday() {
        let calendar = standard(chrono_tz::Asia::Shanghai);
        // Spring Festival 2026: off from 15 to 23 February, worked on Saturday the 14th
        let begun = at("2026-02-13T20:00:00+08:00");
        assert_eq!(calendar.after(begun, 0), Some(at("2026-02-14T09:00:00+08:00")));
        assert_eq!(
            calendar.after(begun, 10 * 60 * MINUTE),
            Some(at("2026-02-24T10:00:00+08:00"))
        );
        assert_eq!(
            calendar.worked(begun, at("2026-02-24T10:00:00+08:00")),
            10 * 60 * MINUTE
        );
        let friday = parse_day("2026-02-13").expect("a day");
        assert_eq!(calendar.worked_day(friday, 2), parse_day("2026-02-24"));
        assert_eq!(calendar.day_or_next(friday + 3), parse_day("2026-02-24"));
    }

    #[test]
    fn the_agencys_own_days_go_first() {
        let mut calendar = standard(chrono_tz::Asia::Shanghai);
        let day = |text: &str| parse_day(text).expect("a day");
        let short = vec![Span { from: 600, to: 720 }];
        calendar.exceptions = BTreeMap::from([
            (day("2026-02-16"), Exception::Hours(short.clone())),
            (day("2026-03-02"), Exception::Closed),
            (day("2026-03-07"), Exception::Workday),
        ]);
        calendar.check().expect("hours");
        assert_eq!(calendar.hours(day("2026-02-16")), short);
        assert!(!calendar.is_worked(day("2026-03-02")));
        assert_eq!(calendar.hours(day("2026-03-07")), calendar.hours(day("2026-03-06")));
    }

    #[test]
    fn hours_that_cannot_be_worked_are_told() {
        let with = |spans: Vec<Span>| Calendar {
            week: Week([spans, vec![], vec![], vec![], vec![], vec![], vec![]]),
            ..standard(chrono_tz::UTC)
        };
        let span = |from, to| Span { from, to };
        for wrong in [
            vec![],
            vec![span(600, 600)],
            vec![span(600, 1_441)],
            vec![span(0, 700), span(600, 800)],
        ] {
            assert!(with(wrong.clone()).check().is_err(), "{wrong:?}");
        }
        assert!(with(vec![span(0, 600), span(600, 1_440)]).check().is_ok());
    }

    #[test]
    fn a_calendar_that_never_opens_has_no_end() {
        let mut calendar = standard(chrono_tz::UTC);
        calendar.week = Week::default();
        assert_eq!(calendar.after(0, 1), None);
        assert_eq!(calendar.worked(0, 100 * DAY_MILLIS), 0);
    }
}
