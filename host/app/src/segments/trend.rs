//! How many were in each segment at the ends of the last months.

use super::SEGMENTATION;
use super::past::{Division, InForce, cut, division, in_force};
use crate::Segments;
use crate::error::{AppError, Result};
use crate::rules::pointer::find;
use crate::team::Caller;
use posthouse_domain::{Day, Localized, time, words};
use posthouse_store::{Access, history};

/// Most months that are looked back.
const MOST_MONTHS: u32 = 36;

/// A segment over the months.
#[derive(Debug, Clone)]
pub struct TrendSegment {
    /// Its key. Segments of the same key are the same segment, whatever rule made them.
    pub key: String,
    /// Its title, by the latest rule that has it.
    pub title: Localized,
    /// Members at the end of each of the days.
    pub members: Vec<u64>,
}

/// How many were in each segment of a binding, at the end of each of the last months and now.
#[derive(Debug, Clone)]
pub struct Trend {
    /// The binding.
    pub binding: String,
    /// The last days of months, the earliest first, and today.
    pub days: Vec<Day>,
    /// Number of the revision in force at the end of each day; none if the binding did not exist yet.
    pub revisions: Vec<Option<i64>>,
    /// Customers at the end of each day.
    pub customers: Vec<u64>,
    /// The segments: those of the rule in force now in its order, then those that only earlier rules had.
    pub segments: Vec<TrendSegment>,
}

impl Segments<'_> {
    /// How many were in each segment of a binding at the ends of the last months, and now.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such binding; `bad_range` for more months than 36, or none.
    pub async fn trend(&self, caller: &Caller, binding: &str, months: u32) -> Result<Trend> {
        if !(1..=MOST_MONTHS).contains(&months) {
            return Err(AppError::invalid(
                "bad_range",
                words!(
                    "{months} months cannot be looked back; ask for 1 to {MOST_MONTHS}",
                    "无法回看 {months} 个月；请查询 1 到 {MOST_MONTHS} 个月"
                ),
            ));
        }
        let (agency, zone) = (caller.room.id, caller.room.terms.time_zone);
        let today = self.moment(&caller.room).today;
        let days = days(today, months);
        // all of them from one snapshot
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        find(&mut tx, agency, SEGMENTATION, binding).await?;
        let mut found: Vec<(Option<InForce>, Division, u64)> = Vec::with_capacity(days.len());
        for day in &days {
            let at = time::start_of_day(day + 1, zone) - 1;
            let cut = cut(&mut tx, agency, binding, at).await?;
            let rule = in_force(&mut tx, agency, binding, cut).await?;
            let division = division(&mut tx, agency, binding, cut, None).await?;
            let customers = history::customers_by(&mut tx, agency, at).await?;
            found.push((rule, division, customers.max(0).unsigned_abs()));
        }
        drop(tx);
        let mut segments: Vec<TrendSegment> = Vec::new();
        for def in found
            .iter()
            .rev()
            .filter_map(|(rule, ..)| rule.as_ref())
            .flat_map(|rule| &rule.segments)
        {
            if !segments.iter().any(|segment| segment.key == def.key) {
                let members = found
                    .iter()
                    .map(|(_, division, _)| division.get(&def.key).map_or(0, |members| members.len()));
                segments.push(TrendSegment {
                    key: def.key.clone(),
                    title: def.title.clone(),
                    members: members.collect(),
                });
            }
        }
        Ok(Trend {
            binding: binding.to_owned(),
            revisions: found
                .iter()
                .map(|(rule, ..)| rule.as_ref().map(|rule| rule.revision))
                .collect(),
            customers: found.iter().map(|(_, _, customers)| *customers).collect(),
            days,
            segments,
        })
    }
}

/// The last days of so many months before this one, and today.
fn days(today: Day, months: u32) -> Vec<Day> {
    let firsts = time::first_days_of_months(today, months);
    firsts.into_iter().map(|first| first - 1).chain([today]).collect()
}

#[cfg(test)]
mod tests {
    use super::days;
    use posthouse_domain::time::{day_text, parse_day};

    #[test]
    fn months_end_on_their_last_day() {
        let texts = |today: &str, months| {
            let days = days(parse_day(today).expect("a day"), months);
            days.into_iter().map(day_text).collect::<Vec<_>>()
        };
        assert_eq!(
            texts("2026-03-15", 3),
            ["2025-12-31", "2026-01-31", "2026-02-28", "2026-03-15"]
        );
        assert_eq!(texts("2026-03-01", 1), ["2026-02-28", "2026-03-01"]);
        assert_eq!(texts("2024-03-31", 1), ["2024-02-29", "2024-03-31"]);
    }
}
