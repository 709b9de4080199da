//! Golden cases: questions with the answers an author expects. They travel inside the component and run at upload, and
//! `posthouse plugin test` runs the same ones from the project's `golden.json`. Those of a segmentation have rows:
//!
//! ```json
//! [{"name": "a champion", "today": "2026-01-15", "config": {},
//!   "quantiles": {"spend-24m": [10000, 50000, 90000, 200000]},
//!   "rows": [{"recency-days": 12, "spend-24m": 120000}],
//!   "expect": [{"segment": "champions", "score": 555, "reason": "recent"}]}]
//! ```
//!
//! A fact that is left out is unknown where the plugin allows that and zero elsewhere. Quantile tables that are left out
//! are computed from the case's own rows. `"segment": null` expects no segment; `score` and `reason` are compared where
//! they are given. The call's `now` is midnight UTC of `today`, its seed is 0.
//!
//! Those of a promotion have the lines of a basket and the facts of one customer:
//!
//! ```json
//! [{"name": "long not seen", "today": "2026-01-15", "config": {}, "channel": "app", "facts": {"recency-days": 400},
//!   "lines": [{"sku": "YN-7", "kind": "tour", "destination": "云南", "theme": "culture", "departs": "2026-03-01",
//!              "travellers": 2, "unit_price": 500000, "quantity": 2}, {"unit_price": 80000}],
//!   "expect": [{"line": 0, "rate": 1000, "reason": "early"}, {"line": 1, "amount": 5000, "reason": "welcome-back"}]}]
//! ```
//!
//! `config`, `channel` (`app`) and `facts` may be left out, and of a line everything but its price, in minor units: it is one `tour`
//! for one traveller with the number `S1`. `departs` is a day or a number of days since 1970. `expect` has every offer the rule
//! makes, in any order: `amount` in minor units or `rate` in basis points; `reason` is compared where it is given.
//!
//! One file has the cases of one extension point.

mod promotion;
mod rows;
mod segmentation;

use crate::context::Context;
use crate::description::Description;
use crate::fault::{Fault, LogLine, Usage, with_last_words};
use crate::plugin::Plugin;
use crate::schema::validate_config;
use posthouse_domain::{canonical, time};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::fmt;

pub(crate) use rows::{columns, tables};

const DAY_MS: i64 = 86_400_000;

/// One golden case.
#[derive(Debug, Clone)]
pub struct Case(Form);

#[derive(Debug, Clone)]
enum Form {
    Segmentation(segmentation::Case),
    Promotion(promotion::Case),
}

fn no_settings() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// How one case went.
#[derive(Debug, Clone, Serialize)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Whether every answer is the expected one.
    pub passed: bool,
    /// Answers that are not the expected ones.
    pub mismatches: Vec<Mismatch>,
    /// Why the case could not run: a mistake in it, or a fault of the plugin.
    pub error: Option<String>,
    /// What the call used.
    pub usage: Usage,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
}

/// One answer that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What was asked about.
    #[serde(flatten)]
    pub place: Place,
    /// `segment`, `score` or `reason`; of an offer `offer`, `saving` or `reason`.
    pub field: &'static str,
    /// What the case expects.
    pub expected: String,
    /// What the plugin answered.
    pub got: String,
}

/// What an answer is about, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A customer of a segmentation's case.
    Row(usize),
    /// A thing in the basket of a promotion's case.
    Line(usize),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Row(row) => write!(f, "row {row}")?,
            Place::Line(line) => write!(f, "line {line}")?,
        }
        write!(f, ": {} is {}, expected {}", self.field, self.got, self.expected)
    }
}

impl CaseResult {
    /// The first thing that is wrong, in a sentence; `None` if the case passed.
    pub fn problem(&self) -> Option<String> {
        let name = crate::guest::printable(&self.name, 100);
        if let Some(error) = &self.error {
            return Some(format!("{name:?}: {}", with_last_words(error, &self.log)));
        }
        let mismatch = self.mismatches.first()?;
        Some(format!("{name:?}: {mismatch}"))
    }
}

/// What tells the forms apart.
#[derive(Deserialize)]
#[serde(rename = "Case")]
struct Shape {
    lines: Option<IgnoredAny>,
}

