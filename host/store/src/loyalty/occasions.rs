//! What rules are asked about, and bookings that may have become such.

use crate::bookings::BookingRow;
use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// The state of an occasion whose rule is still to be asked.
pub const WAITING: &str = "waiting";

/// An occasion, for one binding.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OccasionRow {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer_id: Uuid,
    /// What happened, as `booking-confirmed`.
    pub kind: String,
    /// What it is about: `booking`, `member`, `referral`, `review`, `birthday` or `event`.
    pub about_kind: String,
    /// Which of them.
    pub about: String,
    /// Whose rule is asked.
    pub binding: String,
    /// Counts on when the same happens once more, as its booking was called off or changed.
    pub round: i64,
    /// `waiting`, `settled`, `review` or `undone`.
    pub state: String,
    /// What the rule is told, as JSON.
    pub occasion: String,
    /// The day on which it happened.
    pub on_day: i32,
    /// What of the booking that is, as a digest.
    pub basis: String,
    /// What the booking cost.
    pub amount: i64,
    /// How often the rule was asked in vain.
    pub attempts: i64,
    /// When it is asked, in ms since 1970 of the machine's time.
    pub due_at: i64,
    /// How it failed.
    pub problem: Option<String>,
    /// The decision.
    pub decision_id: Option<Uuid>,
    /// When it was written down, in ms since 1970.
    pub created_at: i64,
}

macro_rules! occasion_columns {
    () => {
        "id, customer_id, kind, about_kind, about, binding, round, state, occasion, on_day, basis, amount, attempts, due_at, problem, decision_id, \
         created_at"
    };
}

/// Writes occasions, new or changed.
///
/// # Errors
/// The same happened before; failures of the database.
pub async fn put_occasions(tx: &mut Tx, agency: Uuid, rows: &[OccasionRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        18,
        "INSERT INTO loyalty_occasion (agency_id, id, customer_id, kind, about_kind, about, binding, round, state, occasion, on_day, basis, amount, \
         attempts, due_at, problem, decision_id, created_at)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.id)
            .push_bind(row.customer_id)
            .push_bind(&row.kind)
            .push_bind(&row.about_kind)
            .push_bind(&row.about)
            .push_bind(&row.binding)
            .push_bind(row.round)
            .push_bind(&row.state)
            .push_bind(&row.occasion)
            .push_bind(row.on_day)
            .push_bind(&row.basis)
            .push_bind(row.amount)
            .push_bind(row.attempts)
            .push_bind(row.due_at)
            .push_bind(&row.problem)
            .push_bind(row.decision_id)
            .push_bind(row.created_at),
        "ON CONFLICT (agency_id, id) DO UPDATE SET state = excluded.state, occasion = excluded.occasion, on_day = excluded.on_day, \
         basis = excluded.basis, amount = excluded.amount, attempts = excluded.attempts, due_at = excluded.due_at, problem = excluded.problem, \
         decision_id = excluded.decision_id"
    )
}

/// Occasions whose rules are to be asked by now, those that wait the longest first.
///
/// # Errors
/// Failures of the database.
pub async fn waiting(tx: &mut Tx, agency: Uuid, now: i64, limit: i64) -> Result<Vec<OccasionRow>> {
    fetch_all!(
        tx,
        OccasionRow,
        concat!(
            "SELECT ",
            occasion_columns!(),
            " FROM loyalty_occasion WHERE agency_id = $1 AND state = 'waiting' AND due_at <= $2 ORDER BY due_at, id LIMIT $3"
        ),
        agency,
        now,
        limit
    )
}

/// Whether an occasion still waits as it was read. Under the lock of the agency's changes that stays so.
///
/// # Errors
/// Failures of the database.
pub async fn still_waits(tx: &mut Tx, agency: Uuid, row: &OccasionRow) -> Result<bool> {
    let found = fetch_optional!(
        tx,
        (i64,),
        "SELECT attempts FROM loyalty_occasion WHERE agency_id = $1 AND id = $2 AND state = 'waiting' AND basis = $3 AND attempts = $4",
        agency,
        row.id,
        &row.basis,
        row.attempts
    )?;
    Ok(found.is_some())
}

