//! Finding customers.

use crate::App;
use crate::error::{AppError, Result};
use crate::labels::{Label, labels};
use crate::profiles::shown_dates;
use crate::team::Caller;
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::search::spellings;
use posthouse_store::intake::{self, CustomerRow};
use posthouse_store::{Access, Tx, profiles as store, search};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A customer in a list.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerSummary {
    /// Id.
    pub id: Uuid,
    /// By what people recognise it.
    #[serde(flatten)]
    pub label: Label,
    /// Shown attribute values.
    pub profile: Value,
    /// When it was last changed, in ms since 1970.
    pub updated_at: i64,
    /// For `If-Match`.
    pub version: i64,
}

/// Longest text to search for, in bytes.
const MOST_SEARCHED: usize = 500;

/// A `LIKE` pattern of texts that contain `q` in any case, the signs of `LIKE` taken literally by `!`.
fn containing(q: &str) -> String {
    let mut pattern = String::from("%");
    for c in q.to_lowercase().chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The rank of those who have the text somewhere inside a name or number, where no word begins.
const ANYWHERE: i32 = 4;

/// A page of a search ends before this place.
fn place(cursor: Option<&str>) -> Result<search::Place> {
    let Some(text) = cursor else { return Ok((0, 0)) };
    text.split_once('.')
        .and_then(|(rank, ordinal)| Some((rank.parse().ok()?, ordinal.parse().ok()?)))
        .ok_or_else(bad_cursor)
}

fn bad_cursor() -> AppError {
    AppError::invalid(
        "bad_cursor",
        "the cursor is not one of this list; start again without it",
    )
}

async fn summaries(tx: &mut Tx, agency: Uuid, rows: Vec<CustomerRow>) -> Result<Vec<CustomerSummary>> {
    let mut labels = labels(tx, agency, &rows).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(label) = labels.remove(&row.id) else { continue };
        let profile = serde_json::from_str(&row.profile).map_err(AppError::corrupt("profile"))?;
        found.push(CustomerSummary {
            id: row.id,
            label,
            profile: shown_dates(profile),
            updated_at: row.updated_at,
            version: row.version,
        });
    }
    Ok(found)
}

impl App {
    /// Customers in the order in which they came, all or those of a segment; or those that match `q`, the best first: an
    /// identity in any spelling, part of a name as it is written, in pinyin or by its initials, part of a telephone number, the beginning of
    /// an e-mail address or member number.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such segment; a cursor of another list; `filters_not_together`.
    pub async fn customers(
        &self,
        caller: &Caller,
        q: Option<&str>,
        segment: Option<&str>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<CustomerSummary>, Option<String>)> {
        let agency = caller.room.id;
        let q = q.map(str::trim).filter(|q| !q.is_empty());
        if q.is_some() && segment.is_some() {
            return Err(AppError::invalid(
                "filters_not_together",
                "q and segment cannot be asked together yet; leave one of them out",
            ));
        }
        if let Some(segment) = segment {
            let (binding, key) = segment.split_once('.').ok_or(AppError::NotFound("segment"))?;
            let page = self.members(caller, binding, key, cursor, limit).await?;
            let ids: Vec<Uuid> = page.items.iter().map(|member| member.customer_id).collect();
            let mut tx = self.store.read(Access::Agency(agency)).await?;
            let rows = intake::customers(&mut tx, agency, &ids).await?;
            return Ok((summaries(&mut tx, agency, rows).await?, page.next));
        }
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let (rows, next) = match q {
            Some(q) => self.find(caller, &mut tx, q, place(cursor)?, limit).await?,
            None => {
                let from = cursor.map_or(Ok(0), |text| text.parse().map_err(|_| bad_cursor()))?;
                let mut rows = store::customers_from(&mut tx, agency, from, limit as i64 + 1).await?;
                let next = (rows.len() > limit).then(|| rows[limit].ordinal.to_string());
                rows.truncate(limit);
                (rows, next)
            }
        };
        Ok((summaries(&mut tx, agency, rows).await?, next))
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
            let detail = format!("q has {} bytes, it may have {MOST_SEARCHED}; search for less", q.len());
            return Err(AppError::invalid("bad_q", detail));
        }
        let more = limit as i64 + 1;
        let mut places = Vec::new();
        if from.0 < ANYWHERE {
            let spelt = |kind| Some(Identity::normalise(kind, q, &caller.room.terms.country).ok()?.value);
            let known = [IdentityKind::Phone, IdentityKind::Email, IdentityKind::MemberNo].map(spelt);
            let identities: Vec<String> = known.into_iter().flatten().chain([q.to_owned()]).collect();
            let spellings: Vec<String> = spellings(q).into_iter().collect();
            let wanted = search::Wanted {
                identities: &identities,
                spellings: &spellings,
            };
            let (_, customers) = store::counter(tx, agency).await?;
            places = search::find(tx, agency, customers, &wanted, from, more).await?;
        }
        if places.is_empty() && (from == (0, 0) || from.0 == ANYWHERE) {
            let found = search::find_anywhere(tx, agency, &containing(q), from.1, more).await?;
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
