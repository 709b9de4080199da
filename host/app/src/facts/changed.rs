//! What changed of an agency's facts between two changes: rows folded from records, and fragments that capabilities contribute.

use crate::beside::beside;
use crate::error::Result;
use crate::{Facts, Room};
use posthouse_domain::Day;
use posthouse_store::fragments::{self, FragmentRow};
use posthouse_store::intake::StoredFacts;
use posthouse_store::{Tx, profiles};
use std::sync::Arc;

/// Most rows that are put where they come in: to hand them over takes as long.
const FEW: usize = 64;

/// Rows that were written after one change and up to another.
#[derive(Debug)]
pub(crate) struct Changed {
    rows: Vec<(i64, StoredFacts)>,
    fragments: Vec<FragmentRow>,
    to: i64,
}

impl Changed {
    /// Everyone in it, with the change that touched them; somebody may be in it twice.
    pub(crate) fn ordinals(&self) -> impl Iterator<Item = (i64, u32)> {
        let rows = self.rows.iter().map(|(change, row)| (*change, row.ordinal as u32));
        rows.chain(self.fragments.iter().map(|row| (row.change, row.ordinal as u32)))
    }

    /// Leaves out everything from the first change on that was folded for a day after `last`; whether there is one.
    pub(crate) fn stop_after(&mut self, last: Day) -> bool {
        let rows = self.rows.iter().map(|(change, row)| (*change, row.facts.as_of));
        let fragments = self.fragments.iter().map(|row| (row.change, row.fragment.as_of));
        let later = rows.chain(fragments).filter(|(_, as_of)| *as_of > last);
        let Some(first) = later.map(|(change, _)| change).min() else {
            return false;
        };
        self.rows.retain(|(change, _)| *change < first);
        self.fragments.retain(|row| row.change < first);
        self.to = first - 1;
        true
    }
}

impl Facts<'_> {
    /// What changed after `change`, up to `to`.
    pub(crate) async fn changed(&self, tx: &mut Tx, room: &Room, change: i64, to: i64) -> Result<Changed> {
        let rows = profiles::facts_after(tx, room.id, change, to).await?;
        let fragments = match self.app.contributions.is_empty() {
            true => Vec::new(),
            false => fragments::after(tx, room.id, change, to).await?,
        };
        Ok(Changed { rows, fragments, to })
    }

    /// Ordinals of those of whom something changed after `change`, up to `to`; somebody may be among them twice.
    pub(crate) async fn changed_ordinals(&self, tx: &mut Tx, room: &Room, change: i64, to: i64) -> Result<Vec<u32>> {
        let mut ordinals = profiles::changed_after(tx, room.id, change, to).await?;
        if !self.app.contributions.is_empty() {
            ordinals.extend(fragments::changed_after(tx, room.id, change, to).await?);
        }
        Ok(ordinals.into_iter().map(|ordinal| ordinal as u32).collect())
    }

    /// Puts what changed into the frame and notes for every binding who is to be classified again; returns it.
    pub(crate) async fn put_changed(&self, room: &Arc<Room>, changed: Changed) -> Result<Changed> {
        if changed.rows.len() + changed.fragments.len() <= FEW {
            self.put_at_once(room, &changed);
            return Ok(changed);
        }
        let (app, room) = (self.app.clone(), room.clone());
        beside(move || {
            app.facts().put_at_once(&room, &changed);
            changed
        })
        .await
    }

    fn put_at_once(&self, room: &Room, changed: &Changed) {
        self.put_fragments(room, &changed.fragments);
        let mut frame = room.frame_mut();
        for (_, row) in &changed.rows {
            frame.put(row.ordinal as usize, &row.facts);
        }
        frame.change = frame.change.max(changed.to);
        drop(frame);
        for live in room.live_mut().values_mut() {
            let seen = live.seen_change;
            let newer = changed.ordinals().filter(|(at, _)| *at > seen);
            live.pending.extend(newer.map(|(_, ordinal)| ordinal));
            live.seen_change = seen.max(changed.to);
        }
    }
}
