use posthouse_golden::{Form, Mismatch, Rule, SegmentationCase};

use super::{Answer, cells, harness};
use crate::facts::Facts;
use crate::quantiles::Quantiles;
use crate::segmentation::Segmentation;
use crate::store::Cell;

/// Runs every case; all differences, a line each.
pub(super) fn run<P: Segmentation>(json: &str) -> Result<(), String> {
    let rule = cells::rule(P::Facts::USES, P::Quantiles::USES);
    all(json, |case| one::<P>(case, &rule))
}

/// Runs all cases of a file.
pub(super) fn all<C: Form>(json: &str, run: impl Fn(&C) -> Result<Vec<Mismatch>, String>) -> Result<(), String> {
    let cases: Vec<C> = posthouse_golden::parse(json.as_bytes())?;
    if cases.is_empty() {
        return Err("there are none".to_owned());
    }
    let mut differences = String::new();
    for case in &cases {
        let lines = match run(case) {
            Ok(mismatches) => mismatches.iter().map(Mismatch::to_string).collect(),
            Err(problem) => vec![problem],
        };
        for line in lines {
            differences += &format!("{}: {line}\n", case.name());
        }
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences),
    }
}

fn one<P: Segmentation>(case: &SegmentationCase, rule: &Rule) -> Result<Vec<Mismatch>, String> {
    let asked = case.read(rule)?;
    let call = harness::<P>().on(asked.today, asked.now).seed(asked.seed);
    let mut call = call.settings(&asked.config.to_string());
    let tables = asked.tables.into_iter();
    call.edges = tables.map(|table| (table.fact, table.edges)).collect();
    let row = |row: Vec<_>| row.into_iter().map(Cell::from).collect();
    call.rows = asked.rows.into_iter().map(row).collect();
    let answers = call.try_classify()?;
    let answers: Vec<_> = answers.iter().map(Answer::compared).collect();
    Ok(case.compare(&answers))
}
