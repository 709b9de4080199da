//! Furnishing the house from its configuration: database, sandbox, clocks, secret.

use crate::config::Config;
use posthouse_app::clock::{SystemClock, SystemEntropy};
use posthouse_app::{App, ClockKind, Parts, Store, StoreError, database};
use posthouse_domain::time::{FixedClock, ManualClock, parse_instant};
use posthouse_domain::{Clock, Entropy, Instant, Words, words};
use posthouse_engine::{Draws, Engine, EngineConfig};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the house cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HouseError {
    /// The database cannot be opened.
    #[error("{}", words!("the database {address} cannot be opened: {problem}", "数据库 {address} 无法打开：{problem}", address = .address, problem = .problem))]
    Database {
        /// Without its password.
        address: String,
        /// What the engine says.
        problem: Words,
    },
    /// There is no room on its disk to open it.
    #[error("{}", words!("the database {address} cannot be opened: its disk is full or does not take what is written: {problem}; make room and start again", "数据库 {address} 无法打开：磁盘已满或无法写入：{problem}；请腾出空间后重新启动", address = .address, problem = .problem))]
    Full {
        /// Without its password.
        address: String,
        /// What the engine says.
        problem: String,
    },
    /// Another server serves the same embedded database.
    #[error("{}", words!("another server runs on the database {address}; SQLite takes one, stop it first, or use PostgreSQL for several hosts", "已有服务器在使用数据库 {address}；SQLite 只支持一个，请先停止它，多台主机请用 PostgreSQL", address = .0))]
    InUse(String),
    /// The sandbox cannot be set up.
    #[error(transparent)]
    Engine(#[from] posthouse_engine::EngineError),
    /// The program does not know where it is.
    #[error("{}", words!("the server's own program cannot be found, so workbooks cannot be read: {problem}", "找不到服务器自己的程序，无法读取工作簿：{problem}", problem = .0))]
    Program(#[from] std::io::Error),
    /// What proves to a provider of sign-ins who this server is cannot be read.
    #[error("{}", words!("oidc.client-secret-file {path} cannot be read: {problem}", "oidc.client-secret-file {path} 无法读取：{problem}", path = .path.display(), problem = .problem))]
    ClientSecret {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        problem: std::io::Error,
    },
    /// The clock is not understood.
    #[error("{}", words!("clock {text:?} is not understood; use system, or fixed: or manual: and an instant as in fixed:2026-01-15T10:00:00Z or manual:2026-01-15", "时钟 {text:?} 无法识别；请用 system，或 fixed:、manual: 加时刻，如 fixed:2026-01-15T10:00:00Z 或 manual:2026-01-15", text = .0))]
    Clock(String),
    /// The secret cannot be read or made.
    #[error("{}", words!("the secret {path}: {problem}", "密钥 {path}：{problem}", path = .path.display(), problem = .problem))]
    Secret {
        /// Where it is, or the variable that should hold it.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// Why a database cannot be opened or looked at.
pub(crate) fn database_problem(error: &StoreError) -> Words {
    match error {
        StoreError::Address(address) => words!(
            "database address {address:?} is not understood; use sqlite:PATH or postgres://USER@HOST/NAME",
            "数据库地址 {address:?} 无法识别；请写成 sqlite:PATH 或 postgres://USER@HOST/NAME"
        ),
        StoreError::Transient(problem) => words!(
            "the database is busy or out of reach: {problem}",
            "数据库忙或无法连接：{problem}"
        ),
        StoreError::Migration(problem) => words!(
            "the database could not be migrated: {problem}",
            "数据库无法升级：{problem}"
        ),
        other => Words::same(other.to_string()),
    }
}

/// Opens the database and brings its tables up to date.
///
/// # Errors
/// A database that cannot be reached or migrated.
pub(crate) async fn open_store(config: &Config) -> Result<Store, HouseError> {
    Store::open_with(&config.database, config.database_connections)
        .await
        .map_err(|error| match error {
            StoreError::Full(problem) => HouseError::Full {
                address: config.database_shown(),
                problem,
            },
            error => HouseError::Database {
                address: config.database_shown(),
                problem: database_problem(&error),
            },
        })
}

/// Has this process alone serve an embedded database: what a server keeps in memory is wrong once another one writes. Held until it is dropped;
/// nothing for a database on a server, which any number of hosts share.
///
/// # Errors
/// [`HouseError::InUse`].
pub(crate) fn serve_alone(config: &Config) -> Result<Option<File>, HouseError> {
    let Some(file) = config.embedded_file() else {
        return Ok(None);
    };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // where it cannot be made, whoever opens the database says so
        let _ = std::fs::create_dir_all(folder);
    }
    let mut beside = std::fs::canonicalize(file)
        .unwrap_or_else(|_| file.to_owned())
        .into_os_string();
    beside.push(".serving");
    let lock = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&beside);
    match lock.map(|lock| (lock.try_lock(), lock)) {
        Ok((Ok(()), lock)) => Ok(Some(lock)),
        Ok((Err(TryLockError::WouldBlock), _)) => Err(HouseError::InUse(config.database_shown())),
        // a file system without locks, or without room: nobody knows then, and whoever is alone shall not suffer for it
        Ok((Err(TryLockError::Error(error)), _)) | Err(error) => {
            tracing::warn!(%error, "it is not known whether another server runs on this database");
            Ok(None)
        }
    }
}

/// Opens everything. Background work has not begun.
///
/// # Errors
/// Whatever cannot be opened, and what to do about it.
pub(crate) async fn open(config: &Config) -> Result<App, HouseError> {
    open_at(config, clock(&config.clock)?, Some(config.in_data(Path::new("frames")))).await
}

/// Opens everything, with a business clock of the caller's, and a folder for saved frames or none.
///
/// # Errors
/// Whatever cannot be opened, and what to do about it.
pub(crate) async fn open_at(
    config: &Config,
    clock: Arc<dyn Clock>,
    frames: Option<PathBuf>,
) -> Result<App, HouseError> {
    let secret = secret(
        &config.in_data(&config.secret_file),
        std::env::var("POSTHOUSE_SECRET").ok().as_deref(),
    )?;
    let store = open_store(config).await?;
    warn_of_forgetting(config, &store).await?;
    let engine = Engine::new(EngineConfig {
        draws: Draws::of_secret(&secret),
        ..config.engine()?
    })?;
    tracing::info!(
        database = config.database_shown(),
        clock = config.clock,
        "server started"
    );
    let app = App::new(Parts {
        store,
        engine,
        clock,
        machine: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        secret,
        frames,
        workbooks: config.workbooks()?,
        private_webhooks: config.webhooks.allow_private,
        campaigns_in_force: config.campaigns.in_force,
        allowances: config.allowances(),
        provider: config.provider().map_err(|problem| HouseError::ClientSecret {
            path: config.in_data(&config.oidc.client_secret_file),
            problem,
        })?,
    });
    app.check_secret().await.map_err(|e| HouseError::Database {
        address: config.database_shown(),
        problem: Words::of(&e),
    })?;
    app.upkeep().bring_to_form().await.map_err(|e| HouseError::Database {
        address: config.database_shown(),
        problem: Words::of(&e),
    })?;
    Ok(app)
}

/// Says if the database server is set up to lose what it acknowledges.
async fn warn_of_forgetting(config: &Config, store: &Store) -> Result<(), HouseError> {
    let off = database::forgetful(store).await.map_err(|error| HouseError::Database {
        address: config.database_shown(),
        problem: database_problem(&error),
    })?;
    if !off.is_empty() {
        let settings = off.join(", ");
        tracing::warn!(
            settings,
            "PostgreSQL has these settings off: a power cut can take back what was acknowledged"
        );
    }
    Ok(())
}

/// The business clock.
///
/// # Errors
/// Anything but `system`, `fixed:INSTANT` and `manual:INSTANT`.
pub(crate) fn clock(text: &str) -> Result<Arc<dyn Clock>, HouseError> {
    if text == "system" {
        return Ok(Arc::new(SystemClock));
    }
    match text.split_once(':').map(|(how, at)| (how, instant(at))) {
        Some(("fixed", Some(at))) => Ok(Arc::new(FixedClock(at))),
        Some(("manual", Some(at))) => Ok(Arc::new(ManualClock::at(at))),
        _ => Err(HouseError::Clock(text.to_owned())),
    }
}

/// Which kind of clock this is.
pub(crate) fn clock_kind(text: &str) -> ClockKind {
    match text.split_once(':') {
        Some(("fixed", _)) => ClockKind::Fixed,
        Some(("manual", _)) => ClockKind::Manual,
        _ => ClockKind::System,
    }
}

/// An instant as in requests; without a zone it is UTC.
fn instant(text: &str) -> Option<Instant> {
    parse_instant(text, "UTC".parse().ok()?)
}

fn no_secret(path: &Path, problem: String) -> HouseError {
    HouseError::Secret {
        path: path.to_owned(),
        problem,
    }
}

/// The installation's secret, of the environment or of its file; `None` if neither is there.
///
/// # Errors
/// A secret that is not 64 hexadecimal digits, a file that cannot be read.
pub(crate) fn present_secret(path: &Path, environment: Option<&str>) -> Result<Option<[u8; 32]>, HouseError> {
    let read = |path: &Path, text: &str| {
        let mut secret = [0; 32];
        match hex::decode_to_slice(text.trim(), &mut secret) {
            Ok(()) => Ok(Some(secret)),
            Err(_) => Err(no_secret(
                path,
                words!(
                    "must be 64 hexadecimal digits; restore it from your backup, documents are sealed with it",
                    "应为 64 位十六进制数字；请从备份恢复，证件号由它加密"
                )
                .to_string(),
            )),
        }
    };
    if let Some(text) = environment {
        return read(Path::new("POSTHOUSE_SECRET"), text);
    }
    match std::fs::read_to_string(path) {
        Ok(text) => read(path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(no_secret(
            path,
            words!("cannot be read: {error}", "无法读取：{error}").to_string(),
        )),
    }
}

/// The installation's secret; a new one, written into its file, if there is none.
///
/// # Errors
/// As [`present_secret`], and a file that cannot be written.
fn secret(path: &Path, environment: Option<&str>) -> Result<[u8; 32], HouseError> {
    if let Some(secret) = present_secret(path, environment)? {
        return Ok(secret);
    }
    let mut secret = [0; 32];
    SystemEntropy.fill(&mut secret);
    match write_private(path, &format!("{}\n", hex::encode(secret))) {
        Ok(()) => {
            tracing::info!(path = %path.display(), "created a new secret; keep it with your backups");
            Ok(secret)
        }
        // another process made one at the same time: theirs counts
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => present_secret(path, None)?
            .ok_or_else(|| no_secret(path, words!("has disappeared again", "又不见了").to_string())),
        Err(error) => Err(no_secret(
            path,
            words!("cannot be written: {error}", "无法写入：{error}").to_string(),
        )),
    }
}

/// Writes a new file that only its owner may read. It appears whole or not at all.
///
/// # Errors
/// `AlreadyExists`, and what the system says.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // temporary files are made 0600
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map(drop).map_err(|e| e.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_in_every_spelling() {
        let at = |text: &str| clock(text).ok().map(|clock| clock.now());
        assert_eq!(at("fixed:2026-01-15T10:00:00+08:00"), at("fixed:2026-01-15T02:00:00Z"));
        assert_eq!(at("fixed:2026-01-15"), Some(1_768_435_200_000));
        assert_eq!(at("manual:2026-01-15"), Some(1_768_435_200_000));
        assert!(at("system").is_some_and(|now| now > 1_700_000_000_000));
        for bad in [
            "",
            "fixed",
            "fixed:",
            "fixed:soon",
            "manual:",
            "by hand:2026-01-15",
            "2026-01-15",
            "System",
        ] {
            assert!(clock(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret");
        let first = secret(&path, None).unwrap();
        assert_eq!(secret(&path, None).unwrap(), first);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(secret(&path, Some(&"07".repeat(32))).unwrap(), [7; 32]);
        std::fs::write(&path, "no").unwrap();
        assert!(
            secret(&path, None)
                .unwrap_err()
                .to_string()
                .contains("64 hexadecimal digits")
        );
    }
}
