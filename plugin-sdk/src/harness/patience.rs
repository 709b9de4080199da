//! A rule that does not come to an end must not keep `cargo test` waiting.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long the calls of one question may take. A rule natively takes microseconds, so a busy machine does not matter.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What `ask` says, or that it does not come to an end. A thread that does not is left behind; it ends with the tests.
pub(super) fn within<T: Send + 'static>(
    patience: Duration,
    ask: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (done, answer) = channel::<Result<Result<T, String>, Box<dyn Any + Send>>>();
    // under the test's own name, so that a panic is told as the test's
    let thread = thread::Builder::new().name(thread::current().name().unwrap_or("rule").to_owned());
    let started = thread.spawn(move || {
        // nobody may be waiting any more
        let _ = done.send(catch_unwind(AssertUnwindSafe(ask)));
    });
    started.map_err(|error| format!("no thread can be started for the rule: {error}"))?;
    match answer.recv_timeout(patience) {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(RecvTimeoutError::Timeout) => Err(format!(
            "the rule has not come to an end after {} s: look for a loop that does not stop. The host would end the call when its fuel is \
             burnt (`out_of_fuel`)",
            patience.as_secs_f32()
        )),
        Err(RecvTimeoutError::Disconnected) => Err("the rule's thread ended without an answer".to_owned()),
    }
}
