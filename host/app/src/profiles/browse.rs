//! Customers in a list: those who match a text, are in segments and meet conditions on facts, in some order, with some of their facts.
//!
//! Who is meant and in which order is seen in memory, over the frame's columns and the segments' classes; the database is asked for the
//! words that match, and for those on the page. A cursor names the last customer of its page and what they were sorted by, so that the next
//! page begins behind them whatever has changed since.

use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::facts::Frame;
use crate::facts::filter::{Place, Rank};
use crate::facts::selection::Selection;
use crate::rules::Moment;
use crate::search::{CustomerSummary, summaries};
use crate::segments::seen_in;
use crate::team::{Caller, Mask};
use crate::{App, Profiles, Room};
use posthouse_domain::campaign::{Condition, MOST_CONDITIONS, MOST_SEGMENTS};
use posthouse_domain::contribution::Stored;
use posthouse_domain::{Day, Instant, words};
use posthouse_store::{Access, intake, profiles as store, search};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Most facts that a list shows of each customer.
const MOST_COLUMNS: usize = 50;
/// Most customers that can be picked one by one.
const MOST_PICKED: usize = 500;
/// Customers of a list that are read at once when all of them are.
const PAGE_OF_ALL: usize = 1_000;

/// How old a cursor may be, in days.
const OLDEST_CURSOR: i64 = 366;

/// Which customers, in which order, and what is shown of them.
#[derive(Debug, Clone, Default)]
pub struct Browse {
    /// Only those who match this text.
    pub q: Option<String>,
    /// Only those who are, in each of these bindings, in one of these segments.
    pub segments: Vec<(String, Vec<String>)>,
    /// Only those who meet all of these.
    pub conditions: Vec<Condition>,
    /// Only those of these who are there; everybody if there is no list.
    pub only: Option<Vec<Uuid>>,
    /// In which order; without one, the best match of `q` first, or else the newest customer first.
    pub sort: Option<Sort>,
    /// Keys of the facts that are shown of each.
    pub columns: Vec<String>,
    /// Whether telephone numbers and e-mail addresses are read as well, as far as the caller sees them.
    pub contacts: bool,
    /// Where the page begins: `next` of the page before.
    pub cursor: Option<String>,
    /// Customers of a page.
    pub limit: usize,
}

/// In the order of a fact, of equals the newest customer first. Those of whom it is unknown come last both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Key of the fact.
    pub fact: String,
    /// Whether the highest comes first.
    pub descending: bool,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Found {
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub rows: Vec<FoundRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// The moment that facts and segments are of: now, or the end of the last day that was turned for everyone.
    pub as_of: Instant,
}

/// A customer in a list.
#[derive(Debug, Clone)]
pub struct FoundRow {
    /// Who.
    pub summary: CustomerSummary,
    /// The facts that were asked for, in their order; none where unknown.
    pub values: Vec<Option<Stored>>,
    /// Telephone numbers and e-mail addresses, if they were asked for.
    pub contacts: Contacts,
}

/// How a customer is reached.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
}

/// The last customer of a page.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    /// In which order: a fact with `+` or `-` before it, or one of [`MATCH`] and [`NEWEST`].
    by: String,
    /// The day on which facts that count from a day were seen: the order stays when the next one begins.
    day: Day,
    /// What the customer is sorted by.
    rank: Option<Rank>,
    /// Who.
    ordinal: usize,
}

/// The order of the best match.
const MATCH: &str = "match";
/// The order of the newest customer.
const NEWEST: &str = "newest";

impl Cursor {
    fn written(&self) -> String {
        hex::encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// A cursor of a list in this order.
    fn read(text: &str, by: &str) -> Result<Self> {
        let bytes = hex::decode(text).ok();
        let cursor: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.filter(|cursor| cursor.by == by).ok_or_else(AppError::bad_cursor)
    }

    fn place(&self) -> Place<Rank> {
        (self.rank.clone(), self.ordinal)
    }
}

impl Browse {
    fn by(&self) -> String {
        match &self.sort {
            Some(Sort { fact, descending }) => format!("{}{fact}", if *descending { '-' } else { '+' }),
            None if self.text().is_some() => MATCH.to_owned(),
            None => NEWEST.to_owned(),
        }
    }

