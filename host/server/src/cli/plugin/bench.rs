//! What a rule costs, measured in the server's own sandbox.

use super::local::{component, fault, sandbox};
use crate::cli::Failure;
use crate::cli::output::{Output, table};
use posthouse_engine::bench::{self, Bench};
use posthouse_engine::{Fault, digest};
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
    let measured = bench::run(&plugin, sandbox.limits().chunk_rows, seed, PATIENCE).map_err(|fault| failed(&fault))?;
    let description = plugin.description();
    let document = json!({
        "digest": digest, "name": description.name, "version": description.version, "seed": seed,
        "call": { "fuel": measured.fuel_per_call, "ns": measured.ns_per_call }, "sizes": measured.sizes,
    });
    output.answer(&document, || {
        format!("{} {}\n\n{}", description.name, description.version, words(&measured))
    })
}

fn failed(failed: &Fault) -> Failure {
    let told = fault(&failed.to_string(), &failed.receipt.log)
        .collect::<Vec<_>>()
        .join("\n  ");
    Failure::coded(failed.code(), format!("the rule fails on made-up rows:\n  {told}"))
}

fn words(measured: &Bench) -> String {
    let head = [
        "rows",
        "fuel",
        "fuel/row",
        "µs",
        "fastest µs",
        "ns/row",
        "memory KiB",
        "calls",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
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
    format!(
        "{}\nA call without rows takes {} fuel and {:.1} µs. Rows are made up from seed {}; times are those of the middle call on this machine.",
        table(&rows),
        measured.fuel_per_call,
        measured.ns_per_call as f64 / 1e3,
        measured.seed
    )
}
