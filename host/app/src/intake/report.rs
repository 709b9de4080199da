//! What an import, or a dry run, found: what one reads before a file lands, and after it.
//!
//! It grows with every slice and is stored with it, so it has bounds of its own whatever the file says.

use super::Outcome;
use super::files::reader::ReadRow;
use super::understood::{self, UnderstoodRow};
use crate::Allowances;
use posthouse_domain::record::Body;
use posthouse_domain::row::FileKind;
use posthouse_domain::{AgencyTerms, Day, Record, Words, time};
use serde::{Deserialize, Serialize};

/// Examples of each code.
const EXAMPLES: usize = 3;
/// Most codes told apart; there are fewer. Of warnings, codes and columns.
const CODES: usize = 50;
/// Rows shown as they were understood.
const ROWS: usize = 3;
/// Names shown.
const NAMES: usize = 5;
/// Most currencies told apart; rows of others are counted under none.
const CURRENCIES: usize = 30;
/// Most months told apart, by currency; rows of others are counted under no month.
const MONTHS: usize = 240;
/// Most warnings of a job that are kept to be fetched; all of them are counted.
pub(super) const WARNINGS_KEPT: i64 = 100_000;

/// How many rejected rows of a file are kept, and how many bytes of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rejects {
    rows: i64,
    bytes: i64,
}

impl Rejects {
    /// Of a file of so many bytes: what it says may come back, and something beside it.
    pub(super) fn of(allowances: &Allowances, size: i64) -> Self {
        let beside = i64::try_from(allowances.rejected_bytes).unwrap_or(i64::MAX);
        Self {
            rows: allowances.rejected_rows.into(),
            bytes: size.saturating_add(beside),
        }
    }
}

/// What was found beyond the counts of the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// New customers.
    pub customers_new: i64,
    /// Customers known before whom something was added to.
    pub customers_joined: i64,
    /// New bookings.
    pub bookings_new: i64,
    /// Bookings known before that changed.
    pub bookings_changed: i64,
    /// The first rows, as they were understood.
    pub first_rows: Vec<UnderstoodRow>,
    /// The first names.
    pub names: Vec<String>,
    /// The earliest day on which a row was booked, or since when a customer is one.
    pub first_day: Option<Day>,
    /// The latest one.
    pub last_day: Option<Day>,
    /// Bookings by currency, as the file has them, whatever their status.
    pub totals: Vec<Total>,
    /// The same by month of booking, the earliest first.
    pub months: Vec<Total>,
    /// Rejected rows that are kept to be fetched.
    pub rejected_kept: i64,
    /// Their bytes.
    pub rejected_bytes: i64,
    /// A rejected row was not kept.
    pub rejected_full: bool,
    /// Why rows are rejected.
    pub rejections: Vec<Group>,
    /// Why cells are left out, and which of them belong to two people.
    pub warnings: Vec<Group>,
    /// Cells left out.
    pub cells_left_out: i64,
    /// Telephones and addresses of two people. With the cells left out, at most `WARNINGS_KEPT` can be fetched.
    pub contacts_shared: i64,
}

/// Rows of bookings that are not rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Such as `2025-02`; none for the months that there is no room for, and where it does not matter.
    pub month: Option<String>,
    /// Currency of the amounts; none for the currencies that there is no room for.
    pub currency: Option<String>,
    /// How many rows.
    pub rows: i64,
    /// Sum of their amounts in minor units.
    pub amount: i64,
}

/// Rows with one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Stable code.
    pub code: String,
    /// The header of the column, of cells that are left out.
    #[serde(default)]
    pub column: Option<String>,
    /// How many rows.
    pub rows: i64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// A row with a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Row of the file, the first being 1.
    pub row: i64,
    /// What is wrong and what to do.
    pub detail: Words,
}

impl Report {
    /// Leaves out what single rows and sums of them say; of one's own file only what names others.
    pub(super) fn leave_out_rows(&mut self, is_own: bool) {
        for group in self.rejections.iter_mut().chain(&mut self.warnings) {
            group.examples.clear();
        }
        if !is_own {
            self.first_rows.clear();
            self.names.clear();
            self.totals.clear();
            self.months.clear();
        }
    }

    /// Takes note of a row and what became of it.
    pub(super) fn note(&mut self, kind: FileKind, row: &ReadRow, outcome: &Outcome, terms: &AgencyTerms) {
        let record = match (outcome, &row.record) {
            (Outcome::Rejected(rejection), _) | (_, Err(rejection)) => {
                add(
                    &mut self.rejections,
                    &rejection.code,
                    None,
                    row.row_no,
                    &rejection.detail,
                );
                return;
            }
            (_, Ok(record)) => record,
        };
        for warning in &row.warnings {
            let count = if warning.left_out {
                &mut self.cells_left_out
            } else {
                &mut self.contacts_shared
            };
            *count += 1;
            let column = Some(warning.header.as_str());
            add(
                &mut self.warnings,
                &warning.why.code,
                column,
                row.row_no,
                &warning.why.detail,
            );
        }
        if self.first_rows.len() < ROWS {
            self.first_rows.push(understood::row(kind, row, record, terms));
        }
        if self.names.len() < NAMES
            && let Some(name) = record.attributes.iter().find(|told| told.key == "name")
            && !self.names.contains(&name.value)
        {
            self.names.push(name.value.clone());
        }
        if let Some(day) = record
            .customer_since
            .or(matches!(record.body, Body::Booking(_)).then_some(record.on))
        {
            self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
            self.last_day = Some(self.last_day.map_or(day, |last| last.max(day)));
        }
        if matches!(record.body, Body::Booking(_)) {
            self.count(record, terms);
        }
    }

