//! `posthouse segments`: who is in which segment, and why.

use super::Failure;
use super::client::Client;
use super::trade::{House, encoded};
use crate::output::{Output, counted, table};
use clap::{Args, Subcommand};
use posthouse_domain::words::spoken;
use posthouse_domain::{Words, words};
use serde_json::Value;

/// Segments and their members.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Segments {
    #[command(subcommand)]
    command: Option<Command>,
    /// BINDING.KEY of a segment whose members are to be listed; every segment with its size if left out.
    segment: Option<String>,
    /// How many members are listed.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// In which order: by score (the highest first), since (who entered last first), name, or joined (in the order in which they became
    /// customers).
    #[arg(long, value_name = "ORDER", default_value = "score", value_parser = ["score", "since", "name", "joined"])]
    sort: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw members of a segment at random, with their telephone numbers.
    Sample {
        /// The segment, as BINDING.KEY.
        segment: String,
        /// How many are drawn; all are if there are fewer.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        size: u32,
        /// Any text: the same one draws the same people again as long as they are members. Left out, one is made up and shown.
        #[arg(long, value_name = "TEXT")]
        seed: Option<String>,
        /// Draw from the members of a past day or instant.
        #[arg(long, value_name = "DAY")]
        as_of: Option<String>,
    },
}

impl Segments {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        if let Some(Command::Sample {
            segment,
            size,
            seed,
            as_of,
        }) = self.command
        {
            let mut path = format!("/segments/{}/sample?size={size}", encoded(&segment));
            for (name, value) in [("seed", seed), ("as_of", as_of)] {
                if let Some(value) = value {
                    path += &format!("&{name}={}", encoded(&value));
                }
            }
            let sample = client.get(&path)?;
            return output.answer(&sample, || drawn(&sample));
        }
        let (segments, house) = (client.get("/segments")?, House::ask(&client)?);
        let Some(segment) = self.segment else {
            return output.answer(&segments, || {
                format!("{}{}", turning(&segments), sizes(&segments, &house))
            });
        };
        let listed = items(&segments).find(|listed| name(listed) == segment);
        let listed = listed.ok_or_else(|| {
            Failure::coded(
                "segment_unknown",
                words!(
                    "there is no segment {segment}; `posthouse segments` lists all as BINDING.KEY",
                    "没有分群 {segment}；可用 `posthouse segments` 查看，写法为 BINDING.KEY"
                ),
            )
        })?;
        let page = client.get(&format!(
            "/segments/{segment}/members?limit={}&sort={}",
            self.limit, self.sort
        ))?;
        output.answer(&page, || members(listed, &page, &house))
    }
}

