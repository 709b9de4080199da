//! What self-tests of all extension points share: the moments and settings they are drawn for, and how a failure is told.

use crate::cases::tables;
use crate::columns::Value;
use crate::context::Context;
use crate::description::Description;
use crate::fault::{Fault, with_last_words};
use crate::made_up::Random;
use crate::refusal::Refusal;
use crate::schema::validate_config;
use crate::shown;
use posthouse_domain::time::day_text;
use posthouse_domain::{Words, canonical, words};
use std::ops::Range;

/// The days of self-tests, 2024-01-01 to 2035-12-31: a rule that knows of a day in life may meet it here, and days of life have no mark.
const DAYS: Range<i32> = 19_723..24_106;
/// How often a rule is put through what is drawn, at least.
const ROUNDS: usize = 3;
/// Settings that are tried besides the defaults, at most.
const SETTINGS: usize = 4;
/// Bytes of settings that are shown.
const SHOWN: usize = 500;

/// How the self-test of one component is drawn.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Golden cases that have passed.
    pub(crate) golden_cases: usize,
    seed: u64,
    /// As canonical JSON, the defaults first.
    settings: Vec<String>,
}

impl Trial {
    /// A trial under the defaults, and under some of those settings that golden cases have and the schema gives as examples.
    pub(crate) fn new(
        seed: u64,
        golden_cases: usize,
        of_cases: Vec<String>,
        description: &Description,
        fits: impl Fn(&str) -> bool,
    ) -> Self {
        let schema: serde_json::Value = serde_json::from_str(&description.config_schema).unwrap_or_default();
        let examples = schema["examples"].as_array().into_iter().flatten();
        let examples = examples
            .filter(|example| validate_config(&description.config_schema, example).is_ok())
            .filter_map(|example| canonical::to_string(example).ok());
        let mut others: Vec<String> = of_cases.into_iter().chain(examples).collect();
        others.sort_unstable();
        others.dedup();
        let mut random = Random(seed);
        let mut settings = vec!["{}".to_owned()];
        while settings.len() <= SETTINGS && !others.is_empty() {
            let other = others.swap_remove(random.below(others.len() as u64) as usize);
            if !settings.contains(&other) && fits(&other) {
                settings.push(other);
            }
        }
        Self {
            golden_cases,
            seed,
            settings,
        }
    }

    /// Where everything of this trial is drawn from, in its order.
    pub(crate) fn random(&self) -> Random {
        Random(self.seed)
    }

    /// The settings of each round.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = &str> {
        let rounds = self.settings.len().max(ROUNDS);
        self.settings.iter().cycle().take(rounds).map(String::as_str)
    }

    /// A refusal with what was drawn for the call, as a golden case writes it, and how to draw it again.
    pub(crate) fn refused(&self, context: &Context, refusal: Refusal) -> Refusal {
        let day = day_text(context.today);
        let (now, seed, detail) = (context.now, context.seed, refusal.detail);
        let config = crate::text::printable(&context.config, SHOWN);
        let drawn = words!(
            r#"drawn: "today": "{day}", "now": {now}, "seed": {seed}, "config": {config}"#,
            r#"抽取的条件："today": "{day}", "now": {now}, "seed": {seed}, "config": {config}"#
        );
        let detail = words!(
            "{detail}; {drawn}; `posthouse plugin check FILE --seed {seed}` draws the same again",
            "{detail}；{drawn}；`posthouse plugin check FILE --seed {seed}` 可重现",
            seed = self.seed
        );
        Refusal { detail, ..refusal }
    }
}

/// A context as in life, at some moment, of some binding; `rows` are the population.
pub(crate) fn context(random: &mut Random, settings: &str, description: &Description, rows: &[Vec<Value>]) -> Context {
    let today = day(random);
    Context {
        quantiles: tables(description, rows),
        ..moment(random, settings, today)
    }
}

/// A day of self-tests.
pub(crate) fn day(random: &mut Random) -> i32 {
    DAYS.start + random.below(DAYS.len() as u64) as i32
}

/// A context on a day, without quantile tables.
pub(crate) fn moment(random: &mut Random, settings: &str, today: i32) -> Context {
    const HOUR: i64 = 3_600_000;
    // clocks are from 12 hours behind UTC to 14 hours ahead of it
    let zone = random.below(27) as i64 - 12;
    Context {
        now: i64::from(today) * posthouse_golden::DAY_MILLIS + random.below(24 * HOUR as u64) as i64 - zone * HOUR,
        today,
        seed: random.number(),
        config: settings.to_owned(),
        ..Context::default()
    }
}

/// A call that failed, with what it was about: nobody real is in it.
pub(crate) fn faulted(what: &Words, fault: &Fault, asked: Option<&Words>) -> Refusal {
    let told = shown::behind(with_last_words(fault, &fault.receipt.log), asked);
    Refusal::new(
        "self_test_fault",
        words!("self-test with {what}: {told}", "自检（{what}）：{told}"),
    )
}
