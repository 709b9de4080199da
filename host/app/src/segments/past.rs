//! Segments as they were: from the nearest known division, the steps in between are taken or taken back.
//!
//! Known are two divisions: nobody in any segment, before the first run; and the members as the latest run left them. The steps are
//! full runs, with what they moved as bitmaps, and single moves between them.

use super::diff::from_bytes;
use crate::error::{AppError, Result};
use crate::{Room, Segments};
use posthouse_domain::{Instant, time, words};
use posthouse_engine::SegmentDef;
use posthouse_store::segments::{self as store, TransitionRow};
use posthouse_store::{Tx, history as steps};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Everyone's segment: members by key. Segments of one binding exclude each other.
pub(crate) type Division = BTreeMap<String, RoaringBitmap>;

/// A place in a binding's past: after this run and this single move, before everything later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The latest run.
    pub(crate) run: i64,
    /// The last single move before that run.
    run_transition: i64,
    /// The last single move.
    pub(crate) transition: i64,
    /// The revision in force.
    pub(crate) revision: i64,
}

/// The rule in force at a cut.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) revision: i64,
    pub(crate) digest: String,
    pub(crate) segments: Vec<SegmentDef>,
}

/// Runs whose moves are read at once.
const PAGE: i64 = 8;

impl Segments<'_> {
    /// The last instant that counts for a day (`2026-01-15`: all of it, in the agency's zone) or an instant.
    ///
    /// # Errors
    /// `bad_as_of`; `as_of_in_future`.
    pub(crate) fn as_of(&self, room: &Room, text: &str) -> Result<Instant> {
        let moment = self.moment(room);
        let (at, ahead) = match time::parse_day(text) {
            Some(day) => (
                time::start_of_day(day + 1, room.terms.time_zone) - 1,
                day > moment.today,
            ),
            None => {
                let at = time::parse_instant(text, room.terms.time_zone).ok_or_else(|| {
                    let shown: String = text.chars().take(100).collect();
                    AppError::invalid(
                        "bad_as_of",
                        words!(
                            "{shown:?} is neither a day like 2026-01-15 nor an instant like 2026-01-15T10:30:00+08:00",
                            "{shown:?} 既不是 2026-01-15 这样的日期，也不是 2026-01-15T10:30:00+08:00 这样的时刻"
                        ),
                    )
                })?;
                (at, at > moment.now)
            }
        };
        if ahead {
            let today = time::day_text(moment.today);
            return Err(AppError::invalid(
                "as_of_in_future",
                words!(
                    "segments cannot be known ahead; ask for {today} or a day before",
                    "未来的分群尚无从得知；请查询 {today} 或更早的日期"
                ),
            ));
        }
        Ok(at)
    }
}

/// Where a binding stood at `at`: after its last step that had been taken by then. `None` before its first run.
pub(crate) async fn cut(tx: &mut Tx, agency: Uuid, binding: &str, at: Instant) -> Result<Option<Cut>> {
    let Some(mut mark) = steps::run_at(tx, agency, binding, at).await? else {
        return Ok(None);
    };
    let moved = steps::transition_at(tx, agency, binding, at).await?;
    if moved > mark.transition {
        // the business clock may have been put back between two runs: what counts is where the move stands among them
        mark = steps::run_before_transition(tx, agency, binding, moved)
            .await?
            .unwrap_or(mark);
    }
    Ok(Some(Cut {
        run: mark.run,
        run_transition: mark.transition,
        transition: moved.max(mark.transition),
        revision: mark.revision,
    }))
}

/// The rule in force at a cut.
pub(crate) async fn in_force(tx: &mut Tx, agency: Uuid, binding: &str, cut: Option<Cut>) -> Result<Option<InForce>> {
    let Some(Cut { revision, .. }) = cut else {
        return Ok(None);
    };
    let (digest, segments) = steps::segments_of_revision(tx, agency, binding, revision)
        .await?
        .ok_or_else(|| AppError::Internal(format!("binding {binding} has no revision {revision}")))?;
    Ok(Some(InForce {
        revision,
        digest,
        segments: serde_json::from_str(&segments).map_err(AppError::corrupt("segments"))?,
    }))
}

