//! `posthouse imports`: what was imported, and what is being imported.

use super::Failure;
use super::client::Client;
use super::trade::{House, items, text};
use crate::output::{Output, table};
use clap::{Args, Subcommand};
use posthouse_domain::words;
use serde_json::Value;
use uuid::Uuid;

/// The agency's imports.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Imports {
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// End an import. Rows that have landed stay.
    End {
        /// Id of the import.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
}

impl Imports {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        match self.what {
            None => {
                let page = client.get(&format!("/imports?limit={}", self.limit))?;
                let house = House::ask(&client)?;
                output.answer(&page, || list(&page, &house))
            }
            Some(What::End { id }) => {
                let ended = client.delete(&format!("/imports/{id}"))?;
                output.answer(&ended, || {
                    let (state, rows) = (text(&ended, "state"), &ended["rows"]);
                    words!(
                        "Import {id} is over ({state}); rows decided: {rows}.",
                        "导入 {id} 已结束（{state}）；已处理 {rows} 行。"
                    )
                    .to_string()
                })
            }
        }
    }
}

fn list(page: &Value, house: &House) -> String {
    let mut rows = vec![
        [
            words!("id", "编号"),
            house.head(&words!("came", "时间")),
            words!("kind", "种类"),
            words!("state", "状态"),
            words!("rows", "行数"),
            words!("rejected", "未通过"),
            words!("file", "文件"),
        ]
        .map(|head| head.to_string())
        .to_vec(),
    ];
    rows.extend(items(page, "items").map(|import| {
        let number = |key: &str| import[key].to_string();
        vec![
            text(import, "id").to_owned(),
            house.clock(&import["created_at"]),
            text(import, "kind").to_owned(),
            text(import, "state").to_owned(),
            number("rows"),
            number("rejected"),
            text(import, "file_name").to_owned(),
        ]
    }));
    if rows.len() == 1 {
        return words!("Nothing was imported yet.", "还没有导入过文件。").to_string();
    }
    table(&rows)
}
