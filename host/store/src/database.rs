//! How a database stands, found out by looking only.

use crate::{Result, Store, StoreError};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, FromRow};
use std::str::FromStr;
use uuid::Uuid;

/// Connections of a host to PostgreSQL unless it is told otherwise: twice as many as a small server has cores, and some for background work.
pub const CONNECTIONS: u32 = 16;

/// The tables of the embedded database.
pub(crate) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
/// The tables of a PostgreSQL database.
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseStatus {
    /// The file of the embedded database is not there yet.
    Missing,
    /// The database answers.
    There {
        /// Migrations that the next start will run, as in `2 segments`.
        pending: Vec<String>,
        /// Versions that were run and that this build does not have, or has otherwise: another build's database.
        unfit: Vec<i64>,
    },
}

#[derive(FromRow)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
}

/// Looks at a database without making, migrating or changing anything.
///
/// # Errors
/// An address that is not understood, a database that cannot be reached or read.
pub async fn status(address: &str) -> Result<DatabaseStatus> {
    const TABLES: &str = "SELECT version, checksum FROM _sqlx_migrations";
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        let mut connection = sqlx::postgres::PgConnectOptions::from_str(address)?
            .options([("default_transaction_read_only", "on")])
            .connect()
            .await?;
        let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut connection)
            .await?;
        let applied = if there {
            sqlx::query_as(TABLES).fetch_all(&mut connection).await?
        } else {
            Vec::new()
        };
        connection.close().await?;
        return Ok(compare(&POSTGRES, &applied));
    }
    if !address.starts_with("sqlite:") {
        return Err(StoreError::Address(address.to_owned()));
    }
    let options = looking(address)?;
    if !options.get_filename().exists() {
        return Ok(DatabaseStatus::Missing);
    }
    let mut connection = options.connect().await?;
    let there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'")
            .fetch_one(&mut connection)
            .await?;
    let applied = if there == 1 {
        sqlx::query_as(TABLES).fetch_all(&mut connection).await?
    } else {
        Vec::new()
    };
    connection.close().await?;
    Ok(compare(&SQLITE, &applied))
}

/// A row of an earlier build that shares its normal form with another one, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Clash {
    /// Short name of the agency.
    pub slug: String,
    /// An identity's kind, `booking` or `record`.
    pub kind: String,
    /// How it is written.
    pub was: String,
    /// Whose.
    pub customer_id: Uuid,
}

/// Rows that are looked at.
const MOST: usize = 1_000;

/// Rows of every agency, a thousand at most; nothing of a database whose tables are not up to date.
macro_rules! of_each_agency {
    ($address:expr, $rows:literal) => {{
        if !matches!(status($address).await?, DatabaseStatus::There { pending, .. } if pending.is_empty()) {
            return Ok(Vec::new());
        }
        if $address.starts_with("sqlite:") {
            let mut connection = looking($address)?.connect().await?;
            let found = sqlx::query_as($rows).fetch_all(&mut connection).await?;
            connection.close().await?;
            return Ok(found);
        }
        let mut connection = sqlx::postgres::PgConnectOptions::from_str($address)?.connect().await?;
        let mut all = Vec::new();
        // each agency by itself, as the wall between them asks
        let begin = |access| AssertSqlSafe(crate::dialect::postgres_begin(access, false));
        let mut tx = connection.begin_with(begin(crate::Access::Jobs)).await?;
        let agencies: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM agency ORDER BY slug")
            .fetch_all(&mut *tx)
            .await?;
        drop(tx);
        for agency in agencies {
            let mut tx = connection.begin_with(begin(crate::Access::Agency(agency))).await?;
            all.extend(sqlx::query_as($rows).fetch_all(&mut *tx).await?);
            if all.len() >= MOST {
                break;
            }
        }
        connection.close().await?;
        all.truncate(MOST);
        Ok(all)
    }};
}

/// Rows of earlier builds that share their normal forms, those of one form beside each other, a thousand at most; nothing of a database
/// whose tables are not up to date. It changes nothing.
///
/// # Errors
/// A database that cannot be reached or read.
pub async fn clashes(address: &str) -> Result<Vec<Clash>> {
    of_each_agency!(
        address,
        "SELECT a.slug, c.kind, c.was, c.customer_id FROM normal_form_clash c JOIN agency a ON a.id = c.agency_id
         WHERE c.kind NOT IN ('id_card', 'passport') ORDER BY a.slug, c.kind, c.form, c.was LIMIT 1000"
    )
}

/// A rule in force that does not decide as it should.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Trouble {
    /// Short name of the agency.
    pub slug: String,
    /// What it decides.
    pub extension_point: String,
    /// The agency's name for it.
    pub name: String,
    /// Why a host could not open its plugin when it last tried, in both languages as it is stored.
    pub unopened: Option<String>,
    /// Until when it is not asked, in ms since 1970 by the machine's clock.
    pub set_aside_until: Option<i64>,
    /// Since when it fails, in ms since 1970.
    pub stale_since: Option<i64>,
}

