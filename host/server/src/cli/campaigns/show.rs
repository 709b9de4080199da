//! Campaigns for people.

use super::super::trade::{House, items, lines, row, said, sentences, text};
use crate::output::table;
use posthouse_domain::{Words, words};
use serde_json::Value;

/// A state in the reader's language.
fn state(campaign: &Value) -> Words {
    match text(campaign, "state") {
        "draft" => words!("draft", "草稿"),
        "submitted" => words!("submitted", "待审批"),
        "approved" => words!("approved", "已批准"),
        "preparing" => words!("preparing", "筹备中"),
        "running" => words!("running", "进行中"),
        "paused" => words!("paused", "已暂停"),
        "ended" => words!("ended", "已结束"),
        "evaluated" => words!("evaluated", "已评估"),
        "proposed" => words!("submitted", "待审批"),
        "rejected" => words!("rejected", "已驳回"),
        other => Words::same(other),
    }
}

/// A type in the reader's language.
fn kind(campaign: &Value) -> Words {
    match text(campaign, "type") {
        "new-product" => words!("new-product", "新品"),
        "price-or-gift" => words!("price-or-gift", "降价或赠礼"),
        "festival" => words!("festival", "节庆"),
        "member" => words!("member", "会员"),
        "joint" => words!("joint", "联合"),
        other => Words::same(other),
    }
}

/// The days of a window, the last included where it ends at midnight.
fn window(campaign: &Value, house: &House) -> String {
    let (from, to) = (
        house.clock(&campaign["window"]["from"]),
        house.clock(&campaign["window"]["to"]),
    );
    let day = |text: &str| text.strip_suffix(" 00:00").map(str::to_owned);
    let from = day(&from).unwrap_or(from);
    let last = day(&to).and_then(|to| posthouse_domain::time::parse_day(&to));
    match last {
        Some(after) => format!("{from} – {}", posthouse_domain::time::day_text(after - 1)),
        None => format!("{from} – {to}"),
    }
}

pub(super) fn list(page: &Value, house: &House) -> String {
    let head = row([
        words!("campaign", "活动"),
        words!("name", "名称"),
        words!("type", "类型"),
        words!("state", "状态"),
        words!("days", "日期"),
        words!("group", "叠加组"),
        words!("priority", "优先级"),
        words!("owner", "负责人"),
    ]
    .map(|head| head.to_string()));
    let rows: Vec<Vec<String>> = items(page, "items")
        .map(|one| {
            row([
                text(one, "key").to_owned(),
                text(one, "name").to_owned(),
                kind(one).to_string(),
                state(one).to_string(),
                window(one, house),
                text(one, "group").to_owned(),
                one["priority"].to_string(),
                text(one, "owner").to_owned(),
            ])
        })
        .collect();
    if rows.is_empty() {
        return words!(
            "No campaigns. `posthouse campaigns plan FILE` creates one; `posthouse campaigns plan --help` shows what the file looks like.",
            "没有活动。用 `posthouse campaigns plan FILE` 创建；文件写法见 `posthouse campaigns plan --help`。"
        )
        .to_string();
    }
    let mut words = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    if page["next"].is_string() {
        words += &words!("\nThere are more; --limit lists more.", "\n还有更多；--limit 可多列。").to_string();
    }
    words
}

/// The first line of a campaign: key, name, type and state.
fn head(campaign: &Value) -> String {
    let (key, name) = (text(campaign, "key"), text(campaign, "name"));
    let (kind, state) = (kind(campaign), state(campaign));
    words!("{key}: {name} ({kind}), {state}", "{key}：{name}（{kind}），{state}").to_string()
}

