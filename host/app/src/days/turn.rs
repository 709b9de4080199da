//! Turning facts to a new day, in the background: who looks meanwhile sees the last day that was wholly turned.

use crate::error::{AppError, Result, retrying};
use crate::intake::turn::{self, SLICE};
use crate::rules::Moment;
use crate::segments::Desk;
use crate::team::Caller;
use crate::writable::note_if_full;
use crate::{Days, Room};
use posthouse_domain::{Day, Rejection, time, words};
use posthouse_store::{Access, dialect, intake as store};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::MutexGuard;

/// Customers whom a look turns by itself: that takes less time than to come back for it.
const FEW: usize = 200;

/// How long a request waits for a day to be turned: one day of a million customers is, months are not.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nobody tries again to turn a day after that has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often progress is written to the log.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// Which day's facts somebody needs. Either is one day for all customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The last day that was wholly turned.
    LastDay,
    /// Today.
    Today,
}

/// A day that is being turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Turning {
    /// The day that begins.
    pub to: Day,
    /// Customers whose facts are still to be folded for it.
    pub left: u64,
}

/// The day of an agency's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FactsDay {
    /// The last day that was wholly turned; unknown on a host that was started while a day is being turned.
    pub day: Option<Day>,
    /// The day that is being turned, if one is.
    pub turning: Option<Turning>,
}

fn count(turned: usize) {
    metrics::counter!("posthouse_customers_turned_total").increment(turned as u64);
}

/// How many are left to be turned, as the metric counts them over all agencies: whatever happens, they are taken off it.
struct Left(usize);

impl Left {
    fn new(customers: usize) -> Self {
        metrics::gauge!("posthouse_customers_to_turn").increment(customers as f64);
        Self(customers)
    }

    fn lower(&mut self, by: usize) {
        let by = by.min(self.0);
        metrics::gauge!("posthouse_customers_to_turn").decrement(by as f64);
        self.0 -= by;
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        self.lower(self.0);
    }
}

