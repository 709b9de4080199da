//! What is done on a server: push, preview, activate, rollback, list.

use crate::cli::Failure;
use crate::cli::client::Client;
use crate::cli::output::{Output, table};
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
    /// Settings: JSON, or @FILE.
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    config: String,
}

impl Rule {
    fn settings(&self) -> Result<Map<String, Value>, Failure> {
        let text = match self.config.strip_prefix('@') {
            None => self.config.clone(),
            Some(file) => {
                std::fs::read_to_string(file).map_err(|e| Failure::usage(format!("{file} cannot be read: {e}")))?
            }
        };
        serde_json::from_str(&text).map_err(|e| Failure::usage(format!("the settings are not a JSON object: {e}")))
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

fn text<'a>(document: &'a Value, key: &str) -> &'a str {
    document[key].as_str().unwrap_or("")
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
            "{} {} is revision {}.\nSelf-test: {} golden cases, {} rows, {} fuel a row.\n\n  posthouse plugin preview {0} {6}\n  posthouse plugin activate {0} {6}",
            text(&revision, "name"),
            text(&revision, "version"),
            text(&revision, "digest"),
            test["golden_cases"],
            test["rows_tried"],
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
        let mut words = diff_words(&preview);
        words += &format!(
            "\nTime alone would move {}. Took {} ms.\n",
            preview["drift"], preview["duration_ms"]
        );
        for mover in preview["sample"].as_array().into_iter().flatten() {
            let name = mover["name"].as_str().unwrap_or("—");
            words += &format!(
                "  {} {name}: {} → {}\n",
                text(mover, "customer_id"),
                segment(&mover["from"]),
                segment(&mover["to"])
            );
        }
        words
    })
}

pub(super) fn activate(rule: &Rule, grant: Option<Vec<String>>, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let mut body = json!({ "digest": rule.digest(&client, output)?, "config": rule.settings()? });
    if let Some(grant) = grant {
        body["grant"] = json!(grant);
    }
    let binding = client.send("PUT", &format!("/bindings/segmentation/{}", rule.binding), &body)?;
    output.answer(&binding, || in_force(&binding))
}

pub(super) fn rollback(binding: &str, to: Option<i64>, output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let body = to.map_or_else(|| json!({}), |to| json!({ "to": to }));
    let binding = client.send("POST", &format!("/bindings/segmentation/{binding}/rollback"), &body)?;
    output.answer(&binding, || in_force(&binding))
}

pub(super) fn list(output: Output) -> Result<(), Failure> {
    let client = Client::from_environment()?;
    let (revisions, bindings) = (all(&client, "/plugins")?, client.get("/bindings")?);
    let bindings = bindings["items"].as_array().cloned().unwrap_or_default();
    output.answer(&json!({ "plugins": revisions, "bindings": bindings }), || {
        if revisions.is_empty() {
            return "No plugins yet. `posthouse plugin push FILE` uploads one.".to_owned();
        }
        let mut rows = vec![
            ["plugin", "version", "digest", "in force as"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for revision in &revisions {
            let bound = bindings
                .iter()
                .filter(|binding| binding["digest"] == revision["digest"]);
            let bound: Vec<String> = bound
                .map(|binding| format!("{} (revision {})", text(binding, "name"), binding["revision"]))
                .collect();
            let digest = text(revision, "digest").get(..12).unwrap_or("").to_owned();
            rows.push(vec![
                text(revision, "name").to_owned(),
                text(revision, "version").to_owned(),
                digest,
                bound.join(", "),
            ]);
        }
        table(&rows)
    })
}

fn in_force(binding: &Value) -> String {
    let head = format!(
        "{} is at revision {}: {} is in force.\n\n",
        text(binding, "name"),
        binding["revision"],
        text(binding, "digest").get(..12).unwrap_or("")
    );
    head + &diff_words(&binding["diff"])
}

fn segment(key: &Value) -> &str {
    key.as_str().unwrap_or("none")
}

fn diff_words(diff: &Value) -> String {
    let mut rows = vec![
        ["segment", "now", "then", "entering", "leaving"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for change in diff["segments"].as_array().into_iter().flatten() {
        let count = |key: &str| change[key].to_string();
        rows.push(vec![
            text(change, "key").to_owned(),
            count("now"),
            count("then"),
            count("entering"),
            count("leaving"),
        ]);
    }
    let mut words = table(&rows);
    words += &format!("\n{} of {} customers move.\n", diff["changed"], diff["customers"]);
    for moved in diff["moves"].as_array().into_iter().flatten() {
        words += &format!(
            "  {:>8}  {} → {}\n",
            moved["count"].to_string(),
            segment(&moved["from"]),
            segment(&moved["to"])
        );
    }
    words
}
