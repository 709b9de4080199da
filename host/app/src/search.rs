//! Finding customers.

use crate::error::{AppError, Result};
use crate::labels::{Label, labels_by, masked_phone};
use crate::owners::Owner;
use crate::profiles::shown_to;
use crate::team::{Caller, Mask};
use crate::{Profiles, Room};
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::profile::Profile;
use posthouse_domain::search::{MOST_WORDS, Question, Terms, question, terms};
use posthouse_domain::{normal, words};
use posthouse_store::intake::{self, CustomerRow};
use posthouse_store::{Tx, profiles as store, search};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// A customer in a list.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerSummary {
    /// Id.
    pub id: Uuid,
    /// By what people recognise it.
    #[serde(flatten)]
    pub label: Label,
    /// A telephone number with its middle hidden: the one that was searched for, or the first; nothing if that is kept from the caller.
    pub phone: Option<String>,
    /// Who looks after the customer.
    pub owner: Option<Owner>,
    /// The segments they are in, as `binding.key`.
    pub segments: Vec<String>,
    /// Shown attribute values.
    pub profile: Value,
    /// When it was last changed, in ms since 1970.
    pub updated_at: i64,
    /// For `If-Match`.
    pub version: i64,
}

/// Longest text to search for, in bytes.
const MOST_SEARCHED: usize = 500;

/// A `LIKE` pattern of texts that contain a word, the signs of `LIKE` taken literally by `!`.
fn containing(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The rank of those who have the text somewhere inside a name or number, where no word begins. Ranks of words are below it.
const ANYWHERE: i32 = 100;

/// The segments of a customer, as this host knows them.
fn segments(room: &Room, ordinal: i64) -> Vec<String> {
    let live = room.live();
    let places = live.iter().filter_map(|(binding, live)| {
        let key = live.key(live.class(usize::try_from(ordinal).ok()?))?;
        Some(format!("{binding}.{key}"))
    });
    places.collect()
}

/// Most of those who match that are looked at for somebody who may not find by all that is known.
const SIFTED: usize = 10_000;
/// Customers of those whose names are looked at at once.
const LOOKED_AT: usize = 500;

/// Whether a customer is found by what of them a question may find, in any place of a word or where words begin.
fn fits(question: &Question, terms: &Terms, anywhere: bool) -> bool {
    let found = |spelling: &String| {
        let is_letter = spelling.len() == 1;
        terms.keys().any(|term| match anywhere {
            true => term.contains(spelling.as_str()),
            false if is_letter => term == spelling,
            false => term.starts_with(spelling.as_str()),
        })
    };
    let all_words = || question.words.iter().all(|word| word.iter().any(found));
    question.whole.iter().any(found) || (!question.words.is_empty() && all_words())
}

/// What a list says of these customers, as this caller sees them; of their telephone numbers the one that was searched for.
pub(crate) async fn summaries(
    tx: &mut Tx,
    profiles: Profiles<'_>,
    caller: &Caller,
    rows: Vec<CustomerRow>,
    q: Option<&str>,
) -> Result<Vec<CustomerSummary>> {
    let room = &caller.room;
    let ordinals: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
    let mut owners = profiles.owners(tx, room.id, &ordinals).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let identities = intake::identities_of(tx, room.id, &ids).await?;
    let mut labels = labels_by(caller, &rows, &identities);
    let mut phones: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in identities {
        if row.kind == IdentityKind::Phone.as_str() && !caller.hides_identity(IdentityKind::Phone) {
            phones.entry(row.customer_id).or_default().push(row.value);
        }
    }
    let digits = number_in(q.unwrap_or_default());
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(label) = labels.remove(&row.id) else { continue };
        let profile = serde_json::from_str(&row.profile).map_err(AppError::corrupt("profile"))?;
        found.push(CustomerSummary {
            id: row.id,
            phone: phones.remove(&row.id).and_then(|own| {
                let meant = own
                    .iter()
                    .find(|phone| digits.as_ref().is_some_and(|digits| phone.contains(digits)));
                meant.or(own.first()).map(|phone| masked_phone(phone))
            }),
            label,
            owner: owners.remove(&row.ordinal),
            segments: segments(room, row.ordinal),
            profile: shown_to(caller, profile),
            updated_at: row.updated_at,
            version: row.version,
        });
    }
    Ok(found)
}

/// The digits of a question that may be part of a telephone number: of one number, or the longest word of digits.
fn number_in(q: &str) -> Option<String> {
    let q = normal::searched(q);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let longest = match q.chars().any(char::is_alphabetic) {
        true => q
            .split(' ')
            .filter(|word| word.bytes().all(|b| b.is_ascii_digit()))
            .map(digits)
            .max_by_key(String::len),
        false => Some(digits(&q)),
    };
    longest
        .map(|number| number.trim_start_matches('0').to_owned())
        .filter(|number| number.len() > 2)
}

/// Some of those who match a question, and how many match it in all.
pub(crate) struct Matching {
    /// Places from the one that was asked for.
    pub(crate) places: Vec<search::Place>,
    /// How many match.
    pub(crate) total: u64,
}

