//! Promotions as a decision: a basket and the facts of whoever asks in, offers out.

use crate::rules::point::{Point, canonical_text, read_facts, write_arguments, write_facts};
use posthouse_domain::promotion::{Basket, Line, Offer, Saving};
use posthouse_domain::{Words, words};
use posthouse_engine::{Description, Proposed, Value as Fact};
use serde_json::{Value, json};
use std::sync::Arc;

/// The extension point of campaigns' rules.
#[derive(Debug)]
pub(crate) enum Promotion {}

/// A basket as rules are told it, for any number of them.
#[derive(Debug)]
pub(crate) struct Told {
    basket: Basket,
    /// The basket as canonical JSON.
    text: String,
}

impl Told {
    /// Leaves out what things cost the agency: that is no rule's business.
    pub(crate) fn new(basket: &Basket) -> Self {
        let line = |line: &Line| Line {
            unit_cost: None,
            ..line.clone()
        };
        Self::as_it_is(Basket {
            channel: basket.channel.clone(),
            lines: basket.lines.iter().map(line).collect(),
        })
    }

    fn as_it_is(basket: Basket) -> Self {
        let text = canonical_text(&json!(basket));
        Self { basket, text }
    }
}

/// What a campaign's rule is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) basket: Arc<Told>,
    /// In the order of the description.
    pub(crate) facts: Vec<Fact>,
}

impl Point for Promotion {
    type Engine = posthouse_engine::Promotion;
    type Request = Request;

    fn asked(request: &Request) -> (&Basket, &[Fact]) {
        (&request.basket.basket, &request.facts)
    }

    fn write(request: &Request, description: &Description) -> String {
        let facts = canonical_text(&write_facts(&request.facts, description));
        format!(r#"{{"basket":{},"facts":{facts}}}"#, request.basket.text)
    }

    fn read(written: &Value, description: &Description) -> Result<Request, Words> {
        let basket =
            serde_json::from_value(written["basket"].clone()).map_err(|e| words!("the basket: {e}", "购物篮：{e}"))?;
        Ok(Request {
            basket: Arc::new(Told::as_it_is(basket)),
            facts: read_facts(&written["facts"], description)?,
        })
    }

    fn pin(Proposed { offers, arguments }: &Proposed, description: &Description) -> Value {
        let offer = |(offer, arguments): (&Offer, &Vec<Fact>)| {
            let reason = description.reasons.get(usize::from(offer.reason));
            let (how, much) = match offer.saving {
                Saving::Amount(amount) => ("amount", amount),
                Saving::Rate(rate) => ("rate", rate.into()),
            };
            let mut pinned = json!({"line": offer.line, how: much, "reason": reason.map(|reason| &reason.code)});
            if let Some(reason) = reason.filter(|reason| !reason.arguments.is_empty()) {
                pinned["arguments"] = write_arguments(arguments, &reason.arguments);
            }
            pinned
        };
        json!({"offers": offers.iter().zip(arguments).map(offer).collect::<Vec<_>>()})
    }
}
