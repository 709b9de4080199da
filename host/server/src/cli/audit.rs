//! `posthouse audit`: who did what, and whether the log of it is whole.

use super::Failure;
use super::client::Client;
use super::trade::{House, encoded, items, row, text};
use crate::output::{Output, table};
use clap::{Args, Subcommand};
use posthouse_domain::words;
use serde_json::Value;
use uuid::Uuid;

/// The audit log.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    what: Option<What>,
    /// Only what this actor did.
    #[arg(long, value_name = "ID")]
    actor: Option<Uuid>,
    /// Only what was done to this, as campaign/ID.
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Verify that no entry was changed or taken away: 0 if the log is whole, 1 if it is not.
    Verify {
        /// An entry of which you kept the hash.
        #[arg(long, value_name = "N", requires = "hash")]
        entry: Option<i64>,
        /// The hash that you kept of it.
        #[arg(long, value_name = "HASH", requires = "entry")]
        hash: Option<String>,
    },
}

impl Audit {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        match self.what {
            None => {
                let house = House::ask(&client)?;
                let mut path = format!("/audit?limit={}", self.limit);
                if let Some(actor) = self.actor {
                    path = format!("{path}&actor={actor}");
                }
                if let Some(subject) = &self.subject {
                    path = format!("{path}&subject={}", encoded(subject));
                }
                let page = client.get(&path)?;
                output.answer(&page, || list(&page, &house))
            }
            Some(What::Verify { entry, hash }) => {
                let kept = entry.zip(hash);
                let query = kept
                    .map(|(entry, hash)| format!("?entry={entry}&hash={}", encoded(&hash)))
                    .unwrap_or_default();
                let verified = client.get(&format!("/audit/verify{query}"))?;
                if verified["whole"] == true {
                    return output.answer(&verified, || whole(&verified));
                }
                if output.json {
                    output.answer(&verified, String::new)?;
                }
                let broken = &verified["broken"];
                Err(Failure::failed(words!(
                    "the log is broken at entry {broken}: it was changed, is missing, or does not follow the one before",
                    "日志在第 {broken} 条处断开：该条被改动、缺失，或与前一条不衔接"
                )))
            }
        }
    }
}

fn whole(verified: &Value) -> String {
    let (entries, hash) = (&verified["entries"], text(verified, "hash"));
    words!(
        "The log is whole: {entries} entries. Keep this elsewhere, to verify later that they are still the same:\n\n  posthouse audit verify --entry {entries} --hash {hash}\n",
        "日志完整，共 {entries} 条。请把下面这行保存在别处，日后可据此核对：\n\n  posthouse audit verify --entry {entries} --hash {hash}\n"
    )
    .to_string()
}

fn list(page: &Value, house: &House) -> String {
    let head = row([
        words!("no.", "序号"),
        words!("when", "时间"),
        words!("who", "操作者"),
        words!("what", "操作"),
        words!("to what", "对象"),
    ]
    .map(|head| head.to_string()));
    let rows = items(page, "items").map(|entry| {
        let actor = &entry["actor"];
        row([
            entry["entry"].to_string(),
            house.clock(&entry["at"]),
            format!("{} ({})", text(actor, "name"), text(actor, "kind")),
            text(entry, "action").to_owned(),
            text(entry, "subject").to_owned(),
        ])
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
