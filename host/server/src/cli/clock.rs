//! `posthouse clock`: moving the business clock by hand.

use super::Failure;
use super::client::Client;
use crate::output::{Output, counted};
use clap::Subcommand;
use posthouse_domain::words;
use serde_json::{Value, json};

/// Moves the business clock; what is due on the way happens in its order.
#[derive(Debug, Subcommand)]
pub(super) enum Clock {
    /// Move it on by a duration, as 3d, 12h or 90m.
    Advance {
        /// A whole number and `d`, `h`, `m` or `s`.
        duration: String,
    },
    /// Move it on to an instant, as 2026-03-01 or 2026-03-01T09:00:00+08:00.
    Set {
        /// An instant later than the present; without a time the day begins, without a zone it is the agency's.
        instant: String,
    },
}

impl Clock {
    pub(super) fn run(&self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let body = match self {
            Self::Advance { duration } => json!({"advance": duration}),
            Self::Set { instant } => json!({"set": instant}),
        };
        let moved = client.send("POST", "/clock", &body)?;
        output.answer(&moved, || told(&moved))
    }
}

fn told(moved: &Value) -> String {
    let (from, to) = (moved["from"].as_str().unwrap_or(""), moved["to"].as_str().unwrap_or(""));
    let jobs = moved["jobs"].as_i64().unwrap_or(0);
    words!(
        "The business clock went from {from} to {to}; {jobs_en} ran on the way.",
        "业务时钟从 {from} 拨到 {to}；途中执行了 {jobs} 个到期任务。",
        jobs_en = counted(jobs.unsigned_abs(), "timer")
    )
    .to_string()
}
