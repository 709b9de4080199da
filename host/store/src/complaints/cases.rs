//! Cases, each a row with all that changes of it.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CaseRow {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// Whose it is, where that is known.
    pub customer_id: Option<Uuid>,
    /// Who complains, as JSON, where they told.
    pub contact: Option<String>,
    /// The booking it is about.
    pub booking_id: Option<String>,
    /// The product it is about.
    pub product: Option<String>,
    /// The departure it is about.
    pub departs_on: Option<i32>,
    /// Whose service it is about.
    pub supplier: Option<String>,
    /// Who guided the trip.
    pub guide: Option<String>,
    /// `complaint`, `suggestion`, `inquiry` or `praise`.
    pub kind: String,
    /// What it is about.
    pub cause: Option<String>,
    /// The agency's own word below that.
    pub cause_detail: Option<String>,
    /// How it came.
    pub channel: String,
    /// What was said.
    pub text: String,
    /// `pre`, `in_trip` or `post`.
    pub phase: String,
    /// From 1, the gravest, to 4.
    pub severity: i32,
    /// Whether a person said so.
    pub severity_by_person: bool,
    /// Who is answerable.
    pub liability: Option<String>,
    /// Why it happened.
    pub root_cause: Option<String>,
    /// What was done so that it does not happen again.
    pub rectification: Option<String>,
    /// What was made of a suggestion.
    pub assessment: Option<String>,
    /// Where it stands.
    pub state: String,
    /// Whether somebody has still something to do.
    pub is_open: bool,
    /// Key of the desk.
    pub desk: String,
    /// Who has it.
    pub person_id: Option<Uuid>,
    /// Since when, in ms since 1970.
    pub assigned_at: Option<i64>,
    /// When it came, in ms since 1970.
    pub opened_at: i64,
    /// The same as a day in the agency's zone.
    pub opened_on: i32,
    /// When the customer first heard something.
    pub first_response_at: Option<i64>,
    /// When it was resolved.
    pub resolved_at: Option<i64>,
    /// When it was closed.
    pub closed_at: Option<i64>,
    /// How often it was opened again.
    pub reopened: i32,
    /// From 1 to 5, as the customer said.
    pub rating: Option<i32>,
    /// What they said with it.
    pub rating_text: Option<String>,
    /// Whether something promised was not done in time.
    pub breached: bool,
    /// The day since which it counts as resolved badly.
    pub bad_on: Option<i32>,
    /// How often it has gone from one desk to another.
    pub hops: i32,
    /// Its clocks as JSON.
    pub clocks: String,
    /// Its way as JSON.
    pub kept: String,
    /// When the next running clock is over.
    pub due_at: Option<i64>,
    /// What it has in common with cases it may be joined with.
    pub alike: Option<String>,
    /// The crisis it belongs to.
    pub crisis_id: Option<Uuid>,
    /// Moves when links to its page are taken back.
    pub link_epoch: i32,
    /// How many entries it has.
    pub entries: i64,
    /// How many files it has.
    pub files: i32,
    /// What putting it right has cost, in minor units.
    pub cost: i64,
    /// What it is found by.
    pub search: String,
    /// Who wrote it down; none if the customer did.
    pub opened_by: Option<Uuid>,
    /// When it last changed.
    pub updated_at: i64,
    /// Moves with every change.
    pub version: i64,
}

macro_rules! case_columns {
    () => {
        "id, number, customer_id, contact, booking_id, product, departs_on, supplier, guide, kind, cause, cause_detail, channel, text,  \
         phase, severity, severity_by_person, liability, root_cause, rectification, assessment, state, is_open, desk, person_id,  \
         assigned_at, opened_at, opened_on, first_response_at, resolved_at, closed_at, reopened, rating, rating_text, breached, bad_on,  \
         hops, clocks, kept, NULLIF(complaint.due_at, 9223372036854775807) AS due_at, alike, crisis_id, link_epoch, entries, files, cost, search,  \
         opened_by, updated_at, version"
    };
}
pub(super) use case_columns;

