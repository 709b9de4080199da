//! What the intake of records reads and writes, a batch at a time.

use crate::dialect::MOST_PARAMETERS;
use crate::{Result, StoreError, Tx};
use posthouse_domain::booking::{Booking, BookingDetails};
use posthouse_domain::facts::FactRow;
use posthouse_domain::profile::Profile;
use sqlx::FromRow;
use uuid::Uuid;

/// Takes the agency's lock and its next change number. Every transaction that writes customers begins with this.
///
/// # Errors
/// Failures of the database.
pub async fn next_change(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (change,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE counter SET change = change + 1 WHERE agency_id = $1 RETURNING change",
        agency
    )?;
    Ok(change)
}

/// Takes the agency's lock without making a change, and returns the last change number.
///
/// # Errors
/// Failures of the database.
pub async fn lock(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (change,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE counter SET change = change WHERE agency_id = $1 RETURNING change",
        agency
    )?;
    Ok(change)
}

/// Takes `count` ordinals and returns the first.
///
/// # Errors
/// Failures of the database.
pub async fn take_ordinals(tx: &mut Tx, agency: Uuid, count: i64) -> Result<i64> {
    let (after,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE counter SET ordinals = ordinals + $2 WHERE agency_id = $1 RETURNING ordinals",
        agency,
        count
    )?;
    Ok(after - count)
}

/// Which of these (source, external id) are known already.
///
/// # Errors
/// Failures of the database.
pub async fn known_events(tx: &mut Tx, agency: Uuid, ids: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
    let mut known = Vec::new();
    for ids in ids.chunks(MOST_PARAMETERS / 2) {
        known.extend(fetch_built!(&mut *tx, (String, String), |q| {
            q.push("SELECT source, external_id FROM event WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND (source, external_id) IN (");
            q.push_values(ids, |mut b, (source, id)| {
                b.push_bind(*source).push_bind(*id);
            });
            q.push(")");
        })?);
    }
    Ok(known)
}

/// Who owns an identity.
#[derive(Debug, Clone, FromRow)]
pub struct OwnerRow {
    /// Kind of identity.
    pub kind: String,
    /// Normal spelling, or keyed hash.
    pub value: String,
    /// Its customer.
    pub customer_id: Uuid,
}

/// The owners of these (kind, value).
///
/// # Errors
/// Failures of the database.
pub async fn owners(tx: &mut Tx, agency: Uuid, identities: &[(&str, &str)]) -> Result<Vec<OwnerRow>> {
    let mut owners = Vec::new();
    for identities in identities.chunks(MOST_PARAMETERS / 2) {
        owners.extend(fetch_built!(&mut *tx, OwnerRow, |q| {
            q.push("SELECT kind, value, customer_id FROM identity WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND (kind, value) IN (");
            q.push_values(identities, |mut b, (kind, value)| {
                b.push_bind(*kind).push_bind(*value);
            });
            q.push(")");
        })?);
    }
    Ok(owners)
}

/// Every identity of these customers, each customer's in order.
///
/// # Errors
/// Failures of the database.
pub async fn identities_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<OwnerRow>> {
    let mut identities = Vec::new();
    for customers in customers.chunks(MOST_PARAMETERS) {
        identities.extend(fetch_built!(&mut *tx, OwnerRow, |q| {
            q.push("SELECT kind, value, customer_id FROM identity WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND customer_id IN (");
            let mut list = q.separated(", ");
            for id in customers {
                list.push_bind(*id);
            }
            q.push(") ORDER BY kind, value");
        })?);
    }
    Ok(identities)
}

/// A customer without its records.
#[derive(Debug, Clone, FromRow)]
pub struct CustomerRow {
    /// Id.
    pub id: Uuid,
    /// Dense number within the agency, from 0.
    pub ordinal: i64,
    /// Shown attribute values as JSON.
    pub profile: String,
    /// Day of the first record.
    pub since_on: i32,
    /// When it was created.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
    /// For optimistic locking.
    pub version: i64,
}

/// These customers.
///
/// # Errors
/// Failures of the database.
pub async fn customers(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<Vec<CustomerRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, CustomerRow, |q| {
        q.push(
            "SELECT id, ordinal, profile, since_on, created_at, updated_at, version FROM customer WHERE agency_id = ",
        );
        q.push_bind(agency).push(" AND id IN (");
        let mut list = q.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        q.push(") ORDER BY ordinal");
    })
}

