//! What a rule costs, measured in the server's own sandbox.

use super::local::{component, fault, sandbox};
use crate::output::Failure;
use crate::output::{Output, table};
use posthouse_domain::words;
use posthouse_engine::bench::{self, BasketBench, ChunkBench, Failed};
use posthouse_engine::{Plugin, digest};
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
    let words = match &plugin {
        Plugin::Segmentation(plugin) => {
            let chunk_rows = sandbox.limits().chunk_rows;
            let measured = bench::segmentation(plugin, chunk_rows, seed, PATIENCE).map_err(|fault| failed(&fault))?;
            document["call"] = json!({ "fuel": measured.fuel_per_call, "ns": measured.ns_per_call });
            document["sizes"] = json!(measured.sizes);
            chunks(&measured)
        }
        Plugin::Promotion(plugin) => {
            let measured = bench::promotion(plugin, seed, PATIENCE).map_err(|fault| failed(&fault))?;
            document["sizes"] = json!(measured.sizes);
            baskets(&measured)
        }
    };
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

fn chunks(measured: &ChunkBench) -> String {
    let head = [
        words!("rows", "行数"),
        words!("fuel", "燃料"),
        words!("fuel/row", "燃料/行"),
        words!("µs", "µs"),
        words!("fastest µs", "最快 µs"),
        words!("ns/row", "ns/行"),
        words!("memory KiB", "内存 KiB"),
        words!("calls", "调用次数"),
    ];
    let mut rows = vec![head.map(|word| word.to_string()).to_vec()];
    rows.extend(measured.sizes.iter().map(|size| {
        vec![
            size.rows.to_string(),
            size.fuel.to_string(),
            format!("{:.1}", size.fuel_per_row),
            format!("{:.1}", size.ns as f64 / 1e3),
            format!("{:.1}", size.fastest_ns as f64 / 1e3),
            format!("{:.1}", size.ns_per_row),
            (size.peak_memory / 1024).to_string(),
            size.calls.to_string(),
        ]
    }));
    words!(
        "{rows}\nA call without rows takes {fuel} fuel and {micros:.1} µs. Rows are made up from seed {seed}; times are those of the middle call on this machine.",
        "{rows}\n不含行的一次调用耗燃料 {fuel}，用时 {micros:.1} µs。数据行由种子 {seed} 生成；时间取本机居中的一次调用。",
        rows = table(&rows),
        fuel = measured.fuel_per_call,
        micros = measured.ns_per_call as f64 / 1e3,
        seed = measured.seed
    )
    .to_string()
}

fn baskets(measured: &BasketBench) -> String {
    let head = [
        words!("lines", "行数"),
        words!("fuel", "燃料"),
        words!("µs", "µs"),
        words!("fastest µs", "最快 µs"),
        words!("memory KiB", "内存 KiB"),
        words!("calls", "调用次数"),
    ];
    let mut rows = vec![head.map(|word| word.to_string()).to_vec()];
    rows.extend(measured.sizes.iter().map(|size| {
        vec![
            size.lines.to_string(),
            size.fuel.to_string(),
            format!("{:.1}", size.ns as f64 / 1e3),
            format!("{:.1}", size.fastest_ns as f64 / 1e3),
            (size.peak_memory / 1024).to_string(),
            size.calls.to_string(),
        ]
    }));
    words!(
        "{rows}\nBaskets and their customer are made up from seed {seed}; times are those of the middle call on this machine.",
        "{rows}\n购物篮及其客户由种子 {seed} 生成；时间取本机居中的一次调用。",
        rows = table(&rows),
        seed = measured.seed
    )
    .to_string()
}
