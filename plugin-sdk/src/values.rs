use std::fmt;
use std::ops::Deref;

/// Money in minor units (fen, cents) of the agency's base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i64);

/// A day in the agency's time zone, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub i32);

/// A share of a price in basis points, hundredths of a per cent: `Rate::percent(10)` is 1000 of them. In settings it is a whole
/// number from 0 to 10000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rate(u32);

/// A text fact. It costs nothing to copy: the text stays where the host put it, and lives as long as the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(pub &'static str);

impl Rate {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The whole price.
    pub const ALL: Self = Self(10_000);

    /// So many basis points.
    ///
    /// # Panics
    /// If it is more than [`Self::ALL`].
    pub const fn basis_points(points: u32) -> Self {
        assert!(
            points <= Self::ALL.0,
            "a rate is 10000 basis points at most, the whole price"
        );
        Self(points)
    }

    /// So many hundredths.
    ///
    /// # Panics
    /// If it is more than 100.
    pub const fn percent(percent: u32) -> Self {
        assert!(percent <= 100, "a rate is 100 per cent at most, the whole price");
        Self(percent * 100)
    }

    /// In basis points.
    pub const fn points(self) -> u32 {
        self.0
    }

    /// This share of a price, rounded towards zero to whole minor units.
    pub fn of(self, price: Money) -> Money {
        let share = i128::from(price.0) * i128::from(self.0) / i128::from(Self::ALL.0);
        // No more than the price, which fits.
        Money(share as i64)
    }
}

impl Day {
    /// The day of a date in the Gregorian calendar; `None` if there is no such date between the years 0 and 9999.
    pub fn of(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years begin in March, so that the leap day is the last of its year (Hinnant's `days_from_civil`).
        let (month, day) = (month as i32, day as i32);
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = Self(era * 146_097 + day_of_era - 719_468);
        (found.date() == (if month <= 2 { year + 1 } else { year }, month as u32, day as u32)).then_some(found)
    }

    /// Year, month (1–12) and day of the month (1–31).
    pub fn date(self) -> (i32, u32, u32) {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (
            year as i32,
            month as u32,
            (day_of_year - (153 * shifted + 2) / 5 + 1) as u32,
        )
    }

    /// Days from the other day to this one; negative if the other is later.
    pub fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads `2026-01-15`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut part = |length: usize| parts.next().filter(|part| part.len() == length)?.parse::<u32>().ok();
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        Self::of(year as i32, month, day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree_over_eight_hundred_years() {
        let mut day = Day::of(1600, 1, 1).unwrap();
        let mut last = (1599, 12, 31);
        while day.date().0 < 2400 {
            let date = day.date();
            assert_eq!(Day::of(date.0, date.1, date.2), Some(day));
            assert!(date > last, "{date:?} follows {last:?}");
            last = date;
            day.0 += 1;
        }
        assert_eq!(Day(0).date(), (1970, 1, 1));
        assert_eq!(Day::parse("2026-01-15"), Some(Day(20_468)));
        assert_eq!(Day(20_468).to_string(), "2026-01-15");
    }

    #[test]
    fn a_share_is_exact_and_never_more_than_the_rate_says() {
        assert_eq!(Rate::percent(8), Rate::basis_points(800));
        assert_eq!(Rate::basis_points(333).of(Money(100)), Money(3));
        assert_eq!(Rate::ALL.of(Money(i64::MAX)), Money(i64::MAX));
        assert_eq!(Rate::percent(50).of(Money(i64::MIN)), Money(i64::MIN / 2));
        assert_eq!(Rate::NONE.of(Money(100)), Money(0));
    }

    #[test]
    #[should_panic(expected = "a rate is 100 per cent at most")]
    fn basis_points_taken_for_per_cent_are_noticed() {
        let _ = Rate::percent(1000);
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-1-5",
            "26-01-05",
            "2026-01-05-1",
            "",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert!(Day::parse("2028-02-29").is_some());
    }
}
