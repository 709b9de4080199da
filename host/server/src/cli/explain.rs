//! `posthouse config explain`: every setting, its value, and where the value comes from.

use super::{Failure, Settings};
use crate::config::{self, Config};
use crate::output::{Output, table};
use clap::Subcommand;
use posthouse_domain::{Words, words};
use serde_json::{Value, json};

/// The configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Configuration {
    /// Print every setting, its value, and where the value comes from.
    Explain(Settings),
}

impl Configuration {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let Self::Explain(settings) = self;
        let figment = config::figment(settings.config.as_deref(), &settings.flags())?;
        let config: Config = settings.load()?;
        let mut found = Vec::new();
        flatten(
            String::new(),
            &serde_json::to_value(&config).map_err(Failure::failed)?,
            &mut found,
        );
        let source = |key: &str| {
            let metadata = figment.find_metadata(key);
            metadata.map_or_else(
                || "default".to_owned(),
                |metadata| match (&*metadata.name, &metadata.source) {
                    (name, _) if name.contains("environment") => "environment".to_owned(),
                    (_, Some(figment::Source::File(path))) => path.display().to_string(),
                    (name, _) if name.contains("Flags") => "flag".to_owned(),
                    _ => "default".to_owned(),
                },
            )
        };
        let settings: Vec<(String, Value, String)> = found
            .into_iter()
            .map(|(key, value)| {
                let value = match &*key {
                    "database" => config.database_shown().into(),
                    "oidc.client-secret" if value != "" => "***".into(),
                    _ => value,
                };
                let source = source(&key);
                (key, value, source)
            })
            .collect();
        let documents: Vec<Value> = settings
            .iter()
            .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }))
            .collect();
        output.answer(&json!({ "settings": documents }), || {
            let head = [words!("setting", "设置"), words!("value", "值"), words!("from", "来源")];
            let rows = settings
                .iter()
                .map(|(key, value, source)| vec![key.clone(), value.to_string(), named(source).to_string()]);
            table(
                &std::iter::once(head.map(|word| word.to_string()).to_vec())
                    .chain(rows)
                    .collect::<Vec<_>>(),
            )
        })
    }
}

/// Where a setting comes from; a file by its path.
fn named(source: &str) -> Words {
    match source {
        "default" => words!("default", "默认值"),
        "environment" => words!("environment", "环境变量"),
        "flag" => words!("flag", "命令行参数"),
        file => Words::same(file),
    }
}

fn flatten(prefix: String, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flatten(key, value, found);
            }
        }
        value => found.push((prefix, value.clone())),
    }
}
