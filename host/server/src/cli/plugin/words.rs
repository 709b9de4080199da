//! What a server's answers about rules say to people.

use super::binding::spelled;
use super::points;
use crate::cli::trade::House;
use crate::output::{counted, table};
use posthouse_domain::{Words, words};
use serde_json::{Map, Value};

/// A text of a document; nothing if it is not there.
pub(super) fn text<'a>(document: &'a Value, key: &str) -> &'a str {
    document[key].as_str().unwrap_or("")
}

fn items<'a>(document: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    document[key].as_array().into_iter().flatten()
}

fn number(document: &Value, key: &str) -> u64 {
    document[key].as_u64().unwrap_or(0)
}

fn segment(key: &Value) -> Words {
    key.as_str().map_or_else(|| words!("none", "无"), Words::same)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn head<const N: usize>(words: [Words; N]) -> Vec<String> {
    words.map(|word| word.to_string()).to_vec()
}

/// The beginning of a digest, enough to name it.
fn start(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Settings a call is made with.
pub(super) fn settings(settings: &Map<String, Value>) -> Words {
    if settings.is_empty() {
        words!("settings: {{}}, the defaults", "设置：{{}}，即默认值")
    } else {
        let settings = Value::Object(settings.clone());
        words!("settings: {settings}", "设置：{settings}")
    }
}

/// An uploaded component.
pub(super) fn pushed(revision: &Value, new: bool) -> String {
    let (test, point) = (&revision["self_test"], points::of(revision));
    let [tried, cost] = (point.tested)(test);
    words!(
        "{name} {version} is revision {digest}, {known}.\nSelf-test: {golden}, {tried}, {cost}.{next}",
        "{name} {version} 的修订为 {digest}，{known}。\n自检：{golden}，{tried}，{cost}。{next}",
        name = text(revision, "name"),
        version = text(revision, "version"),
        digest = start(text(revision, "digest")),
        next = (point.next)(text(revision, "digest")),
        known = match new {
            true => words!("new on this server", "在此服务器上是新的"),
            false => words!("already on this server", "此服务器上已有"),
        },
        golden = counted(number(test, "golden_cases"), "golden case"),
    )
    .to_string()
}

/// Lines of a log, the newest last.
pub(super) fn logs(items: &[Value], binding: &str, house: &House) -> String {
    if items.is_empty() {
        return words!(
            "The rules of {binding} have logged nothing, and none has failed.",
            "{binding} 的规则没有日志，也没有出错。"
        )
        .to_string();
    }
    let head = head([
        house.head(&words!("when", "时间")),
        words!("level", "级别"),
        words!("cause", "原因"),
        words!("digest", "摘要"),
        words!("message", "内容"),
    ]);
    let rows = items.iter().map(|line| {
        row([
            &house.second(&line["at"]),
            text(line, "level"),
            text(line, "cause"),
            start(text(line, "digest")),
            text(line, "message"),
        ])
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// Who would move, and what has to be known before. `activation` is the command that grants what is named to it.
pub(super) fn preview(preview: &Value, binding: &str, activation: impl FnOnce(&str) -> String) -> String {
    let mut words = String::new();
    let stale = preview["stale"] == true;
    if stale {
        words += &words!(
            "{binding} is stale: its rule in force fails, and `now` is its last result. `posthouse plugin list` shows how it fails.\n\n",
            "{binding} 未更新：生效的规则出错，`现在` 是上次的结果。出错原因见 `posthouse plugin list`。\n\n"
        )
        .to_string();
    }
    words += &diff(preview);
    let took = &preview["duration_ms"];
    words += &if stale || number(preview, "drift") == 0 {
        words!("\nTook {took} ms.\n", "\n用时 {took} 毫秒。\n")
    } else {
        words!(
            "\nTime alone would move {drift}. Took {took} ms.\n",
            "\n仅时间推移就会变动 {drift} 位。用时 {took} 毫秒。\n",
            drift = preview["drift"]
        )
    }
    .to_string();
    words += &sample(preview);
    let needed: Vec<&str> = items(preview, "grant_needed").filter_map(Value::as_str).collect();
    if !needed.is_empty() {
        words += &words!(
            "\nNot granted to {binding} yet: the new rule reads {en}. Its activation has to grant {them}:\n\n  {command}\n",
            "\n尚未授权给 {binding}：新规则要读取 {zh}。启用时须一并授权：\n\n  {command}\n",
            en = needed.join(", "),
            zh = needed.join("、"),
            them = if needed.len() == 1 { "it" } else { "them" },
            command = activation(&needed.join(","))
        )
        .to_string();
    }
    let sensitive: Vec<&str> = items(preview, "sensitive").filter_map(Value::as_str).collect();
    if !sensitive.is_empty() {
        words += &words!(
            "\nSensitive, as they say who customers are or what they spend: {en}. Only a key with the scope grants can grant {them}.\n",
            "\n敏感事实（涉及客户身份或消费）：{zh}。只有具备 grants 权限的密钥才能授权。\n",
            en = sensitive.join(", "),
            zh = sensitive.join("、"),
            them = if sensitive.len() == 1 { "it" } else { "them" }
        )
        .to_string();
    }
    words
}

/// What a loyalty rule would have done, and what it takes to put it into force.
pub(super) fn played(preview: &Value, binding: &str, activation: impl FnOnce(&str) -> String) -> String {
    let result = &preview["result"];
    let is_compared = result["compared"] == true;
    let mut words = String::new();
    if !is_compared {
        words += &words!(
            "No rule is in force as {binding}; there is nothing to compare with.\n\n",
            "{binding} 没有生效的规则，无可对比。\n\n"
        )
        .to_string();
    }
    let failed = number(result, "failed");
    if failed > 0 {
        let fault: Words = serde_json::from_value(result["fault"].clone()).unwrap_or_default();
        words += &words!(
            "The rule failed {failed} times; the first time: {fault}\n\n",
            "规则失败 {failed} 次；第一次：{fault}\n\n"
        )
        .to_string();
    }
    let mut rows = vec![head([
        words!("month", "月份"),
        words!("points now", "现行规则"),
        words!("points then", "试算规则"),
    ])];
    for month in items(result, "months") {
        let [now, then] = ["now", "then"].map(|key| month["points"][key].to_string());
        rows.push(row([text(month, "month"), &now, &then]));
    }
    let sum = |key: &str, which: &str| result[key][which].to_string();
    let in_all = words!("in all", "合计").to_string();
    rows.push(row([&in_all, &sum("points", "now"), &sum("points", "then")]));
    words += &table(&rows);
    words += &words!(
        "\nNot expired by now: {now} → {then}. Expected to be spent: {cost_now} → {cost_then} in minor units.\n",
        "\n尚未过期：{now} → {then}。预计兑付：{cost_now} → {cost_then}（最小货币单位）。\n",
        now = sum("outstanding", "now"),
        then = sum("outstanding", "then"),
        cost_now = sum("cost", "now"),
        cost_then = sum("cost", "then")
    )
    .to_string();
    if items(result, "tiers").next().is_some() {
        let mut rows = vec![head([
            words!("tier", "等级"),
            words!("now", "现在"),
            words!("then", "之后"),
            words!("entering", "进入"),
            words!("leaving", "离开"),
        ])];
        for tier in items(result, "tiers") {
            let [now, then, entering, leaving] =
                ["now", "then", "entering", "leaving"].map(|key| tier[key].to_string());
            rows.push(row([text(tier, "key"), &now, &then, &entering, &leaving]));
        }
        words += &format!("\n{}", table(&rows));
    }
    words += &words!(
        "\nPlayed over {from} to {to}: {occasions} of {members}. Nothing was posted.\n",
        "\n范围 {from} 至 {to}：{members}的 {occasions}。未入账。\n",
        from = text(preview, "from"),
        to = text(preview, "to"),
        occasions = counted(number(preview, "occasions"), "occasion"),
        members = counted(number(preview, "done"), "member")
    )
    .to_string();
    let needed: Vec<&str> = items(preview, "grant_needed").filter_map(Value::as_str).collect();
    words += &words!(
        "\nTo put it into force:\n\n  {command}\n",
        "\n启用：\n\n  {command}\n",
        command = activation(&needed.join(","))
    )
    .to_string();
    words
}

/// Where another rule would have sent past cases.
pub(super) fn rerouted(preview: &Value, binding: &str, activation: impl FnOnce(&str) -> String) -> String {
    let mut words = String::new();
    let failed = number(&preview["then"], "failed");
    if failed > 0 {
        let fault: Words = serde_json::from_value(preview["fault"].clone()).unwrap_or_default();
        words += &words!(
            "The rule failed {failed} times; the first time: {fault}\n\n",
            "规则失败 {failed} 次；第一次：{fault}\n\n"
        )
        .to_string();
    }
    let [now, then] = ["now", "then"].map(|side| &preview[side]);
    let mut rows = vec![head([
        words!("cases", "案件"),
        words!("now", "现在"),
        words!("then", "之后"),
    ])];
    let mut desks: Vec<&String> = [now, then]
        .iter()
        .flat_map(|side| side["desks"].as_object())
        .flat_map(|desks| desks.keys())
        .collect();
    desks.sort_unstable();
    desks.dedup();
    for desk in desks {
        let of = |side: &Value| number(&side["desks"], desk).to_string();
        rows.push(row([desk, &of(now), &of(then)]));
    }
    for (name, key) in [
        (words!("breached", "超时"), "breached"),
        (words!("hops", "流转"), "hops"),
        (words!("loops", "循环"), "loops"),
    ] {
        let of = |side: &Value| number(side, key).to_string();
        rows.push(row([&name.to_string(), &of(now), &of(then)]));
    }
    words += &table(&rows);
    words += &words!(
        "\nPlayed over {from} to {to}: {cases}. {desk} would go to another desk, {severity} would be graver or less grave, {deadline} would have other deadlines.\n",
        "\n范围 {from} 至 {to}：{cases}。{desk} 件换处理组，{severity} 件严重程度变化，{deadline} 件期限变化。\n",
        from = text(preview, "from"),
        to = text(preview, "to"),
        cases = counted(number(preview, "cases"), "case"),
        desk = number(preview, "other_desk"),
        severity = number(preview, "other_severity"),
        deadline = number(preview, "other_deadline")
    )
    .to_string();
    let changed: Vec<Vec<String>> = items(preview, "changed")
        .take(20)
        .map(|one| {
            let way = format!("{} → {}", text(one, "desk_now"), text(one, "desk_then"));
            let grave = format!("{} → {}", one["severity_now"], one["severity_then"]);
            row(["", text(one, "number"), &way, &grave])
        })
        .collect();
    if !changed.is_empty() {
        words += &format!("\n{}", table(&changed));
    }
    let needed: Vec<&str> = items(preview, "grant_needed").filter_map(Value::as_str).collect();
    words += &words!(
        "\nTo put it into force as {binding}:\n\n  {command}\n",
        "\n启用为 {binding}：\n\n  {command}\n",
        command = activation(&needed.join(","))
    )
    .to_string();
    words
}

/// Some of those who would move, called what they are: some, or all.
fn sample(preview: &Value) -> String {
    let movers: Vec<Vec<String>> = items(preview, "sample")
        .map(|mover| {
            let way = format!("{} → {}", segment(&mover["from"]), segment(&mover["to"]));
            row(["", text(mover, "label"), &way, text(mover, "customer_id")])
        })
        .collect();
    let (shown, changed) = (movers.len() as u64, number(preview, "changed"));
    let (all, list) = (counted(changed, "mover"), table(&movers));
    match shown {
        0 if changed > 0 => words!(
            "\n{all}; who they are is shown to a key with the scope read.\n",
            "\n{all}；有 read 权限的密钥可看到是谁。\n"
        ),
        0 => Words::default(),
        _ if shown < changed => words!(
            "\nA sample of {shown} of {all}; --all lists everyone:\n{list}",
            "\n{all}中的 {shown} 位；--all 列出全部：\n{list}"
        ),
        _ => words!("\n{all}:\n{list}", "\n{all}：\n{list}"),
    }
    .to_string()
}

/// A rule that has come into force, with what it moved.
pub(super) fn in_force(binding: &Value) -> String {
    format!("{}\n{}", at_revision(binding), effect(binding))
}

/// What its coming into force does.
fn effect(binding: &Value) -> Words {
    match points::of(binding).effect {
        Some(effect) => effect(),
        None => Words::same(diff(&binding["diff"])),
    }
}

/// A binding's name as the commands take it.
fn bound(binding: &Value) -> String {
    spelled(text(binding, "extension_point"), text(binding, "name"))
}

fn at_revision(binding: &Value) -> Words {
    words!(
        "{name} is at revision {revision}: {digest} is in force.\n",
        "{name} 当前为修订 {revision}：{digest} 已生效。\n",
        name = bound(binding),
        revision = binding["revision"],
        digest = start(text(binding, "digest"))
    )
}

/// A rule that a rollback has brought back into force.
pub(super) fn brought_back(binding: &Value, restored: &Value) -> String {
    let effect = effect(binding);
    words!(
        "{head}That brings back revision {restored}, with the settings {settings}.\n\n{effect}",
        "{head}即恢复修订 {restored}，设置为 {settings}。\n\n{effect}",
        head = at_revision(binding),
        settings = binding["config"],
    )
    .to_string()
}

/// A binding that has ended, and who left its segments by that.
pub(super) fn ended(binding: &Value) -> String {
    words!(
        "{name} has ended with revision {revision}. `posthouse plugin rollback {name}` puts its rule back into force.\n\n{moved}",
        "{name} 已停用（修订 {revision}）。`posthouse plugin rollback {name}` 可重新启用。\n\n{moved}",
        name = bound(binding),
        revision = binding["revision"],
        moved = match points::of(binding).effect {
            Some(_) => words!("What came of its decisions stands.", "已有的结果不变。"),
            None => Words::same(diff(&binding["diff"])),
        }
    )
    .to_string()
}

/// The revisions of a binding, the newest first.
pub(super) fn history(page: &Value, house: &House) -> String {
    let mut rows = vec![head([
        words!("revision", "修订"),
        house.head(&words!("since", "起始")),
        words!("cause", "原因"),
        words!("digest", "摘要"),
        words!("settings", "设置"),
        words!("note", "备注"),
    ])];
    for revision in items(page, "items") {
        let cause = match text(revision, "cause") {
            "activation" => words!("activation", "启用"),
            "rollback" => words!("rollback", "回滚"),
            "breaker" => words!("breaker", "熔断"),
            "ending" => words!("end", "停用"),
            other => Words::same(other),
        };
        let cause = match revision["restores"].as_i64() {
            Some(restored) => words!("{cause} to {restored}", "{cause}至 {restored}"),
            None => cause,
        };
        rows.push(row([
            &revision["revision"].to_string(),
            &house.clock(&revision["activated_at"]),
            &cause.to_string(),
            start(text(revision, "digest")),
            &revision["config"].to_string(),
            text(revision, "note"),
        ]));
    }
    let mut words = table(&rows);
    if !page["next"].is_null() {
        words += &words!(
            "\nThere are older ones; --revisions lists more.\n",
            "\n还有更早的修订，可用 --revisions 多列一些。\n"
        )
        .to_string();
    }
    words
}

/// Every revision, and where it is in force.
pub(super) fn list(revisions: &[Value], bindings: &[Value], house: &House) -> String {
    if revisions.is_empty() {
        return words!(
            "No plugins yet. `posthouse plugin push FILE` uploads one.",
            "还没有插件。可用 `posthouse plugin push FILE` 上传。"
        )
        .to_string();
    }
    let mut rows = vec![head([
        words!("plugin", "插件"),
        words!("version", "版本"),
        words!("digest", "摘要"),
        house.head(&words!("uploaded", "上传时间")),
        words!("in force as", "绑定为"),
    ])];
    for revision in revisions {
        let bound: Vec<String> = bindings
            .iter()
            .filter(|binding| binding["digest"] == revision["digest"])
            .map(|binding| {
                let stale = match TROUBLES.iter().find(|(field, _)| !binding[*field].is_null()) {
                    None => Words::default(),
                    Some((_, said)) => said(),
                };
                words!(
                    "{name} (revision {revision}{stale})",
                    "{name}（修订 {revision}{stale}）",
                    name = bound(binding),
                    revision = binding["revision"]
                )
                .to_string()
            })
            .collect();
        rows.push(row([
            text(revision, "name"),
            text(revision, "version"),
            start(text(revision, "digest")),
            &house.clock(&revision["created_at"]),
            &bound.join(", "),
        ]));
    }
    let mut words = table(&rows);
    words.extend(bindings.iter().map(|binding| troubles(binding, house)));
    words
}

/// The field that says so, and the mark beside the binding's name.
type Trouble = (&'static str, fn() -> Words);

/// Why a binding does not decide as it should.
const TROUBLES: [Trouble; 3] = [
    ("not_opened", || words!(", not opened", "，打不开")),
    ("set_aside", || words!(", set aside", "，暂停询问")),
    ("stale_since", || words!(", stale", "，未更新")),
];

/// Why a binding does not decide as it should, and what helps; nothing if it does.
pub(super) fn troubles(binding: &Value, house: &House) -> String {
    let meanwhile = (points::of(binding).meanwhile)();
    let mut words = String::new();
    if !binding["not_opened"].is_null() {
        words += &words!(
            "\n{name} is not opened, and {meanwhile}: {reason}\n",
            "\n{name} 打不开，{meanwhile}：{reason}\n",
            name = bound(binding),
            reason = text(binding, "not_opened")
        )
        .to_string();
    }
    if !binding["set_aside"].is_null() {
        words += &words!(
            "\n{name} is set aside until {until}, as {why}, and {meanwhile}. `posthouse plugin ask-again {name}` has it asked at once.\n",
            "\n{name} 暂停询问至 {until}：{why}，{meanwhile}。可用 `posthouse plugin ask-again {name}` 立即恢复。\n",
            name = bound(binding),
            until = house.clock(&binding["set_aside"]["until"]),
            why = aside(&binding["set_aside"])
        )
        .to_string();
    }
    if !binding["stale_since"].is_null() {
        words += &words!(
            "\n{name} is stale since {since}: its rule fails, and {meanwhile}. {reason}\n",
            "\n{name} 自 {since} 起未更新：规则出错，{meanwhile}。{reason}\n",
            name = bound(binding),
            since = house.clock(&binding["stale_since"]),
            reason = text(binding, "stale_reason")
        )
        .to_string();
    }
    words
}

/// Why a rule is set aside.
pub(in crate::cli) fn aside(aside: &Value) -> Words {
    match text(aside, "why") {
        "costing" => words!("it kept using up the time of quotes", "规则屡次用完报价的时间"),
        _ => words!("it kept failing", "规则屡次出错"),
    }
}

fn diff(diff: &Value) -> String {
    let mut rows = vec![head([
        words!("segment", "分群"),
        words!("now", "现在"),
        words!("then", "之后"),
        words!("entering", "进入"),
        words!("leaving", "离开"),
    ])];
    for change in items(diff, "segments") {
        let [now, then, entering, leaving] = ["now", "then", "entering", "leaving"].map(|key| change[key].to_string());
        rows.push(vec![text(change, "key").to_owned(), now, then, entering, leaving]);
    }
    let changed = number(diff, "changed");
    let mut words = table(&rows);
    words += &words!(
        "\n{changed} of {all} {moves}.\n",
        "\n{all}中有 {changed} 位变动。\n",
        all = counted(number(diff, "customers"), "customer"),
        moves = if changed == 1 { "moves" } else { "move" }
    )
    .to_string();
    for moved in items(diff, "moves") {
        words += &format!(
            "  {:>8}  {} → {}\n",
            number(moved, "count"),
            segment(&moved["from"]),
            segment(&moved["to"])
        );
    }
    words
}

#[cfg(test)]
mod tests;
