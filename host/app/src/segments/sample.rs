//! A random sample of a segment, for telephone surveys.
//!
//! Every member gets a ticket, the SHA-256 of the seed's text followed by the 16 bytes of the customer's id; the smallest tickets are
//! drawn, in their order. So the same seed draws the same people wherever and in whatever order they are stored, whoever stays in the
//! segment keeps their ticket, and a smaller sample is the beginning of a larger one.

use super::as_of::PastBinding;
use super::past::{cut, division, in_force, was_ever};
use crate::Segments;
use crate::error::{AppError, Result};
use crate::labels::shown_name;
use crate::team::Caller;
use posthouse_domain::profile::Profile;
use posthouse_domain::words;
use posthouse_store::intake::{customers, identities_of};
use posthouse_store::{Access, history};
use roaring::RoaringBitmap;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Somebody who was drawn, with what a caller needs.
#[derive(Debug, Clone, Serialize)]
pub struct Drawn {
    /// Who.
    pub customer_id: Uuid,
    /// The shown name.
    pub name: Option<String>,
    /// Their member number.
    pub member_no: Option<String>,
    /// Their telephone numbers.
    pub phones: Vec<String>,
    /// Language of correspondence.
    pub language: Option<String>,
    /// Whether they agreed to hear of offers; a survey is for the agency to judge.
    pub consent_marketing: Option<bool>,
}

/// A random sample of a segment.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// The binding.
    pub binding: String,
    /// The segment.
    pub key: String,
    /// The past instant asked for; none for the present.
    pub as_of: Option<PastBinding>,
    /// How many members there were to draw from.
    pub members: u64,
    /// The seed; the same one draws the same people again.
    pub seed: String,
    /// Who was drawn, in the order of the draw.
    pub items: Vec<Drawn>,
}

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct SampleRequest<'r> {
    /// The binding.
    pub binding: &'r str,
    /// The segment.
    pub segment: &'r str,
    /// How many; all if there are fewer.
    pub size: usize,
    /// The seed; one is made up if there is none.
    pub seed: Option<&'r str>,
    /// A past day or instant; the present if left out.
    pub as_of: Option<&'r str>,
}

/// Longest seed, in bytes.
const MOST_SEED: usize = 200;
/// Members whose ids are read at once.
const PAGE: usize = 10_000;

type Ticket = [u8; 32];

/// The ticket of a customer in a draw.
fn ticket(seed: &str, customer: Uuid) -> Ticket {
    Sha256::new()
        .chain_update(seed)
        .chain_update(customer.as_bytes())
        .finalize()
        .into()
}

impl Segments<'_> {
    /// Draws a random sample of a segment.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such segment; `bad_seed`; `bad_as_of`; `as_of_in_future`.
    pub async fn sample(&self, caller: &Caller, request: SampleRequest<'_>) -> Result<Sample> {
        let (room, agency) = (&caller.room, caller.room.id);
        let SampleRequest {
            binding,
            segment,
            size,
            seed,
            as_of,
        } = request;
        let seed = match seed {
            Some(seed) if seed.len() > MOST_SEED => {
                let detail = words!(
                    "the seed has {seed} bytes, it may have {MOST_SEED}",
                    "seed 有 {seed} 字节，上限为 {MOST_SEED}",
                    seed = seed.len()
                );
                return Err(AppError::invalid("bad_seed", detail));
            }
            Some(seed) => seed.to_owned(),
            None => {
                let mut bytes = [0; 8];
                self.app.entropy.fill(&mut bytes);
                hex::encode(bytes)
            }
        };
        let (members, as_of) = match as_of {
            None => {
                self.ensure_loaded(room).await?;
                let all = room.live();
                let live = all.get(binding).ok_or(AppError::NotFound("segment"))?;
                let class = live.index(segment).ok_or(AppError::NotFound("segment"))?;
                let ordinals = (0u32..).zip(&live.classes).filter(|(_, found)| **found == class);
                (ordinals.map(|(ordinal, _)| ordinal).collect(), None)
            }
            Some(text) => {
                let at = self.as_of(room, text)?;
                let mut tx = self.app.store.read(Access::Agency(agency)).await?;
                if !was_ever(&mut tx, agency, binding, segment).await? {
                    return Err(AppError::NotFound("segment"));
                }
                let cut = cut(&mut tx, agency, binding, at).await?;
                let rule = in_force(&mut tx, agency, binding, cut).await?;
                let mut found = division(&mut tx, agency, binding, cut, Some(segment)).await?;
                let members: RoaringBitmap = found.remove(segment).unwrap_or_default();
                (members, Some(PastBinding::new(at, rule.as_ref())))
            }
        };
        Ok(Sample {
            binding: binding.to_owned(),
            key: segment.to_owned(),
            as_of,
            members: members.len(),
            items: self.draw(agency, &members, &seed, size).await?,
            seed,
        })
    }

    async fn draw(&self, agency: Uuid, members: &RoaringBitmap, seed: &str, size: usize) -> Result<Vec<Drawn>> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut drawn: BTreeSet<(Ticket, Uuid)> = BTreeSet::new();
        let ordinals: Vec<u32> = members.iter().collect();
        for page in ordinals.chunks(PAGE) {
            for (_, id) in history::ids_at(&mut tx, agency, page).await? {
                drawn.insert((ticket(seed, id), id));
                if drawn.len() > size {
                    drawn.pop_last();
                }
            }
        }
        let ids: Vec<Uuid> = drawn.into_iter().map(|(_, id)| id).collect();
        let mut people: HashMap<Uuid, Drawn> = HashMap::with_capacity(ids.len());
        for row in customers(&mut tx, agency, &ids).await? {
            let profile: Profile = serde_json::from_str(&row.profile).map_err(AppError::corrupt("profile"))?;
            let person = Drawn {
                customer_id: row.id,
                name: shown_name(&row.profile),
                member_no: None,
                phones: Vec::new(),
                language: profile.language,
                consent_marketing: profile.consent_marketing,
            };
            people.insert(row.id, person);
        }
        for row in identities_of(&mut tx, agency, &ids).await? {
            let Some(person) = people.get_mut(&row.customer_id) else {
                continue;
            };
            match row.kind.as_str() {
                "phone" => person.phones.push(row.value),
                "member_no" => person.member_no = Some(row.shown().to_owned()),
                _ => {}
            }
        }
        Ok(ids.iter().filter_map(|id| people.remove(id)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_the_hash_of_seed_and_id() {
        let id = Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        let bytes: Vec<u8> = b"spring".iter().copied().chain(1..=16).collect();
        assert_eq!(ticket("spring", id).as_slice(), Sha256::digest(bytes).as_slice());
    }
}
