//! What a rule costs, measured in the server's own sandbox.

use super::local::{component, fault, sandbox};
use crate::output::Failure;
use crate::output::{Output, table};
use posthouse_domain::{Words, words};
use posthouse_engine::bench::{Bench, Failed};
use posthouse_engine::digest;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// How long calls of each size are made.
const PATIENCE: Duration = Duration::from_millis(300);

pub(super) fn bench(path: &Path, seed: u64, output: Output) -> Result<(), Failure> {
    let component = component(path)?;
    let digest = digest(&component);
    let sandbox = sandbox()?;
    let plugin = sandbox
        .open(&digest, &component)
        .map_err(|e| Failure::coded(e.code(), e))?;
    let description = plugin.description();
    let mut document = json!({
        "digest": digest, "name": description.name, "version": description.version,
        "extension_point": plugin.extension_point().as_str(), "seed": seed,
    });
    let measured = sandbox
        .pool()
        .install(|| plugin.bench(seed, PATIENCE))
        .map_err(|fault| failed(&fault))?;
    if let Some(empty) = &measured.empty {
        document["call"] = json!({ "fuel": empty.fuel, "ns": empty.ns });
    }
    document["sizes"] = json!(measured.sizes);
    let words = told(&measured);
    output.answer(&document, || {
        format!("{} {}\n\n{words}", description.name, description.version)
    })
}

fn failed(failed: &Failed) -> Failure {
    let Failed { fault: how, asked } = failed;
    let told = fault(how, asked.as_ref(), &how.receipt.log)
        .collect::<Vec<_>>()
        .join("\n  ");
    Failure::coded(
        how.code(),
        words!(
            "the rule fails on made-up input:\n  {told}",
            "规则在生成的输入上出错：\n  {told}"
        ),
    )
}

fn told(measured: &Bench) -> String {
    let units = measured.units;
    let part = (units.each)();
    let column = |shown: bool, word: Words| shown.then(|| word.to_string());
    let parts = measured.empty.is_some();
    let head = [
        column(true, (units.heading)()),
        column(true, words!("fuel", "燃料")),
        column(parts, words!("fuel/{part}", "燃料/{part}")),
        column(true, words!("µs", "µs")),
        column(true, words!("fastest µs", "最快 µs")),
        column(parts, words!("ns/{part}", "ns/{part}")),
        column(true, words!("memory KiB", "内存 KiB")),
        column(true, words!("calls", "调用次数")),
    ];
    let mut rows = vec![head.into_iter().flatten().collect::<Vec<_>>()];
    rows.extend(measured.sizes.iter().map(|size| {
        let times = &size.times;
        let cells = [
            Some(size.parts.to_string()),
            Some(times.fuel.to_string()),
            size.per_part.map(|part| format!("{:.1}", part.fuel)),
            Some(format!("{:.1}", times.ns as f64 / 1e3)),
            Some(format!("{:.1}", times.fastest_ns as f64 / 1e3)),
            size.per_part.map(|part| format!("{:.1}", part.ns)),
            Some((times.peak_memory / 1024).to_string()),
            Some(times.calls.to_string()),
        ];
        cells.into_iter().flatten().collect()
    }));
    let empty = match &measured.empty {
        Some(times) => words!(
            "A call without {parts} takes {fuel} fuel and {micros:.1} µs. ",
            "不含{part}的一次调用耗燃料 {fuel}，用时 {micros:.1} µs。",
            parts = units.parts,
            fuel = times.fuel,
            micros = times.ns as f64 / 1e3
        ),
        None => Words::default(),
    };
    words!(
        "{rows}\n{empty}{drawn}; times are those of the middle call on this machine.",
        "{rows}\n{empty}{drawn}；时间取本机居中的一次调用。",
        rows = table(&rows),
        drawn = (units.drawn)(measured.seed)
    )
    .to_string()
}
