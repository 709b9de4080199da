//! Runs golden cases in the sandbox. What a file of them looks like, and how answers are compared, is `posthouse_golden`'s, which the
//! SDK's harness shares.

use crate::cases::{columns, rule, values};
use crate::context::{Context, QuantileTable};
use crate::description::Description;
use crate::fault::{Fault, LogLine, Usage, with_last_words};
use crate::plugin::Plugin;
use crate::problem::Problem;
use crate::promotion::PromotionPlugin;
use crate::schema::validate_config;
use crate::segmentation::SegmentationPlugin;
use crate::shown;
use posthouse_domain::promotion::{Basket, Line, ProductKind, Saving};
use posthouse_domain::{Words, canonical, words};
use posthouse_golden::{self as format, Answer, PromotionCase, Proposed, SegmentationCase};
use serde::Serialize;

pub use crate::cases::words;
pub use posthouse_golden::{Case, Mismatch, Place, Said, parse};

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

/// Runs the cases one after the other, each as one call.
pub fn run(plugin: &Plugin, cases: &[Case]) -> Vec<CaseResult> {
    cases.iter().map(|case| one(plugin, case)).collect()
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
    Mistake(Words),
    /// The plugin failed, asked this.
    Fault(Box<Fault>, Option<Words>),
}

impl From<Words> for Failed {
    fn from(mistake: Words) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Said> for Failed {
    fn from(mistake: Said) -> Self {
        Self::Mistake(words(mistake))
    }
}

fn one(plugin: &Plugin, case: &Case) -> CaseResult {
    let ran = match (case, plugin) {
        (Case::Segmentation(case), Plugin::Segmentation(plugin)) => segmentation(plugin, case),
        (Case::Promotion(case), Plugin::Promotion(plugin)) => promotion(plugin, case),
        (Case::Segmentation(_), Plugin::Promotion(_)) => Err(Failed::Mistake(words!(
            "the case has `rows`, as for a segmentation; for a promotion it has the `lines` of a basket",
            "用例写的是 `rows`（分群）；促销的用例应为购物篮的 `lines`"
        ))),
        (Case::Promotion(_), Plugin::Segmentation(_)) => Err(Failed::Mistake(words!(
            "the case has `lines`, as for a promotion; for a segmentation it has `rows` of facts",
            "用例写的是 `lines`（促销）；分群的用例应为事实的 `rows`"
        ))),
    };
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

fn segmentation(plugin: &SegmentationPlugin, case: &SegmentationCase) -> Result<Ran, Failed> {
    let description = plugin.description();
    let asked = case.read(&rule(description))?;
    let mut context = context(
        description,
        (asked.today, asked.now, asked.seed),
        &asked.config,
        |config| plugin.validate(config),
    )?;
    let table = |table: format::Table| QuantileTable {
        fact: table.fact,
        edges: table.edges,
    };
    context.quantiles = asked.tables.into_iter().map(table).collect();
    let rows: Vec<_> = asked.rows.into_iter().map(values).collect();
    let buffers = columns(&description.facts, &rows);
    let columns: Vec<_> = buffers.iter().map(|buffer| buffer.as_column()).collect();
    let answer = plugin.classify(&context, rows.len(), &columns).map_err(|fault| {
        let asked = shown::row(description, &fault, &rows);
        Failed::Fault(Box::new(fault), asked)
    })?;
    let segment = |index: u16| plugin.segments().get(usize::from(index));
    let reason = |index: u16| description.reasons.get(usize::from(index));
    let got = |row: usize| Answer {
        segment: segment(answer.segment[row]).map(|segment| segment.key.as_str()),
        score: answer.score_of(row),
        reason: reason(answer.reason_of(row)).map(|reason| reason.code.as_str()),
    };
    Ok(Ran {
        mismatches: case.compare(&(0..rows.len()).map(got).collect::<Vec<_>>()),
        usage: answer.usage,
        log: answer.log,
    })
}

fn promotion(plugin: &PromotionPlugin, case: &PromotionCase) -> Result<Ran, Failed> {
    let description = plugin.description();
    let asked = case.read(&rule(description))?;
    let context = context(
        description,
        (asked.today, asked.now, asked.seed),
        &asked.config,
        |config| plugin.validate(config),
    )?;
    let basket = Basket {
        channel: asked.channel,
        lines: asked.lines.into_iter().map(line).collect(),
    };
    basket.check().map_err(|rejection| rejection.detail)?;
    let facts = values(asked.facts);
    let answer = plugin.evaluate(&context, &basket, &facts).map_err(|fault| {
        let asked = shown::basket(&basket, Some((description, &facts)));
        Failed::Fault(Box::new(fault), Some(asked))
    })?;
    let reason = |index: u16| description.reasons.get(usize::from(index));
    let offers = answer.proposed.offers.iter().map(|offer| Proposed {
        line: offer.line as usize,
        saving: match offer.saving {
            Saving::Amount(amount) => format::Saving::Amount(amount),
            Saving::Rate(rate) => format::Saving::Rate(rate),
        },
        reason: reason(offer.reason).map(|reason| reason.code.as_str()),
    });
    Ok(Ran {
        mismatches: case.compare(&offers.collect::<Vec<_>>()),
        usage: answer.usage,
        log: answer.log,
    })
}

fn line(line: format::Line) -> Line {
    Line {
        sku: line.sku,
        // their order is the same, which a test sees to
        kind: ProductKind::ALL[line.kind],
        destination: line.destination,
        theme: line.theme,
        departs: line.departs,
        travellers: line.travellers as i32,
        unit_price: line.unit_price,
        unit_cost: None,
        quantity: line.quantity as i32,
    }
}

/// The context of a case, without quantile tables. An error is a mistake in the case.
fn context(
    description: &Description,
    (today, now, seed): (i32, i64, u64),
    config: &serde_json::Value,
    validate: impl Fn(&str) -> Result<Vec<Problem>, Fault>,
) -> Result<Context, Failed> {
    if let Err(problems) = validate_config(&description.config_schema, config) {
        let problems = Words::join(&problems, &words!("; ", "；"));
        return Err(words!("config: {problems}", "config：{problems}").into());
    }
    let config = canonical::to_string(config).map_err(|error| words!("config: {error}", "config：{error}"))?;
    let problems = validate(&config).map_err(|fault| Failed::Fault(Box::new(fault), None))?;
    if !problems.is_empty() {
        let problems = Problem::join(&problems);
        return Err(words!("config: {problems}", "config：{problems}").into());
    }
    Ok(Context {
        now,
        today,
        seed,
        config,
        ..Context::default()
    })
}
