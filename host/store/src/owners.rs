//! Who of the staff looks after which customer. Each change has a number of its own, so that whoever keeps owners in memory reads what is new.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// The number of the last change.
///
/// # Errors
/// Failures of the database.
pub async fn last_change(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let (change,) = fetch_one!(tx, (i64,), "SELECT owners FROM counter WHERE agency_id = $1", agency)?;
    Ok(change)
}

/// Gives customers an owner, or none, as one change. No ordinal may stand there twice.
///
/// # Errors
/// Failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, ordinals: &[i64], staff: Option<Uuid>) -> Result<()> {
    let (change,) = fetch_one!(
        &mut *tx,
        (i64,),
        "UPDATE counter SET owners = owners + 1 WHERE agency_id = $1 RETURNING owners",
        agency
    )?;
    write_rows!(
        tx,
        ordinals,
        4,
        "INSERT INTO customer_owner (agency_id, ordinal, staff_id, change)",
        |b, ordinal| b
            .push_bind(agency)
            .push_bind(*ordinal)
            .push_bind(staff)
            .push_bind(change),
        "ON CONFLICT (agency_id, ordinal) DO UPDATE SET staff_id = excluded.staff_id, change = excluded.change"
    )
}

/// The customers of a person.
///
/// # Errors
/// Failures of the database.
pub async fn owned_by(tx: &mut Tx, agency: Uuid, staff: Uuid) -> Result<Vec<i64>> {
    let found = fetch_all!(
        tx,
        (i64,),
        "SELECT ordinal FROM customer_owner WHERE agency_id = $1 AND staff_id = $2 ORDER BY ordinal",
        agency,
        staff
    )?;
    Ok(found.into_iter().map(|(ordinal,)| ordinal).collect())
}

/// Whose customers these are since a change: the ordinal and the owner, if there is one.
///
/// # Errors
/// Failures of the database.
pub async fn changed_after(tx: &mut Tx, agency: Uuid, change: i64) -> Result<Vec<(i64, Option<Uuid>)>> {
    fetch_all!(
        tx,
        (i64, Option<Uuid>),
        "SELECT ordinal, staff_id FROM customer_owner WHERE agency_id = $1 AND change > $2",
        agency,
        change
    )
}

/// A customer's owner.
#[derive(Debug, Clone, FromRow)]
pub struct OwnerRow {
    /// The customer's.
    pub ordinal: i64,
    /// Who.
    pub staff_id: Uuid,
    /// What people call them.
    pub name: String,
}

/// The owners of these customers, of those who have one.
///
/// # Errors
/// Failures of the database.
pub async fn owners_of(tx: &mut Tx, agency: Uuid, ordinals: &[i64]) -> Result<Vec<OwnerRow>> {
    fetch_listed!(
        tx,
        OwnerRow,
        "SELECT o.ordinal, o.staff_id, s.name FROM customer_owner o JOIN staff s ON s.agency_id = o.agency_id AND s.id = o.staff_id
         WHERE o.agency_id = $1 AND o.ordinal IN",
        [agency],
        ordinals,
        1,
        |b, ordinal| b.push_bind(*ordinal),
        ""
    )
}

/// Who works in a branch, also those who are not let in any more: their customers are still the branch's.
///
/// # Errors
/// Failures of the database.
pub async fn people_of_branch(tx: &mut Tx, agency: Uuid, branch: Uuid) -> Result<Vec<Uuid>> {
    let found = fetch_all!(
        tx,
        (Uuid,),
        "SELECT id FROM staff WHERE agency_id = $1 AND branch_id = $2 ORDER BY id",
        agency,
        branch
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
