//! Every touch of a customer, the latest first. Each capability adds the entries that are its own.

use crate::Profiles;
use crate::error::{AppError, Result};
use crate::team::Caller;
use posthouse_store::intake::CustomerRow;
use posthouse_store::{Access, Tx, profiles as store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineEntry {
    /// Event type, or `segment.moved`.
    pub r#type: String,
    /// When it happened, in ms since 1970.
    pub occurred_at: i64,
    /// Where it was told; `segments` of moves.
    pub source: String,
    /// The source's number of it; of moves the binding and the number of the run or single move.
    pub external_id: String,
    /// The sender's fields; of changes by hand what was set; of moves binding, from and to.
    pub data: Value,
}

/// A place on the timeline: when it happened, when it came, source and number. No two entries share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place(i64, i64, String, String);

impl Place {
    /// After everything that ever happens.
    fn end() -> Self {
        Self(i64::MAX, i64::MAX, String::new(), String::new())
    }

    /// When it happened, in ms since 1970.
    pub(crate) fn at(&self) -> i64 {
        self.0
    }

    /// The place of something of this source and number that happened and came at once.
    pub(crate) fn of(at: i64, source: &str, external_id: String) -> Self {
        Self(at, at, source.to_owned(), external_id)
    }

    /// The parts by which places are ordered.
    pub(crate) fn parts(&self) -> (i64, i64, &str, &str) {
        (self.0, self.1, &self.2, &self.3)
    }
}

/// An entry and when it came, in ms since 1970.
#[derive(Debug)]
pub(crate) struct Touch {
    pub(crate) entry: TimelineEntry,
    pub(crate) received: i64,
}

impl Touch {
    /// Its place on the timeline.
    pub(crate) fn place(&self) -> Place {
        let TimelineEntry {
            source, external_id, ..
        } = &self.entry;
        Place(
            self.entry.occurred_at,
            self.received,
            source.clone(),
            external_id.clone(),
        )
    }
}

/// What a source has found.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) touches: Vec<Touch>,
    /// The place down to which it has looked, if it has not looked everywhere: what is further back takes another look. It lies before the
    /// place that the look began at.
    pub(crate) down_to: Option<Place>,
}

impl From<Vec<Touch>> for Seen {
    fn from(touches: Vec<Touch>) -> Self {
        Self { touches, down_to: None }
    }
}

/// The customer whose timeline it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose {
    pub(crate) id: Uuid,
    pub(crate) ordinal: i64,
    /// When they came, in ms since 1970.
    pub(crate) created_at: i64,
}

impl Whose {
    pub(crate) fn of(row: &CustomerRow) -> Self {
        Self {
            id: row.id,
            ordinal: row.ordinal,
            created_at: row.created_at,
        }
    }
}

/// What is looked for: what happened before a place and not before `since`, the latest `limit` of it. A source may give more.
#[derive(Debug)]
pub(crate) struct Look<'l> {
    pub(crate) before: &'l Place,
    pub(crate) since: i64,
    pub(crate) limit: usize,
}

/// A capability's entries.
pub(crate) trait Source: 'static {
    /// Whatever of it is looked for, in any order.
    fn touches(tx: &mut Tx, agency: Uuid, whose: Whose, look: &Look<'_>) -> impl Future<Output = Result<Seen>> + Send;
}

type Looking<'f> = Pin<Box<dyn Future<Output = Result<Seen>> + Send + 'f>>;
type Touches = for<'f> fn(&'f mut Tx, Uuid, Whose, &'f Look<'f>) -> Looking<'f>;

fn touches<'f, S: Source>(tx: &'f mut Tx, agency: Uuid, whose: Whose, look: &'f Look<'f>) -> Looking<'f> {
    Box::pin(S::touches(tx, agency, whose, look))
}

/// The sources that capabilities have registered. Whatever has most entries comes first: the others are then asked about a shorter time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources(Vec<Touches>);

impl Sources {
    /// Registers a source.
    pub(crate) fn with<S: Source>(mut self) -> Self {
        self.0.push(touches::<S>);
        self
    }
}

/// A page of a timeline, and where it goes on.
pub(crate) type Page = (Vec<TimelineEntry>, Option<String>);

impl Profiles<'_> {
    /// A page of a customer's timeline.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_cursor`.
    pub async fn timeline(&self, caller: &Caller, id: Uuid, cursor: Option<&str>, limit: usize) -> Result<Page> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::customer(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        self.must_see(caller, &row).await?;
        self.touches(&mut tx, caller, Whose::of(&row), cursor, limit).await
    }

    /// What happened to a customer before the place of the cursor, the latest first. A page may end before it is full, and goes on all the same.
    pub(crate) async fn touches(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        whose: Whose,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page> {
        let agency = caller.room.id;
        let before = match cursor {
            None => Place::end(),
            Some(text) => read(text).ok_or_else(AppError::bad_cursor)?,
        };
        let mut found: Vec<(Place, TimelineEntry)> = Vec::new();
        let (mut since, mut down_to) = (i64::MIN, None);
        for touches in &self.app.sources.0 {
            // one more than the page shows says whether there is another page
            let look = Look {
                before: &before,
                since,
                limit: limit + 1,
            };
            let seen = touches(tx, agency, whose, &look).await?;
            found.extend(seen.touches.into_iter().map(|touch| (touch.place(), touch.entry)));
            down_to = down_to.max(seen.down_to);
            found.retain(|(place, _)| *place < before);
            found.sort_unstable_by(|a, b| b.0.cmp(&a.0));
            found.truncate(limit + 1);
            if let (true, Some((last, _))) = (found.len() > limit, found.last()) {
                since = last.at();
            }
        }
        found.retain(|(place, _)| down_to.as_ref().is_none_or(|down_to| place >= down_to));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = match found.last().filter(|_| more) {
            Some((place, _)) => Some(written(place)),
            None => down_to.as_ref().map(written),
        };
        let seen = |(_, entry): (Place, TimelineEntry)| TimelineEntry {
            data: caller.seen_of(entry.data),
            ..entry
        };
        Ok((found.into_iter().map(seen).collect(), next))
    }
}

fn written(place: &Place) -> String {
    hex::encode(json!(place).to_string())
}

fn read(cursor: &str) -> Option<Place> {
    serde_json::from_slice(&hex::decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let place = Place(5, 6, "shop".into(), "№ 1".into());
        assert_eq!(read(&written(&place)), Some(place));
        assert_eq!(read("zz"), None);
        assert_eq!(read(&hex::encode("[1]")), None);
    }
}
