//! Which settings there are, and what somebody meant who wrote another.

use super::{Config, ConfigError};
use figment::Figment;
use figment::error::{Actual, Kind};
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use posthouse_domain::words;
use std::path::Path;

const PREFIX: &str = "POSTHOUSE_";
/// Variables of ours that are no settings.
const OTHERS: [&str; 4] = ["url", "api-key", "secret", "wasm-toolchain"];
/// How variables of tests and builds begin.
const OTHERS_BEGIN: [&str; 3] = ["test-", "update-", "bench-"];

/// `POSTHOUSE_HTTP__EVENT_BYTES` sets `http.event-bytes`. Variables that are not settings are left alone.
pub(super) fn environment(known: Vec<String>) -> Env {
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

/// What is wrong with a value; of the environment it names the variable.
pub(super) fn explained(error: &figment::Error) -> String {
    let source = error.metadata.as_ref().map_or("", |source| &*source.name);
    if !source.contains("environment") || error.path.is_empty() {
        return error.to_string();
    }
    let name = variable_of(&error.path.join("."));
    match &error.kind {
        Kind::InvalidType(given, wanted) if wanted == "a boolean" => {
            let given = match given {
                Actual::Str(text) => format!("{text:?}"),
                other => other.to_string(),
            };
            words!(
                "{name} must be true or false, not {given}",
                "{name} 应为 true 或 false，而不是 {given}"
            )
        }
        kind => words!("{name}: {kind}", "{name}：{kind}"),
    }
    .to_string()
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
            let meant = meant.map(|key| words!("; did you mean {key}?", "；是否指 {key}？", key = variable_of(key)));
            Some(
                words!(
                    "{name} is not a setting and changes nothing{meant}",
                    "{name} 不是设置项，不起作用{meant}",
                    meant = meant.unwrap_or_default()
                )
                .to_string(),
            )
        })
        .collect();
    found.sort_unstable();
    found
}

/// Every setting, sections before a dot.
pub(super) fn known() -> Vec<String> {
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

/// Names every key of the file that is not a setting.
pub(super) fn check(file: &Path, known: &[String]) -> Result<(), ConfigError> {
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
                || words!("known are {known}", "可用的有 {known}", known = beside(key, known)),
                |meant| words!("did you mean {meant}?", "是否指 {meant}？"),
            );
            words!("{key} is not a setting; {meant}", "{key} 不是设置项；{meant}").to_string()
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

#[cfg(test)]
mod tests {
    use super::super::Flags;
    use super::*;
    use figment::Provider;

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
            "FILE: http.event-byte is not a setting; did you mean http.event-bytes?"
        );
        assert_eq!(
            refusal("threads = 3\nlisten_ = \"x\""),
            "FILE: listen_ is not a setting; did you mean listen?; threads is not a setting; did you mean plugins.threads?"
        );
        assert_eq!(
            refusal("[log]\ncolour = true"),
            "FILE: log.colour is not a setting; known are log.filter, log.format"
        );
        assert!(
            refusal("[mail]\nserver = \"x\"")
                .contains("clock, data, database, database-connections, disk-reserve-bytes, listen")
        );
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
    fn a_value_of_a_variable_is_told_with_the_variable() {
        let refusal = |kind: Kind, key: &str| {
            let mut error = figment::Error::from(kind).with_path(key);
            error.metadata = Some(Env::prefixed(PREFIX).metadata());
            explained(&error)
        };
        let yes = Kind::InvalidType(Actual::Str("yes".into()), "a boolean".into());
        assert_eq!(
            refusal(yes, "webhooks.allow-private"),
            "POSTHOUSE_WEBHOOKS__ALLOW_PRIVATE must be true or false, not \"yes\""
        );
        let many = Kind::InvalidType(Actual::Str("many".into()), "u32".into());
        let said = refusal(many, "http.page-most");
        assert!(said.starts_with("POSTHOUSE_HTTP__PAGE_MOST: "), "{said}");
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
                "POSTHOUSE_APIKEY is not a setting and changes nothing; did you mean POSTHOUSE_API_KEY?",
                "POSTHOUSE_DATABSE is not a setting and changes nothing; did you mean POSTHOUSE_DATABASE?",
                "POSTHOUSE_HTTP_EVENT_BYTES is not a setting and changes nothing; did you mean POSTHOUSE_HTTP__EVENT_BYTES?",
                "POSTHOUSE_SERVICE_HOST is not a setting and changes nothing",
            ]
        );
    }
}
