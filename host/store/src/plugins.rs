//! Plugin revisions, bindings and grants.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

pub use crate::marks::{Fault, Heard, ask_again, count_cost, count_fault, mark_stale, mark_well, set_aside};

/// A plugin revision without its bytes.
#[derive(Debug, Clone, FromRow)]
pub struct PluginRow {
    /// SHA-256 of the component.
    pub digest: String,
    /// The rule's name.
    pub name: String,
    /// The build's version.
    pub version: String,
    /// What it decides.
    pub extension_point: String,
    /// What it says of itself, as JSON.
    pub description: String,
    /// Its segments, as JSON.
    pub segments: String,
    /// What the self-test found, as JSON.
    pub self_test: String,
    /// Bytes of the component.
    pub size: i64,
    /// When it came.
    pub created_at: i64,
    /// Whether a binding names it, now or in its history. Not written.
    pub bound: bool,
    /// Why a host could not open it when it last tried. Not written with it.
    pub unopened: Option<String>,
}

macro_rules! plugin_columns {
    () => {
        "digest, name, version, extension_point, description, segments, self_test, size, created_at, unopened, \
         EXISTS (SELECT 1 FROM binding_revision r WHERE r.agency_id = $1 AND r.digest = plugin.digest) AS bound"
    };
}

/// Keeps a revision; `false` if it is known.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, plugin: &PluginRow, component: &[u8]) -> Result<bool> {
    let inserted = execute!(
        tx,
        "INSERT INTO plugin (agency_id, digest, name, version, extension_point, description, segments, self_test, size, component, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        agency,
        &plugin.digest,
        &plugin.name,
        &plugin.version,
        &plugin.extension_point,
        &plugin.description,
        &plugin.segments,
        &plugin.self_test,
        plugin.size,
        component,
        plugin.created_at,
    )?;
    Ok(inserted == 1)
}

/// How many revisions an agency has, and their bytes. Whoever lets another one in has the agency's lock.
///
/// # Errors
/// Failures of the database.
pub async fn stored(tx: &mut Tx, agency: Uuid) -> Result<(i64, i64)> {
    fetch_one!(
        tx,
        (i64, i64),
        "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM plugin WHERE agency_id = $1",
        agency
    )
}

/// Deletes a revision; `false` if it is not there.
///
/// # Errors
/// Failures of the database, as where a binding names it.
pub async fn delete(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<bool> {
    let gone = execute!(
        tx,
        "DELETE FROM plugin WHERE agency_id = $1 AND digest = $2",
        agency,
        digest
    )?;
    Ok(gone == 1)
}

/// A binding that names a plugin, now or in its history: extension point, name, and the latest such revision.
///
/// # Errors
/// Failures of the database.
pub async fn bound_by(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Option<(String, String, i64)>> {
    fetch_optional!(
        tx,
        (String, String, i64),
        "SELECT extension_point, name, MAX(revision) FROM binding_revision WHERE agency_id = $1 AND digest = $2
         GROUP BY extension_point, name ORDER BY extension_point, name LIMIT 1",
        agency,
        digest
    )
}

/// The key of a campaign that is not over and whose plan, or an amendment of it that is not decided, has this text in it.
///
/// # Errors
/// Failures of the database.
pub async fn planned_by(tx: &mut Tx, agency: Uuid, text: &str) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT c.key FROM campaign c WHERE c.agency_id = $1 AND c.state NOT IN ('ended', 'evaluated')
         AND (c.plan LIKE $2 OR EXISTS (SELECT 1 FROM campaign_amendment a WHERE a.agency_id = $1 AND a.campaign_id = c.id
              AND a.state = 'proposed' AND a.plan LIKE $2)) ORDER BY c.key LIMIT 1",
        agency,
        format!("%{text}%")
    )?;
    Ok(row.map(|(key,)| key))
}

/// One revision.
///
/// # Errors
/// Failures of the database.
pub async fn get(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Option<PluginRow>> {
    fetch_optional!(
        tx,
        PluginRow,
        concat!(
            "SELECT ",
            plugin_columns!(),
            " FROM plugin WHERE agency_id = $1 AND digest = $2"
        ),
        agency,
        digest
    )
}

/// Revisions in the order in which they came, after (`created_at`, `digest`).
///
/// # Errors
/// Failures of the database.
pub async fn list(tx: &mut Tx, agency: Uuid, after: (i64, &str), limit: i64) -> Result<Vec<PluginRow>> {
    fetch_all!(
        tx,
        PluginRow,
        concat!(
            "SELECT ",
            plugin_columns!(),
            " FROM plugin WHERE agency_id = $1 AND (created_at > $2 OR (created_at = $2 AND digest > $3)) ORDER BY created_at, digest LIMIT $4"
        ),
        agency,
        after.0,
        after.1,
        limit
    )
}

/// Digest, name and version of the newest revisions, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn newest(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<(String, String, String)>> {
    fetch_all!(
        tx,
        (String, String, String),
        "SELECT digest, name, version FROM plugin WHERE agency_id = $1 ORDER BY created_at DESC, digest LIMIT $2",
        agency,
        limit
    )
}

