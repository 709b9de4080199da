//! Runs a rule natively, under plain `cargo test`, through the same values that the host sends.
//!
//! `harness::<Rfm>().golden(include_str!("../golden.json"))` runs the cases that `posthouse plugin test` runs in the sandbox, read and
//! compared by the same code. Single calls are put together word by word and end with the verb of the extension point:
//! `harness::<Rfm>().rows([…]).classify()`, `harness::<EarlyBird>().line(…).evaluate()`,
//! `harness::<PointsAndTiers>().happening(…).earn()`, `harness::<ComplaintDesk>().case(…).route()`.
//!
//! Every call holds the rule against the host's catalogue of facts and the settings against their bounds and the rule's own words, and
//! ends a rule that does not come to an end by itself.

mod bounds;
mod cells;
mod golden;
mod line;
mod patience;
mod settings;
mod shown;

#[doc(hidden)]
pub use bounds::problems;
#[doc(hidden)]
pub use shown::shown;

pub use crate::complaint_routing::trial::{Incoming, RoutedTo};
pub use crate::loyalty::trial::{Earned, Earnings, Membership, PlacedIn, Said};
pub use crate::promotion::trial::{Proposal, Proposals, Purchase};
pub use crate::segmentation::trial::{Answer, Answers, Rows};

use std::marker::PhantomData;
use std::time::Duration;

use posthouse_golden::{Form, Mismatch};

use crate::bindings::exports::posthouse::plugin::descriptor::{self, Guest as _};
use crate::bindings::posthouse::plugin::facts::Value;
use crate::bindings::posthouse::plugin::types;
use crate::component::Component;
use crate::description::{QuantileUse, ReasonDef};
use crate::facts::Facts;
use crate::problems::{Problem, Problems};
use crate::rule::Rule;
use crate::settings::Settings;
use crate::store::Cell;
use crate::values::Day;

/// Begins a call of the rule: on 2026-01-15, with default settings, about somebody of whom nothing is known.
pub fn harness<P: Rule>() -> Harness<P> {
    Harness {
        today: FIRST,
        now: first_millisecond(FIRST),
        seed: 0,
        settings: "{}".to_owned(),
        currency: "CNY".to_owned(),
        facts: P::Facts::USES.iter().map(cells::nothing).collect(),
        question: (),
        patience: patience::PATIENCE,
        rule: PhantomData,
    }
}

/// A call of the rule `P`, being put together: what every extension point has, and the question `Q` that is its own, as [`Rows`], a
/// [`Purchase`], a [`Membership`] or an [`Incoming`] case. Everything is checked when the call is made.
#[derive(Debug, Clone)]
#[must_use]
pub struct Harness<P, Q = ()> {
    today: Day,
    now: i64,
    seed: u64,
    settings: String,
    currency: String,
    /// Of the one customer that the call is about.
    facts: Vec<Cell>,
    pub(crate) question: Q,
    patience: Duration,
    rule: PhantomData<fn(P)>,
}

/// A rule that can be asked the question `Q`: what the harness has to know of an extension point.
pub trait Asked<Q>: Rule + Sized {
    /// What it says.
    type Answer: Send + 'static;
    /// The form of its golden cases.
    type Case: Form;
    /// The tables that it asks for.
    const TABLES: &'static [QuantileUse] = &[];

    /// Asks the rule as the host does, as often as it takes to see that it always says the same.
    ///
    /// # Errors
    /// Why it gave no answer, or not the same.
    fn ask(call: &Harness<Self, Q>) -> Result<Self::Answer, String>;

    /// Runs a golden case.
    ///
    /// # Errors
    /// Mistakes in the case, or why it gave no answer.
    fn case(case: &Self::Case, rule: &posthouse_golden::Rule) -> Result<Vec<Mismatch>, String>;
}

impl<P: Rule, Q> Harness<P, Q> {
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

    /// The agency's currency, in which reasons tell money: `CNY`, if nothing is said.
    pub fn currency(mut self, code: &str) -> Self {
        code.clone_into(&mut self.currency);
        self
    }

