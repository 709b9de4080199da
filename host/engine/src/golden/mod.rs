//! Golden cases: rows with the answers an author expects. They travel inside the component and run at upload, and
//! `posthouse plugin test` runs the same ones from the project's `golden.json`:
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

mod rows;

use crate::columns::Value;
use crate::fault::{Fault, LogLine, Usage, with_last_words};
use crate::schema::validate_config;
use crate::segmentation::{Classified, Context, SegmentationPlugin};
use posthouse_domain::{canonical, time};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

pub(crate) use rows::{columns, tables};

const DAY_MS: i64 = 86_400_000;

/// One golden case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows, for people.
    pub name: String,
    /// The day of the call, `YYYY-MM-DD`.
    pub today: String,
    /// Settings; `{}` if left out.
    #[serde(default = "no_settings")]
    pub config: serde_json::Value,
    /// Edges per fact; tables left out are computed from the rows.
    #[serde(default)]
    pub quantiles: BTreeMap<String, Vec<i64>>,
    /// Facts per customer.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Expected answers, one per row.
    pub expect: Vec<Expectation>,
}

fn no_settings() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// The answer one row should get.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Key of the segment; null means none.
    #[serde(deserialize_with = "Option::deserialize")]
    pub segment: Option<String>,
    /// Compared if given.
    #[serde(default)]
    pub score: Option<f64>,
    /// Code of the reason, null means none; compared if given.
    #[serde(default, deserialize_with = "given")]
    pub reason: Option<Option<String>>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// How one case went.
#[derive(Debug, Clone, Serialize)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Whether every row got the expected answer.
    pub passed: bool,
    /// Rows that got another answer.
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
    /// Row, counted from 0.
    pub row: usize,
    /// `segment`, `score` or `reason`.
    pub field: &'static str,
    /// What the case expects.
    pub expected: String,
    /// What the plugin answered.
    pub got: String,
}

impl CaseResult {
    /// The first thing that is wrong, in a sentence; `None` if the case passed.
    pub fn problem(&self) -> Option<String> {
        let name = crate::guest::printable(&self.name, 100);
        if let Some(error) = &self.error {
            return Some(format!("{name:?}: {}", with_last_words(error, &self.log)));
        }
        let Mismatch {
            row,
            field,
            expected,
            got,
        } = self.mismatches.first()?;
        Some(format!("{name:?}: row {row}: {field} is {got}, expected {expected}"))
    }
}

/// Reads a file of golden cases.
///
/// # Errors
/// Where the JSON does not have the format of this module.
pub fn parse(json: &[u8]) -> Result<Vec<Case>, String> {
    serde_json::from_slice(json).map_err(|error| format!("golden cases: {error}"))
}

/// Runs the cases one after the other, each as one call.
pub fn run(plugin: &SegmentationPlugin, cases: &[Case]) -> Vec<CaseResult> {
    cases.iter().map(|case| run_case(plugin, case)).collect()
}

fn run_case(plugin: &SegmentationPlugin, case: &Case) -> CaseResult {
    let mut result = CaseResult {
        name: case.name.clone(),
        passed: false,
        mismatches: Vec::new(),
        error: None,
        usage: Usage::default(),
        log: Vec::new(),
    };
    match classify(plugin, case) {
        Ok(Ok(answer)) => {
            result.mismatches = compare(plugin, case, &answer);
            result.passed = result.mismatches.is_empty();
            (result.usage, result.log) = (answer.usage, answer.log);
        }
        Ok(Err(fault)) => {
            result.error = Some(fault.to_string());
            (result.usage, result.log) = (fault.receipt.usage, fault.receipt.log);
        }
        Err(mistake) => result.error = Some(mistake),
    }
    result
}

/// The outer error is a mistake in the case.
fn classify(plugin: &SegmentationPlugin, case: &Case) -> Result<Result<Classified, Fault>, String> {
    let description = plugin.description();
    let today = time::parse_day(&case.today).ok_or_else(|| format!("today {:?} is not YYYY-MM-DD", case.today))?;
    if case.expect.len() != case.rows.len() {
        return Err(format!(
            "{} rows but {} expected answers",
            case.rows.len(),
            case.expect.len()
        ));
    }
    if let Err(problems) = validate_config(&description.config_schema, &case.config) {
        return Err(format!("config: {}", problems.join("; ")));
    }
    let config = canonical::to_string(&case.config).map_err(|error| format!("config: {error}"))?;
    let rows: Vec<Vec<Value>> = case
        .rows
        .iter()
        .enumerate()
        .map(|(row, facts)| rows::read(&description.facts, facts).map_err(|problem| format!("row {row}: {problem}")))
        .collect::<Result<_, _>>()?;
    let mut quantiles = tables(description, &rows);
    for (fact, edges) in &case.quantiles {
        let asked = description
            .quantiles
            .iter()
            .map(|request| usize::from(request.buckets) - 1);
        let mut found = false;
        for (table, needed) in quantiles.iter_mut().zip(asked).filter(|(table, _)| table.fact == *fact) {
            if edges.len() != needed && !edges.is_empty() {
                return Err(format!(
                    "quantiles: {fact:?} has {} edges, {needed} or none are needed",
                    edges.len()
                ));
            }
            table.edges.clone_from(edges);
            found = true;
        }
        if !found {
            return Err(format!("quantiles: the plugin does not ask for a table of {fact:?}"));
        }
    }
    let context = Context {
        now: i64::from(today) * DAY_MS,
        today,
        seed: 0,
        config,
        quantiles,
    };
    let buffers = columns(&description.facts, &rows);
    let columns: Vec<_> = buffers.iter().map(|buffer| buffer.as_column()).collect();
    Ok(plugin.classify(&context, rows.len(), &columns))
}

fn compare(plugin: &SegmentationPlugin, case: &Case, answer: &Classified) -> Vec<Mismatch> {
    let segments = plugin.segments();
    let reasons = &plugin.description().reasons;
    let segment = |index: u16| segments.get(usize::from(index)).map(|segment| segment.key.as_str());
    let reason = |index: u16| reasons.get(usize::from(index)).map(|reason| reason.code.as_str());
    let word = |word: Option<&str>| word.map_or_else(|| "none".to_owned(), |word| format!("{word:?}"));
    let mut found = Vec::new();
    for (row, expect) in case.expect.iter().enumerate() {
        let got = segment(answer.segment[row]);
        if got != expect.segment.as_deref() {
            let expected = word(expect.segment.as_deref());
            found.push(Mismatch {
                row,
                field: "segment",
                expected,
                got: word(got),
            });
        }
        if let Some(expected) = expect.score {
            let got = answer.score_of(row);
            // scores are f32; what the author wrote was not
            if (f64::from(got) - expected).abs() > 1e-6 * expected.abs().max(1.0) {
                let (expected, got) = (expected.to_string(), got.to_string());
                found.push(Mismatch {
                    row,
                    field: "score",
                    expected,
                    got,
                });
            }
        }
        if let Some(expected) = &expect.reason {
            let got = reason(answer.reason_of(row));
            if got != expected.as_deref() {
                let expected = word(expected.as_deref());
                found.push(Mismatch {
                    row,
                    field: "reason",
                    expected,
                    got: word(got),
                });
            }
        }
    }
    found
}
