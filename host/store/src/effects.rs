//! What campaigns brought, summed up where the rows are.

use crate::{Result, Tx};
use posthouse_domain::Day;
use posthouse_domain::campaign::effect::{Arm, Uptake};
use sqlx::FromRow;
use uuid::Uuid;

#[derive(FromRow)]
struct ArmRow {
    arm: String,
    customers: i64,
    buyers: i64,
    bookings: i64,
    costed: i64,
    sales: i64,
    margin: i64,
    sales_squares: f64,
    margin_squares: f64,
}

/// What the customers of both arms booked: trips, prices and margins as [`posthouse_domain::booking::Booking`] has them, each from the day of their assignment up to `through`: treatment and holdout.
///
/// # Errors
/// Failures of the database.
pub async fn arms(tx: &mut Tx, agency: Uuid, campaign: Uuid, through: Day) -> Result<(Arm, Arm)> {
    let rows = fetch_all!(
        tx,
        ArmRow,
        "SELECT arm, COUNT(*) AS customers, COUNT(CASE WHEN bookings > 0 THEN 1 END) AS buyers,
            CAST(SUM(bookings) AS BIGINT) AS bookings, CAST(SUM(costed) AS BIGINT) AS costed,
            CAST(SUM(sales) AS BIGINT) AS sales, CAST(SUM(margin) AS BIGINT) AS margin,
            SUM(CAST(sales AS DOUBLE PRECISION) * CAST(sales AS DOUBLE PRECISION)) AS sales_squares,
            SUM(CAST(margin AS DOUBLE PRECISION) * CAST(margin AS DOUBLE PRECISION)) AS margin_squares
         FROM (SELECT a.arm, a.customer_id, COUNT(b.id) AS bookings, COUNT(b.cost) AS costed,
                COALESCE(SUM(CASE WHEN b.refunded_in_full OR COALESCE(b.amount, 0) < b.refunded THEN 0
                    ELSE COALESCE(b.amount, 0) - b.refunded END), 0) AS sales,
                COALESCE(SUM(CASE WHEN b.cost IS NULL THEN 0
                    WHEN b.refunded_in_full OR COALESCE(b.amount, 0) < b.refunded THEN -b.cost
                    ELSE COALESCE(b.amount, 0) - b.refunded - b.cost END), 0) AS margin
            FROM campaign_assignment a
            LEFT JOIN booking b ON b.agency_id = a.agency_id AND b.customer_id = a.customer_id
                AND b.status NOT IN ('inquiry', 'quote', 'cancelled') AND COALESCE(b.booked_on, b.seen_on) BETWEEN a.day AND $3
            WHERE a.agency_id = $1 AND a.campaign_id = $2
            GROUP BY a.arm, a.customer_id) AS each_customer
         GROUP BY arm",
        agency,
        campaign,
        through
    )?;
    let arm = |name: &str| {
        let row = rows.iter().find(|row| row.arm == name);
        row.map_or_else(Arm::default, |row| Arm {
            customers: row.customers,
            buyers: row.buyers,
            bookings: row.bookings,
            costed: row.costed,
            sales: row.sales,
            margin: row.margin,
            sales_squares: row.sales_squares,
            margin_squares: row.margin_squares,
        })
    };
    Ok((arm("treatment"), arm("holdout")))
}

#[derive(FromRow)]
struct QuotedRow {
    quotes: i64,
    quoted_customers: i64,
    confirmed: i64,
    participants: i64,
    discount: i64,
}

#[derive(FromRow)]
struct BookedRow {
    bookings: i64,
    costed: i64,
    sales: i64,
    margin: i64,
}

/// How many customers confirmed a quote with an offer of each of these campaigns; one that nobody did of is left out.
///
/// # Errors
/// Failures of the database.
pub async fn participants(tx: &mut Tx, agency: Uuid, campaigns: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
    fetch_listed!(
        tx,
        (Uuid, i64),
        "SELECT e.owner, COUNT(DISTINCT q.customer_id) FROM ledger_entry e
            JOIN quote q ON q.agency_id = e.agency_id AND q.id = e.cause_id
         WHERE e.agency_id = $1 AND e.kind = 'budget' AND e.cause_kind = 'quote' AND e.movement = 'commit' AND e.owner IN",
        [agency],
        campaigns,
        1,
        |b, id| b.push_bind(*id),
        "GROUP BY e.owner"
    )
}

/// What became of a campaign's offers.
///
/// # Errors
/// Failures of the database.
pub async fn uptake(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<Uptake> {
    let quoted = fetch_one!(
        tx,
        QuotedRow,
        "SELECT COUNT(CASE WHEN e.movement = 'reserve' THEN 1 END) AS quotes, COUNT(DISTINCT q.customer_id) AS quoted_customers,
            COUNT(CASE WHEN e.movement = 'commit' THEN 1 END) AS confirmed,
            COUNT(DISTINCT CASE WHEN e.movement = 'commit' THEN q.customer_id END) AS participants,
            CAST(COALESCE(SUM(e.debited), 0) AS BIGINT) AS discount
         FROM ledger_entry e JOIN quote q ON q.agency_id = e.agency_id AND q.id = e.cause_id
         WHERE e.agency_id = $1 AND e.kind = 'budget' AND e.owner = $2 AND e.cause_kind = 'quote'",
        agency,
        campaign
    )?;
    // a booking that several quotes were confirmed with counts once
    let booked = fetch_one!(
        tx,
        BookedRow,
        "SELECT COUNT(*) AS bookings, COUNT(b.cost) AS costed,
            CAST(COALESCE(SUM(CASE WHEN b.refunded_in_full OR COALESCE(b.amount, 0) < b.refunded THEN 0
                ELSE COALESCE(b.amount, 0) - b.refunded END), 0) AS BIGINT) AS sales,
            CAST(COALESCE(SUM(CASE WHEN b.cost IS NULL THEN 0
                WHEN b.refunded_in_full OR COALESCE(b.amount, 0) < b.refunded THEN -b.cost
                ELSE COALESCE(b.amount, 0) - b.refunded - b.cost END), 0) AS BIGINT) AS margin
         FROM booking b WHERE b.agency_id = $1 AND b.status NOT IN ('inquiry', 'quote', 'cancelled')
            AND b.id IN (SELECT q.booking_id FROM ledger_entry e JOIN quote q ON q.agency_id = e.agency_id AND q.id = e.cause_id
                WHERE e.agency_id = $1 AND e.kind = 'budget' AND e.owner = $2 AND e.cause_kind = 'quote' AND e.movement = 'commit'
                    AND q.booking_id IS NOT NULL AND (q.customer_id IS NULL OR q.customer_id = b.customer_id))",
        agency,
        campaign
    )?;
    Ok(Uptake {
        quotes: quoted.quotes,
        quoted_customers: quoted.quoted_customers,
        confirmed: quoted.confirmed,
        participants: quoted.participants,
        bookings: booked.bookings,
        costed: booked.costed,
        sales: booked.sales,
        margin: booked.margin,
        discount: quoted.discount,
    })
}
