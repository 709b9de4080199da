use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::Rule;
use crate::facts::{self, Value};
use crate::form::{Form, Shape};
use crate::mismatch::{Mismatch, Place, word};
use crate::said::said;
use crate::segmentation::not_a_date;
use crate::{Said, joined};

/// A basket of one customer and what the rule proposes for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionCase {
    /// What the case shows, for people.
    pub name: String,
    /// The day of the call, `YYYY-MM-DD`.
    today: String,
    /// The moment of the call, in ms since 1970; midnight UTC of the day if left out.
    #[serde(default)]
    now: Option<i64>,
    /// The seed of the call; 0 if left out.
    #[serde(default)]
    seed: u64,
    /// Settings; `{}` if left out.
    #[serde(default = "crate::form::no_settings")]
    config: Json,
    /// Where the customer buys.
    #[serde(default = "app")]
    channel: String,
    /// What is known of the customer.
    #[serde(default)]
    facts: Map<String, Json>,
    /// What the customer is about to buy.
    lines: Vec<Thing>,
    /// Every offer the rule makes, in any order.
    expect: Vec<Expectation>,
}

/// One thing of the basket, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    #[serde(default = "first")]
    sku: String,
    #[serde(default = "tour")]
    kind: String,
    #[serde(default)]
    destination: Option<String>,
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    departs: Option<Json>,
    #[serde(default = "one")]
    travellers: i64,
    unit_price: i64,
    #[serde(default = "one")]
    quantity: i64,
}

fn app() -> String {
    "app".to_owned()
}

fn first() -> String {
    "S1".to_owned()
}

fn tour() -> String {
    "tour".to_owned()
}

fn one() -> i64 {
    1
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

/// Kinds of products.
pub const PRODUCTS: [&str; 10] = [
    "tour",
    "hotel",
    "flight",
    "train",
    "cruise",
    "ticket",
    "transfer",
    "visa",
    "insurance",
    "other",
];

/// Most lines of a basket.
const MOST_LINES: usize = 100;
/// Most of one thing in a line, and most people a line is for.
const MOST: i64 = 10_000;
/// Most that all of a basket costs, in minor units.
const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;
/// Most that one of a thing costs.
const LARGEST_PRICE: i64 = LARGEST_AMOUNT / MOST;
/// The whole price, in basis points.
const WHOLE: u32 = 10_000;

/// What a case asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The day of the call, as days since 1970.
    pub today: i32,
    /// The moment of the call, in ms since 1970.
    pub now: i64,
    /// The seed of the call.
    pub seed: u64,
    /// The settings.
    pub config: Json,
    /// Where the customer buys.
    pub channel: String,
    /// The basket.
    pub lines: Vec<Line>,
    /// Values in the order of the declared facts.
    pub facts: Vec<Value>,
}

/// One thing of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Line {
    pub sku: String,
    /// Index into [`PRODUCTS`].
    pub kind: usize,
    pub destination: Option<String>,
    pub theme: Option<String>,
    pub departs: Option<i32>,
    pub travellers: u32,
    pub unit_price: i64,
    pub quantity: u32,
}

/// What is saved on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saving {
    /// Minor units off.
    Amount(i64),
    /// Basis points off.
    Rate(u32),
}

/// An offer the rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed<'a> {
    /// Place of the line.
    pub line: usize,
    /// What is saved.
    pub saving: Saving,
    /// Code of the reason.
    pub reason: Option<&'a str>,
}

/// A saving and, if it is to be compared, the code of its reason.
type Expected<'a> = (Saving, Option<&'a str>);

impl Form for PromotionCase {
    const SHAPE: Shape = Shape {
        point: "promotion",
        zh: "促销",
        mark: "lines",
        holds: "the `lines` of a basket",
        holds_zh: "购物篮的 `lines`",
    };

    fn name(&self) -> &str {
        &self.name
    }
}

impl PromotionCase {
    /// Reads the case for a rule.
    ///
    /// # Errors
    /// The mistakes in the case.
    pub fn read(&self, rule: &Rule) -> Result<Request, Said> {
        let today = self.today.as_str();
        let today = crate::day(today).ok_or_else(|| not_a_date(today))?;
        let facts = facts::read(&rule.facts, &self.facts).map_err(|problem| problem.behind("facts: ", "facts："))?;
        if !is_id(&self.channel) {
            return Err(said!(
                "channel: {channel} is not an id of 1 to 200 bytes",
                "channel：{channel} 不是 1 到 200 字节的标识",
                channel = facts::shortened(&self.channel)
            ));
        }
        let count = self.lines.len();
        if count == 0 || count > MOST_LINES {
            return Err(said!(
                "a basket has 1 to {MOST_LINES} lines, this one has {count}",
                "购物篮应有 1 到 {MOST_LINES} 行，此篮有 {count} 行"
            ));
        }
        let (mut lines, mut mistakes) = (Vec::with_capacity(count), Vec::new());
        for (place, thing) in self.lines.iter().enumerate() {
            match thing.read() {
                Ok(line) => lines.push(line),
                Err(problem) => mistakes.push(at_line(place, problem)),
            }
        }
        joined(mistakes)?;
        let total: i64 = lines
            .iter()
            .map(|line| line.unit_price * i64::from(line.quantity))
            .sum();
        if total > LARGEST_AMOUNT {
            return Err(said!(
                "the basket lists at {total} minor units, {LARGEST_AMOUNT} are the most",
                "购物篮总价为 {total} 最小货币单位，上限为 {LARGEST_AMOUNT}"
            ));
        }
        self.expected()?;
        Ok(Request {
            today,
            now: self.now.unwrap_or(i64::from(today) * crate::day::MILLIS),
            seed: self.seed,
            config: self.config.clone(),
            channel: self.channel.clone(),
            lines,
            facts,
        })
    }

