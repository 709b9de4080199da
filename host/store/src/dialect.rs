//! What differs between the two engines, each difference by its name.

use crate::{Result, Store, StoreError, Tx};

/// Most parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
pub const MOST_PARAMETERS: usize = 30_000;

/// Most rows of a statement on SQLite: more would save little and take memory as long as it stays prepared.
pub(crate) const MOST_ROWS: usize = 256;

/// These rows, and absent ones up to the next power of two, so that a statement has few texts and each of them stays prepared.
pub(crate) fn filled_up<T>(rows: &[T]) -> Vec<Option<&T>> {
    let mut filled: Vec<Option<&T>> = rows.iter().map(Some).collect();
    filled.resize(rows.len().next_power_of_two(), None);
    filled
}

/// Begins a transaction that writes. SQLite takes its one write lock at once, so that no transaction has to be undone because
/// it read before it wrote.
pub(crate) const SQLITE_BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// What a PostgreSQL server does to know soon that a host is gone: after 25 s it ends the session, and with it what that holds.
pub(crate) const KEEPALIVES: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25000"),
];

/// How long a transaction may do nothing while others wait for what it has locked. A host that is frozen in one is given up then; one that only
/// computes between two statements is much faster, or says that it is there ([`awake`]).
const IDLE_MILLIS: u32 = 1_200;
/// How long a statement waits for a lock before its transaction begins again. A row is waited for in two queues, so whoever waits is gone after
/// twice this time: before a frozen host's transaction is given up, so that none of its others comes into what that had locked.
pub const LOCK_MILLIS: u32 = 400;
/// How long a statement may take: as long as requests do.
const STATEMENT_MILLIS: u32 = 120_000;

/// The text that begins a PostgreSQL transaction: its limits, a plain role, and the agency whose rows it may see. `agency` is a UUID and
/// needs no quoting.
pub(crate) fn postgres_begin(access: crate::Access, write: bool) -> String {
    let (mode, limits) = if write {
        let limits = format!(
            "; SET LOCAL idle_in_transaction_session_timeout = {IDLE_MILLIS}; SET LOCAL lock_timeout = {LOCK_MILLIS}"
        );
        ("", limits)
    } else {
        (" ISOLATION LEVEL REPEATABLE READ READ ONLY", String::new())
    };
    let begin = format!("BEGIN{mode}; SET LOCAL statement_timeout = {STATEMENT_MILLIS}{limits}; SET LOCAL ROLE");
    match access {
        crate::Access::Agency(agency) => {
            format!("{begin} posthouse_agency; SELECT set_config('posthouse.agency', '{agency}', true)")
        }
        crate::Access::Jobs => format!("{begin} posthouse_jobs"),
    }
}

/// Does something that takes long and needs no database, with a transaction open: meanwhile the server hears now and then that this host is there,
/// and would give the transaction up if it were not.
///
/// # Errors
/// Failures of the database.
pub async fn awake<R>(tx: &mut Tx, work: impl Future<Output = R>) -> Result<R> {
    let Tx::Postgres(c) = tx else {
        return Ok(work.await);
    };
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = tokio::time::sleep(std::time::Duration::from_millis(u64::from(IDLE_MILLIS / 4))) => {}
        }
        sqlx::query("SELECT 1").execute(&mut **c).await?;
    }
}

/// Tells the other hosts on the same database that something happened, when the transaction commits. On SQLite there are none.
///
/// # Errors
/// Failures of the database.
pub async fn notify(tx: &mut Tx, agency: uuid::Uuid) -> Result<()> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(c) => sqlx::query("SELECT pg_notify('posthouse', $1)")
            .bind(agency.to_string())
            .execute(&mut **c)
            .await
            .map(drop)
            .map_err(StoreError::from),
    }
}

/// Calls `heard` with each agency for which any host, this one included, committed a [`notify`], and once with `None` as soon as it
/// listens: whatever was committed before was not heard. Returns when the connection is lost. On SQLite it waits for ever.
///
/// # Errors
/// Failures of the database.
pub async fn listen(store: &Store, heard: impl Fn(Option<uuid::Uuid>)) -> Result<()> {
    match store {
        Store::Sqlite { .. } => std::future::pending().await,
        Store::Postgres(pool) => {
            let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
            listener.listen("posthouse").await?;
            heard(None);
            // unlike `recv`, this does not pass over a lost connection in silence
            while let Some(news) = listener.try_recv().await? {
                if let Ok(agency) = news.payload().parse() {
                    heard(Some(agency));
                }
            }
            Ok(())
        }
    }
}

/// What time it is for the server of the database, in ms since 1970. The embedded database has the clock of its host, and `None`.
///
/// # Errors
/// Failures of the database.
pub async fn server_time(store: &Store) -> Result<Option<i64>> {
    let Store::Postgres(pool) = store else {
        return Ok(None);
    };
    let time = sqlx::query_scalar("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");
    Ok(Some(time.fetch_one(pool).await?))
}

/// Whether the database belongs to this process alone.
pub fn is_embedded(store: &Store) -> bool {
    matches!(store, Store::Sqlite { .. })
}
