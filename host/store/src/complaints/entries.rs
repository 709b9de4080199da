//! What happened to cases, their files, and what was promised.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EntryRow {
    /// The case.
    pub complaint_id: Uuid,
    /// Counts from 1.
    pub nth: i64,
    /// When, in ms since 1970.
    pub at: i64,
    /// What: a step, `opened`, `routed`, `warned`, `breached`, `file`, `compensation`.
    pub kind: String,
    /// `staff`, `host` or `customer`.
    pub told_by: String,
    /// Who, of staff.
    pub actor_id: Option<Uuid>,
    /// The state before.
    pub from_state: String,
    /// The state after.
    pub to_state: String,
    /// What was said.
    pub text: Option<String>,
    /// More about it, as JSON.
    pub data: String,
    /// The rule's decision behind it.
    pub decision_id: Option<Uuid>,
    /// Whether the customer sees it.
    pub is_public: bool,
}

/// Writes entries.
///
/// # Errors
/// Failures of the database.
pub async fn insert_entries(tx: &mut Tx, agency: Uuid, rows: &[EntryRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        13,
        "INSERT INTO complaint_entry (agency_id, complaint_id, nth, at, kind, told_by, actor_id, from_state, to_state, text, data, decision_id, is_public)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.complaint_id)
            .push_bind(row.nth)
            .push_bind(row.at)
            .push_bind(&row.kind)
            .push_bind(&row.told_by)
            .push_bind(row.actor_id)
            .push_bind(&row.from_state)
            .push_bind(&row.to_state)
            .push_bind(&row.text)
            .push_bind(&row.data)
            .push_bind(row.decision_id)
            .push_bind(row.is_public),
        ""
    )
}

/// The entries of a case before a number, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn entries(tx: &mut Tx, agency: Uuid, case: Uuid, before: i64, limit: i64) -> Result<Vec<EntryRow>> {
    fetch_all!(
        tx,
        EntryRow,
        "SELECT complaint_id, nth, at, kind, told_by, actor_id, from_state, to_state, text, data, decision_id, is_public
         FROM complaint_entry WHERE agency_id = $1 AND complaint_id = $2 AND nth < $3 ORDER BY nth DESC LIMIT $4",
        agency,
        case,
        before,
        limit
    )
}

/// A file of a case, without its content.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FileRow {
    /// Counts from 1.
    pub nth: i32,
    /// What whoever sent it called it.
    pub name: String,
    /// What it is by its content.
    pub media: String,
    /// Its size.
    pub bytes: i64,
    /// SHA-256 of its content.
    pub digest: String,
    /// `staff` or `customer`.
    pub told_by: String,
    /// When it came, in ms since 1970.
    pub at: i64,
}

/// Keeps a file.
///
/// # Errors
/// Failures of the database.
pub async fn insert_file(tx: &mut Tx, agency: Uuid, case: Uuid, row: &FileRow, content: &[u8]) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO complaint_file (agency_id, complaint_id, nth, name, media, bytes, digest, content, told_by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        agency,
        case,
        row.nth,
        &row.name,
        &row.media,
        row.bytes,
        &row.digest,
        content,
        &row.told_by,
        row.at
    )
    .map(drop)
}

/// The files of a case.
///
/// # Errors
/// Failures of the database.
pub async fn files(tx: &mut Tx, agency: Uuid, case: Uuid) -> Result<Vec<FileRow>> {
    fetch_all!(
        tx,
        FileRow,
        "SELECT nth, name, media, bytes, digest, told_by, at FROM complaint_file
         WHERE agency_id = $1 AND complaint_id = $2 ORDER BY nth",
        agency,
        case
    )
}

/// The content of a file.
///
/// # Errors
/// Failures of the database.
pub async fn content(tx: &mut Tx, agency: Uuid, case: Uuid, nth: i32) -> Result<Option<Vec<u8>>> {
    let found = fetch_optional!(
        tx,
        (Vec<u8>,),
        "SELECT content FROM complaint_file WHERE agency_id = $1 AND complaint_id = $2 AND nth = $3",
        agency,
        case,
        nth
    )?;
    Ok(found.map(|(content,)| content))
}