/// The names of a profile as they are searched.
fn search_text(profile: &str) -> Result<String> {
    let profile: Profile = serde_json::from_str(profile).map_err(StoreError::corrupt("profile"))?;
    let names: Vec<String> = [profile.name, profile.name_latin]
        .into_iter()
        .flatten()
        .map(|name| name.to_lowercase())
        .collect();
    Ok(names.join("\n"))
}

/// Writes customers, new or changed.
///
/// # Errors
/// Failures of the database.
pub async fn put_customers(tx: &mut Tx, agency: Uuid, rows: &[CustomerRow]) -> Result<()> {
    let rows: Vec<(&CustomerRow, String)> = rows
        .iter()
        .map(|row| Ok((row, search_text(&row.profile)?)))
        .collect::<Result<_>>()?;
    write_rows!(
        tx,
        rows,
        9,
        "INSERT INTO customer (agency_id, id, ordinal, profile, search, since_on, created_at, updated_at, version)",
        |b, (row, search)| b
            .push_bind(agency)
            .push_bind(row.id)
            .push_bind(row.ordinal)
            .push_bind(&row.profile)
            .push_bind(search)
            .push_bind(row.since_on)
            .push_bind(row.created_at)
            .push_bind(row.updated_at)
            .push_bind(row.version),
        "ON CONFLICT (agency_id, id) DO UPDATE SET profile = excluded.profile, search = excluded.search, since_on = excluded.since_on, \
         updated_at = excluded.updated_at, version = customer.version + 1"
    )
}

/// A new identity.
#[derive(Debug, Clone)]
pub struct NewIdentity {
    /// Kind of identity.
    pub kind: &'static str,
    /// Normal spelling, or keyed hash of a document.
    pub value: String,
    /// Its customer.
    pub customer_id: Uuid,
    /// The document number, encrypted.
    pub sealed: Option<Vec<u8>>,
}

/// Writes new identities.
///
/// # Errors
/// [`StoreError::Duplicate`] if one is owned or an exclusive one has another value.
pub async fn insert_identities(tx: &mut Tx, agency: Uuid, rows: &[NewIdentity], now: i64) -> Result<()> {
    write_rows!(
        tx,
        rows,
        6,
        "INSERT INTO identity (agency_id, kind, value, customer_id, sealed, created_at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.kind)
            .push_bind(&row.value)
            .push_bind(row.customer_id)
            .push_bind(&row.sealed)
            .push_bind(now),
        ""
    )
}

/// One value of one attribute as stored.
#[derive(Debug, Clone, FromRow)]
pub struct AttributeRow {
    /// Whose.
    pub customer_id: Uuid,
    /// Which.
    pub key: String,
    /// When it was true.
    pub at: i64,
    /// Who told.
    pub source: String,
    /// How it came to be known.
    pub source_kind: String,
    /// Normal spelling.
    pub value: String,
    /// Order of arrival: the change number that brought it.
    pub received: i64,
}

/// Every attribute value of these customers, in the order in which they survive: the last of each key is shown.
///
/// # Errors
/// Failures of the database.
pub async fn attributes_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<AttributeRow>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, AttributeRow, |q| {
        q.push(
            "SELECT customer_id, key, at, source, source_kind, value, received FROM attribute_value WHERE agency_id = ",
        );
        q.push_bind(agency).push(" AND customer_id IN (");
        let mut list = q.separated(", ");
        for id in customers {
            list.push_bind(*id);
        }
        q.push(") ORDER BY key, at, received");
    })
}

/// Writes attribute values; of two told by one source for the same moment the later arrival stays. No two rows may share a key.
///
/// # Errors
/// Failures of the database.
pub async fn put_attributes(tx: &mut Tx, agency: Uuid, rows: &[AttributeRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO attribute_value (agency_id, customer_id, key, at, source, source_kind, value, received)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.customer_id)
            .push_bind(&row.key)
            .push_bind(row.at)
            .push_bind(&row.source)
            .push_bind(&row.source_kind)
            .push_bind(&row.value)
            .push_bind(row.received),
        "ON CONFLICT (agency_id, customer_id, key, at, source) DO UPDATE SET value = excluded.value, \
         source_kind = excluded.source_kind, received = excluded.received"
    )
}

