//! What a segmentation must show: hostile rows do not break it, each row is decided by itself, and a full chunk fits into its fuel.

use super::plugin::{Classified, SegmentationPlugin};
use super::units::UNITS;
use crate::cases::columns;
use crate::columns::{Column, Value};
use crate::context::Context;
use crate::description::{Description, FactUse};
use crate::fault::Usage;
use crate::made_up::{Random, TEXTS, context, extreme, sample, unknown};
use crate::refusal::Refusal;
use crate::self_test::{SEED, faulted};
use crate::shown;
use crate::units::SelfTest;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, words};

/// Runs everything but the golden cases, which have run; the first thing that fails is the refusal.
pub(super) fn run(plugin: &SegmentationPlugin, golden_cases: usize) -> Result<SelfTest, Refusal> {
    let limits = plugin.identity().limits();
    let mut test = Test { plugin, tried: 0 };
    let description = plugin.description();

    let fuel_per_call = test.classify(&words!("no rows", "没有行"), &[])?.usage.fuel;
    for (what, mut rows) in hostile(description) {
        rows.truncate(limits.chunk_rows);
        test.classify(&what, &rows)?;
    }
    let sample = sample(description, limits.self_test_rows.clamp(8, limits.chunk_rows), SEED);
    test.independence(&sample)?;
    let full: Vec<Vec<Value>> = sample.iter().cycle().take(limits.chunk_rows).cloned().collect();
    let full_chunk = test.full_chunk(&sample, &full)?;
    let fuel_per_row = full_chunk.fuel.saturating_sub(fuel_per_call) / limits.chunk_rows.max(1) as u64;
    Ok(SelfTest {
        units: UNITS,
        golden_cases,
        tried: test.tried,
        fuel_per_call,
        fuel_per_part: fuel_per_row,
        full: full_chunk,
    })
}

struct Test<'a> {
    plugin: &'a SegmentationPlugin,
    tried: usize,
}

impl Test<'_> {
    fn classify(&mut self, what: &Words, rows: &[Vec<Value>]) -> Result<Classified, Refusal> {
        let context = context(self.plugin.description(), rows);
        self.classify_in(&context, what, &rows.iter().collect::<Vec<_>>())
    }

    fn classify_in(&mut self, context: &Context, what: &Words, rows: &[&Vec<Value>]) -> Result<Classified, Refusal> {
        self.tried += rows.len();
        let buffers = columns(&self.plugin.description().facts, rows.iter().copied());
        let columns: Vec<Column<'_>> = buffers.iter().map(|buffer| buffer.as_column()).collect();
        self.plugin.classify(context, rows.len(), &columns).map_err(|fault| {
            let asked = shown::row(self.plugin.description(), &fault, rows);
            faulted(what, &fault, asked.as_ref())
        })
    }

    /// A full chunk of the sampled rows again and again: each gets the answer it had the first time, so that a count of rows does not
    /// get far before it is noticed.
    fn full_chunk(&mut self, sample: &[Vec<Value>], full: &[Vec<Value>]) -> Result<Usage, Refusal> {
        let context = context(self.plugin.description(), sample);
        let answer = self.classify_in(
            &context,
            &words!("a full chunk", "满额的一批"),
            &full.iter().collect::<Vec<_>>(),
        )?;
        for row in sample.len()..full.len() {
            same(&answer, row % sample.len(), &answer, row, || {
                words!("as many rows before it as a call has", "前面排满整批的行")
            })?;
        }
        Ok(answer.usage)
    }

    /// The same rows whole, in pieces and in another order, under the same context, must get the same answers.
    fn independence(&mut self, sample: &[Vec<Value>]) -> Result<(), Refusal> {
        let context = context(self.plugin.description(), sample);
        let rows: Vec<&Vec<Value>> = sample.iter().collect();
        let whole = self.classify_in(&context, &words!("sampled rows", "抽样的行"), &rows)?;

        let mut from = 0;
        // uneven pieces, so that a period in the rule cannot hide behind a period in the cuts
        for size in [1, 2, 7, 31, rows.len() / 3, usize::MAX] {
            let to = from + size.min(rows.len() - from);
            if from == to {
                continue;
            }
            let piece = self.classify_in(
                &context,
                &words!("some of the sampled rows", "部分抽样的行"),
                &rows[from..to],
            )?;
            for row in from..to {
                same(&whole, row, &piece, row - from, || {
                    words!("fewer rows around it", "周围的行变少")
                })?;
            }
            from = to;
        }

        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut random = Random(0x5eed);
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last as u64 + 1) as usize);
        }
        let shuffled: Vec<&Vec<Value>> = order.iter().map(|row| rows[*row]).collect();
        let shuffled = self.classify_in(
            &context,
            &words!("the sampled rows in another order", "抽样的行换一种顺序"),
            &shuffled,
        )?;
        for (place, row) in order.iter().enumerate() {
            same(&whole, *row, &shuffled, place, || {
                words!("the rows in another order", "行的顺序改变")
            })?;
        }
        Ok(())
    }
}

fn same(
    whole: &Classified,
    row: usize,
    other: &Classified,
    place: usize,
    change: fn() -> Words,
) -> Result<(), Refusal> {
    let field = if whole.segment[row] != other.segment[place] {
        "segment"
    } else if whole.score_of(row).to_bits() != other.score_of(place).to_bits() {
        "score"
    } else if whole.reason_of(row) != other.reason_of(place) {
        "reason"
    } else {
        return Ok(());
    };
    let detail = words!(
        "row {row} of the self-test gets another {field} with {change}: decide each row by itself, without counters, `static`s, neighbours or the row's place; ask for quantiles to learn about the population",
        "自检第 {row} 行在{change}时 {field} 不同：请逐行独立判断，不要用计数器、`static`、相邻的行或行的位置；要了解总体，请使用分位数",
        change = change()
    );
    Err(Refusal::new("row_dependence", detail))
}

/// Rows at the edges of what there can be.
fn hostile(description: &Description) -> Vec<(Words, Vec<Vec<Value>>)> {
    let row = |value: &dyn Fn(&FactUse) -> Value| description.facts.iter().map(value).collect::<Vec<_>>();
    let texts = TEXTS.iter().map(|text| text.to_string()).chain(["长".repeat(20_000)]);
    let texts = texts.map(|text| {
        row(&|fact| {
            if fact.kind == FactKind::Text {
                Value::Text(text.clone())
            } else {
                Value::zero(fact.kind)
            }
        })
    });
    vec![
        (
            words!("one row of zeros", "一行全零"),
            vec![row(&|fact| Value::zero(fact.kind))],
        ),
        (
            words!("one row where everything is unknown", "一行全部未知"),
            vec![row(&unknown)],
        ),
        (
            words!("many rows where everything is unknown", "多行全部未知"),
            vec![row(&unknown); 65],
        ),
        (
            words!("the smallest values", "最小值"),
            vec![row(&|fact| extreme(fact.kind, false))],
        ),
        (
            words!("the largest values", "最大值"),
            vec![row(&|fact| extreme(fact.kind, true)); 9],
        ),
        (
            words!("the smallest and the largest values", "最小值和最大值"),
            vec![
                row(&|fact| extreme(fact.kind, false)),
                row(&|fact| extreme(fact.kind, true)),
                row(&unknown),
            ],
        ),
        (words!("unusual texts", "特殊文本"), texts.collect()),
    ]
}