    /// What is expected of each line.
    fn expected(&self) -> Result<Vec<Option<Expected<'_>>>, Said> {
        let lines = self.lines.len();
        let mut expected = vec![None; lines];
        for expect in &self.expect {
            let line = expect.line;
            let saving = match (expect.amount, expect.rate) {
                (Some(amount), None) => Saving::Amount(amount),
                (None, Some(rate)) if rate <= WHOLE => Saving::Rate(rate),
                (None, Some(rate)) => {
                    return Err(said!(
                        "expect: a rate of {rate} basis points on line {line} is more than the whole price",
                        "expect：第 {line} 行的比率为 {rate} 个基点，超过了全价"
                    ));
                }
                _ => {
                    return Err(said!(
                        "expect: line {line} needs either an amount or a rate",
                        "expect：第 {line} 行应有 amount 或 rate 其中之一"
                    ));
                }
            };
            let Some(place) = expected.get_mut(line) else {
                return Err(said!(
                    "expect: line {line}, the basket has {lines} lines",
                    "expect：写了第 {line} 行，而购物篮只有 {lines} 行"
                ));
            };
            if place.replace((saving, expect.reason.as_deref())).is_some() {
                return Err(said!(
                    "expect: line {line} twice; a line gets one offer",
                    "expect：第 {line} 行出现两次；每行只有一个优惠"
                ));
            }
        }
        Ok(expected)
    }

    /// Every difference between the offers and the expected ones.
    pub fn compare(&self, offers: &[Proposed<'_>]) -> Vec<Mismatch> {
        let mut found = Vec::new();
        let expected = self.expected().unwrap_or_default();
        for (line, expected) in expected.iter().enumerate() {
            let mut differs = |field, expected, got| {
                found.push(Mismatch {
                    place: Some(Place {
                        part: "line",
                        zh: "行",
                        at: line,
                    }),
                    field,
                    expected,
                    got,
                });
            };
            let got = offers.iter().find(|offer| offer.line == line);
            match (expected, got) {
                (None, None) => {}
                (Some((saving, _)), None) => differs("offer", told(*saving), word(None)),
                (None, Some(got)) => differs("offer", word(None), told(got.saving)),
                (Some((saving, reason)), Some(got)) => {
                    if *saving != got.saving {
                        differs("saving", told(*saving), told(got.saving));
                    }
                    if reason.is_some() && *reason != got.reason {
                        differs("reason", word(*reason), word(got.reason));
                    }
                }
            }
        }
        found
    }
}

impl Thing {
    fn read(&self) -> Result<Line, Said> {
        let Self {
            sku,
            kind,
            destination,
            theme,
            ..
        } = self;
        let product = PRODUCTS.iter().position(|known| known == kind);
        let Some(product) = product else {
            let meant = crate::meant::did_you_mean(kind, PRODUCTS);
            return Err(said!(
                "kind {kind:?} is not one of {en}",
                "kind {kind:?} 无法识别；可用的有 {zh}",
                en = PRODUCTS.join(", "),
                zh = PRODUCTS.join("、")
            )
            .and(&meant));
        };
        if !is_id(sku) {
            return Err(said!(
                "sku {sku} is not an id of 1 to 200 bytes",
                "sku {sku} 不是 1 到 200 字节的标识",
                sku = facts::shortened(sku)
            ));
        }
        let number = |name: &str, value: i64| match u32::try_from(value) {
            Ok(number) if (1..=MOST).contains(&value) => Ok(number),
            _ => Err(said!(
                "{name} is {value}; it is 1 to {MOST}",
                "{name} 为 {value}；应为 1 到 {MOST}"
            )),
        };
        for (name, text) in [("destination", destination), ("theme", theme)] {
            if let Some(text) = text
                && (text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control))
            {
                return Err(said!(
                    "the {name} is {text}; write 1 to 200 bytes or leave it out",
                    "{name} 为 {text}；应为 1 到 200 字节，或不填",
                    text = facts::shortened(text)
                ));
            }
        }
        if !(0..=LARGEST_PRICE).contains(&self.unit_price) {
            return Err(said!(
                "unit_price is {price}; it is 0 to {LARGEST_PRICE} minor units",
                "unit_price 为 {price}；应为 0 到 {LARGEST_PRICE} 最小货币单位",
                price = self.unit_price
            ));
        }
        let departs = self.departs.as_ref().map(crate::day::read).transpose();
        Ok(Line {
            sku: sku.clone(),
            kind: product,
            destination: destination.clone(),
            theme: theme.clone(),
            departs: departs.map_err(|problem| problem.behind("departs ", "departs "))?,
            travellers: number("travellers", self.travellers)?,
            unit_price: self.unit_price,
            quantity: number("quantity", self.quantity)?,
        })
    }
}

fn at_line(place: usize, problem: Said) -> Said {
    problem.behind(&format!("line {place}: "), &format!("第 {place} 行："))
}

/// What the host takes for an id of another system.
fn is_id(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control)
}

fn told(saving: Saving) -> String {
    match saving {
        Saving::Amount(amount) => format!("amount {amount}"),
        Saving::Rate(rate) => format!("rate {rate}"),
    }
}