    fn count(&mut self, record: &Record, terms: &AgencyTerms) {
        let (currency, amount) = understood::price(record, terms);
        let (currency, amount) = (Some(currency.as_str()), amount.unwrap_or(0));
        sum(&mut self.totals, None, currency, amount, CURRENCIES);
        let month = time::day_text(record.on);
        sum(&mut self.months, month.get(..7), currency, amount, MONTHS);
    }

    /// Takes note of a rejected row of so many bytes that is to be kept; `false` if there is no room for it.
    pub(super) fn keep_rejected(&mut self, bytes: usize, most: Rejects) -> bool {
        let after = self.rejected_bytes.saturating_add(bytes as i64);
        // what comes later is shorter perhaps, but then nobody could say from where on rows are missing
        let fits = self.rejected_kept < most.rows && after <= most.bytes && !self.rejected_full;
        if fits {
            (self.rejected_kept, self.rejected_bytes) = (self.rejected_kept + 1, after);
        } else {
            self.rejected_full = true;
        }
        fits
    }

    /// How many more warnings may be kept.
    pub(super) fn room_for_warnings(&self) -> i64 {
        (WARNINGS_KEPT - self.cells_left_out - self.contacts_shared).max(0)
    }
}

/// Adds a row to its total, or to the one for all that there is no room for. Totals stay in order.
fn sum(totals: &mut Vec<Total>, month: Option<&str>, currency: Option<&str>, amount: i64, most: usize) {
    fn key(total: &Total) -> (Option<&str>, Option<&str>) {
        (total.month.as_deref(), total.currency.as_deref())
    }
    let wanted = (month, currency);
    let place = match totals.binary_search_by(|total| key(total).cmp(&wanted)) {
        Ok(place) => place,
        Err(_) if totals.len() >= most && wanted != (None, None) => {
            // no currency in it: sums of several mean nothing
            return sum(totals, None, None, 0, usize::MAX);
        }
        Err(place) => {
            let new = Total {
                month: month.map(str::to_owned),
                currency: currency.map(str::to_owned),
                ..Total::default()
            };
            totals.insert(place, new);
            place
        }
    };
    let total = &mut totals[place];
    total.rows += 1;
    total.amount = total.amount.saturating_add(amount);
}

fn add(groups: &mut Vec<Group>, code: &str, column: Option<&str>, row: i64, detail: &Words) {
    let same = |group: &Group| group.code == code && group.column.as_deref() == column;
    let at = match groups.iter().position(same) {
        Some(at) => at,
        None if groups.len() < CODES => {
            groups.push(Group {
                code: code.to_owned(),
                column: column.map(str::to_owned),
                rows: 0,
                examples: Vec::new(),
            });
            groups.len() - 1
        }
        None => return,
    };
    let group = &mut groups[at];
    group.rows += 1;
    if group.examples.len() < EXAMPLES {
        let detail = detail.clone();
        group.examples.push(Example { row, detail });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_exact_in_order_and_bounded() {
        let mut totals = Vec::new();
        for (month, currency, amount) in [
            ("2025-02", "USD", 5),
            ("2025-01", "CNY", 7),
            ("2025-02", "CNY", 1),
            ("2025-02", "USD", 6),
        ] {
            sum(&mut totals, Some(month), Some(currency), amount, 3);
        }
        let found: Vec<_> = totals
            .iter()
            .map(|t| {
                (
                    t.month.as_deref().unwrap(),
                    t.currency.as_deref().unwrap(),
                    t.rows,
                    t.amount,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("2025-01", "CNY", 1, 7),
                ("2025-02", "CNY", 1, 1),
                ("2025-02", "USD", 2, 11)
            ]
        );
        for month in ["2025-03", "2025-04"] {
            sum(&mut totals, Some(month), Some("CNY"), 9, 3);
        }
        assert_eq!(
            (totals.len(), totals[0].rows, totals[0].amount),
            (4, 2, 0),
            "the rest is counted, not added"
        );
        assert_eq!((&totals[0].month, &totals[0].currency), (&None, &None));
        sum(&mut totals, Some("2025-01"), Some("CNY"), i64::MAX, 3);
        assert_eq!(totals[1].amount, i64::MAX, "no overflow");
    }

    #[test]
    fn groups_are_bounded_and_keep_counting() {
        let mut groups = Vec::new();
        for row in 0..1_000 {
            add(
                &mut groups,
                "bad_date",
                Some(&format!("h{}", row % 60)),
                row,
                &Words::default(),
            );
        }
        assert_eq!(groups.len(), CODES);
        assert_eq!((groups[0].rows, groups[0].examples.len()), (17, EXAMPLES));
    }

    #[test]
    fn reports_of_earlier_versions_are_read() {
        let old = r#"{"customers_new":1,"customers_joined":2,"bookings_new":3,"bookings_changed":4,
                      "rejections":[{"code":"bad_date","rows":1,"examples":[{"row":2,"detail":"x"}]}]}"#;
        let report: Report = serde_json::from_str(old).expect("a report");
        assert_eq!((report.bookings_changed, report.rejections[0].rows), (4, 1));
    }
}
