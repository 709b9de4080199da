//! What every component must show before it is let in: its golden cases pass, hostile rows do not break it, each row
//! is decided by itself, and a full chunk fits into its fuel.

use crate::columns::{Column, Value};
use crate::description::{Description, FactUse};
use crate::fault::{Usage, with_last_words};
use crate::golden::{self, columns, tables};
use crate::limits::Limits;
use crate::pack::{self, PackError};
use crate::refusal::Refusal;
use crate::segmentation::{Classified, Context, SegmentationPlugin};
use posthouse_domain::catalogue::FactKind;
use serde::Serialize;

/// 2026-01-15, the day of every self-test.
const TODAY: i32 = 20_468;
const DAY_MS: i64 = 86_400_000;
/// Where the sampled rows of every self-test come from.
const SEED: u64 = 0x0b5e_55ed;
/// Texts no rule expects.
const TEXTS: [&str; 6] = ["", " ", "上海", "e\u{301}\u{202e}\u{0}", "👩‍👩‍👧‍👦", "<script>'\"--"];

/// What the self-test found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelfTest {
    /// Golden cases that ran and passed.
    pub golden_cases: usize,
    /// Rows classified, all tries together.
    pub rows_tried: usize,
    /// Fuel of a call without rows.
    pub fuel_per_call: u64,
    /// Fuel each further row costs.
    pub fuel_per_row: u64,
    /// A full chunk.
    pub full_chunk: Usage,
}

/// Runs everything; the first thing that fails is the refusal.
pub(crate) fn run(plugin: &SegmentationPlugin, bytes: &[u8], limits: &Limits) -> Result<SelfTest, Refusal> {
    let golden_cases = golden(plugin, bytes, limits)?;
    let mut test = Test { plugin, tried: 0 };
    let description = plugin.description();

    let fuel_per_call = test.classify("no rows", &[])?.usage.fuel;
    for (what, rows) in hostile(description) {
        test.classify(what, &rows)?;
    }
    let sample = sample(description, limits.self_test_rows.clamp(8, limits.chunk_rows), SEED);
    test.independence(&sample)?;
    let full: Vec<Vec<Value>> = sample.iter().cycle().take(limits.chunk_rows).cloned().collect();
    let full_chunk = test.classify("a full chunk", &full)?.usage;
    let fuel_per_row = full_chunk.fuel.saturating_sub(fuel_per_call) / limits.chunk_rows.max(1) as u64;
    Ok(SelfTest {
        golden_cases,
        rows_tried: test.tried,
        fuel_per_call,
        fuel_per_row,
        full_chunk,
    })
}

fn golden(plugin: &SegmentationPlugin, bytes: &[u8], limits: &Limits) -> Result<usize, Refusal> {
    let cases = pack::golden_cases(bytes).map_err(|error| match error {
        PackError::Golden(problem) => Refusal::new("golden_case_failed", problem),
        other => Refusal::new("invalid", other.to_string()),
    })?;
    if cases.len() > limits.golden_cases {
        let detail = format!("{} golden cases, {} are allowed", cases.len(), limits.golden_cases);
        return Err(Refusal::new("golden_case_failed", detail));
    }
    for result in golden::run(plugin, &cases) {
        if let Some(problem) = result.problem() {
            return Err(Refusal::new("golden_case_failed", format!("golden case {problem}")));
        }
    }
    Ok(cases.len())
}

struct Test<'a> {
    plugin: &'a SegmentationPlugin,
    tried: usize,
}

impl Test<'_> {
    fn classify(&mut self, what: &str, rows: &[Vec<Value>]) -> Result<Classified, Refusal> {
        let context = context(self.plugin.description(), rows);
        self.classify_in(&context, what, &rows.iter().collect::<Vec<_>>())
    }

    fn classify_in(&mut self, context: &Context, what: &str, rows: &[&Vec<Value>]) -> Result<Classified, Refusal> {
        self.tried += rows.len();
        let buffers = columns(&self.plugin.description().facts, rows.iter().copied());
        let columns: Vec<Column<'_>> = buffers.iter().map(|buffer| buffer.as_column()).collect();
        self.plugin.classify(context, rows.len(), &columns).map_err(|fault| {
            let told = with_last_words(&fault, &fault.receipt.log);
            Refusal::new("self_test_fault", format!("self-test with {what}: {told}"))
        })
    }

    /// The same rows whole, in pieces and in another order, under the same context, must get the same answers.
    fn independence(&mut self, sample: &[Vec<Value>]) -> Result<(), Refusal> {
        let context = context(self.plugin.description(), sample);
        let rows: Vec<&Vec<Value>> = sample.iter().collect();
        let whole = self.classify_in(&context, "sampled rows", &rows)?;

        let mut from = 0;
        // uneven pieces, so that a period in the rule cannot hide behind a period in the cuts
        for size in [1, 2, 7, 31, rows.len() / 3, usize::MAX] {
            let to = from + size.min(rows.len() - from);
            if from == to {
                continue;
            }
            let piece = self.classify_in(&context, "some of the sampled rows", &rows[from..to])?;
            for row in from..to {
                same(&whole, row, &piece, row - from, "fewer rows around it")?;
            }
            from = to;
        }

        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut random = Random(0x5eed);
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last as u64 + 1) as usize);
        }
        let shuffled: Vec<&Vec<Value>> = order.iter().map(|row| rows[*row]).collect();
        let shuffled = self.classify_in(&context, "the sampled rows in another order", &shuffled)?;
        for (place, row) in order.iter().enumerate() {
            same(&whole, *row, &shuffled, place, "the rows in another order")?;
        }
        Ok(())
    }
}

