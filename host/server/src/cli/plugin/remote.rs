//! What is done on a server: push, preview, activate, rollback, logs, list.

use super::words::{self, text};
use crate::cli::Failure;
use crate::cli::client::Client;
use crate::cli::output::{Output, counted, shell_word};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::Path;

/// A rule: a plugin with its settings, for a binding.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rule {
    /// The binding: the agency's name for the rule.
    binding: String,
    /// A packed component, which is uploaded first; or a revision's digest or its beginning; or a plugin's name, which means its newest revision.
    plugin: String,
    /// The plugin's settings: a file with a JSON object, or the object itself.
    #[arg(long, value_name = "FILE|JSON", alias = "config", default_value = "{}")]
    settings: String,
}

impl Rule {
    fn settings(&self) -> Result<Map<String, Value>, Failure> {
        let text = if self.settings.trim_start().starts_with(['{', '[']) {
            self.settings.clone()
        } else {
            let file = self.settings.strip_prefix('@').unwrap_or(&self.settings);
            std::fs::read_to_string(file).map_err(|e| {
                Failure::usage(format!(
                    "the settings {file} cannot be read: {e}; write a file or a JSON object"
                ))
            })?
        };
        serde_json::from_str(&text).map_err(|e| Failure::usage(format!("the settings are not a JSON object: {e}")))
    }

    /// The command that puts this rule into force with these grants.
    fn activation(&self, grant: &str) -> String {
        let mut command = format!(
            "posthouse plugin activate {} {}",
            self.binding,
            shell_word(&self.plugin)
        );
        if self.settings != "{}" {
            command += &format!(" --settings {}", shell_word(&self.settings));
        }
        command + &format!(" --grant {grant}")
    }

    /// The digest the words mean.
    fn digest(&self, client: &Client, output: Output) -> Result<String, Failure> {
        let file = Path::new(&self.plugin);
        if file.is_file() {
            let revision = upload(client, file)?;
            output.say(format!("{} is revision {}", file.display(), text(&revision, "digest")));
            return Ok(text(&revision, "digest").to_owned());
        }
        let revisions = all(client, "/plugins")?;
        let by_digest: Vec<&Value> = revisions
            .iter()
            .filter(|revision| self.plugin.len() >= 6 && text(revision, "digest").starts_with(&self.plugin))
            .collect();
        match by_digest[..] {
            [one] => return Ok(text(one, "digest").to_owned()),
            [] => {}
            _ => {
                return Err(Failure::usage(format!(
                    "{} revisions begin with {}; write more of the digest",
                    by_digest.len(),
                    self.plugin
                )));
            }
        }
        let newest = revisions.iter().rfind(|revision| text(revision, "name") == self.plugin);
        let newest = newest.ok_or_else(|| {
            Failure::usage(format!(
                "{} is no file, no digest and no plugin's name here; `posthouse plugin list` shows what is there",
                self.plugin
            ))
        })?;
        Ok(text(newest, "digest").to_owned())
    }
}

/// Every item of a list.
fn all(client: &Client, path: &str) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}?limit=1000{cursor}"))?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}

fn upload(client: &Client, file: &Path) -> Result<Value, Failure> {
    let bytes = std::fs::read(file).map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?;
    client.send_bytes("/plugins", "application/wasm", &bytes)
}

pub(super) fn push(file: &Path, output: Output) -> Result<(), Failure> {
    let revision = upload(&Client::from_environment()?, file)?;
    output.answer(&revision, || {
        let test = &revision["self_test"];
        format!(
            "{} {} is revision {}.\nSelf-test: {}, {}, {} fuel a row.\n\n  posthouse plugin preview {0} {6}\n  posthouse plugin activate {0} {6}",
            text(&revision, "name"),
            text(&revision, "version"),
            text(&revision, "digest"),
            counted(test["golden_cases"].as_u64().unwrap_or(0), "golden case"),
            counted(test["rows_tried"].as_u64().unwrap_or(0), "row"),
            test["fuel_per_row"],
            text(&revision, "digest").get(..12).unwrap_or(""),
        )
    })
}

pub(super) fn preview(rule: &Rule, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let body = json!({ "digest": rule.digest(&client, output)?, "config": rule.settings()?, "name": rule.binding });
    let preview = client.send("POST", "/segmentation/preview", &body)?;
    output.answer(&preview, || {
        words::preview(&preview, &rule.binding, |grant| rule.activation(grant))
    })
}

pub(super) fn activate(rule: &Rule, grant: Option<Vec<String>>, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let mut body = json!({ "digest": rule.digest(&client, output)?, "config": rule.settings()? });
    if let Some(grant) = grant {
        body["grant"] = json!(grant);
    }
    let binding = client.send("PUT", &format!("/bindings/segmentation/{}", rule.binding), &body)?;
    output.answer(&binding, || words::in_force(&binding))
}

pub(super) fn rollback(binding: &str, to: Option<i64>, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let body = to.map_or_else(|| json!({}), |to| json!({ "to": to }));
    let binding = client.send("POST", &format!("/bindings/segmentation/{binding}/rollback"), &body)?;
    output.answer(&binding, || words::in_force(&binding))
}

pub(super) fn logs(binding: &str, lines: u16, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let page = client.get(&format!("/bindings/segmentation/{binding}/logs?limit={lines}"))?;
    let mut items = page["items"].as_array().cloned().unwrap_or_default();
    // as one reads: the last line is the newest
    items.reverse();
    output.answer(&json!({ "items": items }), || words::logs(&items, binding))
}

pub(super) fn list(output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let (revisions, bindings) = (all(&client, "/plugins")?, client.get("/bindings")?);
    let bindings = bindings["items"].as_array().cloned().unwrap_or_default();
    output.answer(&json!({ "plugins": revisions, "bindings": bindings }), || {
        words::list(&revisions, &bindings)
    })
}
