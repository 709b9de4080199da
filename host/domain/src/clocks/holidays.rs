//! Public holidays, and the weekends that are worked in their place.
//!
//! China: the yearly notices of the General Office of the State Council on the arrangement of holidays (国务院办公厅关于部分节假日安排的通知) for 2024
//! (国办发明电〔2023〕7号), 2025 (〔2024〕12号) and 2026 (〔2025〕7号), with the regulation on days off for festivals as amended for 2025 (国务院令第795号).
//! The next year's notice is published each autumn, and a year is added to [`CHINA`] then: the days off that a notice names, weekends among them, and the
//! weekends it has worked. A year without a notice has the days that the regulation itself gives, moved to working days where they fall on weekends.

use crate::Day;
use crate::time::day_from_date;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The last year whose days off the government has announced; those of later years are what the regulation gives.
pub const ANNOUNCED_UNTIL: i32 = 2026;

/// Whose public holidays a calendar keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holidays {
    /// Nobody's.
    #[default]
    None,
    /// The People's Republic of China's.
    China,
}

/// A year's days off, each stretch from its first day to its last, and the weekend days that are worked.
type Year = (i32, &'static [[(u32, u32); 2]], &'static [(u32, u32)]);

const CHINA: [Year; 4] = [
    (
        2024,
        &[
            [(1, 1), (1, 1)],
            [(2, 10), (2, 17)],
            [(4, 4), (4, 6)],
            [(5, 1), (5, 5)],
            [(6, 10), (6, 10)],
            [(9, 15), (9, 17)],
            [(10, 1), (10, 7)],
        ],
        &[(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)],
    ),
    (
        2025,
        &[
            [(1, 1), (1, 1)],
            [(1, 28), (2, 4)],
            [(4, 4), (4, 6)],
            [(5, 1), (5, 5)],
            [(5, 31), (6, 2)],
            [(10, 1), (10, 8)],
        ],
        &[(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)],
    ),
    (
        2026,
        &[
            [(1, 1), (1, 3)],
            [(2, 15), (2, 23)],
            [(4, 4), (4, 6)],
            [(5, 1), (5, 5)],
            [(6, 19), (6, 21)],
            [(9, 25), (9, 27)],
            [(10, 1), (10, 7)],
        ],
        &[(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
    ),
    (
        2027,
        &[
            [(1, 1), (1, 1)],
            [(2, 5), (2, 10)],
            [(4, 5), (4, 5)],
            [(5, 1), (5, 4)],
            [(6, 9), (6, 9)],
            [(9, 15), (9, 15)],
            [(10, 1), (10, 5)],
        ],
        &[],
    ),
];

/// Days off and days worked, in their order.
struct Days {
    off: Vec<Day>,
    worked: Vec<Day>,
}

static IN_CHINA: LazyLock<Days> = LazyLock::new(|| {
    let day = |year, (month, day): (u32, u32)| NaiveDate::from_ymd_opt(year, month, day).map(day_from_date);
    let (mut off, mut worked) = (Vec::new(), Vec::new());
    for (year, stretches, weekends) in CHINA {
        for [first, last] in stretches {
            // every date of the table is one; a test reads them all
            if let (Some(first), Some(last)) = (day(year, *first), day(year, *last)) {
                off.extend(first..=last);
            }
        }
        worked.extend(weekends.iter().filter_map(|weekend| day(year, *weekend)));
    }
    Days { off, worked }
});

impl Holidays {
    /// Whether a day is off (`Some(false)`) or worked (`Some(true)`) whatever day of the week it is.
    pub(super) fn worked(self, day: Day) -> Option<bool> {
        match self {
            Self::None => None,
            Self::China if IN_CHINA.off.binary_search(&day).is_ok() => Some(false),
            Self::China if IN_CHINA.worked.binary_search(&day).is_ok() => Some(true),
            Self::China => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{date_from_day, parse_day};
    use chrono::{Datelike, Weekday};

    fn is_weekend(day: Day) -> bool {
        matches!(date_from_day(day).weekday(), Weekday::Sat | Weekday::Sun)
    }

    #[test]
    fn each_notice_gives_as_many_days_as_it_says() {
        for (year, off, worked) in [(2024, 28, 8), (2025, 28, 5), (2026, 33, 6), (2027, 19, 0)] {
            let of_year = |days: &[Day]| {
                let own = days.iter().filter(|day| date_from_day(**day).year() == year);
                own.count()
            };
            assert_eq!(of_year(&IN_CHINA.off), off, "{year}");
            assert_eq!(of_year(&IN_CHINA.worked), worked, "{year}");
        }
        assert!(IN_CHINA.off.is_sorted_by(|one, next| one < next));
        assert!(IN_CHINA.worked.is_sorted_by(|one, next| one < next));
        assert!(IN_CHINA.worked.iter().all(|day| is_weekend(*day)));
        assert!(IN_CHINA.worked.iter().all(|day| !IN_CHINA.off.contains(day)));
    }

    #[test]
    fn days_are_told_as_they_are_lived() {
        let worked = |text: &str| Holidays::China.worked(parse_day(text).unwrap_or_default());
        assert_eq!(worked("2026-02-17"), Some(false));
        assert_eq!(worked("2026-02-14"), Some(true));
        assert_eq!(worked("2026-02-24"), None);
        assert_eq!(Holidays::None.worked(parse_day("2026-02-17").unwrap_or_default()), None);
    }
}
