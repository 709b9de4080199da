//! The extension point `promotion`: what a rule proposes for a basket, checked before anybody uses it.

mod baskets;
mod proposed;
mod shown;
mod v1;

use crate::because;
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Linked};
use crate::description::Description;
use crate::limits::Limits;
use crate::made_up::Random;
use crate::point::{Point, Question, Subjects};
use crate::refusal::Refusal;
use crate::units::{SelfTest, Units};
use posthouse_domain::promotion::{self, Basket, Line, MOST_LINES, ProductKind, Saving};
use posthouse_domain::{Words, words};
use posthouse_golden::{self as format, Mismatch, PromotionCase, Rule, Said};

pub use proposed::Proposed;
pub use shown::shown_basket;

/// A promotion: it proposes savings on a basket. The guest is not told what things cost the agency.
#[derive(Debug)]
pub struct Promotion(v1::Adapter);

impl Point for Promotion {
    const UNITS: &'static Units = &Units {
        part: "line",
        parts: "lines",
        tried: "baskets_tried",
        full: "full_basket",
        each: || words!("line", "行"),
        heading: || words!("lines", "行数"),
        tested,
        drawn: |seed| {
            words!(
                "Baskets and their customer are made up from seed {seed}",
                "购物篮及其客户由种子 {seed} 生成"
            )
        },
    };
    const SIZES: &'static [usize] = &[1, 10, MOST_LINES];
    type Subject = Basket;
    type Answer = Proposed;
    type Case = PromotionCase;

    fn link(linked: &Linked) -> Result<Self, Refusal> {
        v1::Adapter::new(linked, Self::NAME).map(Self)
    }

    fn call(&self, linked: &Linked, context: &Context, basket: &Basket, facts: &[Value]) -> Answered<Proposed> {
        self.0.call(linked, context, basket, facts)
    }

    fn check_description(said: &Description) -> Result<(), Words> {
        if said.reasons.is_empty() {
            return Err(words!(
                "0 reasons; every offer names one, so declare at least one",
                "没有声明理由；每个优惠都要给出理由，请至少声明一个"
            ));
        }
        Ok(())
    }

    fn check_subject(basket: &Basket) -> Result<(), Words> {
        basket.check().map_err(|rejection| rejection.detail)
    }

    fn check_answer(
        proposed: &mut Proposed,
        basket: &Basket,
        description: &Description,
        limits: &Limits,
    ) -> Result<(), (String, Words)> {
        promotion::check(&proposed.offers, basket.lines.len(), description.reasons.len())?;
        for (place, (offer, arguments)) in proposed.offers.iter().zip(&mut proposed.arguments).enumerate() {
            because::check_arguments(&format!("offers[{place}].reason"), offer.reason, arguments, description)?;
            because::cut(arguments, limits);
        }
        Ok(())
    }

    fn subjects() -> Subjects {
        Subjects {
            plain: words!("one line", "一行"),
            made_up: words!("a made-up basket", "生成的购物篮"),
            largest: words!("a full basket", "满额的购物篮"),
        }
    }

    fn plain() -> Basket {
        baskets::plain()
    }

    fn hostile(today: i32) -> Vec<(Words, Basket)> {
        baskets::hostile(today)
    }

    fn made_up(lines: usize, today: i32, random: &mut Random) -> Basket {
        baskets::made_up(lines, today, random)
    }

    fn shown(basket: &Basket) -> Words {
        shown::members(basket)
    }

    fn question(case: &PromotionCase, rule: &Rule) -> Result<Question<Basket>, Said> {
        let asked = case.read(rule)?;
        Ok(Question {
            today: asked.today,
            now: asked.now,
            seed: asked.seed,
            config: asked.config,
            subject: Basket {
                channel: asked.channel,
                lines: asked.lines.into_iter().map(line).collect(),
            },
            facts: asked.facts,
        })
    }

    fn compare(case: &PromotionCase, proposed: &Proposed, description: &Description) -> Vec<Mismatch> {
        let reason = |index: u16| description.reasons.get(usize::from(index));
        let offers = proposed.offers.iter().map(|offer| format::Proposed {
            line: offer.line as usize,
            saving: match offer.saving {
                Saving::Amount(amount) => format::Saving::Amount(amount),
                Saving::Rate(rate) => format::Saving::Rate(rate),
            },
            reason: reason(offer.reason).map(|reason| reason.code.as_str()),
        });
        case.compare(&offers.collect::<Vec<_>>())
    }
}

fn tested(test: &SelfTest) -> [Words; 2] {
    [
        words!("{tried} baskets tried", "试过 {tried} 个购物篮", tried = test.tried),
        words!(
            "{call} fuel a call with one line and {line} a further line; a full basket takes {full}",
            "一行的调用耗燃料 {call}，每多一行 {line}；满额购物篮用时 {full}",
            call = test.fuel_per_call,
            line = test.fuel_per_part,
            full = test.full.words()
        ),
    ]
}

fn line(line: format::Line) -> Line {
    Line {
        sku: line.sku,
        // their order is the same, which a test sees to
        kind: ProductKind::ALL[line.kind],
        destination: line.destination,
        theme: line.theme,
        departs: line.departs,
        travellers: line.travellers as i32,
        unit_price: line.unit_price,
        unit_cost: None,
        quantity: line.quantity as i32,
    }
}
