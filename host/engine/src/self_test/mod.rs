//! What every component must show before it is let in: its golden cases pass, hostile input does not break it, it answers for nothing
//! but what it is asked, and the largest call fits into its fuel.

mod promotion;
mod segmentation;

pub use promotion::PromotionTest;
pub use segmentation::SegmentationTest;

use crate::fault::{Fault, with_last_words};
use crate::golden;
use crate::limits::Limits;
use crate::pack::{self, PackError};
use crate::plugin::Plugin;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::shown;
use posthouse_domain::{Words, words};
use serde::Serialize;

/// Where what is drawn for every self-test comes from.
const SEED: u64 = 0x0b5e_55ed;

/// What the self-test found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SelfTest {
    /// Of a segmentation.
    Segmentation(SegmentationTest),
    /// Of a promotion.
    Promotion(PromotionTest),
}

impl SelfTest {
    /// Golden cases that ran and passed.
    pub fn golden_cases(&self) -> usize {
        match self {
            Self::Segmentation(test) => test.golden_cases,
            Self::Promotion(test) => test.golden_cases,
        }
    }
}

/// Runs everything; the first thing that fails is the refusal.
pub(crate) fn run(plugin: &Plugin, bytes: &[u8], limits: &Limits) -> Result<SelfTest, Refusal> {
    defaults(plugin)?;
    let golden_cases = golden(plugin, bytes, limits)?;
    match plugin {
        Plugin::Segmentation(plugin) => segmentation::run(plugin, golden_cases, limits).map(SelfTest::Segmentation),
        Plugin::Promotion(plugin) => promotion::run(plugin, golden_cases).map(SelfTest::Promotion),
    }
}

/// Passes a plugin whose defaults fit together: an agency that sets nothing has them.
fn defaults(plugin: &Plugin) -> Result<(), Refusal> {
    let what = words!("the default settings", "默认设置");
    let problems = plugin.validate("{}").map_err(|fault| faulted(&what, &fault, None))?;
    if problems.is_empty() {
        return Ok(());
    }
    let told = Problem::join(&problems);
    Err(Refusal::new(
        "bad_descriptor",
        words!(
            "the plugin refuses its own defaults, `{{}}`: {told}",
            "插件拒绝了自己的默认设置 `{{}}`：{told}"
        ),
    ))
}

fn golden(plugin: &Plugin, bytes: &[u8], limits: &Limits) -> Result<usize, Refusal> {
    let cases = pack::golden_cases(bytes).map_err(|error| match error {
        PackError::Golden(problem) => Refusal::new("golden_case_failed", problem),
        other => Refusal::new("invalid", Words::of(&other)),
    })?;
    if cases.len() > limits.golden_cases {
        let detail = words!(
            "{count} golden cases, {most} are allowed",
            "有 {count} 个用例，上限为 {most}",
            count = cases.len(),
            most = limits.golden_cases
        );
        return Err(Refusal::new("golden_case_failed", detail));
    }
    match golden::problem(&golden::run(plugin, &cases)) {
        Some(problem) => Err(Refusal::new(
            "golden_case_failed",
            words!("golden case {problem}", "用例 {problem}"),
        )),
        None => Ok(cases.len()),
    }
}

/// A call that failed, with what it was about: nobody real is in it.
fn faulted(what: &Words, fault: &Fault, asked: Option<&Words>) -> Refusal {
    let told = shown::behind(with_last_words(fault, &fault.receipt.log), asked);
    Refusal::new(
        "self_test_fault",
        words!("self-test with {what}: {told}", "自检（{what}）：{told}"),
    )
}
