//! What another rule would have done: previews, and the members and bookings that they are played over.

use crate::{Result, StoreError, Tx};
use posthouse_domain::booking::{Booking, BookingDetails};
use sqlx::FromRow;
use uuid::Uuid;

/// A preview.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PreviewRow {
    /// Id.
    pub id: Uuid,
    /// The binding whose rule is another one.
    pub binding: String,
    /// The plugin.
    pub digest: String,
    /// Its settings as canonical JSON.
    pub config: String,
    /// The first day that is played.
    pub from_on: i32,
    /// The last.
    pub to_on: i32,
    /// `waiting`, `running`, `done`, `cancelled` or `failed`.
    pub state: String,
    /// How many members there are.
    pub members: i64,
    /// How many of them were played.
    pub done: i64,
    /// How many occasions rules were asked about.
    pub occasions: i64,
    /// What came of it, as JSON.
    pub result: Option<String>,
    /// Why it failed.
    pub problem: Option<String>,
    /// Who asked.
    pub asked_by: Uuid,
    /// When, in ms since 1970 of the machine's time.
    pub asked_at: i64,
}

macro_rules! preview_columns {
    () => {
        "id, binding, digest, config, from_on, to_on, state, members, done, occasions, result, problem, asked_by, asked_at"
    };
}

/// Writes down a preview that is to be made.
///
/// # Errors
/// Failures of the database.
pub async fn insert_preview(tx: &mut Tx, agency: Uuid, row: &PreviewRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_preview (agency_id, id, binding, digest, config, from_on, to_on, state, members, done, occasions, asked_by, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        agency,
        row.id,
        &row.binding,
        &row.digest,
        &row.config,
        row.from_on,
        row.to_on,
        &row.state,
        row.members,
        row.done,
        row.occasions,
        row.asked_by,
        row.asked_at
    )
    .map(drop)
}

/// A preview.
///
/// # Errors
/// Failures of the database.
pub async fn preview(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<PreviewRow>> {
    fetch_optional!(
        tx,
        PreviewRow,
        concat!(
            "SELECT ",
            preview_columns!(),
            " FROM loyalty_preview WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// The latest previews, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn previews(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<PreviewRow>> {
    fetch_all!(
        tx,
        PreviewRow,
        concat!(
            "SELECT ",
            preview_columns!(),
            " FROM loyalty_preview WHERE agency_id = $1 ORDER BY asked_at DESC, id DESC LIMIT $2"
        ),
        agency,
        limit
    )
}

/// Says how far a preview has come; whether anybody still wants it.
///
/// # Errors
/// Failures of the database.
pub async fn advance_preview(tx: &mut Tx, agency: Uuid, id: Uuid, (done, occasions): (i64, i64)) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "UPDATE loyalty_preview SET state = 'running', done = $3, occasions = $4
         WHERE agency_id = $1 AND id = $2 AND state IN ('waiting', 'running') RETURNING done",
        agency,
        id,
        done,
        occasions
    )?;
    Ok(row.is_some())
}

/// Ends a preview that was not ended: `done` with its result, `failed` with its problem, or `cancelled`.
///
/// # Errors
/// Failures of the database.
pub async fn end_preview(
    tx: &mut Tx,
    agency: Uuid,
    id: Uuid,
    state: &str,
    (result, problem): (Option<&str>, Option<&str>),
) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "UPDATE loyalty_preview SET state = $3, result = $4, problem = $5
         WHERE agency_id = $1 AND id = $2 AND state IN ('waiting', 'running') RETURNING done",
        agency,
        id,
        state,
        result,
        problem
    )?;
    Ok(row.is_some())
}

/// Deletes previews that were asked for before an instant.
///
/// # Errors
/// Failures of the database.
pub async fn forget_previews(tx: &mut Tx, agency: Uuid, before: i64) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM loyalty_preview WHERE agency_id = $1 AND asked_at < $2",
        agency,
        before
    )
    .map(drop)
}