pub(super) fn campaign(found: &Value, house: &House) -> String {
    let approval = &found["approval"];
    let approved = if approval["at"].is_string() {
        let at = house.clock(&approval["at"]);
        let note = match text(approval, "note") {
            "" => String::new(),
            note => format!(" ({note})"),
        };
        if approval["holds"] == true {
            words!("{at}{note}", "{at}{note}").to_string()
        } else {
            words!("{at}, of an earlier plan{note}", "{at}，针对之前的方案{note}").to_string()
        }
    } else {
        String::new()
    };
    let money = |value: &Value| house.amount(value);
    let (held, spent) = (
        money(&found["budget_used"]["held"]),
        money(&found["budget_used"]["spent"]),
    );
    let total = found["plan"]["budget"]["total"].as_i64().unwrap_or(0);
    let used = |key: &str| found["budget_used"][key].as_i64().unwrap_or(0);
    let left = house.money(total - used("held") - used("spent"));
    let tasks = match found["open_tasks"].as_i64() {
        Some(0) | None => String::new(),
        Some(open) => open.to_string(),
    };
    let amendment = found["open_amendment"]
        .as_i64()
        .map(|number| number.to_string())
        .unwrap_or_default();
    let failing = text(&found["rule_in_force"], "failing").to_owned();
    let aside = match &found["rule_in_force"]["set_aside"] {
        Value::Null => String::new(),
        aside => words!(
            "until {until}: {why}",
            "至 {until}：{why}",
            until = house.clock(&aside["until"]),
            why = crate::cli::plugin::aside(aside)
        )
        .to_string(),
    };
    let facts: Vec<&str> = items(found, "facts").filter_map(Value::as_str).collect();
    let about = lines(&[
        (words!("owner", "负责人"), text(found, "owner").to_owned()),
        (words!("approved", "批准时间"), approved),
        (
            words!("budget", "预算"),
            words!(
                "{left} left, {held} held, {spent} spent",
                "剩余 {left}，占用 {held}，已用 {spent}"
            )
            .to_string(),
        ),
        (words!("rule reads", "规则读取"), facts.join(", ")),
        (words!("open tasks", "未完成任务"), tasks),
        (words!("amendment waiting", "待审批的变更"), amendment),
        (words!("rule fails", "规则出错"), failing),
        (words!("rule set aside", "规则暂停询问"), aside),
        (
            words!("rule not opened", "规则打不开"),
            text(&found["rule_in_force"], "not_opened").to_owned(),
        ),
    ]);
    let plan = words!("The plan", "方案");
    let mut words = format!(
        "{}\n\n{about}\n{plan}\n{}",
        head(found),
        sentences(&found["understood"])
    );
    let lessons: Vec<&Value> = items(found, "lessons").collect();
    if let Some(newest) = lessons.first() {
        let (name, learned) = (text(newest, "name"), text(newest, "lessons"));
        words += &words!("\nLearned from {name}: {learned}\n", "\n来自{name}的经验：{learned}\n").to_string();
    }
    words + &next_step(found)
}

/// What can be done next, as a command.
fn next_step(campaign: &Value) -> String {
    let key = text(campaign, "key");
    let tasks = campaign["open_tasks"].as_i64().unwrap_or(0);
    let next = match text(campaign, "state") {
        "draft" => words!(
            "Next: posthouse campaigns submit {key}",
            "下一步：posthouse campaigns submit {key}"
        ),
        "submitted" => words!(
            "Next, with another key: posthouse campaigns approve {key}",
            "下一步，由另一密钥执行：posthouse campaigns approve {key}"
        ),
        "approved" => words!(
            "Next: posthouse campaigns start {key}",
            "下一步：posthouse campaigns start {key}"
        ),
        "preparing" => words!(
            "Next: {tasks} open tasks have to be done before it starts.",
            "下一步：启动前需完成 {tasks} 项任务。"
        ),
        "paused" => words!(
            "Next: posthouse campaigns resume {key}",
            "下一步：posthouse campaigns resume {key}"
        ),
        "ended" => words!(
            "Next: posthouse campaigns evaluate {key} --judgement … --lessons …",
            "下一步：posthouse campaigns evaluate {key} --judgement … --lessons …"
        ),
        _ => return String::new(),
    };
    format!("\n{next}\n")
}

pub(super) fn rehearsal(key: &str, would: &Value) -> String {
    let head = match text(would, "would") {
        "create" => words!("{key} would be created as a draft:", "将创建草稿 {key}："),
        "change" => words!(
            "{key} would get this plan and be a draft again:",
            "{key} 将采用以下方案，并重新成为草稿："
        ),
        _ => words!("{key} has this plan already:", "{key} 已是此方案："),
    };
    format!(
        "{head}\n\n{}{}",
        sentences(&would["understood"]),
        what_changes(&would["changes"])
    )
}

fn what_changes(changes: &Value) -> String {
    let sentences = sentences(changes);
    if sentences.is_empty() {
        return String::new();
    }
    let head = words!("What changes:", "变更内容：");
    format!("\n{head}\n{sentences}")
}

