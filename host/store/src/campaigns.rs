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

/// Ids and names of these campaigns.
///
/// # Errors
/// Failures of the database.
pub async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    fetch_listed!(
        tx,
        (Uuid, String),
        "SELECT id, name FROM campaign WHERE agency_id = $1 AND id IN",
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
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

/// That number, and what the revisions of the bindings of segments add up to: both at once, as every quote asks for them.
///
/// # Errors
/// Failures of the database.
pub async fn versions(tx: &mut Tx, agency: Uuid) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT COALESCE((SELECT version FROM promotion_version WHERE agency_id = $1), 0),
                COALESCE((SELECT CAST(SUM(revision) AS BIGINT) FROM binding WHERE agency_id = $1 AND extension_point = 'segmentation'), 0)",
        agency
    )
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

/// One of the agency's stacking groups.
///
/// # Errors
/// Failures of the database.
pub async fn group(tx: &mut Tx, agency: Uuid, key: &str) -> Result<Option<GroupRow>> {
    fetch_optional!(
        tx,
        GroupRow,
        "SELECT key, mode, title FROM stacking_group WHERE agency_id = $1 AND key = $2",
        agency,
        key
    )
}

/// Makes a group, or gives one there is another mode and title.
///
/// # Errors
/// Failures of the database.
pub async fn put_group(tx: &mut Tx, agency: Uuid, group: &GroupRow, now: i64) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO stacking_group (agency_id, key, mode, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (agency_id, key) DO UPDATE SET mode = excluded.mode, title = excluded.title, updated_at = excluded.updated_at",
        agency,
        &group.key,
        &group.mode,
        &group.title,
        now
    )
    .map(drop)
}

/// Deletes a group; `false` if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn delete_group(tx: &mut Tx, agency: Uuid, key: &str) -> Result<bool> {
    let deleted = execute!(
        tx,
        "DELETE FROM stacking_group WHERE agency_id = $1 AND key = $2",
        agency,
        key
    )?;
    Ok(deleted == 1)
}

/// Campaigns that are not over, by key.
///
/// # Errors
/// Failures of the database.
pub async fn open(tx: &mut Tx, agency: Uuid) -> Result<Vec<CampaignRow>> {
    fetch_all!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND state NOT IN ('ended', 'evaluated') ORDER BY key"
        ),
        agency
    )
}

/// Campaigns that are running or paused, the first in line first.
///
/// # Errors
/// Failures of the database.
pub async fn in_force(tx: &mut Tx, agency: Uuid) -> Result<Vec<CampaignRow>> {
    fetch_all!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND state IN ('running', 'paused') ORDER BY priority"
        ),
        agency
    )
}

/// How many campaigns are running.
///
/// # Errors
/// Failures of the database.
pub async fn count_running(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM campaign WHERE agency_id = $1 AND state = 'running'",
        agency
    )?;
    Ok(count)
}

/// How many campaigns are running or paused.
///
/// # Errors
/// Failures of the database.
pub async fn count_in_force(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM campaign WHERE agency_id = $1 AND state IN ('running', 'paused')",
        agency
    )?;
    Ok(count)
}

/// Campaigns written down before `before`, the newest first; of one state and one type if those are named.
///
/// # Errors
/// Failures of the database.
pub async fn list(
    tx: &mut Tx,
    agency: Uuid,
    (state, kind): (Option<&str>, Option<&str>),
    before: Uuid,
    limit: i64,
) -> Result<Vec<CampaignRow>> {
    fetch_all!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND id < $2 AND ($3 = '' OR state = $3) AND ($4 = '' OR type = $4)
              ORDER BY id DESC LIMIT $5"
        ),
        agency,
        before,
        state.unwrap_or_default(),
        kind.unwrap_or_default(),
        limit
    )
}

/// The latest campaign of a type that was written down before this one and is over.
///
/// # Errors
/// Failures of the database.
pub async fn earlier(tx: &mut Tx, agency: Uuid, kind: &str, before: Uuid) -> Result<Option<CampaignRow>> {
    fetch_optional!(
        tx,
        CampaignRow,
        concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM campaign WHERE agency_id = $1 AND type = $2 AND id < $3 AND state IN ('ended', 'evaluated')
              ORDER BY id DESC LIMIT 1"
        ),
        agency,
        kind,
        before
    )
}

/// Writes a new campaign down.
///
/// # Errors
/// [`CAMPAIGN_KEY`](crate::unique::CAMPAIGN_KEY) has it already; failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, row: &CampaignRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO campaign (agency_id, id, key, type, name, owner, state, plan, plan_hash, priority, submitted_by, version,
            created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        agency,
        row.id,
        &row.key,
        &row.kind,
        &row.name,
        &row.owner,
        &row.state,
        &row.plan,
        &row.plan_hash,
        row.priority,
        row.submitted_by,
        row.version,
        row.created_by,
        row.created_at,
        row.updated_at
    )
    .map(drop)
}

/// Takes the lock of a campaign, so that its steps, tasks and amendments come one after the other; `false` if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn lock(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<bool> {
    let locked = execute!(
        tx,
        "UPDATE campaign SET version = version WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )?;
    Ok(locked == 1)
}

/// Changes a campaign, only if it stands as `before` does; `false` if it does not.
///
/// # Errors
/// [`PRIORITY`](crate::unique::PRIORITY) has it already, if it is in force then; failures of the database.
pub async fn change(tx: &mut Tx, agency: Uuid, before: &CampaignRow, after: &CampaignRow) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE campaign SET name = $5, owner = $6, state = $7, plan = $8, plan_hash = $9, priority = $10, submitted_by = $11,
            version = $12, updated_at = $13
         WHERE agency_id = $1 AND id = $2 AND state = $3 AND version = $4",
        agency,
        before.id,
        &before.state,
        before.version,
        &after.name,
        &after.owner,
        &after.state,
        &after.plan,
        &after.plan_hash,
        after.priority,
        after.submitted_by,
        after.version,
        after.updated_at
    )?;
    Ok(changed == 1)
}
