//! Runs golden cases in the sandbox. What a file of them looks like, and how answers are compared, is `posthouse_golden`'s, which the
//! SDK's harness shares.

use crate::cases::Failed;
use crate::fault::{LogLine, Usage, with_last_words};
use crate::plugin::Plugin;
use crate::points::Points;
use crate::shown;
use posthouse_domain::{Words, words};
use serde::Serialize;

pub use crate::cases::{Case, words};
pub use posthouse_golden::{Form, Mismatch, Place, Rule, Said, Shape, Value};

/// Differences told at once.
const TOLD: usize = 20;

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
    pub error: Option<Words>,
    /// What the plugin was asked when it failed: the row that brings it to fail, or the basket, as a golden case writes it.
    pub asked: Option<Words>,
    /// What the call used.
    pub usage: Usage,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
}

impl CaseResult {
    /// Everything that is wrong, a sentence each; nothing if the case passed.
    pub fn problems(&self) -> Vec<Words> {
        let name = crate::text::printable(&self.name, 100);
        let told = |problem: Words| words!("{name:?}: {problem}", "{name:?}：{problem}");
        if let Some(error) = &self.error {
            return vec![told(shown::behind(
                with_last_words(error, &self.log),
                self.asked.as_ref(),
            ))];
        }
        self.mismatches
            .iter()
            .map(|mismatch| told(words(mismatch.said())))
            .collect()
    }
}

/// What is wrong with the cases of a component, in a sentence that names every difference as far as there is room; nothing if all pass.
pub(crate) fn problem(results: &[CaseResult]) -> Option<Words> {
    let mut problems: Vec<Words> = results.iter().flat_map(CaseResult::problems).collect();
    if problems.is_empty() {
        return None;
    }
    let more = problems.len().saturating_sub(TOLD);
    problems.truncate(TOLD);
    if more > 0 {
        problems.push(words!("and {more} more", "另有 {more} 处"));
    }
    Some(Words::join(&problems, &words!("; ", "；")))
}

/// Reads a file of golden cases of any extension point.
///
/// # Errors
/// Where it does not have the format of one.
pub fn parse(json: &[u8]) -> Result<Vec<Case>, Said> {
    Points::default().cases(json)
}

/// Runs the cases one after the other, each as one call.
pub fn run(plugin: &Plugin, cases: &[Case]) -> Vec<CaseResult> {
    cases.iter().map(|case| one(plugin, case)).collect()
}

fn one(plugin: &Plugin, case: &Case) -> CaseResult {
    let ran = plugin.golden(case);
    let mut result = CaseResult {
        name: case.name().to_owned(),
        passed: false,
        mismatches: Vec::new(),
        error: None,
        asked: None,
        usage: Usage::default(),
        log: Vec::new(),
    };
    match ran {
        Ok(ran) => {
            result.passed = ran.mismatches.is_empty();
            (result.mismatches, result.usage, result.log) = (ran.mismatches, ran.usage, ran.log);
        }
        Err(Failed::Mistake(mistake)) => result.error = Some(mistake),
        Err(Failed::Fault(fault, asked)) => {
            result.error = Some(Words::of(&fault));
            result.asked = asked;
            (result.usage, result.log) = (fault.receipt.usage, fault.receipt.log);
        }
    }
    result
}