/// Rules in force that do not open, are not asked for a while, or fail, by agency, as [`clashes`] finds its rows. Those of campaigns only while these
/// run.
///
/// # Errors
/// A database that cannot be reached or read.
pub async fn troubles(address: &str) -> Result<Vec<Trouble>> {
    of_each_agency!(
        address,
        "SELECT a.slug, b.extension_point, b.name, p.unopened, b.set_aside_until, b.stale_since
         FROM binding b JOIN agency a ON a.id = b.agency_id
         JOIN binding_revision r ON r.agency_id = b.agency_id AND r.extension_point = b.extension_point AND r.name = b.name AND r.revision = b.revision
         JOIN plugin p ON p.agency_id = b.agency_id AND p.digest = r.digest
         LEFT JOIN campaign c ON c.agency_id = b.agency_id AND c.key = b.name AND b.extension_point = 'promotion'
         WHERE (b.extension_point <> 'promotion' OR c.state = 'running')
           AND (p.unopened IS NOT NULL OR b.set_aside_until IS NOT NULL OR b.stale_since IS NOT NULL)
         ORDER BY a.slug, b.extension_point, b.name LIMIT 1000"
    )
}

/// Settings of a PostgreSQL server that are off, although without them it acknowledges what a power cut takes back. On SQLite there are none:
/// there this program sets them.
///
/// # Errors
/// Failures of the database.
pub async fn forgetful(store: &Store) -> Result<Vec<String>> {
    let Store::Postgres(pool) = store else {
        return Ok(Vec::new());
    };
    let off = sqlx::query_scalar(
        "SELECT name FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name",
    );
    Ok(off.fetch_all(pool).await?)
}

/// How to look at the file of an embedded database.
fn looking(address: &str) -> Result<SqliteConnectOptions> {
    let options = SqliteConnectOptions::from_str(address)?
        .create_if_missing(false)
        .read_only(true);
    let mut journal = options.get_filename().as_os_str().to_owned();
    journal.push("-wal");
    // without a journal nobody has it open, and even a reader would leave one behind
    let alone = !std::path::Path::new(&journal).exists();
    Ok(options.immutable(alone))
}

fn compare(migrations: &Migrator, applied: &[Applied]) -> DatabaseStatus {
    let run = |version: i64| applied.iter().any(|row| row.version == version);
    let ours = |row: &Applied| {
        migrations
            .iter()
            .any(|migration| migration.version == row.version && *migration.checksum == *row.checksum)
    };
    DatabaseStatus::There {
        pending: migrations
            .iter()
            .filter(|migration| !run(migration.version))
            .map(|migration| format!("{} {}", migration.version, migration.description))
            .collect(),
        unfit: applied.iter().filter(|row| !ours(row)).map(|row| row.version).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.unwrap().path();
            (path.display().to_string(), std::fs::read(path).unwrap())
        };
        std::fs::read_dir(folder).unwrap().map(read).collect()
    }

    const CURRENT: DatabaseStatus = DatabaseStatus::There {
        pending: Vec::new(),
        unfit: Vec::new(),
    };

    #[tokio::test]
    async fn a_file_is_looked_at_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.db");
        let address = format!("sqlite:{}", file.display());
        assert_eq!(status(&address).await.unwrap(), DatabaseStatus::Missing);
        assert!(files(folder.path()).is_empty(), "looking makes nothing");
        std::fs::write(&file, "").unwrap();
        let DatabaseStatus::There { pending, unfit } = status(&address).await.unwrap() else {
            panic!("the file is there");
        };
        assert_eq!((pending.len(), unfit.len()), (SQLITE.iter().count(), 0));
        assert_eq!(std::fs::read(&file).unwrap(), b"", "nothing was migrated");
        assert_eq!(files(folder.path()).len(), 1, "nothing lies beside it");

        let store = Store::open(&address).await.unwrap();
        assert_eq!(status(&address).await.unwrap(), CURRENT, "beside a server");
        store.close().await;
        let before = files(folder.path());
        assert_eq!(status(&address).await.unwrap(), CURRENT);
        assert!(files(folder.path()) == before, "nothing is left beside it");
    }

    #[tokio::test]
    async fn another_builds_database_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("later.db").display());
        Store::open(&address).await.unwrap().close().await;
        let mut connection = SqliteConnectOptions::from_str(&address)
            .unwrap()
            .connect()
            .await
            .unwrap();
        sqlx::query("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let DatabaseStatus::There { pending, unfit } = status(&address).await.unwrap() else {
            panic!("the file is there");
        };
        assert_eq!((pending.len(), unfit), (1, vec![9000]));
    }

    #[tokio::test]
    async fn a_server_is_looked_at_and_left_as_it_is() {
        let address = posthouse_tests::postgres::database();
        for _ in 0..2 {
            let DatabaseStatus::There { pending, .. } = status(&address).await.unwrap() else {
                panic!("the database is there");
            };
            assert_eq!(pending.len(), POSTGRES.iter().count(), "nothing was migrated");
        }
        Store::open(&address).await.unwrap().close().await;
        assert_eq!(status(&address).await.unwrap(), CURRENT);
    }
}
