//! Bookings with their owners.

use crate::{Result, Tx};
use posthouse_domain::booking::{Booking, BookingDetails};
use sqlx::FromRow;
use uuid::Uuid;

/// A booking with its owner.
#[derive(Debug, Clone)]
pub struct BookingRow {
    /// Booking id.
    pub id: String,
    /// Whose.
    pub customer_id: Uuid,
    /// Order in which bookings became known.
    pub known_as: i64,
    /// What it is.
    pub booking: Booking,
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for BookingRow
where
    &'static str: sqlx::ColumnIndex<R>,
    Uuid: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i32: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    bool: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let status: String = row.try_get("status")?;
        let status = status.parse().map_err(|()| sqlx::Error::ColumnDecode {
            index: "status".into(),
            source: format!("unknown status {status}").into(),
        })?;
        Ok(Self {
            id: row.try_get("id")?,
            customer_id: row.try_get("customer_id")?,
            known_as: row.try_get("known_as")?,
            booking: Booking {
                status,
                details: BookingDetails {
                    booked_on: row.try_get("booked_on")?,
                    product: row.try_get("product")?,
                    destination: row.try_get("destination")?,
                    theme: row.try_get("theme")?,
                    departs_on: row.try_get("departs_on")?,
                    returns_on: row.try_get("returns_on")?,
                    travellers: row.try_get("travellers")?,
                    amount: row.try_get("amount")?,
                    cost: row.try_get("cost")?,
                    channel: row.try_get("channel")?,
                },
                seen_on: row.try_get("seen_on")?,
                seen_firm: row.try_get("seen_firm")?,
                newest_event_at: row.try_get("newest_event_at")?,
                told_at: serde_json::from_str(&row.try_get::<String, _>("told_at")?).map_err(|e| {
                    sqlx::Error::ColumnDecode {
                        index: "told_at".into(),
                        source: e.into(),
                    }
                })?,
                cancelled_on: row.try_get("cancelled_on")?,
                refunded: row.try_get("refunded")?,
                refunded_in_full: row.try_get("refunded_in_full")?,
                completed_on: row.try_get("completed_on")?,
            },
        })
    }
}

macro_rules! booking_columns {
    () => {
        "id, customer_id, known_as, status, booked_on, product, destination, theme, departs_on, returns_on, travellers, amount, cost, channel, \
         seen_on, seen_firm, newest_event_at, told_at, cancelled_on, refunded, refunded_in_full, completed_on"
    };
}

/// The bookings of these ids.
///
/// # Errors
/// Failures of the database.
pub async fn bookings(tx: &mut Tx, agency: Uuid, ids: &[&str]) -> Result<Vec<BookingRow>> {
    fetch_listed!(
        tx,
        BookingRow,
        concat!(
            "SELECT ",
            booking_columns!(),
            " FROM booking WHERE agency_id = $1 AND id IN"
        ),
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// The bookings of these customers, in the order in which they became known.
///
/// # Errors
/// Failures of the database.
pub async fn bookings_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<BookingRow>> {
    let mut rows = fetch_listed!(
        tx,
        BookingRow,
        concat!(
            "SELECT ",
            booking_columns!(),
            " FROM booking WHERE agency_id = $1 AND customer_id IN"
        ),
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.sort_by_key(|row: &BookingRow| row.known_as);
    Ok(rows)
}

/// A booking with what facts are counted from, and nothing of how it came to be known.
struct Counted {
    customer_id: Uuid,
    known_as: i64,
    booking: Booking,
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Counted
where
    usize: sqlx::ColumnIndex<R>,
    Uuid: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i32: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    bool: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let status: String = row.try_get(2)?;
        let status = status.parse().map_err(|()| sqlx::Error::ColumnDecode {
            index: "status".into(),
            source: format!("unknown status {status}").into(),
        })?;
        Ok(Self {
            customer_id: row.try_get(0)?,
            known_as: row.try_get(1)?,
            booking: Booking {
                status,
                details: BookingDetails {
                    booked_on: row.try_get(3)?,
                    product: None,
                    destination: row.try_get(4)?,
                    theme: row.try_get(5)?,
                    departs_on: row.try_get(6)?,
                    returns_on: row.try_get(7)?,
                    travellers: row.try_get(8)?,
                    amount: row.try_get(9)?,
                    cost: row.try_get(10)?,
                    channel: row.try_get(11)?,
                },
                seen_on: row.try_get(12)?,
                seen_firm: false,
                newest_event_at: None,
                told_at: Default::default(),
                cancelled_on: row.try_get(13)?,
                refunded: row.try_get(14)?,
                refunded_in_full: row.try_get(15)?,
                completed_on: None,
            },
        })
    }
}

/// The bookings of these customers with what facts are counted from, each customer's in the order in which they became known.
///
/// # Errors
/// Failures of the database.
pub async fn counted_bookings_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<(Uuid, Booking)>> {
    let mut rows = fetch_listed!(
        tx,
        Counted,
        "SELECT customer_id, known_as, status, booked_on, destination, theme, departs_on, returns_on, travellers, amount, cost, channel, \
         seen_on, cancelled_on, refunded, refunded_in_full FROM booking WHERE agency_id = $1 AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.sort_unstable_by_key(|row: &Counted| row.known_as);
    Ok(rows.into_iter().map(|row| (row.customer_id, row.booking)).collect())
}

/// Writes bookings, new or changed. No two rows may share an id.
///
/// # Errors
/// Failures of the database.
pub async fn put_bookings(tx: &mut Tx, agency: Uuid, rows: &[BookingRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        23,
        "INSERT INTO booking (agency_id, id, customer_id, known_as, status, booked_on, product, destination, theme, departs_on, returns_on, \
         travellers, amount, cost, channel, seen_on, seen_firm, newest_event_at, told_at, cancelled_on, refunded, refunded_in_full, completed_on)",
        |b, row| {
            let (booking, details) = (&row.booking, &row.booking.details);
            b.push_bind(agency)
                .push_bind(&row.id)
                .push_bind(row.customer_id)
                .push_bind(row.known_as)
                .push_bind(booking.status.as_str())
                .push_bind(details.booked_on)
                .push_bind(&details.product)
                .push_bind(&details.destination)
                .push_bind(&details.theme)
                .push_bind(details.departs_on)
                .push_bind(details.returns_on)
                .push_bind(details.travellers)
                .push_bind(details.amount)
                .push_bind(details.cost)
                .push_bind(&details.channel)
                .push_bind(booking.seen_on)
                .push_bind(booking.seen_firm)
                .push_bind(booking.newest_event_at)
                .push_bind(serde_json::Value::from(booking.told_at.map(serde_json::Value::from).to_vec()).to_string())
                .push_bind(booking.cancelled_on)
                .push_bind(booking.refunded)
                .push_bind(booking.refunded_in_full)
                .push_bind(booking.completed_on)
        },
        "ON CONFLICT (agency_id, id) DO UPDATE SET status = excluded.status, booked_on = excluded.booked_on, product = excluded.product, \
         destination = excluded.destination, theme = excluded.theme, departs_on = excluded.departs_on, returns_on = excluded.returns_on, \
         travellers = excluded.travellers, amount = excluded.amount, cost = excluded.cost, channel = excluded.channel, \
         seen_on = excluded.seen_on, seen_firm = excluded.seen_firm, newest_event_at = excluded.newest_event_at, told_at = excluded.told_at, \
         cancelled_on = excluded.cancelled_on, refunded = excluded.refunded, refunded_in_full = excluded.refunded_in_full, completed_on = excluded.completed_on"
    )
}