    /// The facts of the customer that the call is about. A segmentation is asked about [`Rows`] instead.
    pub fn facts(mut self, facts: P::Facts) -> Self {
        self.facts = facts.cells();
        self
    }

    /// What the rule finds wrong with its settings, as the host tells whoever writes them.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub fn problems(&self) -> Result<Vec<Problem>, String> {
        let mut problems = Problems::default();
        P::validate(&P::Settings::parse(&self.settings)?, &mut problems);
        Ok(problems.into_vec())
    }

    /// Runs golden cases and describes every difference.
    ///
    /// # Panics
    /// If the file is not understood or a case gets another answer.
    pub fn golden<M>(self, json: &str)
    where
        P: Asked<M>,
    {
        if let Err(differences) = golden::run::<P, M>(json) {
            panic!("golden cases:\n{differences}");
        }
    }

    /// The description the host would get, for a look at the settings' schema for instance.
    pub fn description(&self) -> descriptor::Description {
        Component::<P>::describe()
    }

    /// The same call with the question of an extension point.
    pub(crate) fn asking<R>(self) -> Harness<P, R>
    where
        Q: Into<R>,
    {
        Harness {
            today: self.today,
            now: self.now,
            seed: self.seed,
            settings: self.settings,
            currency: self.currency,
            facts: self.facts,
            question: self.question.into(),
            patience: self.patience,
            rule: PhantomData,
        }
    }

    /// Asks what has been put together.
    pub(crate) fn answer(self) -> Result<P::Answer, String>
    where
        P: Asked<Q>,
        Q: Send + 'static,
    {
        cells::check_facts(&cells::rule(P::Facts::USES, P::TABLES))?;
        settings::check(&P::Settings::schema(), &self.settings, self.problems())?;
        patience::within(self.patience, move || P::ask(&self))
    }

    /// What every call has, as the host would send it.
    pub(crate) fn context(&self) -> types::Context {
        types::Context {
            now: self.now,
            today: self.today.0,
            seed: self.seed,
            config: self.settings.clone(),
        }
    }

    /// The facts of the customer, as the host would send them.
    pub(crate) fn customer(&self) -> Result<Vec<Value>, String> {
        let facts = P::Facts::USES.iter().zip(&self.facts);
        facts.map(|(fact, cell)| cells::value(fact, cell)).collect()
    }

    /// The text of a reason in Chinese and in English, as the host would tell it.
    pub(crate) fn reason(&self, facts: &[Cell], def: &ReasonDef, told: &[Cell]) -> [String; 2] {
        [def.text.zh, def.text.en].map(|text| shown::reason(text, (P::Facts::USES, facts), (def, told), &self.currency))
    }

    /// The same of a reason that is about the customer of the call, with its values as they came.
    pub(crate) fn told(&self, def: &ReasonDef, values: Vec<Value>) -> [String; 2] {
        let told: Vec<Cell> = values.into_iter().map(Cell::from).collect();
        self.reason(&self.facts, def, &told)
    }
}

impl<P: Rule> Harness<P> {
    /// The call of a golden case: on this day, at this moment, with this seed.
    pub(crate) fn of_case((today, now, seed): (i32, i64, u64), settings: &serde_json::Value) -> Self {
        let call = harness::<P>().now(now).seed(seed).settings(&settings.to_string());
        Self {
            today: Day(today),
            ..call
        }
    }

    /// About this customer.
    pub(crate) fn about(self, facts: Vec<posthouse_golden::Value>) -> Self {
        let facts = facts.into_iter().map(Cell::from).collect();
        Self { facts, ..self }
    }
}

/// The day of a call if nothing is said: 2026-01-15.
const FIRST: Day = Day(20_468);

fn first_millisecond(day: Day) -> i64 {
    i64::from(day.0) * posthouse_golden::DAY_MILLIS
}

/// Why a call was refused.
pub(crate) fn refused(problem: types::Problem) -> String {
    problem.text.into_iter().map(|(_, text)| text).collect()
}
