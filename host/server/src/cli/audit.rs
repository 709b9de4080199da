//! `posthouse audit`: who did what, and whether the log of it is whole.

use super::Failure;
use super::client::Client;
use super::customers::id_of;
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
    #[arg(long, value_name = "ID", value_parser = super::id)]
    actor: Option<Uuid>,
    /// Only what was done to this, as campaign/KEY or customer/MEMBER; everything else as the log lists it.
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
                    path = format!("{path}&subject={}", encoded(&known_as(&client, subject)?));
                }
                let page = client.get(&path)?;
                output.answer(&page, || list(&page, &house))
            }
            Some(What::Verify { entry, hash }) => {
                let query = entry
                    .zip(hash)
                    .map(|(entry, hash)| format!("?entry={entry}&hash={}", encoded(&hash)))
                    .unwrap_or_default();
                let verified = client.get(&format!("/audit/verify{query}"))?;
                if verified["whole"] == true {
                    return output.answer(&verified, || whole(&verified, entry));
                }
                if output.json {
                    output.answer(&verified, String::new)?;
                    return Err(Failure::told());
                }
                // a log that is whole without the kept hash differs from what was kept
                if let Some(entry) = entry {
                    let alone = client.get("/audit/verify")?;
                    if alone["whole"] == true {
                        return Err(differs(entry, &alone));
                    }
                }
                Err(broken(&verified))
            }
        }
    }
}

/// What the log calls a thing that people call otherwise: a campaign by its key, a customer by a member number.
fn known_as(client: &Client, subject: &str) -> Result<String, Failure> {
    let Some((kind, name)) = subject.split_once('/') else {
        return Err(Failure::usage(words!(
            "{subject:?} does not say what it is; write campaign/KEY, customer/MEMBER or, as `posthouse audit` lists them, a word and an id",
            "{subject:?} 没有写明是什么；请写 campaign/键、customer/会员号，或 `posthouse audit` 所列的类别加编号"
        )));
    };
    let by_id = ["booking", "import", "key", "quote", "task", "webhook"];
    match kind {
        _ if name.parse::<Uuid>().is_ok() => Ok(subject.to_owned()),
        "campaign" => {
            let campaign = client.get(&format!("/campaigns/{}", encoded(name)))?;
            Ok(format!("campaign/{}", text(&campaign, "id")))
        }
        "customer" => Ok(format!("customer/{}", id_of(client, name)?)),
        kind if by_id.contains(&kind) => Err(Failure::usage(words!(
            "a {kind} is known by its id, which {name:?} is not; `posthouse audit` lists it",
            "{kind} 要用编号指明，{name:?} 不是编号；编号见 `posthouse audit`"
        ))),
        _ => Ok(subject.to_owned()),
    }
}

/// Why a log that is whole is not the one of which a hash was kept.
fn differs(entry: i64, alone: &Value) -> Failure {
    let entries = alone["entries"].as_i64().unwrap_or_default();
    Failure::failed(if entry > entries {
        words!(
            "the log has only {entries} entries; entry {entry} is missing",
            "日志只有 {entries} 条，没有第 {entry} 条"
        )
    } else {
        words!(
            "entry {entry} is not the one whose hash was kept: the log was rewritten, or the number or hash was copied wrongly",
            "第 {entry} 条与当时保存的哈希不符：日志被改写过，或序号、哈希抄错了"
        )
    })
}

fn broken(verified: &Value) -> Failure {
    let entry = &verified["broken"];
    Failure::failed(words!(
        "the log is broken at entry {entry}: it was changed, is missing, or does not follow the one before",
        "日志不完整：第 {entry} 条被改动、缺失，或与前一条不衔接"
    ))
}

fn whole(verified: &Value, kept: Option<i64>) -> String {
    let (entries, hash) = (&verified["entries"], text(verified, "hash"));
    let as_kept = kept.map(|entry| words!("Entry {entry} is as it was kept. ", "第 {entry} 条与保存时一致。"));
    let as_kept = as_kept.unwrap_or_default();
    words!(
        "{as_kept}The log is whole: {entries} entries. Keep this elsewhere, to verify later that they are still the same:\n\n  posthouse audit verify --entry {entries} --hash {hash}\n",
        "{as_kept}日志完整，共 {entries} 条。请把下面这行保存在别处，日后可据此核对：\n\n  posthouse audit verify --entry {entries} --hash {hash}\n"
    )
    .to_string()
}

fn list(page: &Value, house: &House) -> String {
    let head = row([
        words!("no.", "序号"),
        house.head(&words!("when", "时间")),
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
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    if rows.len() == 1 {
        return words!("No entries.", "没有符合的条目。").to_string();
    }
    table(&rows)
}
