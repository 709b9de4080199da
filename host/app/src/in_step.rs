//! Whether this host's clock goes with that of the database, which all hosts share. One that is ahead would end and turn for everybody what is not
//! due yet, so it steps back from timers. And whether all of them go by clocks of one kind: what is done by a clock that stands still is done for
//! those as well whose clock goes on.

use crate::App;
use crate::error::{AppError, Result};
use posthouse_domain::words;
use posthouse_store::dialect::{self, ClockKind, Ear};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How far a clock may be off, in ms.
const MOST_OFF: i64 = 2_000;
/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(60);

/// How often other clocks are looked for before a host is refused, and the pause between: one that was killed is seen for a moment.
const LOOKS: u32 = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How this host's clock goes with those of the others.
#[derive(Debug, Default)]
pub(crate) struct InStep {
    /// Whether it did when it was last looked at; before the first look it is not known.
    right: AtomicBool,
    kind: OnceLock<ClockKind>,
    /// What says to others by which clock this host goes, until the background takes it.
    ear: Mutex<Option<Ear>>,
}

impl InStep {
    pub(crate) fn holds(&self) -> bool {
        self.right.load(Ordering::Acquire)
    }

    pub(crate) fn kind(&self) -> ClockKind {
        self.kind.get().copied().unwrap_or(ClockKind::System)
    }