/// An accepted record.
#[derive(Debug, Clone, FromRow)]
pub struct EventRow {
    /// Where it came from.
    pub source: String,
    /// The source's number of it.
    pub external_id: String,
    /// Whose.
    pub customer_id: Uuid,
    /// Event type.
    pub kind: String,
    /// When it happened.
    pub occurred_at: i64,
    /// When it came.
    pub received_at: i64,
    /// The sender's fields as JSON.
    pub data: String,
}

/// Writes accepted records.
///
/// # Errors
/// [`StoreError::Duplicate`] if one is known.
pub async fn insert_events(tx: &mut Tx, agency: Uuid, rows: &[EventRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO event (agency_id, source, external_id, customer_id, kind, occurred_at, received_at, data)",
        |b, row| b
            .push_bind(agency)
            .push_bind(&row.source)
            .push_bind(&row.external_id)
            .push_bind(row.customer_id)
            .push_bind(&row.kind)
            .push_bind(row.occurred_at)
            .push_bind(row.received_at)
            .push_bind(&row.data),
        ""
    )
}

/// A record that belongs to nobody yet.
#[derive(Debug, Clone)]
pub struct UnassignedRow {
    /// Where it came from.
    pub source: String,
    /// The source's number of it.
    pub external_id: String,
    /// Event type.
    pub kind: String,
    /// Why.
    pub code: String,
    /// Why, in words.
    pub detail: String,
    /// The whole record as JSON; of documents only their keyed hashes.
    pub record: String,
}

/// Keeps records that belong to nobody yet. No two rows may share an id.
///
/// # Errors
/// Failures of the database.
pub async fn put_unassigned(tx: &mut Tx, agency: Uuid, rows: &[UnassignedRow], now: i64) -> Result<()> {
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO unassigned_record (agency_id, source, external_id, kind, code, detail, record, received_at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(&row.source)
            .push_bind(&row.external_id)
            .push_bind(&row.kind)
            .push_bind(&row.code)
            .push_bind(&row.detail)
            .push_bind(&row.record)
            .push_bind(now),
        "ON CONFLICT (agency_id, source, external_id) DO UPDATE SET kind = excluded.kind, code = excluded.code, \
         detail = excluded.detail, record = excluded.record, received_at = excluded.received_at"
    )
}

/// Takes records off the waiting list that have found their customer.
///
/// # Errors
/// Failures of the database.
pub async fn forget_unassigned(tx: &mut Tx, agency: Uuid, ids: &[(&str, &str)]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    fetch_built!(tx, (i64,), |q| {
        q.push("DELETE FROM unassigned_record WHERE agency_id = ")
            .push_bind(agency)
            .push(" AND (source, external_id) IN (");
        q.push_values(ids, |mut b, (source, id)| {
            b.push_bind(*source).push_bind(*id);
        });
        q.push(") RETURNING received_at");
    })
    .map(drop)
}

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
            },
        })
    }
}

macro_rules! booking_columns {
    () => {
        "id, customer_id, known_as, status, booked_on, product, destination, theme, departs_on, returns_on, travellers, amount, cost, channel, \
         seen_on, seen_firm, newest_event_at, told_at, cancelled_on, refunded, refunded_in_full"
    };
}

/// The bookings of these ids.
///
/// # Errors
/// Failures of the database.
pub async fn bookings(tx: &mut Tx, agency: Uuid, ids: &[&str]) -> Result<Vec<BookingRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, BookingRow, |q| {
        q.push(concat!(
            "SELECT ",
            booking_columns!(),
            " FROM booking WHERE agency_id = "
        ))
        .push_bind(agency)
        .push(" AND id IN (");
        let mut list = q.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        q.push(")");
    })
}

/// The bookings of these customers, in the order in which they became known.
///
/// # Errors
/// Failures of the database.
pub async fn bookings_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<BookingRow>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, BookingRow, |q| {
        q.push(concat!(
            "SELECT ",
            booking_columns!(),
            " FROM booking WHERE agency_id = "
        ))
        .push_bind(agency)
        .push(" AND customer_id IN (");
        let mut list = q.separated(", ");
        for id in customers {
            list.push_bind(*id);
        }
        q.push(") ORDER BY known_as");
    })
}

