//! Who looks after a customer, and whose customers a person sees.
//!
//! A person's customers are kept as a bitmap of ordinals in the agency's room, read when they first ask and kept up to date by the numbers of
//! changes, so that a list of a million customers costs a person with a hundred no more than a hundred.

use crate::Profiles;
use crate::caller::{Caller, Rows};
use crate::error::{AppError, Result, retrying};
use posthouse_domain::words;
use posthouse_store::intake::{self, CustomerRow};
use posthouse_store::owners as store;
use posthouse_store::{Access, Tx, audit as log, profiles, staff};
use roaring::RoaringBitmap;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Most customers that are given an owner at once.
pub const MOST_OWNED_AT_ONCE: usize = 500;

/// Who looks after a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The person.
    pub id: Uuid,
    /// What people call them.
    pub name: String,
}

/// The customers of those who have asked for them, as far as a change.
#[derive(Debug, Default)]
pub(crate) struct Owners(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    change: i64,
    people: HashMap<Uuid, Arc<RoaringBitmap>>,
}

impl Known {
    /// Takes over whose customers changed hands.
    fn follow(&mut self, changed: &[(i64, Option<Uuid>)]) {
        for own in self.people.values_mut() {
            let lost: RoaringBitmap = changed.iter().filter_map(|(ordinal, _)| ordinal_of(*ordinal)).collect();
            if !own.is_disjoint(&lost) {
                *Arc::make_mut(own) -= lost;
            }
        }
        for (ordinal, owner) in changed {
            if let (Some(ordinal), Some(owner)) = (ordinal_of(*ordinal), owner)
                && let Some(own) = self.people.get_mut(owner)
            {
                Arc::make_mut(own).insert(ordinal);
            }
        }
    }
}

/// Ordinals are dense, bitmaps hold 32 bits of them.
fn ordinal_of(ordinal: i64) -> Option<u32> {
    u32::try_from(ordinal).ok()
}

/// Whom a caller sees.
#[derive(Debug, Clone)]
pub(crate) struct Visible(Option<Arc<RoaringBitmap>>);

impl Visible {
    /// Whether they see whoever has this ordinal.
    pub(crate) fn has(&self, ordinal: i64) -> bool {
        let Some(own) = &self.0 else { return true };
        ordinal_of(ordinal).is_some_and(|ordinal| own.contains(ordinal))
    }

    /// The ordinals, if it is not everybody's.
    pub(crate) fn ordinals(&self) -> Option<&RoaringBitmap> {
        self.0.as_deref()
    }
}

