//! What can go wrong below the use-cases.

use crate::unique::UniqueKey;

/// A failure of the database or of what it holds.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database address names neither engine.
    #[error("database address {0:?} is not understood; use sqlite:PATH or postgres://USER@HOST/NAME")]
    Address(String),
    /// A unique key already has this value; which one is for [`StoreError::is_duplicate_of`].
    #[error("{constraint} already has this value")]
    Duplicate {
        /// Constraint or column, as the engine names it.
        constraint: String,
    },
    /// Lost against a concurrent transaction, or the database is out of reach for a moment; worth trying again.
    #[error("the database is busy or out of reach: {0}")]
    Transient(sqlx::Error),
    /// Another transaction holds what this one needs, and has not let go of it for a while; worth waiting for again, from the beginning.
    #[error("another transaction holds what this one needs")]
    Locked,
    /// No connection came free in time. To ask again at once makes it worse.
    #[error("the database has more to do than it can")]
    Overloaded,
    /// A statement took longer than it may. It may do so again.
    #[error("a statement took too long: {0}")]
    TooLong(sqlx::Error),
    /// The connection was lost while the transaction ended: it was committed or undone, and nobody here knows which.
    #[error("the connection to the database was lost at the end of a transaction, which was perhaps committed: {0}")]
    InDoubt(sqlx::Error),
    /// The disk is full, or does not take what is written to it. Nothing of the transaction was, and to ask again at once does not help.
    #[error("the disk is full or cannot be written to: {0}")]
    Full(String),
    /// Another host changed the same thing first; worth trying again.
    #[error("another host was first")]
    Overtaken,
    /// More would come back to an account of the ledger than was used of it.
    #[error("more would come back than was used")]
    Unbacked,
    /// A text has a NUL character, which PostgreSQL does not keep.
    #[error("the text has a NUL character; leave it out")]
    BadText,
    /// Migrations do not fit the database.
    #[error("the database could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored document cannot be read back.
    #[error("stored {what} cannot be read: {problem}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it failed.
        problem: String,
    },
    /// Anything else the engine reports.
    #[error("database: {0}")]
    Database(sqlx::Error),
}

impl StoreError {
    /// Whether this unique key, and no other, has the value already.
    pub fn is_duplicate_of(&self, key: UniqueKey) -> bool {
        matches!(self, Self::Duplicate { constraint } if key.is(constraint))
    }

    /// Whether the same transaction may succeed when tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::Locked | Self::Overtaken)
    }

    /// What became of a transaction is not known, as whoever was to commit it is gone.
    pub fn left_in_doubt() -> Self {
        Self::InDoubt(sqlx::Error::WorkerCrashed)
    }

    /// The same for each of those whose work was in the transaction, if none of them would fare better alone.
    pub fn for_all(&self) -> Option<Self> {
        match self {
            Self::InDoubt(_) => Some(Self::left_in_doubt()),
            Self::Overloaded => Some(Self::Overloaded),
            Self::Locked => Some(Self::Locked),
            Self::Full(said) => Some(Self::Full(said.clone())),
            _ => None,
        }
    }

    /// What it means that a file beside the database could not be written, if its disk is full or broken.
    pub fn of_file(error: &std::io::Error) -> Option<Self> {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let is_full = matches!(
            error.kind(),
            StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem
        );
        // what a broken disk says has no kind of its own
        (is_full || error.raw_os_error() == Some(INPUT_OUTPUT)).then(|| Self::Full(error.to_string()))
    }

    /// What the failure of a commit means.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        let lost = match &error {
            // of a session that was ended for idling it is known that nothing was committed
            sqlx::Error::Database(reported) => reported.code().is_some_and(|code| is_broken(&code) && code != "25P03"),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
            _ => false,
        };
        if lost { Self::InDoubt(error) } else { error.into() }
    }

    /// A stored document that cannot be read back.
    pub fn corrupt(what: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |error| Self::Corrupt {
            what,
            problem: error.to_string(),
        }
    }
}

/// Whether PostgreSQL says with this code that the connection is broken, or that it ends it.
fn is_broken(code: &str) -> bool {
    code.len() == 5 && (code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "25P03"))
}

/// A code of SQLite's. Those of PostgreSQL have five characters.
fn of_sqlite(code: &str) -> Option<u32> {
    code.parse().ok().filter(|_| code.len() <= 4)
}

/// `EIO`, on every system this runs on.
const INPUT_OUTPUT: i32 = 5;

/// Whether SQLite says with this code that what it wrote was not taken: no room, a file system that has become read-only, an input or output
/// error of a write, a sync, a truncation, or of the index of its log, which is a file as well. Beyond a quota or the longest file
/// it is an error of a write.
fn was_not_taken(code: u32) -> bool {
    const NO_ROOM: u32 = 13;
    const READ_ONLY: u32 = 8;
    const INDEX_OPEN: u32 = 10 | 18 << 8;
    const INDEX_SIZE: u32 = 10 | 19 << 8;
    const WRITE: u32 = 10 | 3 << 8;
    const SYNC: u32 = 10 | 4 << 8;
    const FOLDER_SYNC: u32 = 10 | 5 << 8;
    const TRUNCATE: u32 = 10 | 6 << 8;
    matches!(code & 0xff, NO_ROOM | READ_ONLY)
        || matches!(code, WRITE | SYNC | FOLDER_SYNC | TRUNCATE | INDEX_OPEN | INDEX_SIZE)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let Some(reported) = error.as_database_error() else {
            return match error {
                sqlx::Error::PoolTimedOut => Self::Overloaded,
                // a server that goes away in the middle of a greeting breaks the protocol
                sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_) => Self::Transient(error),
                _ => Self::Database(error),
            };
        };
        if reported.is_unique_violation() {
            let constraint = reported
                .constraint()
                .map_or_else(|| reported.message().to_owned(), str::to_owned);
            return Self::Duplicate { constraint };
        }
        match reported.code().as_deref() {
            // PostgreSQL: serialisation failure, deadlock; too little of what it needs, memory, too many connections
            Some("40001" | "40P01" | "53000" | "53200" | "53300") => Self::Transient(error),
            // PostgreSQL: lock not available
            Some("55P03") => Self::Locked,
            // PostgreSQL: no room on its disk; input or output error
            Some("53100" | "58030") => Self::Full(error.to_string()),
            Some(code) if is_broken(code) => Self::Transient(error),
            // PostgreSQL: a statement took longer than it may
            Some("57014") => Self::TooLong(error),
            // PostgreSQL: the encoding is valid UTF-8 wherever it comes from, so it is the NUL
            Some("22021") => Self::BadText,
            // SQLite: busy and locked, with their extended forms in the upper bytes
            Some(code) if of_sqlite(code).is_some_and(|code| matches!(code & 0xff, 5 | 6)) => Self::Transient(error),
            Some(code) if of_sqlite(code).is_some_and(was_not_taken) => Self::Full(error.to_string()),
            _ => Self::Database(error),
        }
    }
}