/// Writes bookings, new or changed. No two rows may share an id.
///
/// # Errors
/// Failures of the database.
pub async fn put_bookings(tx: &mut Tx, agency: Uuid, rows: &[BookingRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        22,
        "INSERT INTO booking (agency_id, id, customer_id, known_as, status, booked_on, product, destination, theme, departs_on, returns_on, \
         travellers, amount, cost, channel, seen_on, seen_firm, newest_event_at, told_at, cancelled_on, refunded, refunded_in_full)",
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
        },
        "ON CONFLICT (agency_id, id) DO UPDATE SET status = excluded.status, booked_on = excluded.booked_on, product = excluded.product, \
         destination = excluded.destination, theme = excluded.theme, departs_on = excluded.departs_on, returns_on = excluded.returns_on, \
         travellers = excluded.travellers, amount = excluded.amount, cost = excluded.cost, channel = excluded.channel, \
         seen_on = excluded.seen_on, seen_firm = excluded.seen_firm, newest_event_at = excluded.newest_event_at, told_at = excluded.told_at, \
         cancelled_on = excluded.cancelled_on, refunded = excluded.refunded, refunded_in_full = excluded.refunded_in_full"
    )
}

/// How often something happened on a day.
#[derive(Debug, Clone, FromRow)]
pub struct ActivityRow {
    /// Whose.
    pub customer_id: Uuid,
    /// What.
    pub kind: String,
    /// When.
    pub day: i32,
    /// How often.
    pub times: i32,
}

/// What these customers did after `after`; contacts of all time.
///
/// # Errors
/// Failures of the database.
pub async fn activity_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid], after: i32) -> Result<Vec<ActivityRow>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, ActivityRow, |q| {
        q.push("SELECT customer_id, kind, day, times FROM activity WHERE agency_id = ")
            .push_bind(agency);
        q.push(" AND (day > ")
            .push_bind(after)
            .push(" OR kind = 'contact') AND customer_id IN (");
        let mut list = q.separated(", ");
        for id in customers {
            list.push_bind(*id);
        }
        q.push(")");
    })
}

/// Adds to the counts of days. No two rows may share a key.
///
/// # Errors
/// Failures of the database.
pub async fn add_activity(tx: &mut Tx, agency: Uuid, rows: &[ActivityRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        5,
        "INSERT INTO activity (agency_id, customer_id, kind, day, times)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.customer_id)
            .push_bind(&row.kind)
            .push_bind(row.day)
            .push_bind(row.times),
        "ON CONFLICT (agency_id, customer_id, kind, day) DO UPDATE SET times = activity.times + excluded.times"
    )
}

/// One customer's facts and the change that wrote them.
#[derive(Debug, Clone)]
pub struct StoredFacts {
    /// Dense number of the customer.
    pub ordinal: i64,
    /// Whose.
    pub customer_id: Uuid,
    /// The facts.
    pub facts: FactRow,
}

/// Writes rows of facts under one change number.
///
/// # Errors
/// Failures of the database.
pub async fn put_facts(tx: &mut Tx, agency: Uuid, change: i64, rows: &[StoredFacts]) -> Result<()> {
    let rows: Vec<(&StoredFacts, String)> = rows
        .iter()
        .map(|row| {
            Ok((
                row,
                serde_json::to_string(&row.facts).map_err(StoreError::corrupt("facts"))?,
            ))
        })
        .collect::<Result<_>>()?;
    write_rows!(
        tx,
        rows,
        6,
        "INSERT INTO fact (agency_id, ordinal, customer_id, change, edge_on, facts)",
        |b, (row, text)| b
            .push_bind(agency)
            .push_bind(row.ordinal)
            .push_bind(row.customer_id)
            .push_bind(change)
            .push_bind(row.facts.edge_on)
            .push_bind(text),
        "ON CONFLICT (agency_id, ordinal) DO UPDATE SET change = excluded.change, edge_on = excluded.edge_on, facts = excluded.facts"
    )
}

/// Customers whose facts change by themselves on `today` or before.
///
/// # Errors
/// Failures of the database.
pub async fn due_customers(tx: &mut Tx, agency: Uuid, today: i32, limit: i64) -> Result<Vec<Uuid>> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "SELECT customer_id FROM fact WHERE agency_id = $1 AND edge_on <= $2 ORDER BY edge_on, ordinal LIMIT $3",
        agency,
        today,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
