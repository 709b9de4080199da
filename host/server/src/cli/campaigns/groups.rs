//! Stacking groups: which campaigns go together, and how.

use super::super::Failure;
use super::super::client::Client;
use super::super::trade::{encoded, items, row, said, sentences, text};
use crate::output::{Output, table};
use clap::Args;
use posthouse_domain::promotion::Mode;
use posthouse_domain::words;
use serde_json::{Value, json};

/// A stacking group.
#[derive(Debug, Args)]
pub(super) struct Group {
    /// Its name in plans: lower-case letters, digits and hyphens.
    key: String,
    /// How its campaigns go together: exclusive, stackable, best-of or ordered.
    #[arg(value_parser = mode)]
    mode: Mode,
    /// Its title in English.
    #[arg(long, value_name = "TITLE")]
    en: String,
    /// Its title in Chinese.
    #[arg(long, value_name = "TITLE")]
    zh: String,
}

fn mode(text: &str) -> Result<Mode, String> {
    let known = Mode::ALL.map(Mode::as_str).join(", ");
    Mode::parse(text).ok_or_else(|| words!("a mode is one of {known}", "模式应为 {known} 之一").to_string())
}

impl Group {
    pub(super) fn run(&self, client: &Client, output: Output) -> Result<(), Failure> {
        let body = json!({"mode": self.mode.as_str(), "title": {"en": self.en, "zh-CN": self.zh}});
        let done = client.send("PUT", &format!("/stacking-groups/{}", encoded(&self.key)), &body)?;
        output.answer(&done, || {
            let (key, mode) = (&self.key, self.mode.as_str());
            let head = words!("Stacking group {key} is {mode}.", "叠加组 {key} 的模式为 {mode}。");
            format!("{head}\n{}", sentences(&done["understood"]))
        })
    }
}

/// Lists the groups.
///
/// # Errors
/// What the server says.
pub(super) fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let page = client.get("/stacking-groups")?;
    output.answer(&page, || shown(&page))
}

fn shown(page: &Value) -> String {
    let head = row([
        words!("group", "叠加组").to_string(),
        words!("mode", "模式").to_string(),
        words!("title", "名称").to_string(),
        words!("campaigns that are not over", "未结束的活动").to_string(),
    ]);
    let rows: Vec<Vec<String>> = items(page, "items")
        .map(|group| {
            let campaigns: Vec<&str> = items(group, "campaigns").filter_map(Value::as_str).collect();
            row([
                text(group, "key").to_owned(),
                text(group, "mode").to_owned(),
                said(&group["title"]),
                campaigns.join(", "),
            ])
        })
        .collect();
    if rows.is_empty() {
        return words!(
            "No stacking groups yet. `posthouse campaigns group KEY MODE --en … --zh …` creates one.",
            "还没有叠加组。用 `posthouse campaigns group KEY MODE --en … --zh …` 创建。"
        )
        .to_string();
    }
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
