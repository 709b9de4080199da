//! What is looked at when a day begins: what waits for somebody's approval, what failed, what could not be read.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A plan, or a change to one, that waits for another person's approval.
#[derive(Debug, Clone, FromRow)]
pub struct WaitingRow {
    /// The campaign.
    pub campaign_id: Uuid,
    /// Its name.
    pub name: String,
    /// Number of the amendment; 0 for the campaign itself.
    pub amendment: i64,
    /// Who asked for it.
    pub asked_by: Option<Uuid>,
    /// Their name.
    pub asked_by_name: Option<String>,
    /// The holder of their key, in normal form.
    pub holder: Option<String>,
    /// Since when it waits, in ms since 1970.
    pub at: i64,
}

/// Campaigns that were submitted, those that wait longest first.
///
/// # Errors
/// Failures of the database.
pub async fn submitted(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<WaitingRow>> {
    fetch_all!(
        tx,
        WaitingRow,
        "SELECT c.id AS campaign_id, c.name, CAST(0 AS BIGINT) AS amendment, c.submitted_by AS asked_by, a.name AS asked_by_name, a.holder,
                c.updated_at AS at
         FROM campaign c LEFT JOIN actor a ON a.agency_id = c.agency_id AND a.id = c.submitted_by
         WHERE c.agency_id = $1 AND c.state = 'submitted' AND c.state NOT IN ('ended', 'evaluated')
         ORDER BY c.updated_at, c.id LIMIT $2",
        agency,
        limit
    )
}

/// Amendments that were proposed, those that wait longest first.
///
/// # Errors
/// Failures of the database.
pub async fn proposed(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<WaitingRow>> {
    fetch_all!(
        tx,
        WaitingRow,
        "SELECT c.id AS campaign_id, c.name, m.amendment, m.proposed_by AS asked_by, a.name AS asked_by_name, a.holder, m.proposed_at AS at
         FROM campaign_amendment m
         JOIN campaign c ON c.agency_id = m.agency_id AND c.id = m.campaign_id
         LEFT JOIN actor a ON a.agency_id = m.agency_id AND a.id = m.proposed_by
         WHERE m.agency_id = $1 AND m.state = 'proposed' ORDER BY m.proposed_at, c.id LIMIT $2",
        agency,
        limit
    )
}

/// A binding whose rule fails, or has given way to an earlier one.
#[derive(Debug, Clone, FromRow)]
pub struct AlarmRow {
    /// What it decides.
    pub extension_point: String,
    /// Its name.
    pub name: String,
    /// Number of the revision in force.
    pub revision: i64,
    /// Since when, in ms since 1970.
    pub at: i64,
    /// How the rule fails or failed.
    pub reason: Option<String>,
}

/// Bindings whose rules fail, those that have failed longest first.
///
/// # Errors
/// Failures of the database.
pub async fn failing(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<AlarmRow>> {
    fetch_all!(
        tx,
        AlarmRow,
        "SELECT extension_point, name, revision, stale_since AS at, stale_reason AS reason FROM binding
         WHERE agency_id = $1 AND stale_since IS NOT NULL ORDER BY stale_since, extension_point, name LIMIT $2",
        agency,
        limit
    )
}

/// Bindings whose revision in force was brought back by the breaker since `since`, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn went_back(tx: &mut Tx, agency: Uuid, since: i64, limit: i64) -> Result<Vec<AlarmRow>> {
    fetch_all!(
        tx,
        AlarmRow,
        "SELECT b.extension_point, b.name, b.revision, r.activated_at AS at, r.note AS reason
         FROM binding b JOIN binding_revision r ON r.agency_id = b.agency_id AND r.extension_point = b.extension_point
              AND r.name = b.name AND r.revision = b.revision
         WHERE b.agency_id = $1 AND r.cause = 'breaker' AND r.activated_at >= $2
         ORDER BY r.activated_at DESC, b.extension_point, b.name LIMIT $3",
        agency,
        since,
        limit
    )
}

/// A file that left something to be mended.
#[derive(Debug, Clone, FromRow)]
pub struct ToMendRow {
    /// The import.
    pub id: Uuid,
    /// The file's name.
    pub file_name: String,
    /// `done` or `failed`.
    pub state: String,
    /// Rows that landed.
    pub accepted: i64,
    /// Rows sent back that nobody has sent again.
    pub rejected: i64,
    /// When it was done, in ms since 1970.
    pub at: i64,
}

/// Files since `since` of which rows were sent back and not sent again, or that failed, the latest first; dry runs are left out.
///
/// # Errors
/// Failures of the database.
pub async fn to_mend(tx: &mut Tx, agency: Uuid, since: i64, limit: i64) -> Result<Vec<ToMendRow>> {
    fetch_all!(
        tx,
        ToMendRow,
        "SELECT id, file_name, state, accepted, rejected - sent_again AS rejected, finished_at AS at FROM import_job
         WHERE agency_id = $1 AND finished_at >= $2 AND (rejected > 0 OR state = 'failed') AND (rejected > sent_again OR state = 'failed') AND NOT dry_run
         ORDER BY finished_at DESC, id LIMIT $3",
        agency,
        since,
        limit
    )
}

/// A record whose customer a person has to find.
#[derive(Debug, Clone, FromRow)]
pub struct UnassignedRow {
    /// Who sent it.
    pub source: String,
    /// The sender's number of it.
    pub external_id: String,
    /// Why it belongs to nobody.
    pub detail: String,
    /// When it came, in ms since 1970.
    pub at: i64,
}

/// Records that belong to nobody, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn unassigned(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<UnassignedRow>> {
    fetch_all!(
        tx,
        UnassignedRow,
        "SELECT source, external_id, detail, received_at AS at FROM unassigned_record
         WHERE agency_id = $1 ORDER BY received_at DESC LIMIT $2",
        agency,
        limit
    )
}

/// How far an agency has come that has just begun.
#[derive(Debug, Clone, FromRow)]
pub struct BeginningRow {
    /// When it was created, in ms since 1970.
    pub created_at: i64,
    /// How many customers there are or were.
    pub customers: i64,
    /// Whether a plugin was let in.
    pub has_plugin: i64,
    /// Whether a rule is in force for customers, or for a campaign.
    pub has_rule: i64,
    /// Whether there is a campaign.
    pub has_campaign: i64,
    /// People of the staff who are not disabled: two stand for all.
    pub people: i64,
}

/// How far an agency has come.
///
/// # Errors
/// Failures of the database.
pub async fn beginning(tx: &mut Tx, agency: Uuid) -> Result<BeginningRow> {
    fetch_one!(
        tx,
        BeginningRow,
        "SELECT a.created_at,
                (SELECT c.ordinals FROM counter c WHERE c.agency_id = $1) AS customers,
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM plugin p WHERE p.agency_id = $1 LIMIT 1) p1) AS has_plugin,
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM binding b WHERE b.agency_id = $1 LIMIT 1) b1) AS has_rule,
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM campaign m WHERE m.agency_id = $1 LIMIT 1) m1) AS has_campaign,
                (SELECT COUNT(*) FROM (SELECT 1 AS one FROM staff s WHERE s.agency_id = $1 AND s.disabled_at IS NULL LIMIT 2) s2) AS people
         FROM agency a WHERE a.id = $1",
        agency
    )
}