impl Days<'_> {
    /// The day of the facts that lists and questions about everyone are answered from.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn of_facts(&self, caller: &Caller) -> Result<FactsDay> {
        let room = &caller.room;
        self.app.segments().ensure_loaded(room).await?;
        let (day, today) = (room.frame().day, self.app.segments().moment(room).today);
        let turning = match day.is_none_or(|day| day < today) {
            true => self.left(room, today).await?,
            false => None,
        };
        Ok(FactsDay { day, turning })
    }

    /// Turns the facts to today and waits for it, however long it takes.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn bring_to_today(&self, caller: &Caller) -> Result<()> {
        self.turn_facts(&caller.room).await?;
        self.desk(&caller.room, Of::Today).await.map(drop)
    }

    async fn left(&self, room: &Room, to: Day) -> Result<Option<Turning>> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let fragments = self.app.facts().due_fragments(&mut tx, room.id, to, i64::MAX).await?;
        let left = store::count_due(&mut tx, room.id, to).await? + fragments as i64;
        Ok((left > 0).then_some(Turning { to, left: left as u64 }))
    }

    /// Takes the desk, with frame and segments brought to the last commit, and the moment their facts are true for.
    ///
    /// # Errors
    /// `day_turning` if the facts are of no such day and it takes long to turn them.
    pub(crate) async fn desk<'r>(&self, room: &'r Arc<Room>, of: Of) -> Result<(MutexGuard<'r, Desk>, Moment)> {
        let began = Instant::now();
        loop {
            let mut desk = room.desk.lock().await;
            let moment = retrying!(self.app.segments().sync(room, &mut desk))?;
            let turned = match of {
                Of::LastDay => room.frame().day.is_some(),
                Of::Today => self.is_today(room),
            };
            if turned {
                return Ok((desk, moment));
            }
            // whoever needs no more than the last day goes on meanwhile
            drop(desk);
            self.wait_for_today(room, PATIENCE.saturating_sub(began.elapsed()))
                .await?;
        }
    }

    /// Whether the frame is of today.
    pub(crate) fn is_today(&self, room: &Room) -> bool {
        room.frame()
            .day
            .is_some_and(|day| day >= self.app.segments().moment(room).today)
    }

    /// Waits until the day is turned.
    ///
    /// # Errors
    /// `day_turning` if that takes long.
    pub(crate) async fn wait_until_turned(&self, room: &Arc<Room>) -> Result<()> {
        self.wait_for_today(room, PATIENCE).await
    }

    async fn wait_for_today(&self, room: &Arc<Room>, patience: Duration) -> Result<()> {
        self.begin_turning(room);
        // whoever turns holds it
        if !patience.is_zero() && tokio::time::timeout(patience, room.turning.lock()).await.is_ok() {
            // to wait for what fails is of no use
            let problem = room.turn_problem().clone();
            return problem.map_or(Ok(()), |problem| Err(AppError::Internal(problem)));
        }
        let today = self.app.segments().moment(room).today;
        let left = self.left(room, today).await?.map_or(0, |turning| turning.left);
        Err(AppError::Busy(Rejection::new(
            "day_turning",
            words!(
                "facts are being folded for {day}, {left} customers are left; send the request again when GET /api/v1/segments no longer says turning",
                "正在按 {day} 重算事实，还剩 {left} 位客户；等 GET /api/v1/segments 不再返回 turning 后再发送",
                day = time::day_text(today)
            ),
        )))
    }

    /// Folds those few whom the calendar moved since; of many it starts the turn and goes on.
    pub(crate) async fn turn_few(&self, room: &Arc<Room>, Moment { today, now }: Moment) -> Result<()> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let most = FEW as i64 + 1;
        let due = store::due(&mut tx, room.id, today, most).await?;
        let fragments = self.app.facts().due_fragments(&mut tx, room.id, today, most).await?;
        drop(tx);
        if due.len() + fragments > FEW {
            self.begin_turning(room);
            return Ok(());
        }
        let Ok(_turning) = room.turning.try_lock() else {
            return Ok(());
        };
        let ordinals: Vec<i64> = due.into_iter().map(|(_, ordinal)| ordinal).collect();
        let slice = turn::read(&self.app.store, room.id, &ordinals, today).await?;
        let turned = turn::write(&self.app.store, room.id, &slice, today, now).await?;
        count(turned);
        self.app.facts().turn_fragments(room.id, today).await
    }

    /// Starts to turn the facts to today, unless this host is at it.
    pub(crate) fn begin_turning(&self, room: &Arc<Room>) {
        let Ok(turning) = Arc::clone(&room.turning).try_lock_owned() else {
            return;
        };
        let (app, room) = (self.app.clone(), room.clone());
        self.app.background.spawn(async move {
            let turned = app.days().turn_everyone(&room).await;
            *room.turn_problem() = turned
                .as_ref()
                .err()
                .map(|error| format!("the day cannot be turned: {error}"));
            let Err(error) = turned else {
                drop(turning);
                room.woken.notify_one();
                return;
            };
            if app.stopping.is_cancelled() {
                return;
            }
            if !note_if_full(&error) {
                tracing::error!(%error, agency = %room.slug, "the facts are not of today; tried again at the next look");
            }
            // whoever looks meanwhile is told, and does not try the same again at once
            tokio::select! {
                () = app.stopping.cancelled() => {}
                () = tokio::time::sleep(AFTER_FAILURE) => {}
            }
        });
    }

    /// Turns the facts of an agency to today, wherever they stand.
    pub(crate) async fn turn_facts(&self, room: &Arc<Room>) -> Result<()> {
        let _turning = room.turning.lock().await;
        self.turn_everyone(room).await
    }

    async fn turn_everyone(&self, room: &Arc<Room>) -> Result<()> {
        let (began, mut turned, mut any) = (Instant::now(), 0, false);
        loop {
            // should midnight pass meanwhile, the rest is folded for the day after
            let moment = self.app.segments().moment(room);
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let due = store::due(&mut tx, room.id, moment.today, i64::MAX).await?;
            let fragments = self
                .app
                .facts()
                .due_fragments(&mut tx, room.id, moment.today, 1)
                .await?;
            drop(tx);
            if due.is_empty() && fragments == 0 {
                break;
            }
            any = true;
            // each is folded once, however many days lie behind; in this order a page of the table is written once as well
            let mut ordinals: Vec<i64> = due.into_iter().map(|(_, ordinal)| ordinal).collect();
            ordinals.sort_unstable();
            turned += self.turn_slices(room, &ordinals, moment).await?;
            self.app.facts().turn_fragments(room.id, moment.today).await?;
        }
        if any {
            let ms = began.elapsed().as_millis() as u64;
            tracing::info!(agency = %room.slug, customers = turned, ms, "the facts are of today");
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            dialect::notify(&mut tx, room.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Turns these customers a slice at a time, and says how many. What is wrong with one slice keeps no other from its day.
    async fn turn_slices(&self, room: &Room, ordinals: &[i64], Moment { today, now }: Moment) -> Result<usize> {
        let agency = room.id;
        let read = |ordinals: &[i64]| {
            let (db, ordinals) = (self.app.store.clone(), ordinals.to_vec());
            tokio::spawn(async move { retrying!(turn::read(&db, agency, &ordinals, today)) })
        };
        let (mut slices, mut turned, mut left) = (ordinals.chunks(SLICE), 0, Left::new(ordinals.len()));
        let (mut said, mut next, mut failed) = (Instant::now(), slices.next().map(read), None);
        while let Some(reading) = next {
            if self.app.stopping.is_cancelled() {
                let words = words!("the server is stopping", "服务器正在停止");
                return Err(AppError::Busy(Rejection::new("shutting_down", words)));
            }
            let slice = reading.await.map_err(|error| AppError::Internal(error.to_string()));
            next = slices.next().map(read);
            let written = match slice.flatten() {
                Ok(slice) => retrying!(turn::write(&self.app.store, agency, &slice, today, now)),
                Err(error) => Err(error),
            };
            match written {
                Ok(written) => {
                    count(written);
                    turned += written;
                }
                Err(error) if error.will_pass() => return Err(error),
                Err(error) => failed = Some(error),
            }
            left.lower(SLICE);
            if said.elapsed() > SAY_EVERY {
                said = Instant::now();
                tracing::info!(agency = %room.slug, turned, left = left.0, "facts are being folded for today");
            }
        }
        failed.map_or(Ok(turned), Err)
    }
}
