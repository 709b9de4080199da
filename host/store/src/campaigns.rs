//! Campaigns: plans, steps, tasks, amendments, evaluations, and the groups they stand in.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A campaign as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct CampaignRow {
    /// Id.
    pub id: Uuid,
    /// The agency's name for it, and of its binding `promotion/{key}`.
    pub key: String,
    /// One of the five types.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// For people.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it stands.
    pub state: String,
    /// The plan as canonical JSON.
    pub plan: String,
    /// SHA-256 of the plan.
    pub plan_hash: String,
    /// The plan's place in line.
    pub priority: i32,
    /// The key that asked for approval last.
    pub submitted_by: Option<Uuid>,
    /// For `If-Match`.
    pub version: i64,
    /// The key that wrote it down.
    pub created_by: Uuid,
    /// When, in ms since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
}

macro_rules! campaign_columns {
    () => {
        "id, key, type, name, owner, state, plan, plan_hash, priority, submitted_by, version, created_by, created_at, updated_at"
    };
}

/// Campaigns in force, the first in line first.
///
/// # Errors
/// Failures of the database.
pub async fn running(tx: &mut Tx, agency: Uuid) -> Result<Vec<CampaignRow>> {
    fetch_all!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND state = 'running' ORDER BY priority"
        ),
        agency
    )
}

/// One campaign.
///
/// # Errors
/// Failures of the database.
pub async fn campaign(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<CampaignRow>> {
    fetch_optional!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND id = $2"
        ),
        agency,
        id
    )
}

/// The campaign of this key.
///
/// # Errors
/// Failures of the database.
pub async fn campaign_by_key(tx: &mut Tx, agency: Uuid, key: &str) -> Result<Option<CampaignRow>> {
    fetch_optional!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND key = $2"
        ),
        agency,
        key
    )
}

/// The number under which hosts keep what they have read of campaigns, groups and rules; 0 where nothing was ever planned.
///
/// # Errors
/// Failures of the database.
pub async fn version(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT version FROM promotion_version WHERE agency_id = $1",
        agency
    )?;
    Ok(row.map_or(0, |(version,)| version))
}

/// Moves that number on, in the transaction that changes what quotes depend on. Its lock puts such changes in order.
///
/// # Errors
/// Failures of the database.
pub async fn next_version(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (version,) = fetch_one!(
        tx,
        (i64,),
        "INSERT INTO promotion_version (agency_id, version) VALUES ($1, 1)
         ON CONFLICT (agency_id) DO UPDATE SET version = promotion_version.version + 1 RETURNING version",
        agency
    )?;
    Ok(version)
}

/// One of the agency's stacking groups.
#[derive(Debug, Clone, FromRow)]
pub struct GroupRow {
    /// Its name in plans.
    pub key: String,
    /// `exclusive`, `stackable`, `best-of` or `ordered`.
    pub mode: String,
    /// Title in both languages, as JSON.
    pub title: String,
}

/// The agency's stacking groups by key.
///
/// # Errors
/// Failures of the database.
pub async fn groups(tx: &mut Tx, agency: Uuid) -> Result<Vec<GroupRow>> {
    fetch_all!(
        tx,
        GroupRow,
        "SELECT key, mode, title FROM stacking_group WHERE agency_id = $1 ORDER BY key",
        agency
    )
}