    fn text(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }

    /// Whether nothing but a text is asked for.
    fn is_search(&self) -> bool {
        let is_narrowed = !self.segments.is_empty() || !self.conditions.is_empty() || self.only.is_some();
        self.text().is_some() && !is_narrowed && self.sort.is_none()
    }

    /// Whether everything that is named is there, and fits.
    fn check(&self, room: &Room) -> Result<()> {
        let segments: usize = self.segments.iter().map(|(_, keys)| keys.len()).sum();
        let picked = self.only.as_ref().map_or(0, Vec::len);
        if picked > MOST_PICKED {
            return Err(AppError::invalid(
                "too_many_items",
                words!(
                    "{picked} customers were picked, {MOST_PICKED} at most at once",
                    "共选择了 {picked} 位客户，一次最多 {MOST_PICKED} 位"
                ),
            ));
        }
        if self.conditions.len() > MOST_CONDITIONS || segments > MOST_SEGMENTS || self.columns.len() > MOST_COLUMNS {
            return Err(AppError::invalid(
                "too_many_items",
                words!(
                    "a list has up to {MOST_CONDITIONS} conditions, {MOST_SEGMENTS} segments and {MOST_COLUMNS} columns; ask for fewer",
                    "列表最多有 {MOST_CONDITIONS} 个条件、{MOST_SEGMENTS} 个分群、{MOST_COLUMNS} 列；请减少"
                ),
            ));
        }
        {
            let live = room.live();
            for (binding, keys) in &self.segments {
                let known = |key: &String| live.get(binding).is_some_and(|live| live.index(key).is_some());
                if let Some(key) = keys.iter().find(|key| !known(key)) {
                    return Err(AppError::invalid(
                        "unknown_segment",
                        words!(
                            "there is no segment {segment:?}; GET /segments lists them as BINDING.KEY",
                            "没有分群 {segment:?}；可用 GET /segments 查看，写法为 BINDING.KEY",
                            segment = format!("{binding}.{key}")
                        ),
                    ));
                }
            }
        }
        let frame = room.frame();
        for condition in &self.conditions {
            condition.check()?;
            condition.check_kind(frame.kind(position(&frame, &condition.fact)?).0)?;
        }
        let shown = self.columns.iter().chain(self.sort.as_ref().map(|sort| &sort.fact));
        shown
            .map(|fact| position(&frame, fact))
            .try_for_each(|found| found.map(drop))
    }
}

/// Where a fact stands in the frame.
fn position(frame: &Frame, fact: &str) -> Result<usize> {
    frame.position(fact).ok_or_else(|| {
        AppError::invalid(
            "unknown_fact",
            words!(
                "there is no fact {fact:?}; GET /api/v1/facts lists them",
                "没有事实 {fact:?}；可用 GET /api/v1/facts 查看"
            ),
        )
    })
}

/// A question that is answered in memory.
struct Question {
    browse: Browse,
    behind: Option<Cursor>,
    /// Who matches the text, the best first.
    matching: Option<Vec<search::Place>>,
    visible: Option<Selection>,
    /// Those who were picked.
    picked: Option<Selection>,
    customers: usize,
    wanted: usize,
    present: Moment,
}

/// Who was found, by ordinal.
struct Answer {
    total: u64,
    /// Those on the page, in order, with what they are sorted by.
    page: Vec<Place<Rank>>,
    /// The day of the order.
    day: Day,
    as_of: Instant,
}

impl Question {
    fn answer(self, room: &Room) -> Result<Answer> {
        let mut among = self.visible.unwrap_or_else(|| Selection::all(self.customers));
        if let Some(picked) = &self.picked {
            among.retain(|ordinal| picked.contains(ordinal));
        }
        if let Some(matching) = &self.matching {
            let matching = Selection::of(self.customers, matching.iter().map(|(_, ordinal)| *ordinal as usize));
            among.retain(|ordinal| matching.contains(ordinal));
        }
        {
            let live = room.live();
            for (binding, keys) in &self.browse.segments {
                let Some(live) = live.get(binding) else { continue };
                let wanted: Vec<bool> = live
                    .segments
                    .iter()
                    .map(|segment| keys.contains(&segment.key))
                    .collect();
                among.retain(|ordinal| wanted.get(usize::from(live.class(ordinal))) == Some(&true));
            }
        }
        let frame = room.frame();
        let moment = seen_in(&frame, room, self.present);
        for condition in &self.browse.conditions {
            frame.keep(position(&frame, &condition.fact)?, condition, moment.today, &mut among);
        }
        let day = self.behind.as_ref().map_or(moment.today, |behind| behind.day);
        let behind = self.behind.as_ref().map(Cursor::place);
        let page = match (&self.browse.sort, self.matching) {
            (Some(sort), _) => {
                let by = (position(&frame, &sort.fact)?, sort.descending);
                frame.first_by(by, day, &among, behind.as_ref(), self.wanted)
            }
            (None, Some(matching)) => {
                let places = matching
                    .into_iter()
                    .map(|(rank, ordinal)| (Some(Rank::Number(rank.into())), ordinal as usize));
                let places = places.filter(|(_, ordinal)| among.contains(*ordinal));
                let places = places.filter(|place| behind.as_ref().is_none_or(|behind| place > behind));
                places.take(self.wanted).collect()
            }
            (None, None) => {
                let older = |ordinal: &usize| behind.as_ref().is_none_or(|(_, behind)| ordinal < behind);
                let newest = among.newest_first().filter(older).take(self.wanted);
                newest.map(|ordinal| (None, ordinal)).collect()
            }
        };
        Ok(Answer {
            total: among.count(),
            page,
            day,
            as_of: moment.now,
        })
    }
}

impl Profiles<'_> {
    /// Whom a caller sees at all, of so many customers; none if they see everyone.
    ///
    /// # Errors
    /// Failures of the database.
    pub(crate) async fn seen_among(&self, caller: &Caller, customers: usize) -> Result<Option<Selection>> {
        let visible = self.visible(caller).await?;
        let own = visible.ordinals();
        Ok(own.map(|own| Selection::of(customers, own.iter().map(|ordinal| ordinal as usize))))
    }

