//! What a promotion must show: hostile baskets do not break it, the same call gives the same answer, and a full basket fits into its fuel.

use super::{SEED, faulted};
use crate::columns::Value;
use crate::description::FactUse;
use crate::fault::Usage;
use crate::made_up::{Random, TEXTS, TODAY, basket, context, extreme, sample, unknown};
use crate::promotion::{Evaluated, PromotionPlugin};
use crate::refusal::Refusal;
use crate::shown;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::promotion::{
    Basket, LARGEST_PRICE, Line, MOST_LINES, MOST_QUANTITY, MOST_TRAVELLERS, ProductKind,
};
use posthouse_domain::{Words, words};
use serde::Serialize;

/// Made-up baskets with made-up customers.
const SAMPLED: usize = 64;
/// Names of things that are long or odd; a basket takes up to 200 bytes.
const NAMES: [&str; 5] = ["上海", "e\u{301}\u{202e}", "👩‍👩‍👧‍👦", "<script>'\"--", "{0}"];

/// What the self-test of a promotion found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromotionTest {
    /// Golden cases that ran and passed.
    pub golden_cases: usize,
    /// Baskets evaluated, each twice.
    pub baskets_tried: usize,
    /// Fuel of a call with one line.
    pub fuel_per_call: u64,
    /// Fuel each further line costs.
    pub fuel_per_line: u64,
    /// A full basket.
    pub full_basket: Usage,
}

/// Runs everything but the golden cases, which have run; the first thing that fails is the refusal.
pub(super) fn run(plugin: &PromotionPlugin, golden_cases: usize) -> Result<PromotionTest, Refusal> {
    let facts =
        |value: &dyn Fn(&FactUse) -> Value| -> Vec<Value> { plugin.description().facts.iter().map(value).collect() };
    let zero = facts(&|fact| Value::zero(fact.kind));
    let mut test = Test { plugin, tried: 0 };

    let one = test
        .evaluate(&words!("one line", "一行"), &of(vec![line()]), &zero)?
        .usage;
    for (what, basket) in hostile() {
        test.evaluate(&what, &basket, &zero)?;
        test.evaluate(
            &words!("{what}, everything unknown", "{what}，一切未知"),
            &basket,
            &facts(&unknown),
        )?;
    }
    for (what, facts) in [
        (
            words!("the smallest facts", "最小的事实值"),
            facts(&|fact| extreme(fact.kind, false)),
        ),
        (
            words!("the largest facts", "最大的事实值"),
            facts(&|fact| extreme(fact.kind, true)),
        ),
    ] {
        test.evaluate(&what, &of(vec![line()]), &facts)?;
    }
    for text in TEXTS.map(str::to_owned).into_iter().chain(["长".repeat(20_000)]) {
        let facts = facts(&|fact| match fact.kind {
            FactKind::Text => Value::Text(text.clone()),
            kind => Value::zero(kind),
        });
        test.evaluate(&words!("unusual texts", "特殊文本"), &of(vec![line()]), &facts)?;
    }
    let mut random = Random(SEED);
    for customer in sample(plugin.description(), SAMPLED, SEED) {
        let lines = 1 + random.below(8) as usize;
        test.evaluate(
            &words!("a made-up basket", "生成的购物篮"),
            &basket(lines, &mut random),
            &customer,
        )?;
    }
    let full_basket = test
        .evaluate(
            &words!("a full basket", "满额的购物篮"),
            &basket(MOST_LINES, &mut random),
            &zero,
        )?
        .usage;
    Ok(PromotionTest {
        golden_cases,
        baskets_tried: test.tried,
        fuel_per_call: one.fuel,
        fuel_per_line: full_basket.fuel.saturating_sub(one.fuel) / (MOST_LINES as u64 - 1),
        full_basket,
    })
}

struct Test<'a> {
    plugin: &'a PromotionPlugin,
    tried: usize,
}

impl Test<'_> {
    fn evaluate(&mut self, what: &Words, basket: &Basket, facts: &[Value]) -> Result<Evaluated, Refusal> {
        self.tried += 1;
        let context = context(self.plugin.description(), &[]);
        let call = || {
            let answer = self.plugin.evaluate(&context, basket, facts);
            answer.map_err(|fault| {
                let asked = shown::basket(basket, Some((self.plugin.description(), facts)));
                faulted(what, &fault, Some(&asked))
            })
        };
        let (first, second) = (call()?, call()?);
        same(what, &first, &second)?;
        Ok(first)
    }
}

