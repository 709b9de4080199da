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

/// Which cases are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// Only those in this state.
    pub state: Option<&'w str>,
    /// Only those that are open, or are not.
    pub open: Option<bool>,
    /// Only those of this desk.
    pub desk: Option<&'w str>,
    /// Only those of this person.
    pub person: Option<Uuid>,
    /// Only those where something promised was not done in time.
    pub breached: bool,
    /// Only those of this customer.
    pub customer: Option<Uuid>,
    /// Only those of this crisis.
    pub crisis: Option<Uuid>,
    /// Only those in which this stands, in caseless form.
    pub q: Option<&'w str>,
    /// If before this sign only, which stands once in what a case is found by.
    pub before: Option<char>,
}

/// Adds what cases have to be.
macro_rules! push_wanted {
    ($q:ident, $wanted:ident) => {{
        if let Some(open) = $wanted.open {
            $q.push(" AND is_open = ").push_bind(open);
        }
        if let Some(state) = $wanted.state {
            $q.push(" AND state = ").push_bind(state.to_owned());
        }
        if let Some(desk) = $wanted.desk {
            $q.push(" AND desk = ").push_bind(desk.to_owned());
        }
        if let Some(person) = $wanted.person {
            $q.push(" AND person_id = ").push_bind(person);
        }
        if $wanted.breached {
            $q.push(" AND breached");
        }
        if let Some(customer) = $wanted.customer {
            $q.push(" AND customer_id = ").push_bind(customer);
        }
        if let Some(crisis) = $wanted.crisis {
            $q.push(" AND crisis_id = ").push_bind(crisis);
        }
        if let Some(text) = $wanted.q {
            $q.push(" AND search LIKE ")
                .push_bind(like(text, $wanted.before))
                .push(" ESCAPE '!'");
        }
    }};
}

/// A text as part of another, before a sign of it or anywhere.
fn like(text: &str, before: Option<char>) -> String {
    let mut pattern = String::from("%");
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    if let Some(sign) = before {
        pattern.push(sign);
        pattern.push('%');
    }
    pattern
}

/// Cases before an id, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn latest(
    tx: &mut Tx,
    agency: Uuid,
    wanted: &Wanted<'_>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CaseRow>> {
    fetch_built!(tx, CaseRow, |q| {
        q.push(concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = "
        ))
        .push_bind(agency);
        push_wanted!(q, wanted);
        q.push(" AND id < ")
            .push_bind(before.unwrap_or(Uuid::max()))
            .push(" ORDER BY id DESC LIMIT ")
            .push_bind(limit);
    })
}

/// Open cases behind a place, what is due first first; what waits, and is due at no time, comes last.
///
/// # Errors
/// Failures of the database.
pub async fn due_first(
    tx: &mut Tx,
    agency: Uuid,
    wanted: &Wanted<'_>,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<CaseRow>> {
    let (due, id) = after.unwrap_or((i64::MIN, Uuid::nil()));
    fetch_built!(tx, CaseRow, |q| {
        q.push(concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = "
        ))
        .push_bind(agency)
        .push(" AND is_open");
        push_wanted!(q, wanted);
        q.push(" AND (complaint.due_at, id) > (")
            .push_bind(due)
            .push(", ")
            .push_bind(id)
            .push(") ORDER BY complaint.due_at, id LIMIT ")
            .push_bind(limit);
    })
}

/// How many cases there are of a state.
///
/// # Errors
/// Failures of the database.
pub async fn states(tx: &mut Tx, agency: Uuid, wanted: &Wanted<'_>) -> Result<Vec<(String, i64)>> {
    fetch_built!(tx, (String, i64), |q| {
        q.push("SELECT state, COUNT(*) FROM complaint WHERE agency_id = ")
            .push_bind(agency);
        push_wanted!(q, wanted);
        q.push(" GROUP BY state");
    })
}

/// The cases that came since a day, behind a day and an id, for a rule that is tried on them.
///
/// # Errors
/// Failures of the database.
pub async fn since(
    tx: &mut Tx,
    agency: Uuid,
    from: i32,
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Vec<CaseRow>> {
    let (day, id) = after.unwrap_or((from - 1, Uuid::max()));
    fetch_all!(
        tx,
        CaseRow,
        concat!(
            "SELECT ",
            case_columns!(),
            " FROM complaint WHERE agency_id = $1 AND (opened_on, id) > ($2, $3) ORDER BY opened_on, id LIMIT $4"
        ),
        agency,
        day,
        id,
        limit
    )
}
