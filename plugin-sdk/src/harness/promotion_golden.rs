use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cells::cells;
use super::promotion::{Proposal, promotion_harness};
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
    reason: String,
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
    for line in case.lines {
        call = call.line(bought(line)?);
    }
    let mut expected: Vec<Option<String>> = vec![None; lines];
    for offer in &case.expect {
        let (line, text) = wanted(offer)?;
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
            Some(empty) => *empty = Some(text),
        }
    }
    let proposals = call.try_evaluate()?;
    let mut differences = String::new();
    for (line, expected) in expected.iter().enumerate() {
        let got = proposals.iter().find(|proposal| proposal.line == line).map(got);
        if *expected != got {
            let said = |offer: &Option<String>| offer.clone().unwrap_or_else(|| "no offer".to_owned());
            let _ = writeln!(
                differences,
                "line {line}: expected {}, got {}",
                said(expected),
                said(&got)
            );
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn bought(line: Bought) -> Result<Line, String> {
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

fn wanted(offer: &Expected) -> Result<(usize, String), String> {
    let saving = match (offer.rate, offer.amount) {
        (Some(points), None) if points <= Rate::ALL.points() => Saving::Rate(Rate::basis_points(points)),
        (Some(points), None) => return Err(format!("a rate of {points} basis points is more than the whole price")),
        (None, Some(amount)) => Saving::Amount(Money(amount)),
        _ => {
            return Err(format!(
                "the offer expected for line {} needs either `rate` or `amount`",
                offer.line
            ));
        }
    };
    Ok((offer.line, told(saving, &offer.reason)))
}

fn got(proposal: &Proposal) -> String {
    told(proposal.saving, &proposal.reason)
}

fn told(saving: Saving, reason: &str) -> String {
    match saving {
        Saving::Rate(rate) => format!("rate {}, reason {reason}", rate.points()),
        Saving::Amount(amount) => format!("amount {}, reason {reason}", amount.0),
    }
}
