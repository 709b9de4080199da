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
            _ => None,
        }
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
            // PostgreSQL: serialisation failure, deadlock; too many connections
            Some("40001" | "40P01" | "53300") => Self::Transient(error),
            // PostgreSQL: lock not available
            Some("55P03") => Self::Locked,
            Some(code) if is_broken(code) => Self::Transient(error),
            // PostgreSQL: a statement took longer than it may
            Some("57014") => Self::TooLong(error),
            // PostgreSQL: the encoding is valid UTF-8 wherever it comes from, so it is the NUL
            Some("22021") => Self::BadText,
            // SQLite: busy and locked, with their extended forms in the upper bytes
            Some(code) if code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)) && code.len() <= 4 => {
                Self::Transient(error)
            }
            _ => Self::Database(error),
        }
    }
}
