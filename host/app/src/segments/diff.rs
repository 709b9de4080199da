//! What moves between two divisions of the same customers.

use crate::rules::{ClassChange, Diff, MoveCount};
use posthouse_engine::NONE;
use posthouse_store::segments::Moved;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// Old and new segment of a mover; none means none.
pub(crate) type Pair = (Option<String>, Option<String>);

/// A diff with the movers themselves.
#[derive(Debug)]
pub(crate) struct Movement {
    pub(crate) diff: Diff,
    /// Movers by (old segment, new segment).
    pub(crate) movers: BTreeMap<Pair, RoaringBitmap>,
}

/// Compares the old division with the new one. Segments of the same key are the same segment, whatever rule made them.
pub(crate) fn movement(old_keys: &[String], old: &[u16], new_keys: &[String], new: &[u16]) -> Movement {
    let mut keys: Vec<&String> = new_keys.iter().collect();
    let old_index: Vec<usize> = old_keys
        .iter()
        .map(|key| {
            keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            })
        })
        .collect();
    // the last slot stands for "in no segment"
    let (none, width) = (keys.len(), keys.len() + 1);
    let slot_of_old = |class: u16| old_index.get(usize::from(class)).copied().unwrap_or(none);
    let slot_of_new = |class: u16| {
        if class == NONE {
            none
        } else {
            usize::from(class).min(none)
        }
    };
    let mut pairs: Vec<Vec<u32>> = vec![Vec::new(); width * width];
    let (mut before, mut after) = (vec![0u64; width], vec![0u64; width]);
    for (ordinal, class) in new.iter().enumerate() {
        let from = slot_of_old(old.get(ordinal).copied().unwrap_or(NONE));
        let to = slot_of_new(*class);
        before[from] += 1;
        after[to] += 1;
        if from != to {
            pairs[from * width + to].push(ordinal as u32);
        }
    }
    let name = |slot: usize| keys.get(slot).map(|key| (*key).clone());
    let mut segments: Vec<ClassChange> = (0..none)
        .map(|slot| ClassChange {
            key: keys[slot].clone(),
            now: before[slot],
            then: after[slot],
            entering: 0,
            leaving: 0,
        })
        .collect();
    let (mut moves, mut movers) = (Vec::new(), BTreeMap::new());
    for (index, ordinals) in pairs
        .into_iter()
        .enumerate()
        .filter(|(_, ordinals)| !ordinals.is_empty())
    {
        let (from, to, count) = (index / width, index % width, ordinals.len() as u64);
        if let Some(segment) = segments.get_mut(from) {
            segment.leaving += count;
        }
        if let Some(segment) = segments.get_mut(to) {
            segment.entering += count;
        }
        moves.push(MoveCount {
            from: name(from),
            to: name(to),
            count,
        });
        movers.insert((name(from), name(to)), bitmap(ordinals));
    }
    moves.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
    });
    let changed = moves.iter().map(|m| m.count).sum();
    Movement {
        diff: Diff {
            customers: new.len() as u64,
            classes: segments,
            moves,
            changed,
        },
        movers,
    }
}

impl Movement {
    /// Who enters and who leaves each segment: `(entered, departed)` by key.
    pub(crate) fn by_segment(&self) -> BTreeMap<&str, (RoaringBitmap, RoaringBitmap)> {
        let mut segments: BTreeMap<&str, (RoaringBitmap, RoaringBitmap)> = BTreeMap::new();
        for ((from, to), movers) in &self.movers {
            if let Some(to) = to {
                segments.entry(to).or_default().0 |= movers;
            }
            if let Some(from) = from {
                segments.entry(from).or_default().1 |= movers;
            }
        }
        segments
    }

    /// The same as they are stored.
    pub(crate) fn rows(&self) -> Vec<Moved> {
        let by_segment = self.by_segment().into_iter();
        by_segment
            .map(|(key, (entered, departed))| (key.to_owned(), to_bytes(&entered), to_bytes(&departed)))
            .collect()
    }
}

/// The members of every segment.
pub(crate) fn members(segments: usize, classes: &[u16]) -> Vec<RoaringBitmap> {
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); segments];
    for (ordinal, class) in classes.iter().enumerate() {
        if let Some(list) = lists.get_mut(usize::from(*class)) {
            list.push(ordinal as u32);
        }
    }
    lists.into_iter().map(bitmap).collect()
}

fn bitmap(ascending: Vec<u32>) -> RoaringBitmap {
    RoaringBitmap::from_sorted_iter(ascending).unwrap_or_default()
}

/// A bitmap as stored.
pub(crate) fn to_bytes(bitmap: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    // writing into memory cannot fail
    let _ = bitmap.serialize_into(&mut bytes);
    bytes
}

/// A stored bitmap.
///
/// # Errors
/// Bytes that are no bitmap.
pub(crate) fn from_bytes(bytes: &[u8]) -> crate::error::Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes).map_err(|e| {
        posthouse_store::StoreError::Corrupt {
            what: "bitmap",
            problem: e.to_string(),
        }
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_one_key_are_one_segment() {
        let keys = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let movement = movement(
            &keys(&["gold", "old"]),
            &[0, 1, NONE, 0],
            &keys(&["new", "gold"]),
            &[1, 0, 0, NONE, 1],
        );
        let found: Vec<_> = movement
            .diff
            .moves
            .iter()
            .map(|m| (m.from.as_deref(), m.to.as_deref(), m.count))
            .collect();
        assert_eq!(
            found,
            [
                (None, Some("gold"), 1),
                (None, Some("new"), 1),
                (Some("gold"), None, 1),
                (Some("old"), Some("new"), 1)
            ]
        );
        let gold = movement
            .diff
            .classes
            .iter()
            .find(|s| s.key == "gold")
            .expect("gold is there");
        assert_eq!((gold.now, gold.then, gold.entering, gold.leaving), (2, 2, 1, 1));
        let (entered, departed) = &movement.by_segment()["gold"];
        assert_eq!(
            (entered.iter().collect::<Vec<_>>(), departed.iter().collect::<Vec<_>>()),
            (vec![4], vec![3])
        );
        assert_eq!(movement.diff.changed, 4);
    }
}
