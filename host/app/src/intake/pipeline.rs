//! Landing a file slice by slice: while one is written, the next is matched and folded, from what the database had before and what is
//! being written.

use super::Outcome;
use super::files::reader::Slice;
use super::pace::Pace;
use super::plan::{Basis, Plan};
use super::progress::{Progress, Step, Tally};
use super::recent::Recent;
use super::report::Rejects;
use crate::error::{AppError, Result, retrying};
use crate::jobs::JobRow;
use crate::{App, Intake, Room};
use posthouse_domain::row::FileKind;
use posthouse_domain::{Day, Instant};
use posthouse_store::imports::ImportRow;
use posthouse_store::intake::{self as store, Counter};
use posthouse_store::{Access, dialect, profiles};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The slices of one job on their way to the database.
pub(super) struct Pipeline {
    app: App,
    room: Arc<Room>,
    /// The job by which this host is at work on the file.
    own: JobRow,
    kind: FileKind,
    /// What the slices that were written came to; with the one that is being written, it is on its way.
    progress: Progress,
    flight: Option<Flight>,
    recent: Recent,
    /// Where the agency stands once everything on its way is written: then `recent` is right.
    stands: Option<(Counter, Day)>,
    /// How many slices in a row had to be worked out under the lock.
    overtaken: u32,
    /// How fast whoever reads the file may go.
    pub(super) pace: Arc<Pace>,
    /// Machine time when segments were last told of what was written.
    announced: Instant,
}

/// How long segments wait, in ms, for more of a file than one slice: whoever moves twice meanwhile moves once.
const FOLLOWED: i64 = 2_000;

/// So often in a row a slice is worked out again from a new snapshot when somebody else was faster.
const STUBBORN: u32 = 2;
/// After that others write customers all the time, and it is tried again only with every so many-th slice.
const RESTING: u32 = 8;

/// A slice that is being written, by this plan unless somebody else writes customers before it.
struct Flight {
    plan: Option<Arc<Plan>>,
    task: JoinHandle<Result<Option<Written>>>,
}

/// A slice about to be written.
struct Ready<'r> {
    slice: &'r Slice,
    plan: Option<&'r Plan>,
    /// Whether segments are told.
    announce: bool,
}

/// What was written.
struct Written {
    /// The job after it.
    job: ImportRow,
    /// What the file has come to with it.
    progress: Progress,
    /// Whether it was what the plan said. If not, what was worked out from the plan does not hold either.
    as_planned: bool,
}

impl Pipeline {
    pub(super) fn new(app: &App, room: &Arc<Room>, own: &JobRow, kind: FileKind, progress: Progress) -> Self {
        Self {
            app: app.clone(),
            room: room.clone(),
            own: own.clone(),
            kind,
            progress,
            flight: None,
            recent: Recent::default(),
            stands: None,
            overtaken: 0,
            pace: Arc::default(),
            announced: 0,
        }
    }

    /// Begins to write a slice after the one before has been written; `job` is as that one left it. `false` if another host has it.
    pub(super) async fn land(&mut self, job: &mut ImportRow, slice: Slice) -> Result<bool> {
        let ahead = self.flight.as_ref().and_then(|flight| flight.plan.clone());
        let mut plan = match ahead.filter(|plan| !plan.alone) {
            Some(ahead) => self.try_plan(&slice, Some(&ahead)).await?.filter(|plan| !plan.alone),
            None => None,
        };
        if let Some(flight) = self.flight.take() {
            let Some(written) = Self::end(flight).await? else {
                return Ok(false);
            };
            (*job, self.progress) = (written.job, written.progress);
            if written.as_planned {
                self.overtaken = 0;
                self.pace.undisturbed();
            } else {
                self.overtaken += 1;
                self.pace.disturbed();
                self.stands = None;
                plan = None;
            }
        }
        if plan.is_none() && (self.overtaken <= STUBBORN || self.overtaken.is_multiple_of(RESTING)) {
            plan = self.try_plan(&slice, None).await?;
        }
        let plan = plan.map(Arc::new);
        let announce = self.announces();
        let mut progress = std::mem::take(&mut self.progress);
        let (app, room, own, kind) = (self.app.clone(), self.room.clone(), self.own.clone(), self.kind);
        let (job, planned) = (job.clone(), plan.clone());
        let task = tokio::spawn(async move {
            let ready = Ready {
                slice: &slice,
                plan: planned.as_deref(),
                announce,
            };
            let written = retrying!(app.intake().write_slice(&room, (&own, &job), kind, &ready, &progress))?;
            Ok(written.map(|(job, step, as_planned)| {
                progress.take(step);
                Written {
                    job,
                    progress,
                    as_planned,
                }
            }))
        });
        self.flight = Some(Flight { plan, task });
        Ok(true)
    }

