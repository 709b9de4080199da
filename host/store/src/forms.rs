//! Bringing stored rows into their normal forms, once, and what stands in the way of it.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// Everything that is done once to the rows of an agency, in this order.
pub const STEPS: [&str; 7] = [
    "identities",
    "bookings",
    "records",
    "waiting",
    "quotes",
    "assignees",
    "words",
];

/// The kind under which bookings clash.
pub const BOOKING: &str = "booking";
/// The kind under which records clash.
pub const RECORD: &str = "record";

/// How far a step has come, and whether it is done.
///
/// # Errors
/// Failures of the database.
pub async fn step(tx: &mut Tx, agency: Uuid, step: &str) -> Result<Option<(String, bool)>> {
    fetch_optional!(
        tx,
        (String, bool),
        "SELECT place, done FROM upkeep WHERE agency_id = $1 AND step = $2",
        agency,
        step
    )
}

/// The steps that are done.
///
/// # Errors
/// Failures of the database.
pub async fn steps_done(tx: &mut Tx, agency: Uuid) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT step FROM upkeep WHERE agency_id = $1 AND done",
        agency
    )?;
    Ok(rows.into_iter().map(|(step,)| step).collect())
}

/// Writes down how far a step has come.
///
/// # Errors
/// Failures of the database.
pub async fn put_step(tx: &mut Tx, agency: Uuid, step: &str, place: &str, done: bool) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO upkeep (agency_id, step, place, done) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agency_id, step) DO UPDATE SET place = excluded.place, done = excluded.done",
        agency,
        step,
        place,
        done
    )
    .map(drop)
}

/// A row that is known by a form which another row has too.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ClashRow {
    /// An identity's kind, `booking` or `record`.
    pub kind: String,
    /// The form that both have.
    pub form: String,
    /// Under which spelling it was known, and still is.
    pub was: String,
    /// Under what it stands.
    pub value: String,
    /// Whose.
    pub customer_id: Uuid,
    /// When it was found, in ms since 1970.
    pub noted_at: i64,
}

/// Writes down what clashes. No two rows may share kind, form and spelling.
///
/// # Errors
/// Failures of the database.
pub async fn put_clashes(tx: &mut Tx, agency: Uuid, rows: &[ClashRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        7,
        "INSERT INTO normal_form_clash (agency_id, kind, form, was, value, customer_id, noted_at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(&row.kind)
            .push_bind(&row.form)
            .push_bind(&row.was)
            .push_bind(&row.value)
            .push_bind(row.customer_id)
            .push_bind(row.noted_at),
        "ON CONFLICT (agency_id, kind, form, was) DO NOTHING"
    )
}

/// What clashes over these (kind, form).
///
/// # Errors
/// Failures of the database.
pub async fn clashes(tx: &mut Tx, agency: Uuid, forms: &[(&str, &str)]) -> Result<Vec<ClashRow>> {
    // hardly any agency has one
    if clashes_from(tx, agency, ("", "", ""), 1).await?.is_empty() {
        return Ok(Vec::new());
    }
    fetch_listed!(
        tx,
        ClashRow,
        "SELECT kind, form, was, value, customer_id, noted_at FROM normal_form_clash WHERE agency_id = $1 AND (kind, form) IN",
        [agency],
        forms,
        2,
        |b, (kind, form)| b.push_bind(*kind).push_bind(*form),
        ""
    )
}

/// What clashes, after a kind, form and spelling, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn clashes_from(tx: &mut Tx, agency: Uuid, after: (&str, &str, &str), limit: i64) -> Result<Vec<ClashRow>> {
    fetch_all!(
        tx,
        ClashRow,
        "SELECT kind, form, was, value, customer_id, noted_at FROM normal_form_clash
         WHERE agency_id = $1 AND (kind, form, was) > ($2, $3, $4) ORDER BY kind, form, was LIMIT $5",
        agency,
        after.0,
        after.1,
        after.2,
        limit
    )
}

/// An identity as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct StoredIdentity {
    /// Kind of identity.
    pub kind: String,
    /// Under what it stands.
    pub value: String,
    /// Whose.
    pub customer_id: Uuid,
    /// The document number, encrypted.
    pub sealed: Option<Vec<u8>>,
    /// What was written.
    pub written: Option<String>,
    /// Whether its dashes were dropped.
    pub loose: bool,
}

/// Identities after a kind and value, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn identities_from(
    tx: &mut Tx,
    agency: Uuid,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<StoredIdentity>> {
    fetch_all!(
        tx,
        StoredIdentity,
        "SELECT kind, value, customer_id, sealed, written, loose FROM identity
         WHERE agency_id = $1 AND (kind, value) > ($2, $3) ORDER BY kind, value LIMIT $4",
        agency,
        after.0,
        after.1,
        limit
    )
}

