//! What a segmentation must show: hostile rows do not break it, each row is decided by itself, and a full chunk fits into its fuel.

use super::plugin::{Classified, SegmentationPlugin};
use super::units::UNITS;
use crate::cases::{columns, tables};
use crate::columns::{Column, Value};
use crate::context::Context;
use crate::description::{Description, FactUse};
use crate::fault::{Usage, alone};
use crate::made_up::{Random, TEXTS, extreme, mixed, unknown};
use crate::refusal::Refusal;
use crate::self_test::{Trial, context, day, faulted, moment};
use crate::shown;
use crate::units::SelfTest;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, words};

/// Rows that are sampled at least, if a chunk takes as many.
const FEWEST: usize = 8;

/// Runs everything but the golden cases, which have run; the first thing that fails is the refusal.
pub(super) fn run(plugin: &SegmentationPlugin, trial: &Trial) -> Result<SelfTest, Refusal> {
    let limits = plugin.identity().limits();
    let description = plugin.description();
    let mut test = Test {
        plugin,
        trial,
        random: trial.random(),
        settings: "{}",
        tried: 0,
    };

    let fuel_per_call = test.classify(&words!("no rows", "没有行"), &[])?.usage.fuel;
    let most = limits.self_test_rows.clamp(FEWEST, limits.chunk_rows.max(FEWEST));
    let mut cost = None;
    for settings in trial.rounds() {
        test.settings = settings;
        for (what, mut rows) in hostile(description) {
            rows.truncate(limits.chunk_rows);
            test.classify(&what, &rows)?;
        }
        let rows = most - test.random.below(most as u64 / 2) as usize;
        let today = day(&mut test.random);
        let sample = mixed(description, rows, today, &mut test.random);
        let context = Context {
            quantiles: tables(description, &sample),
            ..moment(&mut test.random, settings, today)
        };
        test.independence(&context, &sample)?;
        let full = test.full_chunk(&context, &sample, limits.chunk_rows)?;
        // those of the defaults, which come first
        cost.get_or_insert(full);
    }
    let full = cost.unwrap_or_default();
    Ok(SelfTest {
        units: UNITS,
        golden_cases: trial.golden_cases,
        tried: test.tried,
        fuel_per_call,
        fuel_per_part: full.fuel.saturating_sub(fuel_per_call) / limits.chunk_rows.max(1) as u64,
        full,
    })
}

struct Test<'a> {
    plugin: &'a SegmentationPlugin,
    trial: &'a Trial,
    random: Random,
    /// Those of this round.
    settings: &'a str,
    tried: usize,
}

impl Test<'_> {
    fn classify(&mut self, what: &Words, rows: &[Vec<Value>]) -> Result<Classified, Refusal> {
        let context = context(&mut self.random, self.settings, self.plugin.description(), rows);
        self.classify_in(&context, what, &rows.iter().collect::<Vec<_>>())
    }

    fn classify_in(&mut self, context: &Context, what: &Words, rows: &[&Vec<Value>]) -> Result<Classified, Refusal> {
        self.tried += rows.len();
        let buffers = columns(&self.plugin.description().facts, rows.iter().copied());
        let columns: Vec<Column<'_>> = buffers.iter().map(|buffer| buffer.as_column()).collect();
        self.plugin.classify(context, rows.len(), &columns).map_err(|fault| {
            let asked = shown::row(self.plugin.description(), &fault, rows);
            self.trial.refused(context, faulted(what, &fault, asked.as_ref()))
        })
    }

    /// A full chunk of the sampled rows again and again, in no order: each gets the answer it had the first time, so that a count of rows
    /// does not get far before it is noticed.
    fn full_chunk(&mut self, context: &Context, sample: &[Vec<Value>], rows: usize) -> Result<Usage, Refusal> {
        let again = |_| self.random.below(sample.len() as u64) as usize;
        let order: Vec<usize> = (0..rows.min(sample.len()))
            .chain((sample.len()..rows).map(again))
            .collect();
        let full: Vec<&Vec<Value>> = order.iter().map(|row| &sample[*row]).collect();
        let answer = self.classify_in(context, &words!("a full chunk", "满额的一批"), &full)?;
        for (place, row) in order.iter().enumerate() {
            self.same(context, &sample[*row], (&answer, *row), (&answer, place), || {
                words!("as many rows before it as a call has", "前面排满整批的行")
            })?;
        }
        Ok(answer.usage)
    }

    /// The same rows whole, in pieces and in another order, under the same context, must get the same answers.
    fn independence(&mut self, context: &Context, sample: &[Vec<Value>]) -> Result<(), Refusal> {
        let rows: Vec<&Vec<Value>> = sample.iter().collect();
        let whole = self.classify_in(context, &words!("sampled rows", "抽样的行"), &rows)?;

        let mut from = 0;
        while from < rows.len() {
            // uneven pieces, the first of one row, so that a period in the rule cannot hide behind a period in the cuts
            let most = [3, 40, rows.len() as u64][self.random.below(3) as usize];
            let size = match from {
                0 => 1,
                _ => 1 + self.random.below(most) as usize,
            };
            let to = rows.len().min(from + size);
            let piece = self.classify_in(
                context,
                &words!("some of the sampled rows", "部分抽样的行"),
                &rows[from..to],
            )?;
            for (row, facts) in rows.iter().enumerate().take(to).skip(from) {
                self.same(context, facts, (&whole, row), (&piece, row - from), || {
                    words!("fewer rows around it", "周围的行变少")
                })?;
            }
            from = to;
        }

        let order = self.random.order(rows.len());
        let shuffled: Vec<&Vec<Value>> = order.iter().map(|row| rows[*row]).collect();
        let shuffled = self.classify_in(
            context,
            &words!("the sampled rows in another order", "抽样的行换一种顺序"),
            &shuffled,
        )?;
        for (place, row) in order.iter().enumerate() {
            self.same(context, rows[*row], (&whole, *row), (&shuffled, place), || {
                words!("the rows in another order", "行的顺序改变")
            })?;
        }
        Ok(())
    }

    /// Whether a row has the same answer in two calls.
    fn same(
        &self,
        context: &Context,
        facts: &[Value],
        (first, row): (&Classified, usize),
        (second, place): (&Classified, usize),
        change: fn() -> Words,
    ) -> Result<(), Refusal> {
        let Some(field) = first.differs(row, second, place) else {
            return Ok(());
        };
        let detail = words!(
            "row {row} of the self-test gets another {field} with {change}: {alone}",
            "自检第 {row} 行在{change}时 {field} 不同：{alone}",
            change = change(),
            alone = alone()
        );
        let asked = shown::of_row(self.plugin.description(), row, facts);
        let refusal = Refusal::new("row_dependence", shown::behind(detail, Some(&asked)));
        Err(self.trial.refused(context, refusal))
    }
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
