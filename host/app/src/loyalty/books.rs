//! The books: what is outstanding and what it is worth, what moved in a period, and how much of it nobody will ever spend.

use super::programme::Programme;
use crate::Loyalty;
use crate::error::{AppError, Result, Soon, soon};
use crate::team::{Caller, Mask};
use posthouse_domain::{Day, time, words};
use posthouse_store::loyalty::{self as store, MovementRow};
use posthouse_store::{Access, Tx};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far back is looked for what expired, in days.
const BASIS: Day = 730;
/// Longest period of movements, in days.
const LONGEST: Day = 3_660;

/// Points that are outstanding, of members of a tier and ending in the same month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outstanding {
    /// Key of the tier; none for members without one.
    pub tier: Option<String>,
    /// First day of the month in which they end; none for what has no end, or has not begun.
    pub month: Option<Day>,
    /// What can be spent or is set aside.
    pub available: i64,
    /// What waits.
    pub pending: i64,
    /// What all of it is worth, in minor units.
    pub value: i64,
}

/// How much of what is outstanding nobody is expected to spend, and from what that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakage {
    /// The first day that was looked at.
    pub from: Day,
    /// The last.
    pub to: Day,
    /// What expired or was forfeited then.
    pub expired: i64,
    /// What was spent then.
    pub spent: i64,
    /// What share of what ended then had expired, in parts of 10,000; none if nothing ended.
    pub rate: Option<i64>,
    /// How many of the outstanding points that are.
    pub points: i64,
    /// What they are worth, in minor units.
    pub value: i64,
}

/// What is outstanding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liability {
    /// The day.
    pub on: Day,
    /// What can be spent or is set aside.
    pub available: i64,
    /// What waits.
    pub pending: i64,
    /// What members owe.
    pub owed: i64,
    /// What all of it is worth, less what is owed, in minor units.
    pub value: i64,
    /// Minor units that a hundred points are worth.
    pub value_of_100: i64,
    /// By tier and month. Nothing for a past day.
    pub rows: Vec<Outstanding>,
    /// What of it nobody will spend.
    pub breakage: Breakage,
}

/// What moved in one way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Movement {
    /// The kind of the lines.
    pub kind: String,
    /// Of what waits.
    pub pending: i64,
    /// Of what can be spent.
    pub available: i64,
    /// Of what is set aside.
    pub held: i64,
    /// Of what is owed.
    pub owed: i64,
    /// How many lines.
    pub lines: i64,
}

impl Movement {
    fn add(&mut self, row: &MovementRow) {
        self.pending += row.pending;
        self.available += row.available;
        self.held += row.held;
        self.owed += row.owed;
        self.lines += row.lines;
    }
}

/// What moved in a period: opening and movements are the closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movements {
    /// What there was on the evening before.
    pub opening: Movement,
    /// What moved, by kind.
    pub rows: Vec<Movement>,
    /// What there was on the last evening.
    pub closing: Movement,
}

/// What points are worth in minor units, cut off.
pub(super) fn worth(points: i64, value_of_100: i64) -> i64 {
    let value = i128::from(points) * i128::from(value_of_100) / 100;
    i64::try_from(value).unwrap_or(if points < 0 { i64::MIN } else { i64::MAX })
}

fn sum(rows: &[MovementRow], kind: &str) -> Movement {
    let mut sum = Movement {
        kind: kind.to_owned(),
        ..Movement::default()
    };
    for row in rows.iter().filter(|row| row.wallet == "points") {
        sum.add(row);
    }
    sum
}

fn moved(rows: &[MovementRow], kinds: &[&str], of: impl Fn(&MovementRow) -> i64) -> i64 {
    let own = rows
        .iter()
        .filter(|row| row.wallet == "points" && kinds.contains(&row.kind.as_str()));
    own.map(of).sum()
}

/// What ended in the past, from which follows how much of what is outstanding nobody is expected to spend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis {
    from: Day,
    expired: i64,
    spent: i64,
    /// In parts of 10,000; a share of what ended, which nobody knows where nothing did.
    pub(super) rate: Option<i64>,
}

impl Basis {
    pub(super) async fn read(tx: &mut Tx, agency: Uuid, on: Day) -> Result<Self> {
        let from = on.saturating_sub(BASIS - 1);
        let past = store::movements(tx, agency, (from, on)).await?;
        let expired = -moved(&past, &["expired", "forfeited"], |row| row.available + row.pending);
        let spent = -moved(&past, &["redeemed", "returned"], |row| row.available + row.held);
        let ended = expired + spent;
        Ok(Self {
            from,
            expired,
            spent,
            rate: (ended > 0).then(|| (i128::from(expired) * 10_000 / i128::from(ended)) as i64),
        })
    }

