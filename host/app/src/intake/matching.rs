//! Who is this customer? Exact matching of identities; nothing is guessed.

use super::conflict;
use super::recent::Recent;
use crate::documents::DocumentKeys;
use crate::error::Result;
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::{Entropy, Record, Rejection, normal};
use posthouse_store::forms::{self, ClashRow};
use posthouse_store::{Tx, intake as store};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The identities a batch of records speaks of, with their owners, kept up to date while the batch is matched.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    owners: HashMap<(IdentityKind, String), Uuid>,
    /// The values of exclusive kinds that customers have, where they may be shown.
    exclusive: HashMap<(Uuid, IdentityKind), Option<String>>,
    /// Rows of an earlier build that share a form.
    clashes: HashMap<(IdentityKind, String), Vec<ClashRow>>,
    /// Member numbers whose dashes were dropped.
    loose: HashMap<String, Uuid>,
    /// Every identity that the database has of those it was asked about.
    pub(super) stored: HashMap<Uuid, Vec<store::OwnerRow>>,
    /// Identities to be written.
    pub(crate) attached: Vec<store::NewIdentity>,
    /// Member numbers whose dashes are known by now.
    pub(super) tightened: Vec<Tightened>,
}

/// A member number that came in without its dashes, and now with them.
#[derive(Debug)]
pub(super) struct Tightened {
    pub(super) customer: Uuid,
    pub(super) undashed: String,
    pub(super) value: String,
    pub(super) written: String,
}

impl Tightened {
    /// Gives the number its dashes.
    pub(super) async fn write(&self, tx: &mut Tx, agency: Uuid) -> Result<()> {
        let from = (IdentityKind::MemberNo.as_str(), self.undashed.as_str());
        Ok(forms::move_identity(tx, agency, from, &self.value, Some(&self.written), false).await?)
    }
}

/// Whose an identity is.
enum Owner {
    Nobody,
    One(Uuid),
    /// One of several customers, and nothing says which.
    Several(Vec<Uuid>),
    /// Perhaps this one's: the number came in without its dashes.
    Perhaps(Uuid),
}

/// By what an identity is looked up: itself, or for documents a keyed hash.
pub(super) fn lookup(agency: Uuid, identity: &Identity, keys: &DocumentKeys) -> String {
    if identity.kind.is_document() {
        keys.hash(agency, identity.kind, &identity.value)
    } else {
        identity.value.clone()
    }
}

/// By what an identity was looked up before it had its form.
fn earlier(agency: Uuid, identity: &Identity, keys: &DocumentKeys) -> String {
    let earlier = identity.earlier();
    if identity.kind.is_document() {
        keys.hash(agency, identity.kind, &earlier)
    } else {
        earlier
    }
}

