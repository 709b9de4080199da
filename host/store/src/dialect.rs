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

/// What hosts tell each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Something was committed for an agency.
    Committed(uuid::Uuid),
    /// A plugin was let in for an agency; its digest.
    LetIn(uuid::Uuid, String),
}

impl News {
    fn text(&self) -> String {
        match self {
            Self::Committed(agency) => agency.to_string(),
            Self::LetIn(agency, digest) => format!("{agency} {digest}"),
        }
    }

    /// What another version says may mean nothing.
    fn read(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => text.parse().ok().map(Self::Committed),
            Some((agency, digest)) => Some(Self::LetIn(agency.parse().ok()?, digest.to_owned())),
        }
    }
}

/// Tells the other hosts on the same database that something happened, when the transaction commits. On SQLite there are none.
///
/// # Errors
/// Failures of the database.
pub async fn notify(tx: &mut Tx, agency: uuid::Uuid) -> Result<()> {
    tell(tx, &News::Committed(agency)).await
}

/// Tells the other hosts on the same database this, when the transaction commits. On SQLite there are none.
///
/// # Errors
/// Failures of the database.
pub async fn tell(tx: &mut Tx, news: &News) -> Result<()> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(c) => sqlx::query("SELECT pg_notify('posthouse', $1)")
            .bind(news.text())
            .execute(&mut **c)
            .await
            .map(drop)
            .map_err(StoreError::from),
    }
}

/// By which clock a host goes. Hosts of one database go by clocks of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's.
    System,
    /// One that stands still.
    Fixed,
    /// One that is moved by hand.
    Manual,
}

impl ClockKind {
    const ALL: [Self; 3] = [Self::System, Self::Fixed, Self::Manual];

    /// The name by which a server is told to go by it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Fixed => "fixed",
            Self::Manual => "manual",
        }
    }
}

/// The first half of the keys of locks that say by which clock a host goes; the second is the kind.
const CLOCKS: i32 = 0x706f_7374;

/// A host's ear: a connection of its own, on which it hears what hosts commit. As long as it lasts, the others see by which clock this host goes.
#[derive(Debug)]
pub struct Ear(sqlx::postgres::PgListener);

/// Begins to hear what hosts commit, this one included, and says by which clock this one goes. `None` on SQLite, where there is nobody else.
///
/// # Errors
/// Failures of the database.
pub async fn listen(store: &Store, clock: ClockKind) -> Result<Option<Ear>> {
    let Store::Postgres(pool) = store else {
        return Ok(None);
    };
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
    // nobody asks for these locks otherwise than to share them
    sqlx::query("SELECT pg_advisory_lock_shared($1, $2)")
        .bind(CLOCKS)
        .bind(clock as i32)
        .execute(&mut listener)
        .await?;
    listener.listen("posthouse").await?;
    Ok(Some(Ear(listener)))
}

impl Ear {
    /// The next news; `None` when the connection is lost, and with it whatever was told meanwhile.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn hear(&mut self) -> Result<Option<News>> {
        // unlike `recv`, this does not pass over a lost connection in silence
        while let Some(told) = self.0.try_recv().await? {
            if let Some(news) = News::read(told.payload()) {
                return Ok(Some(news));
            }
        }
        Ok(None)
    }

    /// Hears no more, and says no more by which clock this host goes.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn leave(mut self) -> Result<()> {
        // the connection goes back to where it came from
        sqlx::query("SELECT pg_advisory_unlock_all()")
            .execute(&mut self.0)
            .await?;
        Ok(())
    }
}

/// Clocks by which other hosts of the database go and this one does not.
///
/// # Errors
/// Failures of the database.
pub async fn other_clocks(store: &Store, own: ClockKind) -> Result<Vec<ClockKind>> {
    let Store::Postgres(pool) = store else {
        return Ok(Vec::new());
    };
    let kinds: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT CAST(objid AS BIGINT) FROM pg_locks
         WHERE locktype = 'advisory' AND objsubid = 2 AND CAST(classid AS BIGINT) = $1
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(i64::from(CLOCKS))
    .fetch_all(pool)
    .await?;
    let others = ClockKind::ALL
        .into_iter()
        .filter(|kind| *kind != own && kinds.contains(&i64::from(*kind as i32)));
    Ok(others.collect())
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
