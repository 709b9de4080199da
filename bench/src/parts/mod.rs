//! The parts, each a process of its own.

mod agencies;
mod classify;
mod decision;
mod events;
mod house;
mod import;
mod jobs;
mod life;
mod loyalty;
mod outbox;
mod pages;
mod quotes;
pub(crate) mod seed;
mod segments;
mod server;
mod shop;
mod start;
mod swaps;

use crate::{Plan, Result};

/// The plugins that are measured.
pub(crate) fn plugins() -> impl Iterator<Item = &'static str> {
    house::BINDINGS
        .into_iter()
        .chain(shop::PROMOTIONS)
        .chain([loyalty::RULE])
}

/// Those that give rows, in the order of the table.
pub(crate) const SHOWN: [&str; 14] = [
    "classify", "segments", "events", "import", "start", "life", "pages", "decision", "quotes", "swaps", "jobs",
    "outbox", "agencies", "loyalty",
];

/// Whether the part works on the seeded database.
pub(crate) fn needs_seed(part: &str) -> bool {
    matches!(part, "segments" | "events" | "start" | "life" | "pages")
}

/// Runs one part in this process.
pub(crate) fn run(part: &str, plan: &Plan) -> Result<()> {
    match part {
        "classify" => return classify::run(plan),
        "decision" => return decision::run(plan),
        _ => {}
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match part {
            "seed" => seed::run(plan).await,
            "segments" => segments::run(plan).await,
            "events" => events::run(plan).await,
            "import" => import::run(plan).await,
            "start" => start::run(plan).await,
            "life" => life::run(plan).await,
            "pages" => pages::run(plan).await,
            "quotes" => quotes::run(plan).await,
            "swaps" => swaps::run(plan).await,
            "jobs" => jobs::run(plan).await,
            "outbox" => outbox::run(plan).await,
            "agencies" => agencies::run(plan).await,
            "loyalty" => loyalty::run(plan).await,
            other => Err(format!("there is no part {other:?}").into()),
        }
    })
}