    pub(crate) fn take_ear(&self) -> Option<Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// By how much the server's clock is ahead of ours, in ms: it told its time between two moments of ours. What lies within them is no difference.
fn offset(before: i64, told: i64, after: i64) -> i64 {
    if told < before {
        told - before
    } else {
        (told - after).max(0)
    }
}

impl App {
    /// Says to all hosts of this database by which clock this one goes. To be called before [`App::start`].
    ///
    /// # Errors
    /// `other_clock` if another host goes by another one; failures of the database.
    pub async fn share_clock(&self, kind: ClockKind) -> Result<()> {
        let kind = *self.in_step.kind.get_or_init(|| kind);
        let mut others = dialect::other_clocks(&self.store, kind).await?;
        for _ in 1..LOOKS {
            if others.is_empty() {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            others = dialect::other_clocks(&self.store, kind).await?;
        }
        // who will be refused says nothing: the others would step back from it
        let mut ear = None;
        if others.is_empty() {
            ear = dialect::listen(&self.store, kind).await?;
            others = dialect::other_clocks(&self.store, kind).await?;
        }
        if let Some(other) = others.first() {
            let (mine, other) = (kind.as_str(), other.as_str());
            if let Some(ear) = ear {
                ear.leave().await?;
            }
            return Err(AppError::conflict(
                "other_clock",
                words!(
                    "another host of this database was started with --clock {other}, this one with {mine}; give all hosts the same clock, or this one a database of its own",
                    "此数据库的另一台主机以 --clock {other} 启动，本机却是 {mine}；请让所有主机使用同一种时钟，或让本机单独用一个数据库"
                ),
            ));
        }
        *self.in_step.ear.lock().unwrap_or_else(PoisonError::into_inner) = ear;
        Ok(())
    }

    /// Holds the machine's clock against the database's every minute. The first look is taken before timers begin.
    pub(crate) async fn keep_in_step(self) {
        while !self.stopping.is_cancelled() {
            let pause = if self.in_step.holds() { EVERY } else { EVERY / 20 };
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            self.hold_clock().await;
        }
    }

    /// Looks once whether the clock is right.
    pub(crate) async fn hold_clock(&self) {
        match self.look_at_clocks().await {
            Ok((_, Some(other))) => {
                self.in_step.right.store(false, Ordering::Release);
                let (other, mine) = (other.as_str(), self.in_step.kind().as_str());
                tracing::error!(
                    other,
                    mine,
                    "hosts of this database go by different clocks; stop some of them: until then this one runs nothing that falls due"
                );
            }
            Ok((off, None)) => {
                let was = self.in_step.right.swap(off.abs() <= MOST_OFF, Ordering::AcqRel);
                if off.abs() > MOST_OFF {
                    tracing::error!(
                        off_ms = off,
                        "this host's clock and the database's differ; set it right: until then other hosts run what falls due"
                    );
                } else if !was {
                    tracing::debug!(off_ms = off, "this host's clock goes with the database's");
                }
                metrics::gauge!("posthouse_clock_offset_milliseconds").set(off as f64);
            }
            // what is not known stays as it was
            Err(error) => tracing::warn!(%error, "the database did not tell its time"),
        }
    }

    /// By how much this host's clock is off, in ms, and another kind by which a host goes if there is one.
    async fn look_at_clocks(&self) -> Result<(i64, Option<ClockKind>)> {
        let before = self.machine.now();
        let told = dialect::server_time(&self.store).await?;
        let off = told.map_or(0, |told| offset(before, told, self.machine.now()));
        let others = dialect::other_clocks(&self.store, self.in_step.kind()).await?;
        Ok((off, others.first().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, on_both_engines};
    use posthouse_domain::Clock;
    use posthouse_store::Store;

    #[test]
    fn what_an_answer_takes_is_no_difference() {
        assert_eq!(offset(100, 100, 900), 0);
        assert_eq!(offset(100, 900, 900), 0);
        assert_eq!(offset(5_000, 2_000, 5_010), -3_000);
        assert_eq!(offset(5_000, 9_010, 5_010), 4_000);
    }

    on_both_engines!(a_host_whose_clock_is_off_steps_back);

    /// Ends every connection that hears news, as a network does that was away.
    async fn cut(address: &str) {
        let address = address.to_owned();
        // until they have ended: what they hold is theirs for a moment longer
        let cut = "SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                   WHERE l.locktype = 'advisory' AND a.datname = current_database()";
        let cut = tokio::task::spawn_blocking(move || posthouse_tests::postgres::sql(&address, cut));
        assert_ne!(cut.await.unwrap(), "");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn hosts_of_a_database_go_by_clocks_of_one_kind() {
        let address = posthouse_tests::postgres::database();
        let host = async || {
            let store = Store::open(&address).await.unwrap();
            testing::host(&store, crate::clock::SystemClock.now())
        };
        let refused = async |host: &App, kind: ClockKind| match host.share_clock(kind).await {
            Ok(()) => false,
            Err(AppError::Conflict(rejection)) => rejection.code == "other_clock",
            Err(other) => panic!("{other}"),
        };
        let ((first, clocks), (second, _), (third, _)) = (host().await, host().await, host().await);
        let is_in_step = async || {
            clocks.machine.set(crate::clock::SystemClock.now());
            first.hold_clock().await;
            first.in_step.holds()
        };
        assert!(!refused(&first, ClockKind::Fixed).await);
        assert!(!refused(&second, ClockKind::Fixed).await, "all have it");
        assert!(refused(&third, ClockKind::System).await);
        assert!(is_in_step().await);
        // what was lost comes back
        for host in [&first, &second] {
            host.background.spawn(host.clone().hear_other_hosts());
        }
        cut(&address).await;
        while dialect::other_clocks(&third.store, ClockKind::System).await.unwrap() != [ClockKind::Fixed] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(refused(&third, ClockKind::System).await);
        assert!(is_in_step().await, "who is refused is gone");
        // whoever comes in while nobody could see it is seen by those who stay
        let stranger = dialect::listen(&third.store, ClockKind::Manual).await.unwrap();
        assert!(!is_in_step().await);
        stranger.unwrap().leave().await.unwrap();
        for host in [&first, &second] {
            host.stop().await;
        }
        assert!(
            !refused(&host().await.0, ClockKind::System).await,
            "the others are gone"
        );
    }

    async fn a_host_whose_clock_is_off_steps_back(store: Store) {
        let now = crate::clock::SystemClock.now();
        let (app, clocks) = testing::host(&store, now);
        assert!(!app.in_step.holds(), "it is not known yet");
        for (ahead, on_a_server) in [(0, true), (86_400_000, false), (-86_400_000, false)] {
            clocks.machine.set(crate::clock::SystemClock.now() + ahead);
            let (off, _) = app.look_at_clocks().await.expect("a time");
            assert_eq!(
                off.abs() <= MOST_OFF,
                on_a_server || dialect::is_embedded(&store),
                "{off}"
            );
        }
    }
}