/// Stores the bytes of a revision again, which were damaged. They are those of its digest.
///
/// # Errors
/// Failures of the database.
pub async fn put_component(tx: &mut Tx, agency: Uuid, digest: &str, component: &[u8]) -> Result<()> {
    execute!(
        tx,
        "UPDATE plugin SET component = $3 WHERE agency_id = $1 AND digest = $2",
        agency,
        digest,
        component
    )
    .map(drop)
}

/// Notes why a host could not open a revision, or that it could.
///
/// # Errors
/// Failures of the database.
pub async fn note_unopened(tx: &mut Tx, agency: Uuid, digest: &str, why: Option<&str>) -> Result<()> {
    execute!(
        tx,
        "UPDATE plugin SET unopened = $3 WHERE agency_id = $1 AND digest = $2",
        agency,
        digest,
        why
    )
    .map(drop)
}

/// The component of a revision.
///
/// # Errors
/// Failures of the database.
pub async fn component(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Option<Vec<u8>>> {
    let row = fetch_optional!(
        tx,
        (Vec<u8>,),
        "SELECT component FROM plugin WHERE agency_id = $1 AND digest = $2",
        agency,
        digest
    )?;
    Ok(row.map(|(bytes,)| bytes))
}

/// A binding and the revision in force.
#[derive(Debug, Clone, FromRow)]
pub struct BindingRow {
    /// What it decides.
    pub extension_point: String,
    /// The agency's name for it.
    pub name: String,
    /// Number of the revision in force.
    pub revision: i64,
    /// Number of the latest full run.
    pub run: i64,
    /// Number of the latest single move.
    pub transition: i64,
    /// Every change of facts up to this one has been classified.
    pub applied_change: i64,
    /// Since when the rule fails.
    pub stale_since: Option<i64>,
    /// How the rule fails.
    pub stale_reason: Option<String>,
    /// The plugin in force.
    pub digest: String,
    /// Its settings as canonical JSON.
    pub config: String,
    /// SHA-256 of the settings.
    pub config_digest: String,
    /// When it came into force.
    pub activated_at: i64,
    /// Until when it is not asked, in ms since 1970 by the machine's clock. Not written with it, like the next three.
    pub set_aside_until: Option<i64>,
    /// Why: `failing` or `costing`.
    pub set_aside_why: Option<String>,
    /// How often in a row it was set aside.
    pub set_asides: i64,
    /// Why a host could not open its plugin when it last tried.
    pub unopened: Option<String>,
    /// Why the revision came into force, as its own row says. Not written with it.
    pub cause: String,
}

impl BindingRow {
    /// Whether it decides nothing any more. Its last revision names the rule that stood before.
    pub fn is_ended(&self) -> bool {
        self.cause == ENDING
    }
}

/// The cause of a revision that ends its binding.
pub const ENDING: &str = "ending";

macro_rules! binding_select {
    () => {
        "SELECT b.extension_point, b.name, b.revision, b.run, b.transition, b.applied_change, b.stale_since, b.stale_reason,
                r.digest, r.config, r.config_digest, r.activated_at, r.cause, b.set_aside_until, b.set_aside_why, b.set_asides, p.unopened
         FROM binding b JOIN binding_revision r ON r.agency_id = b.agency_id AND r.extension_point = b.extension_point
              AND r.name = b.name AND r.revision = b.revision
              JOIN plugin p ON p.agency_id = b.agency_id AND p.digest = r.digest
         WHERE b.agency_id = $1"
    };
}

/// Plugins that decide somewhere, each with an agency that has it: those of campaigns in force, and of every other binding.
///
/// # Errors
/// Failures of the database.
pub async fn in_force(tx: &mut Tx) -> Result<Vec<(Uuid, String)>> {
    fetch_all!(
        tx,
        (Uuid, String),
        "SELECT DISTINCT b.agency_id, r.digest FROM binding b
         JOIN binding_revision r ON r.agency_id = b.agency_id AND r.extension_point = b.extension_point AND r.name = b.name AND r.revision = b.revision
         LEFT JOIN campaign c ON c.agency_id = b.agency_id AND c.key = b.name
         WHERE r.cause <> 'ending' AND (b.extension_point <> 'promotion' OR c.state = 'running')"
    )
}

/// Every binding of the agency by extension point and name, also those that have ended.
///
/// # Errors
/// Failures of the database.
pub async fn bindings(tx: &mut Tx, agency: Uuid) -> Result<Vec<BindingRow>> {
    fetch_all!(
        tx,
        BindingRow,
        concat!(binding_select!(), " ORDER BY b.extension_point, b.name"),
        agency
    )
}

/// One binding.
///
/// # Errors
/// Failures of the database.
pub async fn binding(tx: &mut Tx, agency: Uuid, extension_point: &str, name: &str) -> Result<Option<BindingRow>> {
    fetch_optional!(
        tx,
        BindingRow,
        concat!(binding_select!(), " AND b.extension_point = $2 AND b.name = $3"),
        agency,
        extension_point,
        name
    )
}

/// Moves a binding on, creating it with its first revision; only if it still stands at `from` (0: not yet there).
///
/// # Errors
/// Failures of the database.
pub async fn put_binding(tx: &mut Tx, agency: Uuid, from: i64, to: &BindingRow) -> Result<bool> {
    let changed = execute!(
        tx,
        "INSERT INTO binding (agency_id, extension_point, name, revision, run, transition, applied_change)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agency_id, extension_point, name) DO UPDATE SET revision = excluded.revision, run = excluded.run,
            transition = excluded.transition, applied_change = excluded.applied_change, stale_since = NULL, stale_reason = NULL,
            heard_at = 0, faults = 0, failed_change = 0, set_aside_until = NULL, set_aside_why = NULL, set_asides = 0, costly = 0
         WHERE binding.revision = $8",
        agency,
        &to.extension_point,
        &to.name,
        to.revision,
        to.run,
        to.transition,
        to.applied_change,
        from
    )?;
    Ok(changed == 1)
}

/// One revision of a binding.
#[derive(Debug, Clone, FromRow)]
pub struct BindingRevisionRow {
    /// Counts from 1.
    pub revision: i64,
    /// The plugin.
    pub digest: String,
    /// Its settings as canonical JSON.
    pub config: String,
    /// SHA-256 of the settings.
    pub config_digest: String,
    /// The revision a rollback brought back.
    pub restores: Option<i64>,
    /// What the activation moved, as JSON.
    pub diff: String,
    /// `activation`, `rollback`, `breaker`, or [`ENDING`].
    pub cause: String,
    /// Why the host did it by itself.
    pub note: Option<String>,
    /// The key that asked for it; none if the host did it by itself.
    pub activated_by: Option<Uuid>,
    /// When it came into force.
    pub activated_at: i64,
}

/// Keeps a revision of a binding.
///
/// # Errors
/// Failures of the database.
pub async fn insert_revision(
    tx: &mut Tx,
    agency: Uuid,
    extension_point: &str,
    name: &str,
    row: &BindingRevisionRow,
) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO binding_revision (agency_id, extension_point, name, revision, digest, config, config_digest, restores, diff, cause, note, activated_by,
                                       activated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        agency,
        extension_point,
        name,
        row.revision,
        &row.digest,
        &row.config,
        &row.config_digest,
        row.restores,
        &row.diff,
        &row.cause,
        &row.note,
        row.activated_by,
        row.activated_at
    )
    .map(drop)
}

