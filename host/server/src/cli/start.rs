//! `posthouse serve` and `posthouse demo`.

use super::{Failure, Serving, block_on};
use crate::config::{self, Config};
use crate::{demo, house, serve, telemetry};
use clap::Args;

/// Serves a made-up agency.
#[derive(Debug, Args)]
pub(super) struct Demo {
    #[command(flatten)]
    serving: Serving,
    /// Throw away the demo's data and create it anew.
    #[arg(long)]
    fresh: bool,
    /// How many customers to make up.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    customers: u32,
    /// The same seed makes the same customers.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// Begins to log, first of all what the environment may have meant otherwise.
fn start_logs(config: &Config) -> Result<(), Failure> {
    telemetry::start_logs(&config.log).map_err(Failure::usage)?;
    for strange in config::strange_variables() {
        tracing::warn!("{strange}");
    }
    Ok(())
}

/// `posthouse serve`.
pub(super) fn serve(serving: &Serving) -> Result<(), Failure> {
    let config = serving.load()?;
    start_logs(&config)?;
    block_on(async {
        // before another version of the program changes what a running server goes by
        let _alone = house::serve_alone(&config)?;
        let app = house::open(&config).await?;
        serve::serve(&config, app, async |_| {}).await
    })
}

/// `posthouse demo`.
pub(super) fn demo(demo: &Demo) -> Result<(), Failure> {
    let mut config = demo.serving.load()?;
    // a demo never touches the data of a real server, unless it is told to
    if config.database == Config::default().database {
        config.database = demo::DATABASE.to_owned();
    }
    config.log.filter = if config.log.filter == "info" {
        "warn".to_owned()
    } else {
        config.log.filter
    };
    start_logs(&config)?;
    let wish = demo::Wish {
        fresh: demo.fresh,
        customers: demo.customers,
        seed: demo.seed,
    };
    block_on(async {
        let _alone = house::serve_alone(&config)?;
        let prepared = demo::prepare(&config, &wish).await?;
        let (app, seeded) = demo::seed(&config, prepared).await?;
        serve::serve(&config, app, async |base| seeded.introduce(base)).await
    })
}
