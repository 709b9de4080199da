use posthouse_golden::{self as golden, Mismatch, PRODUCTS, PromotionCase, Proposed, Rule};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::cells;
use super::golden::all;
use super::promotion::{PromotionHarness, Proposal, promotion_harness};
use crate::basket::{Line, ProductKind};
use crate::facts::Facts;
use crate::offers::Saving;
use crate::promotion::Promotion;
use crate::store::Cell;
use crate::values::{Day, Money, Text};

impl<P: Promotion> PromotionHarness<P> {
    /// Runs golden cases and describes every difference.
    ///
    /// # Panics
    /// If the file is not understood or a case gets other offers.
    pub fn golden(self, json: &str) {
        if let Err(differences) = run::<P>(json) {
            panic!("golden cases:\n{differences}");
        }
    }
}

/// Runs every case; all differences, a line each.
fn run<P: Promotion>(json: &str) -> Result<(), String> {
    let rule = cells::rule(P::Facts::USES, &[]);
    all(json, |case| one::<P>(case, &rule))
}

fn one<P: Promotion>(case: &PromotionCase, rule: &Rule) -> Result<Vec<Mismatch>, String> {
    let asked = case.read(rule)?;
    let mut call = promotion_harness::<P>()
        .on(asked.today, asked.now)
        .seed(asked.seed)
        .settings(&asked.config.to_string())
        .channel(Text(asked.channel.leak()));
    call.facts = asked.facts.into_iter().map(Cell::from).collect();
    for line in asked.lines {
        call = call.line(bought(line)?);
    }
    let proposals = call.try_evaluate()?;
    let proposals: Vec<Proposed<'_>> = proposals.iter().map(proposed).collect();
    Ok(case.compare(&proposals))
}

fn bought(line: golden::Line) -> Result<Line, String> {
    let text = |text: String| Text(text.leak());
    let kind: StrDeserializer<'_, Error> = PRODUCTS[line.kind].into_deserializer();
    let kind = ProductKind::deserialize(kind).map_err(|error| error.to_string())?;
    Ok(Line {
        destination: line.destination.map(text),
        theme: line.theme.map(text),
        departs: line.departs.map(Day),
        travellers: line.travellers,
        unit_price: Money(line.unit_price),
        quantity: line.quantity,
        ..Line::new(kind, text(line.sku))
    })
}

fn proposed(proposal: &Proposal) -> Proposed<'_> {
    Proposed {
        line: proposal.line,
        saving: match proposal.saving {
            Saving::Rate(rate) => golden::Saving::Rate(rate.points()),
            Saving::Amount(amount) => golden::Saving::Amount(amount.0),
        },
        reason: Some(&proposal.reason),
    }
}
