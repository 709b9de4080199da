//! `posthouse customers`: finding customers, and all that is known of one.

use super::Failure;
use super::client::Client;
use super::trade::{House, encoded, items, lines, row, said, text};
use crate::output::{Output, table};
use clap::{Args, Subcommand};
use posthouse_domain::catalogue::{self, FactKind};
use posthouse_domain::{Words, time, words};
use serde_json::Value;
use uuid::Uuid;

/// Customers.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Customers {
    #[command(subcommand)]
    command: Option<Command>,
    /// A name as it is written, in pinyin or by its initials, part of a telephone number, a member number or e-mail address; everyone
    /// if left out.
    text: Vec<String>,
    /// Only members of this segment, as BINDING.KEY; of several of one binding any, of several bindings one of each.
    #[arg(long, value_name = "BINDING.KEY")]
    segment: Vec<String>,
    /// Only those of whom this is so: trips-24m:2..4, spend-24m:3000000.. in minor units, home-city:上海,苏州; of several all.
    #[arg(long, value_name = "FACT:VALUES")]
    fact: Vec<String>,
    /// In the order of this fact, with a - before it the highest first.
    #[arg(long, value_name = "FACT", allow_hyphen_values = true)]
    sort: Option<String>,
    /// Facts to show of each, separated by commas.
    #[arg(long, value_name = "FACT,FACT", value_delimiter = ',')]
    columns: Vec<String>,
    /// How many are listed.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show all that is known of one customer.
    Show {
        /// Id or member number.
        customer: String,
    },
}

impl Customers {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        if let Some(Command::Show { customer }) = self.command {
            let house = House::ask(&client)?;
            let id = id_of(&client, &customer)?;
            let found = client.get(&format!("/customers/{id}"))?;
            return output.answer(&found, || shown(&found, &house));
        }
        let mut path = format!("/customers?limit={}", self.limit);
        let sought = self.text.join(" ");
        if !sought.trim().is_empty() {
            path += &format!("&q={}", encoded(&sought));
        }
        let several = [("segment", &self.segment), ("fact", &self.fact)];
        for (name, value) in several
            .into_iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
        {
            path += &format!("&{name}={}", encoded(value));
        }
        if let Some(sort) = &self.sort {
            path += &format!("&sort={}", encoded(sort));
        }
        if self.columns.is_empty() {
            let page = client.get(&path)?;
            return output.answer(&page, || list(&page, &[], None));
        }
        path += &format!("&columns={}", encoded(&self.columns.join(",")));
        let house = House::ask(&client)?;
        let page = client.get(&path)?;
        output.answer(&page, || list(&page, &self.columns, Some(&house)))
    }
}

/// The id of a customer who is named by id or member number.
///
/// # Errors
/// `customer_unknown` if nobody has that member number.
pub(super) fn id_of(client: &Client, customer: &str) -> Result<Uuid, Failure> {
    let customer = customer.trim();
    if let Ok(id) = Uuid::try_parse(customer) {
        return Ok(id);
    }
    let page = client.get(&format!("/customers?limit=50&q={}", encoded(customer)))?;
    let found = items(&page, "items").find(|one| text(one, "member_no").to_lowercase() == customer.to_lowercase());
    let id = found.and_then(|found| Uuid::try_parse(text(found, "id")).ok());
    id.ok_or_else(|| {
        Failure::coded(
            "customer_unknown",
            words!(
                "there is no customer with the member number {customer:?}; `posthouse customers TEXT` finds them by name or telephone number",
                "没有会员号为 {customer:?} 的客户；可用 `posthouse customers TEXT` 按姓名或手机号查找"
            ),
        )
    })
}

