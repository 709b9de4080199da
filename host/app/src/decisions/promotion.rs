//! Promotions as a decision: a basket and the facts of whoever asks in, offers out.

use super::point::{Point, Said, read_facts, write_facts};
use posthouse_domain::promotion::{Basket, Offer, Saving};
use posthouse_engine::{Context, Description, Fault, PromotionPlugin, Value as Fact};
use serde_json::{Value, json};

/// The extension point of campaigns' rules.
#[derive(Debug)]
pub(crate) enum Promotion {}

/// What a campaign's rule is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Without what things cost the agency.
    pub(crate) basket: Basket,
    /// In the order of the description.
    pub(crate) facts: Vec<Fact>,
}

impl Point for Promotion {
    const NAME: &'static str = "promotion";
    type Plugin = PromotionPlugin;
    type Request = Request;
    type Answer = Vec<Offer>;

    fn description(plugin: &PromotionPlugin) -> &Description {
        plugin.description()
    }

    fn write(request: &Request, description: &Description) -> Value {
        json!({"basket": request.basket, "facts": write_facts(&request.facts, description)})
    }

    fn read(written: &Value, description: &Description) -> Result<Request, String> {
        Ok(Request {
            basket: serde_json::from_value(written["basket"].clone()).map_err(|e| format!("the basket: {e}"))?,
            facts: read_facts(&written["facts"], description)?,
        })
    }

    fn call(plugin: &PromotionPlugin, context: &Context, request: &Request) -> Result<Said<Vec<Offer>>, Fault> {
        let said = plugin.evaluate(context, &request.basket, &request.facts)?;
        Ok(Said {
            answer: said.offers,
            usage: said.usage,
            log: said.log,
        })
    }

    fn pin(offers: &Vec<Offer>, description: &Description) -> Value {
        let offer = |offer: &Offer| {
            let reason = description.reasons.get(usize::from(offer.reason));
            let (how, much) = match offer.saving {
                Saving::Amount(amount) => ("amount", amount),
                Saving::Rate(rate) => ("rate", rate.into()),
            };
            json!({"line": offer.line, how: much, "reason": reason.map(|reason| &reason.code)})
        };
        json!({"offers": offers.iter().map(offer).collect::<Vec<_>>()})
    }
}
