//! What an import notes beside its rows: those that were sent back, cells that were left out, and whom it has touched so far.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A cell that was left out of a row that landed without it.
#[derive(Debug, Clone, FromRow)]
pub struct ImportWarningRow {
    /// Row of the file, the first being 1.
    pub row_no: i64,
    /// Which one of the row's, from 1.
    pub place: i32,
    /// The header of its column.
    pub header: String,
    /// What it says.
    pub cell: String,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: String,
}

/// Keeps cells that were left out.
///
/// # Errors
/// Failures of the database.
pub async fn put_warnings(tx: &mut Tx, agency: Uuid, job: Uuid, rows: &[ImportWarningRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO import_warning (agency_id, job_id, row_no, place, header, cell, code, detail)",
        |b, row| b
            .push_bind(agency)
            .push_bind(job)
            .push_bind(row.row_no)
            .push_bind(row.place)
            .push_bind(&row.header)
            .push_bind(&row.cell)
            .push_bind(&row.code)
            .push_bind(&row.detail),
        ""
    )
}

/// Cells that were left out, after the one at `after` (row and place).
///
/// # Errors
/// Failures of the database.
pub async fn warnings(
    tx: &mut Tx,
    agency: Uuid,
    job: Uuid,
    after: (i64, i32),
    limit: i64,
) -> Result<Vec<ImportWarningRow>> {
    fetch_all!(
        tx,
        ImportWarningRow,
        "SELECT row_no, place, header, cell, code, detail FROM import_warning
         WHERE agency_id = $1 AND job_id = $2 AND (row_no > $3 OR (row_no = $3 AND place > $4)) ORDER BY row_no, place LIMIT $5",
        agency,
        job,
        after.0,
        after.1,
        limit
    )
}

/// Whom and which bookings a slice touched, as bitmaps.
#[derive(Debug, Clone, FromRow)]
pub struct TouchedRow {
    /// Ordinals of customers.
    pub customers: Vec<u8>,
    /// Numbers of bookings.
    pub bookings: Vec<u8>,
}

/// Keeps whom a slice touched, in the transaction that lands it.
///
/// # Errors
/// Failures of the database.
pub async fn put_touched(tx: &mut Tx, agency: Uuid, job: Uuid, rows_done: i64, touched: &TouchedRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO import_touched (agency_id, job_id, rows_done, customers, bookings) VALUES ($1, $2, $3, $4, $5)",
        agency,
        job,
        rows_done,
        touched.customers.as_slice(),
        touched.bookings.as_slice()
    )
    .map(drop)
}

/// Whom every slice of a running job touched.
///
/// # Errors
/// Failures of the database.
pub async fn touched(tx: &mut Tx, agency: Uuid, job: Uuid) -> Result<Vec<TouchedRow>> {
    fetch_all!(
        tx,
        TouchedRow,
        "SELECT customers, bookings FROM import_touched WHERE agency_id = $1 AND job_id = $2 ORDER BY rows_done",
        agency,
        job
    )
}

/// A row that was sent back.
#[derive(Debug, Clone, FromRow)]
pub struct ImportErrorRow {
    /// Row of the file, the header being 1.
    pub row_no: i64,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// The row's cells as a JSON list.
    pub cells: String,
}

/// Keeps rows that were sent back.
///
/// # Errors
/// Failures of the database.
pub async fn put_errors(tx: &mut Tx, agency: Uuid, job: Uuid, rows: &[ImportErrorRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        6,
        "INSERT INTO import_error (agency_id, job_id, row_no, code, detail, cells)",
        |b, row| b
            .push_bind(agency)
            .push_bind(job)
            .push_bind(row.row_no)
            .push_bind(&row.code)
            .push_bind(&row.detail)
            .push_bind(&row.cells),
        ""
    )
}

/// Rows that were rejected, after row `after`: at most `limit`, and no more once their cells have so many characters. A single row may have
/// more.
///
/// # Errors
/// Failures of the database.
pub async fn errors(
    tx: &mut Tx,
    agency: Uuid,
    job: Uuid,
    after: i64,
    (limit, characters): (i64, i64),
) -> Result<Vec<ImportErrorRow>> {
    fetch_all!(
        tx,
        ImportErrorRow,
        "SELECT row_no, code, detail, cells FROM (
             SELECT row_no, code, detail, cells, SUM(length(cells)) OVER (ORDER BY row_no) - length(cells) AS so_far
             FROM (SELECT row_no, code, detail, cells FROM import_error
                   WHERE agency_id = $1 AND job_id = $2 AND row_no > $3 ORDER BY row_no LIMIT $4) AS page) AS counted
         WHERE so_far < $5 ORDER BY row_no",
        agency,
        job,
        after,
        limit,
        characters
    )
}

/// A rejected row that may be mended.
#[derive(Debug, Clone, FromRow)]
pub struct RejectedRow {
    /// Row of the file, the first being 1.
    pub row_no: i64,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// The row's cells as a JSON list; empty if they have more characters than were asked for.
    pub cells: String,
    /// The import in which it was sent again.
    pub sent_in: Option<Uuid>,
}

/// Rejected rows after row `after`, the first `limit`: those that were not sent again, or all. Cells of more than `characters` are left out.
///
/// # Errors
/// Failures of the database.
pub async fn rejected(
    tx: &mut Tx,
    agency: Uuid,
    job: Uuid,
    (after, all): (i64, bool),
    (limit, characters): (i64, i64),
) -> Result<Vec<RejectedRow>> {
    fetch_all!(
        tx,
        RejectedRow,
        "SELECT row_no, code, detail, CASE WHEN length(cells) > $6 THEN '' ELSE cells END AS cells, sent_in FROM import_error
         WHERE agency_id = $1 AND job_id = $2 AND row_no > $3 AND ($4 OR sent_in IS NULL) ORDER BY row_no LIMIT $5",
        agency,
        job,
        after,
        all,
        limit,
        characters
    )
}

/// Notes that rejected rows were sent again in an import; how many of them had not been.
///
/// # Errors
/// Failures of the database.
pub async fn note_sent(tx: &mut Tx, agency: Uuid, job: Uuid, sent_in: Uuid, rows: &[i64]) -> Result<i64> {
    let mut noted = 0;
    for row in rows {
        noted += execute!(
            tx,
            "UPDATE import_error SET sent_in = $4 WHERE agency_id = $1 AND job_id = $2 AND row_no = $3 AND sent_in IS NULL",
            agency,
            job,
            row,
            sent_in
        )? as i64;
    }
    execute!(
        tx,
        "UPDATE import_job SET sent_again = sent_again + $3 WHERE agency_id = $1 AND id = $2",
        agency,
        job,
        noted
    )?;
    Ok(noted)
}
