//! A random sample of a segment, for telephone surveys.
//!
//! Tickets are drawn by the customers' numbers ([`Lots`]): over everyone's classes in memory, or over the bitmap of a past day. The database is
//! asked only about those who were drawn.

use super::as_of::PastBinding;
use super::past::{cut, division, in_force, was_ever};
use crate::Segments;
use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::labels::shown_name;
use crate::team::{Caller, Mask};
use posthouse_domain::lots::Lots;
use posthouse_domain::profile::Profile;
use posthouse_domain::words;
use posthouse_store::Access;
use posthouse_store::intake::identities_of;
use posthouse_store::profiles::customers_at;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
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
        let lots = Lots::new(&seed);
        let visible = self.app.profiles().visible(caller).await?;
        let ((drawn, members), as_of) = match as_of {
            None => {
                self.ensure_loaded(room).await?;
                let (room, binding, segment) = (room.clone(), binding.to_owned(), segment.to_owned());
                let drawn = beside(move || {
                    let all = room.live();
                    let live = all.get(&binding)?;
                    let class = live.index(&segment)?;
                    let members = (0u32..).zip(&live.classes).filter(|(_, found)| **found == class);
                    let places = members.filter(|(ordinal, _)| visible.has((*ordinal).into()));
                    Some(lots.draw(places.map(|(ordinal, _)| ordinal), size))
                });
                (drawn.await?.ok_or(AppError::NotFound("segment"))?, None)
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
                let members = found.remove(segment).unwrap_or_default();
                let members = match visible.ordinals() {
                    Some(own) => members & own,
                    None => members,
                };
                let drawn = beside(move || lots.draw(members, size)).await?;
                (drawn, Some(PastBinding::new(at, rule.as_ref())))
            }
        };
        let detail = json!({"seed": seed, "size": size, "drawn": drawn.len()});
        let subject = format!("segment/{binding}.{segment}");
        self.app
            .audit()
            .note_look(caller, "segment.sample", &subject, &detail)
            .await?;
        Ok(Sample {
            binding: binding.to_owned(),
            key: segment.to_owned(),
            as_of,
            members,
            items: self.drawn(caller, &drawn).await?,
            seed,
        })
    }

    /// Who these ordinals are, in their order.
    async fn drawn(&self, caller: &Caller, ordinals: &[u32]) -> Result<Vec<Drawn>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let wanted: Vec<i64> = ordinals.iter().map(|ordinal| i64::from(*ordinal)).collect();
        let rows = customers_at(&mut tx, agency, &wanted).await?;
        let ids: HashMap<i64, Uuid> = rows.iter().map(|row| (row.ordinal, row.id)).collect();
        let ids: Vec<Uuid> = wanted.iter().filter_map(|ordinal| ids.get(ordinal).copied()).collect();
        let mut people: HashMap<Uuid, Drawn> = HashMap::with_capacity(ids.len());
        for row in rows {
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
                "phone" if caller.is_masked(Mask::Contact) => {}
                "phone" => person.phones.push(row.value),
                "member_no" => person.member_no = Some(row.shown().to_owned()),
                _ => {}
            }
        }
        Ok(ids.iter().filter_map(|id| people.remove(id)).collect())
    }
}
