//! Promotions: baskets in, offers out, and what evil ones come to.

mod admission;
mod evil;
mod fuzz;
mod speed;
mod turns;

use crate::{context, engine};
use posthouse_domain::promotion::{Basket, Line, Offer, ProductKind, Saving};
use posthouse_engine::{Decided, Fault, Plugin, PromotionPlugin, Proposed, Value};
use posthouse_tests::guest::{self, PromotionGuest};

/// Opens without the self-test, as most evil guests would not pass it.
fn opened(guest: &PromotionGuest) -> Plugin {
    let bytes = guest.build();
    let plugin = engine().open(&posthouse_engine::digest(&bytes), &bytes);
    plugin.expect("the description is harmless")
}

pub(crate) fn open(guest: &PromotionGuest) -> PromotionPlugin {
    opened(guest).front().expect("it is a promotion")
}

fn line(unit_price: i64) -> Line {
    Line {
        sku: "YN-7".into(),
        kind: ProductKind::Tour,
        destination: Some("云南".into()),
        theme: None,
        departs: Some(20_500),
        travellers: 2,
        unit_price,
        unit_cost: Some(1),
        quantity: 3,
    }
}

pub(crate) fn basket(lines: usize) -> Basket {
    Basket {
        channel: "app".into(),
        lines: (0..lines).map(|n| line(1_000 + n as i64)).collect(),
    }
}

pub(crate) fn facts() -> [Value; 2] {
    [Value::Int(7), Value::Null]
}

fn evaluate(plugin: &PromotionPlugin, lines: usize) -> Result<Decided<Proposed>, Fault> {
    plugin.decide(&context(), &basket(lines), &facts())
}

fn works(plugin: &PromotionPlugin) {
    let answer = evaluate(plugin, 2).expect("a harmless plugin works");
    let tenth = Offer {
        line: 0,
        saving: Saving::Rate(1_000),
        reason: 0,
    };
    assert_eq!(answer.answer.offers, [tenth]);
}

/// What a guest whose `evaluate` goes wrong comes to; afterwards a harmless one must work on the same engine.
fn fault(guest: &PromotionGuest) -> Fault {
    let fault = evaluate(&open(guest), 2).expect_err("an evil guest does not answer");
    works(&open(&PromotionGuest::default()));
    fault
}

fn before(before: &str) -> PromotionGuest {
    PromotionGuest {
        before: before.into(),
        ..PromotionGuest::default()
    }
}

#[test]
fn offers_come_back_as_they_were_made() {
    let guest = PromotionGuest {
        reasons: vec![("one".into(), "1".into()), ("two".into(), "2".into())],
        offers: vec![
            (1, guest::Saving::Amount(1 << 40), 1),
            (0, guest::Saving::Rate(10_000), 0),
            (9, guest::Saving::Amount(1), 0),
        ],
        ..PromotionGuest::default()
    };
    let answer = evaluate(&open(&guest), 2).expect("it is harmless");
    let offer = |line, saving, reason| Offer { line, saving, reason };
    let made = [offer(1, Saving::Amount(1 << 40), 1), offer(0, Saving::Rate(10_000), 0)];
    assert_eq!(
        answer.answer.offers, made,
        "the guest keeps the third for larger baskets"
    );
    assert_eq!(answer.usage.bytes_out, 2 * 40);
    // {} and app, two facts, two lines with YN-7 and 云南
    assert_eq!(answer.usage.bytes_in, 2 + 3 + 2 * 16 + 2 * (72 + 4 + 6));
    assert!(answer.usage.fuel > 0 && answer.usage.peak_memory >= 8 << 16);
    let nothing = PromotionGuest {
        offers: vec![],
        ..PromotionGuest::default()
    };
    assert_eq!(
        evaluate(&open(&nothing), 1).expect("that is an answer").answer.offers,
        []
    );
}

