//! People of an agency, and the links by which they choose a password.

use crate::audit::{self, ActorRow};
use crate::{Result, Tx};
use posthouse_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

/// A person of the staff.
#[derive(Debug, Clone, FromRow)]
pub struct StaffRow {
    /// Id, which is the actor's as well.
    pub id: Uuid,
    /// E-mail address, in normal form.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// Key of the role.
    pub role: String,
    /// Where they work.
    pub branch_id: Option<Uuid>,
    /// `zh-CN` or `en`; none: as the browser asks.
    pub language: Option<String>,
    /// `light` or `dark`; none: as the device has it.
    pub theme: Option<String>,
    /// PHC string; none until a password was chosen.
    pub password: Option<String>,
    /// Wrong passwords in a row.
    pub failures: i64,
    /// Until when nobody is let in as this person, in ms since 1970.
    pub locked_until: Instant,
    /// When they last signed in.
    pub signed_in_at: Option<Instant>,
    /// Since when they are not let in any more.
    pub disabled_at: Option<Instant>,
    /// When they were invited.
    pub created_at: Instant,
    /// For `If-Match`.
    pub version: i64,
}

macro_rules! select_staff {
    () => {
        "SELECT s.id, s.email, s.name, s.role, s.branch_id, s.language, s.theme, s.password, s.failures, s.locked_until,
            s.signed_in_at, s.disabled_at, s.created_at, s.version FROM staff s WHERE s.agency_id = $1"
    };
}

/// Everybody of the staff, the first who came first.
///
/// # Errors
/// Failures of the database.
pub async fn staff(tx: &mut Tx, agency: Uuid) -> Result<Vec<StaffRow>> {
    fetch_all!(
        tx,
        StaffRow,
        concat!(select_staff!(), " ORDER BY s.created_at, s.id"),
        agency
    )
}

/// One person.
///
/// # Errors
/// Failures of the database.
pub async fn person(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<StaffRow>> {
    fetch_optional!(tx, StaffRow, concat!(select_staff!(), " AND s.id = $2"), agency, id)
}

/// The person of this e-mail address, in normal form.
///
/// # Errors
/// Failures of the database.
pub async fn person_by_email(tx: &mut Tx, agency: Uuid, form: &str) -> Result<Option<StaffRow>> {
    fetch_optional!(
        tx,
        StaffRow,
        concat!(select_staff!(), " AND s.email = $2"),
        agency,
        form
    )
}

/// Agencies in which this e-mail address is somebody's, as [`crate::Access::Jobs`].
///
/// # Errors
/// Failures of the database.
pub async fn agencies_of(tx: &mut Tx, form: &str, limit: i64) -> Result<Vec<Uuid>> {
    let found = fetch_all!(
        tx,
        (Uuid,),
        "SELECT agency_id FROM staff WHERE email = $1 ORDER BY agency_id LIMIT $2",
        form,
        limit
    )?;
    Ok(found.into_iter().map(|(agency,)| agency).collect())
}

/// Writes a new person down, with their actor.
///
/// # Errors
/// [`STAFF_EMAIL`](crate::unique::STAFF_EMAIL) is somebody's already; failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, row: &StaffRow) -> Result<()> {
    let actor = ActorRow {
        id: row.id,
        kind: "staff".into(),
        name: row.name.clone(),
        holder: Some(row.email.clone()),
        created_at: row.created_at,
    };
    audit::put_actor(&mut *tx, agency, &actor).await?;
    execute!(
        tx,
        "INSERT INTO staff (agency_id, id, email, name, role, branch_id, failures, locked_until, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8)",
        agency,
        row.id,
        &row.email,
        &row.name,
        &row.role,
        row.branch_id,
        row.created_at,
        row.version
    )
    .map(drop)
}

/// Changes what can become different of a person, on top of the version before; `false` if they are at another one. Their actor has the
/// name as well.
///
/// # Errors
/// Failures of the database.
pub async fn change(tx: &mut Tx, agency: Uuid, row: &StaffRow) -> Result<bool> {
    let changed = execute!(
        &mut *tx,
        "UPDATE staff SET name = $4, role = $5, branch_id = $6, language = $7, theme = $8, disabled_at = $9, version = $3
         WHERE agency_id = $1 AND id = $2 AND version = $3 - 1",
        agency,
        row.id,
        row.version,
        &row.name,
        &row.role,
        row.branch_id,
        row.language.as_deref(),
        row.theme.as_deref(),
        row.disabled_at
    )?;
    execute!(
        tx,
        "UPDATE actor SET name = $3 WHERE agency_id = $1 AND id = $2 AND name <> $3",
        agency,
        row.id,
        &row.name
    )?;
    Ok(changed == 1)
}

