//! The parts, each a process of its own.

mod classify;
mod events;
mod house;
mod import;
pub(crate) mod seed;
mod segments;
mod server;
mod start;

use crate::{Plan, Result};

/// The plugins that are measured, which are bound under their names.
pub(crate) use house::BINDINGS as PLUGINS;

/// Those that give rows, in the order of the table.
pub(crate) const SHOWN: [&str; 5] = ["classify", "segments", "events", "import", "start"];

/// Whether the part works on the seeded database.
pub(crate) fn needs_seed(part: &str) -> bool {
    matches!(part, "segments" | "events" | "start")
}

/// Runs one part in this process.
pub(crate) fn run(part: &str, plan: &Plan) -> Result<()> {
    if part == "classify" {
        return classify::run(plan);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match part {
            "seed" => seed::run(plan).await,
            "segments" => segments::run(plan).await,
            "events" => events::run(plan).await,
            "import" => import::run(plan).await,
            "start" => start::run(plan).await,
            other => Err(format!("there is no part {other:?}").into()),
        }
    })
}
