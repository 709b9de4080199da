//! What the rules that one request asks may take together.

use posthouse_engine::{Limits, Usage};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Of one request: processor time of all its calls, and wall-clock time from the first of them.
#[derive(Debug)]
pub(crate) struct Budget {
    cpu_micros: u64,
    wall: Duration,
    used_micros: AtomicU64,
    began: OnceLock<Instant>,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            cpu_micros: limits.request_cpu_ms.saturating_mul(1_000),
            wall: Duration::from_millis(limits.request_ms),
            used_micros: AtomicU64::new(0),
            began: OnceLock::new(),
        }
    }

    /// Whether another rule may be asked. One that is being asked goes on.
    pub(crate) fn is_left(&self) -> bool {
        let began = self.began.get_or_init(Instant::now);
        self.used_micros.load(Ordering::Relaxed) < self.cpu_micros && began.elapsed() < self.wall
    }

    /// Takes off what a call used.
    pub(crate) fn take(&self, usage: Usage) {
        self.used_micros.fetch_add(usage.cpu_micros, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(request_cpu_ms: u64, request_ms: u64) -> Budget {
        Budget::new(&Limits {
            request_cpu_ms,
            request_ms,
            ..Limits::default()
        })
    }

    #[test]
    fn what_is_used_is_not_there_for_the_next() {
        let budget = budget(3, 60_000);
        let call = Usage {
            cpu_micros: 1_500,
            ..Usage::default()
        };
        let left = [(); 4].map(|()| {
            let left = budget.is_left();
            budget.take(call);
            left
        });
        assert_eq!(left, [true, true, false, false]);
    }

    #[test]
    fn the_time_of_a_request_passes_by_itself() {
        let budget = budget(1, 20);
        assert!(budget.is_left());
        std::thread::sleep(Duration::from_millis(25));
        assert!(!budget.is_left());
    }
}
