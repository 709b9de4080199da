//! `posthouse clock`: the business clock, and moving it by hand.

use super::Failure;
use super::client::Client;
use super::trade::{House, text};
use crate::output::{Output, counted};
use clap::Subcommand;
use posthouse_domain::words;
use serde_json::json;

/// Moves the business clock; what is due on the way happens in its order.
#[derive(Debug, Subcommand)]
pub(super) enum Clock {
    /// Show where it stands.
    Show,
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
            Self::Show => return show(&client, output),
            Self::Advance { duration } => json!({"advance": duration}),
            Self::Set { instant } => json!({"set": instant}),
        };
        let house = House::ask(&client)?;
        let moved = client.send("POST", "/clock", &body)?;
        output.answer(&moved, || {
            let jobs = moved["jobs"].as_u64().unwrap_or(0);
            words!(
                "The business clock went from {from} to {to}; {jobs_en} ran on the way.",
                "业务时钟从 {from} 拨到 {to}；途中执行了 {jobs} 项定时作业。",
                from = house.clock(&moved["from"]),
                to = house.clock(&moved["to"]),
                jobs_en = counted(jobs, "timer")
            )
            .to_string()
        })
    }
}

fn show(client: &Client, output: Output) -> Result<(), Failure> {
    let (agency, house) = (client.get("/agency")?, House::ask(client)?);
    let clock = json!({"now": agency["now"], "today": agency["today"]});
    output.answer(&clock, || {
        words!(
            "The business clock stands at {local}, which is {now}.",
            "业务时钟为 {local}，即 {now}。",
            local = house.clock(&clock["now"]),
            now = text(&clock, "now")
        )
        .to_string()
    })
}
