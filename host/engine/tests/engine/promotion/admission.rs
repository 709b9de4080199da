//! What a promotion is let in with, and refused for.

use super::{PromotionGuest, before, works};
use crate::{Guest, engine, refusal};
use posthouse_engine::{PromotionPlugin, SegmentationPlugin, golden, pack};
use posthouse_tests::guest::Saving;

/// What a promotion is refused for.
fn refused(guest: &PromotionGuest) -> String {
    refusal(&guest.build()).to_string()
}

#[test]
fn a_harmless_promotion_is_let_in() {
    let golden = r#"[{"name": "long not seen", "today": "2026-01-15", "facts": {"recency-days": 400},
        "lines": [{"unit_price": 500000}, {"sku": "H", "kind": "hotel", "destination": "云南", "theme": "sea",
          "departs": "2026-03-01", "travellers": 2, "unit_price": 0, "quantity": 9}],
        "expect": [{"line": 0, "rate": 1000, "reason": "welcome"}]}]"#;
    let bytes = pack::attach(&PromotionGuest::default().build(), Some(golden.as_bytes()), None).expect("a component");
    let admitted = engine().admit(&bytes).expect("nothing is wrong with it");
    assert_eq!(admitted.plugin.extension_point().as_str(), "promotion");
    assert!(admitted.segments.is_empty() && admitted.plugin.segments().is_empty());
    assert_eq!(admitted.plugin.description().name, "harmless-offer");
    let json = serde_json::to_value(&admitted.self_test).expect("it has a JSON form");
    let test = admitted.self_test;
    assert_eq!(test.golden_cases, 1);
    assert!(test.tried > 80, "{test:?}");
    // a line costs the guest as much as the host copies into its memory, nothing else
    assert!(
        test.fuel_per_call > 0 && test.fuel_per_part > 0 && test.full.fuel > test.fuel_per_call,
        "{test:?}"
    );
    assert_eq!(json["baskets_tried"], test.tried);
    assert_eq!(json["full_basket"]["fuel"], test.full.fuel);
    assert_eq!(json["fuel_per_line"], test.fuel_per_part);

    let loaded = engine().loaded(&admitted.digest).expect("it is ready");
    assert!(loaded.front::<SegmentationPlugin>().is_none());
    works(&loaded.front().expect("it is a promotion"));
    let segmentation = engine().admit(&Guest::default().build()).expect("harmless").plugin;
    assert!(segmentation.front::<PromotionPlugin>().is_none());
}

#[test]
fn facts() {
    let fact = |key: &str, kind: &'static str, nullable: bool| PromotionGuest {
        facts: vec![(key.into(), kind, nullable)],
        reasons: vec![("one".into(), format!("{{{key}}}"))],
        ..PromotionGuest::default()
    };
    let said = [
        fact("segment.value", "count", true),
        fact("segment.value", "text", false),
        fact("segment.", "text", true),
        fact("segment.-value", "text", true),
        fact("segment.Value", "text", true),
        fact("segment.a.b", "text", true),
        fact(&format!("segment.{}", "x".repeat(65)), "text", true),
        fact("shoe-size", "count", true),
    ]
    .map(|guest| refused(&guest));
    insta::assert_snapshot!(said.join("\n"), @r#"
    wrong_fact_kind: the fact "segment.value" is declared as `count`, its kind is `text`: the key of the segment
    nullable_fact: the fact "segment.value" can be unknown, as not everyone is in a segment: declare it nullable and handle that; in Rust its field is an `Option<Text>`
    bad_descriptor: facts[0] "segment.": a binding has 1 to 64 lower-case letters, digits and hyphens
    bad_descriptor: facts[0] "segment.-value": a binding has 1 to 64 lower-case letters, digits and hyphens
    bad_descriptor: facts[0] "segment.Value": a binding has 1 to 64 lower-case letters, digits and hyphens
    bad_descriptor: facts[0] "segment.a.b": a binding has 1 to 64 lower-case letters, digits and hyphens
    bad_descriptor: facts[0] "segment.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": a binding has 1 to 64 lower-case letters, digits and hyphens
    unknown_fact: "shoe-size" is not in the catalogue of facts, which `posthouse plugin facts` lists
    "#);
    for key in ["segment.value", "segment.7--a", "attr.vip-level"] {
        engine().admit(&fact(key, "text", true).build()).expect(key);
    }
    let segmentation = Guest {
        facts: vec![
            ("trips-24m".into(), "count", false),
            ("segment.value".into(), "text", true),
        ],
        ..Guest::default()
    };
    insta::assert_snapshot!(refusal(&segmentation.build()), @r#"unknown_fact: facts[1] "segment.value" is a segment; a segmentation cannot read those, or rules would wait for each other"#);
}

#[test]
fn descriptions() {
    let silent = PromotionGuest {
        reasons: vec![],
        ..PromotionGuest::default()
    };
    insta::assert_snapshot!(refused(&silent), @"bad_descriptor: 0 reasons; every offer names one, so declare at least one");
    let nameless = PromotionGuest {
        reasons: vec![("one".into(), "{segment.value}".into())],
        ..PromotionGuest::default()
    };
    insta::assert_snapshot!(refused(&nameless), @"bad_descriptor: reasons[0].text.zh-cn: {segment.value} is neither among the declared facts nor an argument of the reason");
}

#[test]
fn hostile_baskets() {
    let when = |condition: &str| before(&format!("(if {condition} (then unreachable))"));
    let said = [
        when("(i32.eq (local.get $lines_length) (i32.const 100))"),
        when("(i64.eq (i64.load offset=56 (local.get $lines)) (i64.const 100000000000))"),
        when("(i64.eqz (i64.load offset=56 (local.get $lines)))"),
        when("(i32.eq (i32.load offset=48 (local.get $lines)) (i32.const 0x80000000))"),
        when("(i32.eq (local.get $lines_length) (i32.const 10))"),
        when("(i32.gt_u (local.get $channel_length) (i32.const 3))"),
        when("(i64.eq (i64.load offset=8 (local.get $facts)) (i64.const 0x7fffffff))"),
        when("(i32.load8_u offset=16 (local.get $facts)) (i32.eqz)"),
    ]
    .map(|guest| refused(&guest));
    insta::assert_snapshot!(said.join("\n"), @r##"
    self_test_fault: self-test with as many lines as there may be: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}] and 97 more
    self_test_fault: self-test with the largest price: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 10000, "unit_price": 100000000000, "quantity": 10000}]
    self_test_fault: self-test with things that cost nothing: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 0, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 0, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 0, "quantity": 1}]
    self_test_fault: self-test with departures long ago and far away: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "departs": -2147483648, "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "departs": "1969-12-31", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "departs": "1970-01-01", "travellers": 1, "unit_price": 100000, "quantity": 1}] and 4 more
    self_test_fault: self-test with every kind of product: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "hotel", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "flight", "travellers": 1, "unit_price": 100000, "quantity": 1}] and 7 more
    self_test_fault: self-test with an unusual channel: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "渠道 <7>", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}]
    self_test_fault: self-test with the largest facts: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 2147483647, "recency-days": 2147483647}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}]
    self_test_fault: self-test with as many lines as there may be, everything unknown: the plugin stopped: wasm `unreachable` instruction executed (in evaluate); asked about "facts": {"trips-24m": 0, "recency-days": null}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}] and 97 more
    "##);
}

