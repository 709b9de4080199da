//! What the calls about imports answer.

use super::super::fixed;
use super::super::page::At;
use super::report::Report;
use posthouse_app::intake::files::Reading;
use posthouse_app::intake::imports::ImportStatus;
use posthouse_web::reader::Said;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How an import stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Import {
    /// Id.
    id: Uuid,
    /// `customers` or `bookings`.
    #[schema(value_type = fixed::FileKind)]
    kind: String,
    /// Name of the file as sent.
    file_name: String,
    /// `queued`, `running`, `done` or `failed`.
    #[schema(value_type = fixed::ImportState, example = "running")]
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
    /// Rows rejected; `errors.csv` has them with their reasons, as far as there is room for them.
    rejected: i64,
    /// Rows that landed, or were known, with a warning: without a cell that cannot be read, or with a telephone or e-mail address of two
    /// people. `warnings.csv` has these cells.
    warned: i64,
    /// Rows that only add up others (合计, Total). They are none of `rows`.
    passed_over: i64,
    /// Headers that are not understood; their cells were left out.
    ignored_columns: Vec<String>,
    /// How the file is read, once its headers are.
    reading: Option<FileReading>,
    /// Nothing lands; the counts say what would.
    dry_run: bool,
    /// What was found so far. In a dry run, what would be.
    report: Option<Report>,
    /// Why the whole file was refused.
    failure: Option<Failure>,
    /// When the file came.
    created_at: At,
    /// When its last row was decided.
    finished_at: Option<At>,
    /// Until when the file of a look is kept; null once it has landed, or is gone.
    kept_until: Option<At>,
    /// The mapping by which it is read, in TOML.
    mapping: Option<String>,
    /// The import whose rejected rows it has.
    mends: Option<Uuid>,
    /// How many of its own rejected rows were sent again from the console.
    sent_again: i64,
    /// Who sent it.
    #[schema(example = "王芳")]
    by: Option<String>,
}

/// How a file is read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileReading {
    /// `csv`, or the kind of workbook.
    #[schema(value_type = fixed::FileFormat, example = "xlsx")]
    format: String,
    /// The encoding of a CSV file.
    encoding: Option<String>,
    /// What separates the cells of a CSV file.
    delimiter: Option<char>,
    /// The sheet of a workbook.
    sheet: Option<String>,
    /// All sheets of the workbook.
    sheets: Vec<Sheet>,
    /// The row with the headers, the first row being 1.
    header_row: i64,
    /// The headers that are understood, with the field each is.
    columns: Vec<Column>,
}

/// A sheet of a workbook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sheet {
    /// Its name.
    name: String,
    /// It is not shown to who opens the workbook.
    hidden: bool,
}

impl From<posthouse_app::intake::files::workbook::Sheet> for Sheet {
    fn from(sheet: posthouse_app::intake::files::workbook::Sheet) -> Self {
        Self {
            name: sheet.name,
            hidden: sheet.hidden,
        }
    }
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
            sheets: reading.sheets.into_iter().map(Sheet::from).collect(),
            header_row: reading.header_row,
            columns: columns.collect(),
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
            warned: job.warned,
            passed_over: job.passed_over,
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
            kept_until: job.kept_until.map(At),
            mapping: job.mapping,
            mends: job.mends,
            sent_again: job.sent_again,
            by: job.by,
        }
    }
}
