//! `make bench`: what the house costs, always beside something else that does the same in the same run.
//!
//! Each part runs in a process of its own, so that its memory is its own, and prints the rows of the table as JSON lines.
//! `docs/benchmarks.md` says what the rows do.

mod machine;
mod parts;
mod population;
mod report;
mod rules;

use report::Row;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: posthouse-bench [--quick] [PART…]
  --quick   a smoke run on few customers
  PART      classify, segments, events, import, start, life, pages, decision, quotes, swaps, jobs, outbox, agencies,
            loyalty;
            all of them if none is named
  POSTHOUSE_BENCH_CUSTOMERS   how many customers, 1,000,000 if not set
  POSTHOUSE_BENCH_ROWS        how many bookings are imported, 100,000 if not set
  POSTHOUSE_BENCH_TIMERS      how many timers fall due in a minute, 1,000,000 if not set
  POSTHOUSE_BENCH_AGENCIES    how many agencies one server has, 10,000 if not set
  POSTHOUSE_BENCH_PLUGINS     where the packed plugins are, plugins/dist if not set
  POSTHOUSE_BENCH_POSTGRES    postgres://USER@HOST of a server on which import and quotes are measured as well";

/// How much there is to do.
#[derive(Debug, Clone)]
struct Plan {
    customers: u32,
    /// Rows the row-by-row languages get; their cost per row does not depend on how many there are.
    script_rows: u32,
    /// Rounds in which everything takes its turn.
    rounds: usize,
    import_rows: u32,
    events_per_second: u32,
    event_seconds: u32,
    /// Customers of an agency that is asked for quotes.
    shop_customers: u32,
    /// Decisions of a round.
    decisions: usize,
    /// Quotes of a round.
    quotes: usize,
    /// How often a rule is swapped under load.
    swaps: usize,
    /// Timers that fall due in a minute.
    timers: u32,
    /// Events of a round that are told to a webhook.
    told: u32,
    /// Agencies of one server.
    agencies: u32,
    plugins: PathBuf,
    /// The address of a PostgreSQL server, without a database.
    postgres: Option<String>,
    folder: PathBuf,
}

impl Plan {
    fn new(quick: bool, folder: PathBuf) -> Result<Self> {
        let plugins =
            std::env::var_os("POSTHOUSE_BENCH_PLUGINS").map_or_else(|| PathBuf::from("plugins/dist"), PathBuf::from);
        let (customers, rows) = if quick { (20_000, 2_000) } else { (1_000_000, 100_000) };
        Ok(Self {
            customers: number("POSTHOUSE_BENCH_CUSTOMERS", customers)?,
            script_rows: if quick { 2_000 } else { 50_000 },
            rounds: if quick { 3 } else { 7 },
            import_rows: number("POSTHOUSE_BENCH_ROWS", rows)?,
            events_per_second: 500,
            event_seconds: if quick { 2 } else { 20 },
            shop_customers: if quick { 1_000 } else { 10_000 },
            decisions: if quick { 200 } else { 5_000 },
            quotes: if quick { 20 } else { 300 },
            swaps: if quick { 20 } else { 1_000 },
            timers: number("POSTHOUSE_BENCH_TIMERS", if quick { 2_000 } else { 1_000_000 })?,
            told: if quick { 200 } else { 4_000 },
            agencies: number("POSTHOUSE_BENCH_AGENCIES", if quick { 50 } else { 10_000 })?,
            plugins,
            postgres: std::env::var("POSTHOUSE_BENCH_POSTGRES").ok(),
            folder,
        })
    }

    /// The packed rule that the other languages have as well.
    fn component(&self) -> Result<Vec<u8>> {
        self.packed("rfm")
    }

    /// A packed reference plugin.
    fn packed(&self, name: &str) -> Result<Vec<u8>> {
        let file = self.plugins.join(name).with_extension("wasm");
        std::fs::read(&file).map_err(|error| format!("{}: {error}; `make plugins` builds it", file.display()).into())
    }
}

fn number(name: &str, usual: u32) -> Result<u32> {
    match std::env::var(name) {
        Ok(text) => text
            .replace(['_', ','], "")
            .parse()
            .map_err(|_| format!("{name} must be a whole number, not {text:?}").into()),
        Err(_) => Ok(usual),
    }
}

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    arguments.retain(|argument| argument != "--quick");
    if let [flag, part, folder] = arguments.as_slice()
        && flag == "--part"
    {
        return parts::run(part, &Plan::new(quick, PathBuf::from(folder))?);
    }
    if let Some(strange) = arguments.iter().find(|part| !parts::SHOWN.contains(&part.as_str())) {
        eprintln!("{strange:?} is no part\n{USAGE}");
        std::process::exit(2);
    }
    let folder = tempfile::Builder::new().prefix("posthouse-bench-").tempdir()?;
    let plan = Plan::new(quick, folder.path().to_owned())?;
    for plugin in parts::plugins() {
        plan.packed(plugin)?;
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|wanted| wanted == part);
    let mut rows = Vec::new();
    for part in parts::SHOWN.into_iter().filter(|part| wanted(part)) {
        if parts::needs_seed(part) && !folder.path().join(parts::seed::READY).exists() {
            child("seed", quick, folder.path())?;
        }
        rows.extend(child(part, quick, folder.path())?);
    }
    println!("{}\n", machine::describe());
    println!("{}", report::table(&rows));
    Ok(())
}

/// Runs one part by itself and reads its rows.
fn child(part: &str, quick: bool, folder: &Path) -> Result<Vec<Row>> {
    eprintln!("— {part}");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(quick.then_some("--quick"))
        .args(["--part", part])
        .arg(folder);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{part} failed").into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?)
}