impl Matcher {
    /// Reads the owners of all `identities`, and which exclusive kinds those owners already have unless they are `recent`.
    pub(super) async fn load<'i>(
        tx: &mut Tx,
        agency: Uuid,
        identities: impl Iterator<Item = &'i Identity>,
        keys: &DocumentKeys,
        recent: &Recent,
    ) -> Result<Self> {
        let mut wanted: Vec<(IdentityKind, String)> = Vec::new();
        for identity in identities {
            wanted.push((identity.kind, lookup(agency, identity, keys)));
            wanted.extend(identity.loose().map(|undashed| (identity.kind, undashed)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let pairs: Vec<(&str, &str)> = wanted
            .iter()
            .map(|(kind, value)| (kind.as_str(), value.as_str()))
            .collect();
        let mut matcher = Self::default();
        for row in store::owners(tx, agency, &pairs).await? {
            if row.loose {
                matcher.loose.insert(row.value.clone(), row.customer_id);
            }
            if let Ok(kind) = row.kind.parse() {
                matcher.owners.insert((kind, row.value), row.customer_id);
            }
        }
        for row in forms::clashes(tx, agency, &pairs).await? {
            if let Ok(kind) = row.kind.parse() {
                matcher.clashes.entry((kind, row.form.clone())).or_default().push(row);
            }
        }
        let found = matcher.found();
        matcher.learn(tx, agency, found, recent).await?;
        Ok(matcher)
    }

    /// Learns from elsewhere whose an identity is.
    pub(super) fn recall(&mut self, kind: IdentityKind, value: String, owner: Uuid) {
        self.owners.entry((kind, value)).or_insert(owner);
    }

    /// Everyone found so far.
    pub(super) fn found(&self) -> HashSet<Uuid> {
        self.owners.values().copied().collect()
    }

    /// Learns which exclusive kinds everyone found so far has who is `recent`.
    pub(super) fn recall_people(&mut self, recent: &Recent, owners: HashSet<Uuid>) {
        for person in self.found().union(&owners).filter_map(|id| recent.get(id)) {
            person.identities.iter().for_each(|row| self.note_exclusive(row));
        }
    }

    /// Learns from elsewhere that a customer has an identity of an exclusive kind.
    pub(super) fn recall_exclusive(&mut self, customer: Uuid, kind: IdentityKind) {
        self.exclusive.entry((customer, kind)).or_default();
    }

    /// Notes an identity of a kind of which its customer can have one only.
    pub(super) fn note_exclusive(&mut self, row: &store::OwnerRow) {
        if let Some(kind) = row.kind.parse::<IdentityKind>().ok().filter(|kind| kind.is_exclusive()) {
            let value = (!kind.is_document()).then(|| row.written.clone().unwrap_or_else(|| row.value.clone()));
            self.exclusive.insert((row.customer_id, kind), value);
        }
    }

    /// Reads which exclusive kinds these customers have unless they are `recent`.
    pub(super) async fn learn(
        &mut self,
        tx: &mut Tx,
        agency: Uuid,
        customers: HashSet<Uuid>,
        recent: &Recent,
    ) -> Result<()> {
        let is_unread = |id: &Uuid| !self.stored.contains_key(id) && recent.get(id).is_none();
        let customers: Vec<Uuid> = customers.into_iter().filter(is_unread).collect();
        self.stored.extend(customers.iter().map(|id| (*id, Vec::new())));
        for row in store::identities_of(tx, agency, &customers).await? {
            self.note_exclusive(&row);
            self.stored.entry(row.customer_id).or_default().push(row);
        }
        Ok(())
    }

    /// Whose an identity is.
    fn owner(&self, agency: Uuid, identity: &Identity, keys: &DocumentKeys) -> Owner {
        let known = (identity.kind, lookup(agency, identity, keys));
        if let Some(rows) = self.clashes.get(&known) {
            let earlier = earlier(agency, identity, keys);
            return match rows.iter().find(|row| row.was == earlier) {
                Some(row) => Owner::One(row.customer_id),
                None => Owner::Several(rows.iter().map(|row| row.customer_id).collect()),
            };
        }
        if let Some(customer) = self.owners.get(&known) {
            return Owner::One(*customer);
        }
        match identity.loose().and_then(|undashed| self.loose.get(&undashed)) {
            Some(customer) => Owner::Perhaps(*customer),
            None => Owner::Nobody,
        }
    }

    /// The customer whom `identities` and, if the record is about a known booking, its `owner` (with the booking's id) point to; `None` if nobody is
    /// known by any of them.
    ///
    /// # Errors
    /// `identity_conflict` if they point to different people, if one may be several people's, or if an exclusive one is new while the
    /// customer has another.
    pub(crate) fn find(
        &self,
        agency: Uuid,
        identities: &[Identity],
        owner: Option<(Uuid, &str)>,
        keys: &DocumentKeys,
    ) -> std::result::Result<Option<Uuid>, Rejection> {
        let owners: Vec<(&Identity, Owner)> = identities
            .iter()
            .map(|identity| (identity, self.owner(agency, identity, keys)))
            .collect();
        let mut customer = owner.map(|(customer, _)| customer);
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for (identity, whose) in &owners {
            let Owner::One(one) = whose else { continue };
            if customer.is_some_and(|other| other != *one) {
                return Err(match owner {
                    Some((_, booking)) if known.is_empty() => conflict::others_booking(booking, identity),
                    _ => conflict::two_customers(&known, identity),
                });
            }
            customer = Some(*one);
            known.push(*identity);
        }
        for (identity, whose) in &owners {
            match (whose, customer) {
                (Owner::One(_), _) => {}
                (Owner::Several(customers), Some(found)) if customers.contains(&found) => {}
                (Owner::Several(customers), _) => return Err(conflict::one_of_several(identity, customers)),
                (Owner::Perhaps(perhaps), None) => return Err(conflict::perhaps(identity, *perhaps)),
                (Owner::Perhaps(perhaps), Some(found)) if *perhaps == found => {}
                (Owner::Perhaps(_) | Owner::Nobody, _) => new.push(*identity),
            }
        }
        let Some(customer) = customer else { return Ok(None) };
        for identity in new.into_iter().filter(|identity| identity.kind.is_exclusive()) {
            if let Some(has) = self.exclusive.get(&(customer, identity.kind)) {
                let booking = owner.map(|(_, booking)| booking);
                return Err(conflict::another_value(&known, booking, identity, has.as_deref()));
            }
        }
        Ok(Some(customer))
    }

    /// Refuses a record whose further identities are another's than `customer`'s, or anybody's if its customer is new: the office's
    /// telephone in the second column must not make two people one.
    ///
    /// # Errors
    /// `identity_conflict`.
    pub(crate) fn check_further(
        &self,
        agency: Uuid,
        customer: Option<Uuid>,
        record: &Record,
        keys: &DocumentKeys,
    ) -> std::result::Result<(), Rejection> {
        let others = |identity: &&Identity| match self.owner(agency, identity, keys) {
            Owner::One(owner) | Owner::Perhaps(owner) => Some(owner) != customer,
            Owner::Several(owners) => customer.is_none_or(|customer| !owners.contains(&customer)),
            Owner::Nobody => false,
        };
        let Some(taken) = record.further.iter().find(others) else {
            return Ok(());
        };
        Err(conflict::further(taken, &record.identities))
    }

    /// Gives the customer those of `identities` that nobody has.
    pub(crate) fn attach(
        &mut self,
        agency: Uuid,
        customer: Uuid,
        identities: &[Identity],
        keys: &DocumentKeys,
        entropy: &dyn Entropy,
    ) {
        for identity in identities {
            let value = lookup(agency, identity, keys);
            match self.owner(agency, identity, keys) {
                Owner::One(_) | Owner::Several(_) => continue,
                Owner::Perhaps(owner) if owner == customer => {
                    let undashed = identity.loose().unwrap_or_default();
                    self.loose.remove(&undashed);
                    self.owners.remove(&(identity.kind, undashed.clone()));
                    self.owners.insert((identity.kind, value), customer);
                    self.tightened.push(Tightened {
                        customer,
                        undashed,
                        value: identity.value.clone(),
                        written: normal::visible(&identity.written),
                    });
                    continue;
                }
                Owner::Perhaps(_) | Owner::Nobody => {}
            }
            self.owners.insert((identity.kind, value.clone()), customer);
            if identity.kind.is_exclusive() {
                let value = (!identity.kind.is_document()).then(|| normal::visible(&identity.written));
                self.exclusive.insert((customer, identity.kind), value);
            }
            let sealed = if identity.kind.is_document() {
                keys.seal(agency, &identity.value, entropy)
            } else {
                None
            };
            self.attached.push(store::NewIdentity {
                kind: identity.kind.as_str(),
                value,
                customer_id: customer,
                sealed,
                written: (!identity.kind.is_document()).then(|| normal::visible(&identity.written)),
            });
        }
    }

    /// Those whose identities change.
    pub(crate) fn changed(&self) -> HashSet<Uuid> {
        let attached = self.attached.iter().map(|new| new.customer_id);
        attached
            .chain(self.tightened.iter().map(|number| number.customer))
            .collect()
    }

    /// Whether rows of an earlier build stand in the way of reading it like any other.
    pub(super) fn has_leftovers(&self) -> bool {
        !(self.clashes.is_empty() && self.tightened.is_empty())
    }
}