/// Occasions in a state before an id, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn occasions(
    tx: &mut Tx,
    agency: Uuid,
    state: &str,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<OccasionRow>> {
    fetch_all!(
        tx,
        OccasionRow,
        concat!(
            "SELECT ",
            occasion_columns!(),
            " FROM loyalty_occasion WHERE agency_id = $1 AND state = $2 AND state IN ('waiting', 'review') AND id < $3 ORDER BY id DESC LIMIT $4"
        ),
        agency,
        state,
        before.unwrap_or(Uuid::max()),
        limit
    )
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn occasion(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<OccasionRow>> {
    fetch_optional!(
        tx,
        OccasionRow,
        concat!(
            "SELECT ",
            occasion_columns!(),
            " FROM loyalty_occasion WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// Some of them.
///
/// # Errors
/// Failures of the database.
pub async fn occasions_named(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<Vec<OccasionRow>> {
    fetch_listed!(
        tx,
        OccasionRow,
        concat!(
            "SELECT ",
            occasion_columns!(),
            " FROM loyalty_occasion WHERE agency_id = $1 AND id IN"
        ),
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// What happened to these members from a day on that no booking is and that was not undone, for every binding.
///
/// # Errors
/// Failures of the database.
pub async fn occasions_apart_from_bookings(
    tx: &mut Tx,
    agency: Uuid,
    from: i32,
    customers: &[Uuid],
) -> Result<Vec<OccasionRow>> {
    fetch_listed!(
        tx,
        OccasionRow,
        concat!(
            "SELECT ",
            occasion_columns!(),
            " FROM loyalty_occasion WHERE agency_id = $1 AND kind NOT IN ('booking-confirmed', 'booking-completed')
               AND state <> 'undone' AND on_day >= $2 AND customer_id IN"
        ),
        [agency, from],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// When the next rule is to be asked.
///
/// # Errors
/// Failures of the database.
pub async fn next_occasion(tx: &mut Tx, agency: Uuid) -> Result<Option<i64>> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT due_at FROM loyalty_occasion WHERE agency_id = $1 AND state = 'waiting' ORDER BY due_at LIMIT 1",
        agency
    )?;
    Ok(row.map(|(due,)| due))
}

/// Every occasion that is about these things of a kind.
///
/// # Errors
/// Failures of the database.
pub async fn occasions_about(tx: &mut Tx, agency: Uuid, kind: &str, things: &[&str]) -> Result<Vec<OccasionRow>> {
    fetch_listed!(
        tx,
        OccasionRow,
        concat!(
            "SELECT ",
            occasion_columns!(),
            " FROM loyalty_occasion WHERE agency_id = $1 AND about_kind = $2 AND about IN"
        ),
        [agency, kind],
        things,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// The kind of the job that looks at bookings that have changed, and asks rules about what became of them.
pub const FOLLOW: &str = "loyalty.follow";

/// Has a host look at what is noted, and ask rules that are to be asked, at once.
///
/// # Errors
/// Failures of the database.
pub async fn follow_soon(tx: &mut Tx, agency: Uuid) -> Result<()> {
    let job = NewJob {
        kind: FOLLOW,
        key: "",
        lane: Lane::Timers,
        clock: JobClock::Machine,
        due: 0,
    };
    jobs::put(tx, agency, job).await
}

/// Notes bookings whose occasions are to be looked at, where the agency has a programme. The transaction has the lock of the agency's changes.
///
/// # Errors
/// Failures of the database.
pub async fn touch(tx: &mut Tx, agency: Uuid, bookings: &[BookingRow]) -> Result<()> {
    if bookings.is_empty() || super::programme(tx, agency).await?.is_none() {
        return Ok(());
    }
    write_rows!(
        tx,
        bookings,
        3,
        "INSERT INTO loyalty_touched (agency_id, customer_id, booking_id)",
        |b, row| b.push_bind(agency).push_bind(row.customer_id).push_bind(&row.id),
        "ON CONFLICT DO NOTHING"
    )?;
    follow_soon(tx, agency).await
}

/// Notes every firm booking there is, as at the beginning of a programme.
///
/// # Errors
/// Failures of the database.
pub async fn touch_all(tx: &mut Tx, agency: Uuid) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO loyalty_touched (agency_id, customer_id, booking_id) SELECT agency_id, customer_id, id FROM booking
         WHERE agency_id = $1 AND status NOT IN ('inquiry', 'quote', 'cancelled') ON CONFLICT DO NOTHING",
        agency
    )?;
    follow_soon(tx, agency).await
}

/// Takes so many of them, which are not noted any more: those of customers who stand beside each other, the oldest first, so that a long import
/// keeps the newest waiting. The transaction has the lock of the agency's changes, so that none is noted meanwhile.
///
/// # Errors
/// Failures of the database.
pub async fn settle_touched(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (Uuid, String),
        "SELECT customer_id, booking_id FROM loyalty_touched WHERE agency_id = $1 ORDER BY customer_id, booking_id LIMIT $2",
        agency,
        limit
    )?;
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        execute!(
            tx,
            "DELETE FROM loyalty_touched
             WHERE agency_id = $1 AND (customer_id, booking_id) >= ($2, $3) AND (customer_id, booking_id) <= ($4, $5)",
            agency,
            first.0,
            &first.1,
            last.0,
            &last.1
        )?;
    }
    Ok(rows.into_iter().map(|(_, id)| id).collect())
}