/// Writes cases, new or changed.
///
/// # Errors
/// Failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, rows: &[CaseRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        51,
        "INSERT INTO complaint (agency_id, id, number, customer_id, contact, booking_id, product, departs_on, supplier, guide, kind, cause, cause_detail,  \
         channel, text, phase, severity, severity_by_person, liability, root_cause, rectification, assessment, state, is_open, desk,  \
         person_id, assigned_at, opened_at, opened_on, first_response_at, resolved_at, closed_at, reopened, rating, rating_text, breached,  \
         bad_on, hops, clocks, kept, due_at, alike, crisis_id, link_epoch, entries, files, cost, search, opened_by, updated_at, version)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.id)
            .push_bind(&row.number)
            .push_bind(row.customer_id)
            .push_bind(&row.contact)
            .push_bind(&row.booking_id)
            .push_bind(&row.product)
            .push_bind(row.departs_on)
            .push_bind(&row.supplier)
            .push_bind(&row.guide)
            .push_bind(&row.kind)
            .push_bind(&row.cause)
            .push_bind(&row.cause_detail)
            .push_bind(&row.channel)
            .push_bind(&row.text)
            .push_bind(&row.phase)
            .push_bind(row.severity)
            .push_bind(row.severity_by_person)
            .push_bind(&row.liability)
            .push_bind(&row.root_cause)
            .push_bind(&row.rectification)
            .push_bind(&row.assessment)
            .push_bind(&row.state)
            .push_bind(row.is_open)
            .push_bind(&row.desk)
            .push_bind(row.person_id)
            .push_bind(row.assigned_at)
            .push_bind(row.opened_at)
            .push_bind(row.opened_on)
            .push_bind(row.first_response_at)
            .push_bind(row.resolved_at)
            .push_bind(row.closed_at)
            .push_bind(row.reopened)
            .push_bind(row.rating)
            .push_bind(&row.rating_text)
            .push_bind(row.breached)
            .push_bind(row.bad_on)
            .push_bind(row.hops)
            .push_bind(&row.clocks)
            .push_bind(&row.kept)
            .push_bind(row.due_at.unwrap_or(i64::MAX))
            .push_bind(&row.alike)
            .push_bind(row.crisis_id)
            .push_bind(row.link_epoch)
            .push_bind(row.entries)
            .push_bind(row.files)
            .push_bind(row.cost)
            .push_bind(&row.search)
            .push_bind(row.opened_by)
            .push_bind(row.updated_at)
            .push_bind(row.version),
        "ON CONFLICT (agency_id, id) DO UPDATE SET customer_id = excluded.customer_id, contact = excluded.contact, booking_id = excluded.booking_id, product = excluded.product,  \
         departs_on = excluded.departs_on, supplier = excluded.supplier, guide = excluded.guide, kind = excluded.kind,  \
         cause = excluded.cause, cause_detail = excluded.cause_detail, channel = excluded.channel, text = excluded.text,  \
         phase = excluded.phase, severity = excluded.severity, severity_by_person = excluded.severity_by_person,  \
         liability = excluded.liability, root_cause = excluded.root_cause, rectification = excluded.rectification,  \
         assessment = excluded.assessment, state = excluded.state, is_open = excluded.is_open, desk = excluded.desk,  \
         person_id = excluded.person_id, assigned_at = excluded.assigned_at, first_response_at = excluded.first_response_at,  \
         resolved_at = excluded.resolved_at, closed_at = excluded.closed_at, reopened = excluded.reopened, rating = excluded.rating,  \
         rating_text = excluded.rating_text, breached = excluded.breached, bad_on = excluded.bad_on, hops = excluded.hops,  \
         clocks = excluded.clocks, kept = excluded.kept, due_at = excluded.due_at, alike = excluded.alike, crisis_id = excluded.crisis_id,  \
         link_epoch = excluded.link_epoch, entries = excluded.entries, files = excluded.files, cost = excluded.cost,  \
         search = excluded.search, updated_at = excluded.updated_at, version = excluded.version"
    )
}

/// One case.
///
/// # Errors
/// Failures of the database.
pub async fn case(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<CaseRow>> {
    fetch_optional!(
        tx,
        CaseRow,
        concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// The case of this number.
///
/// # Errors
/// Failures of the database.
pub async fn numbered(tx: &mut Tx, agency: Uuid, number: &str) -> Result<Option<CaseRow>> {
    fetch_optional!(
        tx,
        CaseRow,
        concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = $1 AND number = $2"
        ),
        agency,
        number
    )
}

/// These cases.
///
/// # Errors
/// Failures of the database.
pub async fn cases(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<Vec<CaseRow>> {
    fetch_listed!(
        tx,
        CaseRow,
        concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = $1 AND id IN"
        ),
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// How a case counts for the customer's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct CountedRow {
    /// The customer.
    pub customer_id: Uuid,
    /// The day it came.
    pub opened_on: i32,
    /// Whether somebody has still something to do.
    pub is_open: bool,
    /// The day since which it counts as resolved badly.
    pub bad_on: Option<i32>,
}

/// The complaints of these customers as they count; nothing of those that were taken back but that they came.
///
/// # Errors
/// Failures of the database.
pub async fn counted(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<CountedRow>> {
    fetch_listed!(
        tx,
        CountedRow,
        "SELECT customer_id, opened_on, is_open, bad_on FROM complaint WHERE agency_id = $1 AND kind = 'complaint' AND customer_id IN",
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// How much a desk, or somebody of it, has to do.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LoadRow {
    /// Key of the desk.
    pub desk: String,
    /// Who; none for what nobody has.
    pub person_id: Option<Uuid>,
    /// Open cases.
    pub open_cases: i64,
    /// When the last of them came.
    pub last_at: Option<i64>,
}

/// Open cases by desk and person.
///
/// # Errors
/// Failures of the database.
pub async fn loads(tx: &mut Tx, agency: Uuid) -> Result<Vec<LoadRow>> {
    fetch_all!(
        tx,
        LoadRow,
        "SELECT desk, person_id, COUNT(*) AS open_cases, MAX(assigned_at) AS last_at FROM complaint
         WHERE agency_id = $1 AND is_open GROUP BY desk, person_id",
        agency
    )
}

/// How many other open cases have this in common, since an instant.
///
/// # Errors
/// Failures of the database.
pub async fn alike(tx: &mut Tx, agency: Uuid, what: &str, but: Uuid, since: i64) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM complaint WHERE agency_id = $1 AND alike = $2 AND is_open AND opened_at >= $3 AND id <> $4",
        agency,
        what,
        since,
        but
    )?;
    Ok(count)
}

/// The open cases that have this in common, since an instant, the first that came first.
///
/// # Errors
/// Failures of the database.
pub async fn all_alike(tx: &mut Tx, agency: Uuid, what: &str, since: i64, limit: i64) -> Result<Vec<CaseRow>> {
    fetch_all!(
        tx,
        CaseRow,
        concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = $1 AND alike = $2 AND is_open AND opened_at >= $3 ORDER BY opened_at, id LIMIT $4"
        ),
        agency,
        what,
        since,
        limit
    )
}
