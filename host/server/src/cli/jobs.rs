//! `posthouse jobs`: work that falls due by itself, and what was given up.

use super::Failure;
use super::client::Client;
use super::trade::{House, items, row, text};
use crate::output::{Output, cut, table};
use clap::{Args, Subcommand};
use posthouse_domain::words;
use serde_json::{Value, json};

/// Columns of a reason in a table.
const REASON: usize = 60;

/// Work that falls due by itself.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Jobs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Try a job again that was given up.
    Retry {
        /// What it does, as import.run.
        kind: String,
        /// Which one of its kind; nothing if there is only one.
        #[arg(default_value = "", hide_default_value = true)]
        key: String,
    },
}

impl Jobs {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        match self.what {
            None => {
                let house = House::ask(&client)?;
                let jobs = client.get("/jobs")?;
                output.answer(&jobs, || list(&jobs, &house))
            }
            Some(What::Retry { kind, key }) => {
                let done = client.send("POST", "/jobs/retry", &json!({"kind": kind, "key": key}))?;
                output.answer(&done, || {
                    words!("{kind} is queued again.", "{kind} 已重新排队。").to_string()
                })
            }
        }
    }
}

fn number(job: &Value, key: &str) -> String {
    job[key].as_i64().unwrap_or_default().to_string()
}

fn list(jobs: &Value, house: &House) -> String {
    let mut kinds = vec![row([
        words!("job", "任务"),
        words!("waiting", "等待"),
        words!("running", "进行中"),
        words!("retrying", "重试中"),
        words!("given up", "已放弃"),
        words!("next", "下一个"),
    ]
    .map(|head| head.to_string()))];
    kinds.extend(items(jobs, "kinds").map(|kind| {
        row([
            text(kind, "kind").to_owned(),
            number(kind, "waiting"),
            number(kind, "running"),
            number(kind, "failing"),
            number(kind, "dead"),
            house.clock(&kind["next_due"]),
        ])
    }));
    let mut said = match kinds.len() {
        1 => words!("Nothing waits.", "没有等待的任务。").to_string(),
        _ => table(&kinds),
    };
    let mut dead = vec![row([
        words!("given up", "已放弃"),
        words!("job", "任务"),
        words!("key", "标识"),
        words!("attempts", "尝试"),
        words!("why", "原因"),
    ]
    .map(|head| head.to_string()))];
    dead.extend(items(jobs, "dead").map(|job| {
        row([
            house.clock(&job["dead_at"]),
            text(job, "kind").to_owned(),
            text(job, "key").to_owned(),
            number(job, "attempts"),
            cut(text(job, "failure"), REASON),
        ])
    }));
    if dead.len() > 1 {
        said += &format!(
            "\n{}\n{}",
            table(&dead),
            words!(
                "When the cause is put right: posthouse jobs retry KIND KEY",
                "解决原因后：posthouse jobs retry 任务 标识"
            )
        );
    }
    said
}
