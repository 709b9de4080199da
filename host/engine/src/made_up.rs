//! Facts and rows that nobody has: for the self-test and for measuring. The same for the same seed.

use crate::cases::tables;
use crate::columns::Value;
use crate::context::Context;
use crate::description::{Description, FactUse};
use posthouse_domain::catalogue::FactKind;

/// 2026-01-15, the day of every measurement.
pub(crate) const TODAY: i32 = 20_468;
/// Texts no rule expects.
pub(crate) const TEXTS: [&str; 6] = ["", " ", "上海", "e\u{301}\u{202e}\u{0}", "👩‍👩‍👧‍👦", "<script>'\"--"];

/// The context of calls that are measured, with `rows` as the population.
pub(crate) fn context(description: &Description, rows: &[Vec<Value>]) -> Context {
    let quantiles = tables(description, rows);
    Context {
        now: i64::from(TODAY) * posthouse_golden::DAY_MILLIS,
        today: TODAY,
        seed: 0,
        config: "{}".into(),
        quantiles,
    }
}

/// What stands for a fact nobody knows.
pub(crate) fn unknown(fact: &FactUse) -> Value {
    if fact.nullable {
        Value::Null
    } else {
        Value::zero(fact.kind)
    }
}

/// The smallest or the largest value of a kind.
pub(crate) fn extreme(kind: FactKind, most: bool) -> Value {
    match kind {
        FactKind::Count | FactKind::Day => Value::Int(if most { i32::MAX } else { i32::MIN }.into()),
        FactKind::Money => Value::Int(if most { i64::MAX } else { i64::MIN }),
        FactKind::Number => Value::Number(if most { f64::MAX } else { f64::MIN }),
        FactKind::Flag => Value::Flag(most),
        FactKind::Text => Value::Text(if most { "\u{10ffff}".repeat(64) } else { String::new() }),
    }
}

/// Rows like those of real customers on a day.
pub(crate) fn sample(description: &Description, rows: usize, today: i32, random: &mut Random) -> Vec<Vec<Value>> {
    let mut value = |fact: &FactUse| {
        if fact.nullable && random.below(8) == 0 {
            return Value::Null;
        }
        // small numbers are frequent, as they are in life, and rules tell them apart
        let size = 1 << (1 + random.below(12));
        match fact.kind {
            FactKind::Count => Value::Int(random.below(size) as i64),
            FactKind::Day => Value::Int(i64::from(today) - random.below(size * 8) as i64),
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

/// Rows like those of real customers, with hostile ones here and there among them.
pub(crate) fn mixed(description: &Description, rows: usize, today: i32, random: &mut Random) -> Vec<Vec<Value>> {
    let mut rows = sample(description, rows, today, random);
    for row in &mut rows {
        let drawn = random.below(64);
        let facts = description.facts.iter();
        match drawn {
            0 => *row = facts.map(|fact| Value::zero(fact.kind)).collect(),
            1 => *row = facts.map(unknown).collect(),
            2 | 3 => *row = facts.map(|fact| extreme(fact.kind, drawn == 3)).collect(),
            _ => {}
        }
    }
    rows
}

/// SplitMix64: what is drawn from a seed must be the same everywhere.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end.max(1)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The numbers from 0 to before `end`, in some order.
    pub fn order(&mut self, end: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..end).collect();
        for last in (1..end).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }
}
