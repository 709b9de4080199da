//! The configuration: defaults, then `posthouse.toml`, then the environment, then flags. Every knob is written out with its reason
//! in `posthouse.toml` at the root of the repository; a test keeps that file and these defaults the same.

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use posthouse_engine::{EngineConfig, Limits};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the configuration is looked for unless a path is given.
pub(crate) const FILE: &str = "posthouse.toml";
const PREFIX: &str = "POSTHOUSE_";
/// Variables of ours that are no settings.
const OTHERS: [&str; 4] = ["url", "api-key", "secret", "wasm-toolchain"];
/// How variables of tests and builds begin.
const OTHERS_BEGIN: [&str; 3] = ["test-", "update-", "bench-"];

/// Everything an operator can set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Config {
    /// Address and port to listen on; port 0 takes a free one.
    pub(crate) listen: String,
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME`.
    pub(crate) database: String,
    /// `system`, or `fixed:INSTANT` for trials and tests.
    pub(crate) clock: String,
    /// Folder of everything that is not in the database.
    pub(crate) data: PathBuf,
    /// Compiled plugins; relative to `data`.
    pub(crate) cache: PathBuf,
    /// The installation's secret; relative to `data`.
    pub(crate) secret_file: PathBuf,
    /// Requests.
    pub(crate) http: Http,
    /// Logs.
    pub(crate) log: Log,
    /// The sandbox.
    pub(crate) plugins: Plugins,
}

/// Limits and patience of the HTTP API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Http {
    /// Largest body of `POST /events`, in bytes.
    pub(crate) event_bytes: usize,
    /// Largest file of `POST /imports`, in bytes.
    pub(crate) upload_bytes: usize,
    /// Largest body of any other call with JSON, in bytes.
    pub(crate) json_bytes: usize,
    /// Requests a key may make in a second.
    pub(crate) requests_per_second: u32,
    /// Items of a page unless the call says otherwise.
    pub(crate) page_default: usize,
    /// Most items of a page.
    pub(crate) page_most: usize,
    /// Seconds until a request is given up.
    pub(crate) request_seconds: u64,
    /// Seconds without a byte until an upload is given up.
    pub(crate) upload_idle_seconds: u64,
    /// Seconds between saying `not ready` and not accepting any more, for load balancers.
    pub(crate) drain_seconds: u64,
    /// Seconds that requests in flight get when the server stops.
    pub(crate) shutdown_seconds: u64,
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
    /// Threads that run plugins; 0 means one per core.
    pub(crate) threads: usize,
    /// Uploads that may wait for the compiler; further ones are told to come back.
    pub(crate) compile_queue: usize,
    /// What a plugin may use.
    pub(crate) limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7300".into(),
            database: "sqlite:data/posthouse.db".into(),
            clock: "system".into(),
            data: "data".into(),
            cache: "cache".into(),
            secret_file: "secret".into(),
            http: Http {
                event_bytes: 8 << 20,
                upload_bytes: 512 << 20,
                json_bytes: 1 << 20,
                requests_per_second: 1_000,
                page_default: 100,
                page_most: 1_000,
                request_seconds: 120,
                upload_idle_seconds: 30,
                drain_seconds: 0,
                shutdown_seconds: 30,
            },
            log: Log {
                format: LogFormat::Auto,
                filter: "info".into(),
            },
            plugins: Plugins {
                threads: 0,
                compile_queue: 8,
                limits: Limits::default(),
            },
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
    pub(crate) database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<String>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file that was named is not there.
    #[error("there is no configuration file {}; leave --config out to use defaults", .0.display())]
    Missing(PathBuf),
    /// A value is not of its kind, or the file is no TOML.
    #[error("{0}")]
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
    #[error("{setting} = {value}: {problem}")]
    Value {
        /// Which.
        setting: &'static str,
        /// As given.
        value: String,
        /// What would make sense.
        problem: &'static str,
    },
}

/// All sources in their order. `file` must exist when it is given; `posthouse.toml` need not.
pub(crate) fn figment(file: Option<&Path>, flags: &Flags) -> Result<Figment, ConfigError> {
    if let Some(file) = file.filter(|file| !file.is_file()) {
        return Err(ConfigError::Missing(file.to_owned()));
    }
    let known = known();
    let mut sources = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = file.or(Some(Path::new(FILE)).filter(|file| file.is_file())) {
        check_keys(file, &known)?;
        sources = sources.merge(Toml::file_exact(file));
    }
    Ok(sources.merge(environment(known)).merge(Serialized::defaults(flags)))
}

/// `POSTHOUSE_HTTP__EVENT_BYTES` sets `http.event-bytes`. Variables that are not settings are left alone.
fn environment(known: Vec<String>) -> Env {
    Env::prefixed(PREFIX)
        .map(|key| key_of(key.as_str()).into())
        .filter(move |key| known.iter().any(|known| *known == key.as_str()))
}

/// The setting a variable means, given without its prefix.
fn key_of(variable: &str) -> String {
    variable.to_lowercase().replace("__", ".").replace('_', "-")
}

/// The variable that sets a setting.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").replace('-', "_").to_uppercase())
}

/// What to say about variables of the environment that begin like ours and set nothing: they may be somebody else's, or misspelt.
pub(crate) fn strange_variables() -> Vec<String> {
    strange(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
}

fn strange(names: impl Iterator<Item = String>) -> Vec<String> {
    let known: Vec<String> = known().into_iter().chain(OTHERS.map(str::to_owned)).collect();
    let mut found: Vec<String> = names
        .filter_map(|name| {
            let key = key_of(name.strip_prefix(PREFIX)?);
            if known.contains(&key) || OTHERS_BEGIN.iter().any(|begin| key.starts_with(begin)) {
                return None;
            }
            let meant = nearest(&key, &known);
            let meant = meant.map(|key| format!("; did you mean {}?", variable_of(key)));
            Some(format!(
                "{name} is no setting and changes nothing{}",
                meant.unwrap_or_default()
            ))
        })
        .collect();
    found.sort_unstable();
    found
}

/// Every setting, sections before a dot.
fn known() -> Vec<String> {
    let defaults = Figment::from(Serialized::defaults(Config::default())).extract::<Dict>();
    let mut keys = Vec::new();
    leaves("", &defaults.unwrap_or_default(), &mut keys);
    keys
}

fn leaves(prefix: &str, dict: &Dict, keys: &mut Vec<String>) {
    for (name, value) in dict {
        match value {
            Value::Dict(_, section) => leaves(&format!("{prefix}{name}."), section, keys),
            _ => keys.push(format!("{prefix}{name}")),
        }
    }
}

/// Names every key of the file that is no setting.
fn check_keys(file: &Path, known: &[String]) -> Result<(), ConfigError> {
    let written: Dict = Figment::from(Toml::file_exact(file))
        .extract()
        .map_err(|e| ConfigError::Figment(Box::new(e)))?;
    let mut keys = Vec::new();
    leaves("", &written, &mut keys);
    let problems: Vec<String> = keys
        .iter()
        .filter(|key| !known.contains(key))
        // a value where a section belongs is told with what it should be
        .filter(|key| !known.iter().any(|known| known.starts_with(&format!("{key}."))))
        .map(|key| {
            let meant = nearest(key, known).map_or_else(
                || format!("settings there are {}", beside(key, known)),
                |meant| format!("did you mean {meant}?"),
            );
            format!("{key} is no setting; {meant}")
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let file = file.to_owned();
    Err(ConfigError::Unknown { file, problems })
}

/// The setting somebody may have meant: the same name in another section, or nearly the same name.
fn nearest<'k>(key: &str, known: &'k [String]) -> Option<&'k str> {
    let name = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let elsewhere = known.iter().find(|known| name(known) == name(key));
    let far = |known: &&String| strsim::osa_distance(known, key);
    let alike = || {
        known
            .iter()
            .min_by_key(far)
            .filter(|known| far(known) <= 1 + key.len() / 8)
    };
    elsewhere.or_else(alike).map(String::as_str)
}

/// The settings of the section that a key stands in, or of the top.
fn beside(key: &str, known: &[String]) -> String {
    let section = |key: &str| key.rsplit_once('.').map(|(section, _)| section.to_owned());
    let mut found: Vec<&str> = known
        .iter()
        .filter(|known| section(known) == section(key))
        .map(String::as_str)
        .collect();
    if found.is_empty() {
        found.extend(known.iter().map(String::as_str).filter(|known| !known.contains('.')));
    }
    found.join(", ")
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

    fn check(&self) -> Result<(), ConfigError> {
        let http = &self.http;
        let positive = [
            ("http.requests-per-second", u64::from(http.requests_per_second)),
            ("http.page-default", http.page_default as u64),
            ("http.page-most", http.page_most as u64),
            ("http.request-seconds", http.request_seconds),
            ("http.upload-idle-seconds", http.upload_idle_seconds),
        ];
        if let Some((setting, value)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Value {
                setting,
                value: value.to_string(),
                problem: "must be at least 1",
            });
        }
        if http.page_default > http.page_most {
            let value = http.page_default.to_string();
            return Err(ConfigError::Value {
                setting: "http.page-default",
                value,
                problem: "must not exceed http.page-most",
            });
        }
        Ok(())
    }

    /// How to set up the sandbox.
    pub(crate) fn engine(&self) -> EngineConfig {
        EngineConfig {
            limits: self.plugins.limits.clone(),
            cache_dir: Some(self.in_data(&self.cache)),
            threads: self.plugins.threads,
            compile_queue: self.plugins.compile_queue,
        }
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

    /// What is said about a file with this text.
    fn refusal(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let refused = Config::load(Some(file.path()), &Flags::default())
            .unwrap_err()
            .to_string();
        let shown = file.path().display().to_string();
        assert!(refused.contains(&shown), "{refused} names the file");
        refused.replace(&shown, "FILE")
    }

    #[test]
    fn a_setting_that_is_not_known_is_named_with_its_nearest() {
        assert_eq!(
            refusal("[http]\nevent-byte = 3"),
            "FILE: http.event-byte is no setting; did you mean http.event-bytes?"
        );
        assert_eq!(
            refusal("threads = 3\nlisten_ = \"x\""),
            "FILE: listen_ is no setting; did you mean listen?; threads is no setting; did you mean plugins.threads?"
        );
        assert_eq!(
            refusal("[log]\ncolour = true"),
            "FILE: log.colour is no setting; settings there are log.filter, log.format"
        );
        assert!(refusal("[mail]\nserver = \"x\"").contains("clock, data, database, listen"));
    }

    #[test]
    fn a_value_of_another_kind_is_named_with_its_place() {
        for (text, part) in [
            ("[http]\nevent-bytes = \"many\"", "event-bytes"),
            ("http = 3", "http"),
            ("[http", "TOML"),
        ] {
            let refused = refusal(text);
            assert!(
                refused.contains(part) && !refused.contains("config explain"),
                "{refused}"
            );
        }
    }

    #[test]
    fn variables_that_set_nothing_are_told_and_a_near_miss_with_what_was_meant() {
        let say = |names: &[&str]| strange(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(
            say(&[
                "PATH",
                "POSTHOUSE_URL",
                "POSTHOUSE_HTTP__EVENT_BYTES",
                "POSTHOUSE_TEST_CDNOW",
                "POSTHOUSE_DATA"
            ]),
            [""; 0]
        );
        assert_eq!(
            say(&[
                "POSTHOUSE_SERVICE_HOST",
                "POSTHOUSE_DATABSE",
                "POSTHOUSE_HTTP_EVENT_BYTES",
                "POSTHOUSE_APIKEY"
            ]),
            [
                "POSTHOUSE_APIKEY is no setting and changes nothing; did you mean POSTHOUSE_API_KEY?",
                "POSTHOUSE_DATABSE is no setting and changes nothing; did you mean POSTHOUSE_DATABASE?",
                "POSTHOUSE_HTTP_EVENT_BYTES is no setting and changes nothing; did you mean POSTHOUSE_HTTP__EVENT_BYTES?",
                "POSTHOUSE_SERVICE_HOST is no setting and changes nothing",
            ]
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
    fn limits_that_would_answer_nothing_are_refused() {
        let mut config = Config::default();
        config.http.requests_per_second = 0;
        assert!(config.check().unwrap_err().to_string().contains("at least 1"));
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
