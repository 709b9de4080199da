//! Dates and times however a file writes them.

use super::traditional::simplified;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

/// In which order a date's parts stand when its year does not come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    /// `2026/1/5` only.
    Ymd,
    /// `5/1/2026` is in January.
    Dmy,
    /// `1/5/2026` is in January.
    Mdy,
}

impl DateOrder {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "ymd" => Some(Self::Ymd),
            "dmy" => Some(Self::Dmy),
            "mdy" => Some(Self::Mdy),
            _ => None,
        }
    }
}

/// What a text says about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// A day, or its first moment.
    Day(NaiveDate),
    /// A local date and time.
    Time(NaiveDateTime),
    /// The year stands last, and nobody said whether the day or the month is first.
    Ambiguous,
}

/// Which day is number 1 in a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Epoch {
    /// 1 January 1900, with a 29 February 1900 that never was.
    #[default]
    Y1900,
    /// 2 January 1904.
    Y1904,
}

/// The date and time that a workbook's number means.
pub(super) fn from_serial(serial: f64, epoch: Epoch) -> Option<NaiveDateTime> {
    if !serial.is_finite() || !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let seconds = (serial * 86_400.0).round() as i64;
    let days = seconds.div_euclid(86_400);
    let base = match epoch {
        Epoch::Y1904 => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        Epoch::Y1900 if days == 60 => return None,
        Epoch::Y1900 if days < 60 => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        Epoch::Y1900 => NaiveDate::from_ymd_opt(1899, 12, 30)?,
    };
    base.and_time(NaiveTime::MIN)
        .checked_add_signed(Duration::seconds(seconds))
}

fn told(at: NaiveDateTime) -> Told {
    if at.time() == NaiveTime::MIN {
        Told::Day(at.date())
    } else {
        Told::Time(at)
    }
}

/// A number that a workbook's date may be: five digits, from 1927 or 1931 on. Below them are years, months with a day (`5.20`) and ages;
/// no workbook writes a zero in front, as `041225` has.
fn serial(text: &str) -> Option<f64> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits > 0 && !text.starts_with('0');
    let value: f64 = text.parse().ok().filter(|_| plain)?;
    (10_000.0..100_000.0).contains(&value).then_some(value)
}

/// Whether `text` is an instant in RFC 3339, to the letter.
pub(super) fn is_rfc3339(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// Offsets from UTC that are in use somewhere, in minutes.
const OFFSETS: std::ops::RangeInclusive<i32> = -12 * 60..=14 * 60;

fn is_in_use(at: &chrono::DateTime<chrono::FixedOffset>) -> bool {
    OFFSETS.contains(&(at.offset().local_minus_utc() / 60))
}

/// Whether `text` is in RFC 3339 but for its offset, which no place has: `2026-01-05 10:00:00-18:00` lasts until 18:00.
pub(super) fn is_nowhere(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok_and(|at| !is_in_use(&at))
}

/// Reads `text`, in half-width characters; `None` if it is no date, or one in RFC 3339, which needs no help.
pub(super) fn read(text: &str, order: Option<DateOrder>, epoch: Epoch) -> Option<Told> {
    let text = text.trim();
    if text.len() > 60 || is_rfc3339(text) {
        return None;
    }
    if let Some(serial) = serial(text) {
        return from_serial(serial, epoch).map(told);
    }
    if let Some(at) = compact(text) {
        return Some(told(at));
    }
    let spelt: String = text
        .chars()
        .map(|c| match simplified(c) {
            '年' | '月' => '-',
            '日' | '号' => ' ',
            '时' | '点' | '分' => ':',
            other => other,
        })
        .filter(|c| *c != '秒')
        .collect();
    let spelt = spelt.trim().trim_end_matches([':', '-']);
    let (date, time) = spelt
        .split_once(|c: char| c.is_whitespace() || c == 'T')
        .map_or((spelt, ""), |(date, time)| (date, time.trim()));
    let time = if time.is_empty() {
        NaiveTime::MIN
    } else {
        time_of_day(time)?
    };
    match day(date, order)? {
        Ok(day) => Some(told(day.and_time(time))),
        Err(()) => Some(Told::Ambiguous),
    }
}

/// An instant with its place in the world: RFC 3339, and what is near to it (`2026-01-05 10:00 +08:00`, `2026-01-05T10:00Z`, `+0800`).
/// The `-12:00` of `10:00-12:00` is no offset: until then it lasts.
pub(super) fn instant(text: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    let text = text.trim();
    if text.len() > 60 {
        return None;
    }
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return is_in_use(&at).then_some(at);
    }
    let (local, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, 0),
        None => {
            let sign = text.rfind(['+', '-'])?;
            let digits = text[sign + 1..].replacen(':', "", 1);
            let good = matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit());
            let digits: i32 = format!("{digits:0<4}").parse().ok().filter(|_| good)?;
            let (local, west) = (&text[..sign], text[sign..].starts_with('-'));
            let exact = local.contains('T') || local.matches(':').count() > 1;
            if digits % 100 > 59 || (west && !exact) {
                return None;
            }
            let minutes = (digits / 100) * 60 + digits % 100;
            (local, if west { -minutes } else { minutes })
        }
    };
    // without a time the last part is of the date
    let at = match read(local.contains(':').then_some(local)?, None, Epoch::default())? {
        Told::Day(day) => day.and_time(NaiveTime::MIN),
        Told::Time(at) => at,
        Told::Ambiguous => return None,
    };
    let offset = OFFSETS.contains(&offset).then_some(offset)?;
    let offset = chrono::FixedOffset::east_opt(offset * 60)?;
    at.and_local_timezone(offset).single()
}

