use posthouse_golden::{Form, Mismatch};

use super::{Asked, cells};
use crate::facts::Facts;

/// Runs every case of a file; all differences, a line each.
pub(super) fn run<P: Asked<Q>, Q>(json: &str) -> Result<(), String> {
    let rule = cells::rule(P::Facts::USES, P::TABLES);
    let cases: Vec<P::Case> = posthouse_golden::parse(json.as_bytes())?;
    if cases.is_empty() {
        return Err("there are none".to_owned());
    }
    let mut differences = String::new();
    for case in &cases {
        let lines = match P::case(case, &rule) {
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
