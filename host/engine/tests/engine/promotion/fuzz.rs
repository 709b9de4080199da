//! Offers nobody would make.

use super::{PromotionGuest, basket, before, open};
use crate::fuzz::fuzz;
use posthouse_domain::promotion::{self, Offer, Saving};
use posthouse_engine::{Context, Decided, Fault, PromotionPlugin, Proposed, Value};

/// Lines of the parrot's basket.
const LINES: usize = 4;
/// A place in the guest's memory where nothing but the offers is.
const OFFERS: i64 = 300_000;
/// The answer's three words, then two offers of five words each, the last two of which are the reason: ten per cent off the first line and 5 off
/// the second.
const GOOD: [i64; 13] = [0, OFFERS, 2, 0, 1, 1_000, 0, 0, 1, 0, 5, 0, 0];

/// Answers with the words it gets as facts, at an address the seed moves.
fn parrot() -> PromotionPlugin {
    let words: String = (0..GOOD.len())
        .map(|place| {
            let word = format!("(i64.load offset={} (local.get $facts))", place * 16 + 8);
            match place.checked_sub(3) {
                None => format!("(i64.store32 offset={} (local.get $i) {word})", place * 4),
                Some(place) => format!("(i64.store (i32.const {}) {word})", OFFERS as usize + place * 8),
            }
        })
        .collect();
    let facts = ('a'..)
        .take(GOOD.len())
        .map(|name| (format!("attr.{name}"), "money", true));
    open(&PromotionGuest {
        facts: facts.collect(),
        reasons: vec![("one".into(), "1".into())],
        ..before(&format!(
            "(local.set $i (call $alloc (i32.const 64))) {words}
             (return (i32.add (local.get $i) (i32.wrap_i64 (local.get $seed))))"
        ))
    })
}

fn answer(plugin: &PromotionPlugin, words: [i64; 13], seed: u64) -> Result<Decided<Proposed>, Fault> {
    let context = Context {
        seed,
        config: "{}".into(),
        ..Context::default()
    };
    plugin.decide(&context, &basket(LINES), &words.map(Value::Int))
}

#[test]
fn offers() {
    let plugin = parrot();
    let good = answer(&plugin, GOOD, 0).expect("that is a good answer").answer.offers;
    let offer = |line, saving| Offer {
        line,
        saving,
        reason: 0,
    };
    assert_eq!(good, [offer(0, Saving::Rate(1_000)), offer(1, Saving::Amount(5))]);
    fuzz("offers", |dice| {
        let mut words = GOOD;
        for _ in 0..=dice.below(3) {
            let (high, low) = (u64::from(dice.word()), u64::from(dice.word()));
            let word = if dice.below(4) == 0 { high << 32 | low } else { low };
            words[dice.below(GOOD.len())] = word.cast_signed();
        }
        let seed = match dice.below(8) {
            0 => u64::from(dice.word()),
            _ => 0,
        };
        match answer(&plugin, words, seed) {
            Ok(answer) => assert_eq!(promotion::check(&answer.answer.offers, LINES, 1), Ok(()), "{words:?}"),
            Err(fault) => {
                assert!(matches!(fault.code(), "bad_output" | "refused"), "{words:?}: {fault}");
                assert!(!fault.to_string().is_empty());
            }
        }
    });
}
