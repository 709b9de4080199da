//! Desks, calendars and the agency's terms.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// When work is done.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CalendarRow {
    /// Its key.
    pub key: String,
    /// A time zone; the agency's if there is none.
    pub zone: Option<String>,
    /// Hours of a week, as JSON.
    pub week: String,
    /// Whose public holidays.
    pub holidays: String,
    /// The agency's own days, as JSON.
    pub exceptions: String,
    /// Moves with every change.
    pub version: i64,
    /// When it last changed, in ms since 1970.
    pub updated_at: i64,
}

/// Every calendar.
///
/// # Errors
/// Failures of the database.
pub async fn calendars(tx: &mut Tx, agency: Uuid) -> Result<Vec<CalendarRow>> {
    fetch_all!(
        tx,
        CalendarRow,
        "SELECT key, zone, week, holidays, exceptions, version, updated_at FROM calendar WHERE agency_id = $1 ORDER BY key",
        agency
    )
}

/// Makes a calendar, or changes it.
///
/// # Errors
/// Failures of the database.
pub async fn put_calendar(tx: &mut Tx, agency: Uuid, row: &CalendarRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO calendar (agency_id, key, zone, week, holidays, exceptions, version, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (agency_id, key) DO UPDATE SET zone = excluded.zone, week = excluded.week, holidays = excluded.holidays,
            exceptions = excluded.exceptions, version = excluded.version, updated_at = excluded.updated_at",
        agency,
        &row.key,
        &row.zone,
        &row.week,
        &row.holidays,
        &row.exceptions,
        row.version,
        row.updated_at
    )
    .map(drop)
}

/// Who deals with cases.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DeskRow {
    /// Its key.
    pub key: String,
    /// What it is called in Chinese.
    pub title_zh: String,
    /// The same in English.
    pub title_en: String,
    /// Key of its calendar.
    pub calendar: String,
    /// What it can do, as JSON.
    pub skills: String,
    /// Its people, as JSON.
    pub people: String,
    /// Moves with every change.
    pub version: i64,
    /// When it last changed, in ms since 1970.
    pub updated_at: i64,
}

/// Every desk.
///
/// # Errors
/// Failures of the database.
pub async fn desks(tx: &mut Tx, agency: Uuid) -> Result<Vec<DeskRow>> {
    fetch_all!(
        tx,
        DeskRow,
        "SELECT key, title_zh, title_en, calendar, skills, people, version, updated_at FROM desk WHERE agency_id = $1 ORDER BY key",
        agency
    )
}

/// Makes a desk, or changes it.
///
/// # Errors
/// Failures of the database.
pub async fn put_desk(tx: &mut Tx, agency: Uuid, row: &DeskRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO desk (agency_id, key, title_zh, title_en, calendar, skills, people, version, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (agency_id, key) DO UPDATE SET title_zh = excluded.title_zh, title_en = excluded.title_en, calendar = excluded.calendar,
            skills = excluded.skills, people = excluded.people, version = excluded.version, updated_at = excluded.updated_at",
        agency,
        &row.key,
        &row.title_zh,
        &row.title_en,
        &row.calendar,
        &row.skills,
        &row.people,
        row.version,
        row.updated_at
    )
    .map(drop)
}

/// The agency's terms as JSON, and their version; none if nobody has set any.
///
/// # Errors
/// Failures of the database.
pub async fn terms(tx: &mut Tx, agency: Uuid) -> Result<Option<(String, i64)>> {
    fetch_optional!(
        tx,
        (String, i64),
        "SELECT terms, version FROM complaint_terms WHERE agency_id = $1 AND version > 0",
        agency
    )
}

/// Sets the agency's terms.
///
/// # Errors
/// Failures of the database.
pub async fn put_terms(tx: &mut Tx, agency: Uuid, terms: &str, version: i64, at: i64) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO complaint_terms (agency_id, terms, month, numbered, version, updated_at) VALUES ($1, $2, 0, 0, $3, $4)
         ON CONFLICT (agency_id) DO UPDATE SET terms = excluded.terms, version = excluded.version, updated_at = excluded.updated_at",
        agency,
        terms,
        version,
        at
    )
    .map(drop)
}

/// The next number of a month.
///
/// # Errors
/// Failures of the database.
pub async fn next_number(tx: &mut Tx, agency: Uuid, month: i32) -> Result<i64> {
    let (number,) = fetch_one!(
        tx,
        (i64,),
        "INSERT INTO complaint_terms (agency_id, terms, month, numbered, version, updated_at) VALUES ($1, '', $2, 1, 0, 0)
         ON CONFLICT (agency_id) DO UPDATE SET
            numbered = CASE WHEN complaint_terms.month = excluded.month THEN complaint_terms.numbered + 1 ELSE 1 END, month = excluded.month
         RETURNING numbered",
        agency,
        month
    )?;
    Ok(number)
}
