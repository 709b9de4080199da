//! Full runs: everyone classified from one snapshot of the frame, then one transaction that adds those who changed meanwhile and
//! puts the new division into force.

use super::cause::Cause;
use super::classify::{Everyone, SegmentationRule, call, fault_error, fault_for, log_fault};
use super::desk::write_tables;
use super::diff::{Movement, members, movement, to_bytes};
use super::live::Desk;
use super::summary::{NewRevision, RunSummary};
use super::{Live, SEGMENTATION};
use crate::beside::beside;
use crate::days::Of;
use crate::error::{AppError, Result, Tries};
use crate::rules::call::failure_for;
use crate::rules::check_present;
use crate::rules::pointer::announce;
use crate::rules::{Moment, at_once, in_pool};
use crate::team::Caller;
use crate::{Room, Segments};
use posthouse_domain::canonical;
use posthouse_engine::Usage;
use posthouse_store::intake::lock;
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, BindingRow};
use posthouse_store::segments::{self as store, MembershipRow, RunRow};
use posthouse_store::{Access, StoreError, Tx, dialect};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// A run on its way: what it computed, and from where it started.
struct Draft {
    rule: SegmentationRule,
    everyone: Everyone,
    /// The last change of facts it has seen.
    change: i64,
    moment: Moment,
    cause: Cause,
    began: Instant,
}

