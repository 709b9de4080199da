use crate::Said;
use crate::said::said;

/// Milliseconds of a day.
pub const MILLIS: i64 = 86_400_000;

/// The day of a date like `2026-01-15`, as days since 1970-01-01; nothing if there is no such date from 1900 to 2999.
pub fn day(text: &str) -> Option<i32> {
    let mut parts = text.splitn(3, '-');
    let mut part = |length: usize| {
        let digits = parts
            .next()
            .filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<i32>().ok()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1900..3000).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last of its year (Hinnant's `days_from_civil`).
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468)
}

/// The date of a day, as `2026-01-15`; beyond the years 1900 to 2999 the number itself.
pub(crate) fn text(days: i32) -> String {
    // the reverse of the above (Hinnant's `civil_from_days`)
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    match year {
        1900..3000 => format!("{year:04}-{month:02}-{day_of_month:02}"),
        _ => days.to_string(),
    }
}

/// A day as the cases write it: a date, or a number of days since 1970.
pub(crate) fn read(json: &serde_json::Value) -> Result<i32, Said> {
    let found = match json {
        serde_json::Value::String(text) => day(text),
        other => other.as_i64().and_then(|day| i32::try_from(day).ok()),
    };
    found.ok_or_else(|| {
        said!(
            "must be a day like 2026-01-15, it is {json}",
            "应为 2026-01-15 这样的日期，现为 {json}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2026-01-15", Some(20_468)),
            ("2000-02-29", Some(11_016)),
            ("1900-02-29", None),
            ("2026-02-29", None),
            ("2026-04-31", None),
            ("2026-13-01", None),
            ("2026-00-10", None),
            ("2026-1-5", None),
            ("+026-01-05", None),
            ("2026-01-05-1", None),
            ("1899-12-31", None),
            ("3000-01-01", None),
            ("", None),
        ] {
            assert_eq!(day(text), days, "{text}");
        }
    }

    #[test]
    fn days_are_written_as_they_are_read() {
        let (first, last) = (day("1900-01-01").expect("a day"), day("2999-12-31").expect("a day"));
        for days in first..=last {
            assert_eq!(day(&text(days)), Some(days));
        }
        assert_eq!(
            [text(first - 1), text(last + 1)],
            [(first - 1).to_string(), (last + 1).to_string()]
        );
    }
}