/// How many people of a role can sign in.
///
/// # Errors
/// Failures of the database.
pub async fn active(tx: &mut Tx, agency: Uuid, role: &str) -> Result<i64> {
    let (active,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND role = $2 AND disabled_at IS NULL
            AND (password IS NOT NULL OR signed_in_at IS NOT NULL)",
        agency,
        role
    )?;
    Ok(active)
}

/// Keeps a password; whoever was locked out is let in with it.
///
/// # Errors
/// Failures of the database.
pub async fn set_password(tx: &mut Tx, agency: Uuid, id: Uuid, password: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE staff SET password = $3, failures = 0, locked_until = 0 WHERE agency_id = $1 AND id = $2",
        agency,
        id,
        password
    )
    .map(drop)
}

/// Counts a wrong password, and says how many there were in a row.
///
/// # Errors
/// Failures of the database.
pub async fn count_failure(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<i64> {
    let (failures,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE staff SET failures = failures + 1 WHERE agency_id = $1 AND id = $2 RETURNING failures",
        agency,
        id
    )?;
    Ok(failures)
}

/// Lets nobody in as this person until then.
///
/// # Errors
/// Failures of the database.
pub async fn lock_out(tx: &mut Tx, agency: Uuid, id: Uuid, until: Instant) -> Result<()> {
    execute!(
        tx,
        "UPDATE staff SET locked_until = $3 WHERE agency_id = $1 AND id = $2",
        agency,
        id,
        until
    )
    .map(drop)
}

/// Somebody has signed in, and nothing wrong counts any more; `false` if they were disabled meanwhile.
///
/// # Errors
/// Failures of the database.
pub async fn came_in(tx: &mut Tx, agency: Uuid, id: Uuid, now: Instant) -> Result<bool> {
    let changed = execute!(
        tx,
        "UPDATE staff SET failures = 0, locked_until = 0, signed_in_at = $3 WHERE agency_id = $1 AND id = $2 AND disabled_at IS NULL",
        agency,
        id,
        now
    )?;
    Ok(changed == 1)
}

/// Whether this is still somebody's password, and they are let in.
///
/// # Errors
/// Failures of the database.
pub async fn has_password(tx: &mut Tx, agency: Uuid, id: Uuid, password: &str) -> Result<bool> {
    let found = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT id FROM staff WHERE agency_id = $1 AND id = $2 AND password = $3 AND disabled_at IS NULL",
        agency,
        id,
        password
    )?;
    Ok(found.is_some())
}

/// Keeps the hash of a person's latest link; an earlier one opens nothing any more.
///
/// # Errors
/// Failures of the database.
pub async fn invite(
    tx: &mut Tx,
    agency: Uuid,
    id: Uuid,
    hash: &[u8],
    (now, ends_at): (Instant, Instant),
) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO invitation (agency_id, staff_id, hash, ends_at, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (agency_id, staff_id) DO UPDATE SET hash = excluded.hash, ends_at = excluded.ends_at, created_at = excluded.created_at",
        agency,
        id,
        hash,
        ends_at,
        now
    )
    .map(drop)
}

/// Whose link this is, and until when it opens.
///
/// # Errors
/// Failures of the database.
pub async fn invited(tx: &mut Tx, agency: Uuid, hash: &[u8]) -> Result<Option<(Uuid, Instant)>> {
    fetch_optional!(
        tx,
        (Uuid, i64),
        "SELECT staff_id, ends_at FROM invitation WHERE agency_id = $1 AND hash = $2",
        agency,
        hash
    )
}

/// Takes a link away, so that it opens nothing any more; `false` if somebody has done so.
///
/// # Errors
/// Failures of the database.
pub async fn take_invitation(tx: &mut Tx, agency: Uuid, hash: &[u8]) -> Result<bool> {
    let taken = execute!(
        tx,
        "DELETE FROM invitation WHERE agency_id = $1 AND hash = $2",
        agency,
        hash
    )?;
    Ok(taken == 1)
}

/// Takes a person's link away, if they have one.
///
/// # Errors
/// Failures of the database.
pub async fn forget_invitation(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM invitation WHERE agency_id = $1 AND staff_id = $2",
        agency,
        id
    )
    .map(drop)
}
