//! What an agency's programme is called, and its terms.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// An agency's programme.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ProgrammeRow {
    /// What points are called in Chinese.
    pub name_zh: String,
    /// The same in English.
    pub name_en: String,
    /// `automatic` or `on_request`.
    pub enrol: String,
    /// Minor units that a hundred points are worth in the books.
    pub value_of_100: i64,
    /// For how many days points come back whose lot is over.
    pub return_grace_days: i32,
    /// How many points a member passes on in a day.
    pub transfer_per_day: i64,
    /// How many points somebody of a role adjusts at once, as JSON by the role's key.
    pub adjust_limits: String,
    /// How many customers a member brings in 365 days.
    pub referrals_per_year: i32,
    /// Bookings and trips from this day on earn.
    pub since_on: i32,
    /// How many numbers were given out.
    pub members: i64,
    /// The last day whose birthdays were noted.
    pub birthdays_to: Option<i32>,
    /// When it was last changed, in ms since 1970.
    pub updated_at: i64,
    /// Moves with every change.
    pub version: i64,
}

/// The programme, if there is one.
///
/// # Errors
/// Failures of the database.
pub async fn programme(tx: &mut Tx, agency: Uuid) -> Result<Option<ProgrammeRow>> {
    fetch_optional!(
        tx,
        ProgrammeRow,
        "SELECT name_zh, name_en, enrol, value_of_100, return_grace_days, transfer_per_day, adjust_limits, referrals_per_year, since_on, members,
            birthdays_to, updated_at, version
         FROM loyalty_programme WHERE agency_id = $1",
        agency
    )
}

/// Makes the programme, or changes its terms, with which its version moves; numbers that were given out stay so.
///
/// # Errors
/// Failures of the database.
pub async fn put_programme(tx: &mut Tx, agency: Uuid, row: &ProgrammeRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_programme (agency_id, name_zh, name_en, enrol, value_of_100, return_grace_days, transfer_per_day, adjust_limits,
            referrals_per_year, since_on, members, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11)
         ON CONFLICT (agency_id) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en, enrol = excluded.enrol,
            value_of_100 = excluded.value_of_100, return_grace_days = excluded.return_grace_days,
            transfer_per_day = excluded.transfer_per_day, adjust_limits = excluded.adjust_limits,
            referrals_per_year = excluded.referrals_per_year, since_on = excluded.since_on,
            updated_at = excluded.updated_at, version = loyalty_programme.version + 1",
        agency,
        &row.name_zh,
        &row.name_en,
        &row.enrol,
        row.value_of_100,
        row.return_grace_days,
        row.transfer_per_day,
        &row.adjust_limits,
        row.referrals_per_year,
        row.since_on,
        row.updated_at
    )
    .map(drop)
}

/// Gives out so many numbers; returns the first. Whoever holds the programme's row waits for nobody else.
///
/// # Errors
/// Failures of the database.
pub async fn number_members(tx: &mut Tx, agency: Uuid, count: i64) -> Result<i64> {
    let (last,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE loyalty_programme SET members = members + $2 WHERE agency_id = $1 RETURNING members",
        agency,
        count
    )?;
    Ok(last - count + 1)
}

/// Says that the birthdays up to a day are noted. The transaction has the lock of the agency's changes.
///
/// # Errors
/// Failures of the database.
pub async fn set_birthdays(tx: &mut Tx, agency: Uuid, to: i32) -> Result<()> {
    execute!(
        tx,
        "UPDATE loyalty_programme SET birthdays_to = $2 WHERE agency_id = $1",
        agency,
        to
    )
    .map(drop)
}
