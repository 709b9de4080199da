//! Cases in lists, and what they add up to.

use super::CaseRow;
use super::cases::case_columns;
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

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
            $q.push(" AND search LIKE ").push_bind(like(text)).push(" ESCAPE '!'");
        }
    }};
}

/// A text as part of another.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
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

/// A case as reports count it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReportedRow {
    /// Id.
    pub id: Uuid,
    /// What somebody had to say.
    pub kind: String,
    /// What it is about.
    pub cause: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The supplier.
    pub supplier: Option<String>,
    /// The guide.
    pub guide: Option<String>,
    /// The desk.
    pub desk: String,
    /// When it came.
    pub opened_at: i64,
    /// The same as a day in the agency's zone.
    pub opened_on: i32,
    /// When the customer first heard something.
    pub first_response_at: Option<i64>,
    /// When it was resolved.
    pub resolved_at: Option<i64>,
    /// Whether something promised was not done in time.
    pub breached: bool,
    /// How often it was opened again.
    pub reopened: i32,
    /// What the customer said.
    pub rating: Option<i32>,
    /// What it has cost.
    pub cost: i64,
    /// Whether it is open.
    pub is_open: bool,
    /// Whose it is.
    pub customer_id: Option<Uuid>,
}

/// The cases that came on these days, behind a day and an id.
///
/// # Errors
/// Failures of the database.
pub async fn reported(
    tx: &mut Tx,
    agency: Uuid,
    (from, to): (i32, i32),
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Vec<ReportedRow>> {
    let (day, id) = after.unwrap_or((from - 1, Uuid::max()));
    fetch_all!(
        tx,
        ReportedRow,
        "SELECT id, kind, cause, product, supplier, guide, desk, opened_at, opened_on, first_response_at, resolved_at, breached, reopened, rating, cost, is_open,
            customer_id
         FROM complaint WHERE agency_id = $1 AND opened_on <= $2 AND (opened_on, id) > ($3, $4) ORDER BY opened_on, id LIMIT $5",
        agency,
        to,
        day,
        id,
        limit
    )
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
