//! Changes to the plans of campaigns in force, and what was learned from those that are over.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A change to the plan of a campaign in force.
#[derive(Debug, Clone, FromRow)]
pub struct AmendmentRow {
    /// Counts from 1.
    pub amendment: i64,
    /// `proposed`, `approved` or `rejected`.
    pub state: String,
    /// The whole plan as it would be, as canonical JSON.
    pub plan: String,
    /// SHA-256 of that plan.
    pub plan_hash: String,
    /// Facts that the approval grants, as JSON.
    pub granted: String,
    /// What was foreseen when it was proposed, as JSON.
    pub preview: String,
    /// What was said.
    pub note: Option<String>,
    /// The key that proposed it.
    pub proposed_by: Uuid,
    /// When, in ms since 1970.
    pub proposed_at: i64,
    /// The key that decided; none if the host closed it with its campaign.
    pub decided_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub decided_at: Option<i64>,
}

macro_rules! amendment_columns {
    () => {
        "amendment, state, plan, plan_hash, granted, preview, note, proposed_by, proposed_at, decided_by, decided_at"
    };
}

/// Amendments before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn amendments(
    tx: &mut Tx,
    agency: Uuid,
    campaign: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<AmendmentRow>> {
    fetch_all!(
        tx,
        AmendmentRow,
        concat!(
            "SELECT ",
            amendment_columns!(),
            " FROM campaign_amendment WHERE agency_id = $1 AND campaign_id = $2 AND amendment < $3
              ORDER BY amendment DESC LIMIT $4"
        ),
        agency,
        campaign,
        before,
        limit
    )
}

/// One amendment.
///
/// # Errors
/// Failures of the database.
pub async fn amendment(tx: &mut Tx, agency: Uuid, campaign: Uuid, number: i64) -> Result<Option<AmendmentRow>> {
    fetch_optional!(
        tx,
        AmendmentRow,
        concat!(
            "SELECT ",
            amendment_columns!(),
            " FROM campaign_amendment WHERE agency_id = $1 AND campaign_id = $2 AND amendment = $3"
        ),
        agency,
        campaign,
        number
    )
}

/// Writes a new amendment down.
///
/// # Errors
/// [`OPEN_AMENDMENT`](crate::unique::OPEN_AMENDMENT) has one of the campaign already; failures of the database.
pub async fn insert_amendment(tx: &mut Tx, agency: Uuid, campaign: Uuid, row: &AmendmentRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO campaign_amendment (agency_id, campaign_id, amendment, state, plan, plan_hash, granted, preview, note,
            proposed_by, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        agency,
        campaign,
        row.amendment,
        &row.state,
        &row.plan,
        &row.plan_hash,
        &row.granted,
        &row.preview,
        row.note.as_deref(),
        row.proposed_by,
        row.proposed_at
    )
    .map(drop)
}

/// Decides an open amendment; `false` if it is not open.
///
/// # Errors
/// Failures of the database.
pub async fn decide_amendment(
    tx: &mut Tx,
    agency: Uuid,
    campaign: Uuid,
    number: i64,
    (state, by, now): (&str, Option<Uuid>, i64),
) -> Result<bool> {
    let decided = execute!(
        tx,
        "UPDATE campaign_amendment SET state = $4, decided_by = $5, decided_at = $6
         WHERE agency_id = $1 AND campaign_id = $2 AND amendment = $3 AND state = 'proposed'",
        agency,
        campaign,
        number,
        state,
        by,
        now
    )?;
    Ok(decided == 1)
}

/// How a campaign went, and what was learned.
#[derive(Debug, Clone, FromRow)]
pub struct EvaluationRow {
    /// Which campaign.
    pub campaign_id: Uuid,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// The effect as it was measured then, as JSON.
    pub effect: String,
    /// How it went, in the words of those who know.
    pub judgement: String,
    /// What to do again and what not.
    pub lessons: String,
    /// The key that wrote it down.
    pub evaluated_by: Uuid,
    /// When, in ms since 1970.
    pub at: i64,
}

macro_rules! evaluation_select {
    () => {
        "SELECT e.campaign_id, c.key, c.name, c.type, e.effect, e.judgement, e.lessons, e.evaluated_by, e.at
         FROM campaign_evaluation e JOIN campaign c ON c.agency_id = e.agency_id AND c.id = e.campaign_id
         WHERE e.agency_id = $1"
    };
}

/// Writes down how a campaign went.
///
/// # Errors
/// Failures of the database.
pub async fn insert_evaluation(tx: &mut Tx, agency: Uuid, row: &EvaluationRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO campaign_evaluation (agency_id, campaign_id, effect, judgement, lessons, evaluated_by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        agency,
        row.campaign_id,
        &row.effect,
        &row.judgement,
        &row.lessons,
        row.evaluated_by,
        row.at
    )
    .map(drop)
}

/// How one campaign went.
///
/// # Errors
/// Failures of the database.
pub async fn evaluation(tx: &mut Tx, agency: Uuid, campaign: Uuid) -> Result<Option<EvaluationRow>> {
    fetch_optional!(
        tx,
        EvaluationRow,
        concat!(evaluation_select!(), " AND e.campaign_id = $2"),
        agency,
        campaign
    )
}

/// Evaluations before (`at`, `campaign`), the newest first; of one type if it is named.
///
/// # Errors
/// Failures of the database.
pub async fn evaluations(
    tx: &mut Tx,
    agency: Uuid,
    kind: Option<&str>,
    (at, campaign): (i64, Uuid),
    limit: i64,
) -> Result<Vec<EvaluationRow>> {
    fetch_all!(
        tx,
        EvaluationRow,
        concat!(
            evaluation_select!(),
            " AND ($2 = '' OR c.type = $2) AND (e.at < $3 OR (e.at = $3 AND e.campaign_id < $4))
              ORDER BY e.at DESC, e.campaign_id DESC LIMIT $5"
        ),
        agency,
        kind.unwrap_or_default(),
        at,
        campaign,
        limit
    )
}
