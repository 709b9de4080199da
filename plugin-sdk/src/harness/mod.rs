//! Runs a rule natively, under plain `cargo test`, through the same columns the host sends.
//!
//! `harness::<Rfm>().golden(include_str!("../golden.json"))` runs the same cases that `posthouse plugin test` runs in the
//! sandbox, read and compared by the same code, and `promotion_harness::<EarlyBird>()` does so for a promotion.
//!
//! Every call holds the rule against the host's catalogue of facts and the settings against their bounds, and ends a rule that does
//! not come to an end by itself.

mod bounds;
mod cells;
mod columns;
mod golden;
mod line;
mod patience;
mod promotion;
mod promotion_golden;
mod quantiles;
mod reason;

#[doc(hidden)]
pub use bounds::problems;
pub use promotion::{PromotionHarness, Proposal, Proposals, promotion_harness};

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use crate::bindings::exports::posthouse::plugin::descriptor::{self, Guest as _};
use crate::bindings::exports::posthouse::plugin::segmentation::{Classes, Guest as _};
use crate::bindings::posthouse::plugin::types;
use crate::description::SegmentDef;
use crate::facts::Facts;
use crate::problems::{Problem, Problems};
use crate::quantiles::Quantiles;
use crate::reasons::Reasons;
use crate::segmentation::{NONE, Segmentation, SegmentationComponent, Segments};
use crate::settings::Settings;
use crate::store::Cell;
use crate::values::Day;

/// Begins a call of the rule: on 2026-01-15, with default settings, without rows.
pub fn harness<P: Segmentation>() -> Harness<P> {
    Harness {
        today: FIRST,
        now: first_millisecond(FIRST),
        seed: 0,
        settings: "{}".to_owned(),
        edges: BTreeMap::new(),
        rows: Vec::new(),
        patience: patience::PATIENCE,
        rule: PhantomData,
    }
}

/// A call of the rule, being put together. Settings, edges and rows are checked when it is made.
#[derive(Debug, Clone)]
#[must_use]
pub struct Harness<P> {
    today: Day,
    now: i64,
    seed: u64,
    settings: String,
    edges: BTreeMap<String, Vec<i64>>,
    rows: Vec<Vec<Cell>>,
    patience: Duration,
    rule: PhantomData<fn(P)>,
}

/// What the rule said of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Key of the segment, `None` for no segment.
    pub segment: Option<String>,
    /// The score, if the rule gave any in this call.
    pub score: Option<f32>,
    /// Code of the reason.
    pub reason: Option<String>,
    /// The reason's text in Chinese with the row's facts put in.
    pub because_zh: Option<String>,
    /// The reason's text in English with the row's facts put in.
    pub because_en: Option<String>,
}

/// What the rule said of all rows, in their order, and the lines it logged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answers {
    answers: Vec<Answer>,
    /// `level: message`.
    pub logs: Vec<String>,
}

impl Answer {
    /// As golden cases compare it.
    fn compared(&self) -> posthouse_golden::Answer<'_> {
        posthouse_golden::Answer {
            segment: self.segment.as_deref(),
            score: self.score.unwrap_or(0.0),
            reason: self.reason.as_deref(),
        }
    }
}

impl Deref for Answers {
    type Target = [Answer];

    fn deref(&self) -> &[Answer] {
        &self.answers
    }
}

impl<P: Segmentation> Harness<P> {
    /// The day of the call, `2026-01-15`; `now` is its first millisecond in UTC.
    ///
    /// # Panics
    /// If there is no such date.
    pub fn today(mut self, date: &str) -> Self {
        match Day::parse(date) {
            Some(day) => (self.today, self.now) = (day, first_millisecond(day)),
            None => panic!("`{date}` is not a date like 2026-01-15"),
        }
        self
    }

    fn on(self, today: i32, now: i64) -> Self {
        Self {
            today: Day(today),
            now,
            ..self
        }
    }

    /// The moment of the call in ms since 1970, where the first millisecond of the day in UTC will not do.
    pub fn now(self, millis: i64) -> Self {
        Self { now: millis, ..self }
    }

