//! A segmentation under `cargo test`: the rows of a call, and what the rule says of them.

use std::collections::BTreeMap;
use std::ops::Deref;

use posthouse_golden::{Mismatch, SegmentationCase};

use super::{NONE, Segmentation, Segments, columns, tables};
use crate::bindings::exports::posthouse::plugin::segmentation::{Classes, Guest as _};
use crate::component::Component;
use crate::description::{QuantileUse, SegmentDef};
use crate::facts::Facts;
use crate::harness::{Asked, Harness, refused};
use crate::quantiles::Quantiles;
use crate::reasons::Reasons;
use crate::store::Cell;

/// Customers whom a segmentation is asked about, and what it is told of the population.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    edges: BTreeMap<String, Vec<i64>>,
    rows: Vec<Vec<Cell>>,
}

impl From<()> for Rows {
    fn from((): ()) -> Self {
        Self::default()
    }
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

/// For a [`Segmentation`].
impl<P: Segmentation, Q: Into<Rows>> Harness<P, Q> {
    /// The edges of the quantiles of one fact. Without this they are computed from the rows.
    pub fn quantiles(self, fact: &str, edges: impl Into<Vec<i64>>) -> Harness<P, Rows> {
        let mut call = self.asking::<Rows>();
        call.question.edges.insert(fact.to_owned(), edges.into());
        call
    }

    /// Customers, a row each.
    pub fn rows(self, rows: impl IntoIterator<Item = P::Facts>) -> Harness<P, Rows> {
        let mut call = self.asking::<Rows>();
        call.question.rows.extend(rows.into_iter().map(|row| row.cells()));
        call
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
    ///
    /// # Errors
    /// Why the call was refused, or which row depends on others.
    pub fn try_classify(self) -> Result<Answers, String> {
        self.asking::<Rows>().answer()
    }

    /// The segments of the rule in their order.
    pub fn segments(&self) -> &'static [SegmentDef] {
        P::Segment::DEFS
    }
}

impl<P: Segmentation> Asked<Rows> for P {
    type Answer = Answers;
    type Case = SegmentationCase;
    const TABLES: &'static [QuantileUse] = P::Quantiles::USES;

    fn ask(call: &Harness<Self, Rows>) -> Result<Answers, String> {
        let all: Vec<usize> = (0..call.question.rows.len()).collect();
        let answers = once(call, &all)?;
        let logs = crate::log::native::take();
        for row in &all {
            compare(call, &answers, &[*row])?;
        }
        compare(call, &answers, &all.iter().rev().copied().collect::<Vec<_>>())?;
        Ok(Answers { answers, logs })
    }

    fn case(case: &SegmentationCase, rule: &posthouse_golden::Rule) -> Result<Vec<Mismatch>, String> {
        let asked = case.read(rule)?;
        let call = Harness::<Self>::of_case((asked.today, asked.now, asked.seed), &asked.config);
        let mut call = call.asking::<Rows>();
        let tables = asked.tables.into_iter();
        call.question.edges = tables.map(|table| (table.fact, table.edges)).collect();
        let row = |row: Vec<_>| row.into_iter().map(Cell::from).collect();
        call.question.rows = asked.rows.into_iter().map(row).collect();
        let answers = call.answer()?;
        let answers: Vec<_> = answers.iter().map(Answer::compared).collect();
        Ok(case.compare(&answers))
    }
}

fn once<P: Segmentation>(call: &Harness<P, Rows>, order: &[usize]) -> Result<Vec<Answer>, String> {
    let Rows { edges, rows: all } = &call.question;
    let rows: Vec<&[Cell]> = order.iter().map(|row| all[*row].as_slice()).collect();
    let columns = columns::columns(P::Facts::USES, &rows)?;
    let quantiles = tables::tables(P::Quantiles::USES, P::Facts::USES, all, edges)?;
    let count = u32::try_from(rows.len()).map_err(|_| "too many rows for one call".to_owned())?;
    let classes = Component::<P>::classify(call.context(), quantiles, count, columns).map_err(refused)?;
    let answers = rows.iter().enumerate();
    answers.map(|(place, row)| answer(call, &classes, place, row)).collect()
}

fn compare<P: Segmentation>(call: &Harness<P, Rows>, whole: &[Answer], order: &[usize]) -> Result<(), String> {
    let apart = once(call, order)?;
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

fn answer<P: Segmentation>(
    call: &Harness<P, Rows>,
    classes: &Classes,
    place: usize,
    row: &[Cell],
) -> Result<Answer, String> {
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
        let def = &P::Reason::DEFS[usize::from(reason)];
        let [zh, en] = call.reason(row, def, &[]);
        answer.reason = Some(def.code.to_owned());
        (answer.because_zh, answer.because_en) = (Some(zh), Some(en));
    }
    Ok(answer)
}
