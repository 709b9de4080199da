//! Places of the agency that people work in.

use crate::Team;
use crate::caller::Caller;
use crate::error::{AppError, Result, retrying};
use crate::texts::short;
use posthouse_domain::{Instant, normal, words};
use posthouse_store::roles::{self as store, BranchRow};
use posthouse_store::{Access, unique};
use serde_json::json;
use uuid::Uuid;

/// Most branches of an agency.
const MOST: usize = 1_000;

/// A place of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// When it was written down, in ms since 1970.
    pub created_at: Instant,
}

impl From<BranchRow> for Branch {
    fn from(row: BranchRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: row.created_at,
        }
    }
}

/// What a name that is taken comes to.
fn taken(error: AppError, name: &str) -> AppError {
    match error.is_duplicate_of(unique::BRANCH_NAME) {
        true => AppError::conflict(
            "branch_exists",
            words!(
                "there is a branch {name:?} already; choose another name",
                "门店 {name:?} 已存在；请换一个名称"
            ),
        ),
        false => error,
    }
}

impl Team<'_> {
    /// Every branch, by name.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn branches(&self, caller: &Caller) -> Result<Vec<Branch>> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let rows = store::branches(&mut tx, caller.room.id).await?;
        Ok(rows.into_iter().map(Branch::from).collect())
    }

    /// Writes a branch down.
    ///
    /// # Errors
    /// `bad_name`; `branch_exists`; `too_many_branches`.
    pub async fn add_branch(&self, caller: &Caller, name: &str) -> Result<Branch> {
        let name = short(&words!("name", "名称"), name)?;
        let added = retrying!(self.try_add_branch(caller, &name));
        added.map_err(|error| taken(error, &name))
    }

    /// Gives a branch another name. The same name changes nothing.
    ///
    /// # Errors
    /// `bad_name`; `branch_exists`; [`AppError::NotFound`].
    pub async fn rename_branch(&self, caller: &Caller, id: Uuid, name: &str) -> Result<Branch> {
        let name = short(&words!("name", "名称"), name)?;
        let renamed = retrying!(self.try_rename_branch(caller, id, &name));
        renamed.map_err(|error| taken(error, &name))
    }

    async fn try_rename_branch(&self, caller: &Caller, id: Uuid, name: &str) -> Result<Branch> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        let row = store::branch(&mut tx, agency, id).await?;
        let mut row = row.ok_or(AppError::NotFound("branch"))?;
        if row.name != name {
            name.clone_into(&mut row.name);
            store::rename_branch(&mut tx, agency, id, (name, &normal::caseless(name))).await?;
            let audit = self.app.audit();
            audit
                .note(&mut tx, caller, "branch.rename", &format!("branch/{id}"), json!({}))
                .await?;
            tx.commit().await?;
        }
        Ok(row.into())
    }

    async fn try_add_branch(&self, caller: &Caller, name: &str) -> Result<Branch> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        if store::branches(&mut tx, agency).await?.len() >= MOST {
            return Err(AppError::conflict(
                "too_many_branches",
                words!("an agency can have {MOST} branches", "门店最多 {MOST} 个"),
            ));
        }
        let row = BranchRow {
            id: self.app.entropy.id(now),
            name: name.to_owned(),
            created_at: now,
        };
        store::insert_branch(&mut tx, agency, &row, &normal::caseless(name)).await?;
        let subject = format!("branch/{}", row.id);
        let audit = self.app.audit();
        audit.note(&mut tx, caller, "branch.add", &subject, json!({})).await?;
        tx.commit().await?;
        Ok(row.into())
    }
}