/// Revisions of a binding before `before`, the newest first.
///
/// # Errors
/// Failures of the database.
pub async fn revisions(
    tx: &mut Tx,
    agency: Uuid,
    extension_point: &str,
    name: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<BindingRevisionRow>> {
    fetch_all!(
        tx,
        BindingRevisionRow,
        "SELECT revision, digest, config, config_digest, restores, diff, cause, note, activated_by, activated_at FROM binding_revision
         WHERE agency_id = $1 AND extension_point = $2 AND name = $3 AND revision < $4 ORDER BY revision DESC LIMIT $5",
        agency,
        extension_point,
        name,
        before,
        limit
    )
}

/// Facts a binding's plugins may read.
///
/// # Errors
/// Failures of the database.
pub async fn granted(tx: &mut Tx, agency: Uuid, extension_point: &str, name: &str) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT fact FROM granted_fact WHERE agency_id = $1 AND extension_point = $2 AND name = $3 ORDER BY fact",
        agency,
        extension_point,
        name
    )?;
    Ok(rows.into_iter().map(|(fact,)| fact).collect())
}

/// Grants facts; those granted before stay as they were.
///
/// # Errors
/// Failures of the database.
pub async fn grant(
    tx: &mut Tx,
    agency: Uuid,
    extension_point: &str,
    name: &str,
    facts: &[String],
    by: Uuid,
    now: i64,
) -> Result<()> {
    write_rows!(
        tx,
        facts,
        6,
        "INSERT INTO granted_fact (agency_id, extension_point, name, fact, granted_by, granted_at)",
        |b, fact| b
            .push_bind(agency)
            .push_bind(extension_point)
            .push_bind(name)
            .push_bind(fact)
            .push_bind(by)
            .push_bind(now),
        "ON CONFLICT DO NOTHING"
    )
}
