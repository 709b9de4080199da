//! `posthouse replay`: a past decision, made again.

use super::Failure;
use super::client::Client;
use super::trade::House;
use crate::output::Output;
use clap::Args;
use posthouse_domain::words;
use serde_json::Value;
use uuid::Uuid;

/// Asks the rule of a decision again what it was asked then.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The decision's id; quotes name those behind them, and GET /api/v1/decisions lists all.
    #[arg(value_parser = super::id)]
    decision: Uuid,
}

impl Replay {
    pub(super) fn run(&self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let path = format!("/decisions/{}/replay", self.decision);
        let replay = client
            .send("POST", &path, &Value::Null)
            .map_err(|failure| match failure.code.as_str() {
                "not_found" => failure.with_hint(words!(
                    "Check the id; GET /api/v1/decisions lists the decisions of the key's agency",
                    "请核对编号；可用 GET /api/v1/decisions 查看密钥所属旅行社的决策"
                )),
                _ => failure,
            })?;
        let at = House::ask(&client)?.moment(&replay["at"]);
        output.answer(&replay, || words(&replay, &at))?;
        if replay["identical"] == true {
            Ok(())
        } else {
            Err(Failure::told())
        }
    }
}

fn text<'a>(document: &'a Value, key: &str) -> &'a str {
    document[key].as_str().unwrap_or("")
}

fn words(replay: &Value, at: &str) -> String {
    let told = if replay["identical"] == true {
        words!("says the same, byte for byte.", "重放结果逐字节一致。").to_string()
    } else {
        difference(&replay["difference"])
    };
    let digest = text(replay, "digest");
    words!("Decision {decision} of {at} {told}\n\n  rule      {extension_point}/{binding}, revision {revision}\n  plugin    {plugin} {version}, {digest}\n  settings  {config}\n  output    {output}\n  fuel      {fuel}\n", "决策 {decision}（{at}）{told}\n\n  规则      {extension_point}/{binding}，修订 {revision}\n  插件      {plugin} {version}，{digest}\n  设置      {config}\n  输出      {output}\n  燃料      {fuel}\n", decision = text(replay, "decision"), extension_point = text(replay, "extension_point"), binding = text(replay, "binding"), revision = replay["revision"], plugin = text(replay, "plugin"), version = text(replay, "version"), digest = digest.get(..12).unwrap_or(digest), config = replay["config"], output = replay["output"], fuel = replay["fuel"]).to_string()
}

fn difference(found: &Value) -> String {
    let place = match text(found, "at") {
        "" => words!("the whole output", "整个输出").to_string(),
        at => at.to_owned(),
    };
    let said = |key: &str| match &found[key] {
        Value::Null => words!("nothing", "无").to_string(),
        value => value.to_string(),
    };
    words!(
        "is different. The first difference is at {place}:\n\n  then      {then}\n  now       {now}",
        "重放结果不同。第一处差异在 {place}：\n\n  当时      {then}\n  现在      {now}",
        then = said("then"),
        now = said("now")
    )
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replay(difference: Value) -> Value {
        json!({
            "decision": "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f", "at": "2026-01-15T02:00:00.000Z", "extension_point": "promotion",
            "binding": "spring", "revision": 2, "plugin": "early-bird", "version": "1.0.0", "digest": "0123456789abcdef",
            "config": {"kinds": ["tour"]}, "identical": difference.is_null(), "difference": difference,
            "output": {"offers": []}, "fuel": 1200,
        })
    }

    #[test]
    fn what_is_the_same_is_said_with_its_rule() {
        let words = words(&replay(Value::Null), "2026-01-15 10:00 Asia/Shanghai");
        for part in [
            "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f of 2026-01-15 10:00 Asia/Shanghai says the same, byte for byte.\n",
            "promotion/spring, revision 2\n",
            "early-bird 1.0.0, 0123456789ab\n",
            "settings  {\"kinds\":[\"tour\"]}\n",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
    }

    #[test]
    fn the_first_difference_is_said_with_its_place() {
        let rate = words(
            &replay(json!({"at": "/offers/0/rate", "then": 500, "now": 700})),
            "2026-01-15 10:00 Asia/Shanghai",
        );
        assert!(
            rate.contains(
                "is different. The first difference is at /offers/0/rate:\n\n  then      500\n  now       700\n"
            ),
            "{rate}"
        );
        let gone = words(
            &replay(json!({"at": "/offers/0", "then": {"line": 0}, "now": null})),
            "2026-01-15 10:00 Asia/Shanghai",
        );
        assert!(gone.contains("then      {\"line\":0}\n  now       nothing\n"), "{gone}");
        let whole = words(
            &replay(json!({"at": "", "then": [], "now": {}})),
            "2026-01-15 10:00 Asia/Shanghai",
        );
        assert!(whole.contains("at the whole output:"), "{whole}");
    }
}
