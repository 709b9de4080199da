//! In which order members are listed.
//!
//! Scores are not stored, so the order by score is made by asking the rule for all members of the segment. It is kept in memory until
//! something moves; cursors name what the last member of a page was sorted by, so that they hold whatever moves.

use super::history::since;
use crate::error::{AppError, Result};
use crate::labels::shown_name;
use crate::owners::Visible;
use crate::rules::{Moment, in_pool};
use crate::{Room, Segments};
use posthouse_domain::{Day, normal};
use posthouse_store::{Access, profiles};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// In which order members are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// The highest score first.
    #[default]
    Score,
    /// Who entered last first.
    Since,
    /// By the shown name, those without one last.
    Name,
    /// In the order in which they became customers.
    Joined,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Score, Self::Since, Self::Name, Self::Joined];

    /// The name used in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Since => "since",
            Self::Name => "name",
            Self::Joined => "joined",
        }
    }
}

impl FromStr for Sort {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).ok_or(())
    }
}

/// By what a member is sorted; the smallest is listed first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rank {
    Number(i64),
    Text(String),
}

/// The highest score first.
fn by_score(score: f32) -> i64 {
    let bits = score.to_bits() as i32;
    // bits of floats in the order of the floats
    let ordered = bits ^ (((bits >> 31) as u32) >> 1) as i32;
    -i64::from(ordered)
}

/// A member's place in the list.
type Place = (Rank, u32);

/// Members in their order, each with what they are sorted by. Of a million this is megabytes, so numbers take no more room than numbers do.
#[derive(Debug)]
pub(crate) enum Order {
    Numbers(Vec<(i64, u32)>),
    Texts(Vec<(String, u32)>),
}

impl Order {
    /// Puts members in order.
    fn sorted(ranks: Ranks, members: Vec<u32>) -> Self {
        match ranks {
            Ranks::Numbers(ranks) => {
                let mut places: Vec<_> = ranks.into_iter().zip(members).collect();
                places.sort_unstable();
                Self::Numbers(places)
            }
            Ranks::Texts(ranks) => {
                let mut places: Vec<_> = ranks.into_iter().zip(members).collect();
                places.sort_unstable();
                Self::Texts(places)
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(places) => places.len(),
            Self::Texts(places) => places.len(),
        }
    }

    fn ordinal(&self, index: usize) -> u32 {
        match self {
            Self::Numbers(places) => places[index].1,
            Self::Texts(places) => places[index].1,
        }
    }

    fn place(&self, index: usize) -> Place {
        match self {
            Self::Numbers(places) => (Rank::Number(places[index].0), places[index].1),
            Self::Texts(places) => (Rank::Text(places[index].0.clone()), places[index].1),
        }
    }

    /// How many come before a place.
    fn before(&self, (rank, ordinal): &Place) -> usize {
        match (self, rank) {
            (Self::Numbers(places), Rank::Number(rank)) => places.partition_point(|place| *place < (*rank, *ordinal)),
            (Self::Texts(places), Rank::Text(rank)) => {
                places.partition_point(|(text, at)| (text, at) < (rank, ordinal))
            }
            // numbers stand before texts, as in [`Rank`]
            (Self::Numbers(places), Rank::Text(_)) => places.len(),
            (Self::Texts(_), Rank::Number(_)) => 0,
        }
    }
}

/// By what some members are sorted, in the members' order.
enum Ranks {
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

/// What an order was made from: as long as it is the same, so is the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    binding: String,
    class: u16,
    sort: Sort,
    revision: i64,
    run: i64,
    transition: i64,
    change: i64,
    today: Day,
}

/// Orders that were made lately.
#[derive(Debug, Default)]
pub(crate) struct Rankings(Mutex<VecDeque<(Version, Arc<Order>)>>);

/// Orders kept.
const KEPT: usize = 4;
/// Members in the orders that are kept, of all of them together; the latest is kept however long it is.
const KEPT_MEMBERS: usize = 1_000_000;
/// Members whose days or names are read at once.
const CHUNK: usize = 5_000;

impl Rankings {
    fn get(&self, version: &Version) -> Option<Arc<Order>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(of, _)| of == version)
            .map(|(_, order)| order.clone())
    }

    fn put(&self, version: Version, order: Arc<Order>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| (&of.binding, of.class, of.sort) != (&version.binding, version.class, version.sort));
        kept.push_front((version, order));
        let mut members = 0;
        let fitting = kept.iter().take(KEPT).take_while(|(_, order)| {
            let first = members == 0;
            members += order.len();
            first || members <= KEPT_MEMBERS
        });
        let fitting = fitting.count();
        kept.truncate(fitting);
    }
}