    /// How many of so many points nobody is expected to spend.
    pub(super) fn of(&self, points: i64) -> i64 {
        self.rate
            .map_or(0, |rate| (i128::from(points) * i128::from(rate) / 10_000) as i64)
    }
}

impl Loyalty<'_> {
    /// What is outstanding today or was on the evening of a past day, in points and money.
    ///
    /// # Errors
    /// `data_masked`; [`AppError::NotFound`] before there is a programme; `as_of_in_future`.
    pub fn liability<'s>(&'s self, caller: &'s Caller, as_of: Option<Day>) -> Soon<'s, Liability> {
        soon(self.read_liability(caller, as_of))
    }

    async fn read_liability(&self, caller: &Caller, as_of: Option<Day>) -> Result<Liability> {
        caller.must_see(&[Mask::Money])?;
        let (agency, today) = (caller.room.id, self.moment(caller).today);
        let on = as_of.unwrap_or(today);
        if on > today {
            return Err(AppError::invalid(
                "as_of_in_future",
                words!(
                    "as_of is in the future; ask for today or a past day",
                    "as_of 在将来；请查询今天或过去的日期"
                ),
            ));
        }
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let programme = store::programme(&mut tx, agency).await?;
        let programme = Programme::try_from(programme.ok_or(AppError::NotFound("programme"))?)?;
        let total = sum(&store::movements(&mut tx, agency, (Day::MIN, on)).await?, "");
        let basis = Basis::read(&mut tx, agency, on).await?;
        let mut months: BTreeMap<(Option<String>, Option<Day>), (i64, i64)> = BTreeMap::new();
        if on == today {
            for row in store::outstanding(&mut tx, agency).await? {
                let month = row.until_on.map(time::first_of_month);
                let sums = months.entry((row.tier, month)).or_default();
                *sums = (sums.0 + row.available, sums.1 + row.pending);
            }
        }
        let value = |points| worth(points, programme.value_of_100);
        let outstanding = total.available + total.held + total.pending;
        let points = basis.of(outstanding);
        Ok(Liability {
            on,
            available: total.available + total.held,
            pending: total.pending,
            owed: total.owed,
            value: value(outstanding - total.owed),
            value_of_100: programme.value_of_100,
            rows: months
                .into_iter()
                .filter(|(_, sums)| *sums != (0, 0))
                .map(|((tier, month), (available, pending))| Outstanding {
                    tier,
                    month,
                    available,
                    pending,
                    value: value(available + pending),
                })
                .collect(),
            breakage: Breakage {
                from: basis.from,
                to: on,
                expired: basis.expired,
                spent: basis.spent,
                rate: basis.rate,
                points,
                value: value(points),
            },
        })
    }

    /// What moved on days from the first to the last, from the opening to the closing balance.
    ///
    /// # Errors
    /// `data_masked`; `bad_period`.
    pub fn movements<'s>(&'s self, caller: &'s Caller, days: (Day, Day)) -> Soon<'s, Movements> {
        soon(self.read_movements(caller, days))
    }

    async fn read_movements(&self, caller: &Caller, (from, to): (Day, Day)) -> Result<Movements> {
        caller.must_see(&[Mask::Money])?;
        if to < from || to.saturating_sub(from) > LONGEST {
            return Err(AppError::invalid(
                "bad_period",
                words!(
                    "to is before from, or more than {LONGEST} days behind it",
                    "to 早于 from，或相距超过 {LONGEST} 天"
                ),
            ));
        }
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let before = store::movements(&mut tx, agency, (Day::MIN, from.saturating_sub(1))).await?;
        let within = store::movements(&mut tx, agency, (from, to)).await?;
        let opening = sum(&before, "opening");
        let mut closing = Movement {
            kind: "closing".to_owned(),
            ..opening.clone()
        };
        let mut rows = Vec::new();
        for row in within.iter().filter(|row| row.wallet == "points") {
            closing.add(row);
            let mut movement = Movement {
                kind: row.kind.clone(),
                ..Movement::default()
            };
            movement.add(row);
            rows.push(movement);
        }
        Ok(Movements { opening, rows, closing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_worth_money_and_more_than_fits_is_the_most() {
        assert_eq!(worth(62_480, 100), 62_480);
        assert_eq!(worth(199, 50), 99);
        assert_eq!(worth(-150, 100), -150);
        assert_eq!(worth(i64::MAX, 1_000), i64::MAX);
    }
}
