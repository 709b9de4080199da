//! `posthouse coupons`: codes of campaigns, made in batches. They are shown once and kept nowhere.

use super::Failure;
use super::client::{Client, Trouble};
use super::io_words::io_words;
use super::trade::{House, encoded, items, row, sentences, text};
use crate::output::{Output, print, table};
use clap::{Args, Subcommand};
use posthouse_domain::{time, words};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Coupons of campaigns.
#[derive(Debug, Subcommand)]
pub(super) enum Coupons {
    /// Make a batch of codes. They are printed, or written to a file, this once.
    Make(Make),
    /// List the batches of a campaign.
    List {
        /// Key or id of the campaign.
        campaign: String,
    },
    /// Revoke every code of a batch. What open quotes hold of it they keep.
    Revoke {
        /// Key or id of the campaign.
        campaign: String,
        /// Id of the batch.
        #[arg(value_parser = super::id)]
        batch: Uuid,
    },
    /// Show what a code is worth, and what was done with it.
    LookUp {
        /// The code, however it was typed.
        code: String,
    },
}

/// A batch to be made.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("bearers").required(true).args(["count", "segment", "customers"]))]
pub(super) struct Make {
    /// Key or id of the campaign.
    campaign: String,
    /// By which people know the batch.
    #[arg(long)]
    label: String,
    /// So many codes for whoever brings one.
    #[arg(long, value_name = "N")]
    count: Option<u32>,
    /// A code for everyone who is in this segment now, theirs alone; BINDING.KEY.
    #[arg(long, value_name = "BINDING.KEY")]
    segment: Option<String>,
    /// A code for each of these customers, theirs alone.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    customers: Vec<Uuid>,
    /// How often each code can be used.
    #[arg(long, value_name = "N", default_value_t = 1)]
    uses: u32,
    /// The last day on which the codes are good: 2027-03-31. Until the campaign ends if left out.
    #[arg(long, value_name = "DAY")]
    last_day: Option<String>,
    /// A new file for the codes, one a line, with whose they are; standard output if left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Coupons {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let at = |campaign: &str| format!("/campaigns/{}/coupons", encoded(campaign));
        match self {
            Self::Make(make) => make.run(&client, output),
            Self::List { campaign } => {
                let house = House::ask(&client)?;
                let page = client.get(&at(&campaign))?;
                output.answer(&page, || batches(&campaign, &page, &house))
            }
            Self::Revoke { campaign, batch } => {
                let path = format!("{}/{batch}/revoke", at(&campaign));
                let revoked = client.send("POST", &path, &Value::Null)?;
                output.answer(&revoked, || {
                    let label = text(&revoked, "label");
                    words!(
                        "The codes of {label} are revoked; open quotes keep what they hold of them.",
                        "“{label}”的券码已作废；未确认的报价仍保留已占用的券码。"
                    )
                    .to_string()
                })
            }
            Self::LookUp { code } => {
                let house = House::ask(&client)?;
                let found = client.send("POST", "/coupons/look-up", &json!({"code": code}))?;
                output.answer(&found, || looked_up(&found, &house))
            }
        }
    }
}

impl Make {
    fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let mut body = json!({"label": self.label, "uses": self.uses});
        if let Some(count) = self.count {
            body["count"] = count.into();
        }
        if let Some(segment) = &self.segment {
            body["segment"] = segment.as_str().into();
        }
        if !self.customers.is_empty() {
            body["customers"] = json!(self.customers);
        }
        if let Some(text) = &self.last_day {
            let last = time::parse_day(text).ok_or_else(|| {
                Failure::usage(words!(
                    "--last-day {text:?} is not a day; write it like 2027-03-31",
                    "--last-day {text:?} 不是日期；写法如 2027-03-31"
                ))
            })?;
            body["expires_at"] = time::day_text(last + 1).into();
        }
        // codes that cannot be written anywhere are lost, so the file comes first
        let file = self.out.as_deref().map(new_file).transpose()?;
        let campaign = &self.campaign;
        let path = format!("/campaigns/{}/coupons", encoded(campaign));
        let made = client.send_once("POST", &path, &body).map_err(|trouble| {
            if let Some(path) = &self.out {
                let _ = std::fs::remove_file(path);
            }
            match trouble {
                Trouble::Refused(failure) => failure,
                Trouble::Away(problem) => Failure::coded(
                    "server_away",
                    words!(
                        "the answer is lost: {problem}. If a batch was made, nobody knows its codes: `posthouse coupons list {campaign}` shows it, \
                         `posthouse coupons revoke` revokes it; then make another one",
                        "未收到服务器的答复：{problem}。如果已生成一批券码，则无人知晓其内容：用 `posthouse coupons list {campaign}` 查看，\
                         用 `posthouse coupons revoke` 作废，然后重新生成"
                    ),
                ),
            }
        })?;
        if output.json && file.is_none() {
            return output.answer(&made, String::new);
        }
        let codes = codes(&made);
        match (file, &self.out) {
            (Some(mut file), Some(path)) => {
                if let Err(error) = file.write_all(codes.as_bytes()).and_then(|()| file.sync_all()) {
                    let (path, error) = (path.display(), io_words(&error));
                    output.say(words!(
                        "{path} cannot be written: {error}; here are the codes",
                        "无法写入 {path}：{error}；券码如下"
                    ));
                    return print(&codes);
                }
                let mut document = made.clone();
                document["codes"] = Value::Null;
                document["file"] = json!(path);
                output.answer(&document, || {
                    let (said, path) = (sentences(&made["understood"]), path.display());
                    words!("{said}They are in {path}.", "{said}券码已写入 {path}。").to_string()
                })
            }
            _ => {
                output.say(posthouse_domain::Words::same(sentences(&made["understood"]).trim_end()));
                print(&codes)
            }
        }
    }
}

