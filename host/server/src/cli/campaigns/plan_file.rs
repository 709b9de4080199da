//! A campaign as people write it into a file: money in major units, shares in percent, days as days or from today on, facts by what they
//! are, the plugin by name.

use super::super::Failure;
use super::super::form::{Form, Part};
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{time, words};
use serde_json::{Map, Value, json};

/// What a file says of a campaign; its plan as the API takes it, but for the digest of its rule.
#[derive(Debug)]
pub(super) struct PlanFile {
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) owner: Option<String>,
    pub(super) plan: Value,
    pub(super) rule: RuleName,
    /// Fields whose unusual figures are meant as they are written.
    pub(super) as_written: Vec<String>,
}

/// Which plugin makes the offers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RuleName {
    /// By its name, and its version if that is needed.
    Name(String, Option<String>),
    /// By its digest or the beginning of it.
    Digest(String),
}

/// What a plan file looks like.
pub(in crate::cli) const PLAN: &str =
    "The file is TOML (or JSON). Money is in major units, shares are in percent, days are days or from today on:

  key = \"spring-2027\"
  type = \"festival\"            # new-product, price-or-gift, festival, member or joint
  name = \"Spring Festival 2027\"
  owner = \"Ms Lin\"
  places = [\"app\", \"shop-xuhui\"]   # anywhere if left out
  holdout = \"10 %\"             # of the audience, so that the effect can be seen
  price_floor = \"80 %\"         # of the list price, at least
  margin_floor = \"5 %\"         # of the cost, at least, where it is known
  needs_coupon = false         # keeps_coupons, despite_complaints: false if left out

  [goal]
  purpose = \"Fill the departures after the festival\"
  targets = { sales = \"800,000.00\", participants = 120 }

  [audience]                   # everyone if left out
  segments = [\"rfm.champions\"]
  facts = [{ fact = \"spend-24m\", at_least = \"5,000.00\" }, { fact = \"consent-marketing\", is = true }]

  [window]
  first_day = \"in 14 days\"     # or 2027-01-20, \"today\"
  last_day = 2027-03-03        # the last day on which it runs; or days = 43

  [budget]                     # what may be taken off
  total = \"50,000.00\"
  per_customer = \"1,000.00\"
  per_day = \"4,000.00\"

  [stacking]
  group = \"season\"
  priority = 10                # 1 is first

  [rule]
  plugin = \"early-bird\"        # or digest; version if there are several
  settings = { }               # the plugin's own, in its own units";

/// Measures of a goal that are money.
const MONEY: [&str; 3] = ["sales", "margin", "discount"];

/// Reads a campaign. `kind_of` knows the kinds of facts.
///
/// # Errors
/// `bad_file` with every mistake, its line and its field.
pub(super) fn read(form: &Form, kind_of: &dyn Fn(&str) -> Option<FactKind>) -> Result<PlanFile, Failure> {
    let top = form.top();
    let key = top.text("key", "key = \"spring-2027\"");
    let kind = top.text("type", "type = \"festival\"");
    let name = top.text("name", "name = \"Spring Festival 2027\"");
    let owner = top.may_text("owner");
    let as_written = top.texts("as_written");
    let mut plan = json!({
        "goal": goal(top.needed_part("goal")),
        "audience": audience(top.part("audience"), kind_of),
        "places": top.texts("places"),
        "window": window(top.needed_part("window")),
        "budget": budget(top.needed_part("budget")),
        "stacking": stacking(top.needed_part("stacking")),
        "holdout": top.share("holdout"),
        "price_floor": top.share("price_floor"),
        "margin_floor": top.share("margin_floor"),
    });
    for flag in ["needs_coupon", "keeps_coupons", "despite_complaints"] {
        plan[flag] = top.flag(flag).into();
    }
    let (rule, settings) = rule(top.needed_part("rule"));
    plan["rule"] = json!({ "config": settings });
    top.close();
    form.passed()?;
    Ok(PlanFile {
        key,
        kind,
        name,
        owner,
        plan,
        rule,
        as_written,
    })
}

fn goal(part: Part<'_>) -> Value {
    let purpose = if part.is_present() {
        part.text("purpose", "purpose = \"Fill the departures of spring\"")
    } else {
        String::new()
    };
    let targets = part.part("targets");
    let figures: Vec<Value> = targets
        .names()
        .filter_map(|measure| {
            let figure = targets.figure(measure, MONEY.contains(&measure))?;
            Some(json!({"measure": measure, "figure": figure}))
        })
        .collect();
    part.close();
    json!({"purpose": purpose, "targets": figures})
}

fn audience(part: Part<'_>, kind_of: &dyn Fn(&str) -> Option<FactKind>) -> Value {
    let segments = part.texts("segments");
    let facts: Vec<Value> = part
        .parts("facts")
        .into_iter()
        .map(|fact| condition(fact, kind_of))
        .collect();
    part.close();
    json!({"segments": segments, "facts": facts})
}

fn condition(part: Part<'_>, kind_of: &dyn Fn(&str) -> Option<FactKind>) -> Value {
    let fact = part.text("fact", "fact = \"trips-24m\"");
    let kind = kind_of(&fact);
    if kind.is_none() && !fact.is_empty() {
        part.doubt(
            "fact",
            words!(
                "is {fact:?}, which is not a fact of the agency; `posthouse plugin facts` lists those of the catalogue",
                "为 {fact:?}，不是本机构的事实；`posthouse plugin facts` 列出目录中的事实"
            ),
        );
    }
    let mut condition = Map::from_iter([("fact".to_owned(), json!(fact))]);
    for bound in ["at_least", "at_most"] {
        let value = match kind {
            Some(FactKind::Money) => part.may_amount(bound),
            Some(FactKind::Day) => part.may_day(bound).map(i64::from),
            _ => part.may_whole(bound),
        };
        condition.extend(value.map(|value| (bound.to_owned(), json!(value))));
    }
    condition.extend(part.may_flag("is").map(|flag| ("is".to_owned(), json!(flag))));
    let texts = part.texts("one_of");
    if !texts.is_empty() {
        condition.insert("one_of".to_owned(), json!(texts));
    }
    part.close();
    Value::Object(condition)
}

/// In the file a window has its last day; in the API it has the day after.
fn window(part: Part<'_>) -> Value {
    if !part.is_present() {
        return Value::Null;
    }
    let first = part.day("first_day", "first_day = 2027-01-20");
    let last = match (part.may_day("last_day"), part.may_whole("days")) {
        (Some(last), None) => last,
        (None, Some(days)) => match i32::try_from(days).ok().filter(|days| (1..=36_500).contains(days)) {
            Some(days) => first + days - 1,
            None => {
                part.doubt("days", words!("has to be 1 or more", "应为 1 或更大"));
                first
            }
        },
        (None, None) => {
            if !part.has("last_day") && !part.has("days") {
                part.doubt(
                    "last_day",
                    words!(
                        "is missing; write it like last_day = 2027-03-03, the last day on which it runs, or days = 43",
                        "缺失；写法如 last_day = 2027-03-03（活动的最后一天），或 days = 43"
                    ),
                );
            }
            first
        }
        (Some(last), Some(_)) => {
            part.doubt(
                "days",
                words!(
                    "stands beside last_day; write one of them",
                    "与 last_day 重复；请只写其一"
                ),
            );
            last
        }
    };
    if last < first {
        let (first, last) = (time::day_text(first), time::day_text(last));
        part.doubt(
            "last_day",
            words!(
                "is {last}, before first_day with {first}",
                "为 {last}，早于 first_day 的 {first}"
            ),
        );
    }
    part.close();
    json!({"from": time::day_text(first), "to": time::day_text(last + 1)})
}

fn budget(part: Part<'_>) -> Value {
    if !part.is_present() {
        return Value::Null;
    }
    let total = part.amount("total", "total = \"50,000.00\"");
    let budget =
        json!({"total": total, "per_customer": part.may_amount("per_customer"), "per_day": part.may_amount("per_day")});
    part.close();
    budget
}

fn stacking(part: Part<'_>) -> Value {
    if !part.is_present() {
        return Value::Null;
    }
    let group = part.text("group", "group = \"season\"");
    let priority = part.whole("priority", "priority = 10");
    part.close();
    json!({"group": group, "priority": priority})
}

fn rule(part: Part<'_>) -> (RuleName, Value) {
    let none = RuleName::Digest(String::new());
    if !part.is_present() {
        return (none, json!({}));
    }
    let (digest, version) = (part.may_text("digest"), part.may_text("version"));
    let name = match digest {
        Some(digest) => {
            if part.may_text("plugin").is_some() {
                part.doubt(
                    "digest",
                    words!("stands beside plugin; write one of them", "与 plugin 重复；请只写其一"),
                );
            }
            RuleName::Digest(digest)
        }
        None => RuleName::Name(part.text("plugin", "plugin = \"early-bird\""), version),
    };
    let settings = part.part("settings");
    let settings = if settings.is_present() {
        part.json("settings")
    } else {
        json!({})
    };
    part.close();
    (name, settings)
}

#[cfg(test)]
mod tests;
