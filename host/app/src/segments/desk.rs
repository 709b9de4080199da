//! The desk: brings frame and segments of an agency to the last committed change and to today. One at a time per host; between
//! hosts, conditional updates decide who was first.

use super::SEGMENTATION;
use super::activation::segmentation;
use super::classify::SegmentationRule;
use super::diff;
use super::frame::define_attributes;
use super::live::{Desk, Live};
use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::facts::Frame;
use crate::intake::refold;
use crate::rules::Moment;
use crate::{Room, Segments};
use posthouse_domain::time;
use posthouse_engine::{NONE, QuantileTable};
use posthouse_store::plugins::{self as bindings, BindingRow};
use posthouse_store::segments as store;
use posthouse_store::{Access, Tx, attributes, intake};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Segments<'_> {
    /// Present business time for an agency.
    pub(crate) fn moment(&self, room: &Room) -> Moment {
        let now = self.app.clock.now();
        Moment {
            now,
            today: room.day_of(now),
        }
    }

    /// The moment for which the frame is true: now, or the end of the last day that was wholly turned.
    pub(crate) fn seen(&self, room: &Room) -> Moment {
        seen_in(&room.frame(), room, self.moment(room))
    }

    /// Brings frame and segments to the last committed change, and to today unless there are many to be folded for it; returns the moment
    /// they are true for. Records may land late and other hosts' clocks may differ, so whoever is due is looked for every time: it is one look
    /// into an index.
    pub(crate) async fn sync(&self, room: &Arc<Room>, desk: &mut Desk) -> Result<Moment> {
        let moment = self.moment(room);
        let access = Access::Agency(room.id);
        if !desk.loaded {
            self.open_ahead(room).await?;
        }
        let mut tx = self.app.store.read(access).await?;
        if !desk.loaded {
            let ahead = self.load_frame(room, desk, &mut tx, moment).await?;
            desk.loaded = true;
            if !(ahead.customers.is_empty() && ahead.fragments.is_empty()) {
                // the business clock was set back while the server was down
                drop(tx);
                refold::fold_again(&self.app.store, room.id, &ahead.customers, moment.today, moment.now).await?;
                self.app
                    .facts()
                    .fold_fragments_again(room.id, &ahead.fragments, moment.today)
                    .await?;
                tx = self.app.store.read(access).await?;
            }
        }
        // the frame is read first: it stands for the last day while this one is being turned
        let mut turned = !self.is_anyone_due(&mut tx, room, moment).await?;
        if !turned {
            drop(tx);
            self.app.days().turn_few(room, moment).await?;
            tx = self.app.store.read(access).await?;
            turned = !self.is_anyone_due(&mut tx, room, moment).await?;
        }
        // hosts whose clocks are ahead fold for later days already
        let last = if turned { Some(moment.today) } else { room.frame().day };
        let defined = attributes::definitions(&mut tx, room.id).await?;
        define_attributes(&mut tx, room, &defined, last).await?;
        let passes = turned && room.frame().day != Some(moment.today);
        if passes {
            // until all of it is read it is of no day
            room.frame_mut().day = None;
        }
        self.refresh_frame(&mut tx, room, last).await?;
        if passes {
            room.frame_mut().day = Some(moment.today);
        }
        self.app.insights().sync_clv(room, &mut tx).await?;
        let broken = self.sync_bindings(room, &mut tx).await?;
        drop(tx);
        for (name, error) in broken {
            self.mark_stale(room, &name, &error, moment).await?;
        }
        room.loaded.store(true, Ordering::Release);
        Ok(self.seen(room))
    }

    /// Whether the day is still being turned.
    pub(super) async fn is_anyone_due(&self, tx: &mut Tx, room: &Room, moment: Moment) -> Result<bool> {
        let (agency, today) = (room.id, moment.today);
        Ok(!intake::due(tx, agency, today, 1).await?.is_empty()
            || self.app.facts().due_fragments(tx, agency, today, 1).await? > 0)
    }

    /// Opens the plugins of all bindings, so that nobody waits for the compiler with a connection. What does not open is seen when it is needed.
    async fn open_ahead(&self, room: &Room) -> Result<()> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let rows = bindings::bindings(&mut tx, room.id).await?;
        drop(tx);
        let rows = rows
            .into_iter()
            .filter(|row| row.extension_point == SEGMENTATION && !row.is_ended());
        let digests = rows.map(|row| row.digest).collect();
        self.app.plugins().open_all(room.id, digests).await.map(drop)
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
            if row.is_ended() {
                room.live_mut().remove(&row.name);
                continue;
            }
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
                    let rule = self.reopened(room, tx, &row).await?;
                    if let Some(live) = room.live_mut().get_mut(&row.name) {
                        live.row = row;
                        live.rule = live.rule.take().or(rule);
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

    /// The rule of a binding that stands without one, if somebody has opened its plugin meanwhile.
    async fn reopened(&self, room: &Room, tx: &mut Tx, row: &BindingRow) -> Result<Option<SegmentationRule>> {
        if room.live().get(&row.name).is_none_or(|live| live.rule.is_some()) {
            return Ok(None);
        }
        let Some(plugin) = self.app.engine.loaded(&row.digest) else {
            return Ok(None);
        };
        let defined = attributes::definitions(tx, room.id).await?;
        let rule = segmentation(plugin)
            .and_then(|plugin| SegmentationRule::new(plugin, row.config.clone(), room.id, &row.name, &defined));
        Ok(rule.ok())
    }

    /// Reads a binding as it stands; with the reason if its plugin cannot be opened.
    async fn load_live(&self, room: &Room, tx: &mut Tx, row: BindingRow) -> Result<(Live, Option<AppError>)> {
        let plugin = bindings::get(tx, room.id, &row.digest)
            .await?
            .ok_or(AppError::NotFound("plugin"))?;
        let segments = serde_json::from_str(&plugin.segments).map_err(AppError::corrupt("segments"))?;
        let defined = attributes::definitions(tx, room.id).await?;
        let opened = self.app.plugins().open_in(tx, room.id, &row.digest).await;
        let (rule, error) = match opened
            .and_then(segmentation)
            .and_then(|plugin| SegmentationRule::new(plugin, row.config.clone(), room.id, &row.name, &defined))
        {
            Ok(rule) => (Some(rule), None),
            // a full compile queue, a busy database
            Err(error) if error.will_pass() => return Err(error),
            Err(error) => (None, Some(error)),
        };
        let run = store::runs(tx, room.id, &row.name, row.run, 1)
            .await?
            .into_iter()
            .next();
        let run = run.ok_or_else(|| {
            AppError::Internal(format!(
                "binding {name} has no run {run}",
                name = row.name,
                run = row.run
            ))
        })?;
        let mut live = Live {
            quantiles: read_tables(&run.quantiles)?,
            classes: vec![NONE; room.frame().len()],
            pending: Vec::new(),
            seen_change: row.applied_change,
            tripped: false,
            failed_change: 0,
            row,
            rule,
            segments,
            run,
        };
        let memberships = store::memberships(tx, room.id, &live.row.name).await?;
        let moves = store::transitions_after(tx, room.id, &live.row.name, live.run.transition).await?;
        let mut live = beside(move || {
            for membership in memberships {
                if let Some(class) = live.index(&membership.segment) {
                    for ordinal in diff::from_bytes(&membership.members)? {
                        live.set(ordinal as usize, class);
                    }
                }
            }
            apply(&mut live, &moves);
            Ok::<_, AppError>(live)
        })
        .await??;
        // what the frame has not reached comes when it does
        let reached = room.frame().change;
        let facts = self.app.facts();
        live.pending = facts.changed_ordinals(tx, room, live.seen_change, reached).await?;
        live.seen_change = live.seen_change.max(reached);
        Ok((live, error))
    }
}

/// The moment for which a room's frame is true, looked at now.
pub(crate) fn seen_in(frame: &Frame, room: &Room, present: Moment) -> Moment {
    match frame.day {
        Some(day) if day < present.today => Moment {
            now: time::start_of_day(day + 1, room.terms.time_zone) - 1,
            today: day,
        },
        _ => present,
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
