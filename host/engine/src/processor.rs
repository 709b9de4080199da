//! Processor time of the calling thread: what a plugin burns by itself, however busy the machine is otherwise.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// What the calling thread has used since it began.
pub(crate) fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