    /// Whether segments are told of the next slice.
    fn announces(&mut self) -> bool {
        let now = self.app.machine.now();
        let due = now - self.announced >= FOLLOWED;
        if due {
            self.announced = now;
        }
        due
    }

    /// Waits for what is being written; `false` if another host has it.
    pub(super) async fn landed(&mut self, job: &mut ImportRow) -> Result<bool> {
        if let Some(flight) = self.flight.take() {
            let Some(written) = Self::end(flight).await? else {
                return Ok(false);
            };
            *job = written.job;
        }
        Ok(true)
    }

    /// Waits until a slice is written; nothing if it was not, as another host has the job.
    async fn end(flight: Flight) -> Result<Option<Written>> {
        let ended = flight.task.await;
        ended.map_err(|error| AppError::Internal(format!("writing a slice failed: {error}")))?
    }

    /// What a slice comes to, worked out without the agency's lock; `None` if that has to wait, for the lock or for the slice before.
    async fn try_plan(&mut self, slice: &Slice, ahead: Option<&Plan>) -> Result<Option<Plan>> {
        match self.plan(slice, ahead).await {
            Err(error) if error.will_pass() => {
                self.stands = None;
                Ok(None)
            }
            planned => planned,
        }
    }

    async fn plan(&mut self, slice: &Slice, ahead: Option<&Plan>) -> Result<Option<Plan>> {
        let (app, room) = (&self.app, &self.room);
        let mut tx = app.store.read_ahead(Access::Agency(room.id)).await?;
        let (change, ordinals) = profiles::counter(&mut tx, room.id).await?;
        let seen = Counter { change, ordinals };
        let ahead = ahead.filter(|plan| plan.counter.change == seen.change + 1);
        let before = ahead.map_or(seen, Plan::after);
        let now = app.clock.now();
        let today = room.day_of(now);
        if self.stands != Some((before, today)) {
            self.recent.forget();
            if ahead.is_some() {
                // nobody knows those whom it changes: neither this transaction nor what was kept
                return Ok(None);
            }
        }
        let counter = Counter {
            change: before.change + 1,
            ..before
        };
        let recent = &mut self.recent;
        let basis = Basis {
            counter,
            now,
            today,
            ahead,
            recent,
        };
        let plan = Plan::make(app, room, &mut tx, &slice.records(), basis).await?;
        self.stands = (!plan.alone).then(|| (plan.after(), today));
        Ok(Some(plan))
    }
}

impl Intake<'_> {
    /// Lands some rows and moves the job on in one transaction, so that no row is lost or doubled whenever the host dies: the job after
    /// it, what the slice adds, and whether that was what the plan said. `None` if another host has the job.
    async fn write_slice(
        &self,
        room: &Arc<Room>,
        (own, job): (&JobRow, &ImportRow),
        kind: FileKind,
        &Ready { slice, plan, announce }: &Ready<'_>,
        progress: &Progress,
    ) -> Result<Option<(ImportRow, Step, bool)>> {
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        // the lock: from here on nobody else changes this agency's customers until the transaction ends
        let counter = store::next_change(&mut tx, room.id).await?;
        let planned = match plan {
            Some(plan) if plan.holds(self.app, room, &mut tx, counter).await? => Some(plan),
            _ => None,
        };
        let made_now;
        let plan = match planned {
            Some(plan) => plan,
            None => {
                let now = self.app.clock.now();
                let basis = Basis {
                    counter,
                    now,
                    today: room.day_of(now),
                    ahead: None,
                    recent: &mut Recent::default(),
                };
                made_now = Plan::make(self.app, room, &mut tx, &slice.records(), basis).await?;
                &made_now
            }
        };
        plan.write(self.app, room, &mut tx).await?;
        let mut landed = plan.outcomes.iter();
        let outcomes = slice.rows.iter().map(|row| match &row.record {
            Ok(_) => landed.next().cloned().unwrap_or(Outcome::Known),
            Err(rejection) => Outcome::Rejected(rejection.clone()),
        });
        let mut step = progress.step(&plan.touched);
        let tally = Tally::of(
            kind,
            slice,
            outcomes.collect(),
            (&mut step.report, Rejects::of(&self.app.allowances, job.size)),
            &room.terms,
        );
        let advanced = tally.advance(job, slice, progress.stored(&step.report)?);
        step.put(&mut tx, &advanced).await?;
        if !self.note(&mut tx, own, &advanced, job.rows_done, &tally).await? {
            return Ok(None);
        }
        if announce {
            dialect::notify(&mut tx, room.id).await?;
        }
        tx.commit().await?;
        metrics::counter!("posthouse_import_rows_total").increment(slice.rows.len() as u64);
        if announce {
            room.woken.notify_one();
        }
        Ok(Some((advanced, step, planned.is_some())))
    }
}
