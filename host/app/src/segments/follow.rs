//! Following what changes: an event re-classifies its one customer at once, with the tables of the latest run.

use super::SEGMENTATION;
use super::breaker::is_new_fault;
use super::classify::{Answer, call, fault_error, log_fault};
use super::live::Live;
use crate::error::{AppError, Result, retrying};
use crate::rules::{Moment, at_once};
use crate::writable::{Pause, note_if_full};
use crate::{App, Room, Segments};
use posthouse_domain::{Rejection, Words};
use posthouse_store::intake::lock;
use posthouse_store::plugins::{self as bindings, BindingRow, Heard};
use posthouse_store::segments::{self as store, TransitionRow};
use posthouse_store::{Access, StoreError, dialect};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use uuid::Uuid;

/// Follows an agency's changes until the server stops. What was accepted before is still followed.
pub(crate) async fn follow(app: App, room: Weak<Room>, woken: Arc<Notify>) {
    let mut pause = Pause::default();
    loop {
        let stopping = tokio::select! {
            () = woken.notified() => false,
            () = app.stopping.cancelled() => true,
        };
        let Some(room) = room.upgrade() else { return };
        if stopping {
            return;
        }
        let began = Instant::now();
        match retrying!(app.segments().catch_up(&room)) {
            Ok(_) => pause.is_over(),
            Err(error) => {
                if !note_if_full(&error) {
                    tracing::error!(%error, agency = %room.slug, "segments do not follow; trying again");
                }
                tokio::select! {
                    () = tokio::time::sleep(pause.after_failure()) => {}
                    () = app.stopping.cancelled() => {}
                }
                woken.notify_one();
            }
        }
        drop(room);
        // as long as that took: an import that changes customers without a pause is followed in fewer and larger steps
        tokio::select! {
            () = tokio::time::sleep(began.elapsed().min(LONGEST_REST)) => {}
            () = app.stopping.cancelled() => {}
        }
    }
}

/// Longest pause between two looks at what changed.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// How far the noted change may fall behind when nobody moves: what a restart would look at again.
const UNNOTED: i64 = 1_000;

/// What following comes to in a binding.
struct Followed {
    name: String,
    /// Who moves.
    moves: Vec<TransitionRow>,
    /// Up to which change this answers.
    applied: i64,
}

impl Followed {
    /// Whether it has to be written, for a binding that stands so.
    fn is_worth_noting(&self, row: &BindingRow) -> bool {
        !self.moves.is_empty() || row.stale_since.is_some() || self.applied - row.applied_change >= UNNOTED
    }

    /// Moves everyone in memory, once it is written.
    fn take_effect(self, live: &mut Live) {
        for row in &self.moves {
            let class = row
                .target
                .as_deref()
                .and_then(|key| live.index(key))
                .unwrap_or(posthouse_engine::NONE);
            live.set(row.ordinal as usize, class);
            live.row.transition = row.transition;
        }
        live.pending.clear();
        live.tripped = false;
    }
}

