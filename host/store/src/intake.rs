//! What the intake of records reads and writes, a batch at a time.
//!
//! Every query must cost what its batch costs, however much is stored. SQLite, which knows nothing of how the rows are spread,
//! would rather walk through a whole agency than sort a batch, so batches are sorted here; a test counts its steps.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

pub use crate::bookings::{BookingRow, bookings, bookings_of, counted_bookings_of, put_bookings};
pub use crate::facts::{StoredFacts, count_due, due, facts_at, put_facts, written_after};

/// Where an agency stands: whoever knows it knows whether customers were written since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Counter {
    /// The number of the last change.
    pub change: i64,
    /// How many ordinals were given out, which is the next one.
    pub ordinals: i64,
}

/// Takes the agency's lock and its next change number. Every transaction that writes customers begins with this.
///
/// # Errors
/// Failures of the database.
pub async fn next_change(tx: &mut Tx, agency: Uuid) -> Result<Counter> {
    fetch_one!(
        tx,
        Counter,
        "UPDATE counter SET change = change + 1 WHERE agency_id = $1 RETURNING change, ordinals",
        agency
    )
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

/// Gives out `count` ordinals, from the one that [`next_change`] said on.
///
/// # Errors
/// Failures of the database.
pub async fn take_ordinals(tx: &mut Tx, agency: Uuid, count: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE counter SET ordinals = ordinals + $2 WHERE agency_id = $1",
        agency,
        count
    )
    .map(drop)
}

/// Which of these (source, external id) are known already.
///
/// # Errors
/// Failures of the database.
pub async fn known_events(tx: &mut Tx, agency: Uuid, ids: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
    fetch_listed!(
        tx,
        (String, String),
        "SELECT source, external_id FROM event WHERE agency_id = $1 AND (source, external_id) IN",
        [agency],
        ids,
        2,
        |b, (source, id)| b.push_bind(*source).push_bind(*id),
        ""
    )
}

/// Who owns an identity.
#[derive(Debug, Clone, FromRow)]
pub struct OwnerRow {
    /// Kind of identity.
    pub kind: String,
    /// Normal form, or keyed hash.
    pub value: String,
    /// Its customer.
    pub customer_id: Uuid,
    /// What was written, to be shown; nothing of documents and of what was as it is.
    pub written: Option<String>,
    /// Whether it is a member number whose dashes were dropped.
    pub loose: bool,
}

impl OwnerRow {
    /// What was written.
    pub fn shown(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.value)
    }
}

/// The owners of these (kind, value).
///
/// # Errors
/// Failures of the database.
pub async fn owners(tx: &mut Tx, agency: Uuid, identities: &[(&str, &str)]) -> Result<Vec<OwnerRow>> {
    fetch_listed!(
        tx,
        OwnerRow,
        "SELECT kind, value, customer_id, written, loose FROM identity WHERE agency_id = $1 AND (kind, value) IN",
        [agency],
        identities,
        2,
        |b, (kind, value)| b.push_bind(*kind).push_bind(*value),
        ""
    )
}

/// Every identity of these customers, each customer's in order.
///
/// # Errors
/// Failures of the database.
pub async fn identities_of(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<OwnerRow>> {
    let mut identities = fetch_listed!(
        tx,
        OwnerRow,
        "SELECT kind, value, customer_id, written, loose FROM identity WHERE agency_id = $1 AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    identities.sort_unstable_by(|a: &OwnerRow, b| (&a.kind, &a.value).cmp(&(&b.kind, &b.value)));
    Ok(identities)
}

/// A document's number of a customer, sealed; the latest if there were several.
///
/// # Errors
/// Failures of the database.
pub async fn sealed_of(tx: &mut Tx, agency: Uuid, customer: Uuid, kind: &str) -> Result<Option<Vec<u8>>> {
    let found = fetch_optional!(
        tx,
        (Option<Vec<u8>>,),
        "SELECT sealed FROM identity WHERE agency_id = $1 AND customer_id = $2 AND kind = $3 ORDER BY created_at DESC LIMIT 1",
        agency,
        customer,
        kind
    )?;
    Ok(found.and_then(|(sealed,)| sealed))
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
    let mut rows = fetch_listed!(
        tx,
        CustomerRow,
        "SELECT id, ordinal, profile, since_on, created_at, updated_at, version FROM customer WHERE agency_id = $1 AND id IN",
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.sort_unstable_by_key(|row| row.ordinal);
    Ok(rows)
}

/// Writes customers, new or changed.
///
/// # Errors
/// Failures of the database.
pub async fn put_customers(tx: &mut Tx, agency: Uuid, rows: &[CustomerRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO customer (agency_id, id, ordinal, profile, since_on, created_at, updated_at, version)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.id)
            .push_bind(row.ordinal)
            .push_bind(&row.profile)
            .push_bind(row.since_on)
            .push_bind(row.created_at)
            .push_bind(row.updated_at)
            .push_bind(row.version),
        "ON CONFLICT (agency_id, id) DO UPDATE SET profile = excluded.profile, since_on = excluded.since_on, \
         updated_at = excluded.updated_at, version = customer.version + 1"
    )
}

/// A new identity.
#[derive(Debug, Clone)]
pub struct NewIdentity {
    /// Kind of identity.
    pub kind: &'static str,
    /// Normal form, or keyed hash of a document.
    pub value: String,
    /// Its customer.
    pub customer_id: Uuid,
    /// The document number, encrypted.
    pub sealed: Option<Vec<u8>>,
    /// What was written, if it is to be shown and is not the form itself.
    pub written: Option<String>,
}

/// Writes new identities.
///
/// # Errors
/// [`StoreError::Duplicate`](crate::StoreError::Duplicate) if one is owned or an exclusive one has another value.
pub async fn insert_identities(tx: &mut Tx, agency: Uuid, rows: &[NewIdentity], now: i64) -> Result<()> {
    write_rows!(
        tx,
        rows,
        7,
        "INSERT INTO identity (agency_id, kind, value, customer_id, sealed, written, created_at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.kind)
            .push_bind(&row.value)
            .push_bind(row.customer_id)
            .push_bind(&row.sealed)
            .push_bind(&row.written)
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
    let mut rows = fetch_listed!(
        tx,
        AttributeRow,
        "SELECT customer_id, key, at, source, source_kind, value, received FROM attribute_value WHERE agency_id = $1 AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    // sorted here: SQLite would walk through everyone's values to save sorting these few
    rows.sort_by(|a: &AttributeRow, b| (&a.key, a.at, a.received).cmp(&(&b.key, b.at, b.received)));
    Ok(rows)
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
/// [`StoreError::Duplicate`](crate::StoreError::Duplicate) if one is known.
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
    fetch_listed!(
        tx,
        (i64,),
        "DELETE FROM unassigned_record WHERE agency_id = $1 AND (source, external_id) IN",
        [agency],
        ids,
        2,
        |b, (source, id)| b.push_bind(*source).push_bind(*id),
        "RETURNING received_at"
    )
    .map(drop)
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
    fetch_listed!(
        tx,
        ActivityRow,
        "SELECT customer_id, kind, day, times FROM activity WHERE agency_id = $1 AND (day > $2 OR kind = 'contact') AND customer_id IN",
        [agency, after],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
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