    /// A page of the customers who are asked for.
    ///
    /// # Errors
    /// `bad_q`; `unknown_segment`, `unknown_fact`; `bad_condition`, also for one that does not fit its fact; `too_many_items`; a cursor of
    /// another list.
    pub async fn browse(&self, caller: &Caller, browse: &Browse) -> Result<Found> {
        let Answer {
            total,
            mut page,
            day,
            as_of,
        } = self.look(caller, browse, browse.limit + 1).await?;
        let more = page.len() > browse.limit;
        page.truncate(browse.limit);
        let last = page.last().filter(|_| more).cloned();
        let next = last.map(|(rank, ordinal)| Cursor {
            by: browse.by(),
            day,
            rank,
            ordinal,
        });
        let ordinals: Vec<i64> = page.iter().map(|(_, ordinal)| *ordinal as i64).collect();
        Ok(Found {
            total,
            rows: self.rows(caller, browse, &ordinals).await?,
            next: next.map(|next| next.written()),
            as_of,
        })
    }

    /// Everyone on all pages of a list, from the first, to be taken away; the log says so.
    ///
    /// # Errors
    /// Those of [`Profiles::browse`].
    pub async fn browse_all(&self, caller: &Caller, browse: &Browse) -> Result<BrowseAll> {
        let browse = Browse {
            cursor: None,
            ..browse.clone()
        };
        let answer = self.look(caller, &browse, usize::MAX).await?;
        let ordinals: Vec<i64> = answer.page.iter().map(|(_, ordinal)| *ordinal as i64).collect();
        let filters: Vec<&str> = browse
            .conditions
            .iter()
            .map(|condition| condition.fact.as_str())
            .collect();
        let detail = json!({
            "customers": ordinals.len(), "picked": browse.only.is_some(), "columns": browse.columns, "filters": filters, "searched": browse.text().is_some(),
        });
        let audit = self.app.audit();
        audit
            .note_look(caller, "customers.export", "customers", &detail)
            .await?;
        Ok(BrowseAll {
            app: self.app.clone(),
            caller: caller.clone(),
            browse,
            as_of: answer.as_of,
            ordinals,
            taken: 0,
        })
    }