#[test]
fn too_slow_for_a_full_basket() {
    let slow = before(
        "(loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $i) (i32.mul (local.get $lines_length) (i32.const 30000)))))
         (local.set $i (i32.const 0))",
    );
    insta::assert_snapshot!(refused(&slow), @r##"self_test_fault: self-test with as many lines as there may be: the plugin burnt its 20000000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line; asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}, {"sku": "S1", "kind": "tour", "travellers": 1, "unit_price": 100000, "quantity": 1}] and 97 more"##);
}

#[test]
fn golden_cases() {
    let bytes = PromotionGuest {
        schema: r#"{"type":"object","properties":{"edge":{"type":"integer","minimum":1}}}"#.into(),
        reasons: vec![("one".into(), "1".into()), ("two".into(), "2".into())],
        offers: vec![(0, Saving::Rate(1_000), 0), (2, Saving::Amount(7), 1)],
        ..PromotionGuest::default()
    }
    .build();
    let refused = |lines: &str, expect: &str| {
        let cases = format!(r#"[{{"name": "case", "today": "2026-01-15", {lines}, "expect": {expect}}}]"#);
        refusal(&pack::attach(&bytes, Some(cases.as_bytes()), None).expect("the cases have their format")).to_string()
    };
    let three = r#""lines": [{"unit_price": 1}, {"unit_price": 2}, {"unit_price": 3}]"#;
    let one = r#""lines": [{"unit_price": 1}]"#;
    let said = [
        refused(three, "[]"),
        refused(three, r#"[{"line": 2, "amount": 7}, {"line": 0, "rate": 900}]"#),
        refused(three, r#"[{"line": 2, "rate": 7}, {"line": 0, "rate": 1000}]"#),
        refused(
            three,
            r#"[{"line": 2, "amount": 7, "reason": "one"}, {"line": 0, "rate": 1000}]"#,
        ),
        refused(
            three,
            r#"[{"line": 2, "amount": 7}, {"line": 0, "rate": 1000}, {"line": 1, "amount": 1}]"#,
        ),
        refused(one, r#"[{"line": 1, "amount": 7}]"#),
        refused(one, r#"[{"line": 0, "amount": 7}, {"line": 0, "amount": 7}]"#),
        refused(one, r#"[{"line": 0}]"#),
        refused(one, r#"[{"line": 0, "amount": 7, "rate": 7}]"#),
        refused(r#""lines": []"#, "[]"),
        refused(r#""lines": [{"unit_price": 1, "departs": "tomorrow"}]"#, "[]"),
        refused(r#""lines": [{"unit_price": 1, "departs": 1.5}]"#, "[]"),
        refused(r#""lines": [{"unit_price": -1}]"#, "[]"),
        refused(&format!(r#"{one}, "channel": """#), "[]"),
        refused(&format!(r#"{one}, "facts": {{"trips": 1}}"#), "[]"),
        refused(&format!(r#"{one}, "facts": {{"trips-24m": null}}"#), "[]"),
        refused(&format!(r#"{one}, "config": {{"edge": 0}}"#), "[]"),
    ];
    insta::assert_snapshot!(said.join("\n"), @r##"
    golden_case_failed: golden case "case": line 0: offer is rate 1000, expected none; "case": line 2: offer is amount 7, expected none
    golden_case_failed: golden case "case": line 0: saving is rate 1000, expected rate 900
    golden_case_failed: golden case "case": line 2: saving is amount 7, expected rate 7
    golden_case_failed: golden case "case": line 2: reason is "two", expected "one"
    golden_case_failed: golden case "case": line 1: offer is none, expected amount 1
    golden_case_failed: golden case "case": expect: line 1, the basket has 1 lines
    golden_case_failed: golden case "case": expect: line 0 twice; a line gets one offer
    golden_case_failed: golden case "case": expect: line 0 needs either an amount or a rate
    golden_case_failed: golden case "case": expect: line 0 needs either an amount or a rate
    golden_case_failed: golden case "case": a basket has 1 to 100 lines, this one has 0
    golden_case_failed: golden case "case": line 0: departs must be a day like 2026-01-15, it is "tomorrow"
    golden_case_failed: golden case "case": line 0: departs must be a day like 2026-01-15, it is 1.5
    golden_case_failed: golden case "case": line 0: unit_price is -1; it is 0 to 100000000000 minor units
    golden_case_failed: golden case "case": channel: "" is not an id of 1 to 200 bytes
    golden_case_failed: golden case "case": facts: "trips" is not among the facts the plugin declares
    golden_case_failed: golden case "case": facts: trips-24m is null, but the plugin declares it as never unknown
    golden_case_failed: golden case "case": config: /edge: 0 is less than the minimum of 1
    "##);
}

#[test]
fn golden_cases_of_the_other_kind() {
    let promotion = br#"[{"name": "offer", "today": "2026-01-15", "lines": [{"unit_price": 1}], "expect": []}]"#;
    let segmentation = br#"[{"name": "row", "today": "2026-01-15", "rows": [], "expect": []}]"#;
    let with = |bytes: &[u8], cases: &[u8]| {
        refusal(&pack::attach(bytes, Some(cases), None).expect("the cases have their format")).to_string()
    };
    insta::assert_snapshot!(with(&PromotionGuest::default().build(), segmentation), @r#"golden_case_failed: golden case "row": the case has `rows`, as for a segmentation; for a promotion it has the `lines` of a basket"#);
    insta::assert_snapshot!(with(&Guest::default().build(), promotion), @r#"golden_case_failed: golden case "offer": the case has `lines`, as for a promotion; for a segmentation it has `rows` of facts"#);

    let parse = |cases: &str| golden::parse(cases.as_bytes()).expect_err("that is no file of cases");
    let mixed = format!(
        "[{},{}]",
        std::str::from_utf8(&promotion[1..promotion.len() - 1]).expect("text"),
        std::str::from_utf8(&segmentation[1..segmentation.len() - 1]).expect("text")
    );
    insta::assert_snapshot!(parse(&mixed), @"golden cases: 1 of 2 have the lines of a promotion, the others do not; one file has the cases of one extension point");
    insta::assert_snapshot!(parse(r#"[{"name": "x", "today": "2026-01-15", "lines": [{"price": 1}], "expect": []}]"#), @"golden cases: unknown field `price`, expected one of `sku`, `kind`, `destination`, `theme`, `departs`, `travellers`, `unit_price`, `quantity` at line 1 column 56");
    let unknown =
        br#"[{"name": "x", "today": "2026-01-15", "lines": [{"unit_price": 1, "kind": "cruiser"}], "expect": []}]"#;
    let said = with(&PromotionGuest::default().build(), unknown);
    assert!(said.contains("cruiser") && said.contains("tour"), "{said}");
    assert!(golden::parse(b"[]").expect("no cases are cases").is_empty());
}

/// Mismatches in the form that programs read.
#[test]
fn mismatches_name_what_they_are_about() {
    let cases = br#"[{"name": "offer", "today": "2026-01-15", "lines": [{"unit_price": 1}], "expect": []}]"#;
    let plugin = engine()
        .admit(&PromotionGuest::default().build())
        .expect("harmless")
        .plugin;
    let cases = golden::parse(cases).expect("they have their format");
    let results = golden::run(&plugin, &cases);
    assert!(!results[0].passed && results[0].usage.fuel > 0);
    assert_eq!(
        serde_json::to_value(&results[0].mismatches).expect("a JSON form"),
        serde_json::json!([{"line": 0, "field": "offer", "expected": "none", "got": "rate 1000"}])
    );
}