/// A page of customers with these facts of each.
fn list(page: &Value, columns: &[String], house: Option<&House>) -> String {
    let mut head = row([
        words!("customer", "客户"),
        words!("phone", "手机"),
        words!("member number", "会员号"),
        words!("segments", "分群"),
        words!("id", "编号"),
    ]
    .map(|head| head.to_string()));
    head.extend(columns.iter().cloned());
    let rows: Vec<Vec<String>> = items(page, "items")
        .map(|one| {
            let segments: Vec<&str> = items(one, "segments").filter_map(Value::as_str).collect();
            let mut cells = row([
                text(one, "label").to_owned(),
                text(one, "phone").to_owned(),
                text(one, "member_no").to_owned(),
                segments.join(", "),
                text(one, "id").to_owned(),
            ]);
            let shown = |key: &String| house.map_or_else(String::new, |house| fact(key, &one["facts"][key], house));
            cells.extend(columns.iter().map(shown));
            cells
        })
        .collect();
    if rows.is_empty() {
        return words!("Nobody was found.", "没有找到客户。").to_string();
    }
    let mut words = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    if page["next"].is_string() {
        let total = page["total"].as_u64().unwrap_or_default();
        words += &words!(
            "\n{total} in all; --limit lists more.",
            "\n共 {total} 位；--limit 可多列。"
        )
        .to_string();
    }
    words
}

/// A value of the profile as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(flag) => match flag {
            true => words!("yes", "是").to_string(),
            false => words!("no", "否").to_string(),
        },
        other => other.to_string(),
    }
}

/// A fact as people read it.
fn fact(key: &str, value: &Value, house: &House) -> String {
    let kind = catalogue::find(key).map(|fact| fact.kind);
    match (kind, value.as_i64()) {
        (Some(FactKind::Money), Some(minor)) => house.money(minor),
        (Some(FactKind::Day), Some(day)) => i32::try_from(day).map_or_else(|_| day.to_string(), time::day_text),
        _ => plain(value),
    }
}

fn shown(found: &Value, house: &House) -> String {
    let profile = found["profile"].as_object();
    let name = profile.and_then(|profile| profile.get("name")).map(plain);
    let mut words = name.unwrap_or_else(|| text(found, "id").to_owned()) + "\n";
    let mut section = |title: Words, pairs: Vec<(Words, String)>| {
        let body = lines(&pairs);
        if !body.trim().is_empty() {
            words += &format!("\n{title}\n{body}");
        }
    };
    let mut about = vec![(words!("id", "编号"), text(found, "id").to_owned())];
    about.extend(items(found, "identities").map(|identity| {
        let value = match text(identity, "value") {
            "" => words!("known, not shown", "已登记，不显示").to_string(),
            value => value.to_owned(),
        };
        (Words::same(text(identity, "kind")), value)
    }));
    let rest = profile.into_iter().flatten().filter(|(key, _)| *key != "name");
    about.extend(rest.map(|(key, value)| (Words::same(key.as_str()), plain(value))));
    section(words!("Profile", "资料"), about);
    let places = items(found, "segments").filter(|place| place["key"].is_string());
    let places = places.map(|place| {
        let name = format!("{}.{}", text(place, "binding"), text(place, "key"));
        let why = said(&place["reason"]["text"]);
        (Words::same(name), format!("{}  {why}", said(&place["title"])))
    });
    section(words!("Segments", "分群"), places.collect());
    let facts = found["facts"].as_object();
    let known = facts.into_iter().flatten().filter(|(_, value)| !value.is_null());
    let facts = known.map(|(key, value)| (Words::same(key.as_str()), fact(key, value, house)));
    section(words!("Facts", "事实"), facts.collect());
    let touches = items(found, "timeline").take(10).map(|touch| {
        let data = &touch["data"];
        let mut what = vec![text(touch, "type").to_owned()];
        what.extend(["booking_id", "product", "destination"].map(|key| text(data, key).to_owned()));
        what.extend(data["amount"].as_i64().map(|minor| house.money(minor)));
        what.retain(|part| !part.is_empty());
        (Words::same(house.clock(&touch["occurred_at"])), what.join("  "))
    });
    section(words!("Latest", "最近动态"), touches.collect());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_shows_by_what_people_know_a_customer() {
        let page = json!({"items": [{"id": "019b", "label": "李伟", "member_no": "M1", "phone": "+86138****8001",
            "segments": ["rfm.champions", "lifecycle.mature"]}, {"id": "019c", "label": "M2", "member_no": "M2"}], "next": "2", "total": 7});
        let words = list(&page, &[], None);
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(
            lines[1],
            "李伟      +86138****8001  M1             rfm.champions, lifecycle.mature  019b"
        );
        assert!(lines[2].starts_with("M2                        M2  "), "{words}");
        assert!(words.contains("--limit"), "{words}");
        assert_eq!(list(&json!({"items": []}), &[], None), "Nobody was found.");
    }
}