/// A file that was not there, for the owner only.
fn new_file(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        let path = path.display();
        Failure::usage(words!(
            "{path} cannot be created: {error}; name a new file",
            "无法创建 {path}：{error}；请换一个新文件名"
        ))
    })
}

/// The codes, one a line, personal ones with whose they are.
fn codes(made: &Value) -> String {
    let line = |code: &Value| match text(code, "customer_id") {
        "" => format!("{}\n", text(code, "code")),
        customer => format!("{},{customer}\n", text(code, "code")),
    };
    items(made, "codes").map(line).collect()
}

fn batches(campaign: &str, page: &Value, house: &House) -> String {
    let head = row([
        words!("batch", "批次"),
        words!("made", "生成时间"),
        words!("codes", "券码数"),
        words!("uses each", "每码次数"),
        words!("held", "占用"),
        words!("used", "已用"),
        words!("revoked", "已作废"),
        words!("state", "状态"),
        words!("id", "编号"),
    ]
    .map(|head| head.to_string()));
    let rows: Vec<Vec<String>> = items(page, "items")
        .map(|batch| {
            let state = match text(batch, "state") {
                "ready" => words!("ready", "可用").to_string(),
                "making" => words!("making", "生成中").to_string(),
                "revoked" => words!("revoked", "已作废").to_string(),
                other => other.to_owned(),
            };
            let number = |key: &str| batch[key].to_string();
            row([
                text(batch, "label").to_owned(),
                house.clock(&batch["created_at"]),
                number("count"),
                number("uses"),
                number("held"),
                number("used"),
                number("revoked"),
                state,
                text(batch, "id").to_owned(),
            ])
        })
        .collect();
    if rows.is_empty() {
        return words!("{campaign} has no coupons.", "{campaign} 没有优惠券。").to_string();
    }
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn looked_up(found: &Value, house: &House) -> String {
    let code = text(found, "code");
    let state = match text(found, "state") {
        "good" => words!("good", "可用"),
        "coupon_revoked" => words!("revoked", "已作废"),
        "coupon_expired" => words!("expired", "已过期"),
        "coupon_used_up" => words!("used up, or held by a quote", "已用完，或被报价占用"),
        other => posthouse_domain::Words::same(other),
    };
    let (uses, used, held) = (&found["uses"], &found["used"], &found["held"]);
    let mut words = words!(
        "{code}: {state}. Used {used} of {uses}, held {held}.\n",
        "{code}：{state}。已用 {used}/{uses} 次，占用 {held} 次。\n"
    )
    .to_string();
    for step in items(found, "history") {
        let (at, quote) = (house.clock(&step["at"]), text(step, "quote_id"));
        let done = match text(step, "kind") {
            "hold" => words!("held for quote {quote}", "为报价 {quote} 占用"),
            "redeem" => words!("redeemed with quote {quote}", "随报价 {quote} 核销"),
            "release" => words!("released by quote {quote}", "由报价 {quote} 释放"),
            "return" => words!(
                "good again: quote {quote} was called off",
                "报价 {quote} 取消，恢复可用"
            ),
            other => posthouse_domain::Words::same(other),
        };
        words += &format!("  {at}  {done}\n");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_one_a_line() {
        let made = json!({"codes": [{"code": "A-1"}, {"code": "B-2", "customer_id": "019b"}]});
        assert_eq!(codes(&made), "A-1\nB-2,019b\n");
    }

    #[test]
    fn a_file_that_is_there_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes.csv");
        drop(new_file(&path).unwrap());
        assert!(new_file(&path).is_err());
    }
}