/// Reads a file of golden cases.
///
/// # Errors
/// Where the JSON does not have the format of this module.
pub fn parse(json: &[u8]) -> Result<Vec<Case>, String> {
    let wrong = |error: serde_json::Error| format!("golden cases: {error}");
    let shapes: Vec<Shape> = serde_json::from_slice(json).map_err(wrong)?;
    // the whole file again and not case by case, so that a mistake is told with its line
    match shapes.iter().filter(|shape| shape.lines.is_some()).count() {
        0 => {
            let cases: Vec<segmentation::Case> = serde_json::from_slice(json).map_err(wrong)?;
            Ok(cases.into_iter().map(|case| Case(Form::Segmentation(case))).collect())
        }
        all if all == shapes.len() => {
            let cases: Vec<promotion::Case> = serde_json::from_slice(json).map_err(wrong)?;
            Ok(cases.into_iter().map(|case| Case(Form::Promotion(case))).collect())
        }
        some => Err(format!(
            "golden cases: {some} of {} have the lines of a promotion, the others have not; one file has the cases of one extension point",
            shapes.len()
        )),
    }
}

/// Runs the cases one after the other, each as one call.
pub fn run(plugin: &Plugin, cases: &[Case]) -> Vec<CaseResult> {
    cases.iter().map(|case| case.run(plugin)).collect()
}

/// A case that ran.
struct Ran {
    mismatches: Vec<Mismatch>,
    usage: Usage,
    log: Vec<LogLine>,
}

/// A case that gave no answer.
enum Failed {
    /// Something in the case cannot be.
    Mistake(String),
    /// The plugin failed.
    Fault(Fault),
}

impl From<String> for Failed {
    fn from(mistake: String) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Case {
    /// What the case shows, for people.
    pub fn name(&self) -> &str {
        match &self.0 {
            Form::Segmentation(case) => &case.name,
            Form::Promotion(case) => &case.name,
        }
    }

    fn run(&self, plugin: &Plugin) -> CaseResult {
        let ran = match (&self.0, plugin) {
            (Form::Segmentation(case), Plugin::Segmentation(plugin)) => case.run(plugin),
            (Form::Promotion(case), Plugin::Promotion(plugin)) => case.run(plugin),
            (Form::Segmentation(_), Plugin::Promotion(_)) => Err(Failed::Mistake(
                "the case has `rows` as a segmentation's; a promotion's has the `lines` of a basket".into(),
            )),
            (Form::Promotion(_), Plugin::Segmentation(_)) => Err(Failed::Mistake(
                "the case has `lines` as a promotion's; a segmentation's has `rows` of facts".into(),
            )),
        };
        let mut result = CaseResult {
            name: self.name().to_owned(),
            passed: false,
            mismatches: Vec::new(),
            error: None,
            usage: Usage::default(),
            log: Vec::new(),
        };
        match ran {
            Ok(ran) => {
                result.passed = ran.mismatches.is_empty();
                (result.mismatches, result.usage, result.log) = (ran.mismatches, ran.usage, ran.log);
            }
            Err(Failed::Mistake(mistake)) => result.error = Some(mistake),
            Err(Failed::Fault(fault)) => {
                result.error = Some(fault.to_string());
                (result.usage, result.log) = (fault.receipt.usage, fault.receipt.log);
            }
        }
        result
    }
}

/// The context of a case, without quantile tables. An error is a mistake in the case.
fn context(description: &Description, today: &str, config: &serde_json::Value) -> Result<Context, String> {
    let today = day("today", today)?;
    if let Err(problems) = validate_config(&description.config_schema, config) {
        return Err(format!("config: {}", problems.join("; ")));
    }
    let config = canonical::to_string(config).map_err(|error| format!("config: {error}"))?;
    Ok(Context {
        now: i64::from(today) * DAY_MS,
        today,
        config,
        ..Context::default()
    })
}

fn day(what: &str, text: &str) -> Result<i32, String> {
    time::parse_day(text).ok_or_else(|| format!("{what} {text:?} is not YYYY-MM-DD"))
}

/// A word of an answer.
fn word(word: Option<&str>) -> String {
    word.map_or_else(|| "none".to_owned(), |word| format!("{word:?}"))
}