/// What is to put a case right.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CompensationRow {
    /// Id.
    pub id: Uuid,
    /// The case.
    pub complaint_id: Uuid,
    /// What it is.
    pub remedy: String,
    /// Minor units, or points.
    pub amount: i64,
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// `waiting`, `approved` or `rejected`.
    pub state: String,
    /// The campaign of a coupon.
    pub campaign_id: Option<Uuid>,
    /// The batch of a coupon.
    pub batch_id: Option<Uuid>,
    /// Who proposed it; none if a rule did.
    pub proposed_by: Option<Uuid>,
    /// The rule's decision.
    pub decision_id: Option<Uuid>,
    /// When, in ms since 1970.
    pub proposed_at: i64,
    /// Who said yes or no.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<i64>,
    /// What they said.
    pub note: Option<String>,
    /// What came of it, as JSON.
    pub outcome: String,
    /// What it has cost, in minor units.
    pub cost: i64,
}

macro_rules! compensation_columns {
    () => {
        "id, complaint_id, remedy, amount, reason, state, campaign_id, batch_id, proposed_by, decision_id, proposed_at, decided_by, decided_at, note, \
         outcome, cost"
    };
}

/// Writes down what is proposed.
///
/// # Errors
/// Failures of the database.
pub async fn insert_compensations(tx: &mut Tx, agency: Uuid, rows: &[CompensationRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        17,
        "INSERT INTO complaint_compensation (agency_id, id, complaint_id, remedy, amount, reason, state, campaign_id, batch_id, proposed_by, decision_id, \
         proposed_at, decided_by, decided_at, note, outcome, cost)",
        |b, row| b
            .push_bind(agency)
            .push_bind(row.id)
            .push_bind(row.complaint_id)
            .push_bind(&row.remedy)
            .push_bind(row.amount)
            .push_bind(&row.reason)
            .push_bind(&row.state)
            .push_bind(row.campaign_id)
            .push_bind(row.batch_id)
            .push_bind(row.proposed_by)
            .push_bind(row.decision_id)
            .push_bind(row.proposed_at)
            .push_bind(row.decided_by)
            .push_bind(row.decided_at)
            .push_bind(&row.note)
            .push_bind(&row.outcome)
            .push_bind(row.cost),
        ""
    )
}

/// Writes what became of one that waits; whether it did.
///
/// # Errors
/// Failures of the database.
pub async fn decide_compensation(tx: &mut Tx, agency: Uuid, row: &CompensationRow) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE complaint_compensation SET state = $3, decided_by = $4, decided_at = $5, note = $6, outcome = $7, cost = $8
         WHERE agency_id = $1 AND id = $2 AND state = 'waiting'",
        agency,
        row.id,
        &row.state,
        row.decided_by,
        row.decided_at,
        &row.note,
        &row.outcome,
        row.cost
    )?;
    Ok(done == 1)
}

/// One of them.
///
/// # Errors
/// Failures of the database.
pub async fn compensation(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<CompensationRow>> {
    fetch_optional!(
        tx,
        CompensationRow,
        concat!(
            "SELECT ",
            compensation_columns!(),
            " FROM complaint_compensation WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// Those of a case, the first first.
///
/// # Errors
/// Failures of the database.
pub async fn compensations(tx: &mut Tx, agency: Uuid, case: Uuid) -> Result<Vec<CompensationRow>> {
    fetch_all!(
        tx,
        CompensationRow,
        concat!(
            "SELECT ",
            compensation_columns!(),
            " FROM complaint_compensation WHERE agency_id = $1 AND complaint_id = $2 ORDER BY id"
        ),
        agency,
        case
    )
}

/// Those that wait for another person, the first first.
///
/// # Errors
/// Failures of the database.
pub async fn compensations_waiting(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<CompensationRow>> {
    fetch_all!(
        tx,
        CompensationRow,
        concat!(
            "SELECT ",
            compensation_columns!(),
            " FROM complaint_compensation WHERE agency_id = $1 AND state = 'waiting' ORDER BY id LIMIT $2"
        ),
        agency,
        limit
    )
}
