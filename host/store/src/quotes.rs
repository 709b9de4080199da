//! Quotes: what was priced for whom, and what became of it.

use crate::compressed::Compressed;
use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::{Result, Tx};
use sqlx::FromRow;
use std::borrow::Cow;
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
    /// What was answered, as JSON: it stands here if an earlier version made the quote, and is empty otherwise.
    pub answer: String,
    /// What was answered, as JSON.
    pub document: Option<Compressed>,
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
    /// Points that it sets aside or has spent.
    pub points: Option<i64>,
}

impl QuoteRow {
    /// What was answered, as JSON.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`](crate::StoreError::Corrupt) if it cannot be read.
    pub fn answered(&self) -> Result<Cow<'_, str>> {
        match &self.document {
            Some(document) => Ok(Cow::Owned(document.text("answer")?)),
            None => Ok(Cow::Borrowed(&self.answer)),
        }
    }
}

macro_rules! quote_columns {
    () => {
        "id, customer_id, state, basket, list_price, price, answer, document, day, at, expires_at, booking_id, closed_at, points"
    };
}

/// Keeps new quotes.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, rows: &[&QuoteRow]) -> Result<()> {
    execute_built!(tx, rows.len(), |q| {
        q.push(
            "INSERT INTO quote (agency_id, id, customer_id, state, basket, list_price, price, answer, document, day, at, expires_at, points) ",
        );
        q.push_values(rows, |mut b, row| {
            b.push_bind(agency)
                .push_bind(row.id)
                .push_bind(row.customer_id)
                .push_bind(&row.state)
                .push_bind(&row.basket)
                .push_bind(row.list_price)
                .push_bind(row.price)
                .push_bind(&row.answer)
                .push_bind(&row.document)
                .push_bind(row.day)
                .push_bind(row.at)
                .push_bind(row.expires_at)
                .push_bind(row.points);
        });
    })
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

/// Those of these quotes that set points aside.
///
/// # Errors
/// Failures of the database.
pub async fn with_points(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let rows = fetch_listed!(
        tx,
        (Uuid,),
        "SELECT id FROM quote WHERE agency_id = $1 AND points IS NOT NULL AND id IN",
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Closes those of these quotes that are open as `expired`; which they were.
///
/// # Errors
/// Failures of the database.
pub async fn expire(tx: &mut Tx, agency: Uuid, ids: &[Uuid], now: i64) -> Result<Vec<Uuid>> {
    let rows = fetch_listed!(
        tx,
        (Uuid,),
        "UPDATE quote SET state = 'expired', closed_at = $1 WHERE agency_id = $2 AND state = 'open' AND id IN",
        [now, agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        "RETURNING id"
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
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
    let keys: Vec<String> = quotes.iter().map(|(id, _)| id.to_string()).collect();
    let back = keys.iter().map(|key| NewJob {
        kind: RETURN,
        key,
        lane: Lane::Timers,
        clock: JobClock::Machine,
        due: 0,
    });
    jobs::put_all(tx, agency, &back.collect::<Vec<_>>()).await
}

/// The quotes that were confirmed with these bookings, each with its booking.
///
/// # Errors
/// Failures of the database.
pub async fn confirmed_with(tx: &mut Tx, agency: Uuid, bookings: &[&str]) -> Result<Vec<(Uuid, String)>> {
    fetch_listed!(
        tx,
        (Uuid, String),
        "SELECT id, booking_id FROM quote WHERE agency_id = $1 AND state = 'confirmed' AND booking_id IN",
        [agency],
        bookings,
        1,
        |b, booking| b.push_bind(*booking),
        ""
    )
}

/// To which arm of a campaign a customer belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assigned {
    /// The customer.
    pub customer: Uuid,
    /// The campaign.
    pub campaign: Uuid,
    /// `treatment` or `holdout`.
    pub arm: &'static str,
    /// The agency's day on which that was noted.
    pub day: i32,
    /// When, in ms since 1970.
    pub at: i64,
}

/// Notes to which arm of which campaigns customers belong; what was noted first stands.
///
/// # Errors
/// Failures of the database.
pub async fn assign(tx: &mut Tx, agency: Uuid, assigned: &[Assigned]) -> Result<()> {
    // whoever writes several of these rows does it in this order
    debug_assert!(assigned.is_sorted(), "{assigned:?}");
    write_rows!(
        tx,
        assigned,
        6,
        "INSERT INTO campaign_assignment (agency_id, campaign_id, customer_id, arm, day, at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.campaign)
            .push_bind(row.customer)
            .push_bind(row.arm)
            .push_bind(row.day)
            .push_bind(row.at),
        "ON CONFLICT DO NOTHING"
    )
}
