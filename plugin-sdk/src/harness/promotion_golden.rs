use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cells::cells;
use super::promotion::promotion_harness;
use crate::basket::{Line, ProductKind};
use crate::facts::Facts;
use crate::offers::Saving;
use crate::promotion::Promotion;
use crate::values::{Day, Money, Rate, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    today: String,
    #[serde(default)]
    config: Map<String, Value>,
    #[serde(default = "app")]
    channel: String,
    #[serde(default)]
    facts: Map<String, Value>,
    lines: Vec<Bought>,
    expect: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bought {
    #[serde(default = "some_product")]
    sku: String,
    #[serde(default = "tour")]
    kind: ProductKind,
    destination: Option<String>,
    theme: Option<String>,
    departs: Option<When>,
    #[serde(default = "one")]
    travellers: u32,
    unit_price: i64,
    #[serde(default = "one")]
    quantity: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum When {
    Date(String),
    Days(i32),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    line: usize,
    rate: Option<u32>,
    amount: Option<i64>,
    // Compared if given.
    reason: Option<String>,
}

fn app() -> String {
    "app".to_owned()
}

fn some_product() -> String {
    "S1".to_owned()
}

fn tour() -> ProductKind {
    ProductKind::Tour
}

fn one() -> u32 {
    1
}

/// Runs every case; all differences, a line each.
pub(super) fn run<P: Promotion>(json: &str) -> Result<(), String> {
    let cases: Vec<Case> = serde_json::from_str(json).map_err(|error| format!("not understood: {error}"))?;
    if cases.is_empty() {
        return Err("there are none".to_owned());
    }
    let mut differences = String::new();
    for case in cases {
        let name = case.name.clone();
        if let Err(found) = one_case::<P>(case) {
            for line in found.lines() {
                let _ = writeln!(differences, "{name}: {line}");
            }
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn one_case<P: Promotion>(case: Case) -> Result<(), String> {
    if Day::parse(&case.today).is_none() {
        return Err(format!("`{}` is not a date like 2026-01-15", case.today));
    }
    let mut call = promotion_harness::<P>()
        .today(&case.today)
        .settings(&Value::from(case.config).to_string())
        .channel(Text(case.channel.leak()));
    call.facts = cells(P::Facts::USES, &case.facts, "the facts have")?;
    let lines = case.lines.len();
    if lines == 0 {
        return Err("a basket has at least one line".to_owned());
    }
    for (place, line) in case.lines.into_iter().enumerate() {
        call = call.line(bought(line).map_err(|problem| format!("line {place}: {problem}"))?);
    }
    let mut expected: Vec<Option<(Saving, Option<&str>)>> = vec![None; lines];
    for offer in &case.expect {
        let (line, saving) = (offer.line, wanted(offer)?);
        match expected.get_mut(line) {
            None => {
                return Err(format!(
                    "an offer is expected for line {line}, but there are {lines} lines"
                ));
            }
            Some(Some(_)) => {
                return Err(format!(
                    "two offers are expected for line {line}; a line gets one at most"
                ));
            }
            Some(empty) => *empty = Some((saving, offer.reason.as_deref())),
        }
    }
    let proposals = call.try_evaluate()?;
    let mut differences = String::new();
    for (line, expected) in expected.into_iter().enumerate() {
        let proposal = proposals.iter().find(|proposal| proposal.line == line);
        let mut got = proposal.map(|proposal| (proposal.saving, Some(proposal.reason.as_str())));
        if let (Some((_, None)), Some((_, reason))) = (expected, &mut got) {
            *reason = None;
        }
        if expected != got {
            let _ = writeln!(
                differences,
                "line {line}: expected {}, got {}",
                told(expected),
                told(got)
            );
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

/// A line as the host would take it.
fn bought(line: Bought) -> Result<Line, String> {
    if line.quantity == 0 || line.travellers == 0 {
        return Err("it is one at least, for one traveller at least".to_owned());
    }
    if line.unit_price < 0 {
        return Err(format!("its price is {}, below zero", line.unit_price));
    }
    for text in [&line.destination, &line.theme].into_iter().flatten() {
        if text.trim().is_empty() {
            return Err("its destination or theme is blank; leave it out".to_owned());
        }
    }
    let text = |text: String| Text(text.leak());
    let departs = match line.departs {
        None => None,
        Some(When::Days(days)) => Some(Day(days)),
        Some(When::Date(date)) => {
            Some(Day::parse(&date).ok_or_else(|| format!("`{date}` is not a date like 2026-01-15"))?)
        }
    };
    Ok(Line {
        destination: line.destination.map(text),
        theme: line.theme.map(text),
        departs,
        travellers: line.travellers,
        unit_price: Money(line.unit_price),
        quantity: line.quantity,
        ..Line::new(line.kind, text(line.sku))
    })
}

fn wanted(offer: &Expected) -> Result<Saving, String> {
    match (offer.rate, offer.amount) {
        (Some(points), None) if points <= Rate::ALL.points() => Ok(Saving::Rate(Rate::basis_points(points))),
        (Some(points), None) => Err(format!("a rate of {points} basis points is more than the whole price")),
        (None, Some(amount)) => Ok(Saving::Amount(Money(amount))),
        _ => Err(format!(
            "the offer expected for line {} needs either `rate` or `amount`",
            offer.line
        )),
    }
}

fn told(offer: Option<(Saving, Option<&str>)>) -> String {
    let Some((saving, reason)) = offer else {
        return "no offer".to_owned();
    };
    let saved = match saving {
        Saving::Rate(rate) => format!("rate {}", rate.points()),
        Saving::Amount(amount) => format!("amount {}", amount.0),
    };
    reason.map_or(saved.clone(), |reason| format!("{saved}, reason {reason}"))
}