    /// How long the rule may take until it counts as one that does not come to an end: 10 seconds, if nothing is said.
    pub fn time_limit(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The binding's seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The settings as JSON.
    pub fn settings(mut self, json: &str) -> Self {
        json.clone_into(&mut self.settings);
        self
    }

    /// The edges of the quantiles of one fact. Without this they are computed from the rows.
    pub fn quantiles(mut self, fact: &str, edges: impl Into<Vec<i64>>) -> Self {
        self.edges.insert(fact.to_owned(), edges.into());
        self
    }

    /// The rows.
    pub fn rows(mut self, rows: impl IntoIterator<Item = P::Facts>) -> Self {
        self.rows.extend(rows.into_iter().map(|row| row.cells()));
        self
    }

    /// Asks the rule, and asks again row by row and in reverse order to see that each row is decided by itself.
    ///
    /// # Panics
    /// If the rule refuses the call or a row's answer depends on other rows.
    pub fn classify(self) -> Answers {
        match self.try_classify() {
            Ok(answers) => answers,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Like [`Self::classify`], with the refusal as a sentence.
    pub fn try_classify(self) -> Result<Answers, String> {
        cells::check_facts(&cells::rule(P::Facts::USES, P::Quantiles::USES))?;
        bounds::check(&P::Settings::schema(), &self.settings)?;
        fit(self.problems()?)?;
        patience::within(self.patience, move || self.ask_in_every_order())
    }

    fn ask_in_every_order(self) -> Result<Answers, String> {
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let answers = self.ask(&all)?;
        let logs = crate::log::native::take();
        for row in &all {
            self.compare(&answers, &[*row])?;
        }
        self.compare(&answers, &all.iter().rev().copied().collect::<Vec<_>>())?;
        Ok(Answers { answers, logs })
    }

    /// What the rule finds wrong with its settings, as the host tells whoever writes them.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub fn problems(&self) -> Result<Vec<Problem>, String> {
        problems_of(&self.settings, P::validate)
    }

    /// Runs golden cases and describes every difference.
    ///
    /// # Panics
    /// If the file is not understood or a case gives another answer.
    pub fn golden(self, json: &str) {
        if let Err(differences) = golden::run::<P>(json) {
            panic!("golden cases:\n{differences}");
        }
    }

    /// The description the host would get, for a look at the settings' schema for instance.
    pub fn description(&self) -> descriptor::Description {
        SegmentationComponent::<P>::describe()
    }

    /// The segments of the rule in their order.
    pub fn segments(&self) -> &'static [SegmentDef] {
        P::Segment::DEFS
    }

    fn ask(&self, order: &[usize]) -> Result<Vec<Answer>, String> {
        let rows: Vec<&[Cell]> = order.iter().map(|row| self.rows[*row].as_slice()).collect();
        let columns = columns::columns(P::Facts::USES, &rows)?;
        let context = types::Context {
            now: self.now,
            today: self.today.0,
            seed: self.seed,
            config: self.settings.clone(),
        };
        let quantiles = quantiles::tables(P::Quantiles::USES, P::Facts::USES, &self.rows, &self.edges)?;
        let count = u32::try_from(rows.len()).map_err(|_| "too many rows for one call".to_owned())?;
        let classes = SegmentationComponent::<P>::classify(context, quantiles, count, columns).map_err(refused)?;
        rows.iter()
            .enumerate()
            .map(|(place, row)| answer::<P>(&classes, place, row))
            .collect()
    }

    fn compare(&self, whole: &[Answer], order: &[usize]) -> Result<(), String> {
        let apart = self.ask(order)?;
        for (row, answer) in order.iter().zip(apart) {
            // A score that no row of a call has is absent, one that some rows have is 0 for the others.
            let same = Answer {
                score: Some(answer.score.unwrap_or(0.0)),
                ..answer.clone()
            } == Answer {
                score: Some(whole[*row].score.unwrap_or(0.0)),
                ..whole[*row].clone()
            };
            if !same {
                return Err(format!(
                    "the answer for row {row} depends on the other rows: {:?} among all, {answer:?} otherwise",
                    whole[*row]
                ));
            }
        }
        Ok(())
    }
}

/// The day of a call if nothing is said: 2026-01-15.
const FIRST: Day = Day(20_468);

fn first_millisecond(day: Day) -> i64 {
    i64::from(day.0) * posthouse_golden::DAY_MILLIS
}

/// What a rule finds wrong with settings.
fn problems_of<S: Settings>(settings: &str, validate: impl Fn(&S, &mut Problems)) -> Result<Vec<Problem>, String> {
    let mut problems = Problems::default();
    validate(&S::parse(settings)?, &mut problems);
    Ok(problems.into_vec())
}

/// Nothing is wrong, or all that is as one text.
fn fit(problems: Vec<Problem>) -> Result<(), String> {
    match problems.is_empty() {
        true => Ok(()),
        false => {
            let told: Vec<String> = problems.into_iter().map(|problem| problem.en).collect();
            Err(told.join("; "))
        }
    }
}

/// Why a call was refused.
fn refused(problem: types::Problem) -> String {
    problem.text.into_iter().map(|(_, text)| text).collect()
}

fn answer<P: Segmentation>(classes: &Classes, place: usize, row: &[Cell]) -> Result<Answer, String> {
    let mut answer = Answer {
        score: classes.score.as_ref().map(|scores| scores[place]),
        ..Answer::default()
    };
    if let Some(score) = answer.score
        && !score.is_finite()
    {
        return Err(format!("the score of row {place} is {score}; scores are finite"));
    }
    if classes.segment[place] != NONE {
        answer.segment = Some(P::Segment::DEFS[usize::from(classes.segment[place])].key.to_owned());
    }
    let reason = classes.reason.as_ref().map_or(NONE, |reasons| reasons[place]);
    if reason != NONE {
        let def = P::Reason::DEFS[usize::from(reason)];
        answer.reason = Some(def.code.to_owned());
        answer.because_zh = Some(reason::render(def.text.zh, (P::Facts::USES, row), (&def, &[])));
        answer.because_en = Some(reason::render(def.text.en, (P::Facts::USES, row), (&def, &[])));
    }
    Ok(answer)
}
