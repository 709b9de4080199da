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

#[cfg(test)]
mod tests {
    use crate::Store;
    use std::time::{Duration, Instant};

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_committed_is_carried_over_without_another_commit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("house.db");
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        let Store::Sqlite { writer, .. } = &store else {
            unreachable!("the address is one of SQLite")
        };
        let text = "a word that stands nowhere else";
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE TABLE t AS SELECT '{text}'")))
            .execute(writer)
            .await
            .unwrap();
        let carried = || {
            let bytes = std::fs::read(&file).unwrap();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        };
        let began = Instant::now();
        while !carried() {
            assert!(began.elapsed() < Duration::from_secs(20), "it stays in the log");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        store.close().await;
    }
}
