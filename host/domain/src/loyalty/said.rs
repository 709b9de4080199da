//! What a rule says: postings, and the tier a member stands in. Both come from outside and are used for nothing before they were checked.

use crate::{Day, Words, time, words};
use serde::{Deserialize, Serialize};

/// Most points of a posting, and of an account: with an amount of the largest size, a point a minor unit still fits.
pub const LARGEST_POINTS: i64 = 1_000_000_000_000_000;
/// Most postings that one occasion brings.
pub const MOST_POSTINGS: usize = 20;
/// Most days and months that something can last.
const MOST_DAYS: u32 = 36_500;
const MOST_MONTHS: u32 = 1_200;
/// Most bytes of the word for what progress counts.
const MOST_UNIT: usize = 32;

/// Where points are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wallet {
    /// They are spent, and expire.
    Points,
    /// They count towards tiers, and cannot be spent.
    Status,
}

impl Wallet {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Points, Self::Status];

    /// The name used in JSON, WIT and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Status => "status",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wallet| wallet.as_str() == name)
    }
}

/// When what is posted becomes active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// At once.
    Now,
    /// When the trip is over.
    Completed,
    /// On this day.
    On(Day),
}

/// The last day of what is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expiry {
    /// There is none.
    Never,
    /// This day.
    On(Day),
    /// So many days after the one on which it became active.
    Days(u32),
    /// The last day of the so-many-th month after the one in which it became active.
    Months(u32),
}

impl Expiry {
    /// The last day of what became active on `day`; none if there is none, or the calendar ends before.
    pub fn after(self, day: Day) -> Option<Day> {
        match self {
            Self::Never => None,
            Self::On(on) => Some(on),
            Self::Days(days) => i32::try_from(days).ok().and_then(|days| day.checked_add(days)),
            Self::Months(months) => time::last_day_of_month(day, months),
        }
    }
}

/// Points for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Where they go.
    pub wallet: Wallet,
    /// How many, one or more.
    pub points: i64,
    /// When they become active.
    pub active: Activation,
    /// Until when they are.
    pub expires: Expiry,
}

/// How far it is to a higher tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Index into the tiers of the rule.
    pub tier: u16,
    /// What the member has.
    pub have: i64,
    /// What it takes.
    pub need: i64,
    /// What is counted: `status`, `trips`.
    pub unit: String,
}

/// In which tier a member stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Index into the tiers of the rule; none for no tier.
    pub tier: Option<u16>,
    /// The last day on which it is not lowered.
    pub valid_until: Option<Day>,
    /// The way to a higher one.
    pub next: Option<Progress>,
}

type Wrong = (String, Words);

/// Holds postings to the contract; `of_booking` if the occasion is a booking's.
///
/// # Errors
/// The field and what is wrong with it.
pub fn check_postings(postings: &[Posting], of_booking: bool) -> Result<(), Wrong> {
    if postings.len() > MOST_POSTINGS {
        let problem = words!(
            "{count} of them, {MOST_POSTINGS} are the most",
            "有 {count} 笔，上限为 {MOST_POSTINGS}",
            count = postings.len()
        );
        return Err(("postings".to_owned(), problem));
    }
    for (place, posting) in postings.iter().enumerate() {
        let wrong = |field: &str, problem: Words| Err((format!("postings[{place}].{field}"), problem));
        if !(1..=LARGEST_POINTS).contains(&posting.points) {
            let problem = words!(
                "is {points}; it is 1 to {LARGEST_POINTS}",
                "为 {points}；应为 1 到 {LARGEST_POINTS}",
                points = posting.points
            );
            return wrong("points", problem);
        }
        match posting.active {
            Activation::Completed if !of_booking => {
                let problem = words!(
                    "is completed, and the occasion is not about a booking",
                    "为 completed，而此事与订单无关"
                );
                return wrong("active", problem);
            }
            Activation::On(day) => check_day(day).or_else(|problem| wrong("active", problem))?,
            _ => {}
        }
        let too_long = |most: u32| words!("is more than {most}", "超过 {most}");
        match posting.expires {
            Expiry::On(day) => check_day(day).or_else(|problem| wrong("expires", problem))?,
            Expiry::Days(days) if days > MOST_DAYS => return wrong("expires.days", too_long(MOST_DAYS)),
            Expiry::Months(months) if months > MOST_MONTHS => return wrong("expires.months", too_long(MOST_MONTHS)),
            _ => {}
        }
    }
    Ok(())
}

