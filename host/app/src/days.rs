//! The turn of the day: every night an agency's facts are folded for the new day, its customer lifetime values are fitted and its rules run
//! again.

#[cfg(test)]
mod tests;
mod turn;

pub(crate) use turn::Of;
pub use turn::{FactsDay, Turning};

use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Lane, NewJob};
use crate::team;
use crate::writable::note_if_full;
use crate::{App, Days};
use posthouse_domain::{AgencyTerms, Instant, time};
use posthouse_store::{Access, profiles, team as store};
use uuid::Uuid;

/// Turns an agency's day, each midnight by its own clock.
pub(crate) struct TurnDay;

impl Job for TurnDay {
    const KIND: &'static str = store::DAY_TURN;
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        // should the next day begin while this one's rules run, it is due at once
        let (agency, now) = (job.agency_id, app.clock.now());
        let mut tx = app.store.read(Access::Agency(agency)).await?;
        let (_, customers) = profiles::counter(&mut tx, agency).await?;
        let row = store::agency(&mut tx, agency).await?;
        drop(tx);
        let terms = team::terms(&row.ok_or(AppError::NotFound("agency"))?)?;
        retrying!(app.bindings().forget_log(agency, now))?;
        // of nobody there is nothing to run, and no room is opened for it
        if customers > 0
            && let Err(error) = app.days().begin(agency).await
        {
            // a server that stops goes on when it is back
            if !app.stopping.is_cancelled() && !note_if_full(&error) {
                tracing::error!(%error, %agency, "the turn of the day is not done; trying again");
            }
            retrying!(app.days().try_again(agency))?;
        }
        Ok(Done::At(next_midnight(&terms, now)))
    }
}

/// Turns a day again that could not be turned: the next midnight does not wait for it.
pub(crate) struct RetryDay;

impl Job for RetryDay {
    const KIND: &'static str = "day.retry";
    /// A rule that fails may be mended the next week: it is tried until it runs.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        app.days().begin(job.agency_id).await?;
        Ok(Done::Over)
    }
}

impl Days<'_> {
    /// Turns the facts, fits lifetime values for the day, and runs the rules that have not run on it, also where the fit fails.
    async fn begin(&self, agency: Uuid) -> Result<()> {
        let room = self.app.room(agency).await?;
        // whoever looks meanwhile is answered from the day before
        self.app.segments().ensure_loaded(&room).await?;
        self.turn_facts(&room).await?;
        let fitted = self.app.insights().fit_day(&room).await;
        self.app.segments().turn_day(&room).await?;
        self.app.loyalty().turn_day(&room).await?;
        fitted
    }

    async fn try_again(&self, agency: Uuid) -> Result<()> {
        let again = NewJob {
            kind: RetryDay::KIND,
            key: "",
            lane: Lane::Timers,
            clock: JobClock::Machine,
            due: self.app.machine.now(),
        };
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        jobs::put(&mut tx, agency, again).await?;
        Ok(tx.commit().await?)
    }

    /// Has nights come again that were scheduled while the clock was ahead: an agency's next midnight is a day and an hour away at most.
    pub(crate) async fn bring_back(&self) -> Result<()> {
        const LONGEST_DAY: i64 = 25 * 3_600_000;
        let mut tx = self.app.store.write(Access::Jobs).await?;
        jobs::bring_forward(&mut tx, TurnDay::KIND, self.app.clock.now() + LONGEST_DAY).await?;
        Ok(tx.commit().await?)
    }
}

fn next_midnight(terms: &AgencyTerms, now: Instant) -> Instant {
    time::start_of_day(time::day_of(now, terms.time_zone) + 1, terms.time_zone)
}