/// A page of members: their ordinals in order, and where the next page begins.
pub(crate) type Ranked = (Vec<u32>, Option<String>);

impl Segments<'_> {
    /// A page of the members of a segment whom somebody sees.
    pub(super) async fn ranked(
        &self,
        room: &Arc<Room>,
        (binding, segment): (&str, &str),
        sort: Sort,
        cursor: Option<&str>,
        limit: usize,
        visible: &Visible,
    ) -> Result<Ranked> {
        let moment = self.seen(room);
        // another host may have placed customers whom this one's frame does not have yet
        let customers = room.frame().len();
        let (version, members) = {
            let all = room.live();
            let live = all.get(binding).ok_or(AppError::NotFound("segment"))?;
            let class = live.index(segment).ok_or(AppError::NotFound("segment"))?;
            let version = Version {
                binding: binding.to_owned(),
                class,
                sort,
                revision: live.row.revision,
                run: live.run.run,
                transition: live.row.transition,
                change: live.seen_change,
                today: moment.today,
            };
            let places = live
                .classes
                .iter()
                .enumerate()
                .take(customers)
                .filter(|(_, found)| **found == class);
            (version, places.map(|(ordinal, _)| ordinal as u32).collect::<Vec<u32>>())
        };
        let from = cursor.map(|text| read_cursor(text, sort)).transpose()?;
        let order = match room.rankings.get(&version) {
            Some(order) => order,
            None => {
                let ranks = self.ranks(room, (binding, segment), sort, moment, &members).await?;
                let order = Arc::new(Order::sorted(ranks, members));
                room.rankings.put(version, order.clone());
                order
            }
        };
        let first = from.map_or(0, |from| order.before(&from));
        let mut seen = (first..order.len()).filter(|index| visible.has(order.ordinal(*index).into()));
        let page = seen.by_ref().take(limit).map(|index| order.ordinal(index)).collect();
        let next = seen.next().map(|index| written_cursor(&order.place(index), sort));
        Ok((page, next))
    }

    /// By what each of these members is sorted.
    async fn ranks(
        &self,
        room: &Arc<Room>,
        (binding, segment): (&str, &str),
        sort: Sort,
        moment: Moment,
        members: &[u32],
    ) -> Result<Ranks> {
        match sort {
            Sort::Joined => Ok(Ranks::Numbers(vec![0; members.len()])),
            Sort::Score => {
                let rule = room
                    .live()
                    .get(binding)
                    .and_then(|live| Some((live.rule.clone()?, live.quantiles.clone())));
                // a rule that fails gives no scores: then the order is that of joining
                let unknown = || Ranks::Numbers(vec![0; members.len()]);
                let Some((rule, quantiles)) = rule else {
                    return Ok(unknown());
                };
                let (asking, asked) = (room.clone(), members.to_vec());
                let scores = in_pool(&self.app.engine, room.id, move || {
                    rule.scores(&asking.frame(), moment, &quantiles, &asked)
                })
                .await?;
                Ok(scores.map_or_else(
                    |_| unknown(),
                    |scores| Ranks::Numbers(scores.into_iter().map(by_score).collect()),
                ))
            }
            Sort::Since => {
                let mut ranks = Vec::with_capacity(members.len());
                let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
                for chunk in members.chunks(CHUNK) {
                    let ordinals: Vec<i64> = chunk.iter().map(|ordinal| i64::from(*ordinal)).collect();
                    let since = since(&mut tx, room.id, binding, segment, &ordinals, None).await?;
                    let rank = |ordinal| since.get(ordinal).map_or(i64::MAX, |at: &i64| -at);
                    ranks.extend(ordinals.iter().map(rank));
                }
                Ok(Ranks::Numbers(ranks))
            }
            Sort::Name => {
                let mut ranks = Vec::with_capacity(members.len());
                let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
                for chunk in members.chunks(CHUNK) {
                    let ordinals: Vec<i64> = chunk.iter().map(|ordinal| i64::from(*ordinal)).collect();
                    let rows = profiles::customers_at(&mut tx, room.id, &ordinals).await?;
                    let names: HashMap<i64, String> = rows
                        .iter()
                        .filter_map(|row| Some((row.ordinal, normal::searched(&shown_name(&row.profile)?))))
                        .collect();
                    let rank = |ordinal| match names.get(ordinal) {
                        // behind every name
                        None => "\u{10FFFF}".to_owned(),
                        Some(name) => name.clone(),
                    };
                    ranks.extend(ordinals.iter().map(rank));
                }
                Ok(Ranks::Texts(ranks))
            }
        }
    }
}

