//! Keeping SQLite's log short: what was committed is carried over into the file beside those who write, so that no commit has to wait
//! for more of it than came since the last time.

use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};
use std::time::Duration;

/// Pages of the log (256 MiB) after which it is to begin anew. To wait for those who read costs those who write a fifth of a second, so it
/// may not be sought too often; looking for a page passes over what is carried over, however long the log.
const LONGEST_LOG: i64 = 65_536;

/// Pages of the log (512 MiB) after which a commit carries over by itself what is left to be: more than ever comes while the log is looked after.
pub(crate) const LAST_RESORT: i64 = 131_072;

/// Pages of the log (64 MiB) that are carried over even while more are written. A page that is written again and again is carried over once,
/// so it pays to wait; what no commit follows is carried over at the next look.
const WORTHWHILE: i64 = 16_384;

/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(250);

/// How long those who write wait, in ms, for those who read, so that the log can begin anew.
const TURN: &str = "PRAGMA busy_timeout = 300";
/// How often the log is looked at until that is tried again, in case somebody reads for long.
const REST: u32 = 8;

/// Carries over what has been committed, now and then, until the readers are closed. `patience` is how long the writer waits otherwise.
pub(crate) async fn keep_short(readers: SqlitePool, writer: SqlitePool, patience: Duration) {
    let work = async {
        let mut seen = Seen {
            patience,
            ..Seen::default()
        };
        loop {
            tokio::time::sleep(INTERVAL).await;
            // what fails now is done the next time, or by a commit
            if let Err(error) = carry_over(&readers, &writer, &mut seen, (WORTHWHILE, LONGEST_LOG)).await {
                tracing::debug!(%error, "the log could not be carried over");
            }
        }
    };
    // ends with the pool
    let _ = readers.close_event().do_until(work).await;
}

/// How the log stood at the last look.
#[derive(Debug, Default)]
struct Seen {
    patience: Duration,
    length: i64,
    /// How many looks are left until the readers are waited for again.
    rest: u32,
}

/// Carries over what has been committed. Holds up neither those who read nor those who write; a connection that only reads may do it.
///
/// The log can only begin anew while nobody reads from it. Where somebody always does, as while slices of an import are worked out, no
/// commit finds such a moment. Once the log is too long, a turn of the writer is used to wait for one.
///
/// `worthwhile` and `longest` are pages of the log, as [`WORTHWHILE`] and [`LONGEST_LOG`].
async fn carry_over(
    readers: &SqlitePool,
    writer: &SqlitePool,
    seen: &mut Seen,
    (worthwhile, longest): (i64, i64),
) -> sqlx::Result<()> {
    let mut reader = readers.acquire().await?;
    let (_, length, done) = checkpoint(&mut reader, "PRAGMA wal_checkpoint(NOOP)").await?;
    let grows = length != seen.length;
    seen.length = length;
    if length != done && (!grows || length - done >= worthwhile) {
        checkpoint(&mut reader, "PRAGMA wal_checkpoint(PASSIVE)").await?;
    }
    drop(reader);
    seen.rest = seen.rest.saturating_sub(1);
    // it is the next commit that begins anew
    if !grows || length <= longest || seen.rest > 0 {
        return Ok(());
    }
    seen.rest = REST;
    let mut turn = writer.acquire().await?;
    sqlx::query(TURN).execute(&mut *turn).await?;
    let done = checkpoint(&mut turn, "PRAGMA wal_checkpoint(RESTART)").await;
    let patience = format!("PRAGMA busy_timeout = {}", seen.patience.as_millis());
    sqlx::query(AssertSqlSafe(patience)).execute(&mut *turn).await?;
    let (busy, _, _) = done?;
    if busy == 0 {
        seen.rest = 0;
    }
    Ok(())
}

/// Whether somebody was in the way, how many pages the log has, and how many of them are carried over.
async fn checkpoint(connection: &mut SqliteConnection, how: &'static str) -> sqlx::Result<(i64, i64, i64)> {
    sqlx::query_as(how).fetch_one(connection).await
}

#[cfg(test)]
mod tests {
    use crate::Store;
    use std::time::{Duration, Instant};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_stays_short_while_somebody_reads_at_every_commit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("house.db");
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        let Store::Sqlite { writer, readers, .. } = &store else {
            unreachable!("the address is one of SQLite")
        };
        let create = sqlx::query("CREATE TABLE t (bytes BLOB)").execute(writer).await;
        create.unwrap();
        let mut log = super::Seen::default();
        for _ in 0..32 {
            let mut look = readers.begin().await.unwrap();
            let seen = sqlx::query("SELECT * FROM t LIMIT 1").fetch_optional(&mut *look).await;
            seen.unwrap();
            let write = sqlx::query("INSERT INTO t VALUES (zeroblob(8000000))")
                .execute(writer)
                .await;
            write.unwrap();
            let (done, ended) = tokio::join!(
                super::carry_over(readers, writer, &mut log, (8_192, 16_384)),
                look.rollback()
            );
            done.unwrap();
            ended.unwrap();
        }
        let bytes = std::fs::metadata(folder.path().join("house.db-wal")).unwrap().len();
        assert!(
            bytes < 128_000_000,
            "256 MB were written, and the log grew to {bytes} bytes"
        );
        store.close().await;
    }

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
