//! Whether what is written is taken. On a full disk nothing is: everybody who writes hears the same of it, and once there is room it is taken
//! again, without a restart.

use crate::App;
use crate::error::{AppError, Result};
use posthouse_domain::{Instant, Rejection, words};
use posthouse_store::StoreError;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long what is known holds for all who ask, in machine ms.
const KNOWN_FOR: i64 = 1_000;
/// How long to wait for those who are writing. What they write is taken, or they will say that it is not.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that are written to see: a page of the database, and on PostgreSQL more than what lies in the row.
const FILLER: usize = 4_096;
/// The same once something found no room: what is left may be enough for a page and for no request.
const LARGE_FILLER: usize = 256 << 10;
/// Whether something found no room since so much was taken.
static IS_SHORT: AtomicBool = AtomicBool::new(false);
/// How often the log says that there is no room.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// First and longest pause of background work that could not be written.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));

/// What is known of it: since when, and what the database says if nothing is taken.
#[derive(Debug, Default)]
pub(crate) struct Writable(tokio::sync::Mutex<Option<(Instant, Option<String>)>>);

impl App {
    /// Whether the database answers, and takes what is written. However many ask, it is written to once in a second.
    ///
    /// # Errors
    /// [`StoreError::Full`]; other failures of the database.
    pub async fn ready(&self) -> Result<()> {
        self.store.ping().await?;
        let tried = tokio::time::timeout(PATIENCE, self.try_writing()).await;
        tried.unwrap_or(Ok(()))
    }

    /// Whether something may be written that can be done without. What is left on a nearly full disk is for what cannot.
    pub(crate) fn may_spend(&self, folder: &Path) -> bool {
        static SAID: Said = Said::new(None);
        let reserve = self.allowances.disk_reserve;
        let is_short = posthouse_engine::free_bytes(folder).is_some_and(|free| free < reserve);
        if is_short && is_time(&SAID) {
            tracing::warn!(folder = %folder.display(), reserve, "the disk is nearly full: frames and the logs of rules are not kept until there is room");
        }
        !is_short
    }

    async fn try_writing(&self) -> Result<()> {
        let mut last = self.writable.0.lock().await;
        let now = self.machine.now();
        if let Some((_, full)) = last.as_ref().filter(|(at, _)| (*at..*at + KNOWN_FOR).contains(&now)) {
            return full
                .as_ref()
                .map_or(Ok(()), |said| Err(StoreError::Full(said.clone()).into()));
        }
        let is_short = IS_SHORT.load(Ordering::Relaxed);
        let mut filler = vec![0; if is_short { LARGE_FILLER } else { FILLER }];
        self.entropy.fill(&mut filler);
        let tried = self.store.try_writing(self.entropy.id(now), &filler).await;
        let was_full = matches!(&*last, Some((_, Some(_))));
        if is_short && tried.is_ok() {
            IS_SHORT.store(false, Ordering::Relaxed);
        }
        let (full, result) = match tried.map_err(AppError::from) {
            Err(AppError::Store(StoreError::Full(said))) => {
                IS_SHORT.store(true, Ordering::Relaxed);
                (Some(said.clone()), Err(StoreError::Full(said).into()))
            }
            // who is busy is not full
            Err(error) if !error.will_pass() => return Err(error),
            _ => (None, Ok(())),
        };
        if was_full && full.is_none() {
            tracing::info!("there is room on the disk again; what is written is taken");
        }
        *last = Some((now, full));
        result
    }
}

/// What everybody hears whose request could not be written for want of room.
pub fn storage_full() -> Rejection {
    Rejection::new(
        "storage_full",
        words!(
            "the server's disk is full or does not take what is written; nothing was changed. Once its operator has made room, send the request \
             again",
            "服务器磁盘已满或无法写入；没有任何改动。请联系运维人员腾出空间，之后重新发送请求"
        ),
    )
}

/// Whether it is for want of room that something failed.
pub fn is_full(error: &AppError) -> bool {
    matches!(error, AppError::Store(StoreError::Full(_)))
}

/// The same, counted, and logged now and then: while there is no room, everything that writes fails.
pub fn note_if_full(error: &AppError) -> bool {
    static SAID: Said = Said::new(None);
    if !is_full(error) {
        return false;
    }
    IS_SHORT.store(true, Ordering::Relaxed);
    metrics::counter!("posthouse_storage_full_total").increment(1);
    if is_time(&SAID) {
        tracing::error!(%error, "nothing can be stored until there is room on the disk");
    }
    true
}

/// When something was said last.
type Said = Mutex<Option<std::time::Instant>>;

/// Whether it is time to say it again.
fn is_time(said: &Said) -> bool {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let is_time = said.is_none_or(|at| at.elapsed() > SAID_EVERY);
    if is_time {
        *said = Some(std::time::Instant::now());
    }
    is_time
}

/// The pause of background work after a failure: each is twice the one before.
#[derive(Debug, Default)]
pub(crate) struct Pause(Option<Duration>);

impl Pause {
    /// The next one.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let (first, longest) = PAUSES;
        let pause = self.0.map_or(first, |last| (2 * last).min(longest));
        self.0 = Some(pause);
        pause
    }

    /// It was done.
    pub(crate) fn is_over(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let mut pause = Pause::default();
        let mut after = || pause.after_failure().as_secs();
        assert_eq!([after(), after(), after(), after(), after()], [1, 2, 4, 4, 4]);
        pause.is_over();
        assert_eq!(pause.after_failure().as_secs(), 1);
    }
}
