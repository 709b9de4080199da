//! The desk: brings frame and segments of an agency to the last committed change and to today. One at a time per host; between
//! hosts, conditional updates decide who was first.

use super::SEGMENTATION;
use super::classify::{Moment, Rule};
use super::diff;
use super::frame::{define_attributes, refresh_frame};
use crate::error::{AppError, Result};
use crate::intake::refold;
use crate::{App, Room};
use posthouse_domain::Day;
use posthouse_engine::{NONE, QuantileTable, SegmentDef};
use posthouse_store::plugins::{self as bindings, BindingRow};
use posthouse_store::segments::{self as store, RunRow};
use posthouse_store::{Access, Tx, attributes, profiles};
use std::sync::atomic::Ordering;

/// What whoever holds the desk knows.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Whether the frame was ever read.
    loaded: bool,
    /// The day to which the frame was brought.
    pub(super) synced_on: Option<Day>,
    /// The change up to which the frame was saved.
    pub(super) saved_change: Option<i64>,
    /// The day for which every rule has run.
    pub(crate) ran_on: Option<Day>,
    /// How often rules failed for the new day, and the machine time before which they are not tried again.
    pub(crate) failures: (u32, i64),
    /// The fit of customer lifetime values that the frame was worked out from.
    pub(crate) clv_fit: i64,
}

/// A segment binding as this host knows it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) row: BindingRow,
    /// The rule; none while its plugin cannot be opened, and then the last memberships stand.
    pub(crate) rule: Option<Rule>,
    /// The rule's segments, by index.
    pub(crate) segments: Vec<SegmentDef>,
    /// The run that made the memberships.
    pub(crate) run: RunRow,
    pub(crate) quantiles: Vec<QuantileTable>,
    /// Per ordinal, the index of the segment.
    pub(crate) classes: Vec<u16>,
    /// Customers whose facts changed since they were last classified.
    pub(crate) pending: Vec<u32>,
    /// Everything up to this change is classified or pending.
    pub(crate) seen_change: i64,
    /// How often in a row the rule failed through its own fault.
    pub(crate) faults: u32,
    /// The last change it had seen when it failed.
    pub(crate) failed_change: i64,
}

impl Live {
    /// The index of a segment.
    pub(crate) fn index(&self, key: &str) -> Option<u16> {
        self.segments
            .iter()
            .position(|segment| segment.key == key)
            .map(|index| index as u16)
    }

    /// The key of a class.
    pub(crate) fn key(&self, class: u16) -> Option<&str> {
        self.segments
            .get(usize::from(class))
            .map(|segment| segment.key.as_str())
    }

    /// The rule, if its plugin can be opened.
    pub(crate) fn rule_in_force(&self) -> Result<Rule> {
        self.rule.clone().ok_or_else(|| {
            let reason = self
                .row
                .stale_reason
                .as_deref()
                .unwrap_or("its plugin cannot be opened");
            AppError::conflict(
                "rule_not_available",
                format!("binding {} has no rule that could run: {reason}", self.row.name),
            )
        })
    }

    /// The keys of the segments, by index.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.segments.iter().map(|segment| segment.key.clone()).collect()
    }

    /// The class of a customer.
    pub(crate) fn class(&self, ordinal: usize) -> u16 {
        self.classes.get(ordinal).copied().unwrap_or(NONE)
    }

    pub(crate) fn set(&mut self, ordinal: usize, class: u16) {
        if self.classes.len() <= ordinal {
            self.classes.resize(ordinal + 1, NONE);
        }
        self.classes[ordinal] = class;
    }
}

impl App {
    /// Present business time for an agency.
    pub(crate) fn moment(&self, room: &Room) -> Moment {
        let now = self.clock.now();
        Moment {
            now,
            today: room.day_of(now),
        }
    }

    /// Brings frame and segments to the last committed change and to today; returns the moment they are true for. Records may land
    /// late and other hosts' clocks may differ, so whoever is due is looked for every time: it is one look into an index.
    pub(crate) async fn sync(&self, room: &Room, desk: &mut Desk) -> Result<Moment> {
        let moment = self.moment(room);
        refold::turn_calendar(&self.store, room.id, moment.today, moment.now).await?;
        let mut tx = self.store.read(Access::Agency(room.id)).await?;
        if !desk.loaded {
            let ahead = self.load_frame(room, desk, &mut tx, moment).await?;
            desk.loaded = true;
            if !ahead.is_empty() {
                // the business clock was set back while the server was down
                drop(tx);
                refold::fold_again(&self.store, room.id, &ahead, moment.today, moment.now).await?;
                tx = self.store.read(Access::Agency(room.id)).await?;
            }
        }
        let defined = attributes::definitions(&mut tx, room.id).await?;
        define_attributes(&mut tx, room, &defined).await?;
        refresh_frame(&mut tx, room).await?;
        self.sync_clv(room, &mut tx, desk).await?;
        let broken = self.sync_bindings(room, &mut tx).await?;
        drop(tx);
        for (name, error) in broken {
            self.mark_stale(room, &name, &error, moment).await?;
        }
        desk.synced_on = Some(moment.today);
        room.loaded.store(true, Ordering::Release);
        Ok(moment)
    }

