//! Golden cases of a segmentation.

use super::plugin::SegmentationPlugin;
use crate::cases::{self, Failed, Ran, columns, rule, values};
use crate::context::QuantileTable;
use crate::shown;
use posthouse_golden::{self as format, Answer, SegmentationCase};

/// Runs a golden case as one call.
pub(super) fn run(plugin: &SegmentationPlugin, case: &SegmentationCase) -> Result<Ran, Failed> {
    let description = plugin.description();
    let asked = case.read(&rule(description))?;
    let mut context = cases::context(
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
        config: context.config,
        mismatches: case.compare(&(0..rows.len()).map(got).collect::<Vec<_>>()),
        usage: answer.usage,
        log: answer.log,
    })
}
