//! Finding customers.

use crate::error::{AppError, Result};
use crate::labels::{Label, labels, masked_phone};
use crate::profiles::shown_dates;
use crate::segments::Sort;
use crate::team::Caller;
use crate::{Profiles, Room};
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::search::{MOST_WORDS, question};
use posthouse_domain::{normal, words};
use posthouse_store::intake::{self, CustomerRow};
use posthouse_store::{Access, Tx, profiles as store, search};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A customer in a list.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerSummary {
    /// Id.
    pub id: Uuid,
    /// By what people recognise it.
    #[serde(flatten)]
    pub label: Label,
    /// A telephone number with its middle hidden: the one that was searched for, or the first.
    pub phone: Option<String>,
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

/// A page of a search ends before this place.
fn place(cursor: Option<&str>) -> Result<search::Place> {
    let Some(text) = cursor else { return Ok((0, 0)) };
    text.split_once('.')
        .and_then(|(rank, ordinal)| Some((rank.parse().ok()?, ordinal.parse().ok()?)))
        .ok_or_else(AppError::bad_cursor)
}

/// The segments of a customer, as this host knows them.
fn segments(room: &Room, ordinal: i64) -> Vec<String> {
    let live = room.live();
    let places = live.iter().filter_map(|(binding, live)| {
        let key = live.key(live.class(usize::try_from(ordinal).ok()?))?;
        Some(format!("{binding}.{key}"))
    });
    places.collect()
}

async fn summaries(tx: &mut Tx, room: &Room, rows: Vec<CustomerRow>, q: Option<&str>) -> Result<Vec<CustomerSummary>> {
    let agency = room.id;
    let mut labels = labels(tx, agency, &rows).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut phones: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in intake::identities_of(tx, agency, &ids).await? {
        if row.kind == IdentityKind::Phone.as_str() {
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
            segments: segments(room, row.ordinal),
            profile: shown_dates(profile),
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

impl Profiles<'_> {
    /// Customers in the order in which they came, all or those of a segment; or those that match `q`, the best first: an
    /// identity in any spelling, part of a name as it is written, in pinyin or by its initials, part of a telephone number, the beginning of
    /// an e-mail address or member number; of several words each.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such segment; a cursor of another list; `filters_not_together`.
    pub async fn list(
        &self,
        caller: &Caller,
        q: Option<&str>,
        segment: Option<&str>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<CustomerSummary>, Option<String>)> {
        let agency = caller.room.id;
        self.app.segments().ensure_loaded(&caller.room).await?;
        let q = q.map(str::trim).filter(|q| !q.is_empty());
        if q.is_some() && segment.is_some() {
            return Err(AppError::invalid(
                "filters_not_together",
                words!(
                    "q and segment cannot be asked together yet; leave one of them out",
                    "q 与 segment 暂不能同时使用；请去掉其中一个"
                ),
            ));
        }
        if let Some(segment) = segment {
            let (binding, key) = segment.split_once('.').ok_or(AppError::NotFound("segment"))?;
            let page = self
                .app
                .segments()
                .members(caller, (binding, key), Sort::Joined, cursor, limit)
                .await?;
            let ids: Vec<Uuid> = page.items.iter().map(|member| member.customer_id).collect();
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            let rows = intake::customers(&mut tx, agency, &ids).await?;
            return Ok((summaries(&mut tx, &caller.room, rows, None).await?, page.next));
        }
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let (rows, next) = match q {
            Some(q) => self.find(caller, &mut tx, q, place(cursor)?, limit).await?,
            None => {
                let from = cursor.map_or(Ok(0), |text| text.parse().map_err(|_| AppError::bad_cursor()))?;
                let mut rows = store::customers_from(&mut tx, agency, from, limit as i64 + 1).await?;
                let next = (rows.len() > limit).then(|| rows[limit].ordinal.to_string());
                rows.truncate(limit);
                (rows, next)
            }
        };
        Ok((summaries(&mut tx, &caller.room, rows, q).await?, next))
    }

    /// A page of those who match. Only what no word begins with is looked for inside of words, because that looks at everyone.
    async fn find(
        &self,
        caller: &Caller,
        tx: &mut Tx,
        q: &str,
        from: search::Place,
        limit: usize,
    ) -> Result<(Vec<CustomerRow>, Option<String>)> {
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
        let more = limit as i64 + 1;
        let mut places = Vec::new();
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
            places = search::find(tx, agency, customers, &wanted, from, more).await?;
        }
        if places.is_empty() && (from == (0, 0) || from.0 == ANYWHERE) {
            let form = normal::searched(q);
            let patterns: Vec<String> = match question.words.is_empty() {
                true => vec![containing(&form)],
                false => form.split(' ').map(containing).collect(),
            };
            let found = search::find_anywhere(tx, agency, &patterns, from.1, more).await?;
            places = found.into_iter().map(|ordinal| (ANYWHERE, ordinal)).collect();
        }
        let next = places.get(limit).map(|(rank, ordinal)| format!("{rank}.{ordinal}"));
        places.truncate(limit);
        let ordinals: Vec<i64> = places.into_iter().map(|(_, ordinal)| ordinal).collect();
        let mut rows = store::customers_at(tx, agency, &ordinals).await?;
        rows.sort_by_key(|row| ordinals.iter().position(|ordinal| *ordinal == row.ordinal));
        Ok((rows, next))
    }
}
