//! The reference plugins: those that sort customers in force, each under its own name, and the one for interests once per theme.

use super::{say, seconds};
use crate::output::{Failure, counted};
use posthouse_app::App;
use posthouse_app::campaigns::PROMOTION;
use posthouse_app::rules::Activation;
use posthouse_app::rules::PluginView;
use posthouse_app::segments::SEGMENTATION;
use posthouse_app::team::Caller;
use posthouse_domain::words;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Plugins that make offers: digests by name.
pub(super) type Offers = HashMap<String, String>;

/// Uploads every packed plugin that is found.
pub(super) async fn upload(app: &App, caller: &Caller) -> Result<Vec<PluginView>, Failure> {
    let mut uploaded = Vec::new();
    for file in packed() {
        let component = std::fs::read(&file).map_err(|e| {
            let file = file.display();
            Failure::failed(words!("{file} cannot be read: {e}", "{file} 无法读取：{e}"))
        })?;
        let (_, plugin) = app.plugins().upload(caller, component.into()).await.map_err(|error| {
            let failure = Failure::from(error);
            Failure::coded(
                failure.code,
                words!(
                    "{file} is rejected: {message}",
                    "{file} 未通过：{message}",
                    file = file.display(),
                    message = failure.message
                ),
            )
        })?;
        uploaded.push(plugin);
    }
    Ok(uploaded)
}

/// Those that make offers.
pub(super) fn offers(uploaded: &[PluginView]) -> Offers {
    let offers = uploaded.iter().filter(|plugin| plugin.extension_point == PROMOTION);
    offers
        .map(|plugin| (plugin.name.clone(), plugin.digest.clone()))
        .collect()
}

/// Puts those that sort customers into force where they are not yet. Returns the names of all bindings of theirs.
pub(super) async fn bind(app: &App, caller: &Caller, uploaded: &[PluginView]) -> Result<Vec<String>, Failure> {
    let present = bound(app, caller).await?;
    for plugin in uploaded.iter().filter(|plugin| plugin.extension_point == SEGMENTATION) {
        for (name, config) in bindings(&plugin.name) {
            if present.contains(&name) {
                continue;
            }
            let began = Instant::now();
            let activation = Activation {
                digest: plugin.digest.clone(),
                config,
                grant: None,
            };
            let binding = app.segments().activate(caller, &name, activation, None).await?;
            let moved = binding.diff.map_or(0, |diff| diff.changed);
            say(&words!(
                "{name}, by {plugin} {version}, is in force: {customers} sorted in {seconds} s.",
                "{name}（{plugin} {version}）已生效：{customers}完成分群，用时 {seconds} 秒。",
                plugin = plugin.name,
                version = plugin.version,
                customers = counted(moved, "customer"),
                seconds = seconds(began)
            ));
        }
    }
    bound(app, caller).await
}

/// The bindings that sort customers.
pub(super) async fn bound(app: &App, caller: &Caller) -> Result<Vec<String>, Failure> {
    let bindings = app.bindings().list(caller).await?.into_iter();
    let sorting = bindings.filter(|binding| binding.extension_point == SEGMENTATION);
    Ok(sorting.map(|binding| binding.name).collect())
}

/// Under which names and settings a plugin is in force. Themes and destinations are those of the customers' stories.
fn bindings(plugin: &str) -> Vec<(String, Value)> {
    match plugin {
        "interest" => [
            ("interest-family", json!({ "themes": ["family", "study"] })),
            (
                "interest-sea",
                json!({ "themes": ["beach", "honeymoon"], "destinations": ["三亚", "Phuket", "Bali"] }),
            ),
            (
                "interest-snow",
                json!({ "themes": ["snow"], "destinations": ["哈尔滨", "Hokkaido", "Swiss Alps"], "visits": 2 }),
            ),
        ]
        .map(|(name, config)| (name.to_owned(), config))
        .into(),
        // A travel agency that sees its customers about once a year, and wants to hear of the silent ones before that.
        "lifecycle" => vec![(plugin.to_owned(), json!({ "at_risk_days": 300, "mature_trips": 5 }))],
        _ => vec![(plugin.to_owned(), json!({}))],
    }
}

/// The packed plugins beside the working folder or beside the program, by name.
fn packed() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    let beside = program.iter().flat_map(|program| program.ancestors().skip(1).take(4));
    let folders = std::iter::once(Path::new("."))
        .chain(beside)
        .map(|folder| folder.join("plugins/dist"));
    let Some(found) = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).next() else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = found
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "wasm"))
        .collect();
    files.sort();
    files
}