/// Nothing survives a call and nothing but its arguments comes in, so a difference is a defect of the sandbox; it must be seen here
/// and not in a quote that cannot be replayed.
fn same(what: &Words, first: &Evaluated, second: &Evaluated) -> Result<(), Refusal> {
    if first.proposed == second.proposed && first.usage.fuel == second.usage.fuel {
        return Ok(());
    }
    let detail = words!(
        "self-test with {what}: the same call gives another answer the second time",
        "自检（{what}）：同一调用第二次给出了不同的结果"
    );
    Err(Refusal::new("not_deterministic", detail))
}

fn of(lines: Vec<Line>) -> Basket {
    Basket {
        channel: "app".into(),
        lines,
    }
}

/// A tour nobody knows much of.
fn line() -> Line {
    Line {
        sku: "S1".into(),
        kind: ProductKind::Tour,
        destination: None,
        theme: None,
        departs: None,
        travellers: 1,
        unit_price: 100_000,
        unit_cost: None,
        quantity: 1,
    }
}

fn hostile() -> Vec<(Words, Basket)> {
    let largest = Line {
        travellers: MOST_TRAVELLERS,
        unit_price: LARGEST_PRICE,
        quantity: MOST_QUANTITY,
        ..line()
    };
    let free = Line {
        unit_price: 0,
        ..line()
    };
    let days = [i32::MIN, -1, 0, TODAY - 1, TODAY, TODAY + 1, i32::MAX];
    let departing = |day: i32| Line {
        departs: Some(day),
        ..line()
    };
    let named = |name: String| Line {
        sku: name.clone(),
        destination: Some(name.clone()),
        theme: Some(name),
        ..line()
    };
    let names = NAMES.map(str::to_owned).into_iter().chain(["长".repeat(66)]);
    let elsewhere = Basket {
        channel: "渠道 <7>".into(),
        lines: vec![line()],
    };
    vec![
        (
            words!("as many lines as there may be", "最多的行数"),
            of(vec![line(); MOST_LINES]),
        ),
        (words!("the largest price", "最高的价格"), of(vec![largest.clone()])),
        (
            words!(
                "the largest price among as many lines as there may be",
                "最多的行数中有一行是最高的价格"
            ),
            of([vec![largest], vec![free.clone(); MOST_LINES - 1]].concat()),
        ),
        (words!("things that cost nothing", "免费的商品"), of(vec![free; 3])),
        (
            words!("departures long ago and far away", "很久以前和遥远将来的出发日期"),
            of(days.map(departing).to_vec()),
        ),
        (words!("unusual names", "特殊名称"), of(names.map(named).collect())),
        (
            words!("every kind of product", "每一种产品"),
            of(ProductKind::ALL.map(|kind| Line { kind, ..line() }).to_vec()),
        ),
        (words!("an unusual channel", "特殊渠道"), elsewhere),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proposed::Proposed;
    use posthouse_domain::promotion::{Offer, Saving};

    #[test]
    fn hostile_baskets_are_baskets() {
        for (what, basket) in hostile() {
            assert_eq!(basket.check(), Ok(()), "{what}");
        }
        let mut random = Random(SEED);
        for lines in 1..=MOST_LINES {
            assert_eq!(basket(lines, &mut random).check(), Ok(()));
        }
    }

    #[test]
    fn another_answer_the_second_time_is_noticed() {
        let answer = |rate, fuel| Evaluated {
            proposed: Proposed {
                offers: vec![Offer {
                    line: 0,
                    saving: Saving::Rate(rate),
                    reason: 0,
                }],
                arguments: vec![Vec::new()],
            },
            usage: Usage {
                fuel,
                ..Usage::default()
            },
            log: Vec::new(),
        };
        let later = Evaluated {
            usage: Usage {
                micros: 9,
                ..answer(1, 1).usage
            },
            ..answer(1, 1)
        };
        assert_eq!(same(&Words::same("x"), &answer(1, 1), &later), Ok(()));
        for other in [answer(2, 1), answer(1, 2)] {
            let refused = same(&Words::same("x"), &answer(1, 1), &other).expect_err("it differs");
            assert_eq!(refused.code, "not_deterministic");
        }
    }
}
