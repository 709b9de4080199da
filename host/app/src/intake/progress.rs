//! How far an import has come: what it found, and whom it has touched so far, so that nobody is counted twice.
//!
//! Both are stored in the transaction that lands a slice. Whoever resumes the job goes on from there, and comes to the same report.

use super::Outcome;
use super::files::reader::{ReadRow, Slice};
use super::report::{Rejects, Report};
use crate::error::{AppError, Result};
use posthouse_domain::row::FileKind;
use posthouse_domain::{AgencyTerms, Rejection};
use posthouse_store::Tx;
use posthouse_store::import_notes::{self as notes, ImportErrorRow, ImportWarningRow, TouchedRow};
use posthouse_store::imports::ImportRow;
use roaring::RoaringTreemap;

/// Whom and what landing a batch touched.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// The ordinals of customers, and whether they are new.
    pub(crate) customers: Vec<(i64, bool)>,
    /// The numbers of bookings, and whether they are new.
    pub(crate) bookings: Vec<(i64, bool)>,
}

/// What a real import has come to.
#[derive(Debug, Default)]
pub(super) struct Progress {
    report: Report,
    customers: RoaringTreemap,
    bookings: RoaringTreemap,
    /// A version that kept no report has landed some of its rows.
    without_report: bool,
}

/// What a slice adds, until it is committed.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) report: Report,
    customers: RoaringTreemap,
    bookings: RoaringTreemap,
}

impl Progress {
    /// Reads how far a job has come.
    pub(super) async fn load(tx: &mut Tx, job: &ImportRow) -> Result<Self> {
        let mut progress = Self {
            without_report: job.report.is_none() && job.rows_done > 0,
            ..Self::default()
        };
        if let Some(text) = &job.report {
            progress.report = serde_json::from_str(text).map_err(AppError::corrupt("report"))?;
        }
        let bitmap = |bytes: &[u8]| {
            RoaringTreemap::deserialize_from(bytes)
                .map_err(|e| AppError::Internal(format!("a bitmap of an import is corrupt: {e}")))
        };
        for row in notes::touched(tx, job.agency_id, job.id).await? {
            progress.customers |= bitmap(&row.customers)?;
            progress.bookings |= bitmap(&row.bookings)?;
        }
        Ok(progress)
    }

    /// What a slice that touches them comes to.
    pub(super) fn step(&self, touched: &Touched) -> Step {
        let mut report = self.report.clone();
        let count = |all: &[(i64, bool)], before: &RoaringTreemap, new: &mut i64, joined: &mut i64| {
            let mut keys = RoaringTreemap::new();
            for (key, is_new) in all {
                let key = u64::try_from(*key).unwrap_or(0);
                match (is_new, before.contains(key)) {
                    (true, _) => *new += 1,
                    (false, false) => *joined += 1,
                    (false, true) => continue,
                }
                keys.insert(key);
            }
            keys
        };
        Step {
            customers: count(
                &touched.customers,
                &self.customers,
                &mut report.customers_new,
                &mut report.customers_joined,
            ),
            bookings: count(
                &touched.bookings,
                &self.bookings,
                &mut report.bookings_new,
                &mut report.bookings_changed,
            ),
            report,
        }
    }

    /// Takes a step that was committed.
    pub(super) fn take(&mut self, step: Step) {
        self.report = step.report;
        self.customers |= step.customers;
        self.bookings |= step.bookings;
    }

    /// The report as it is stored, if it is one of the whole file.
    pub(super) fn stored(&self, report: &Report) -> Result<Option<String>> {
        if self.without_report {
            return Ok(None);
        }
        serde_json::to_string(report)
            .map(Some)
            .map_err(AppError::corrupt("report"))
    }
}