impl Segments<'_> {
    /// Classifies everyone whose facts changed, in every binding.
    pub(crate) async fn catch_up(&self, room: &Arc<Room>) -> Result<()> {
        let mut desk = room.desk.lock().await;
        let moment = self.sync(room, &mut desk).await?;
        // facts of two days give classes of two days; who has to be asked about is kept until they are of one
        if room.frame().day.is_none() {
            return Ok(());
        }
        let names: Vec<String> = room
            .live()
            .iter()
            .filter(|(_, live)| !live.pending.is_empty() && live.rule.is_some())
            .map(|(name, _)| name.clone())
            .collect();
        let mut result = Ok(());
        let mut followed = Vec::with_capacity(names.len());
        for name in names {
            match self.follow_binding(room, &name, moment).await {
                Ok(binding) => followed.extend(binding),
                // one rule's trouble is not the others'
                Err(error) => result = Err(error),
            }
        }
        if let Err(error) = self.keep_moves(room, followed).await {
            result = Err(error);
        }
        // a rule that is replaced runs over everyone, and that is for a day that is wholly turned
        if self.app.days().is_today(room) {
            self.trip_breakers(room, &mut desk, moment).await?;
        }
        result
    }

    /// Asks a binding's rule about everyone whose facts changed; `None` if there is nothing to write.
    async fn follow_binding(&self, room: &Arc<Room>, name: &str, moment: Moment) -> Result<Option<Followed>> {
        let Some((rule, quantiles, pending)) = room.live_mut().get_mut(name).and_then(|live| {
            live.pending.sort_unstable();
            live.pending.dedup();
            Some((live.rule.clone()?, live.quantiles.clone(), live.pending.clone()))
        }) else {
            return Ok(None);
        };
        let (asked, asking, speaker) = (pending.clone(), room.clone(), rule.clone());
        let answers = at_once(&self.app.engine, room.id, move || {
            rule.single(&asking.frame(), moment, &quantiles, &asked)
        })
        .await?;
        let answers = match answers {
            Ok((answers, log)) => {
                room.log(call(name, &speaker, None, moment), &log);
                answers
            }
            Err(fault) if fault.counts_against_plugin() => {
                if is_new_fault(room, name) {
                    log_fault(room, call(name, &speaker, None, moment), &fault);
                }
                self.count_fault(room, name, &fault_error(&fault), None, moment).await?;
                return Ok(None);
            }
            // a slow moment of this machine says nothing about the rule: it is asked again
            Err(fault) => return Err(AppError::Busy(Rejection::new("rule_not_asked", Words::of(&fault)))),
        };
        let (moves, applied) = self.moves(room, name, &pending, &answers, moment);
        Ok(Some(Followed {
            name: name.to_owned(),
            moves,
            applied,
        }))
    }

    /// Who of `pending` moves, and up to which change this answers.
    fn moves(
        &self,
        room: &Room,
        name: &str,
        pending: &[u32],
        answers: &[Answer],
        moment: Moment,
    ) -> (Vec<TransitionRow>, i64) {
        let all = room.live();
        let Some(live) = all.get(name) else {
            return (Vec::new(), 0);
        };
        let mut transition = live.row.transition;
        let key = |class| live.key(class).map(str::to_owned);
        let mut moves = Vec::new();
        for (ordinal, answer) in pending.iter().zip(answers) {
            let old = live.class(*ordinal as usize);
            if old != answer.segment {
                transition += 1;
                moves.push(TransitionRow {
                    transition,
                    ordinal: i64::from(*ordinal),
                    origin: key(old),
                    target: key(answer.segment),
                    at: moment.now,
                    change: live.seen_change,
                    revision: live.row.revision,
                });
            }
        }
        (moves, live.seen_change)
    }

    /// Writes the single moves of all bindings in one transaction, and moves everyone in memory: each commit is a sync, and holds up whoever
    /// else writes.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if another host was first in one of them; the others are written all the same.
    async fn keep_moves(&self, room: &Room, followed: Vec<Followed>) -> Result<()> {
        let noted: HashMap<String, BindingRow> = {
            let all = room.live();
            let rows = followed.iter().filter_map(|binding| {
                let row = &all.get(&binding.name)?.row;
                binding
                    .is_worth_noting(row)
                    .then(|| (binding.name.clone(), row.clone()))
            });
            rows.collect()
        };
        let mut overtaken = HashSet::new();
        if !noted.is_empty() {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            lock(&mut tx, room.id).await?;
            for Followed { name, moves, applied } in &followed {
                let Some(row) = noted.get(name) else { continue };
                let last = moves.last().map_or(row.transition, |moved| moved.transition);
                let known = (row.run, row.transition);
                if store::note_applied(&mut tx, room.id, name, row.revision, known, *applied, last).await? {
                    store::insert_transitions(&mut tx, room.id, name, moves).await?;
                    self.tell_transitions(&mut tx, room, name, moves).await?;
                } else {
                    overtaken.insert(name.clone());
                }
            }
            dialect::notify(&mut tx, room.id).await?;
            tx.commit().await?;
        }
        let mut all = room.live_mut();
        for binding in followed {
            let Some(live) = all
                .get_mut(&binding.name)
                .filter(|_| !overtaken.contains(&binding.name))
            else {
                continue;
            };
            if noted.contains_key(&binding.name) {
                live.row.applied_change = binding.applied;
                (live.row.stale_since, live.row.stale_reason) = (None, None);
            }
            metrics::counter!("posthouse_segment_moves_total").increment(binding.moves.len() as u64);
            binding.take_effect(live);
        }
        if overtaken.is_empty() {
            Ok(())
        } else {
            Err(AppError::Store(StoreError::Overtaken))
        }
    }

    /// Says in log and metrics how a rule fails, and returns it as it is kept.
    pub(super) fn say_fault(&self, room: &Room, name: &str, fault: &AppError) -> String {
        tracing::error!(agency = %room.slug, binding = %name, %fault, "the segment rule fails; its last memberships stand");
        metrics::counter!("posthouse_rule_faults_total", "extension_point" => SEGMENTATION).increment(1);
        Words::of(fault).to_stored()
    }

    /// The rule fails: the last memberships stand, and everyone can see that they are old.
    pub(crate) async fn mark_stale(&self, room: &Room, name: &str, fault: &AppError, moment: Moment) -> Result<()> {
        let reason = self.say_fault(room, name, fault);
        let Some((revision, since)) = room
            .live()
            .get(name)
            .filter(|live| live.row.stale_reason.as_ref() != Some(&reason))
            .map(|live| (live.row.revision, live.row.stale_since.unwrap_or(moment.now)))
        else {
            return Ok(()); // said before
        };
        let heard = Heard {
            revision,
            at: self.app.machine.now(),
        };
        // it says why others failed, so it shall not fail for a lock itself
        retrying!(self.mark(room.id, name, heard, (since, &reason)))?;
        if let Some(live) = room.live_mut().get_mut(name) {
            (live.row.stale_since, live.row.stale_reason) = (Some(since), Some(reason));
        }
        Ok(())
    }

    async fn mark(&self, agency: Uuid, name: &str, heard: Heard, (since, reason): (i64, &str)) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        bindings::mark_stale(&mut tx, agency, (SEGMENTATION, name), heard, since, reason).await?;
        Ok(tx.commit().await?)
    }
}
