//! Instants, days and the two things a pure program has to be given: the time and randomness.

use chrono::{DateTime, Datelike, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Milliseconds since 1970-01-01T00:00Z.
pub type Instant = i64;
/// Days since 1970-01-01 in the agency's time zone.
pub type Day = i32;

/// Milliseconds in a day without clock changes.
pub const DAY_MILLIS: i64 = 86_400_000;

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Instant;

    /// Sets a clock that is moved by hand; `false` if this one is not.
    fn set(&self, _to: Instant) -> bool {
        false
    }
}

/// A clock that stands still: `serve --clock fixed:…` and tests.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Instant);

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        self.0
    }
}

/// A clock that is moved by hand: `serve --clock manual:…`, for trials, training and tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at an instant until it is set.
    pub fn at(now: Instant) -> Self {
        Self(AtomicI64::new(now))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self, to: Instant) -> bool {
        self.0.store(to, Ordering::SeqCst);
        true
    }
}

/// Where unpredictable bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with randomness.
    fn fill(&self, bytes: &mut [u8]);

    /// A time-ordered id (UUIDv7).
    fn id(&self, now: Instant) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(now.max(0) as u64, &random).into_uuid()
    }
}

fn epoch() -> NaiveDate {
    NaiveDate::default() // 1970-01-01
}

/// The day on which `at` falls in `zone`.
pub fn day_of(at: Instant, zone: Tz) -> Day {
    let utc = DateTime::from_timestamp_millis(at).unwrap_or(if at < 0 {
        DateTime::<chrono::Utc>::MIN_UTC
    } else {
        DateTime::<chrono::Utc>::MAX_UTC
    });
    // the zone's offset cannot be added at the very ends of the calendar; those instants never pass `parse_*`
    let local = utc
        .naive_utc()
        .checked_add_offset(chrono::Offset::fix(&zone.offset_from_utc_datetime(&utc.naive_utc())));
    day_from_date(local.unwrap_or(utc.naive_utc()).date())
}

/// The first instant of `day` in `zone`; where clocks skip midnight, the first instant after the gap.
pub fn start_of_day(day: Day, zone: Tz) -> Instant {
    let midnight = date_from_day(day).and_time(NaiveTime::MIN);
    local_to_instant(midnight, zone)
}

fn local_to_instant(local: NaiveDateTime, zone: Tz) -> Instant {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_millis(),
        LocalResult::None => {
            // gaps are at most a few hours and begin and end at whole quarters
            let later = (1..=96).map(|quarter| local + chrono::TimeDelta::minutes(15 * quarter));
            later
                .filter_map(|candidate| zone.from_local_datetime(&candidate).earliest())
                .map(|at| at.timestamp_millis())
                .next()
                .unwrap_or_else(|| local.and_utc().timestamp_millis())
        }
    }
}

/// Days since 1970-01-01 of a calendar date.
pub fn day_from_date(date: NaiveDate) -> Day {
    date.signed_duration_since(epoch()).num_days() as Day
}

