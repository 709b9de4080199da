//! `posthouse segments`: who is in which segment, and why.

use super::Failure;
use super::client::Client;
use super::output::{Output, counted, table};
use clap::Args;
use serde_json::Value;

/// Segments and their members.
#[derive(Debug, Args)]
pub(super) struct Segments {
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

impl Segments {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let segments = client.get("/segments")?;
        let Some(segment) = self.segment else {
            return output.answer(&segments, || sizes(&segments));
        };
        let listed = items(&segments).find(|listed| name(listed) == segment);
        let listed = listed.ok_or_else(|| {
            Failure::coded(
                "segment_unknown",
                format!("there is no segment {segment}; `posthouse segments` lists all as BINDING.KEY"),
            )
        })?;
        let page = client.get(&format!(
            "/segments/{segment}/members?limit={}&sort={}",
            self.limit, self.sort
        ))?;
        output.answer(&page, || members(listed, &page))
    }
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
fn stale(segment: &Value) -> &'static str {
    if segment["stale"] == true {
        "stale: the rule fails, its last memberships stand"
    } else {
        ""
    }
}

fn sizes(segments: &Value) -> String {
    let head = ["segment", "customers", "latest full run", ""]
        .map(str::to_owned)
        .to_vec();
    let rows: Vec<Vec<String>> = items(segments)
        .map(|segment| {
            let count = segment["count"].as_u64().unwrap_or(0).to_string();
            vec![name(segment), count, text(&segment["as_of"]), stale(segment).to_owned()]
        })
        .collect();
    if rows.is_empty() {
        return "No segments yet. `posthouse plugin activate` puts a rule into force that makes some.".to_owned();
    }
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn members(segment: &Value, page: &Value) -> String {
    let score = page["score_title"]["en"].as_str().unwrap_or("score");
    let head = ["customer", "since", score, "why", "id"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = items(page)
        .map(|member| {
            let score = member["score"]
                .as_f64()
                .map(|score| score.to_string())
                .unwrap_or_default();
            let since = text(&member["since"]).chars().take(10).collect();
            let why = text(&member["reason"]["text"]["en"]);
            vec![text(&member["label"]), since, score, why, text(&member["customer_id"])]
        })
        .collect();
    let (shown, all) = (rows.len() as u64, segment["count"].as_u64().unwrap_or(0));
    let mut words = format!("{} has {}", name(segment), counted(all, "customer"));
    if shown < all {
        words += &format!(", {shown} of them listed (--limit lists more)");
    }
    words += ".\n";
    if !stale(segment).is_empty() {
        words += &format!("It is {}.\n", stale(segment));
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
    fn stale_segments_are_called_so() {
        let listed = json!({"items": [segment(1, false), segment(2, true)]});
        let words = sizes(&listed);
        let lines: Vec<&str> = words.lines().collect();
        assert!(
            lines[1].starts_with("calls.rare  1 ") && !lines[1].contains("stale"),
            "{words}"
        );
        assert!(lines[2].contains("stale: the rule fails"), "{words}");
        assert!(members(&segment(0, true), &json!({"items": []})).contains("It is stale"));
    }

    #[test]
    fn some_members_are_not_called_all() {
        let member = json!({"customer_id": "019b", "label": "M001", "since": "2026-01-15T02:00:00.000Z", "score": 2.0,
            "reason": {"code": "few", "text": {"en": "1 trip", "zh-CN": "1 次"}}});
        let words = members(&segment(3, false), &json!({"items": [member]}));
        assert!(
            words.starts_with("calls.rare has 3 customers, 1 of them listed (--limit lists more)."),
            "{words}"
        );
        assert!(words.contains("M001      2026-01-15  2      1 trip  019b"), "{words}");
        let words = members(
            &segment(1, false),
            &json!({"items": [member], "score_title": {"en": "trips", "zh-CN": "出行次数"}}),
        );
        assert!(words.starts_with("calls.rare has 1 customer.\n"), "{words}");
        assert!(words.contains("customer  since       trips  why"), "{words}");
    }
}