impl Segments<'_> {
    /// Runs the agency's rules over everyone again.
    ///
    /// # Errors
    /// The fault of a rule; the memberships of its binding stand as they were, and all others have run.
    pub async fn run(&self, caller: &Caller, binding: Option<&str>) -> Result<Vec<RunSummary>> {
        let room = &caller.room;
        let (mut desk, moment) = self.app.days().desk(room, Of::Today).await?;
        let names: Vec<String> = room
            .live()
            .keys()
            .filter(|name| binding.is_none_or(|wanted| wanted == *name))
            .cloned()
            .collect();
        if names.is_empty() && binding.is_some() {
            return Err(AppError::NotFound("binding"));
        }
        let subject = binding.map_or("bindings".to_owned(), |name| format!("binding/{SEGMENTATION}/{name}"));
        self.app
            .audit()
            .note_look(caller, "binding.run", &subject, &json!({}))
            .await?;
        let mut results = Vec::new();
        for name in names {
            results.push(
                self.full_run(room, &mut desk, moment, &name, None, Cause::Request)
                    .await
                    .map_err(|error| failure_for(caller, error)),
            );
        }
        self.trip_breakers(room, &mut desk, moment).await?;
        results.into_iter().collect()
    }

    /// Runs the rules that have not run on this day.
    ///
    /// # Errors
    /// The fault of a rule, after all others have run.
    pub(crate) async fn turn_day(&self, room: &Arc<Room>) -> Result<()> {
        let (mut desk, moment) = self.app.days().desk(room, Of::Today).await?;
        let mut failed = None;
        let due: Vec<String> = room
            .live()
            .iter()
            .filter(|(_, live)| live.run.day < moment.today)
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            match self
                .full_run(room, &mut desk, moment, &name, None, Cause::Midnight)
                .await
            {
                Ok(summary) => {
                    tracing::info!(agency = %room.slug, binding = %name, changed = summary.changed, "ran for the new day")
                }
                Err(error @ AppError::Store(_)) if error.will_pass() => return Err(error),
                Err(error) => {
                    tracing::error!(%error, agency = %room.slug, binding = %name, "the rule fails for the new day");
                    failed = Some(error);
                }
            }
        }
        self.trip_breakers(room, &mut desk, moment).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        self.save_frame(room, &mut desk).await?;
        drop(desk);
        room.woken.notify_one();
        Ok(())
    }

    /// Classifies everyone and puts the result into force, with a new revision if one is given. The caller holds the desk.
    pub(crate) async fn full_run(
        &self,
        room: &Arc<Room>,
        desk: &mut Desk,
        mut moment: Moment,
        name: &str,
        new: Option<NewRevision>,
        cause: Cause,
    ) -> Result<RunSummary> {
        let mut tries = Tries::default();
        loop {
            match self.try_run(room, moment, name, new.as_ref(), cause).await {
                Err(error) if error.is_transient() => {
                    let Some(pause) = tries.pause_after(&error) else {
                        return Err(error);
                    };
                    tokio::time::sleep(pause).await;
                    moment = self.sync(room, desk).await?;
                    if !self.app.days().is_today(room) {
                        self.app.days().wait_until_turned(room).await?;
                        moment = self.sync(room, desk).await?;
                    }
                    let ran = room.live().get(name).is_some_and(|live| live.run.day >= moment.today);
                    if cause == Cause::Midnight && ran {
                        // another host was first with the whole day
                        return room
                            .live()
                            .get(name)
                            .map(RunSummary::of)
                            .ok_or(AppError::NotFound("binding"));
                    }
                }
                other => return other,
            }
        }
    }

    async fn try_run(
        &self,
        room: &Arc<Room>,
        moment: Moment,
        name: &str,
        new: Option<&NewRevision>,
        cause: Cause,
    ) -> Result<RunSummary> {
        let began = Instant::now();
        let rule = match new {
            Some(new) => new.rule.clone(),
            None => room
                .live()
                .get(name)
                .ok_or(AppError::NotFound("binding"))?
                .rule_in_force()?,
        };
        let (asked, asking, draws) = (rule.clone(), room.clone(), self.app.engine.draws().clone());
        let change = room.frame().change;
        let asking = move || asked.everyone(&asking.frame(), moment, &draws);
        let everyone = match in_pool(&self.app.engine, room.id, asking).await? {
            Ok(everyone) => everyone,
            Err(fault) => {
                log_fault(room, call(name, &rule, Some(cause), moment), &fault);
                if let Some(new) = new {
                    let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
                    return Err(fault_for(&mut tx, room.id, &fault, new.reads()).await?);
                }
                let error = fault_error(&fault);
                if fault.counts_against_plugin() {
                    self.count_fault(room, name, &error, Some(cause), moment).await?;
                } else {
                    self.mark_stale(room, name, &error, moment).await?;
                }
                return Err(error);
            }
        };
        let mut draft = Draft {
            rule,
            everyone,
            change,
            moment,
            cause,
            began,
        };
        let mut tx = match new.and_then(|new| new.asker.as_ref()) {
            Some(asker) => self.app.idempotency().begin(asker).await?,
            None => self.app.store.write(Access::Agency(room.id)).await?,
        };
        // the lock: from here until the commit nobody changes this agency's facts
        let last_change = lock(&mut tx, room.id).await?;
        let present = self.moment(room);
        if present.today > moment.today || self.is_anyone_due(&mut tx, room, present).await? {
            // a day began meanwhile: whoever is turned already would be of another one than everybody else
            return Err(StoreError::Overtaken.into());
        }
        if let Err(error) = self.add_latecomers(room, &mut tx, name, &mut draft, last_change).await {
            drop(tx);
            // a slow moment does not count against the rule, and its memberships are out of date all the same
            let passes = matches!(error, AppError::Store(_)) && error.will_pass();
            if new.is_none() && !passes {
                self.mark_stale(room, name, &error, moment).await?;
            }
            return Err(error);
        }
        let (row, run, movement, revision) = self.put_in_force(room, &mut tx, name, new, &mut draft).await?;
        dialect::notify(&mut tx, room.id).await?;
        tx.commit().await?;
        let ms = began.elapsed().as_millis() as i64;
        tracing::info!(agency = %room.slug, binding = %name, revision, changed = run.moved, ms, cause = cause.as_str(), "segments stand");
        let Everyone {
            classes,
            quantiles,
            fuel,
            cpu_micros,
            log,
        } = draft.everyone;
        let usage = Usage {
            fuel,
            cpu_micros,
            ..Usage::default()
        };
        room.spend(draft.rule.plugin.digest(), &usage);
        room.log(call(name, &draft.rule, Some(cause), moment), &log);
        let live = Live {
            row,
            segments: draft.rule.plugin.segments().to_vec(),
            rule: Some(draft.rule),
            run,
            quantiles,
            classes,
            pending: Vec::new(),
            seen_change: last_change,
            tripped: false,
            failed_change: 0,
        };
        let summary = RunSummary {
            duration_ms: ms,
            diff: movement.diff,
            ..RunSummary::of(&live)
        };
        room.live_mut().insert(name.to_owned(), live);
        Ok(summary)
    }

    /// Classifies those who changed since the snapshot, with the snapshot's tables.
    async fn add_latecomers(
        &self,
        room: &Arc<Room>,
        tx: &mut Tx,
        name: &str,
        draft: &mut Draft,
        last_change: i64,
    ) -> Result<()> {
        if last_change == draft.change {
            return Ok(());
        }
        let changed = self.app.facts().changed(tx, room, draft.change, last_change).await?;
        draft.change = last_change;
        let moment = draft.moment;
        let changed = dialect::awake(tx, self.app.facts().put_changed(room, changed)).await??;
        let mut ordinals: Vec<u32> = changed.ordinals().map(|(_, ordinal)| ordinal).collect();
        ordinals.sort_unstable();
        ordinals.dedup();
        let (rule, quantiles, asked, asking) = (
            draft.rule.clone(),
            draft.everyone.quantiles.clone(),
            ordinals.clone(),
            room.clone(),
        );
        // the threads that classify may have work for others
        let classified = at_once(&self.app.engine, room.id, move || {
            rule.single(&asking.frame(), moment, &quantiles, &asked)
        });
        let answers = dialect::awake(tx, classified).await??;
        let (answers, log) = answers.map_err(|fault| {
            log_fault(room, call(name, &draft.rule, Some(draft.cause), moment), &fault);
            fault_error(&fault)
        })?;
        draft.everyone.log.extend(log);
        draft
            .everyone
            .classes
            .resize(room.frame().len(), posthouse_engine::NONE);
        for (ordinal, answer) in ordinals.into_iter().zip(answers) {
            draft.everyone.classes[ordinal as usize] = answer.segment;
        }
        Ok(())
    }

    /// Writes memberships, moves, the run, and the revision if there is a new one.
    async fn put_in_force(
        &self,
        room: &Arc<Room>,
        tx: &mut Tx,
        name: &str,
        new: Option<&NewRevision>,
        draft: &mut Draft,
    ) -> Result<(BindingRow, RunRow, Movement, i64)> {
        let stored = bindings::binding(tx, room.id, SEGMENTATION, name).await?;
        if !is_known(room.live().get(name), stored.as_ref()) {
            // another host moved this binding since we looked
            return Err(StoreError::Overtaken.into());
        }
        let old_row = stored;
        let Outcome {
            movement,
            moves,
            memberships,
        } = dialect::awake(tx, outcome(room, name, draft)).await??;
        let from = old_row.as_ref().map_or(0, |row| row.revision);
        if let Some(new) = new {
            check_present(name, new.instead_of, from)?;
        }
        let revision = from + i64::from(new.is_some());
        let transition = old_row.as_ref().map_or(0, |row| row.transition);
        let digest = new
            .map(|new| new.digest.clone())
            .or_else(|| old_row.as_ref().map(|row| row.digest.clone()))
            .unwrap_or_default();
        let config_digest = canonical::digest(&draft.rule.config);
        let row = BindingRow {
            extension_point: SEGMENTATION.into(),
            name: name.to_owned(),
            revision,
            run: old_row.as_ref().map_or(0, |row| row.run) + 1,
            transition,
            applied_change: draft.change,
            stale_since: None,
            stale_reason: None,
            digest: digest.clone(),
            config: draft.rule.config.clone(),
            config_digest: config_digest.clone(),
            activated_at: if new.is_some() {
                draft.moment.now
            } else {
                old_row.as_ref().map_or(draft.moment.now, |row| row.activated_at)
            },
            set_aside_until: None,
            set_aside_why: None,
            set_asides: 0,
            unopened: None,
            cause: draft.cause.as_str().to_owned(),
        };
        if !bindings::put_binding(tx, room.id, from, &row).await? {
            return Err(StoreError::Overtaken.into());
        }
        let mut put = None;
        if let Some(new) = new {
            let entry = BindingRevisionRow {
                revision,
                digest: digest.clone(),
                config: draft.rule.config.clone(),
                config_digest: config_digest.clone(),
                restores: new.restores,
                diff: serde_json::to_string(&movement.diff).map_err(AppError::corrupt("diff"))?,
                cause: draft.cause.as_str().to_owned(),
                note: new.note.clone(),
                activated_by: new.asker.as_ref().map(|asker| asker.actor),
                activated_at: draft.moment.now,
            };
            bindings::insert_revision(tx, room.id, SEGMENTATION, name, &entry).await?;
            if let Some(asker) = &new.asker {
                bindings::grant(
                    tx,
                    room.id,
                    SEGMENTATION,
                    name,
                    &new.grant,
                    asker.actor,
                    draft.moment.now,
                )
                .await?;
            }
            put = Some(entry);
        }
        let run = RunRow {
            run: row.run,
            revision,
            digest,
            config_digest,
            cause: draft.cause.as_str().to_owned(),
            at: draft.moment.now,
            day: draft.moment.today,
            change: draft.change,
            transition,
            quantiles: write_tables(&draft.everyone.quantiles),
            customers: movement.diff.customers as i64,
            moved: movement.diff.changed as i64,
            fuel: draft.everyone.fuel as i64,
            duration_ms: draft.began.elapsed().as_millis() as i64,
        };
        store::insert_run(tx, room.id, name, &run).await?;
        store::replace_memberships(tx, room.id, name, &memberships).await?;
        store::insert_moves(tx, room.id, name, run.run, &moves).await?;
        // last of all, as the log and the webhooks of the agency are locked from here on
        if let Some(entry) = &put {
            let granted = new.map_or(&[][..], |new| &new.grant);
            announce(self.app, tx, room.id, (SEGMENTATION, name), entry, granted).await?;
        }
        self.tell_moves(tx, room, name, draft.moment.now, &movement).await?;
        Ok((row, run, movement, revision))
    }
}

