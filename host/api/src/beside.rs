//! Work that would keep a thread that answers from others.

use posthouse_web::problem::{Answer, Problem};
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// So few bytes are read faster than they are handed to another thread.
const FEW: usize = 64 << 10;

/// Reads what a body of so many bytes says. Others wait for the threads that answer, so a large one is read on another, and half of the
/// processors are left to them.
pub(super) async fn work_through<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Answer<T> {
    static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Semaphore::new(processors.div_ceil(2))
    });
    if bytes <= FEW {
        return Ok(work());
    }
    let _turn = TURNS.acquire().await.map_err(|_| Problem::internal())?;
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::internal()),
        },
    }
}
