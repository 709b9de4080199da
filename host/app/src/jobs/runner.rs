//! Taking what is due and running it.

use super::kinds::Done;
use super::slots::Slots;
use super::{JobClock, JobRow, Lane};
use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::writable::{Pause, note_if_full};
use posthouse_domain::{Instant, Words};
use posthouse_store::jobs::{self as store, LeftOut};
use posthouse_store::{Access, dialect};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Jobs taken at once: few enough that a host that dies holds up little, enough that taking them costs little, and that those which are done
/// together are many.
const BATCH: i64 = 256;
/// How long jobs are held, in machine ms: after so long without a sign of life from their host others take them. Longer than a sign of life
/// may wait for a connection.
const HELD: i64 = 15_000;
/// How often a host gives a sign of life while it is at work on a job.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// Longest sleep: jobs are scheduled in many places and on other hosts, and to look for the next one costs the same however many agencies
/// there are.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Longest sleep of lanes whose work somebody waits for.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Shortest sleep: what is due may be locked by a transaction that is not committed yet.
pub(super) const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// Sleep of a host that does not know whether its clock is right, or knows that it is not.
const OUT_OF_STEP: Duration = Duration::from_millis(100);
/// First and longest pause after a failure, in machine ms; each is twice the one before.
const PAUSES: (i64, i64) = (1_000, 15 * 60_000);

impl App {
    /// Lets go of what a host held that died, where no other can be at work on it.
    pub(crate) async fn release_earlier_jobs(&self) {
        if dialect::is_embedded(&self.store)
            && let Err(error) = retrying!(self.release_jobs(None))
        {
            tracing::error!(%error, "jobs of an earlier run could not be released");
        }
    }

