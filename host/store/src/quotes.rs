//! Quotes: what was priced for whom, and what became of it.

use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A quote.
#[derive(Debug, Clone, FromRow)]
pub struct QuoteRow {
    /// Id.
    pub id: Uuid,
    /// For whom.
    pub customer_id: Option<Uuid>,
    /// `open`, `confirmed`, `released` or `expired`.
    pub state: String,
    /// The basket as canonical JSON.
    pub basket: String,
    /// List price of everything, in minor units.
    pub list_price: i64,
    /// Price after all savings.
    pub price: i64,
    /// What was answered, as canonical JSON.
    pub answer: String,
    /// The agency's day.
    pub day: i32,
    /// When it was made, in ms since 1970.
    pub at: i64,
    /// Until when it holds what it takes.
    pub expires_at: i64,
    /// The booking it was confirmed with.
    pub booking_id: Option<String>,
    /// When it was confirmed, released or expired.
    pub closed_at: Option<i64>,
}

macro_rules! quote_columns {
    () => {
        "id, customer_id, state, basket, list_price, price, answer, day, at, expires_at, booking_id, closed_at"
    };
}

/// Keeps a new quote.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, row: &QuoteRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO quote (agency_id, id, customer_id, state, basket, list_price, price, answer, day, at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        agency,
        row.id,
        row.customer_id,
        &row.state,
        &row.basket,
        row.list_price,
        row.price,
        &row.answer,
        row.day,
        row.at,
        row.expires_at
    )
    .map(drop)
}

/// One quote.
///
/// # Errors
/// Failures of the database.
pub async fn quote(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<QuoteRow>> {
    fetch_optional!(
        tx,
        QuoteRow,
        concat!(
            "SELECT ",
            quote_columns!(),
            " FROM quote WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// Quotes before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn latest(tx: &mut Tx, agency: Uuid, before: Uuid, limit: i64) -> Result<Vec<QuoteRow>> {
    fetch_all!(
        tx,
        QuoteRow,
        concat!(
            "SELECT ",
            quote_columns!(),
            " FROM quote WHERE agency_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
        ),
        agency,
        before,
        limit
    )
}

/// Quotes of a customer before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn latest_of(tx: &mut Tx, agency: Uuid, customer: Uuid, before: Uuid, limit: i64) -> Result<Vec<QuoteRow>> {
    fetch_all!(
        tx,
        QuoteRow,
        concat!(
            "SELECT ",
            quote_columns!(),
            " FROM quote WHERE agency_id = $1 AND customer_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
        ),
        agency,
        customer,
        before,
        limit
    )
}

/// Confirms an open quote whose time is not over; whether this call did it.
///
/// # Errors
/// Failures of the database.
pub async fn confirm(tx: &mut Tx, agency: Uuid, id: Uuid, booking: &str, now: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE quote SET state = 'confirmed', booking_id = $3, closed_at = $4
         WHERE agency_id = $1 AND id = $2 AND state = 'open' AND expires_at > $4",
        agency,
        id,
        booking,
        now
    )?;
    Ok(done == 1)
}

/// Closes an open quote as `released` or `expired`; whether this call did it.
///
/// # Errors
/// Failures of the database.
pub async fn close(tx: &mut Tx, agency: Uuid, id: Uuid, state: &str, now: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE quote SET state = $3, closed_at = $4 WHERE agency_id = $1 AND id = $2 AND state = 'open'",
        agency,
        id,
        state,
        now
    )?;
    Ok(done == 1)
}

/// The kind of job that frees what a quote holds once its time is over.
pub const EXPIRE: &str = "quote.expire";
/// The kind of job that gives back what a confirmed quote took, as its booking was called off or paid back.
pub const RETURN: &str = "quote.return";

/// Puts down that what the confirmed quotes of these bookings took may have to be given back.
///
/// # Errors
/// Failures of the database.
pub async fn have_followed(tx: &mut Tx, agency: Uuid, bookings: &[&str]) -> Result<()> {
    let quotes = confirmed_with(tx, agency, bookings).await?;
    let keys: Vec<String> = quotes.iter().map(Uuid::to_string).collect();
    let back = NewJob {
        kind: RETURN,
        key: "",
        lane: Lane::Timers,
        clock: JobClock::Machine,
        due: 0,
    };
    jobs::put_all(tx, agency, &keys, back).await
}

async fn confirmed_with(tx: &mut Tx, agency: Uuid, bookings: &[&str]) -> Result<Vec<Uuid>> {
    let rows = fetch_listed!(
        tx,
        (Uuid,),
        "SELECT id FROM quote WHERE agency_id = $1 AND state = 'confirmed' AND booking_id IN",
        [agency],
        bookings,
        1,
        |b, booking| b.push_bind(*booking),
        ""
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Notes to which arm of which campaigns a customer belongs; what was noted first stands. Most of those who ask have asked before, and
/// then nothing is written.
///
/// # Errors
/// Failures of the database.
pub async fn assign(
    tx: &mut Tx,
    agency: Uuid,
    customer: Uuid,
    arms: &[(Uuid, &'static str)],
    day: i32,
    now: i64,
) -> Result<()> {
    if arms.is_empty() {
        return Ok(());
    }
    let noted = fetch_built!(&mut *tx, (i64,), |q| {
        q.push("SELECT COUNT(*) FROM campaign_assignment WHERE agency_id = ")
            .push_bind(agency)
            .push(" AND customer_id = ")
            .push_bind(customer)
            .push(" AND campaign_id IN (");
        let mut ids = q.separated(", ");
        for (campaign, _) in arms {
            ids.push_bind(*campaign);
        }
        q.push(")");
    })?;
    if noted.first().is_some_and(|(noted,)| *noted == arms.len() as i64) {
        return Ok(());
    }
    write_rows!(
        tx,
        arms,
        6,
        "INSERT INTO campaign_assignment (agency_id, campaign_id, customer_id, arm, day, at)",
        |b, (campaign, arm)| b
            .push_bind(agency)
            .push_bind(*campaign)
            .push_bind(customer)
            .push_bind(*arm)
            .push_bind(day)
            .push_bind(now),
        "ON CONFLICT DO NOTHING"
    )
}