impl Step {
    /// Stores whom the slice touched, under the rows that are done with it.
    pub(super) async fn put(&self, tx: &mut Tx, job: &ImportRow) -> Result<()> {
        if self.customers.is_empty() && self.bookings.is_empty() {
            return Ok(());
        }
        let bytes = |bitmap: &RoaringTreemap| {
            let mut bytes = Vec::with_capacity(bitmap.serialized_size());
            bitmap.serialize_into(&mut bytes).map(|()| bytes)
        };
        let (Ok(customers), Ok(bookings)) = (bytes(&self.customers), bytes(&self.bookings)) else {
            return Err(AppError::Internal("a bitmap cannot be written".into()));
        };
        let row = TouchedRow { customers, bookings };
        Ok(notes::put_touched(tx, job.agency_id, job.id, job.rows_done, &row).await?)
    }
}

/// What became of the rows of a slice.
#[derive(Debug, Default)]
pub(super) struct Tally {
    landed: i64,
    known: i64,
    warned: i64,
    rejected: i64,
    /// The rows that are rejected, as far as there is room for them.
    pub(super) errors: Vec<ImportErrorRow>,
    /// The cells that are left out.
    pub(super) warnings: Vec<ImportWarningRow>,
}

impl Tally {
    /// Counts the rows of a slice by what became of them, and notes them in the report.
    pub(super) fn of(
        kind: FileKind,
        slice: &Slice,
        outcomes: Vec<Outcome>,
        (report, most): (&mut Report, Rejects),
        terms: &AgencyTerms,
    ) -> Self {
        let mut tally = Self::default();
        for (row, outcome) in slice.rows.iter().zip(outcomes) {
            let room = usize::try_from(report.room_for_warnings()).unwrap_or(0);
            report.note(kind, row, &outcome, terms);
            match outcome {
                Outcome::Landed => tally.landed += 1,
                Outcome::Known => tally.known += 1,
                Outcome::Rejected(rejection) => {
                    tally.rejected += 1;
                    let row = error_row(row, rejection);
                    let bytes = row.code.len() + row.detail.len() + row.cells.len();
                    if report.keep_rejected(bytes, most) {
                        tally.errors.push(row);
                    }
                    continue;
                }
            }
            tally.warned += i64::from(!row.warnings.is_empty());
            tally.warnings.extend(warning_rows(row).take(room));
        }
        tally
    }

    /// The job behind the slice.
    pub(super) fn advance(&self, job: &ImportRow, slice: &Slice, report: Option<String>) -> ImportRow {
        let mut job = job.clone();
        job.accepted += self.landed;
        job.duplicates += self.known;
        job.rejected += self.rejected;
        job.warned += self.warned;
        job.passed_over = slice.passed_over;
        if !job.dry_run {
            // a dry run that fails begins again from its first row
            job.attempts = 0;
        }
        job.rows_done += slice.rows.len() as i64;
        job.bytes_done = slice.bytes_done;
        job.header.clone_from(&slice.head.header);
        job.ignored.clone_from(&slice.head.ignored);
        job.reading = Some(slice.head.reading.clone());
        job.report = report;
        job
    }
}

fn error_row(row: &ReadRow, rejection: Rejection) -> ImportErrorRow {
    ImportErrorRow {
        row_no: row.row_no,
        code: rejection.code,
        detail: rejection.detail.to_stored(),
        cells: row.cells.clone(),
    }
}

fn warning_rows(row: &ReadRow) -> impl Iterator<Item = ImportWarningRow> + '_ {
    row.warnings.iter().zip(1..).map(|(warning, place)| ImportWarningRow {
        row_no: row.row_no,
        place,
        header: warning.header.clone(),
        cell: warning.cell.clone(),
        code: warning.why.code.clone(),
        detail: warning.reason().to_stored(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_counted_twice() {
        let mut progress = Progress::default();
        let touch = |customers: &[(i64, bool)]| Touched {
            customers: customers.to_vec(),
            bookings: vec![],
        };
        let counts = |report: &Report| (report.customers_new, report.customers_joined);
        let step = progress.step(&touch(&[(1, true), (7, false)]));
        assert_eq!(counts(&step.report), (1, 1));
        // a step that was not committed counts for nothing
        let step = progress.step(&touch(&[(1, true), (7, false)]));
        progress.take(step);
        let step = progress.step(&touch(&[(1, false), (7, false), (8, false)]));
        assert_eq!(counts(&step.report), (1, 2), "1 came with this file, and 7 is counted");
    }
}