/// Whether any rule that was ever in force in the binding has this segment.
pub(crate) async fn was_ever(tx: &mut Tx, agency: Uuid, binding: &str, segment: &str) -> Result<bool> {
    for text in steps::segments_ever(tx, agency, binding).await? {
        let segments: Vec<SegmentDef> = serde_json::from_str(&text).map_err(AppError::corrupt("segments"))?;
        if segments.iter().any(|def| def.key == segment) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everyone's segment at a cut; of one segment only, if one is named.
pub(crate) async fn division(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    cut: Option<Cut>,
    segment: Option<&str>,
) -> Result<Division> {
    let Some(cut) = cut else {
        return Ok(Division::new());
    };
    let latest = store::runs(tx, agency, binding, i64::MAX, 1)
        .await?
        .first()
        .map_or(0, |row| row.run);
    let mut walk = Walk {
        tx,
        agency,
        binding,
        segment,
        found: Division::new(),
    };
    if cut.run < latest - cut.run {
        walk.forth(cut).await?;
    } else {
        walk.back(latest, cut).await?;
    }
    walk.found.retain(|_, members| !members.is_empty());
    Ok(walk.found)
}

/// Something that moved customers.
enum Step {
    /// What a run moved in one segment.
    Run {
        segment: String,
        entered: RoaringBitmap,
        departed: RoaringBitmap,
    },
    Single(TransitionRow),
}

struct Walk<'w> {
    tx: &'w mut Tx,
    agency: Uuid,
    binding: &'w str,
    segment: Option<&'w str>,
    found: Division,
}

impl Walk<'_> {
    /// From nobody anywhere on to `cut`.
    async fn forth(&mut self, cut: Cut) -> Result<()> {
        let (mut run, mut transition) = (0, 0);
        while run < cut.run {
            let until = (run + PAGE).min(cut.run);
            let transition_until = self.transition_of(until).await?;
            for step in self.steps((run, until), (transition, transition_until)).await? {
                self.take(step);
            }
            (run, transition) = (until, transition_until);
        }
        self.singles_after_run(cut).await
    }

    /// From the latest run's members back to `cut`.
    async fn back(&mut self, latest: i64, cut: Cut) -> Result<()> {
        for row in store::memberships(self.tx, self.agency, self.binding).await? {
            if self.segment.is_none_or(|wanted| wanted == row.segment) {
                self.found.insert(row.segment, from_bytes(&row.members)?);
            }
        }
        if latest == cut.run {
            return self.singles_after_run(cut).await;
        }
        let (mut run, mut transition) = (latest, self.transition_of(latest).await?);
        while run > cut.run {
            let after = (run - PAGE).max(cut.run);
            let transition_after = if after == cut.run {
                cut.transition
            } else {
                self.transition_of(after).await?
            };
            let taken = self.steps((after, run), (transition_after, transition)).await?;
            for step in taken.into_iter().rev() {
                self.take_back(step);
            }
            (run, transition) = (after, transition_after);
        }
        Ok(())
    }

    /// The single moves between the cut's run and the cut.
    async fn singles_after_run(&mut self, cut: Cut) -> Result<()> {
        for step in self
            .steps((cut.run, cut.run), (cut.run_transition, cut.transition))
            .await?
        {
            self.take(step);
        }
        Ok(())
    }

    async fn transition_of(&mut self, run: i64) -> Result<i64> {
        Ok(steps::transition_of_run(self.tx, self.agency, self.binding, run).await?)
    }

    /// The steps of these runs and single moves, each `(after, until)`, in the order in which they were taken.
    async fn steps(&mut self, runs: (i64, i64), singles: (i64, i64)) -> Result<Vec<Step>> {
        let (agency, binding) = (self.agency, self.binding);
        let mut all = Vec::new();
        if runs.0 < runs.1 {
            for row in steps::moves_between(self.tx, agency, binding, runs.0, runs.1, self.segment).await? {
                let step = Step::Run {
                    entered: from_bytes(&row.entered)?,
                    departed: from_bytes(&row.departed)?,
                    segment: row.segment,
                };
                all.push(((row.transition, row.run), step));
            }
        }
        for row in steps::transitions_between(self.tx, agency, binding, singles.0, singles.1).await? {
            // a run comes after the single move that it names as the last before it
            all.push(((row.transition, 0), Step::Single(row)));
        }
        all.sort_by_key(|(order, _)| *order);
        Ok(all.into_iter().map(|(_, step)| step).collect())
    }

    fn members(&mut self, key: Option<&str>) -> Option<&mut RoaringBitmap> {
        let key = key.filter(|key| self.segment.is_none_or(|wanted| wanted == *key))?;
        Some(self.found.entry(key.to_owned()).or_default())
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Run {
                segment,
                entered,
                departed,
            } => self.swap(&segment, &departed, &entered),
            Step::Single(row) => self.shift(row.ordinal, row.origin.as_deref(), row.target.as_deref()),
        }
    }

    fn take_back(&mut self, step: Step) {
        match step {
            Step::Run {
                segment,
                entered,
                departed,
            } => self.swap(&segment, &entered, &departed),
            Step::Single(row) => self.shift(row.ordinal, row.target.as_deref(), row.origin.as_deref()),
        }
    }

    fn swap(&mut self, segment: &str, out: &RoaringBitmap, into: &RoaringBitmap) {
        if let Some(members) = self.members(Some(segment)) {
            *members -= out;
            *members |= into;
        }
    }

    fn shift(&mut self, ordinal: i64, from: Option<&str>, to: Option<&str>) {
        // ordinals are dense, bitmaps hold 32 bits of them
        let Ok(ordinal) = u32::try_from(ordinal) else { return };
        if let Some(members) = self.members(from) {
            members.remove(ordinal);
        }
        if let Some(members) = self.members(to) {
            members.insert(ordinal);
        }
    }
}
