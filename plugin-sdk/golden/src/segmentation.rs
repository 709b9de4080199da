use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

use crate::facts::{self, Value};
use crate::form::{Form, Shape};
use crate::mismatch::{Mismatch, Place, word};
use crate::quantiles::{Table, tables};
use crate::said::said;
use crate::{Rule, Said, joined};

pub(crate) fn not_a_date(today: &str) -> Said {
    said!(
        "today {today:?} is not a date like 2026-01-15",
        "today {today:?} 不是 2026-01-15 这样的日期"
    )
}

/// Some customers and what they get.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentationCase {
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
    /// Edges per fact; tables left out are computed from the rows.
    #[serde(default)]
    quantiles: BTreeMap<String, Vec<i64>>,
    /// Facts per customer.
    rows: Vec<Map<String, Json>>,
    /// Expected answers, one per row.
    expect: Vec<Expectation>,
}

/// The answer one row should get.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    /// Key of the segment; null means none, and leaving it out is a mistake.
    #[serde(deserialize_with = "Option::deserialize")]
    segment: Option<String>,
    /// Compared if given.
    #[serde(default)]
    score: Option<f64>,
    /// Code of the reason, null means none; compared if given.
    #[serde(default, deserialize_with = "given")]
    reason: Option<Option<String>>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What a case asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The day of the call, as days since 1970.
    pub today: i32,
    /// The moment of the call, in ms since 1970.
    pub now: i64,
    /// The seed of the call.
    pub seed: u64,
    /// The settings.
    pub config: Json,
    /// Values in the order of the declared facts, a list per customer.
    pub rows: Vec<Vec<Value>>,
    /// The quantile tables, in the order of the requests.
    pub tables: Vec<Table>,
}

/// What a rule answered for one row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Answer<'a> {
    /// Key of the segment.
    pub segment: Option<&'a str>,
    /// 0 where the rule gives none.
    pub score: f32,
    /// Code of the reason.
    pub reason: Option<&'a str>,
}

/// How far a score may be from the expected one, as a share of it: scores have 24 bits, and what an author writes has more.
const TOLERANCE: f64 = 1e-6;

impl Form for SegmentationCase {
    const SHAPE: Shape = Shape {
        point: "segmentation",
        zh: "分群",
        mark: "rows",
        holds: "`rows` of facts",
        holds_zh: "事实的 `rows`",
    };

    fn name(&self) -> &str {
        &self.name
    }
}

impl SegmentationCase {
    /// Reads the case for a rule.
    ///
    /// # Errors
    /// The mistakes in the case.
    pub fn read(&self, rule: &Rule) -> Result<Rows, Said> {
        let today = self.today.as_str();
        let today = crate::day(today).ok_or_else(|| not_a_date(today))?;
        let (found, expected) = (self.rows.len(), self.expect.len());
        if found != expected {
            return Err(said!(
                "{found} rows but {expected} expected answers",
                "有 {found} 行，却有 {expected} 个期望结果"
            ));
        }
        let (mut rows, mut mistakes) = (Vec::with_capacity(found), Vec::new());
        for (place, row) in self.rows.iter().enumerate() {
            match facts::read(&rule.facts, row) {
                Ok(row) => rows.push(row),
                Err(problem) => {
                    mistakes.push(problem.behind(&format!("row {place}: "), &format!("第 {place} 行：")));
                }
            }
        }
        joined(mistakes)?;
        Ok(Rows {
            today,
            now: self.now.unwrap_or(i64::from(today) * crate::day::MILLIS),
            seed: self.seed,
            config: self.config.clone(),
            tables: self.tables(rule, &rows)?,
            rows,
        })
    }

    /// The tables the case gives, and those of its rows for the others.
    fn tables(&self, rule: &Rule, rows: &[Vec<Value>]) -> Result<Vec<Table>, Said> {
        let mut tables = tables(rule, rows);
        for (fact, edges) in &self.quantiles {
            let mut found = false;
            for (table, request) in tables.iter_mut().zip(&rule.quantiles) {
                if table.fact != *fact {
                    continue;
                }
                let needed = usize::from(request.buckets) - 1;
                if !edges.is_empty() && (edges.len() != needed || !edges.is_sorted()) {
                    return Err(said!(
                        "quantiles: {fact:?} needs {needed} rising edges, or none",
                        "quantiles：{fact:?} 应有 {needed} 个递增的边界，或不填"
                    ));
                }
                table.edges.clone_from(edges);
                found = true;
            }
            if !found {
                return Err(said!(
                    "quantiles: the plugin does not ask for a table of {fact:?}",
                    "quantiles：插件没有要求 {fact:?} 的分位数"
                ));
            }
        }
        Ok(tables)
    }

    /// Every difference between the answers, one a row, and the expected ones.
    pub fn compare(&self, answers: &[Answer<'_>]) -> Vec<Mismatch> {
        let mut found = Vec::new();
        for (row, (expect, got)) in self.expect.iter().zip(answers).enumerate() {
            let mut differs = |field, expected, got| {
                found.push(Mismatch {
                    place: Some(Place {
                        part: "row",
                        zh: "行",
                        at: row,
                    }),
                    field,
                    expected,
                    got,
                });
            };
            if got.segment != expect.segment.as_deref() {
                differs("segment", word(expect.segment.as_deref()), word(got.segment));
            }
            if let Some(expected) = expect.score
                && (f64::from(got.score) - expected).abs() > TOLERANCE * expected.abs().max(1.0)
            {
                differs("score", expected.to_string(), got.score.to_string());
            }
            if let Some(expected) = &expect.reason
                && got.reason != expected.as_deref()
            {
                differs("reason", word(expected.as_deref()), word(got.reason));
            }
        }
        found
    }
}
