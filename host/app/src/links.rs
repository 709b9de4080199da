//! How customers belong together: families, companions, who pays, who brought whom, whom to call.

use crate::Profiles;
use crate::error::{AppError, Result, retrying};
use crate::labels::labels;
use crate::team::Caller;
use posthouse_domain::link::LinkKind;
use posthouse_domain::words;
use posthouse_store::links::{self as store, LinkRow};
use posthouse_store::{Access, Tx, intake};
use serde::Serialize;
use uuid::Uuid;

/// Most links of one customer.
const MOST: i64 = 1_000;
/// Most customers that are linked to another at once.
const MOST_AT_ONCE: usize = 100;

/// A link of a customer.
#[derive(Debug, Clone, Serialize)]
pub struct LinkView {
    /// What kind of link.
    pub kind: String,
    /// `mutual`: each is it to the other; `is`: the other is it to this customer; `of`: this customer is it to the other.
    pub direction: &'static str,
    /// The other customer.
    pub customer_id: Uuid,
    /// By what people recognise the other.
    pub label: String,
    /// Who told.
    pub source: String,
    /// When it was told first, in ms since 1970.
    pub at: i64,
}

/// Every link of a customer, as this caller sees it.
pub(crate) async fn links_of(tx: &mut Tx, caller: &Caller, customer: Uuid) -> Result<Vec<LinkView>> {
    let agency = caller.room.id;
    let rows = store::links_of(tx, agency, customer).await?;
    let other = |row: &LinkRow| {
        if row.customer_id == customer {
            row.other_id
        } else {
            row.customer_id
        }
    };
    let mut ids: Vec<Uuid> = rows.iter().map(other).collect();
    ids.sort_unstable();
    ids.dedup();
    let others = intake::customers(tx, agency, &ids).await?;
    let labels = labels(tx, caller, &others).await?;
    let view = |row: LinkRow| {
        let id = other(&row);
        let mutual = row.kind.parse().is_ok_and(LinkKind::is_mutual);
        Some(LinkView {
            label: labels.get(&id)?.label.clone(),
            direction: match mutual {
                true => "mutual",
                false if row.other_id == id => "is",
                false => "of",
            },
            kind: row.kind,
            customer_id: id,
            source: row.source,
            at: row.at,
        })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

/// The row a link is kept in: what is mutual is kept once.
fn ends(customer: Uuid, kind: LinkKind, other: Uuid) -> (Uuid, Uuid) {
    if kind.is_mutual() && other < customer {
        (other, customer)
    } else {
        (customer, other)
    }
}

impl Profiles<'_> {
    /// Writes down that `other` is family, companion, payer, referrer or emergency contact of `customer`. What is known already stays.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if either is not there; `link_to_self`, `too_many_links`.
    pub async fn link(&self, caller: &Caller, customer: Uuid, kind: LinkKind, other: Uuid) -> Result<Vec<LinkView>> {
        self.link_all(caller, &[customer], kind, other).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        links_of(&mut tx, caller, customer).await
    }

    /// The same for several customers, all or none of them.
    ///
    /// # Errors
    /// Those of [`Profiles::link`]; `too_many_items`.
    pub async fn link_all(&self, caller: &Caller, customers: &[Uuid], kind: LinkKind, other: Uuid) -> Result<()> {
        if customers.contains(&other) {
            return Err(AppError::invalid(
                "link_to_self",
                words!(
                    "a customer cannot be linked to themselves; name another customer",
                    "客户不能与自己关联；请指定另一位客户"
                ),
            ));
        }
        if customers.len() > MOST_AT_ONCE {
            return Err(AppError::invalid(
                "too_many_items",
                words!(
                    "{many} customers were sent, {MOST_AT_ONCE} at most are linked at once",
                    "共 {many} 位客户，一次最多关联 {MOST_AT_ONCE} 位",
                    many = customers.len()
                ),
            ));
        }
        let all: Vec<Uuid> = customers.iter().copied().chain([other]).collect();
        self.must_see_all(caller, &all).await?;
        retrying!(self.try_link(caller, &all, kind, other))
    }

    async fn try_link(&self, caller: &Caller, all: &[Uuid], kind: LinkKind, other: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        all_there(&mut tx, agency, all).await?;
        let at = self.app.clock.now();
        for customer in all.iter().filter(|customer| **customer != other) {
            let (customer_id, other_id) = ends(*customer, kind, other);
            let link = LinkRow {
                customer_id,
                kind: kind.as_str().into(),
                other_id,
                source: "console".into(),
                at,
            };
            store::put_link(&mut tx, agency, &link).await?;
            self.note_link(&mut tx, caller, "link.put", *customer, kind, other)
                .await?;
        }
        for end in all {
            if store::count_links(&mut tx, agency, *end).await? > MOST {
                return Err(AppError::conflict(
                    "too_many_links",
                    words!(
                        "customer {end} would have more than {MOST} links; take one away first",
                        "客户 {end} 的关联将超过 {MOST} 个；请先移除一个"
                    ),
                ));
            }
        }
        Ok(tx.commit().await?)
    }

    /// Takes a link away. One that is not there is not missed.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if either customer is not there.
    pub async fn unlink(&self, caller: &Caller, customer: Uuid, kind: LinkKind, other: Uuid) -> Result<()> {
        self.must_see_all(caller, &[customer, other]).await?;
        retrying!(self.try_unlink(caller, customer, kind, other))
    }

    async fn try_unlink(&self, caller: &Caller, customer: Uuid, kind: LinkKind, other: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        all_there(&mut tx, agency, &[customer, other]).await?;
        let (one, two) = ends(customer, kind, other);
        store::delete_link(&mut tx, agency, one, kind.as_str(), two).await?;
        self.note_link(&mut tx, caller, "link.delete", customer, kind, other)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note_link(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: &str,
        customer: Uuid,
        kind: LinkKind,
        other: Uuid,
    ) -> Result<()> {
        let detail = serde_json::json!({"kind": kind.as_str(), "other": other});
        self.app
            .audit()
            .note(tx, caller, action, &format!("customer/{customer}"), detail)
            .await
    }
}

/// Takes the agency's lock, so that none goes away meanwhile, and looks for all of them.
async fn all_there(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<()> {
    intake::lock(tx, agency).await?;
    let there = intake::customers(tx, agency, ids).await?;
    match ids.iter().all(|id| there.iter().any(|row| row.id == *id)) {
        true => Ok(()),
        false => Err(AppError::NotFound("customer")),
    }
}