    /// Conditions as they are written in addresses ([`Condition::read`]).
    ///
    /// # Errors
    /// `unknown_fact`, `bad_condition`.
    pub async fn conditions(&self, caller: &Caller, texts: &[String]) -> Result<Vec<Condition>> {
        self.app.segments().ensure_loaded(&caller.room).await?;
        let frame = caller.room.frame();
        let read = |text: &String| {
            let kind = frame.kind(position(&frame, Condition::fact_of(text))?).0;
            Ok(Condition::read(text, kind)?)
        };
        texts.iter().map(read).collect()
    }

    /// Who is asked for, the first `wanted` behind the cursor.
    async fn look(&self, caller: &Caller, browse: &Browse, wanted: usize) -> Result<Answer> {
        let room = &caller.room;
        self.app.segments().ensure_loaded(room).await?;
        browse.check(room)?;
        {
            // nobody is found, or put into an order, by what is kept from who asks
            let frame = room.frame();
            let asked = browse.conditions.iter().map(|condition| &condition.fact);
            let asked = asked.chain(browse.sort.as_ref().map(|sort| &sort.fact));
            let kinds = asked.map(|fact| position(&frame, fact).map(|at| (fact, frame.kind(at).0)));
            for (fact, kind) in kinds.collect::<Result<Vec<_>>>()? {
                if caller.hides_fact(fact, kind) {
                    caller.must_see(&Mask::ALL)?;
                }
            }
        }
        let by = browse.by();
        let behind = browse
            .cursor
            .as_deref()
            .map(|text| Cursor::read(text, &by))
            .transpose()?;
        let present = self.app.segments().moment(room);
        if behind
            .as_ref()
            .is_some_and(|behind| (i64::from(behind.day) - i64::from(present.today)).abs() > OLDEST_CURSOR)
        {
            return Err(AppError::bad_cursor());
        }
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let (_, customers) = store::counter(&mut tx, room.id).await?;
        let customers = (customers as usize).max(room.frame().len());
        drop(tx);
        let visible = self.seen_among(caller, customers).await?;
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let matching = match browse.text() {
            Some(q) if browse.is_search() && visible.is_none() && !caller.is_masked(Mask::Contact) => {
                // the database has them in order: only the page is read
                let from = match &behind {
                    None => (0, 0),
                    Some(Cursor {
                        rank: Some(Rank::Number(rank)),
                        ordinal,
                        ..
                    }) => (
                        i32::try_from(*rank).unwrap_or(i32::MAX),
                        (*ordinal as i64).saturating_add(1),
                    ),
                    Some(_) => return Err(AppError::bad_cursor()),
                };
                let found = self.matching(caller, &mut tx, q, from, wanted).await?;
                let place = |(rank, ordinal): search::Place| (Some(Rank::Number(rank.into())), ordinal as usize);
                return Ok(Answer {
                    total: found.total,
                    page: found.places.into_iter().map(place).collect(),
                    day: present.today,
                    as_of: self.app.segments().seen(room).now,
                });
            }
            Some(q) => Some(self.matching(caller, &mut tx, q, (0, 0), usize::MAX).await?.places),
            None => None,
        };
        let picked = match &browse.only {
            Some(ids) => {
                let rows = intake::customers(&mut tx, room.id, ids).await?;
                Some(Selection::of(customers, rows.iter().map(|row| row.ordinal as usize)))
            }
            None => None,
        };
        drop(tx);
        let question = Question {
            browse: browse.clone(),
            behind,
            matching,
            visible,
            picked,
            customers,
            wanted,
            present,
        };
        let room = room.clone();
        beside(move || question.answer(&room)).await?
    }