/// Holds a placement to the contract, of a rule with so many tiers.
///
/// # Errors
/// The field and what is wrong with it.
pub fn check_placement(placement: &Placement, tiers: usize) -> Result<(), Wrong> {
    let wrong = |field: &str, problem: Words| Err((field.to_owned(), problem));
    let known = |field: &str, tier: u16| match usize::from(tier) < tiers {
        true => Ok(()),
        false => wrong(
            field,
            words!("is {tier}, there are {tiers} tiers", "为 {tier}，而等级只有 {tiers} 个"),
        ),
    };
    if let Some(tier) = placement.tier {
        known("tier", tier)?;
    }
    if let Some(day) = placement.valid_until {
        check_day(day).or_else(|problem| wrong("valid-until", problem))?;
    }
    let Some(next) = &placement.next else { return Ok(()) };
    known("next.tier", next.tier)?;
    for (field, value) in [("next.have", next.have), ("next.need", next.need)] {
        if !(0..=LARGEST_POINTS).contains(&value) {
            return wrong(
                field,
                words!(
                    "is {value}; it is 0 to {LARGEST_POINTS}",
                    "为 {value}；应为 0 到 {LARGEST_POINTS}"
                ),
            );
        }
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if next.unit.is_empty() || next.unit.len() > MOST_UNIT || !next.unit.bytes().all(letter) {
        return wrong(
            "next.unit",
            words!(
                "must be 1 to {MOST_UNIT} lower-case letters, digits and hyphens",
                "应为 1 到 {MOST_UNIT} 个小写字母、数字或连字符"
            ),
        );
    }
    Ok(())
}

/// Passes a day of the calendar.
fn check_day(day: Day) -> Result<(), Words> {
    match time::is_day(day) {
        true => Ok(()),
        false => Err(words!("is {day}, which no calendar has", "为 {day}，日历中没有这一天")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTING: Posting = Posting {
        wallet: Wallet::Points,
        points: 5,
        active: Activation::Now,
        expires: Expiry::Never,
    };

    #[test]
    fn postings_out_of_bounds_are_named() {
        let good = [
            POSTING,
            Posting {
                active: Activation::Completed,
                expires: Expiry::Months(24),
                ..POSTING
            },
        ];
        assert_eq!(check_postings(&good, true), Ok(()));
        assert_eq!(check_postings(&[], false), Ok(()));
        for (wrong, field) in [
            (Posting { points: 0, ..POSTING }, "postings[0].points"),
            (
                Posting {
                    points: i64::MIN,
                    ..POSTING
                },
                "postings[0].points",
            ),
            (
                Posting {
                    points: LARGEST_POINTS + 1,
                    ..POSTING
                },
                "postings[0].points",
            ),
            (
                Posting {
                    active: Activation::Completed,
                    ..POSTING
                },
                "postings[0].active",
            ),
            (
                Posting {
                    active: Activation::On(i32::MAX),
                    ..POSTING
                },
                "postings[0].active",
            ),
            (
                Posting {
                    expires: Expiry::On(i32::MIN),
                    ..POSTING
                },
                "postings[0].expires",
            ),
            (
                Posting {
                    expires: Expiry::Days(u32::MAX),
                    ..POSTING
                },
                "postings[0].expires.days",
            ),
            (
                Posting {
                    expires: Expiry::Months(u32::MAX),
                    ..POSTING
                },
                "postings[0].expires.months",
            ),
        ] {
            let (found, problem) = check_postings(&[wrong], false).expect_err(field);
            assert_eq!(found, field, "{problem}");
        }
        assert_eq!(
            check_postings(&[POSTING; MOST_POSTINGS + 1], true)
                .expect_err("too many")
                .0,
            "postings"
        );
    }

    #[test]
    fn placements_out_of_bounds_are_named() {
        let next = |tier, have, need, unit: &str| Placement {
            next: Some(Progress {
                tier,
                have,
                need,
                unit: unit.into(),
            }),
            ..Placement::default()
        };
        assert_eq!(check_placement(&Placement::default(), 0), Ok(()));
        assert_eq!(check_placement(&next(1, 0, 20_000, "status"), 2), Ok(()));
        for (wrong, field) in [
            (
                Placement {
                    tier: Some(2),
                    ..Placement::default()
                },
                "tier",
            ),
            (
                Placement {
                    valid_until: Some(i32::MAX),
                    ..Placement::default()
                },
                "valid-until",
            ),
            (next(2, 0, 1, "status"), "next.tier"),
            (next(1, -1, 1, "status"), "next.have"),
            (next(1, 0, i64::MAX, "status"), "next.need"),
            (next(1, 0, 1, "Status"), "next.unit"),
            (next(1, 0, 1, ""), "next.unit"),
        ] {
            let (found, problem) = check_placement(&wrong, 2).expect_err(field);
            assert_eq!(found, field, "{problem}");
        }
    }

    #[test]
    fn what_lasts_for_months_ends_with_a_month() {
        let day = |text| time::parse_day(text).expect("a day");
        assert_eq!(Expiry::Months(24).after(day("2026-01-15")), Some(day("2028-01-31")));
        assert_eq!(Expiry::Months(24).after(day("2026-02-28")), Some(day("2028-02-29")));
        assert_eq!(Expiry::Months(0).after(day("2026-12-31")), Some(day("2026-12-31")));
        assert_eq!(Expiry::Days(30).after(day("2026-01-15")), Some(day("2026-02-14")));
        assert_eq!(Expiry::On(7).after(day("2026-01-15")), Some(7));
        assert_eq!(Expiry::Never.after(0), None);
        assert_eq!(Expiry::Days(u32::MAX).after(0), None);
    }
}