/// The calendar date of a day.
pub fn date_from_day(day: Day) -> NaiveDate {
    epoch()
        .checked_add_signed(chrono::TimeDelta::days(i64::from(day)))
        .unwrap_or(if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
}

/// The first days of so many months, the last of which is the one of `day`; the earliest first.
pub fn first_days_of_months(day: Day, months: u32) -> Vec<Day> {
    let this = date_from_day(day).with_day(1).unwrap_or_default();
    let firsts = (0..months)
        .rev()
        .filter_map(|back| this.checked_sub_months(Months::new(back)));
    firsts.map(day_from_date).collect()
}

/// The last day of the `months`-th month after the one of `day`; none where the calendar ends before.
pub fn last_day_of_month(day: Day, months: u32) -> Option<Day> {
    let first = date_from_day(day).with_day(1)?;
    let next = first.checked_add_months(Months::new(months.checked_add(1)?))?;
    Some(day_from_date(next) - 1)
}

/// The first day of a day's month.
pub fn first_of_month(day: Day) -> Day {
    let date = date_from_day(day);
    day - date.day0() as Day
}

/// Whether a day is one that [`parse_day`] reads.
pub fn is_day(day: Day) -> bool {
    (1900..3000).contains(&date_from_day(day).year())
}

/// `2026-01-15`, for people.
pub fn day_text(day: Day) -> String {
    date_from_day(day).to_string()
}

/// RFC 3339 in UTC with milliseconds, for people and JSON.
pub fn instant_text(at: Instant) -> String {
    DateTime::from_timestamp_millis(at).map_or_else(
        || at.to_string(),
        |at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    )
}

/// `2026-01-15 10:30`, as clocks in `zone` show it.
pub fn local_text(at: Instant, zone: Tz) -> String {
    DateTime::from_timestamp_millis(at).map_or_else(
        || at.to_string(),
        |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
    )
}

/// `2026-01-15 10:30:05`, where several things happen in a minute.
pub fn local_second_text(at: Instant, zone: Tz) -> String {
    DateTime::from_timestamp_millis(at).map_or_else(
        || at.to_string(),
        |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A day alone if it is its first instant in `zone`, else as [`local_text`].
pub fn moment_text(at: Instant, zone: Tz) -> String {
    let day = day_of(at, zone);
    if start_of_day(day, zone) == at {
        day_text(day)
    } else {
        local_text(at, zone)
    }
}

/// Whole years from `birth` to `today`; a birthday on 29 February is kept on 1 March in other years.
pub fn age(birth: Day, today: Day) -> i32 {
    let (birth, today) = (date_from_day(birth), date_from_day(today));
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    today.year() - birth.year() - i32::from(!had_birthday)
}

/// Days from `today` to the next birthday, 0 on the day itself.
pub fn days_to_birthday(birth: Day, today: Day) -> i32 {
    let (birth, date) = (date_from_day(birth), date_from_day(today));
    let birthday_in = |year| {
        NaiveDate::from_ymd_opt(year, birth.month(), birth.day())
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
            .map(day_from_date)
    };
    [date.year(), date.year() + 1]
        .into_iter()
        .filter_map(birthday_in)
        .find(|day| *day >= today)
        .map_or(0, |day| day - today)
}

/// A day written as `2026-01-15`, years 1900 to 2999.
pub fn parse_day(text: &str) -> Option<Day> {
    let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    (1900..3000).contains(&date.year()).then(|| day_from_date(date))
}

/// An instant written as RFC 3339, or as local date and time of `zone` (`2026-01-15 10:30[:00]`), or as a day alone, which
/// means its first instant.
pub fn parse_instant(text: &str, zone: Tz) -> Option<Instant> {
    let text = text.trim();
    if let Some(day) = parse_day(text) {
        return Some(start_of_day(day, zone));
    }
    let at = match DateTime::parse_from_rfc3339(text) {
        Ok(at) => at.timestamp_millis(),
        Err(_) => {
            let forms = [
                "%Y-%m-%d %H:%M:%S",
                "%Y-%m-%d %H:%M",
                "%Y-%m-%dT%H:%M:%S",
                "%Y-%m-%dT%H:%M",
            ];
            let local = forms
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
            (1900..3000)
                .contains(&local.year())
                .then(|| local_to_instant(local, zone))?
        }
    };
    (-2_208_988_800_000..32_503_680_000_000).contains(&at).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    fn day(text: &str) -> Day {
        parse_day(text).expect("a day")
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        let midnight = start_of_day(day("2026-01-15"), Shanghai);
        assert_eq!(instant_text(midnight), "2026-01-14T16:00:00.000Z");
        assert_eq!(day_of(midnight, Shanghai), day("2026-01-15"));
        assert_eq!(day_of(midnight - 1, Shanghai), day("2026-01-14"));
        assert_eq!(local_text(midnight + 90_060_000, Shanghai), "2026-01-16 01:01");
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap() {
        let zone = chrono_tz::America::Asuncion;
        let skipped = day("2023-10-01");
        assert_eq!(instant_text(start_of_day(skipped, zone)), "2023-10-01T04:00:00.000Z");
        assert_eq!(day_of(start_of_day(skipped, zone), zone), skipped);
    }

    #[test]
    fn birthdays() {
        let leap = day("2000-02-29");
        assert_eq!(age(leap, day("2026-02-28")), 25);
        assert_eq!(age(leap, day("2026-03-01")), 26);
        assert_eq!(days_to_birthday(leap, day("2026-02-28")), 1);
        assert_eq!(days_to_birthday(leap, day("2024-02-28")), 1);
        assert_eq!(days_to_birthday(day("1990-01-01"), day("2026-12-31")), 1);
        assert_eq!(days_to_birthday(day("1990-01-01"), day("2026-01-01")), 0);
    }

    #[test]
    fn instants_come_in_three_spellings() {
        let expected = parse_instant("2026-01-15T02:30:00Z", Shanghai);
        assert_eq!(parse_instant("2026-01-15 10:30", Shanghai), expected);
        assert_eq!(parse_instant("2026-01-15T10:30:00+08:00", Shanghai), expected);
        assert_eq!(
            parse_instant("2026-01-15", Shanghai),
            Some(start_of_day(day("2026-01-15"), Shanghai))
        );
        for bad in [
            "",
            "15.01.2026",
            "2026-02-30",
            "0001-01-01",
            "tomorrow",
            "9999-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_instant(bad, Shanghai), None, "{bad}");
        }
    }
}