impl Profiles<'_> {
    /// Whom a caller sees.
    ///
    /// # Errors
    /// Failures of the database.
    pub(crate) async fn visible(&self, caller: &Caller) -> Result<Visible> {
        let (room, agency) = (&caller.room, caller.room.id);
        let mut known = match caller.rows {
            Rows::All => return Ok(Visible(None)),
            Rows::Of(_) | Rows::OfBranch(_) => room.owners.0.lock().await,
        };
        // begun under the lock, so that it sees at least what is known
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let people = match caller.rows {
            Rows::OfBranch(branch) => store::people_of_branch(&mut tx, agency, branch).await?,
            Rows::Of(person) => vec![person],
            Rows::All => Vec::new(),
        };
        let change = store::last_change(&mut tx, agency).await?;
        if change > known.change {
            if !known.people.is_empty() {
                let changed = store::changed_after(&mut tx, agency, known.change).await?;
                known.follow(&changed);
            }
            known.change = change;
        }
        for person in &people {
            if !known.people.contains_key(person) {
                let own = store::owned_by(&mut tx, agency, *person).await?;
                let own: RoaringBitmap = own.into_iter().filter_map(ordinal_of).collect();
                known.people.insert(*person, Arc::new(own));
            }
        }
        let mut own = people.iter().filter_map(|person| known.people.get(person));
        let own = match people.as_slice() {
            [_] => own.next().cloned().unwrap_or_default(),
            _ => Arc::new(own.fold(RoaringBitmap::new(), |all, own| all | &**own)),
        };
        Ok(Visible(Some(own)))
    }

    /// Passes a customer that the caller sees.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for others.
    pub(crate) async fn must_see(&self, caller: &Caller, row: &CustomerRow) -> Result<()> {
        match self.visible(caller).await?.has(row.ordinal) {
            true => Ok(()),
            false => Err(AppError::NotFound("customer")),
        }
    }

    /// The same by ids, for those who do not see everybody: others need no question.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if one of them is not there, or not seen.
    pub(crate) async fn must_see_all(&self, caller: &Caller, ids: &[Uuid]) -> Result<()> {
        if caller.rows == Rows::All {
            return Ok(());
        }
        let visible = self.visible(caller).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let rows = intake::customers(&mut tx, caller.room.id, ids).await?;
        let seen = |id: &Uuid| rows.iter().any(|row| row.id == *id && visible.has(row.ordinal));
        match ids.iter().all(seen) {
            true => Ok(()),
            false => Err(AppError::NotFound("customer")),
        }
    }

    /// Gives customers an owner, or none. What is so already changes nothing. Returns the owner.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the caller does not see one of them; `unknown_owner` for somebody who is not of the staff or was disabled; `too_many_items`.
    pub async fn set_owner(&self, caller: &Caller, ids: &[Uuid], owner: Option<Uuid>) -> Result<Option<Owner>> {
        if ids.len() > MOST_OWNED_AT_ONCE {
            return Err(AppError::invalid(
                "too_many_items",
                words!(
                    "{ids} customers were sent, {MOST_OWNED_AT_ONCE} at most are given an owner at once",
                    "共 {ids} 位客户，一次最多指定 {MOST_OWNED_AT_ONCE} 位",
                    ids = ids.len()
                ),
            ));
        }
        self.must_see_all(caller, ids).await?;
        retrying!(self.try_set_owner(caller, ids, owner))
    }

    async fn try_set_owner(&self, caller: &Caller, ids: &[Uuid], owner: Option<Uuid>) -> Result<Option<Owner>> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        log::lock(&mut tx, agency).await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            let row = profiles::customer(&mut tx, agency, *id).await?;
            rows.push(row.ok_or(AppError::NotFound("customer"))?);
        }
        let owner = match owner {
            Some(id) => Some(self.can_own(&mut tx, agency, id).await?),
            None => None,
        };
        rows.sort_unstable_by_key(|row| row.ordinal);
        rows.dedup_by_key(|row| row.ordinal);
        let ordinals: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
        let before = self.owners(&mut tx, agency, &ordinals).await?;
        rows.retain(|row| before.get(&row.ordinal) != owner.as_ref());
        if !rows.is_empty() {
            let ordinals: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
            store::put(&mut tx, agency, &ordinals, owner.as_ref().map(|owner| owner.id)).await?;
        }
        for row in rows {
            let before = before.get(&row.ordinal).map(|owner| owner.id);
            let detail = json!({"owner": owner.as_ref().map(|owner| owner.id), "before": before});
            let subject = format!("customer/{}", row.id);
            let audit = self.app.audit();
            audit.note(&mut tx, caller, "customer.own", &subject, detail).await?;
        }
        tx.commit().await?;
        Ok(owner)
    }

    async fn can_own(&self, tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Owner> {
        let person = staff::person(tx, agency, id).await?;
        let person = person.filter(|person| person.disabled_at.is_none()).ok_or_else(|| {
            AppError::invalid(
                "unknown_owner",
                words!(
                    "{id} is nobody of the staff who is in use; GET /staff lists them",
                    "{id} 不是在用的员工；可用 GET /staff 查看"
                ),
            )
        })?;
        Ok(Owner { id, name: person.name })
    }

    /// The owners of these customers, by ordinal.
    pub(crate) async fn owners(&self, tx: &mut Tx, agency: Uuid, ordinals: &[i64]) -> Result<HashMap<i64, Owner>> {
        let rows = store::owners_of(tx, agency, ordinals).await?;
        let owner = |row: store::OwnerRow| {
            let owner = Owner {
                id: row.staff_id,
                name: row.name,
            };
            (row.ordinal, owner)
        };
        Ok(rows.into_iter().map(owner).collect())
    }

    /// Whoever sees only their own, or their branch's, owns whom they write down. Within the transaction that does so.
    pub(crate) async fn own_new(&self, tx: &mut Tx, caller: &Caller, ordinal: i64) -> Result<()> {
        if caller.rows == Rows::All {
            return Ok(());
        }
        Ok(store::put(tx, caller.room.id, &[ordinal], Some(caller.actor)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_change_hands() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut known = Known::default();
        known.people.insert(one, Arc::new([1, 2, 3].into_iter().collect()));
        known.people.insert(other, Arc::default());
        known.follow(&[
            (2, Some(other)),
            (3, None),
            (4, Some(one)),
            (5, Some(Uuid::from_u128(3))),
        ]);
        let own = |person| known.people[&person].iter().collect::<Vec<u32>>();
        assert_eq!((own(one), own(other)), (vec![1, 4], vec![2]));
    }
}
