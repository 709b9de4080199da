//! An extension point whose rules are asked one case at a time. All that the engine does with its plugins, it does with what is here: a
//! further point is one more implementation of [`Point`], and a line where the host lists its points.

use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Linked};
use crate::description::Description;
use crate::limits::Limits;
use crate::made_up::Random;
use crate::refusal::Refusal;
use crate::units::Units;
use posthouse_domain::Words;
use posthouse_golden::{Form, Mismatch, Rule, Said};
use std::fmt;

/// What a rule of one extension point is asked, and how its answer is taken. The implementing type is what the point has of a linked
/// component: the functions it calls, and what the plugin declares besides its description.
///
/// Every rule is asked about a subject, as a basket, and told the facts it declares of one customer; the facts are not this trait's
/// business.
pub trait Point: Sized + Send + Sync + 'static {
    /// The name used in WIT, JSON and messages, that of its golden cases: `posthouse:plugin/NAME` is the interface.
    const NAME: &'static str = Self::Case::SHAPE.point;
    /// Whether its rules are asked about a case, and may read what is written in it.
    const READS_CASES: bool = false;
    /// How subjects are counted.
    const UNITS: &'static Units;
    /// The sizes of made-up subjects whose cost is measured, the smallest first; the last is the largest there can be.
    const SIZES: &'static [usize];
    /// What a rule is asked about.
    type Subject: Send + Sync;
    /// What a rule says.
    type Answer: PartialEq + fmt::Debug + Send;
    /// Its golden cases.
    type Case: Form + Send + Sync;

    /// Finds the functions that are called, and asks the plugin what else it declares.
    ///
    /// # Errors
    /// A function that is missing, or a declaration that cannot be.
    fn link(linked: &Linked) -> Result<Self, Refusal>;

    /// Lowers the subject and the facts, which have passed their checks, calls the component and lifts its answer.
    ///
    /// # Errors
    /// A fault of the call.
    fn call(
        &self,
        linked: &Linked,
        context: &Context,
        subject: &Self::Subject,
        facts: &[Value],
    ) -> Answered<Self::Answer>;

    /// What this point asks of a description besides what all of them do.
    ///
    /// # Errors
    /// What is wrong.
    fn check_description(_said: &Description) -> Result<(), Words> {
        Ok(())
    }

    /// Whether a subject is one that a rule may be asked about; if not, that is the host's mistake.
    ///
    /// # Errors
    /// What is wrong.
    fn check_subject(subject: &Self::Subject) -> Result<(), Words>;

    /// Holds an answer to the contract before anybody uses it; texts for people are cut here.
    ///
    /// # Errors
    /// Which field is wrong, and how.
    fn check_answer(
        answer: &mut Self::Answer,
        subject: &Self::Subject,
        description: &Description,
        limits: &Limits,
    ) -> Result<(), (String, Words)>;

    /// What made-up subjects are called.
    fn subjects() -> Subjects;

    /// A subject that nothing is special about.
    fn plain() -> Self::Subject;

    /// Subjects at the edges of what there can be on a day, each with what is odd about it.
    fn hostile(today: i32) -> Vec<(Words, Self::Subject)>;

    /// A subject like those of real customers on a day, of this size.
    fn made_up(size: usize, today: i32, random: &mut Random) -> Self::Subject;

    /// The subject as the members of a golden case, cut where it is long.
    fn shown(subject: &Self::Subject) -> Words;

    /// Reads a golden case for a rule.
    ///
    /// # Errors
    /// The mistakes in the case.
    fn question(case: &Self::Case, rule: &Rule) -> Result<Question<Self::Subject>, Said>;

    /// Every difference between an answer and the expected one.
    fn compare(case: &Self::Case, answer: &Self::Answer, description: &Description) -> Vec<Mismatch>;
}

/// What made-up subjects are called, in a sentence about the self-test.
#[derive(Debug, Clone)]
pub struct Subjects {
    /// One that nothing is special about.
    pub plain: Words,
    /// One like those of real customers.
    pub made_up: Words,
    /// The largest there can be.
    pub largest: Words,
}

/// What a golden case asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Question<S> {
    /// The day of the call, as days since 1970.
    pub today: i32,
    /// The moment of the call, in ms since 1970.
    pub now: i64,
    /// The seed of the call.
    pub seed: u64,
    /// The settings.
    pub config: serde_json::Value,
    /// What the rule is asked about.
    pub subject: S,
    /// Values in the order of the declared facts.
    pub facts: Vec<posthouse_golden::Value>,
}
