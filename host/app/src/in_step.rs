//! Whether this host's clock goes with that of the database, which all hosts share. One that is ahead would end and turn for everybody what is not
//! due yet, so it steps back from timers.

use crate::App;
use crate::error::Result;
use posthouse_store::dialect;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How far a clock may be off, in ms.
const MOST_OFF: i64 = 2_000;
/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(60);

/// Whether the clock was right when it was last looked at; before the first look it is not known.
#[derive(Debug, Default)]
pub(crate) struct InStep(AtomicBool);

impl InStep {
    pub(crate) fn holds(&self) -> bool {
        self.0.load(Ordering::Acquire)
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
            Ok(off) => {
                let was = self.in_step.0.swap(off.abs() <= MOST_OFF, Ordering::AcqRel);
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

    async fn look_at_clocks(&self) -> Result<i64> {
        let before = self.machine.now();
        let told = dialect::server_time(&self.store).await?;
        Ok(told.map_or(0, |told| offset(before, told, self.machine.now())))
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

    async fn a_host_whose_clock_is_off_steps_back(store: Store) {
        let now = crate::clock::SystemClock.now();
        let (app, clocks) = testing::host(&store, now);
        assert!(!app.in_step.holds(), "it is not known yet");
        for (ahead, on_a_server) in [(0, true), (86_400_000, false), (-86_400_000, false)] {
            clocks.machine.set(crate::clock::SystemClock.now() + ahead);
            let off = app.look_at_clocks().await.expect("a time");
            assert_eq!(
                off.abs() <= MOST_OFF,
                on_a_server || dialect::is_embedded(&store),
                "{off}"
            );
        }
    }
}