impl Matching {
    /// Those of all who match that stand at a place or behind it, at most `limit`.
    fn from_place(all: Vec<search::Place>, from: search::Place, limit: usize) -> Self {
        Self {
            total: all.len() as u64,
            places: all.into_iter().filter(|place| *place >= from).take(limit).collect(),
        }
    }
}

/// Those of the first [`SIFTED`] who match by what somebody sees of whom contacts are kept: names and member numbers.
async fn sift(
    tx: &mut Tx,
    caller: &Caller,
    question: &Question,
    found: Vec<search::Place>,
    anywhere: bool,
) -> Result<Vec<search::Place>> {
    let agency = caller.room.id;
    let mut seen = Vec::new();
    for places in found.chunks(LOOKED_AT) {
        let ordinals: Vec<i64> = places.iter().map(|(_, ordinal)| *ordinal).collect();
        let rows = store::customers_at(tx, agency, &ordinals).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let identities = intake::identities_of(tx, agency, &ids).await?;
        let mut fitting = HashSet::new();
        for row in &rows {
            let profile: Profile = serde_json::from_str(&row.profile).map_err(AppError::corrupt("profile"))?;
            let names = [profile.name.as_deref(), profile.name_latin.as_deref()];
            let numbers = identities
                .iter()
                .filter(|own| own.customer_id == row.id && own.kind == IdentityKind::MemberNo.as_str())
                .map(|own| (IdentityKind::MemberNo, own.value.as_str()));
            if fits(question, &terms(names.into_iter().flatten(), numbers), anywhere) {
                fitting.insert(row.ordinal);
            }
        }
        seen.extend(places.iter().filter(|(_, ordinal)| fitting.contains(ordinal)));
    }
    Ok(seen)
}

impl Profiles<'_> {
    /// Who matches `q`, from a place on, at most `limit`, the best first: an identity in any spelling, part of a name as it is written, in
    /// pinyin or by its initials, part of a telephone number, the beginning of an e-mail address or member number; of several words each.
    /// Only what no word begins with is looked for inside of words, because that looks at everyone.
    ///
    /// # Errors
    /// `bad_q` for a text that is too long.
    pub(crate) async fn matching(
        &self,
        caller: &Caller,
        tx: &mut Tx,
        q: &str,
        from: search::Place,
        limit: usize,
    ) -> Result<Matching> {
        let agency = caller.room.id;
        if q.len() > MOST_SEARCHED {
            let detail = words!(
                "q has {q} bytes, it may have {MOST_SEARCHED}; search for less",
                "q 有 {q} 字节，上限为 {MOST_SEARCHED}；请缩短",
                q = q.len()
            );
            return Err(AppError::invalid("bad_q", detail));
        }
        let question = question(q).ok_or_else(|| {
            let detail = words!(
                "q has more than {MOST_WORDS} words; search for less",
                "q 超过 {MOST_WORDS} 个词；请缩短"
            );
            AppError::invalid("bad_q", detail)
        })?;
        // what is kept from somebody does not find anybody for them
        let sifts = caller.is_masked(Mask::Contact);
        if from.0 < ANYWHERE {
            let spelt = |kind| Some(Identity::normalise(kind, q, &caller.room.terms.country).ok()?.value);
            let known = [IdentityKind::Phone, IdentityKind::Email, IdentityKind::MemberNo].map(spelt);
            let identities: Vec<String> = known.into_iter().flatten().chain([normal::text(q)]).collect();
            let spellings = |of: &BTreeSet<String>| of.iter().cloned().collect::<Vec<_>>();
            let wanted = search::Wanted {
                identities: &identities,
                whole: &spellings(&question.whole),
                words: &question.words.iter().map(spellings).collect::<Vec<_>>(),
            };
            let (_, customers) = store::counter(tx, agency).await?;
            if sifts {
                let (found, _) = search::find(tx, agency, customers, &wanted, (0, 0), SIFTED as i64).await?;
                let places = sift(tx, caller, &question, found, false).await?;
                if !places.is_empty() {
                    return Ok(Matching::from_place(places, from, limit));
                }
            } else {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let (places, total) = search::find(tx, agency, customers, &wanted, from, limit).await?;
                if !places.is_empty() || from != (0, 0) {
                    let total = total as u64;
                    return Ok(Matching { places, total });
                }
            }
        }
        let form = normal::searched(q);
        let patterns: Vec<String> = match question.words.is_empty() {
            true => vec![containing(&form)],
            false => form.split(' ').map(containing).collect(),
        };
        let found = search::find_anywhere(tx, agency, &patterns).await?;
        let mut places: Vec<search::Place> = found.into_iter().map(|ordinal| (ANYWHERE, ordinal)).collect();
        if sifts {
            places.truncate(SIFTED);
            places = sift(tx, caller, &question, places, true).await?;
        }
        Ok(Matching::from_place(places, from, limit))
    }
}
