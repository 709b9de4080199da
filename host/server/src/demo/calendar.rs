//! Public holidays around which the made-up agency holds its campaigns.

use posthouse_domain::{Day, time};
use serde_json::{Value, json};

/// A holiday with its first and last day off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holiday {
    /// For the keys of campaigns, with its year.
    pub(super) key: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) from: Day,
    pub(super) to: Day,
}

/// Those with the same days every year: key, names, month and day, days off.
const FIXED: [(&str, &str, &str, &str, Day); 3] = [
    ("new-year", "元旦", "New Year", "01-01", 3),
    ("labour-day", "劳动节", "Labour Day", "05-01", 5),
    ("golden-week", "国庆黄金周", "Golden Week", "10-01", 7),
];
/// First days of the Chinese year. How many days are off is announced a year before; here they are eight from the eve on.
const SPRING: [(i32, &str); 12] = [
    (2025, "01-29"),
    (2026, "02-17"),
    (2027, "02-06"),
    (2028, "01-26"),
    (2029, "02-13"),
    (2030, "02-03"),
    (2031, "01-23"),
    (2032, "02-11"),
    (2033, "01-31"),
    (2034, "02-19"),
    (2035, "02-08"),
    (2036, "01-28"),
];

fn year_of(day: Day) -> i32 {
    time::day_text(day)
        .get(..4)
        .and_then(|year| year.parse().ok())
        .unwrap_or(1970)
}

/// The holidays of a year, the first of them first.
fn of_year(year: i32) -> Vec<Holiday> {
    let day = |text: &str| time::parse_day(&format!("{year}-{text}"));
    let named = |key: &str, zh: &str, en: &str, from: Day, days: Day| Holiday {
        key: format!("{key}-{year}"),
        zh: format!("{year} {zh}"),
        en: format!("{en} {year}"),
        from,
        to: from + days - 1,
    };
    let fixed = FIXED
        .iter()
        .filter_map(|(key, zh, en, text, days)| Some(named(key, zh, en, day(text)?, *days)));
    let spring = SPRING
        .iter()
        .filter(|(of, _)| *of == year)
        .filter_map(|(_, text)| Some(named("spring-festival", "春节", "Spring Festival", day(text)? - 1, 8)));
    let mut all: Vec<Holiday> = fixed.chain(spring).collect();
    all.sort_by_key(|holiday| holiday.from);
    all
}

/// Holidays that begin from `from` on, within a year.
pub(super) fn coming(from: Day) -> Vec<Holiday> {
    let year = year_of(from);
    let both = of_year(year).into_iter().chain(of_year(year + 1));
    both.filter(|holiday| (from..from + 365).contains(&holiday.from))
        .collect()
}

/// The same holiday one year earlier.
pub(super) fn year_before(holiday: &Holiday) -> Option<Holiday> {
    let (name, year) = holiday.key.rsplit_once('-')?;
    let key = format!("{name}-{}", year.parse::<i32>().ok()? - 1);
    of_year(year.parse::<i32>().ok()? - 1)
        .into_iter()
        .find(|earlier| earlier.key == key)
}

/// Holidays as the plugin `festival` takes them.
pub(super) fn settings(holidays: &[Holiday]) -> Value {
    let one = |holiday: &Holiday| json!({"name": {"zh": holiday.zh, "en": holiday.en}, "from": time::day_text(holiday.from), "to": time::day_text(holiday.to)});
    holidays.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        time::parse_day(text).unwrap()
    }

    #[test]
    fn the_next_holidays_come_in_their_order_with_the_same_a_year_before() {
        let keys = |from: &str| {
            coming(day(from))
                .into_iter()
                .map(|holiday| holiday.key)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            keys("2026-01-15"),
            [
                "spring-festival-2026",
                "labour-day-2026",
                "golden-week-2026",
                "new-year-2027"
            ]
        );
        assert_eq!(keys("2026-11-23")[..2], ["new-year-2027", "spring-festival-2027"]);
        // where the Chinese calendar is not written down the others go on
        assert_eq!(
            keys("2060-06-01"),
            ["golden-week-2060", "new-year-2061", "labour-day-2061"]
        );
        let spring = &coming(day("2026-01-15"))[0];
        assert_eq!((spring.from, spring.to), (day("2026-02-16"), day("2026-02-23")));
        let before = year_before(spring).unwrap();
        assert_eq!(
            (before.key.as_str(), before.from),
            ("spring-festival-2025", day("2025-01-28"))
        );
    }
}