    /// Runs the timers that are due until the server stops.
    pub(crate) async fn run_jobs(self) {
        let mut pause = Pause::default();
        while !self.stopping.is_cancelled() {
            let in_step = self.in_step.holds();
            let ran = if in_step {
                let _turn = self.turn.lock().await;
                self.run_timers().await
            } else {
                // other hosts run what is due meanwhile
                Ok(0)
            };
            if ran.is_ok() {
                pause.is_over();
            }
            let sleep = match ran {
                Ok(0) if !in_step => OUT_OF_STEP,
                Ok(0) => self
                    .until_next(Lane::Timers, LeftOut::default())
                    .await
                    .unwrap_or(LONGEST_SLEEP)
                    .max(SHORTEST_SLEEP),
                Ok(_) => continue,
                Err(error) => {
                    if !note_if_full(&error) {
                        tracing::error!(%error, "jobs cannot be taken; trying again");
                    }
                    pause.after_failure()
                }
            };
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
        // whoever moves the clock stops first: what it runs is held by this host too
        let _turn = self.turn.lock().await;
        self.release_lane(Lane::Timers).await;
    }

    /// Runs jobs of a lane beside each other until the server stops, `width` at once, and of one agency as many as are its share.
    pub(crate) async fn run_beside(self, lane: Lane, width: u32) {
        let slots = Slots::new(width);
        let mut pause = Pause::default();
        while !self.stopping.is_cancelled() {
            let free = tokio::select! {
                () = self.stopping.cancelled() => break,
                free = slots.free() => free,
            };
            let (machine, left_out) = (self.machine.now(), slots.full());
            let most = (free, left_out);
            let sleep = match retrying!(self.take_due((lane, JobClock::Machine), machine, machine, most)) {
                Ok(jobs) if jobs.is_empty() => {
                    pause.is_over();
                    let next = self.until_next(lane, left_out).await;
                    next.unwrap_or(LONGEST_SLEEP).max(SHORTEST_SLEEP)
                }
                Ok(jobs) => {
                    let mut beyond = Vec::new();
                    for job in jobs {
                        let Some(slot) = slots.take(job.agency_id) else {
                            beyond.push(job);
                            continue;
                        };
                        let app = self.clone();
                        self.background.spawn(async move {
                            app.run_job(&job).await;
                            drop(slot);
                        });
                    }
                    pause.is_over();
                    if let Err(error) = retrying!(self.give_back(&beyond))
                        && !note_if_full(&error)
                    {
                        tracing::warn!(%error, "jobs beyond an agency's share wait a quarter of a minute");
                    }
                    continue;
                }
                Err(error) => {
                    if !note_if_full(&error) {
                        tracing::error!(%error, "jobs cannot be taken; trying again");
                    }
                    // whatever there is to do, it cannot be taken
                    tokio::select! {
                        () = self.stopping.cancelled() => {}
                        () = tokio::time::sleep(pause.after_failure()) => {}
                    }
                    continue;
                }
            };
            tokio::select! {
                () = self.stopping.cancelled() => {}
                // what has run may be due again at once
                () = slots.freed() => {}
                () = self.job_waiting.notified() => {}
                () = tokio::time::sleep(sleep.min(LONGEST_WAIT)) => {}
            }
        }
        slots.all_free().await;
        self.release_lane(lane).await;
    }

    /// Gives back what was taken and is not begun.
    async fn give_back(&self, jobs: &[JobRow]) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.write(Access::Jobs).await?;
        for job in jobs {
            store::give_back(&mut tx, self.host, job).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn release_lane(&self, lane: Lane) {
        if let Err(error) = retrying!(self.release_jobs(Some(lane)))
            && !note_if_full(&error)
        {
            tracing::warn!(%error, "what is left of a batch of jobs waits a quarter of a minute for the next host");
        }
    }

    /// Lets go of what this host holds of a lane, or of what any host holds.
    async fn release_jobs(&self, lane: Option<Lane>) -> Result<()> {
        let mut tx = self.store.write(Access::Jobs).await?;
        match lane {
            Some(lane) => store::release(&mut tx, self.host, lane).await?,
            None => store::release_all(&mut tx).await?,
        }
        Ok(tx.commit().await?)
    }

    /// Runs timers that are due by either clock, in their order, and says how many. The caller has the turn.
    pub(crate) async fn run_timers(&self) -> Result<u64> {
        let mut ran = 0;
        for clock in [JobClock::Business, JobClock::Machine] {
            let machine = self.machine.now();
            let now = match clock {
                JobClock::Business => self.clock.now(),
                JobClock::Machine => machine,
            };
            let taken = retrying!(self.take_due((Lane::Timers, clock), now, machine, (BATCH, LeftOut::default())))?;
            for jobs in taken.chunk_by(|one, next| self.are_run_together(one, next)) {
                if self.stopping.is_cancelled() {
                    return Ok(ran);
                }
                // of a batch that takes long the rest is anybody's, before its lease runs out; the other clock has its turn
                if self.machine.now() - machine > HELD / 2 {
                    retrying!(self.release_jobs(Some(Lane::Timers)))?;
                    break;
                }
                self.run_all(jobs).await;
                ran += jobs.len() as u64;
            }
        }
        Ok(ran)
    }

    async fn take_due(
        &self,
        (lane, clock): (Lane, JobClock),
        now: Instant,
        machine: Instant,
        (most, left_out): (i64, LeftOut),
    ) -> Result<Vec<JobRow>> {
        // those who only look hold up nobody
        let mut look = self.store.read(Access::Jobs).await?;
        if store::next_due(&mut look, lane, clock, machine, left_out)
            .await?
            .is_none_or(|due| due > now)
        {
            return Ok(Vec::new());
        }
        drop(look);
        let mut tx = self.store.write(Access::Jobs).await?;
        let jobs = store::take(
            &mut tx,
            (lane, clock),
            (now, machine),
            (self.host, machine + HELD),
            (most, left_out),
        )
        .await?;
        tx.commit().await?;
        Ok(jobs)
    }

    /// How long until the next job of a lane is due, as far as clocks go on by themselves.
    async fn until_next(&self, lane: Lane, left_out: LeftOut) -> Result<Duration> {
        let mut tx = self.store.read(Access::Jobs).await?;
        let machine = self.machine.now();
        let mut sleep = LONGEST_SLEEP;
        for (clock, now) in [(JobClock::Business, self.clock.now()), (JobClock::Machine, machine)] {
            if let Some(due) = store::next_due(&mut tx, lane, clock, machine, left_out).await? {
                let millis = u64::try_from(due - now).unwrap_or_default();
                sleep = sleep.min(Duration::from_millis(millis));
            }
        }
        Ok(sleep)
    }

    fn are_run_together(&self, one: &JobRow, next: &JobRow) -> bool {
        // one that failed before shall not fail others with it
        (one.agency_id, &one.kind, one.attempts, 1) == (next.agency_id, &next.kind, 1, next.attempts)
            && self.kinds.of(&one.kind).is_some_and(|kind| kind.run_all.is_some())
    }

    /// Runs jobs of an agency that come one after the other, together if they are of such a kind, and if that fails each by itself.
    async fn run_all(&self, jobs: &[JobRow]) {
        if let ([first, _, ..], Some(run_all)) = (jobs, jobs.first().and_then(|job| self.kinds.of(&job.kind)?.run_all))
        {
            let (app, own) = (self.clone(), jobs.to_vec());
            let work = self.background.spawn(async move { run_all(&app, &own).await });
            match self.watch(jobs, work).await {
                Ok(()) => {
                    let count = jobs.len() as u64;
                    metrics::counter!("posthouse_jobs_total", "kind" => first.kind.clone()).increment(count);
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, agency_id = %first.agency_id, kind = %first.kind, jobs = jobs.len(),
                        "jobs could not be done together; each is run by itself");
                }
            }
        }
        for job in jobs {
            self.run_job(job).await;
        }
    }

    /// Waits for work on jobs and renews their lease meanwhile. In a task of its own the work goes on while that is done, whatever it has locked;
    /// and if it panics, no other job suffers.
    async fn watch<T>(&self, jobs: &[JobRow], mut work: JoinHandle<Result<T>>) -> Result<T> {
        loop {
            match tokio::time::timeout(SIGN_OF_LIFE, &mut work).await {
                Ok(done) => return done.unwrap_or_else(|panic| Err(AppError::Internal(panic.to_string()))),
                Err(_) => {
                    for job in jobs {
                        let JobRow {
                            agency_id, kind, key, ..
                        } = job;
                        match retrying!(self.hold_job(job)) {
                            Ok(true) => {}
                            Ok(false) => tracing::warn!(%agency_id, kind, key, "another host has this job by now"),
                            Err(error) if note_if_full(&error) => {}
                            Err(error) => {
                                tracing::warn!(%error, %agency_id, kind, key, "a job is perhaps taken by another host");
                            }
                        }
                    }
                }
            }
        }
    }

    async fn run_job(&self, job: &JobRow) {
        let JobRow {
            agency_id, kind, key, ..
        } = job;
        let Some(known) = self.kinds.of(kind) else {
            // a newer host has scheduled it, and takes it
            tracing::warn!(%agency_id, kind, key, "a job of a kind that this version does not know");
            return;
        };
        let (app, own) = (self.clone(), job.clone());
        let work = self.background.spawn(async move { (known.run)(&app, &own).await });
        let done = match self.watch(std::slice::from_ref(job), work).await {
            Ok(Done::At(due)) if due <= job.due => {
                let problem = format!("it is to come again at {due}, which is no later than it was due");
                Err(AppError::Internal(problem))
            }
            done => done,
        };
        let ended = match done {
            Ok(Done::Finished) => Ok(()),
            Ok(done) => retrying!(self.end_job(job, done)),
            Err(error) => {
                let last = job.attempts >= known.attempts && !error.will_pass();
                if last {
                    metrics::counter!("posthouse_jobs_given_up_total", "kind" => kind.clone()).increment(1);
                }
                retrying!(self.fail_job(job, &error, last))
            }
        };
        metrics::counter!("posthouse_jobs_total", "kind" => kind.clone()).increment(1);
        if let Err(error) = ended
            && !note_if_full(&error)
        {
            tracing::error!(%error, %agency_id, kind, key, "what became of a job could not be written; it will be done again");
        }
    }

    async fn hold_job(&self, job: &JobRow) -> Result<bool> {
        let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
        let held = store::hold(&mut tx, self.host, job, self.machine.now() + HELD).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn end_job(&self, job: &JobRow, done: Done) -> Result<()> {
        let mut tx = self.store.write(Access::Agency(job.agency_id)).await?;
        let ended = match done {
            Done::Finished => true,
            Done::Over => store::finish(&mut tx, self.host, job).await?,
            Done::At(due) => store::again(&mut tx, self.host, job, due).await?,
        };
        if !ended {
            store::let_go(&mut tx, self.host, job).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn fail_job(&self, job: &JobRow, error: &AppError, last: bool) -> Result<()> {
        let JobRow {
            agency_id,
            kind,
            key,
            attempts,
            ..
        } = job;
        let now = self.machine.now();
        if last {
            tracing::error!(%error, %agency_id, kind, key, attempts, "a job is given up");
        } else if !note_if_full(error) {
            tracing::warn!(%error, %agency_id, kind, key, attempts, "a job failed; it is tried again");
        }
        let (first, longest) = PAUSES;
        let pause = (first << (attempts - 1).clamp(0, 20)).min(longest);
        let mut tx = self.store.write(Access::Agency(*agency_id)).await?;
        let failure = Words::of(error).to_stored();
        store::fail(&mut tx, self.host, job, &failure, (now + pause, last.then_some(now))).await?;
        Ok(tx.commit().await?)
    }
}