/// A day of birth whose year has two digits. `Err` with the two years it may be, if `today` they are both behind us, or the error of a
/// text whose first part may be a day.
///
/// Nobody is born ahead of today, so `88-8-8` is in 1988. What may be 1926 or 2026 is not guessed, and neither is `10-8-12`, unless an
/// order says that the year comes first.
pub(super) fn short_birth(
    text: &str,
    order: Option<DateOrder>,
    today: NaiveDate,
) -> Option<Result<NaiveDate, [i32; 2]>> {
    let spelt: String = text
        .trim()
        .chars()
        .map(|c| if matches!(c, '年' | '月') { '-' } else { c })
        .collect();
    let spelt = spelt.trim_end_matches(['日', '号']).trim();
    let separator = spelt.chars().find(|c| matches!(c, '-' | '/' | '.'));
    let parts: Vec<&str> = match separator {
        Some(separator) => spelt.split(separator).map(str::trim).collect(),
        None if spelt.len() == 6 && spelt.is_ascii() => vec![&spelt[..2], &spelt[2..4], &spelt[4..]],
        None => return None,
    };
    let [one, two, three] = parts.as_slice() else {
        return None;
    };
    let number = |part: &str| -> Option<u32> {
        let good = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| good)
    };
    let (a, b, c) = (number(one)?, number(two)?, number(three)?);
    let (year, month, day, width) = match order {
        Some(DateOrder::Dmy) => (c, b, a, three.len()),
        Some(DateOrder::Mdy) => (c, a, b, three.len()),
        Some(DateOrder::Ymd) => (a, b, c, one.len()),
        // beyond 31 it can only be the year
        None if a > 31 => (a, b, c, one.len()),
        None => return None,
    };
    if width != 2 {
        return None;
    }
    let in_century =
        |century: i32| NaiveDate::from_ymd_opt(century + year as i32, month, day).filter(|day| *day <= today);
    match (in_century(1900), in_century(2000)) {
        (Some(_), Some(_)) => Some(Err([1900 + year as i32, 2000 + year as i32])),
        (one, other) => one.or(other).map(Ok),
    }
}

/// `20260105`, `202601051430`, `20260105143000`.
fn compact(text: &str) -> Option<NaiveDateTime> {
    if !text.bytes().all(|b| b.is_ascii_digit()) || !matches!(text.len(), 8 | 12 | 14) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range).map_or(Some(0), |digits| digits.parse().ok());
    let date = NaiveDate::from_ymd_opt(part(0..4)? as i32, part(4..6)?, part(6..8)?)?;
    date.and_hms_opt(part(8..10)?, part(10..12)?, part(12..14)?)
}

/// The day, or that its order has to be said.
fn day(text: &str, order: Option<DateOrder>) -> Option<Result<NaiveDate, ()>> {
    let separator = text.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    let [one, two, three] = parts.as_slice() else {
        return None;
    };
    let number = |part: &str| -> Option<u32> {
        let good = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| good)
    };
    let (a, b, c) = (number(one)?, number(two)?, number(three)?);
    if one.len() == 4 {
        return NaiveDate::from_ymd_opt(a as i32, b, c).map(Ok);
    }
    if three.len() != 4 {
        return None;
    }
    let found = match order {
        Some(DateOrder::Ymd) => return None,
        Some(DateOrder::Dmy) => NaiveDate::from_ymd_opt(c as i32, b, a),
        Some(DateOrder::Mdy) => NaiveDate::from_ymd_opt(c as i32, a, b),
        // a day beyond 12 would tell, but only in some of a file's rows; whoever knows the order says it for all of them
        None => {
            let either = NaiveDate::from_ymd_opt(c as i32, b, a).or(NaiveDate::from_ymd_opt(c as i32, a, b));
            return either.map(|_| Err(()));
        }
    };
    found.map(Ok)
}

/// `14:30`, `14:30:15.250`, `2:30 PM`, `下午2:30`.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let upper = text.to_uppercase();
    let halves = [("上午", 0), ("下午", 12), ("AM", 0), ("PM", 12)];
    let half = halves
        .iter()
        .find(|(word, _)| upper.starts_with(word) || upper.ends_with(word));
    let clock = half.map_or(upper.as_str(), |(word, _)| {
        upper.trim_start_matches(word).trim_end_matches(word)
    });
    let clock = clock.trim().trim_end_matches(':');
    let mut parts = clock.split(':').map(str::trim);
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    // fractions of a second are not kept
    let second: u32 = parts
        .next()
        .map_or(Some(0), |part| part.split('.').next()?.parse().ok())?;
    if parts.next().is_some() {
        return None;
    }
    let hour = match half {
        None => hour,
        Some((_, shift)) if (1..=12).contains(&hour) => hour % 12 + shift,
        Some(_) => return None,
    };
    NaiveTime::from_hms_opt(hour, minute, second)
}

#[cfg(test)]
#[path = "dates_tests.rs"]
mod tests;