    /// What a list shows of these customers, in their order.
    async fn rows(&self, caller: &Caller, browse: &Browse, ordinals: &[i64]) -> Result<Vec<FoundRow>> {
        let room = &caller.room;
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let mut customers = store::customers_at(&mut tx, room.id, ordinals).await?;
        let places: HashMap<i64, usize> = ordinals
            .iter()
            .enumerate()
            .map(|(place, ordinal)| (*ordinal, place))
            .collect();
        customers.sort_unstable_by_key(|row| places.get(&row.ordinal));
        let here: Vec<usize> = customers.iter().map(|row| row.ordinal as usize).collect();
        let mut contacts: HashMap<Uuid, Contacts> = HashMap::new();
        if browse.contacts && !caller.is_masked(Mask::Contact) {
            let ids: Vec<Uuid> = customers.iter().map(|row| row.id).collect();
            for row in intake::identities_of(&mut tx, room.id, &ids).await? {
                let own = contacts.entry(row.customer_id).or_default();
                match row.kind.as_str() {
                    "phone" => own.phones.push(row.shown().to_owned()),
                    "email" => own.emails.push(row.shown().to_owned()),
                    _ => {}
                }
            }
        }
        let summaries = summaries(&mut tx, *self, caller, customers, browse.text()).await?;
        drop(tx);
        let present = self.app.segments().moment(room);
        let frame = room.frame();
        let today = seen_in(&frame, room, present).today;
        let seen = |fact: &String| {
            let position = frame.position(fact)?;
            (!caller.hides_fact(fact, frame.kind(position).0)).then_some(position)
        };
        let columns: Vec<Option<usize>> = browse.columns.iter().map(seen).collect();
        let values = |ordinal: usize| {
            let known = columns.iter().map(|column| column.filter(|_| ordinal < frame.len()));
            known
                .map(|column| Stored::of(frame.value_at(column, ordinal, today)))
                .collect()
        };
        let rows = summaries.into_iter().zip(here);
        Ok(rows
            .map(|(summary, ordinal)| FoundRow {
                contacts: contacts.remove(&summary.id).unwrap_or_default(),
                summary,
                values: values(ordinal),
            })
            .collect())
    }
}

/// Everyone of a list, on their way out.
pub struct BrowseAll {
    app: App,
    caller: Caller,
    browse: Browse,
    as_of: Instant,
    ordinals: Vec<i64>,
    taken: usize,
}

impl BrowseAll {
    /// How many there are.
    pub fn total(&self) -> u64 {
        self.ordinals.len() as u64
    }

    /// The moment at which they were those who are asked for; what is shown of each is of when it is read.
    pub fn as_of(&self) -> Instant {
        self.as_of
    }

    /// The next of them, in the order of the list; none at the end.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn page(&mut self) -> Result<Option<Vec<FoundRow>>> {
        let left = &self.ordinals[self.taken..];
        if left.is_empty() {
            return Ok(None);
        }
        let page = &left[..left.len().min(PAGE_OF_ALL)];
        let rows = self.app.profiles().rows(&self.caller, &self.browse, page).await?;
        self.taken += page.len();
        Ok(Some(rows))
    }
}
