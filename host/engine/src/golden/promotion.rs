//! Golden cases of a promotion.

use super::{Failed, Mismatch, Place, Ran, rows, word};
use crate::promotion::PromotionPlugin;
use posthouse_domain::promotion::{Basket, Line, Offer, ProductKind, Saving};
use serde::Deserialize;

/// One golden case: a basket of one customer and what the rule proposes for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case shows, for people.
    pub(super) name: String,
    /// The day of the call, `YYYY-MM-DD`.
    today: String,
    /// Settings; `{}` if left out.
    #[serde(default = "super::no_settings")]
    config: serde_json::Value,
    /// Where the customer buys.
    #[serde(default = "app")]
    channel: String,
    /// What is known of the customer.
    #[serde(default)]
    facts: serde_json::Map<String, serde_json::Value>,
    /// What the customer is about to buy.
    lines: Vec<Thing>,
    /// Every offer the rule makes, in any order.
    expect: Vec<Expectation>,
}

fn app() -> String {
    "app".into()
}

/// One thing of the basket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    #[serde(default = "first")]
    sku: String,
    #[serde(default = "tour")]
    kind: ProductKind,
    #[serde(default)]
    destination: Option<String>,
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    departs: Option<serde_json::Value>,
    #[serde(default = "one")]
    travellers: i32,
    unit_price: i64,
    #[serde(default = "one")]
    quantity: i32,
}

fn first() -> String {
    "S1".into()
}

fn tour() -> ProductKind {
    ProductKind::Tour
}

fn one() -> i32 {
    1
}

impl Thing {
    fn read(&self) -> Result<Line, String> {
        let departs = match &self.departs {
            None => None,
            Some(serde_json::Value::String(text)) => Some(super::day("departs", text)?),
            Some(other) => {
                let day = other.as_i64().and_then(|day| i32::try_from(day).ok());
                Some(day.ok_or_else(|| format!("departs must be a day like 2026-01-15, it is {other}"))?)
            }
        };
        Ok(Line {
            sku: self.sku.clone(),
            kind: self.kind,
            destination: self.destination.clone(),
            theme: self.theme.clone(),
            departs,
            travellers: self.travellers,
            unit_price: self.unit_price,
            unit_cost: None,
            quantity: self.quantity,
        })
    }
}

/// An offer the rule should make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    /// Place of the line.
    line: usize,
    /// Minor units off.
    #[serde(default)]
    amount: Option<i64>,
    /// Basis points off.
    #[serde(default)]
    rate: Option<u32>,
    /// Code of the reason; compared if given.
    #[serde(default)]
    reason: Option<String>,
}

impl Expectation {
    fn saving(&self) -> Result<Saving, String> {
        match (self.amount, self.rate) {
            (Some(amount), None) => Ok(Saving::Amount(amount)),
            (None, Some(rate)) => Ok(Saving::Rate(rate)),
            _ => Err(format!("expect: line {} needs either an amount or a rate", self.line)),
        }
    }
}

impl Case {
    pub(super) fn run(&self, plugin: &PromotionPlugin) -> Result<Ran, Failed> {
        let description = plugin.description();
        let context = super::context(description, &self.today, &self.config)?;
        let facts = rows::read(&description.facts, &self.facts).map_err(|problem| format!("facts: {problem}"))?;
        let read = |(line, thing): (usize, &Thing)| thing.read().map_err(|problem| format!("line {line}: {problem}"));
        let lines: Vec<Line> = self.lines.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let expected = self.expected(lines.len())?;
        let basket = Basket {
            channel: self.channel.clone(),
            lines,
        };
        basket.check().map_err(|rejection| rejection.detail)?;
        let answer = plugin.evaluate(&context, &basket, &facts)?;
        Ok(Ran {
            mismatches: compare(plugin, &expected, &answer.offers),
            usage: answer.usage,
            log: answer.log,
        })
    }

    /// What is expected of each line.
    fn expected(&self, lines: usize) -> Result<Vec<Option<Expected<'_>>>, String> {
        let mut expected = vec![None; lines];
        for expect in &self.expect {
            let saving = expect.saving()?;
            let Some(place) = expected.get_mut(expect.line) else {
                return Err(format!("expect: line {}, the basket has {lines} lines", expect.line));
            };
            if place.replace((saving, expect.reason.as_deref())).is_some() {
                return Err(format!("expect: line {} twice; a line gets one offer", expect.line));
            }
        }
        Ok(expected)
    }
}

/// A saving and, if it is to be compared, the code of its reason.
type Expected<'a> = (Saving, Option<&'a str>);

fn compare(plugin: &PromotionPlugin, expected: &[Option<Expected<'_>>], offers: &[Offer]) -> Vec<Mismatch> {
    let reasons = &plugin.description().reasons;
    let mut found = Vec::new();
    for (line, expected) in expected.iter().enumerate() {
        let mut differs = |field, expected, got| {
            found.push(Mismatch {
                place: Place::Line(line),
                field,
                expected,
                got,
            });
        };
        let got = offers.iter().find(|offer| offer.line as usize == line);
        match (expected, got) {
            (None, None) => {}
            (Some((saving, _)), None) => differs("offer", told(*saving), word(None)),
            (None, Some(got)) => differs("offer", word(None), told(got.saving)),
            (Some((saving, reason)), Some(got)) => {
                if *saving != got.saving {
                    differs("saving", told(*saving), told(got.saving));
                }
                let given = reasons.get(usize::from(got.reason)).map(|reason| reason.code.as_str());
                if reason.is_some() && *reason != given {
                    differs("reason", word(*reason), word(given));
                }
            }
        }
    }
    found
}

fn told(saving: Saving) -> String {
    match saving {
        Saving::Amount(amount) => format!("amount {amount}"),
        Saving::Rate(rate) => format!("rate {rate}"),
    }
}