/// Ends with a trap unless `condition` holds in the guest.
fn holds(facts: &[(&str, &'static str)], values: &[Value], condition: &str) {
    let facts = facts.iter().map(|(key, kind)| ((*key).to_owned(), *kind, true));
    let guest = PromotionGuest {
        facts: facts.collect(),
        reasons: vec![("one".into(), "1".into())],
        ..before(&format!("(if (i32.eqz {condition}) (then unreachable))"))
    };
    let context = posthouse_engine::Context {
        now: 1_768_435_200_123,
        today: -3,
        seed: u64::MAX - 1,
        config: r#"{"a":1}"#.into(),
        quantiles: vec![],
    };
    if let Err(fault) = open(&guest).decide(&context, &basket(2), values) {
        panic!("{condition}: {fault}");
    }
}

#[test]
fn the_guest_sees_what_it_is_asked() {
    let none = |condition: &str| holds(&[], &[], condition);
    none("(i64.eq (local.get $now) (i64.const 1768435200123))");
    none("(i32.eq (local.get $today) (i32.const -3))");
    none("(i64.eq (local.get $seed) (i64.const -2))");
    none("(i32.eq (i32.load8_u offset=2 (local.get $config)) (i32.const 97))");
    none("(i32.eq (local.get $channel_length) (i32.const 3))");
    none("(i32.eq (local.get $lines_length) (i32.const 2))");
    let second = |load: &str, offset: usize, value: &str| {
        none(&format!(
            "({load}.eq ({load}.load offset={} (local.get $lines)) {value})",
            72 + offset
        ));
    };
    second("i32", 4, "(i32.const 4)"); // the length of YN-7
    second("i32", 20, "(i32.const 1)"); // a destination
    second("i32", 28, "(i32.const 6)"); // and its length
    second("i32", 32, "(i32.const 0)"); // no theme
    second("i32", 44, "(i32.const 1)"); // a departure
    second("i32", 48, "(i32.const 20500)");
    second("i32", 52, "(i32.const 2)"); // travellers
    second("i64", 56, "(i64.const 1001)"); // the price of one
    second("i32", 64, "(i32.const 3)"); // how many
}

#[test]
fn every_kind_of_fact_and_product_arrives() {
    let kinds = [
        ("trips-24m", "count", Value::Int(-7), 1, "(i64.const -7)"),
        (
            "spend-24m",
            "money",
            Value::Int(i64::MAX),
            1,
            "(i64.const 9223372036854775807)",
        ),
        (
            "attr.share",
            "number",
            Value::Number(0.5),
            2,
            "(i64.reinterpret_f64 (f64.const 0.5))",
        ),
        ("attr.vip", "flag", Value::Flag(true), 3, "(i64.const 1)"),
        ("attr.since", "day", Value::Int(20_000), 1, "(i64.const 20000)"),
        ("recency-days", "count", Value::Null, 0, "(i64.const 0)"),
    ];
    for (key, kind, value, tag, payload) in kinds {
        let values = [value];
        let holds = |condition: String| holds(&[(key, kind)], &values, &condition);
        holds(format!("(i32.eq (i32.load8_u (local.get $facts)) (i32.const {tag}))"));
        if kind == "flag" {
            holds("(i32.load8_u offset=8 (local.get $facts))".into());
        } else if tag > 0 {
            holds(format!("(i64.eq (i64.load offset=8 (local.get $facts)) {payload})"));
        }
    }
    let text = [Value::Text("金卡".into())];
    holds(
        &[("segment.value", "text")],
        &text,
        "(i32.eq (i32.load8_u (local.get $facts)) (i32.const 4))",
    );
    holds(
        &[("segment.value", "text")],
        &text,
        "(i32.eq (i32.load offset=12 (local.get $facts)) (i32.const 6))",
    );

    // offers as many basis points as the place of the product's kind in the contract
    let kind =
        "(return (call $propose (i32.const 0) (i32.const 1) (i64.load8_u offset=8 (local.get $lines)) (i32.const 0)))";
    let plugin = open(&before(kind));
    for (place, kind) in ProductKind::ALL.into_iter().enumerate() {
        let basket = Basket {
            channel: "shop".into(),
            lines: vec![Line { kind, ..line(1) }],
        };
        let answer = plugin.decide(&context(), &basket, &facts()).expect("it is harmless");
        assert_eq!(answer.answer.offers[0].saving, Saving::Rate(place as u32), "{kind:?}");
    }
}

#[test]
fn the_guest_is_not_told_what_a_thing_costs() {
    // offers a number that every byte of the guest's memory has a part in
    let plugin = open(&before(
        "(loop $next
           (local.set $count (i32.add (i32.mul (local.get $count) (i32.const 31)) (i32.load8_u (local.get $i))))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $next (i32.lt_u (local.get $i) (i32.const 524288))))
         (return (call $propose (i32.const 0) (i32.const 0) (i64.extend_i32_u (local.get $count)) (i32.const 0)))",
    ));
    let answer = |line: Line| {
        let basket = Basket {
            channel: "app".into(),
            lines: vec![line],
        };
        let answer = plugin.decide(&context(), &basket, &facts()).expect("it is harmless");
        (answer.answer.offers, answer.usage.bytes_in)
    };
    let cost = |unit_cost: Option<i64>| Line { unit_cost, ..line(7) };
    assert_eq!(answer(cost(Some(1))), answer(cost(Some(999_999))));
    assert_eq!(answer(cost(Some(1))), answer(cost(None)));
    assert_ne!(answer(line(7)), answer(line(8)), "the price is told");
}

