//! Promotions that go wrong while they run. Each has its exact fault, and the next call works.

use super::{basket, before, evaluate, facts, fault, open, works};
use crate::{context, engine};
use posthouse_engine::{Context, FaultKind, PromotionPlugin};
use posthouse_tests::guest::{PromotionGuest, Saving};

#[test]
fn endless_loop() {
    let fault = fault(&before("(loop $again (br $again))"));
    assert_eq!(fault.kind, FaultKind::OutOfFuel { budget: 20_000_000 });
    assert_eq!(fault.receipt.usage.fuel, 20_000_000);
    insta::assert_snapshot!(fault, @"the plugin burnt its 20000000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line");
}

#[test]
fn trap_with_names() {
    let guest = PromotionGuest {
        extra: "(func $divide_by_nothing (result i32) (i32.div_s (i32.const 1) (i32.const 0)))".into(),
        ..before("(drop (call $divide_by_nothing))")
    };
    insta::assert_snapshot!(fault(&guest), @"the plugin stopped: integer divide by zero (in divide_by_nothing < evaluate)");
}

#[test]
fn memory_bomb() {
    let fault = fault(&before("(loop $again (drop (memory.grow (i32.const 16))) (br $again))"));
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for 34078720 bytes of memory, 33554432 are allowed: keep less in memory at a time");
}

#[test]
fn output_bomb() {
    let bomb = "(drop (memory.grow (i32.const 200))) (return (call $answer (i32.const 1024) (i32.const 200000)))";
    let fault = fault(&before(bomb));
    assert_eq!(fault.code(), "bad_output");
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: evaluate(): it has more than 4194304 bytes");
}

#[test]
fn more_offers_than_lines() {
    let many = "(drop (memory.grow (i32.const 30))) (return (call $answer (i32.const 524288) (i32.const 40000)))";
    insta::assert_snapshot!(fault(&before(many)), @"the plugin's answer is not usable: offers[1].line: is 0 as in another offer; a line gets one from a rule");
}

#[test]
fn log_flood() {
    let flood = "(memory.fill (i32.const 20000) (i32.const 120) (i32.const 5000))
      (loop $again (call $say (i32.const 2) (i32.const 20000) (i32.const 5000)) (br $again))";
    let fault = fault(&before(flood));
    assert_eq!((fault.code(), fault.receipt.log.len()), ("out_of_fuel", 32));
    assert!(fault.receipt.log.iter().all(|line| line.message.len() <= 1024));
    assert!(fault.receipt.usage.log_lines > 10_000);
}

#[test]
fn a_few_lines_are_kept_with_the_answer() {
    let plugin = open(&before("(call $say (i32.const 1) (i32.const 1024) (i32.const 9))"));
    let answer = evaluate(&plugin, 1).expect("logging is harmless");
    assert_eq!(answer.log[0].message, "trips-24m");
}

