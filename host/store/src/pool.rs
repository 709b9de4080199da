//! Pools and transactions.

use crate::{Result, StoreError, checkpoint, database, dialect};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, PgPool, Postgres, Sqlite, SqlitePool};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// The database.
#[derive(Debug, Clone)]
pub enum Store {
    /// Embedded: many readers, one writer.
    Sqlite {
        /// Connections that only read.
        readers: SqlitePool,
        /// The one of them that looks ahead for imports. A connection keeps pages of its own, and all the others need not.
        scout: SqlitePool,
        /// The one connection that writes.
        writer: SqlitePool,
    },
    /// A PostgreSQL server, shared by any number of hosts.
    Postgres(PgPool),
}

/// Whose rows a transaction may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// One agency's.
    Agency(Uuid),
    /// What background work looks for, in every agency.
    Jobs,
}

/// An open transaction; undone unless committed.
#[derive(Debug)]
pub enum Tx {
    /// On the embedded database.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// On a server.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// How long to wait for a connection, or for SQLite's write lock, before the database counts as busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection to a server may have been idle and still count as there. What was lost within that time is lost to one request, which
/// tries again.
const FRESH: Duration = Duration::from_secs(1);

/// How often whoever waits for a new connection looks whether one has come free. sqlx gives it only what it has begun to connect, however long that
/// takes: while a server lets nobody in, nobody would get the connections that there are.
const FREE_AGAIN: Duration = Duration::from_millis(20);

/// Pages that SQLite keeps of its file, in KiB below zero: those of the one writer, whose every statement looks up and changes.
const WRITER_CACHE: &str = "-65536";
/// The same for each reader: room for the upper levels of the trees. There are nine, each with a cache of its own, and behind them is the
/// system's, which all of them share.
const READER_CACHE: &str = "-4096";

/// How many rows SQLite's thread reads ahead of whoever takes them.
const ROWS_ON_THEIR_WAY: usize = 1_024;

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…` and brings its tables up to date.
    ///
    /// # Errors
    /// An address that is not understood, a database that cannot be reached or migrated.
    pub async fn open(address: &str) -> Result<Self> {
        Self::open_with(address, database::CONNECTIONS).await
    }

    /// The same with so many connections at most. SQLite has its own number.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(address: &str, connections: u32) -> Result<Self> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let pool = sqlx::postgres::PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(PATIENCE)
                // one that was at work a moment ago is not asked first whether it is there
                .test_before_acquire(false)
                .before_acquire(|connection, meta| {
                    Box::pin(async move {
                        if meta.idle_for > FRESH || NOT_BEGUN.load(Ordering::Relaxed) > 0 {
                            // not a ping, which is answered in a transaction that failed as well; what fails here is closed, and another takes its place
                            sqlx::raw_sql("SELECT 1").execute(connection).await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(PgConnectOptions::from_str(address)?.options(dialect::KEEPALIVES))
                .await;
            let pool = match pool {
                // the pool only says that it has waited; a connection of its own says what stands in the way
                Err(sqlx::Error::PoolTimedOut) => {
                    sqlx::PgConnection::connect(address).await?.close().await?;
                    return Err(sqlx::Error::PoolTimedOut.into());
                }
                connected => connected?,
            };
            database::POSTGRES.run(&pool).await?;
            return Ok(Self::Postgres(pool));
        }
        if !address.starts_with("sqlite:") {
            return Err(StoreError::Address(address.to_owned()));
        }
        let options = SqliteConnectOptions::from_str(address)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // an acknowledged event survives a power cut; concurrent writers share a sync by sharing a transaction
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", checkpoint::LAST_RESORT.to_string())
            // rows are handed over in batches: for each alone two threads would wake each other
            .row_buffer_size(ROWS_ON_THEIR_WAY)
            .statement_cache_capacity(256);
        let path = options.get_filename().to_owned();
        let alone = tokio::task::spawn_blocking(move || prepare_file(&path))
            .await
            .unwrap_or_else(|e| Err(std::io::Error::other(e)))
            .map_err(|e| StoreError::Database(sqlx::Error::Io(e)))?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            // a file does not hang up; to ask first would be a turn of the connection's thread
            .test_before_acquire(false)
            // what undoes a statement that fails is small, and a file for it would cost more than the statement; readers keep their
            // files, for they sort everyone
            .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(is_usable(connection)))))
            .connect_with(options.clone().pragma("temp_store", "MEMORY"))
            .await?;
        database::SQLITE.run(&writer).await?;
        drop(alone);
        let reading = options.pragma("cache_size", READER_CACHE).pragma("query_only", "ON");
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(is_usable(connection)))))
            .connect_with(reading.clone())
            .await?;
        let scout = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(is_usable(connection)))))
            .connect_with(reading)
            .await?;
        tokio::spawn(checkpoint::keep_short(readers.clone(), writer.clone(), PATIENCE));
        Ok(Self::Sqlite { readers, scout, writer })
    }

    /// Begins a transaction that only reads, from one snapshot.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn read(&self, access: Access) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(begin(pool, access, false).await?),
        })
    }

    /// Begins a transaction that only reads, for work that does so all the time, one at a time.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn read_ahead(&self, access: Access) -> Result<Tx> {
        match self {
            Self::Sqlite { scout, .. } => Ok(Tx::Sqlite(scout.begin().await?)),
            Self::Postgres(_) => self.read(access).await,
        }
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn write(&self, access: Access) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with(dialect::SQLITE_BEGIN_WRITE).await?),
            Self::Postgres(pool) => Tx::Postgres(begin(pool, access, true).await?),
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn ping(&self) -> Result<()> {
        let mut tx = self.read(Access::Jobs).await?;
        execute!(&mut tx, "SELECT 1").map(drop)
    }

    /// Whether the database takes what is written: these bytes are written under an `id` of the caller's, and taken away again with all that
    /// have an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Full`]; other failures of the database.
    pub async fn try_writing(&self, id: Uuid, bytes: &[u8]) -> Result<()> {
        let mut tx = self.write(Access::Jobs).await?;
        execute!(
            &mut tx,
            "INSERT INTO room_to_write (id, filler) VALUES ($1, $2)",
            id,
            bytes
        )?;
        tx.commit().await?;
        let mut tx = self.write(Access::Jobs).await?;
        execute!(&mut tx, "DELETE FROM room_to_write WHERE id <= $1", id)?;
        tx.commit().await
    }

    /// Closes every connection, SQLite's journal folded into its file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, scout, writer } => {
                readers.close().await;
                scout.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// `sqlite` or `postgres`, for logs.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// How many transactions could not be begun lately. Each has perhaps left a connection in it: sqlx takes no BEGIN back after which something else