/// Who was drawn, and how to draw them again.
fn drawn(sample: &Value) -> String {
    let head = [
        words!("member number", "会员号"),
        words!("name", "姓名"),
        words!("telephone", "电话"),
        words!("language", "语言"),
        words!("may be written to", "同意营销"),
        words!("id", "编号"),
    ];
    let rows = items(sample).map(|person| {
        let phones: Vec<&str> = person["phones"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let consent = match person["consent_marketing"].as_bool() {
            Some(true) => words!("yes", "是"),
            Some(false) => words!("no", "否"),
            None => Words::default(),
        };
        vec![
            text(&person["member_no"]),
            text(&person["name"]),
            phones.join(", "),
            text(&person["language"]),
            consent.to_string(),
            text(&person["customer_id"]),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let told = words!(
        "{count} of {all} in {segment}, drawn with the seed {seed}; the same seed draws the same people again.",
        "从 {segment} 的 {all}中抽出 {count} 位，种子为 {seed}；用同一种子可再次抽出同样的人。",
        count = rows.len(),
        all = counted(sample["members"].as_u64().unwrap_or(0), "customer"),
        segment = name(sample),
        seed = text(&sample["seed"])
    );
    if rows.is_empty() {
        return told.to_string();
    }
    let head = head.map(|head| head.to_string()).to_vec();
    let drawn: Vec<_> = std::iter::once(head).chain(rows).collect();
    format!("{told}\n\n{}", table(&drawn))
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

/// BINDING.KEY.
fn name(segment: &Value) -> String {
    format!("{}.{}", text(&segment["binding"]), text(&segment["key"]))
}

/// A note on a segment whose rule fails.
fn stale(segment: &Value) -> String {
    if segment["stale"] == true {
        words!(
            "stale: the rule fails, its last memberships stand",
            "未更新：规则出错，成员停留在上次结果"
        )
        .to_string()
    } else {
        String::new()
    }
}

/// A line while a day is being turned.
fn turning(segments: &Value) -> String {
    let turning = &segments["turning"];
    let Some(left) = turning["left"].as_u64() else {
        return String::new();
    };
    words!(
        "Facts are being folded for {to}: {customer} left. Until then segments stand as they were{day}.\n",
        "正在换日到 {to}：还剩 {customer}。在此之前，分群保持{day}的结果。\n",
        to = text(&turning["to"]),
        customer = counted(left, "customer"),
        day = match segments["day"].as_str() {
            Some(day) => words!(" on {day}", " {day} "),
            None => words!("", "原有"),
        }
    )
    .to_string()
}

fn sizes(segments: &Value, house: &House) -> String {
    let head = [
        words!("segment", "分群"),
        words!("customers", "客户"),
        house.head(&words!("latest full run", "最近一次全量运行")),
        Words::default(),
    ]
    .map(|head| head.to_string())
    .to_vec();
    let rows: Vec<Vec<String>> = items(segments)
        .map(|segment| {
            let count = segment["count"].as_u64().unwrap_or(0).to_string();
            vec![name(segment), count, house.clock(&segment["as_of"]), stale(segment)]
        })
        .collect();
    if rows.is_empty() {
        return words!(
            "No segments yet. `posthouse plugin activate` activates a rule that defines some.",
            "还没有分群。用 `posthouse plugin activate` 启用一条规则即可产生。"
        )
        .to_string();
    }
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn members(segment: &Value, page: &Value, house: &House) -> String {
    let score = page["score_title"][spoken().tag()].as_str();
    let head = [
        words!("customer", "客户"),
        words!("since", "起始"),
        score.map_or_else(|| words!("score", "得分"), Words::same),
        words!("why", "理由"),
        words!("id", "编号"),
    ]
    .map(|head| head.to_string())
    .to_vec();
    let rows: Vec<Vec<String>> = items(page)
        .map(|member| {
            let score = member["score"]
                .as_f64()
                .map(|score| score.to_string())
                .unwrap_or_default();
            let since = house.day(&member["since"]);
            let why = text(&member["reason"]["text"][spoken().tag()]);
            vec![text(&member["label"]), since, score, why, text(&member["customer_id"])]
        })
        .collect();
    let (shown, all) = (rows.len() as u64, segment["count"].as_u64().unwrap_or(0));
    let mut words = words!(
        "{segment} has {customer}",
        "{segment} 有 {customer}",
        segment = name(segment),
        customer = counted(all, "customer")
    )
    .to_string();
    if shown < all {
        words += &words!(
            ", {shown} of them listed (--limit lists more)",
            "，此处列出 {shown} 位（--limit 可列出更多）"
        )
        .to_string();
    }
    words += &words!(".\n", "。\n").to_string();
    if !stale(segment).is_empty() {
        words += &words!("It is {segment}.\n", "该分群{segment}。\n", segment = stale(segment)).to_string();
    }
    if shown > 0 {
        words += "\n";
        words += &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn segment(count: u64, stale: bool) -> Value {
        json!({"binding": "calls", "key": "rare", "count": count, "as_of": "2026-01-15T02:00:00.000Z", "stale": stale})
    }

    #[test]
    fn a_day_that_is_being_turned_is_spoken_of() {
        assert_eq!(turning(&json!({"day": "2026-01-15", "turning": null})), "");
        let said = turning(&json!({"day": "2026-01-15", "turning": {"to": "2026-01-16", "left": 1_200}}));
        assert!(
            said.contains("for 2026-01-16: 1200 customers left") && said.contains("on 2026-01-15."),
            "{said}"
        );
    }

    #[test]
    fn stale_segments_are_called_so() {
        let listed = json!({"items": [segment(1, false), segment(2, true)]});
        let words = sizes(&listed, &House::in_shanghai());
        assert!(
            words.contains("latest full run (Asia/Shanghai)") && words.contains("2026-01-15 10:00"),
            "{words}"
        );
        let lines: Vec<&str> = words.lines().collect();
        assert!(
            lines[1].starts_with("calls.rare  1 ") && !lines[1].contains("stale"),
            "{words}"
        );
        assert!(lines[2].contains("stale: the rule fails"), "{words}");
        assert!(members(&segment(0, true), &json!({"items": []}), &House::in_shanghai()).contains("It is stale"));
    }

    #[test]
    fn some_members_are_not_called_all() {
        let member = json!({"customer_id": "019b", "label": "M001", "since": "2026-01-15T02:00:00.000Z", "score": 2.0,
            "reason": {"code": "few", "text": {"en": "1 trip", "zh-CN": "1 次"}}});
        let words = members(&segment(3, false), &json!({"items": [member]}), &House::in_shanghai());
        assert!(
            words.starts_with("calls.rare has 3 customers, 1 of them listed (--limit lists more)."),
            "{words}"
        );
        assert!(words.contains("M001      2026-01-15  2      1 trip  019b"), "{words}");
        let words = members(
            &segment(1, false),
            &json!({"items": [member], "score_title": {"en": "trips", "zh-CN": "出行次数"}}),
            &House::in_shanghai(),
        );
        assert!(words.starts_with("calls.rare has 1 customer.\n"), "{words}");
        assert!(words.contains("customer  since       trips  why"), "{words}");
    }
}
