//! Runs golden cases in the sandbox. What a file of them looks like, and how answers are compared, is `posthouse_golden`'s, which the
//! SDK's harness shares.

use crate::cases::Failed;
use crate::fault::{LogLine, Usage, with_last_words};
use crate::limits::Limits;
use crate::pack::{self, PackError};
use crate::plugin::Plugin;
use crate::points::Points;
use crate::refusal::Refusal;
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

/// Golden cases that passed.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// How many.
    pub(crate) cases: usize,
    /// The settings they have, as canonical JSON.
    pub(crate) settings: Vec<String>,
}

/// Runs the golden cases a component carries, as far as all of them stay within what they may use.
///
/// # Errors
/// `golden_case_failed` with every difference as far as there is room. The first cases that have as many are the last ones that run.
pub(crate) fn pass(plugin: &Plugin, component: &[u8], limits: &Limits, points: &Points) -> Result<Passed, Refusal> {
    let failed = |problem: Words| Refusal::new("golden_case_failed", problem);
    let broken = |error: PackError| Refusal::new("invalid", Words::of(&error));
    let Some(written) = pack::written_cases(component).map_err(broken)? else {
        return Ok(Passed::default());
    };
    let within = |found: usize, what: Words, most: usize| {
        if found <= most {
            return Ok(());
        }
        Err(failed(words!(
            "the golden cases have {found} {what} together, {most} are allowed",
            "用例共有 {found} {what}，上限为 {most}"
        )))
    };
    within(written.len(), words!("bytes", "字节"), limits.golden_bytes)?;
    // nothing is built before it is known how much of it there is
    let counts = posthouse_golden::count(written, &points.shapes()).map_err(|said| failed(words(said)))?;
    if counts.cases > limits.golden_cases {
        return Err(failed(words!(
            "{count} golden cases, {most} are allowed",
            "有 {count} 个用例，上限为 {most}",
            count = counts.cases,
            most = limits.golden_cases
        )));
    }
    within(counts.rows, words!("rows or lines", "行"), limits.golden_rows)?;
    let cases = points.cases(written).map_err(|said| failed(words(said)))?;
    let (mut problems, mut settings, mut fuel) = (Vec::new(), Vec::new(), 0u64);
    for (ran, case) in cases.iter().enumerate() {
        let (result, config) = one(plugin, case);
        settings.extend(config);
        problems.extend(result.problems());
        fuel = fuel.saturating_add(result.usage.fuel);
        let (left, most) = (cases.len() - ran - 1, limits.golden_fuel);
        if problems.len() < TOLD && fuel > most {
            return Err(failed(words!(
                "the golden cases burn more than {most} units of fuel together; there are {left} after {name:?}: leave some out",
                "用例合计消耗的燃料超过 {most} 单位；{name:?} 之后还有 {left} 个：请减少用例",
                name = crate::text::printable(case.name(), 100)
            )));
        }
        if problems.len() >= TOLD {
            break;
        }
    }
    match problem(problems) {
        Some(problem) => Err(failed(words!("golden case {problem}", "用例 {problem}"))),
        None => Ok(Passed {
            cases: cases.len(),
            settings,
        }),
    }
}

/// What is wrong with the cases of a component, in a sentence that names every difference as far as there is room; nothing if all pass.
fn problem(mut problems: Vec<Words>) -> Option<Words> {
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
    cases.iter().map(|case| one(plugin, case).0).collect()
}

/// How a case went, and the settings it ran with.
fn one(plugin: &Plugin, case: &Case) -> (CaseResult, Option<String>) {
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
    let mut config = None;
    match ran {
        Ok(ran) => {
            config = Some(ran.config);
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
    (result, config)
}