#[test]
fn nonsense() {
    let propose = |line: i64, tag: u8, value: i64, reason: u16| {
        before(&format!(
            "(return (call $propose (i32.const {line}) (i32.const {tag}) (i64.const {value}) (i32.const {reason})))"
        ))
    };
    let twice = PromotionGuest {
        offers: vec![(1, Saving::Amount(1), 0), (1, Saving::Rate(1), 0)],
        ..PromotionGuest::default()
    };
    let guests = [
        propose(2, 0, 1, 0),
        propose(-1, 0, 1, 0),
        twice,
        propose(0, 0, -1, 0),
        propose(0, 0, i64::MIN, 0),
        propose(0, 1, 10_001, 0),
        propose(0, 1, 0xffff_ffff, 0),
        propose(0, 1, 1, 1),
        propose(0, 1, 1, 65_535),
        propose(0, 2, 1, 0),
    ];
    let said: String = guests.iter().map(|guest| format!("{}\n", fault(guest))).collect();
    insta::assert_snapshot!(said, @r"
    the plugin's answer is not usable: offers[0].line: is 2, the basket has 2 lines
    the plugin's answer is not usable: offers[0].line: is 4294967295, the basket has 2 lines
    the plugin's answer is not usable: offers[1].line: is 1 as in another offer; a line gets one from a rule
    the plugin's answer is not usable: offers[0].amount: is -1, below zero
    the plugin's answer is not usable: offers[0].amount: is -9223372036854775808, below zero
    the plugin's answer is not usable: offers[0].rate: is 10001 basis points, more than the whole
    the plugin's answer is not usable: offers[0].rate: is 4294967295 basis points, more than the whole
    the plugin's answer is not usable: offers[0].reason: is 1, there are 1 reasons
    the plugin's answer is not usable: offers[0].reason: is 65535, there are 1 reasons
    the plugin's answer is not usable: evaluate(): unexpected discriminant: 2
    ");
}

#[test]
fn answers_that_point_nowhere() {
    let guests = [
        "(return (i32.const -16))",
        "(return (i32.const 1025))",
        "(i32.store8 (i32.const 300000) (i32.const 7)) (return (i32.const 300000))",
        "(return (call $answer (i32.const -32) (i32.const 1)))",
        "(return (call $answer (i32.const 1025) (i32.const 1)))",
        "(return (call $refuse (i32.const 524280) (i32.const 9)))",
    ]
    .map(before);
    let said: String = guests.iter().map(|guest| format!("{}\n", fault(guest))).collect();
    insta::assert_snapshot!(said, @r"
    the plugin's answer is not usable: evaluate(): pointer out of bounds of memory
    the plugin's answer is not usable: evaluate(): return pointer not aligned
    the plugin's answer is not usable: evaluate(): invalid expected discriminant
    the plugin's answer is not usable: evaluate(): list pointer/length out of bounds of memory
    the plugin's answer is not usable: evaluate(): list pointer is not aligned
    the plugin's answer is not usable: evaluate(): string pointer/length out of bounds of memory
    ");
}

#[test]
fn its_own_refusal() {
    let fault = fault(&before("(return (call $refuse (i32.const 1024) (i32.const 9)))"));
    assert_eq!(fault.code(), "refused");
    insta::assert_snapshot!(fault, @"the plugin refused the call: trips-24m");
}

#[test]
fn refusal_that_is_no_text() {
    let broken = "(i32.store (i32.const 16) (i32.const -1)) (return (call $refuse (i32.const 16) (i32.const 4)))";
    insta::assert_snapshot!(fault(&before(broken)), @"the plugin's answer is not usable: evaluate(): invalid utf-8 sequence of 1 bytes from index 0");
}

#[test]
fn what_was_let_in_can_still_fail() {
    let guest = before(&PromotionGuest::at_price(1_000, "unreachable"));
    let plugin = engine()
        .admit(&guest.build())
        .expect("nothing of the self-test has that price")
        .plugin;
    let plugin: PromotionPlugin = plugin.front().expect("it is a promotion");
    let in_life = Context {
        today: 20_468,
        ..context()
    };
    let failed = plugin.decide(&in_life, &basket(1), &facts());
    insta::assert_snapshot!(failed.expect_err("it has that price"), @"the plugin stopped: wasm `unreachable` instruction executed (in evaluate)");
    let mut other = basket(1);
    other.lines[0].unit_price = 1_001;
    plugin
        .decide(&in_life, &other, &facts())
        .expect("another price is harmless");
}

#[test]
fn nothing_survives_a_call() {
    let guest = PromotionGuest {
        extra: "(global $calls (mut i64) (i64.const 0))".into(),
        ..before(
            "(global.set $calls (i64.add (global.get $calls) (i64.const 1)))
             (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
             (return (call $propose (i32.const 0) (i32.const 0)
               (i64.add (global.get $calls) (i64.load (i32.const 8))) (i32.const 0)))",
        )
    };
    let plugin = open(&guest);
    for _ in 0..100 {
        let offers = evaluate(&plugin, 1).expect("it counts").answer.offers;
        assert_eq!(offers[0].saving, posthouse_domain::promotion::Saving::Amount(2));
    }
    works(&open(&PromotionGuest::default()));
}
