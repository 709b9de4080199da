//! One customer's trips, and where they stand among all.

use crate::Profiles;
use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::facts::selection::Selection;
use crate::quotes::Saved;
use crate::team::{Caller, Mask};
use chrono::Datelike;
use posthouse_domain::Day;
use posthouse_domain::booking::BookingStatus;
use posthouse_domain::catalogue::Value;
use posthouse_domain::time::date_from_day;
use posthouse_store::intake::{BookingRow, bookings_of};
use posthouse_store::{Access, profiles as store};
use uuid::Uuid;

/// Months that are told apart.
const MONTHS: i32 = 12;
/// The fact that customers are ranked by.
const SPEND: &str = "spend-24m";

/// A booking of a customer.
#[derive(Debug, Clone)]
pub struct BookingView {
    /// Booking id.
    pub id: String,
    /// Where it stands.
    pub status: BookingStatus,
    /// The day it was booked, or first heard of.
    pub booked_on: Day,
    /// What.
    pub product: Option<String>,
    /// Where to.
    pub destination: Option<String>,
    /// What it is about.
    pub theme: Option<String>,
    /// First day.
    pub departs_on: Option<Day>,
    /// Last day.
    pub returns_on: Option<Day>,
    /// How many people.
    pub travellers: Option<i32>,
    /// What was agreed, in minor units; none if it is not known, or kept from the caller.
    pub amount: Option<i64>,
    /// What was paid back of it; none if that is kept from the caller.
    pub refunded: Option<i64>,
    /// Where it was booked.
    pub channel: Option<String>,
    /// What campaigns took off it, if it was confirmed with a quote.
    pub savings: Vec<Saved>,
}

/// Where a customer stands among all.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Trips by the month they were booked in, the earliest first, the present month last.
    pub months: Vec<Month>,
    /// The place by spend in two years; none for somebody who spent nothing.
    pub spend: Option<Place>,
}

/// What was booked in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Such as `2026-01`.
    pub month: String,
    /// Trips.
    pub bookings: u64,
    /// What they come to, less refunds, in minor units; none if that is kept from the caller.
    pub amount: Option<i64>,
}

/// A place among all customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1 for the first; those who spent the same share a place.
    pub place: u64,
    /// Of how many.
    pub customers: u64,
    /// The place in hundredths of all customers, rounded up: 8 is the top 8 %.
    pub percent: u64,
}

/// A month as a number that counts on.
fn month_of(day: Day) -> i32 {
    let date = date_from_day(day);
    date.year() * 12 + date.month0() as i32
}

impl Profiles<'_> {
    /// Bookings of a customer, the latest booked first.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; a cursor of another list.
    pub async fn bookings(
        &self,
        caller: &Caller,
        id: Uuid,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<BookingView>, Option<String>)> {
        let behind = cursor
            .map(|text| read_cursor(text).ok_or_else(AppError::bad_cursor))
            .transpose()?;
        let mut rows = self.bookings_known(caller, id).await?;
        let place = |row: &BookingRow| (row.booking.booked_on(), row.known_as);
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(place(row)));
        rows.retain(|row| behind.is_none_or(|behind| place(row) < behind));
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| {
            let (day, known_as) = place(last);
            format!("{day}.{known_as}")
        });
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut savings = self.app.quotes().saved(caller, &ids).await?;
        let sees_money = !caller.is_masked(Mask::Money);
        let view = |row: BookingRow| {
            let details = row.booking.details.clone();
            BookingView {
                savings: savings.remove(&row.id).filter(|_| sees_money).unwrap_or_default(),
                id: row.id,
                status: row.booking.status,
                booked_on: row.booking.booked_on(),
                product: details.product,
                destination: details.destination,
                theme: details.theme,
                departs_on: details.departs_on,
                returns_on: details.returns_on,
                travellers: details.travellers,
                amount: details.amount.filter(|_| sees_money),
                refunded: sees_money.then_some(row.booking.refunded),
                channel: details.channel,
            }
        };
        Ok((rows.into_iter().map(view).collect(), next))
    }

    /// Where a customer stands: trips by month for a year, and the place among all by spend.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn standing(&self, caller: &Caller, id: Uuid) -> Result<Standing> {
        let room = caller.room.clone();
        self.app.segments().ensure_loaded(&room).await?;
        let rows = self.bookings_known(caller, id).await?;
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let ordinal = store::customer(&mut tx, room.id, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?
            .ordinal;
        drop(tx);
        let sees_money = !caller.is_masked(Mask::Money);
        let last = month_of(self.app.segments().moment(&room).today);
        let mut months: Vec<Month> = (last + 1 - MONTHS..=last)
            .map(|month| Month {
                month: format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1),
                bookings: 0,
                amount: sees_money.then_some(0),
            })
            .collect();
        for booking in rows
            .iter()
            .map(|row| &row.booking)
            .filter(|booking| booking.status.is_trip())
        {
            let place = usize::try_from(month_of(booking.booked_on()) - (last + 1 - MONTHS));
            if let Some(month) = place.ok().and_then(|place| months.get_mut(place)) {
                month.bookings += 1;
                month.amount = month.amount.map(|amount| amount.saturating_add(booking.net_amount()));
            }
        }
        let customers = room.frame().len();
        let visible = self.seen_among(caller, customers).await?;
        let spend = beside(move || {
            let frame = room.frame();
            let among = visible.unwrap_or_else(|| Selection::all(frame.len()));
            let position = frame.position(SPEND)?;
            let spend = |row: usize| match frame.stored(position, row) {
                Value::Whole(minor) => minor,
                _ => 0,
            };
            let own = usize::try_from(ordinal)
                .ok()
                .filter(|row| *row < frame.len())
                .map(spend)?;
            let rows = || among.iter().filter(|row| *row < frame.len());
            let place = 1 + rows().filter(|row| spend(*row) > own).count() as u64;
            let customers = rows().count() as u64;
            (own > 0).then(|| Place {
                place,
                customers,
                percent: (place * 100).div_ceil(customers.max(1)),
            })
        })
        .await?;
        let spend = spend.filter(|_| sees_money);
        Ok(Standing { months, spend })
    }

    /// The version of a customer whom the caller sees: another one than before says that something has changed.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn version(&self, caller: &Caller, id: Uuid) -> Result<i64> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::customer(&mut tx, caller.room.id, id).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("customer"))?;
        self.must_see(caller, &row).await?;
        Ok(row.version)
    }

    async fn bookings_known(&self, caller: &Caller, id: Uuid) -> Result<Vec<BookingRow>> {
        self.version(caller, id).await?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        Ok(bookings_of(&mut tx, agency, &[id]).await?)
    }
}

fn read_cursor(text: &str) -> Option<(Day, i64)> {
    let (day, known_as) = text.split_once('.')?;
    Some((day.parse().ok()?, known_as.parse().ok()?))
}