/// Gives an identity its form. What it was written as is kept; a number whose dashes are known now is no longer loose.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] if the form is taken.
pub async fn move_identity(
    tx: &mut Tx,
    agency: Uuid,
    from: (&str, &str),
    form: &str,
    written: Option<&str>,
    loose: bool,
) -> Result<()> {
    execute!(
        tx,
        "UPDATE identity SET value = $4, written = $5, loose = $6 WHERE agency_id = $1 AND kind = $2 AND value = $3",
        agency,
        from.0,
        from.1,
        form,
        written,
        loose
    )
    .map(drop)
}

/// Takes an identity away that its customer has under its form as well.
///
/// # Errors
/// Failures of the database.
pub async fn drop_identity(tx: &mut Tx, agency: Uuid, kind: &str, value: &str) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM identity WHERE agency_id = $1 AND kind = $2 AND value = $3",
        agency,
        kind,
        value
    )
    .map(drop)
}

/// What files said of these customers, cell by cell: customer and the row's cells as JSON.
///
/// # Errors
/// Failures of the database.
pub async fn rows_of_files(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    fetch_built!(tx, (Uuid, String), |q| {
        q.push("SELECT customer_id, data FROM event WHERE agency_id = ")
            .push_bind(agency)
            .push(" AND source IN ('import:bookings', 'import:customers') AND customer_id IN (");
        let mut list = q.separated(", ");
        for id in customers {
            list.push_bind(*id);
        }
        q.push(") ORDER BY received_at, source, external_id");
    })
}

/// Ids of bookings after one, with their customers, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn bookings_from(tx: &mut Tx, agency: Uuid, after: &str, limit: i64) -> Result<Vec<(String, Uuid)>> {
    fetch_all!(
        tx,
        (String, Uuid),
        "SELECT id, customer_id FROM booking WHERE agency_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        agency,
        after,
        limit
    )
}

/// Gives a booking its form.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] if the form is taken.
pub async fn move_booking(tx: &mut Tx, agency: Uuid, from: &str, form: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE booking SET id = $3 WHERE agency_id = $1 AND id = $2",
        agency,
        from,
        form
    )
    .map(drop)
}

/// Records after a source and id, with their customers, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn records_from(
    tx: &mut Tx,
    agency: Uuid,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<(String, String, Uuid)>> {
    fetch_all!(
        tx,
        (String, String, Uuid),
        "SELECT source, external_id, customer_id FROM event
         WHERE agency_id = $1 AND (source, external_id) > ($2, $3) ORDER BY source, external_id LIMIT $4",
        agency,
        after.0,
        after.1,
        limit
    )
}

/// Gives a record its form.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] if the form is taken.
pub async fn move_record(tx: &mut Tx, agency: Uuid, from: (&str, &str), form: (&str, &str)) -> Result<()> {
    execute!(
        tx,
        "UPDATE event SET source = $4, external_id = $5 WHERE agency_id = $1 AND source = $2 AND external_id = $3",
        agency,
        from.0,
        from.1,
        form.0,
        form.1
    )
    .map(drop)
}

/// Records that wait for their customer, after a source and id, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn waiting_from(tx: &mut Tx, agency: Uuid, after: (&str, &str), limit: i64) -> Result<Vec<(String, String)>> {
    fetch_all!(
        tx,
        (String, String),
        "SELECT source, external_id FROM unassigned_record
         WHERE agency_id = $1 AND (source, external_id) > ($2, $3) ORDER BY source, external_id LIMIT $4",
        agency,
        after.0,
        after.1,
        limit
    )
}

/// Gives a waiting record its form, unless another one waits under it.
///
/// # Errors
/// Failures of the database.
pub async fn move_waiting(tx: &mut Tx, agency: Uuid, from: (&str, &str), form: (&str, &str)) -> Result<()> {
    execute!(
        tx,
        "UPDATE unassigned_record SET source = $4, external_id = $5 WHERE agency_id = $1 AND source = $2 AND external_id = $3
         AND NOT EXISTS (SELECT 1 FROM unassigned_record o WHERE o.agency_id = $1 AND o.source = $4 AND o.external_id = $5)",
        agency,
        from.0,
        from.1,
        form.0,
        form.1
    )
    .map(drop)
}

/// Confirmed quotes after one, with their bookings, at most `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn quotes_from(tx: &mut Tx, agency: Uuid, after: Uuid, limit: i64) -> Result<Vec<(Uuid, String)>> {
    fetch_all!(
        tx,
        (Uuid, String),
        "SELECT id, booking_id FROM quote WHERE agency_id = $1 AND id > $2 AND booking_id IS NOT NULL ORDER BY id LIMIT $3",
        agency,
        after,
        limit
    )
}

/// Names the booking of a quote by its form.
///
/// # Errors
/// Failures of the database.
pub async fn set_booking_of_quote(tx: &mut Tx, agency: Uuid, quote: Uuid, booking: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE quote SET booking_id = $3 WHERE agency_id = $1 AND id = $2",
        agency,
        quote,
        booking
    )
    .map(drop)
}
