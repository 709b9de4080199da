//! The configuration: defaults, then `posthouse.toml`, then the environment, then flags. Every knob is written out with its reason
//! in `posthouse.toml` at the root of the repository; a test keeps that file and these defaults the same.

mod check;
mod keys;
mod oidc;

pub(crate) use keys::strange_variables;
pub(crate) use oidc::Oidc;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use posthouse_app::intake::files::workbook::Workbooks;
use posthouse_app::{Allowances, ChildLimits};
use posthouse_domain::{Words, words};
use posthouse_engine::{ChildCompiler, EngineConfig, Limits};
use posthouse_web::Http;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the configuration is looked for unless a path is given.
pub(crate) const FILE: &str = "posthouse.toml";
/// Everything an operator can set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Config {
    /// Address and port to listen on; port 0 takes a free one.
    pub(crate) listen: String,
    /// Address and port of `/metrics` alone; empty for none of its own.
    pub(crate) metrics_listen: String,
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME`.
    pub(crate) database: String,
    /// Connections of this host to PostgreSQL.
    pub(crate) database_connections: u32,
    /// `system`, or `fixed:INSTANT` or `manual:INSTANT` for trials and tests.
    pub(crate) clock: String,
    /// Folder of everything that is not in the database.
    pub(crate) data: PathBuf,
    /// Compiled plugins; relative to `data`.
    pub(crate) cache: PathBuf,
    /// Bytes of all compiled plugins.
    pub(crate) cache_bytes: u64,
    /// Bytes that stay free on the disk.
    pub(crate) disk_reserve_bytes: u64,
    /// The installation's secret; relative to `data`.
    pub(crate) secret_file: PathBuf,
    /// Requests.
    pub(crate) http: Http,
    /// Files.
    pub(crate) imports: Imports,
    /// Logs.
    pub(crate) log: Log,
    /// The sandbox.
    pub(crate) plugins: Plugins,
    /// Where webhooks may lead.
    pub(crate) webhooks: Webhooks,
    /// How many campaigns there may be.
    pub(crate) campaigns: Campaigns,
    /// A provider by which people may sign in.
    pub(crate) oidc: Oidc,
}

/// What reading a workbook may use. It happens in a process of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Imports {
    /// Address space, in bytes.
    pub(crate) workbook_memory_bytes: u64,
    /// Processor time, in seconds.
    pub(crate) workbook_cpu_seconds: u64,
    /// Seconds until the next row.
    pub(crate) workbook_silence_seconds: u64,
    /// Imports of an agency that are not over.
    pub(crate) under_way: u32,
    /// Bytes of their files.
    pub(crate) under_way_bytes: u64,
    /// Rejected rows of an import that are kept.
    pub(crate) rejected_rows: u32,
    /// Bytes of them, beside as many as the file has.
    pub(crate) rejected_bytes: u64,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Log {
    /// How lines are written.
    pub(crate) format: LogFormat,
    /// Which lines, in `tracing`'s filter language.
    pub(crate) filter: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Plugins {
    /// Threads that the rules of one agency run on at a time; 0 means one per core.
    pub(crate) threads: usize,
    /// Uploads that may wait for the compiler; further ones are told to come back.
    pub(crate) compile_queue: usize,
    /// Revisions of an agency.
    pub(crate) revisions: u32,
    /// Bytes of an agency's revisions.
    pub(crate) stored_bytes: u64,
    /// Days for which lines that rules log are kept.
    pub(crate) log_days: u32,
    /// Address space of a process that compiles, in bytes.
    pub(crate) compile_memory_bytes: u64,
    /// Its processor time, in seconds.
    pub(crate) compile_cpu_seconds: u64,
    /// Seconds to wait for it.
    pub(crate) compile_silence_seconds: u64,
    /// Machine code of one component, in bytes.
    pub(crate) compile_code_bytes: u64,
    /// What a plugin may use.
    pub(crate) limits: Limits,
}

/// Where webhooks may lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Webhooks {
    /// Also to this machine and its network, and without TLS.
    pub(crate) allow_private: bool,
}

/// How many campaigns there may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Campaigns {
    /// Most of an agency that run or are paused.
    pub(crate) in_force: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7300".into(),
            metrics_listen: String::new(),
            database: "sqlite:data/posthouse.db".into(),
            database_connections: posthouse_app::database::CONNECTIONS,
            clock: "system".into(),
            data: "data".into(),
            cache: "cache".into(),
            cache_bytes: 512 << 20,
            disk_reserve_bytes: 256 << 20,
            secret_file: "secret".into(),
            http: Http::default(),
            imports: Imports {
                workbook_memory_bytes: 1 << 30,
                workbook_cpu_seconds: 300,
                workbook_silence_seconds: 120,
                under_way: 20,
                under_way_bytes: 2 << 30,
                rejected_rows: 100_000,
                rejected_bytes: 1 << 20,
            },
            log: Log {
                format: LogFormat::Auto,
                filter: "info".into(),
            },
            plugins: Plugins {
                threads: 0,
                compile_queue: 8,
                revisions: 500,
                stored_bytes: 256 << 20,
                log_days: 90,
                compile_memory_bytes: 256 << 20,
                compile_cpu_seconds: 20,
                compile_silence_seconds: 120,
                compile_code_bytes: 32 << 20,
                limits: Limits::default(),
            },
            webhooks: Webhooks { allow_private: false },
            campaigns: Campaigns { in_force: 500 },
            oidc: Oidc::default(),
        }
    }
}

/// What flags say; they win.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Flags {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics_listen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<String>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file that was named is not there.
    #[error("{}", words!("there is no configuration file {path}; leave --config out to use defaults", "没有配置文件 {path}；不加 --config 即用默认值", path = .0.display()))]
    Missing(PathBuf),
    /// A value is not of its kind, or the file is no TOML.
    #[error("{}", keys::explained(.0))]
    Figment(Box<figment::Error>),
    /// The file sets what is no setting.
    #[error("{}: {}", .file.display(), .problems.join("; "))]
    Unknown {
        /// The file.
        file: PathBuf,
        /// One for each unknown key, with what may have been meant.
        problems: Vec<String>,
    },
    /// A value makes no sense.
    #[error("{}", words!("{setting} = {value}: {problem}", "{setting} = {value}：{problem}", setting = .setting, value = .value, problem = .problem))]
    Value {
        /// Which.
        setting: &'static str,
        /// As given.
        value: String,
        /// What would make sense.
        problem: Words,
    },
}

/// All sources in their order. `file` must exist when it is given; `posthouse.toml` need not.
pub(crate) fn figment(file: Option<&Path>, flags: &Flags) -> Result<Figment, ConfigError> {
    if let Some(file) = file.filter(|file| !file.is_file()) {
        return Err(ConfigError::Missing(file.to_owned()));
    }
    let known = keys::known();
    let mut sources = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = file.or(Some(Path::new(FILE)).filter(|file| file.is_file())) {
        keys::check(file, &known)?;
        sources = sources.merge(Toml::file_exact(file));
    }
    Ok(sources
        .merge(keys::environment(known))
        .merge(Serialized::defaults(flags)))
}

impl Config {
    /// Reads every source.
    ///
    /// # Errors
    /// What is not understood, with its place.
    pub(crate) fn load(file: Option<&Path>, flags: &Flags) -> Result<Self, ConfigError> {
        let config: Self = figment(file, flags)?
            .extract()
            .map_err(|e| ConfigError::Figment(Box::new(e)))?;
        config.check()?;
        Ok(config)
    }

    /// How to set up the sandbox.
    ///
    /// # Errors
    /// A program that cannot be found.
    pub(crate) fn engine(&self) -> std::io::Result<EngineConfig> {
        let compiler = ChildCompiler {
            program: own_program()?,
            limits: ChildLimits {
                memory_bytes: self.plugins.compile_memory_bytes,
                cpu_seconds: self.plugins.compile_cpu_seconds,
                silence_seconds: self.plugins.compile_silence_seconds,
            },
            code_bytes: self.plugins.compile_code_bytes,
        };
        Ok(EngineConfig {
            limits: self.plugins.limits.clone(),
            cache_dir: Some(self.in_data(&self.cache)),
            cache_bytes: self.cache_bytes,
            spared_bytes: self.disk_reserve_bytes,
            threads: self.plugins.threads,
            compile_queue: self.plugins.compile_queue,
            compiler: Some(compiler),
            ..EngineConfig::default()
        })
    }

    /// The file of an embedded database.
    pub(crate) fn embedded_file(&self) -> Option<&Path> {
        let rest = self.database.strip_prefix("sqlite:")?;
        let path = rest.strip_prefix("//").unwrap_or(rest).split('?').next()?;
        Some(Path::new(path))
    }

    /// How much room things may take.
    pub(crate) fn allowances(&self) -> Allowances {
        let folder = self
            .embedded_file()
            .and_then(Path::parent)
            .map(|folder| match folder.as_os_str() {
                here if here.is_empty() => Path::new("."),
                _ => folder,
            });
        Allowances {
            disk_reserve: self.disk_reserve_bytes,
            database_folder: folder.map(Path::to_owned),
            plugin_revisions: self.plugins.revisions,
            plugin_bytes: self.plugins.stored_bytes,
            log_days: self.plugins.log_days,
            imports: self.imports.under_way,
            import_bytes: self.imports.under_way_bytes,
            rejected_rows: self.imports.rejected_rows,
            rejected_bytes: self.imports.rejected_bytes,
        }
    }

    /// How workbooks are read: by this program itself, in a process of its own.
    ///
    /// # Errors
    /// A program that cannot be found.
    pub(crate) fn workbooks(&self) -> std::io::Result<Workbooks> {
        let limits = ChildLimits {
            memory_bytes: self.imports.workbook_memory_bytes,
            cpu_seconds: self.imports.workbook_cpu_seconds,
            silence_seconds: self.imports.workbook_silence_seconds,
        };
        Ok(Workbooks::new(own_program()?, self.in_data("uploads".as_ref()), limits))
    }

    /// A path below the data folder, unless it is absolute.
    pub(crate) fn in_data(&self, path: &Path) -> PathBuf {
        self.data.join(path)
    }

    /// The database's address without its password.
    pub(crate) fn database_shown(&self) -> String {
        hide_password(&self.database)
    }
}

/// The program that runs; on Linux the very one, even after an upgrade has put another in its place.
fn own_program() -> std::io::Result<PathBuf> {
    let program = Path::new("/proc/self/exe");
    if program.exists() {
        Ok(program.to_owned())
    } else {
        std::env::current_exe()
    }
}

/// `postgres://user:secret@host/db` as `postgres://user:***@host/db`, and `password=secret` as `password=***`.
pub(crate) fn hide_password(address: &str) -> String {
    let mut pieces = address.split("password=");
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.find('&').map_or("", |end| &piece[end..]);
        shown = format!("{shown}password=***{rest}");
    }
    let Some((scheme, rest)) = shown.split_once("://") else {
        return shown;
    };
    match rest
        .rsplit_once('@')
        .and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
    {
        Some((user, host)) => format!("{scheme}://{user}:***@{host}"),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::value::Dict;

    fn defaults() -> Dict {
        Figment::from(Serialized::defaults(Config::default()))
            .extract()
            .unwrap()
    }

    /// Settings stand behind a `#` without a space, explanations behind one with a space.
    fn uncommented() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../posthouse.toml");
        let text = std::fs::read_to_string(path).unwrap();
        let setting = |line: &str| {
            line.strip_prefix('#')
                .filter(|rest| !rest.starts_with(' '))
                .unwrap_or(line)
                .to_owned()
        };
        text.lines().map(|line| setting(line) + "\n").collect()
    }

    #[test]
    fn the_commented_file_says_the_defaults_and_nothing_else() {
        let written: Dict = Figment::from(Toml::string(&uncommented())).extract().unwrap();
        let (written, defaults) = (
            serde_json::to_value(written).unwrap(),
            serde_json::to_value(defaults()).unwrap(),
        );
        assert_eq!(written, defaults);
    }

    #[test]
    fn the_commented_file_sets_nothing_by_itself() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../posthouse.toml");
        let config: Config = Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::file(&path))
            .extract()
            .unwrap();
        assert_eq!(config, Config::default());
        let lines = std::fs::read_to_string(path).unwrap();
        assert!(
            lines
                .lines()
                .all(|line| line.is_empty() || line.starts_with(['#', '[']))
        );
    }

    #[test]
    fn flags_win_over_defaults() {
        let flags = Flags {
            listen: Some("127.0.0.1:0".into()),
            ..Flags::default()
        };
        let config: Config = Figment::from(Serialized::defaults(Config::default()))
            .merge(Serialized::defaults(&flags))
            .extract()
            .unwrap();
        assert_eq!(
            (config.listen.as_str(), config.clock.as_str()),
            ("127.0.0.1:0", "system")
        );
    }

    #[test]
    fn passwords_are_hidden() {
        assert_eq!(hide_password("postgres://a:b@c@host/db"), "postgres://a:***@host/db");
        assert_eq!(hide_password("postgres://a@host/db"), "postgres://a@host/db");
        assert_eq!(hide_password("sqlite:data/x.db"), "sqlite:data/x.db");
        assert_eq!(
            hide_password("postgres://host/db?user=a&password=b@c&sslmode=require"),
            "postgres://host/db?user=a&password=***&sslmode=require"
        );
        assert_eq!(
            hide_password("postgres://a:b?@host/db?password=c"),
            "postgres://a:***@host/db?password=***"
        );
    }
}
