use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::cells::cells;
use super::{Answer, harness};
use crate::facts::Facts;
use crate::segmentation::Segmentation;
use crate::values::Day;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    today: String,
    #[serde(default)]
    config: Map<String, Value>,
    #[serde(default)]
    quantiles: BTreeMap<String, Vec<i64>>,
    rows: Vec<Map<String, Value>>,
    expect: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    // `null` means no segment; leaving it out is a mistake.
    #[serde(deserialize_with = "Option::deserialize")]
    segment: Option<String>,
    score: Option<f32>,
    // `null` means no reason; without it reasons are not compared.
    #[serde(default, deserialize_with = "given")]
    reason: Option<Option<String>>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Runs every case; all differences, a line each.
pub(super) fn run<P: Segmentation>(json: &str) -> Result<(), String> {
    let cases: Vec<Case> = serde_json::from_str(json).map_err(|error| format!("not understood: {error}"))?;
    if cases.is_empty() {
        return Err("there are none".to_owned());
    }
    let mut differences = String::new();
    for case in &cases {
        if let Err(found) = one::<P>(case) {
            for line in found.lines() {
                let _ = writeln!(differences, "{}: {line}", case.name);
            }
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn one<P: Segmentation>(case: &Case) -> Result<(), String> {
    if case.rows.len() != case.expect.len() {
        return Err(format!(
            "{} rows, but {} expected answers",
            case.rows.len(),
            case.expect.len()
        ));
    }
    if Day::parse(&case.today).is_none() {
        return Err(format!("`{}` is not a date like 2026-01-15", case.today));
    }
    let mut call = harness::<P>()
        .today(&case.today)
        .settings(&Value::from(case.config.clone()).to_string());
    call.edges.clone_from(&case.quantiles);
    call.rows = case
        .rows
        .iter()
        .map(|row| cells(P::Facts::USES, row, "a row has"))
        .collect::<Result<_, _>>()?;
    let answers = call.try_classify()?;
    let mut differences = String::new();
    for (place, (expected, answer)) in case.expect.iter().zip(answers.iter()).enumerate() {
        if !agrees(expected, answer) {
            let (wanted, got) = (
                said(
                    &expected.segment,
                    expected.score,
                    expected.reason.as_ref().unwrap_or(&None),
                ),
                said_by(answer),
            );
            let _ = writeln!(differences, "row {place}: expected {wanted}, got {got}");
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn agrees(expected: &Expected, answer: &Answer) -> bool {
    expected.segment == answer.segment
        && (expected.score.is_none() || expected.score == answer.score)
        && (expected.reason.as_ref().is_none_or(|reason| *reason == answer.reason))
}

fn said_by(answer: &Answer) -> String {
    said(&answer.segment, answer.score, &answer.reason)
}

fn said(segment: &Option<String>, score: Option<f32>, reason: &Option<String>) -> String {
    let mut said = segment.clone().unwrap_or_else(|| "no segment".to_owned());
    if let Some(score) = score {
        let _ = write!(said, ", score {score}");
    }
    if let Some(reason) = reason {
        let _ = write!(said, ", reason {reason}");
    }
    said
}