#[test]
fn a_wrong_call_is_the_hosts_fault() {
    let guest = PromotionGuest {
        facts: vec![
            ("trips-24m".into(), "count", false),
            ("spend-24m".into(), "money", false),
            ("attr.share".into(), "number", true),
            ("attr.vip".into(), "flag", true),
            ("attr.since".into(), "day", true),
            ("segment.value".into(), "text", true),
        ],
        ..PromotionGuest::default()
    };
    let plugin = open(&guest);
    let good = [
        Value::Int(i32::MAX.into()),
        Value::Int(i64::MIN),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
    ];
    plugin
        .decide(&context(), &basket(1), &good)
        .expect("all of it is possible");
    let wrong = |place: usize, value: Value| {
        let mut facts = good.clone();
        facts[place] = value;
        let fault = plugin
            .decide(&context(), &basket(1), &facts)
            .expect_err("the call is wrong");
        assert!(!fault.counts_against_plugin() && fault.code() == "host");
        format!("{fault}\n")
    };
    let said: String = [
        wrong(0, Value::Null),
        wrong(0, Value::Int(1 << 31)),
        wrong(0, Value::Number(1.0)),
        wrong(1, Value::Text("7".into())),
        wrong(2, Value::Number(f64::NAN)),
        wrong(2, Value::Number(f64::INFINITY)),
        wrong(3, Value::Int(1)),
        wrong(4, Value::Int(i64::MIN)),
        wrong(5, Value::Flag(true)),
    ]
    .concat();
    insta::assert_snapshot!(said, @r"
    the host could not make the call: fact trips-24m: is unknown, the plugin does not expect that
    the host could not make the call: fact trips-24m: 2147483648 is outside of what a count can be
    the host could not make the call: fact trips-24m: the value is not one of a count
    the host could not make the call: fact spend-24m: the value is not one of a money
    the host could not make the call: fact attr.share: NaN is not a number
    the host could not make the call: fact attr.share: inf is not a number
    the host could not make the call: fact attr.vip: the value is not one of a flag
    the host could not make the call: fact attr.since: -9223372036854775808 is outside of what a day can be
    the host could not make the call: fact segment.value: the value is not one of a text
    ");
    let call = |basket: &Basket, facts: &[Value]| {
        let fault = plugin.decide(&context(), basket, facts).expect_err("the call is wrong");
        format!("{fault}\n")
    };
    let table = posthouse_engine::QuantileTable {
        fact: "trips-24m".into(),
        edges: vec![],
    };
    let mut tables = context();
    tables.quantiles.push(table);
    let tables = plugin
        .decide(&tables, &basket(1), &good)
        .expect_err("the call is wrong");
    let said = [
        call(&basket(1), &good[1..]),
        call(&basket(0), &good),
        call(&basket(101), &good),
        tables.to_string(),
    ]
    .concat();
    insta::assert_snapshot!(said, @r"
    the host could not make the call: 5 facts for 6 declared ones
    the host could not make the call: a basket has 1 to 100 lines, this one has 0
    the host could not make the call: a basket has 1 to 100 lines, this one has 101
    the host could not make the call: a promotion gets no quantile tables
    ");
}
