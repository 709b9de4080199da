//! Who is this customer? Exact matching of identities; nothing is guessed.

use crate::documents::DocumentKeys;
use crate::error::Result;
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::{Entropy, Rejection};
use posthouse_store::{Tx, intake as store};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The identities a batch of records speaks of, with their owners, kept up to date while the batch is matched.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    owners: HashMap<(IdentityKind, String), Uuid>,
    exclusive: HashSet<(Uuid, IdentityKind)>,
    /// Identities to be written.
    pub(crate) attached: Vec<store::NewIdentity>,
}

/// By what an identity is looked up: itself, or for documents a keyed hash.
pub(super) fn lookup(agency: Uuid, identity: &Identity, keys: &DocumentKeys) -> String {
    if identity.kind.is_document() {
        keys.hash(agency, identity.kind, &identity.value)
    } else {
        identity.value.clone()
    }
}

impl Matcher {
    /// Reads the owners of all `identities`, and which exclusive kinds those owners already have.
    pub(crate) async fn load<'i>(
        tx: &mut Tx,
        agency: Uuid,
        identities: impl Iterator<Item = &'i Identity>,
        keys: &DocumentKeys,
    ) -> Result<Self> {
        let mut wanted: Vec<(IdentityKind, String)> = identities
            .map(|identity| (identity.kind, lookup(agency, identity, keys)))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let pairs: Vec<(&str, &str)> = wanted
            .iter()
            .map(|(kind, value)| (kind.as_str(), value.as_str()))
            .collect();
        let mut matcher = Self::default();
        for row in store::owners(tx, agency, &pairs).await? {
            if let Ok(kind) = row.kind.parse() {
                matcher.owners.insert((kind, row.value), row.customer_id);
            }
        }
        let found: HashSet<Uuid> = matcher.owners.values().copied().collect();
        matcher.learn(tx, agency, found.into_iter().collect()).await?;
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

    /// Learns from elsewhere that a customer has an identity of an exclusive kind.
    pub(super) fn recall_exclusive(&mut self, customer: Uuid, kind: IdentityKind) {
        self.exclusive.insert((customer, kind));
    }

    /// Reads which exclusive kinds these customers have.
    pub(crate) async fn learn(&mut self, tx: &mut Tx, agency: Uuid, customers: Vec<Uuid>) -> Result<()> {
        for row in store::identities_of(tx, agency, &customers).await? {
            if let Some(kind) = row.kind.parse::<IdentityKind>().ok().filter(|kind| kind.is_exclusive()) {
                self.exclusive.insert((row.customer_id, kind));
            }
        }
        Ok(())
    }

    /// The customer whom `identities` and, if the record is about a known booking, its `owner` point to; `None` if nobody is
    /// known by any of them.
    ///
    /// # Errors
    /// `identity_conflict` if they point to different people, or an exclusive one is new while the customer has another.
    pub(crate) fn find(
        &self,
        agency: Uuid,
        identities: &[Identity],
        owner: Option<Uuid>,
        keys: &DocumentKeys,
    ) -> std::result::Result<Option<Uuid>, Rejection> {
        let mut found: Option<(Uuid, String)> = owner.map(|customer| (customer, "the booking".to_owned()));
        let mut unknown = Vec::new();
        for identity in identities {
            match (
                self.owners.get(&(identity.kind, lookup(agency, identity, keys))),
                &found,
            ) {
                (Some(customer), Some((other, by))) if customer != other => {
                    let this = shown(identity);
                    return Err(Rejection::new(
                        "identity_conflict",
                        format!(
                            "{by} belongs to one customer and {this} to another; correct the record, or send it again once the two customers are one"
                        ),
                    ));
                }
                (Some(customer), None) => found = Some((*customer, shown(identity))),
                (Some(_), Some(_)) => {}
                (None, _) => unknown.push(identity),
            }
        }
        let Some((customer, by)) = found else { return Ok(None) };
        match unknown
            .into_iter()
            .find(|identity| identity.kind.is_exclusive() && self.exclusive.contains(&(customer, identity.kind)))
        {
            Some(identity) => Err(Rejection::new(
                "identity_conflict",
                format!(
                    "{} is new, but the customer known by {by} has another {}; correct the record and send it again",
                    shown(identity),
                    identity.kind.as_str()
                ),
            )),
            None => Ok(Some(customer)),
        }
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
            if self.owners.contains_key(&(identity.kind, value.clone())) {
                continue;
            }
            self.owners.insert((identity.kind, value.clone()), customer);
            if identity.kind.is_exclusive() {
                self.exclusive.insert((customer, identity.kind));
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
            });
        }
    }
}

/// An identity in a message; document numbers are not repeated.
fn shown(identity: &Identity) -> String {
    if identity.kind.is_document() {
        format!("the {}", identity.kind.as_str())
    } else {
        format!("{} {}", identity.kind.as_str(), identity.value)
    }
}