/// in the same text failed.
static NOT_BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Has connections looked at before they are used, for as long as one that was at work a moment ago is trusted.
fn doubt_connections() {
    NOT_BEGUN.fetch_add(1, Ordering::Relaxed);
    tokio::spawn(async {
        tokio::time::sleep(2 * FRESH).await;
        NOT_BEGUN.fetch_sub(1, Ordering::Relaxed);
    });
}

/// Begins a transaction, to the end: whoever asked for it may be gone meanwhile. sqlx takes no BEGIN back that is given up on its way, and whoever
/// got the connection next would be in that transaction.
async fn begin(
    pool: &sqlx::PgPool,
    access: Access,
    write: bool,
) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move {
        loop {
            let begun = begin_on_any(&pool, access, write).await;
            let Err(sqlx::Error::Database(reported)) = &begun else {
                return begun;
            };
            doubt_connections();
            // what stands in the way is a transaction that was left there; from here on connections are looked at first
            if reported.code().as_deref() != Some(LEFT_IN_A_TRANSACTION) {
                return begun;
            }
        }
    });
    begun.await.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed))
}

/// Begins on the connection that is free first: sqlx keeps a caller for the one that is being made for it.
async fn begin_on_any(
    pool: &PgPool,
    access: Access,
    write: bool,
) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let statement = || AssertSqlSafe(dialect::postgres_begin(access, write));
    let (own, first) = (pool.clone(), statement());
    let mut waiting = Box::pin(async move { own.begin_with(first).await });
    loop {
        if let Ok(begun) = tokio::time::timeout(FREE_AGAIN, &mut waiting).await {
            return begun;
        }
        // what is idle by now was at work a moment ago; if it is broken, the next one is not
        if let Ok(Some(begun)) = pool.try_begin_with(statement()).await {
            // what is being connected is for the next
            tokio::spawn(waiting);
            return Ok(begun);
        }
    }
}