/// A member, as far as rules are told of one.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PlayedRow {
    /// The customer.
    pub customer_id: Uuid,
    /// The day of joining.
    pub since_on: i32,
    /// When the member was made, in ms since 1970.
    pub created_at: i64,
}

/// Members behind a customer's id who take part, in the order of their ids.
///
/// # Errors
/// Failures of the database.
pub async fn played_behind(tx: &mut Tx, agency: Uuid, customer: Uuid, limit: i64) -> Result<Vec<PlayedRow>> {
    fetch_all!(
        tx,
        PlayedRow,
        "SELECT customer_id, since_on, created_at FROM member
         WHERE agency_id = $1 AND customer_id > $2 AND state <> 'closed' ORDER BY customer_id LIMIT $3",
        agency,
        customer,
        limit
    )
}

/// A tier that somebody had.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TierOf {
    /// The member.
    pub customer_id: Uuid,
    /// Counts from 1.
    pub nth: i64,
    /// Its key; none for no tier.
    pub tier: Option<String>,
    /// Its first day.
    pub from_on: i32,
    /// The last day on which it was not to be lowered.
    pub until_on: Option<i32>,
    /// Whether somebody gave it by hand.
    pub by_hand: bool,
}

/// Every tier these members had, each member's in their order.
///
/// # Errors
/// Failures of the database.
pub async fn tiers_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<TierOf>> {
    let mut rows = fetch_listed!(
        tx,
        TierOf,
        "SELECT customer_id, nth, tier, from_on, until_on, by_hand FROM member_tier WHERE agency_id = $1 AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.sort_by_key(|row: &TierOf| (row.customer_id, row.nth));
    Ok(rows)
}

/// A booking with what rules are told of it.
#[derive(Debug, FromRow)]
struct Told {
    customer_id: Uuid,
    known_as: i64,
    status: String,
    booked_on: Option<i32>,
    product: Option<String>,
    destination: Option<String>,
    theme: Option<String>,
    departs_on: Option<i32>,
    returns_on: Option<i32>,
    travellers: Option<i32>,
    amount: Option<i64>,
    channel: Option<String>,
    seen_on: i32,
    refunded: i64,
    refunded_in_full: bool,
    completed_on: Option<i32>,
}

impl Told {
    fn read(self) -> Result<(Uuid, i64, Booking)> {
        let status = self.status.parse().map_err(|()| StoreError::Corrupt {
            what: "booking",
            problem: self.status.clone(),
        })?;
        let booking = Booking {
            status,
            details: BookingDetails {
                booked_on: self.booked_on,
                product: self.product,
                destination: self.destination,
                theme: self.theme,
                departs_on: self.departs_on,
                returns_on: self.returns_on,
                travellers: self.travellers,
                amount: self.amount,
                cost: None,
                channel: self.channel,
            },
            seen_on: self.seen_on,
            seen_firm: false,
            newest_event_at: None,
            told_at: Default::default(),
            cancelled_on: None,
            completed_on: self.completed_on,
            refunded: self.refunded,
            refunded_in_full: self.refunded_in_full,
        };
        Ok((self.customer_id, self.known_as, booking))
    }
}

/// The bookings of these customers with what loyalty rules are told of them, in the order in which they became known.
///
/// # Errors
/// Failures of the database.
pub async fn told_bookings_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<(Uuid, Booking)>> {
    let rows = fetch_listed!(
        tx,
        Told,
        "SELECT customer_id, known_as, status, booked_on, product, destination, theme, departs_on, returns_on, travellers, amount, channel, \
         seen_on, refunded, refunded_in_full, completed_on FROM booking WHERE agency_id = $1 AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    let mut bookings = rows.into_iter().map(Told::read).collect::<Result<Vec<_>>>()?;
    bookings.sort_by_key(|(_, known_as, _)| *known_as);
    Ok(bookings
        .into_iter()
        .map(|(customer, _, booking)| (customer, booking))
        .collect())
}
