//! Complaints of some days together: what they are about, how fast they are answered, what they cost.

use crate::Complaints;
use crate::error::{AppError, Result};
use crate::team::{Caller, Mask, Rows};
use posthouse_domain::{Day, words};
use posthouse_store::Access;
use posthouse_store::complaints::{self as store, ReportedRow};
use std::collections::HashMap;

/// Most days that are looked at.
const LONGEST: Day = 3_660;
/// Cases read at once.
const CHUNK: i64 = 2_000;
/// Rows of a report: the rest is put together.
const MOST: usize = 100;

/// What cases are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What they are about.
    Cause,
    /// The product.
    Product,
    /// Whose service.
    Supplier,
    /// Who guided the trip.
    Guide,
    /// The desk.
    Desk,
}

impl By {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Cause, Self::Product, Self::Supplier, Self::Guide, Self::Desk];

    /// The name used in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Product => "product",
            Self::Supplier => "supplier",
            Self::Guide => "guide",
            Self::Desk => "desk",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }

    fn of(self, row: &ReportedRow) -> Option<String> {
        match self {
            Self::Cause => row.cause.clone(),
            Self::Product => row.product.clone(),
            Self::Supplier => row.supplier.clone(),
            Self::Guide => row.guide.clone(),
            Self::Desk => Some(row.desk.clone()),
        }
    }
}

/// Cases that have something in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportRow {
    /// What; none where it is not known.
    pub key: Option<String>,
    /// How many.
    pub cases: i64,
    /// Share of all of them together with the rows before, in hundredths: the Pareto line.
    pub cumulative_percent: f64,
    /// How many are open.
    pub open: i64,
    /// How many of them something promised was not done in time for.
    pub breached: i64,
    /// How often they were opened again.
    pub reopened: i64,
    /// Median minutes until the customer first heard something.
    pub response_minutes: Option<i64>,
    /// Median minutes until they were resolved.
    pub resolution_minutes: Option<i64>,
    /// What customers said on average, from 1 to 5.
    pub rating: Option<f64>,
    /// What putting right has cost, in minor units; none for those who see no money.
    pub cost: Option<i64>,
}

/// Cases of some days together.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The first day.
    pub from: Day,
    /// The last.
    pub to: Day,
    /// All of them.
    pub all: ReportRow,
    /// By what was asked for, the most first.
    pub rows: Vec<ReportRow>,
}

#[derive(Default)]
struct Sums {
    row: ReportRow,
    response: Vec<i64>,
    resolution: Vec<i64>,
    ratings: Vec<i32>,
    cost: i64,
}

impl Sums {
    fn add(&mut self, case: &ReportedRow) {
        self.row.cases += 1;
        self.row.open += i64::from(case.is_open);
        self.row.breached += i64::from(case.breached);
        self.row.reopened += i64::from(case.reopened);
        let since = |at: i64| (at - case.opened_at).max(0) / 60_000;
        self.response.extend(case.first_response_at.map(since));
        self.resolution.extend(case.resolved_at.map(since));
        self.ratings.extend(case.rating);
        self.cost = self.cost.saturating_add(case.cost);
    }

    fn row(mut self, sees_money: bool) -> ReportRow {
        let rated = self.ratings.len();
        ReportRow {
            response_minutes: median(&mut self.response),
            resolution_minutes: median(&mut self.resolution),
            rating: (rated > 0).then(|| self.ratings.iter().sum::<i32>() as f64 / rated as f64),
            cost: sees_money.then_some(self.cost),
            ..self.row
        }
    }
}

fn median(values: &mut [i64]) -> Option<i64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable(middle).1)
}

impl Complaints<'_> {
    /// What cases that came on these days have in common.
    ///
    /// # Errors
    /// `bad_days`; `data_masked` for those who do not see every customer.
    pub async fn report(&self, caller: &Caller, (from, to): (Day, Day), by: By) -> Result<Report> {
        if to < from || to - from > LONGEST {
            return Err(AppError::invalid(
                "bad_days",
                words!(
                    "from comes before to, and they are {LONGEST} days apart at most",
                    "from 应早于 to，且相距最多 {LONGEST} 天"
                ),
            ));
        }
        if caller.rows != Rows::All {
            return Err(AppError::Denied(posthouse_domain::Rejection::new(
                "data_masked",
                words!(
                    "reports are about all customers, and you see your own only",
                    "报表涵盖全部客户，而您只能查看自己的客户"
                ),
            )));
        }
        let agency = caller.room.id;
        let (mut groups, mut all) = (HashMap::<Option<String>, Sums>::new(), Sums::default());
        let mut after = None;
        loop {
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            let rows = store::reported(&mut tx, agency, (from, to), after, CHUNK).await?;
            drop(tx);
            for row in &rows {
                groups.entry(by.of(row)).or_default().add(row);
                all.add(row);
            }
            match rows.last().filter(|_| rows.len() == CHUNK as usize) {
                Some(last) => after = Some((last.opened_on, last.id)),
                None => break,
            }
        }
        let sees_money = !caller.is_masked(Mask::Money);
        let mut rows: Vec<ReportRow> = groups
            .into_iter()
            .map(|(key, sums)| ReportRow {
                key,
                ..sums.row(sees_money)
            })
            .collect();
        rows.sort_by(|one, other| other.cases.cmp(&one.cases).then_with(|| one.key.cmp(&other.key)));
        rows.truncate(MOST);
        let (mut so_far, total) = (0, all.row.cases);
        for row in &mut rows {
            so_far += row.cases;
            row.cumulative_percent = so_far as f64 * 100.0 / total.max(1) as f64;
        }
        let mut all = all.row(sees_money);
        all.cumulative_percent = 100.0;
        Ok(Report { from, to, all, rows })
    }
}