fn written_cursor((rank, ordinal): &Place, sort: Sort) -> String {
    let place = serde_json::to_vec(&(sort.as_str(), rank, ordinal)).unwrap_or_default();
    hex::encode(place)
}

fn read_cursor(text: &str, sort: Sort) -> Result<Place> {
    let read = || {
        let bytes = hex::decode(text).ok()?;
        let (of, rank, ordinal): (String, Rank, u32) = serde_json::from_slice(&bytes).ok()?;
        (of == sort.as_str()).then_some((rank, ordinal))
    };
    read().ok_or_else(AppError::bad_cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_score_comes_first() {
        let scores = [f32::MAX, 235.0, 1.5, 1.0, 0.0, -0.0, -1.0, f32::MIN];
        let ranks: Vec<i64> = scores.into_iter().map(by_score).collect();
        assert!(ranks.is_sorted());
        assert!(by_score(2.0) < by_score(1.0));
    }

    #[test]
    fn long_orders_make_room_for_each_other() {
        let version = |class| Version {
            binding: "b".into(),
            class,
            sort: Sort::Joined,
            revision: 1,
            run: 1,
            transition: 0,
            change: 0,
            today: 0,
        };
        let order = |len: u32| Arc::new(Order::sorted(Ranks::Numbers(vec![0; len as usize]), (0..len).collect()));
        let kept = Rankings::default();
        for class in 0..6 {
            kept.put(version(class), order(10));
        }
        let there = || {
            (0..9)
                .filter(|class| kept.get(&version(*class)).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(there(), [2, 3, 4, 5], "the latest four");
        kept.put(version(6), order(KEPT_MEMBERS as u32 - 15));
        assert_eq!(there(), [5, 6], "and of a long one what is left room for");
        kept.put(version(7), order(KEPT_MEMBERS as u32 + 1));
        assert_eq!(there(), [7], "the latest however long");
    }

    #[test]
    fn a_page_begins_where_its_cursor_says() {
        let numbers = Order::sorted(Ranks::Numbers(vec![-5, -7, -5]), vec![0, 1, 2]);
        assert_eq!((0..3).map(|i| numbers.ordinal(i)).collect::<Vec<_>>(), [1, 0, 2]);
        assert_eq!(numbers.before(&(Rank::Number(-5), 2)), 2);
        assert_eq!(numbers.before(&numbers.place(1)), 1);
        let texts = Order::sorted(Ranks::Texts(vec!["b".into(), "a".into()]), vec![3, 4]);
        assert_eq!((texts.ordinal(0), texts.before(&(Rank::Text("b".into()), 3))), (4, 1));
        assert_eq!(texts.place(1), (Rank::Text("b".into()), 3));
    }

    #[test]
    fn a_cursor_is_of_its_order() {
        let place = (Rank::Text("li wei".into()), 7);
        let cursor = written_cursor(&place, Sort::Name);
        assert_eq!(read_cursor(&cursor, Sort::Name).ok(), Some(place));
        for (text, sort) in [(cursor.as_str(), Sort::Score), ("7", Sort::Joined), ("zz", Sort::Name)] {
            assert!(read_cursor(text, sort).is_err(), "{text}");
        }
    }
}
