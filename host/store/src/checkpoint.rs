//! Keeping SQLite's log short: what was committed is carried over into the file beside those who write, so that no commit has to wait
//! for more of it than came since the last time.

use sqlx::SqlitePool;
use std::time::Duration;

/// Pages of the log (64 MiB) after which a commit carries over by itself what is left to be. Only then the log begins anew, so this bounds
/// it; a log that is written over costs each commit less than one that grows.
pub(crate) const LONGEST_LOG: &str = "16384";

/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(250);

/// Carries over what has been committed, now and then, until the pool is closed. Holds up neither those who read nor those who write; a
/// connection that only reads may do it.
pub(crate) async fn keep_short(pool: SqlitePool) {
    let work = async {
        loop {
            tokio::time::sleep(INTERVAL).await;
            // what fails now is done the next time, or by a commit
            let done = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await;
            if let Err(error) = done {
                tracing::debug!(%error, "the log could not be carried over");
            }
        }
    };
    // ends with the pool
    let _ = pool.close_event().do_until(work).await;
}
