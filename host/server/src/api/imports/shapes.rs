//! What the calls about imports answer.

use super::super::page::At;
use super::super::reader::Said;
use posthouse_app::intake::files::Reading;
use posthouse_app::intake::imports::{DryRun, ImportStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How an import stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Import {
    /// Id.
    id: Uuid,
    /// `customers` or `bookings`.
    kind: String,
    /// Name of the file as sent.
    file_name: String,
    /// `queued`, `running`, `done` or `failed`.
    #[schema(example = "running")]
    state: String,
    /// Length of the file in bytes.
    bytes: i64,
    /// Bytes read so far.
    bytes_done: i64,
    /// Rows decided so far.
    rows: i64,
    /// Rows that landed.
    accepted: i64,
    /// Rows known before.
    duplicates: i64,
    /// Rows sent back; `errors.csv` has them with their reasons.
    rejected: i64,
    /// Headers that are not understood; their cells were left out.
    ignored_columns: Vec<String>,
    /// How the file is read, once its headers are.
    reading: Option<FileReading>,
    /// Nothing lands; the counts say what would.
    dry_run: bool,
    /// What a dry run has found so far.
    report: Option<Report>,
    /// Why the whole file was refused.
    failure: Option<Failure>,
    /// When the file came.
    created_at: At,
    /// When its last row was decided.
    finished_at: Option<At>,
}

/// How a file is read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileReading {
    /// `csv` or `xlsx`.
    #[schema(example = "xlsx")]
    format: String,
    /// The encoding of a CSV file.
    encoding: Option<String>,
    /// What separates the cells of a CSV file.
    delimiter: Option<char>,
    /// The sheet of a workbook.
    sheet: Option<String>,
    /// The row with the headers, the first row being 1.
    header_row: i64,
    /// The headers that are understood, with the field each is.
    columns: Vec<Column>,
}

/// A header and what it means.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Column {
    /// The header as it stands in the file.
    #[schema(example = "订单号")]
    header: String,
    /// The field.
    #[schema(example = "booking_id")]
    field: String,
    /// In what the amounts below it are, if the header says so.
    unit: Option<Unit>,
}

/// In what the amounts of a column are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ColumnUnit)]
pub(crate) struct Unit {
    /// Each number is multiplied by ten this many times, or divided, if it is negative: 4 for 万, -2 for 分.
    #[schema(example = 4)]
    tens: i32,
    /// The code of the currency, or the sign that stands for one of several.
    #[schema(example = "CNY")]
    currency: Option<String>,
}

impl From<Reading> for FileReading {
    fn from(reading: Reading) -> Self {
        let columns = reading.columns.into_iter().map(|column| Column {
            header: column.header,
            field: column.field,
            unit: column.unit.map(|unit| Unit {
                tens: unit.tens,
                currency: unit.currency,
            }),
        });
        Self {
            format: reading.format,
            encoding: reading.encoding,
            delimiter: reading.delimiter,
            sheet: reading.sheet,
            header_row: reading.header_row,
            columns: columns.collect(),
        }
    }
}

/// What a dry run found beyond the counts of rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    /// Customers who would be new.
    customers_new: i64,
    /// Customers known before whom something would be added to.
    customers_joined: i64,
    /// Bookings that would be new.
    bookings_new: i64,
    /// Bookings known before that would change.
    bookings_changed: i64,
    /// Why rows would be sent back.
    rejections: Vec<Rejections>,
}

/// Rows that would be sent back with one code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejections {
    /// Stable code.
    code: String,
    /// How many rows.
    rows: i64,
    /// The first of them.
    examples: Vec<Example>,
}

/// A row that would be sent back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Example {
    /// Row of the file, the first being 1.
    row: i64,
    /// What is wrong and what to do.
    detail: Said,
}

impl From<DryRun> for Report {
    fn from(found: DryRun) -> Self {
        let rejections = found.rejections.into_iter().map(|group| Rejections {
            code: group.code,
            rows: group.rows,
            examples: group
                .examples
                .into_iter()
                .map(|example| Example {
                    row: example.row,
                    detail: example.detail.into(),
                })
                .collect(),
        });
        Self {
            customers_new: found.customers_new,
            customers_joined: found.customers_joined,
            bookings_new: found.bookings_new,
            bookings_changed: found.bookings_changed,
            rejections: rejections.collect(),
        }
    }
}

/// Why a whole file was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// Stable code.
    code: String,
    /// What is wrong and what to do.
    detail: Said,
}

impl From<ImportStatus> for Import {
    fn from(job: ImportStatus) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            file_name: job.file_name,
            state: job.state,
            bytes: job.bytes,
            bytes_done: job.bytes_done,
            rows: job.rows,
            accepted: job.accepted,
            duplicates: job.duplicates,
            rejected: job.rejected,
            ignored_columns: job.ignored_columns,
            reading: job.reading.map(FileReading::from),
            dry_run: job.dry_run,
            report: job.report.map(Report::from),
            failure: job.failure.map(|failure| Failure {
                code: failure.code.to_string(),
                detail: failure.detail.into(),
            }),
            created_at: job.created_at.into(),
            finished_at: job.finished_at.map(At),
        }
    }
}
