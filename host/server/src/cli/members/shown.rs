//! Members and their statements, as people read them.

use crate::cli::trade::{House, items, lines, row, said, text};
use crate::output::table;
use posthouse_domain::{Words, words};
use serde_json::Value;

fn number(value: &Value) -> String {
    value.as_i64().map(|number| number.to_string()).unwrap_or_default()
}

fn tier(member: &Value) -> String {
    match member["tier"].is_object() {
        true => said(&member["tier"]["title"]),
        false => String::new(),
    }
}

fn state(state: &str) -> Words {
    match state {
        "active" => words!("active", "有效"),
        "suspended" => words!("suspended", "已暂停"),
        "closed" => words!("closed", "已注销"),
        other => Words::same(other),
    }
}

pub(super) fn list(page: &Value) -> String {
    let head = row([
        words!("card", "卡号"),
        words!("tier", "等级"),
        words!("points", "积分"),
        words!("pending", "待生效"),
        words!("status", "成长值"),
        words!("state", "状态"),
        words!("customer", "客户"),
    ]
    .map(|head| head.to_string()));
    let rows = items(page, "items").map(|member| {
        row([
            text(member, "member_no").to_owned(),
            tier(member),
            number(&member["points"]["available"]),
            number(&member["points"]["pending"]),
            number(&member["status"]["available"]),
            state(text(member, "state")).to_string(),
            text(member, "customer_id").to_owned(),
        ])
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    if rows.len() == 1 {
        return words!(
            "No such members. `posthouse members enrol` makes a customer one.",
            "没有符合的会员。用 `posthouse members enrol` 为客户办理入会。"
        )
        .to_string();
    }
    let mut words = table(&rows);
    if page["next"].is_string() {
        words += &words!("\nThere are more; --limit lists more.", "\n还有更多；--limit 可多列。").to_string();
    }
    words
}

pub(super) fn one(member: &Value) -> String {
    let points = &member["points"];
    let mut pairs = vec![
        (words!("customer", "客户"), text(member, "customer_id").to_owned()),
        (words!("state", "状态"), state(text(member, "state")).to_string()),
        (words!("since", "入会"), text(member, "since").to_owned()),
    ];
    let held = &member["tier"];
    if held.is_object() {
        let until = held["valid_until"].as_str().unwrap_or_default();
        let valid = match until.is_empty() {
            true => said(&held["title"]),
            false => {
                let title = said(&held["title"]);
                words!("{title}, valid until {until}", "{title}，有效至 {until}").to_string()
            }
        };
        pairs.push((words!("tier", "等级"), valid));
        pairs.push((words!("why", "原因"), said(&held["reason"]["text"])));
        let next = &held["next"];
        if next.is_object() {
            let (key, have, need) = (text(next, "key"), number(&next["have"]), number(&next["need"]));
            let way = words!("{key}: {have} of {need}", "{key}：{have} / {need}").to_string();
            pairs.push((words!("next tier", "下一等级"), way));
        }
    }
    pairs.extend([
        (words!("points", "积分"), number(&points["available"])),
        (words!("pending", "待生效"), number(&points["pending"])),
        (words!("set aside", "冻结"), number(&points["held"])),
        (words!("owed", "欠分"), number(&points["owed"])),
        (words!("status", "成长值"), number(&member["status"]["available"])),
        (
            words!("referral code", "推荐码"),
            text(member, "referral_code").to_owned(),
        ),
    ]);
    pairs.extend(items(points, "expiring").map(|one| {
        let on = text(one, "on");
        (words!("expires on {on}", "{on} 到期"), number(&one["points"]))
    }));
    format!("{}\n{}", text(member, "member_no"), lines(&pairs))
}

/// What moved of what can be spent, or of what waits or is set aside where that did not.
fn moved(line: &Value) -> String {
    let changed = &line["changed"];
    let parts = ["available", "pending", "held", "owed"].map(|part| changed[part].as_i64().unwrap_or_default());
    let first = parts.into_iter().find(|part| *part != 0).unwrap_or_default();
    format!("{first:+}")
}

fn kind(line: &Value) -> Words {
    match text(line, "kind") {
        "earned" => words!("earned", "获得"),
        "activated" => words!("activated", "生效"),
        "reversed" => words!("reversed", "冲回"),
        "settled" => words!("settled", "抵欠"),
        "expired" => words!("expired", "到期"),
        "adjusted" => words!("adjusted", "调整"),
        "sent" => words!("sent", "转出"),
        "received" => words!("received", "转入"),
        "set_aside" => words!("set aside", "冻结"),
        "redeemed" => words!("redeemed", "兑换"),
        "released" => words!("released", "解冻"),
        "returned" => words!("returned", "退回"),
        "forfeited" => words!("forfeited", "作废"),
        other => Words::same(other),
    }
}

/// A statement, each wallet by itself: what there was, its lines, and what there is.
pub(super) fn statement(found: &Value, house: &House) -> String {
    let wallets = [
        ("points", words!("Points", "积分"), "available"),
        ("status", words!("Status", "成长值"), "status"),
    ];
    let parts = wallets.map(|(wallet, title, sum)| {
        let [opening, closing] = ["opening", "closing"].map(|side| number(&found[side][sum]));
        let frame = words!(
            "{title}: opening {opening}, closing {closing}",
            "{title}：期初 {opening}，期末 {closing}"
        );
        let rows: Vec<Vec<String>> = items(found, "items")
            .filter(|line| text(line, "wallet") == wallet)
            .map(|line| {
                row([
                    house.clock(&line["at"]),
                    kind(line).to_string(),
                    moved(line),
                    number(&line["balance"]["available"]),
                    text(line, "booking_id").to_owned(),
                    said(&line["reason"]["text"]),
                ])
            })
            .collect();
        if rows.is_empty() {
            return frame.to_string();
        }
        let head = row([
            house.head(&words!("when", "时间")),
            words!("what", "事项"),
            words!("change", "变动"),
            words!("balance", "余额"),
            words!("booking", "订单"),
            words!("why", "原因"),
        ]
        .map(|head| head.to_string()));
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        format!("{frame}\n{}", table(&rows).trim_end())
    });
    format!("{}\n", parts.join("\n\n"))
}

pub(super) fn waiting(page: &Value, house: &House) -> String {
    let head = row([
        words!("asked", "申请时间"),
        words!("what", "事项"),
        words!("reason", "原因"),
        words!("customer", "客户"),
        words!("id", "编号"),
    ]
    .map(|head| head.to_string()));
    let rows = items(page, "items").map(|one| {
        let what = match one["points"].as_i64() {
            Some(points) => format!("{points:+} {}", text(one, "wallet")),
            None => format!("{} → {}", text(one, "tier"), text(one, "valid_until")),
        };
        row([
            house.clock(&one["asked_at"]),
            what,
            text(one, "reason").to_owned(),
            text(one, "customer_id").to_owned(),
            text(one, "id").to_owned(),
        ])
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    if rows.len() == 1 {
        return words!("Nothing waits.", "没有待批准的调整。").to_string();
    }
    let more = match page["next"].is_string() {
        true => words!("\nThere are more than these.", "\n还有更多。").to_string(),
        false => String::new(),
    };
    table(&rows) + &more
}

pub(super) fn ordered(order: &Value) -> String {
    let points = number(&order["points"]);
    match order["code"].as_str() {
        Some(code) => words!(
            "{points} points are spent. The code, told this once: {code}",
            "已使用 {points} 积分。券码仅显示一次：{code}"
        ),
        None => words!(
            "{points} points are set aside until it is handed out.",
            "已冻结 {points} 积分，待发放后扣除。"
        ),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_is_told_with_the_way_to_the_next_tier() {
        let member = json!({
            "customer_id": "019b", "member_no": "00000001", "state": "active", "since": "2026-01-01", "referral_code": "K7",
            "tier": {"key": "silver", "title": {"en": "Silver", "zh-CN": "银卡会员"}, "valid_until": "2027-12-31",
                "reason": {"code": "reached", "text": {"en": "25000 status in 365 days", "zh-CN": "近 365 天成长值 25000"}},
                "next": {"key": "gold", "have": 25_000, "need": 60_000, "unit": "status"}},
            "points": {"available": 25_000, "pending": 0, "held": 0, "owed": 0, "expiring": [{"on": "2027-12-31", "points": 25_000}]},
            "status": {"available": 25_000},
        });
        let told = one(&member);
        for part in [
            "00000001\n",
            "Silver, valid until 2027-12-31",
            "gold: 25000 of 60000",
            "expires on 2027-12-31",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
    }

    #[test]
    fn a_statement_says_what_moved_behind_what() {
        let line = |kind: &str, changed: Value, available: i64| {
            json!({"at": "2026-01-15T04:00:00Z", "wallet": "points", "kind": kind, "changed": changed,
                "balance": {"available": available}, "reason": null, "booking_id": "B1"})
        };
        let found = json!({
            "opening": {"available": 0, "status": 5}, "closing": {"available": 90, "status": 105}, "next": null,
            "items": [
                line("earned", json!({"pending": 100, "available": 0, "held": 0, "owed": 0}), 0),
                line("set_aside", json!({"pending": 0, "available": -10, "held": 10, "owed": 0}), 90),
                json!({"at": "2026-01-15T04:00:00Z", "wallet": "status", "kind": "activated", "changed": {"available": 100},
                    "balance": {"available": 105}, "reason": null, "booking_id": "B2"}),
            ],
        });
        let told = statement(&found, &House::in_shanghai());
        for part in [
            "earned     +100",
            "set aside  -10",
            "Points: opening 0, closing 90",
            "Status: opening 5, closing 105",
            "activated  +100    105",
            "2026-01-15 12:00",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
        assert_eq!(list(&json!({"items": []})).lines().count(), 1);
    }
}