pub(super) fn planned(done: &Value, would: &Value) -> String {
    let (key, state) = (text(done, "key"), state(done));
    let head = match text(would, "would") {
        "create" => words!("{key} is created as a draft:", "已创建草稿 {key}："),
        "change" => words!(
            "{key} has a new plan and is a draft again:",
            "{key} 已采用新方案，重新成为草稿："
        ),
        _ => words!(
            "{key} has this plan already and stays {state}:",
            "{key} 已是此方案，状态仍为{state}："
        ),
    };
    let changes = what_changes(&would["changes"]);
    format!(
        "{head}\n\n{}{changes}{}",
        sentences(&done["understood"]),
        next_step(done)
    )
}

pub(super) fn stepped(action: &str, done: &Value) -> String {
    let (key, state) = (text(done, "key"), state(done));
    let head = match action {
        "start" => {
            let days = &done["understood"];
            let window = days.get(3).map(said).unwrap_or_default();
            words!("{key} is {state}. {window}", "{key} {state}。{window}")
        }
        _ => words!("{key} is {state}.", "{key} {state}。"),
    };
    format!("{head}\n{}", next_step(done))
}

pub(super) fn approved(amendment: Option<u32>, shown: &Value, done: &Value) -> String {
    let (key, state) = (text(done, "key"), state(done));
    let head = match amendment {
        None => words!(
            "You agreed to this plan; {key} is {state}:",
            "您批准了以下方案；{key} {state}："
        ),
        Some(number) => words!(
            "Amendment {number} of {key} is in force with the next quote:",
            "{key} 的第 {number} 号变更自下一次报价起生效："
        ),
    };
    let next = if amendment.is_none() {
        next_step(done)
    } else {
        String::new()
    };
    format!("{head}\n\n{}{next}", sentences(shown))
}

pub(super) fn rejected(key: &str, amendment: Option<u32>) -> String {
    match amendment {
        None => words!(
            "The plan of {key} is rejected; it is a draft again.",
            "{key} 的方案已驳回，重新成为草稿。"
        ),
        Some(number) => words!(
            "Amendment {number} of {key} is rejected; everything stays as it is.",
            "{key} 的第 {number} 号变更已驳回，一切照旧。"
        ),
    }
    .to_string()
}

/// What an amendment would do.
fn foreseen(amendment: &Value, house: &House) -> String {
    let preview = &amendment["preview"];
    let amount = |key: &str| house.money(preview[key].as_i64().unwrap_or(0));
    let (summary, now, then) = (said(&preview["summary"]), amount("now"), amount("then"));
    let sums = words!(
        "  {summary}: {now} off by the plan in force, {then} by the new one.\n",
        "  {summary}：现方案共优惠 {now}，新方案共优惠 {then}。\n"
    );
    format!("{}{sums}", sentences(&preview["changes"]))
}

pub(super) fn amendment(key: &str, proposed: &Value, house: &House) -> String {
    let number = &proposed["amendment"];
    let head = words!(
        "Amendment {number} of {key} is proposed. The plan in force serves until another key approves it.",
        "已提出 {key} 的第 {number} 号变更。另一密钥批准之前，现方案继续生效。"
    );
    let next = words!(
        "Next, with another key: posthouse campaigns approve {key} --amendment {number}",
        "下一步，由另一密钥执行：posthouse campaigns approve {key} --amendment {number}"
    );
    format!("{head}\n\n{}\n{next}\n", foreseen(proposed, house))
}

pub(super) fn amendments(key: &str, page: &Value, house: &House) -> String {
    let one = |amendment: &Value| {
        let (number, state, at) = (
            &amendment["amendment"],
            state(amendment),
            house.clock(&amendment["proposed_at"]),
        );
        let note = match text(amendment, "note") {
            "" => String::new(),
            note => format!(": {note}"),
        };
        let head = words!(
            "Amendment {number}, {state}, proposed {at}{note}",
            "第 {number} 号变更，{state}，提出于 {at}{note}"
        );
        format!("{head}\n{}", foreseen(amendment, house))
    };
    let all: Vec<String> = items(page, "items").map(one).collect();
    if all.is_empty() {
        return words!("{key} has no amendments.", "{key} 没有变更记录。").to_string();
    }
    all.join("\n")
}
