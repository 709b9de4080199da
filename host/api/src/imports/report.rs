//! What an import found, as calls answer it.

use posthouse_app::intake::report::{self as found, Report as Found};
use posthouse_app::intake::understood::UnderstoodRow;
use posthouse_domain::time::day_text;
use posthouse_web::reader::Said;
use serde::Serialize;
use utoipa::ToSchema;

/// What was found beyond the counts of rows: what to read before a file lands, and after it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    /// New customers.
    customers_new: i64,
    /// Customers known before whom something was added to.
    customers_joined: i64,
    /// New bookings.
    bookings_new: i64,
    /// Bookings known before that changed.
    bookings_changed: i64,
    /// The first rows, as they were understood.
    first_rows: Vec<FirstRow>,
    /// The first names, which show whether the encoding is the right one.
    #[schema(example = json!(["李伟", "王芳"]))]
    names: Vec<String>,
    /// The earliest day of booking, or since when a customer is one.
    #[schema(example = "2025-01-03")]
    first_day: Option<String>,
    /// The latest one.
    #[schema(example = "2025-12-29")]
    last_day: Option<String>,
    /// Bookings by currency, as the file has them, whatever their status. Rows that are rejected do not count.
    totals: Vec<Total>,
    /// The same by month of booking, the earliest first.
    months: Vec<Total>,
    /// Why rows are rejected.
    rejections: Vec<Rejections>,
    /// Why cells are left out, and which belong to two people.
    warnings: Vec<Warnings>,
    /// Cells left out. `warnings.csv` has the first 100,000 warnings.
    cells_left_out: i64,
    /// Telephones and e-mail addresses that the file gives to two people.
    contacts_shared: i64,
}

/// A row as it was understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FirstRow {
    /// Row of the file, the first being 1.
    row: i64,
    /// What it says. Fields that say nothing are left out.
    fields: Vec<Understood>,
}

/// A field as it was understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Understood {
    /// The field.
    #[schema(example = "amount")]
    field: String,
    /// Its value in words.
    #[schema(example = "CNY 12,800.00")]
    value: String,
    /// In which column of the field it stands, the first being 1, where a file has several telephones or e-mail addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    place: Option<i64>,
}

/// Rows of bookings and the sum of their amounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Total {
    /// The month; null in totals of all months, and for months beyond the first 240 that a file speaks of.
    #[schema(example = "2025-02")]
    month: Option<String>,
    /// Currency of the amounts; null where rows are counted without them: months beyond the first 240, currencies beyond the first 30.
    #[schema(example = "CNY")]
    currency: Option<String>,
    /// How many rows.
    rows: i64,
    /// Sum of their amounts in minor units.
    amount: i64,
}

/// Rows that are rejected with one code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejections {
    /// Stable code.
    code: String,
    /// How many rows.
    rows: i64,
    /// The first of them.
    examples: Vec<Example>,
}

/// Cells of one column that are warned of with one code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Warnings {
    /// Stable code.
    code: String,
    /// The header of the column.
    #[schema(example = "生日")]
    column: String,
    /// How many rows.
    rows: i64,
    /// The first of them.
    examples: Vec<Example>,
}

/// A row with a code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Example {
    /// Row of the file, the first being 1.
    row: i64,
    /// What is wrong and what to do.
    detail: Said,
}

impl From<Found> for Report {
    fn from(found: Found) -> Self {
        Self {
            customers_new: found.customers_new,
            customers_joined: found.customers_joined,
            bookings_new: found.bookings_new,
            bookings_changed: found.bookings_changed,
            first_rows: found.first_rows.into_iter().map(FirstRow::from).collect(),
            names: found.names,
            first_day: found.first_day.map(day_text),
            last_day: found.last_day.map(day_text),
            totals: found.totals.into_iter().map(Total::from).collect(),
            months: found.months.into_iter().map(Total::from).collect(),
            rejections: found
                .rejections
                .into_iter()
                .map(|group| Rejections {
                    code: group.code,
                    rows: group.rows,
                    examples: examples(group.examples),
                })
                .collect(),
            warnings: found
                .warnings
                .into_iter()
                .map(|group| Warnings {
                    code: group.code,
                    column: group.column.unwrap_or_default(),
                    rows: group.rows,
                    examples: examples(group.examples),
                })
                .collect(),
            cells_left_out: found.cells_left_out,
            contacts_shared: found.contacts_shared,
        }
    }
}

fn examples(found: Vec<found::Example>) -> Vec<Example> {
    let examples = found.into_iter().map(|example| Example {
        row: example.row,
        detail: example.detail.into(),
    });
    examples.collect()
}

impl From<UnderstoodRow> for FirstRow {
    fn from(row: UnderstoodRow) -> Self {
        let fields = row.fields.into_iter().map(|told| Understood {
            field: told.field,
            value: told.value,
            place: told.place,
        });
        Self {
            row: row.row,
            fields: fields.collect(),
        }
    }
}

impl From<found::Total> for Total {
    fn from(total: found::Total) -> Self {
        Self {
            month: total.month,
            currency: total.currency,
            rows: total.rows,
            amount: total.amount,
        }
    }
}
