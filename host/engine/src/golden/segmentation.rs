//! Golden cases of a segmentation.

use super::{Failed, Mismatch, Place, Ran, rows, word};
use crate::columns::Value;
use crate::context::QuantileTable;
use crate::description::Description;
use crate::segmentation::{Classified, SegmentationPlugin};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// One golden case: some customers and what they get.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case shows, for people.
    pub(super) name: String,
    /// The day of the call, `YYYY-MM-DD`.
    today: String,
    /// Settings; `{}` if left out.
    #[serde(default = "super::no_settings")]
    config: serde_json::Value,
    /// Edges per fact; tables left out are computed from the rows.
    #[serde(default)]
    quantiles: BTreeMap<String, Vec<i64>>,
    /// Facts per customer.
    rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Expected answers, one per row.
    expect: Vec<Expectation>,
}

/// The answer one row should get.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    /// Key of the segment; null means none.
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

impl Case {
    pub(super) fn run(&self, plugin: &SegmentationPlugin) -> Result<Ran, Failed> {
        let description = plugin.description();
        let mut context = super::context(description, &self.today, &self.config)?;
        let (found, expected) = (self.rows.len(), self.expect.len());
        if found != expected {
            return Err(format!("{found} rows but {expected} expected answers").into());
        }
        let read =
            |(row, facts)| rows::read(&description.facts, facts).map_err(|problem| format!("row {row}: {problem}"));
        let rows: Vec<Vec<Value>> = self.rows.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        context.quantiles = self.tables(description, &rows)?;
        let buffers = rows::columns(&description.facts, &rows);
        let columns: Vec<_> = buffers.iter().map(|buffer| buffer.as_column()).collect();
        let answer = plugin.classify(&context, rows.len(), &columns)?;
        Ok(Ran {
            mismatches: self.compare(plugin, &answer),
            usage: answer.usage,
            log: answer.log,
        })
    }

    /// The tables the case gives, and those of its rows for the others.
    fn tables(&self, description: &Description, rows: &[Vec<Value>]) -> Result<Vec<QuantileTable>, String> {
        let mut tables = rows::tables(description, rows);
        for (fact, edges) in &self.quantiles {
            let asked = description
                .quantiles
                .iter()
                .map(|request| usize::from(request.buckets) - 1);
            let mut found = false;
            for (table, needed) in tables.iter_mut().zip(asked).filter(|(table, _)| table.fact == *fact) {
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
        Ok(tables)
    }

    fn compare(&self, plugin: &SegmentationPlugin, answer: &Classified) -> Vec<Mismatch> {
        let segments = plugin.segments();
        let reasons = &plugin.description().reasons;
        let segment = |index: u16| segments.get(usize::from(index)).map(|segment| segment.key.as_str());
        let reason = |index: u16| reasons.get(usize::from(index)).map(|reason| reason.code.as_str());
        let mut found = Vec::new();
        for (row, expect) in self.expect.iter().enumerate() {
            let mut differs = |field, expected, got| {
                found.push(Mismatch {
                    place: Place::Row(row),
                    field,
                    expected,
                    got,
                });
            };
            let got = segment(answer.segment[row]);
            if got != expect.segment.as_deref() {
                differs("segment", word(expect.segment.as_deref()), word(got));
            }
            if let Some(expected) = expect.score {
                let got = answer.score_of(row);
                // scores are f32; what the author wrote was not
                if (f64::from(got) - expected).abs() > 1e-6 * expected.abs().max(1.0) {
                    differs("score", expected.to_string(), got.to_string());
                }
            }
            if let Some(expected) = &expect.reason {
                let got = reason(answer.reason_of(row));
                if got != expected.as_deref() {
                    differs("reason", word(expected.as_deref()), word(got));
                }
            }
        }
        found
    }
}
