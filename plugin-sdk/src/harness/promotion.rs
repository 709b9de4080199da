use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use super::{FIRST, bounds, cells, first_millisecond, fit, patience, problems_of, reason, refused};
use crate::basket::{Basket, Line};
use crate::bindings::exports::posthouse::plugin::descriptor::{self, Guest as _};
use crate::bindings::exports::posthouse::plugin::promotion::{self as wire, Guest as _};
use crate::bindings::posthouse::plugin::facts::Value;
use crate::bindings::posthouse::plugin::{commerce, types};
use crate::description::FactUse;
use crate::facts::Facts;
use crate::offers::Saving;
use crate::problems::Problem;
use crate::promotion::{Promotion, PromotionComponent};
use crate::reasons::Reasons;
use crate::settings::Settings;
use crate::store::Cell;
use crate::values::{Day, Money, Rate, Text};

/// Begins a call of the promotion: on 2026-01-15, with default settings, over the channel `app`, for somebody of whom nothing is
/// known, with an empty basket.
pub fn promotion_harness<P: Promotion>() -> PromotionHarness<P> {
    PromotionHarness {
        today: FIRST,
        now: first_millisecond(FIRST),
        seed: 0,
        settings: "{}".to_owned(),
        facts: P::Facts::USES.iter().map(cells::nothing).collect(),
        basket: Basket::new("app", []),
        patience: patience::PATIENCE,
        rule: PhantomData,
    }
}

/// A call of the promotion, being put together. Settings are checked when it is made.
#[derive(Debug, Clone)]
#[must_use]
pub struct PromotionHarness<P> {
    today: Day,
    now: i64,
    seed: u64,
    settings: String,
    pub(super) facts: Vec<Cell>,
    basket: Basket,
    patience: Duration,
    rule: PhantomData<fn(P)>,
}

/// What the promotion proposes for one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Place of the line in the basket.
    pub line: usize,
    /// What is saved.
    pub saving: Saving,
    /// Code of the reason.
    pub reason: String,
    /// The reason's text in Chinese with the customer's facts put in.
    pub because_zh: String,
    /// The reason's text in English with the customer's facts put in.
    pub because_en: String,
}

/// What the promotion proposes for the basket, and the lines it logged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposals {
    proposals: Vec<Proposal>,
    /// `level: message`.
    pub logs: Vec<String>,
}

impl Proposals {
    /// What is saved on the line at this place.
    pub fn on(&self, line: usize) -> Option<Saving> {
        let proposal = self.proposals.iter().find(|proposal| proposal.line == line);
        proposal.map(|proposal| proposal.saving)
    }
}

impl Deref for Proposals {
    type Target = [Proposal];

    fn deref(&self) -> &[Proposal] {
        &self.proposals
    }
}

impl<P: Promotion> PromotionHarness<P> {
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

    pub(super) fn on(self, today: i32, now: i64) -> Self {
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

    /// Where the customer buys.
    pub fn channel(mut self, channel: impl Into<Text>) -> Self {
        self.basket.channel = channel.into();
        self
    }

    /// The facts of the customer.
    pub fn facts(mut self, facts: P::Facts) -> Self {
        self.facts = facts.cells();
        self
    }

    /// One more line in the basket.
    pub fn line(mut self, line: Line) -> Self {
        let place = self.basket.lines.len();
        self.basket.lines.push(Line { place, ..line });
        self
    }

    /// Asks the promotion, and asks once more to see that it says the same again.
    ///
    /// # Panics
    /// If it refuses the call, or says something else the second time.
    pub fn evaluate(self) -> Proposals {
        match self.try_evaluate() {
            Ok(proposals) => proposals,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Like [`Self::evaluate`], with the refusal as a sentence.
    pub fn try_evaluate(self) -> Result<Proposals, String> {
        cells::check_facts(&cells::rule(P::Facts::USES, &[]))?;
        bounds::check(&P::Settings::schema(), &self.settings)?;
        fit(self.problems()?)?;
        patience::within(self.patience, move || self.ask_twice())
    }

    /// What the rule finds wrong with its settings, as the host tells whoever writes them.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub fn problems(&self) -> Result<Vec<Problem>, String> {
        problems_of(&self.settings, P::validate)
    }

    fn ask_twice(self) -> Result<Proposals, String> {
        let proposals = self.ask()?;
        let logs = crate::log::native::take();
        let again = self.ask()?;
        if again != proposals {
            return Err(format!(
                "the same call gets different answers: first {proposals:?}, then {again:?}"
            ));
        }
        Ok(Proposals { proposals, logs })
    }

    /// The description the host would get, for a look at the settings' schema for instance.
    pub fn description(&self) -> descriptor::Description {
        PromotionComponent::<P>::describe()
    }

    fn ask(&self) -> Result<Vec<Proposal>, String> {
        let context = types::Context {
            now: self.now,
            today: self.today.0,
            seed: self.seed,
            config: self.settings.clone(),
        };
        let facts = P::Facts::USES.iter().zip(&self.facts);
        let request = wire::Request {
            basket: commerce::Basket {
                channel: self.basket.channel.to_string(),
                lines: self.basket.lines.iter().map(line).collect(),
            },
            facts: facts.map(|(fact, cell)| value(fact, cell)).collect::<Result<_, _>>()?,
        };
        let offers = PromotionComponent::<P>::evaluate(context, request).map_err(refused)?;
        offers.iter().map(|offer| self.proposal(offer)).collect()
    }

    fn proposal(&self, offer: &wire::Offer) -> Result<Proposal, String> {
        let line = offer.line as usize;
        if line >= self.basket.lines.len() {
            return Err(format!("an offer is for line {line}, which the basket does not have"));
        }
        let def = P::Reason::DEFS[usize::from(offer.reason.index)];
        let told: Vec<Cell> = offer.reason.arguments.iter().map(cell).collect();
        let because = |text| reason::render(text, (P::Facts::USES, &self.facts), (&def, &told));
        Ok(Proposal {
            line,
            saving: match offer.saving {
                wire::Saving::Amount(amount) => Saving::Amount(Money(amount)),
                wire::Saving::Rate(points) => Saving::Rate(Rate::basis_points(points)),
            },
            reason: def.code.to_owned(),
            because_zh: because(def.text.zh),
            because_en: because(def.text.en),
        })
    }
}

fn line(line: &Line) -> commerce::Line {
    let text = |text: Text| text.to_string();
    commerce::Line {
        sku: text(line.sku),
        kind: line.kind.into(),
        destination: line.destination.map(text),
        theme: line.theme.map(text),
        departs: line.departs.map(|day| day.0),
        travellers: line.travellers,
        unit_price: line.unit_price.0,
        quantity: line.quantity,
    }
}

/// A fact as the host would send it.
fn value(fact: &FactUse, cell: &Cell) -> Result<Value, String> {
    match cell {
        Cell::Null if !fact.nullable => Err(format!("`{}` is unknown, but the rule declares it known", fact.key)),
        cell => Ok(cell.clone().into()),
    }
}

/// What a reason tells.
fn cell(value: &Value) -> Cell {
    match value {
        Value::Unknown => Cell::Null,
        Value::Whole(value) => Cell::Whole(*value),
        Value::Number(value) => Cell::Number(*value),
        Value::Flag(value) => Cell::Flag(*value),
        Value::Text(value) => Cell::Text(value.clone()),
    }
}