/// Whether what this host knows of a binding is what is stored of it.
pub(super) fn is_known(live: Option<&Live>, stored: Option<&BindingRow>) -> bool {
    match (live, stored) {
        (Some(live), Some(row)) => {
            (live.row.revision, live.row.run, live.row.transition) == (row.revision, row.run, row.transition)
        }
        (None, Some(row)) => row.is_ended(),
        (None, None) => true,
        (Some(_), None) => false,
    }
}

/// What a run comes to.
struct Outcome {
    movement: Movement,
    moves: Vec<store::Moved>,
    memberships: Vec<MembershipRow>,
}

/// Compares everyone's new segment with the one of the binding as this host knows it. Whoever has the desk is the only one to change that.
async fn outcome(room: &Arc<Room>, name: &str, draft: &mut Draft) -> Result<Outcome> {
    let (room, name, keys) = (room.clone(), name.to_owned(), draft.rule.keys());
    let classes = std::mem::take(&mut draft.everyone.classes);
    let (outcome, classes) = beside(move || {
        let movement = {
            let all = room.live();
            let live = all.get(&name);
            let (old_keys, old) = live.map_or_else(Default::default, |live| (live.keys(), live.classes.as_slice()));
            movement(&old_keys, old, &keys, &classes)
        };
        let moves = movement.rows();
        let memberships = keys
            .iter()
            .zip(members(keys.len(), &classes))
            .map(|(key, bitmap)| MembershipRow {
                segment: key.clone(),
                members: to_bytes(&bitmap),
            })
            .collect();
        let outcome = Outcome {
            movement,
            moves,
            memberships,
        };
        (outcome, classes)
    })
    .await?;
    draft.everyone.classes = classes;
    Ok(outcome)
}
