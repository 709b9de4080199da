//! One revision of a plugin: what it decides, reads and may answer, what the self-test found, where it is in force.

use super::binding_path;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::facts::{Fact, Facts};
use crate::parts::schema::described;
use crate::shell::{Shell, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, State};
use posthouse_app::complaints::COMPLAINT_ROUTING;
use posthouse_app::loyalty::LOYALTY;
use posthouse_app::rules::PluginView;
use posthouse_app::segments::SEGMENTATION;
use posthouse_app::team::Scope;
use posthouse_domain::Localized;
use serde_json::{Value, json};

/// A measure of the self-test against its limit.
#[derive(Debug)]
struct Measure {
    title: String,
    found: String,
    limit: String,
    /// Of 72.
    bar: u64,
}

/// A binding that has this revision.
#[derive(Debug)]
struct Place {
    path: String,
    name: String,
    /// Whether it lacks grants for what the revision reads.
    lacks: usize,
    is_stale: bool,
}

#[derive(Template)]
#[template(path = "plugins/record.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    plugin: PluginView,
    title: String,
    summary: String,
    is_sorting: bool,
    is_alone: bool,
    reads: Vec<Fact>,
    segments: Vec<(String, String)>,
    reasons: Vec<String>,
    settings: Vec<(String, String)>,
    golden: i64,
    measures: Vec<Measure>,
    /// Milliseconds of processor time that a million units of fuel really took here.
    cost: Option<String>,
    places: Vec<Place>,
}

/// A text of a plugin in both languages.
pub(super) fn localized(value: &Value) -> Localized {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(digest): Path<String>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    let plugin = desk.app().plugins().get(caller, &digest).await?;
    let facts = Facts::of(&desk, caller, ui).await?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let said = |value: &Value| ui.local(&localized(value)).to_owned();
    let keys: Vec<String> = list(&plugin.facts)
        .iter()
        .filter_map(|fact| fact["key"].as_str().map(str::to_owned))
        .collect();
    let bindings = desk.app().bindings().list(caller).await?.into_iter();
    let places = bindings
        .filter(|binding| binding.digest == plugin.digest)
        .map(|binding| Place {
            path: binding_path(&binding.extension_point, &binding.name),
            lacks: keys.iter().filter(|key| !binding.granted.contains(key)).count(),
            is_stale: binding.stale_since.is_some(),
            name: binding.name,
        });
    page(&Record {
        ui,
        shell: Shell::new(&session, ui, "plugins"),
        title: said(&plugin.title),
        summary: said(&plugin.summary),
        is_sorting: plugin.extension_point == SEGMENTATION,
        is_alone: [LOYALTY, COMPLAINT_ROUTING].contains(&plugin.extension_point.as_str()),
        reads: facts.all(&keys),
        segments: list(&plugin.segments)
            .iter()
            .map(|one| (said(&one["title"]), said(&one["policy"])))
            .collect(),
        reasons: list(&plugin.reasons).iter().map(|one| said(&one["text"])).collect(),
        settings: described(ui, &plugin.config_schema, &json!({})),
        golden: plugin.self_test["golden_cases"].as_i64().unwrap_or_default(),
        measures: measures(&desk, ui, &plugin),
        cost: plugin.nanos_per_unit.map(|nanos| format!("{nanos:.2}")),
        places: places.collect(),
        plugin,
    })
}

/// What the largest call of the self-test used, against what a call may use.
fn measures(desk: &Desk, ui: Ui, plugin: &PluginView) -> Vec<Measure> {
    let limits = desk.app().engine().limits();
    let test = &plugin.self_test;
    let (largest, rows) = match test["full_chunk"].is_object() {
        true => (&test["full_chunk"], limits.chunk_rows as u64),
        false => (&test["full_basket"], 0),
    };
    let used = |key: &str| largest[key].as_u64().unwrap_or_default();
    let fuel = limits.decision_fuel + limits.row_fuel * rows;
    let mega = |bytes: u64| format!("{} MiB", ui.number(bytes.div_ceil(1 << 20)));
    let millis = |micros: u64| format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100);
    let measure = |title, (found, limit): (u64, u64), shown: &dyn Fn(u64) -> String| Measure {
        title: ui.say_of("plugins-measure-", title).to_string(),
        found: shown(found),
        limit: shown(limit),
        bar: (72 * found / limit.max(1)).min(72),
    };
    vec![
        measure("fuel", (used("fuel"), fuel), &|fuel| ui.number(fuel)),
        measure("time", (used("cpu_micros"), limits.cpu_ms * 1_000), &millis),
        measure("memory", (used("peak_memory"), limits.memory_bytes as u64), &mega),
        measure(
            "size",
            (plugin.size.unsigned_abs(), limits.component_bytes as u64),
            &|bytes| format!("{} kB", ui.number(bytes.div_ceil(1_000))),
        ),
    ]
}

/// Deletes a revision that nothing names. It can be uploaded again.
pub(super) async fn delete(State(desk): State<Desk>, Staff(session): Staff, Path(digest): Path<String>) -> Answer {
    session.caller.may(Scope::Rules)?;
    desk.app().plugins().delete(&session.caller, &digest).await?;
    Ok(whole_page("/plugins"))
}