/// What PostgreSQL says to every statement in a transaction that has failed.
const LEFT_IN_A_TRANSACTION: &str = "25P02";

/// Whether a connection that comes back from the pool can begin a transaction. On a full disk or an input error SQLite ends a transaction
/// by itself; sqlx counts it as open ever after, and no other could begin on that connection. Then a new one takes its place.
fn is_usable(connection: &sqlx::SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Makes the database file readable for its owner alone, as it holds personal data; SQLite's journals take over its mode. Returns
/// a lock on a file beside it that keeps other processes from migrating meanwhile. The database file itself must not be locked:
/// to close it would release the locks that SQLite holds on it.
fn prepare_file(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let open = |path: &std::path::Path| {
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let lock = open(beside.as_ref())?;
    lock.lock()?;
    open(path)?;
    Ok(lock)
}

impl Tx {
    /// Makes what was written last.
    ///
    /// # Errors
    /// [`StoreError::InDoubt`] if the connection was lost meanwhile; with every other failure nothing was written.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
        .map_err(StoreError::of_commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn writes_go_on_after_sqlite_ended_a_transaction_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}/full.db", folder.path().display()))
            .await
            .unwrap();
        for _ in 0..3 {
            let Tx::Sqlite(mut tx) = store.write(Access::Jobs).await.unwrap() else {
                unreachable!("the address is one of SQLite")
            };
            // what a full disk does to a transaction, a conflict can be told to do as well
            let statements = "CREATE TABLE once (n INTEGER PRIMARY KEY); INSERT INTO once VALUES (1); INSERT OR ROLLBACK INTO once VALUES (1)";
            assert!(sqlx::raw_sql(statements).execute(&mut *tx).await.is_err());
        }
        store.write(Access::Jobs).await.unwrap().commit().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_goes_away_while_a_transaction_begins_leaves_none_behind() {
        let address = posthouse_tests::postgres::database();
        let store = Store::open_with(&address, 1).await.unwrap();
        for polls in 0..200 {
            let mut reading = Box::pin(store.read(Access::Jobs));
            // gone after so many looks at what the server says
            for _ in 0..polls % 7 {
                if looked_once(&mut reading).await {
                    break;
                }
            }
            drop(reading);
            let Tx::Postgres(mut tx) = store.write(Access::Jobs).await.unwrap() else {
                unreachable!("the address is one of PostgreSQL")
            };
            let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
                .fetch_one(&mut *tx)
                .await
                .unwrap();
            assert_eq!(read_only, "off", "after {polls} looks");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_waits_for_a_new_connection_takes_one_that_comes_free() {
        let line = posthouse_tests::Line::to(&posthouse_tests::postgres::database());
        let store = Store::open_with(line.url(), 4).await.unwrap();
        line.hold_up(true);
        // those that there are, until one does not come
        let mut working = Vec::new();
        let waiting = loop {
            let other = store.clone();
            let mut next = tokio::spawn(async move { other.read(Access::Jobs).await });
            match tokio::time::timeout(Duration::from_millis(500), &mut next).await {
                Ok(begun) => working.push(begun.unwrap().unwrap()),
                Err(_) => break next,
            }
        };
        assert!((1..4).contains(&working.len()), "the server lets nobody in");
        drop(working);
        let began = tokio::time::timeout(PATIENCE / 2, waiting).await;
        began.expect("a free connection").unwrap().unwrap();
        // what was asked for meanwhile is of use to the next
        line.hold_up(false);
        let all = [store.read(Access::Jobs).await, store.read(Access::Jobs).await];
        assert!(all.iter().all(Result::is_ok));
    }

    /// Looks once; whether it is done.
    async fn looked_once(future: &mut (impl Future + Unpin)) -> bool {
        let done = std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_ready())
        })
        .await;
        tokio::time::sleep(Duration::from_micros(200)).await;
        done
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_open_a_new_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}/new.db", folder.path().display());
        let opening: Vec<_> = (0..8)
            .map(|_| {
                let address = address.clone();
                tokio::spawn(async move { Store::open(&address).await })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap().unwrap().ping().await.unwrap();
        }
    }
}