    /// Reads what other hosts, or this one before it was started, did to bindings and memberships. Returns the bindings whose
    /// plugin cannot be opened, with the reason.
    async fn sync_bindings(&self, room: &Room, tx: &mut Tx) -> Result<Vec<(String, AppError)>> {
        let mut broken = Vec::new();
        for row in bindings::bindings(tx, room.id)
            .await?
            .into_iter()
            .filter(|row| row.extension_point == SEGMENTATION)
        {
            let known = room
                .live()
                .get(&row.name)
                .map(|live| (live.row.revision, live.row.run, live.row.transition));
            match known {
                Some((revision, run, transition)) if (revision, run) == (row.revision, row.run) => {
                    if transition < row.transition {
                        let moves = store::transitions_after(tx, room.id, &row.name, transition).await?;
                        if let Some(live) = room.live_mut().get_mut(&row.name) {
                            apply(live, &moves);
                        }
                    }
                    if let Some(live) = room.live_mut().get_mut(&row.name) {
                        live.row = row;
                    }
                }
                _ => {
                    let name = row.name.clone();
                    let (live, error) = self.load_live(room, tx, row).await?;
                    broken.extend(error.map(|error| (name.clone(), error)));
                    room.live_mut().insert(name, live);
                }
            }
        }
        Ok(broken)
    }

    /// Reads a binding as it stands; with the reason if its plugin cannot be opened.
    async fn load_live(&self, room: &Room, tx: &mut Tx, row: BindingRow) -> Result<(Live, Option<AppError>)> {
        let plugin = bindings::get(tx, room.id, &row.digest)
            .await?
            .ok_or(AppError::NotFound("plugin"))?;
        let segments = serde_json::from_str(&plugin.segments).map_err(AppError::corrupt("segments"))?;
        let defined = attributes::definitions(tx, room.id).await?;
        let opened = self.open_plugin(tx, room.id, &row.digest).await;
        let (rule, error) =
            match opened.and_then(|plugin| Rule::new(plugin, row.config.clone(), room.id, &row.name, &defined)) {
                Ok(rule) => (Some(rule), None),
                // a full compile queue or a busy database will pass
                Err(error @ AppError::Busy(_)) => return Err(error),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => (None, Some(error)),
            };
        let run = store::runs(tx, room.id, &row.name, row.run, 1)
            .await?
            .into_iter()
            .next();
        let run = run.ok_or_else(|| AppError::Internal(format!("binding {} has no run {}", row.name, row.run)))?;
        let mut live = Live {
            quantiles: read_tables(&run.quantiles)?,
            classes: vec![NONE; room.frame().len()],
            pending: Vec::new(),
            seen_change: row.applied_change,
            faults: 0,
            failed_change: 0,
            row,
            rule,
            segments,
            run,
        };
        for membership in store::memberships(tx, room.id, &live.row.name).await? {
            if let Some(class) = live.index(&membership.segment) {
                for ordinal in diff::from_bytes(&membership.members)? {
                    live.set(ordinal as usize, class);
                }
            }
        }
        let moves = store::transitions_after(tx, room.id, &live.row.name, live.run.transition).await?;
        apply(&mut live, &moves);
        let changed = profiles::facts_after(tx, room.id, live.seen_change).await?;
        live.pending
            .extend(changed.iter().map(|(_, facts)| facts.ordinal as u32));
        live.seen_change = live.seen_change.max(room.frame().change);
        Ok((live, error))
    }
}

fn apply(live: &mut Live, moves: &[store::TransitionRow]) {
    for row in moves {
        let class = row.target.as_deref().and_then(|key| live.index(key)).unwrap_or(NONE);
        live.set(row.ordinal as usize, class);
    }
}

/// Quantile tables as a run keeps them.
pub(crate) fn write_tables(tables: &[QuantileTable]) -> String {
    let pairs: Vec<(&str, &[i64])> = tables
        .iter()
        .map(|table| (table.fact.as_str(), table.edges.as_slice()))
        .collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn read_tables(text: &str) -> Result<Vec<QuantileTable>> {
    let pairs: Vec<(String, Vec<i64>)> = serde_json::from_str(text).map_err(AppError::corrupt("quantile tables"))?;
    Ok(pairs
        .into_iter()
        .map(|(fact, edges)| QuantileTable { fact, edges })
        .collect())
}

/// Puts changed rows of facts into the frame and notes for every binding who is to be classified again.
pub(crate) fn put_changed(room: &Room, rows: &[(i64, posthouse_store::intake::StoredFacts)], change: i64) {
    let mut frame = room.frame_mut();
    for (_, row) in rows {
        frame.put(row.ordinal as usize, &row.facts);
    }
    frame.change = frame.change.max(change);
    drop(frame);
    for live in room.live_mut().values_mut() {
        let seen = live.seen_change;
        live.pending.extend(
            rows.iter()
                .filter(|(at, _)| *at > seen)
                .map(|(_, row)| row.ordinal as u32),
        );
        live.seen_change = seen.max(change);
    }
}