fn same(whole: &Classified, row: usize, other: &Classified, place: usize, change: &str) -> Result<(), Refusal> {
    let field = if whole.segment[row] != other.segment[place] {
        "segment"
    } else if whole.score_of(row).to_bits() != other.score_of(place).to_bits() {
        "score"
    } else if whole.reason_of(row) != other.reason_of(place) {
        "reason"
    } else {
        return Ok(());
    };
    let detail = format!(
        "row {row} of the self-test gets another {field} with {change}: decide each row by itself, \
         without counters, neighbours or the row's place; ask for quantiles to learn about the population"
    );
    Err(Refusal::new("row_dependence", detail))
}

/// What a made-up call depends on besides its rows.
pub(crate) fn context(description: &Description, rows: &[Vec<Value>]) -> Context {
    let quantiles = tables(description, rows);
    Context {
        now: i64::from(TODAY) * DAY_MS,
        today: TODAY,
        seed: 0,
        config: "{}".into(),
        quantiles,
    }
}

/// Rows at the edges of what there can be.
fn hostile(description: &Description) -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let row = |value: &dyn Fn(&FactUse) -> Value| description.facts.iter().map(value).collect::<Vec<_>>();
    let empty = |fact: &FactUse| {
        if fact.nullable {
            Value::Null
        } else {
            Value::zero(fact.kind)
        }
    };
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
        ("one row of zeros", vec![row(&|fact| Value::zero(fact.kind))]),
        ("one row where everything is unknown", vec![row(&empty)]),
        ("many rows where everything is unknown", vec![row(&empty); 65]),
        ("the smallest values", vec![row(&|fact| extreme(fact.kind, false))]),
        ("the largest values", vec![row(&|fact| extreme(fact.kind, true)); 9]),
        (
            "the smallest and the largest values",
            vec![
                row(&|fact| extreme(fact.kind, false)),
                row(&|fact| extreme(fact.kind, true)),
                row(&empty),
            ],
        ),
        ("unusual texts", texts.collect()),
    ]
}

fn extreme(kind: FactKind, most: bool) -> Value {
    match kind {
        FactKind::Count | FactKind::Day => Value::Int(if most { i32::MAX } else { i32::MIN }.into()),
        FactKind::Money => Value::Int(if most { i64::MAX } else { i64::MIN }),
        FactKind::Number => Value::Number(if most { f64::MAX } else { f64::MIN }),
        FactKind::Flag => Value::Flag(most),
        FactKind::Text => Value::Text(if most { "\u{10ffff}".repeat(64) } else { String::new() }),
    }
}

/// Rows like those of real customers, the same every time for the same `seed`.
pub(crate) fn sample(description: &Description, rows: usize, seed: u64) -> Vec<Vec<Value>> {
    let mut random = Random(seed);
    let mut value = |fact: &FactUse| {
        if fact.nullable && random.below(8) == 0 {
            return Value::Null;
        }
        // small numbers are frequent, as they are in life, and rules tell them apart
        let size = 1 << (1 + random.below(12));
        match fact.kind {
            FactKind::Count => Value::Int(random.below(size) as i64),
            FactKind::Day => Value::Int(i64::from(TODAY) - random.below(size * 8) as i64),
            FactKind::Money => Value::Int(random.below(size * size) as i64 - 50),
            FactKind::Number => Value::Number(random.below(size * 100) as f64 / 100.0),
            FactKind::Flag => Value::Flag(random.below(2) == 0),
            FactKind::Text => Value::Text(TEXTS[random.below(TEXTS.len() as u64) as usize].to_owned()),
        }
    };
    (0..rows)
        .map(|_| description.facts.iter().map(&mut value).collect())
        .collect()
}

/// SplitMix64: the self-test must be the same everywhere, so its numbers are not random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }
}
