//! `posthouse webhooks`: whom the agency has told what happens, and what became of it.

use super::Failure;
use super::client::{Client, Trouble};
use super::trade::{House, encoded, items, lines, row, said, text};
use crate::output::{Output, cut, table};
use clap::{Args, Subcommand};
use posthouse_app::webhooks::unanswered;
use posthouse_domain::{Words, words};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Columns of an answer in a table.
const ANSWER: usize = 60;

/// The agency's webhooks.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create a webhook. Its secret is printed this once.
    Create {
        /// Where events are sent: https://…
        url: String,
        /// What to send: names of events, quote.*, or *.
        #[arg(long, value_name = "TYPE,…", value_delimiter = ',', required = true)]
        types: Vec<String>,
        /// What you call it.
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Show a webhook and its health.
    Show {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
    /// List the types of events.
    Types,
    /// List what was sent, and what is waiting, the latest first.
    Deliveries {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
        /// Only those that are pending, delivered or dead.
        #[arg(long, value_parser = ["pending", "delivered", "dead"])]
        state: Option<String>,
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Send a test event.
    Test {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
    /// Send dead deliveries again, or the named ones.
    Replay {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
        /// Numbers of deliveries; all that are dead if left out.
        #[arg(long, value_name = "N,…", value_delimiter = ',')]
        deliveries: Option<Vec<i64>>,
    },
    /// Give a webhook another secret, printed this once. The earlier one stays valid for a day.
    Rotate {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
    /// Pause a webhook. What happens meanwhile is never sent.
    Pause {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
    /// Resume a webhook that is paused or gone.
    Resume {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
    /// Delete a webhook, with what waits for it.
    Delete {
        /// Id of the webhook.
        #[arg(value_parser = super::id)]
        id: Uuid,
    },
}

impl Webhooks {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let at = |id: Uuid| format!("/webhooks/{id}");
        let Some(what) = self.what else {
            let page = client.get("/webhooks")?;
            return output.answer(&page, || list(&page));
        };
        match what {
            What::Create { url, types, note } => {
                let body = json!({"url": url, "types": types, "note": note});
                let made = client.send_once("POST", "/webhooks", &body).map_err(lost)?;
                output.answer(&made, || {
                    with_secret(&made, words!("Webhook created", "Webhook 已创建"))
                })
            }
            What::Show { id } => {
                let house = House::ask(&client)?;
                let webhook = client.get(&at(id))?;
                output.answer(&webhook, || shown(&webhook, &house))
            }
            What::Types => {
                let page = client.get("/webhooks/event-types")?;
                output.answer(&page, || types(&page))
            }
            What::Deliveries { id, state, limit } => {
                let house = House::ask(&client)?;
                let only = state
                    .as_ref()
                    .map(|state| format!("&state={}", encoded(state)))
                    .unwrap_or_default();
                let page = client.get(&format!("{}/deliveries?limit={limit}{only}", at(id)))?;
                output.answer(&page, || deliveries(&page, &house, state.as_deref()))
            }
            What::Test { id } => {
                let sent = client.send("POST", &format!("{}/test", at(id)), &Value::Null)?;
                output.answer(&sent, || {
                    words!(
                        "A test event is on its way; `posthouse webhooks deliveries {id}` shows what became of it.",
                        "测试事件已发出；结果见 `posthouse webhooks deliveries {id}`。"
                    )
                    .to_string()
                })
            }
            What::Replay { id, deliveries } => {
                let body = json!({ "deliveries": deliveries });
                let replayed = client.send("POST", &format!("{}/replay", at(id)), &body)?;
                let webhook = client.get(&at(id))?;
                output.answer(&replayed, || again(&replayed, deliveries.as_deref(), &webhook))
            }
            What::Rotate { id } => {
                let body = json!({"rotate_secret": true});
                let changed = client.send_once("PATCH", &at(id), &body).map_err(lost)?;
                output.answer(&changed, || {
                    with_secret(&changed, words!("The webhook has a new secret", "已更换签名密钥"))
                })
            }
            What::Pause { id } => activate(&client, output, &at(id), false),
            What::Resume { id } => activate(&client, output, &at(id), true),
            What::Delete { id } => {
                let deleted = client.delete(&at(id))?;
                output.answer(&deleted, || {
                    words!("Webhook {id} deleted.", "Webhook {id} 已删除。").to_string()
                })
            }
        }
    }
}

fn lost(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Refused(failure) => failure,
        Trouble::Away(problem) => Failure::coded(
            "server_away",
            words!(
                "the answer is lost: {problem}. If a webhook was created, nobody knows its secret: find it with `posthouse webhooks`, then \
                 `posthouse webhooks rotate`",
                "未收到服务器的答复：{problem}。如果 Webhook 已创建，则无人知晓其密钥：用 `posthouse webhooks` 找到它，再用 \
                 `posthouse webhooks rotate` 换一个"
            ),
        ),
    }
}

fn activate(client: &Client, output: Output, path: &str, active: bool) -> Result<(), Failure> {
    let changed = client.send("PATCH", path, &json!({"active": active}))?;
    output.answer(&changed, || {
        let url = text(&changed, "url");
        match active {
            true => words!(
                "{url} is active; everything waiting is tried now.",
                "{url} 已恢复，待发送的立即发送。"
            ),
            false => words!(
                "{url} is paused; nothing is sent until you resume it.",
                "{url} 已暂停，恢复之前不再发送。"
            ),
        }
        .to_string()
    })
}

/// What becomes of a replay of these, or of everything dead.
fn again(replayed: &Value, named: Option<&[i64]>, webhook: &Value) -> String {
    let count = replayed["replayed"].as_u64().unwrap_or_default();
    let wanted = named.map(|named| named.iter().collect::<BTreeSet<_>>().len() as u64);
    let rest = wanted.map_or(0, |wanted| wanted.saturating_sub(count));
    let deliveries = if count == 1 {
        "1 delivery"
    } else {
        &format!("{count} deliveries")
    };
    let id = text(webhook, "id");
    let what = match (count, wanted) {
        (0, None) => words!("No dead deliveries.", "没有已放弃的通知。"),
        (0, Some(_)) => Words::default(),
        _ if text(webhook, "state") != "active" => {
            let are = if count == 1 { "is" } else { "are" };
            words!(
                "{deliveries} {are} queued; the webhook is paused or gone, and sends after `posthouse webhooks resume {id}`.",
                "{count} 条已排队；该 Webhook 已暂停或已失效，用 `posthouse webhooks resume {id}` 恢复后发送。"
            )
        }
        _ => words!("{deliveries} will be sent again.", "将重发 {count} 条。"),
    };
    let what = what.to_string();
    if rest == 0 {
        return what;
    }
    let rest = words!(
        "Left alone, as not found or still pending: {rest}.",
        "另有 {rest} 个序号不存在或仍在等待，未重发。"
    );
    let gap = words!(" ", "");
    format!("{what}{gap}{rest}").trim_start().to_owned()
}

fn with_secret(webhook: &Value, what: Words) -> String {
    let (id, secret) = (text(webhook, "id"), text(webhook, "secret"));
    words!(
        "{what}: {id}\n\nIts secret, shown this once; keep it safe:\n\n  {secret}\n",
        "{what}：{id}\n\n签名密钥仅显示这一次，请妥善保管：\n\n  {secret}\n"
    )
    .to_string()
}

fn state(webhook: &Value) -> String {
    let word = match (text(webhook, "state"), text(webhook, "health")) {
        ("active", "well") => words!("well", "正常"),
        ("active", "failing") => words!("failing", "有失败"),
        ("active", "down") => words!("down", "无法送达"),
        ("paused", _) => words!("paused", "已暂停"),
        ("gone", _) => words!("gone", "已失效"),
        (other, _) => Words::same(other),
    };
    word.to_string()
}

fn types_of(webhook: &Value) -> String {
    let types: Vec<&str> = items(webhook, "types").filter_map(Value::as_str).collect();
    types.join(", ")
}

fn list(page: &Value) -> String {
    let head = row([
        words!("url", "地址"),
        words!("events", "事件"),
        words!("state", "状态"),
        words!("pending", "待发送"),
        words!("dead", "已放弃"),
        words!("id", "编号"),
    ]
    .map(|head| head.to_string()));
    let rows = items(page, "items").map(|webhook| {
        row([
            text(webhook, "url").to_owned(),
            types_of(webhook),
            state(webhook),
            webhook["pending"].to_string(),
            webhook["dead"].to_string(),
            text(webhook, "id").to_owned(),
        ])
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    if rows.len() == 1 {
        return words!(
            "There are no webhooks; `posthouse webhooks create` creates one.",
            "还没有 Webhook；用 `posthouse webhooks create` 创建。"
        )
        .to_string();
    }
    table(&rows)
}

fn shown(webhook: &Value, house: &House) -> String {
    let pairs = [
        (words!("events", "事件"), types_of(webhook)),
        (words!("note", "备注"), text(webhook, "note").to_owned()),
        (words!("state", "状态"), state(webhook)),
        (words!("next attempt", "下次尝试"), house.clock(&webhook["retry_at"])),
        (words!("pending", "待发送"), webhook["pending"].to_string()),
        (words!("dead", "已放弃"), webhook["dead"].to_string()),
        (
            words!("earlier secret until", "旧签名密钥有效至"),
            house.clock(&webhook["earlier_secret_until"]),
        ),
        (words!("created", "创建时间"), house.clock(&webhook["created_at"])),
        (words!("id", "编号"), text(webhook, "id").to_owned()),
    ];
    format!("{}\n{}", text(webhook, "url"), lines(&pairs))
}

fn types(page: &Value) -> String {
    let rows: Vec<Vec<String>> = items(page, "items")
        .map(|kind| row([text(kind, "name").to_owned(), said(&kind["meaning"])]))
        .collect();
    table(&rows)
}

fn deliveries(page: &Value, house: &House, only: Option<&str>) -> String {
    let items: Vec<&Value> = items(page, "items").collect();
    if items.is_empty() {
        return match only {
            Some("dead") => words!("No dead deliveries.", "没有已放弃的通知。"),
            Some("pending") => words!("No pending deliveries.", "没有待发送的通知。"),
            Some("delivered") => words!("Nothing was delivered yet.", "还没有已送达的通知。"),
            _ => words!("Nothing was sent yet.", "还没有通知。"),
        }
        .to_string();
    }
    // only what waits is tried again
    let waits = items.iter().any(|delivery| !delivery["next_at"].is_null());
    let with_next = |next: String| waits.then_some(next);
    let head = [
        Some(words!("no.", "序号").to_string()),
        Some(words!("when", "时间").to_string()),
        Some(words!("type", "事件").to_string()),
        Some(words!("subject", "对象").to_string()),
        Some(words!("state", "状态").to_string()),
        Some(words!("attempts", "次数").to_string()),
        with_next(words!("next", "下次").to_string()),
        Some(words!("answer", "答复").to_string()),
    ];
    let rows = items.iter().map(|delivery| {
        let state = match text(delivery, "state") {
            "pending" => words!("pending", "待发送").to_string(),
            "delivered" => words!("delivered", "已送达").to_string(),
            "dead" => words!("dead", "已放弃").to_string(),
            other => other.to_owned(),
        };
        [
            Some(delivery["delivery"].to_string()),
            Some(house.clock(&delivery["time"])),
            Some(text(delivery, "type").to_owned()),
            Some(text(delivery, "subject").to_owned()),
            Some(state),
            Some(delivery["attempts"].to_string()),
            with_next(house.clock(&delivery["next_at"])),
            Some(answer(delivery)),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head)
        .chain(rows)
        .map(|cells| cells.into_iter().flatten().collect())
        .collect();
    table(&rows)
}

/// What the receiver said, or why it said nothing.
fn answer(delivery: &Value) -> String {
    let said = text(delivery, "answer");
    match delivery["status"].as_i64() {
        Some(status) => cut(&format!("{status} {said}"), ANSWER),
        None => cut(&unanswered(said).to_string(), ANSWER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_says_what_it_does_and_what_it_leaves_alone() {
        let said = |count: u64, named: Option<&[i64]>, state: &str| {
            again(&json!({"replayed": count}), named, &json!({"id": "W", "state": state}))
        };
        assert_eq!(said(0, None, "active"), "No dead deliveries.");
        assert_eq!(said(1, None, "active"), "1 delivery will be sent again.");
        assert_eq!(
            said(1, Some(&[1, 2, 2, 3]), "active"),
            "1 delivery will be sent again. Left alone, as not found or still pending: 2."
        );
        assert_eq!(
            said(0, Some(&[9]), "paused"),
            "Left alone, as not found or still pending: 1."
        );
        let queued = said(2, None, "paused");
        assert!(queued.starts_with("2 deliveries are queued; "), "{queued}");
        assert!(queued.contains("`posthouse webhooks resume W`"), "{queued}");
    }
}
