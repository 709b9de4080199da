//! Which row brings a rule to fail, and what its author is shown of it.

use crate::promotion::{basket, facts, open as open_promotion};
use crate::{Guest, classify, context, engine, open, refusal, segmentation};
use posthouse_engine::{Column, ColumnBuffer, Value, golden, pack};
use posthouse_tests::guest::PromotionGuest;

/// Traps for whoever has exactly so many trips.
fn touchy(trips: i32) -> Guest {
    let segment = format!(
        "(if (result i32) (i32.eq (local.get $v) (i32.const {trips})) (then unreachable) (else (i32.const 0)))"
    );
    Guest {
        segment,
        ..Guest::default()
    }
}

#[test]
fn a_fault_names_the_row() {
    let plugin = open(&touchy(4_711));
    for rows in [1, 2, 63, 64, 65, 1_000, 8_192] {
        for bad in [0, rows / 2, rows - 1] {
            let mut trips: Vec<i32> = (0..rows).map(|row| row % 7).collect();
            trips[bad as usize] = 4_711;
            let fault = classify(&plugin, &trips).expect_err("a row traps");
            assert_eq!((fault.code(), fault.row), ("trap", Some(bad as usize)), "of {rows}");
        }
    }
    let several = [1, 4_711, 2, 4_711, 4_711, 3];
    assert_eq!(classify(&plugin, &several).expect_err("three rows trap").row, Some(1));
}

#[test]
fn every_kind_of_fault_names_the_row() {
    let before_the_answer = |guest: Guest| classify(&open(&guest), &[1, 2, 9, 3]).expect_err("row 2 is bad");
    let endless = Guest {
        segment: "(if (i32.eq (local.get $v) (i32.const 9)) (then (loop $again (br $again)))) (i32.const 0)".into(),
        ..Guest::default()
    };
    let fault = before_the_answer(endless);
    assert_eq!((fault.code(), fault.row), ("out_of_fuel", Some(2)));
    let greedy = Guest {
        segment:
            "(if (i32.eq (local.get $v) (i32.const 9)) (then (drop (memory.grow (i32.const 10000))))) (i32.const 0)"
                .into(),
        ..Guest::default()
    };
    let fault = before_the_answer(greedy);
    assert_eq!((fault.code(), fault.row), ("memory", Some(2)));
    let wrong = Guest {
        segment: "(select (i32.const 7) (i32.const 0) (i32.eq (local.get $v) (i32.const 9)))".into(),
        ..Guest::default()
    };
    let fault = before_the_answer(wrong);
    assert_eq!((fault.code(), fault.row), ("bad_output", Some(2)));
}

#[test]
fn facts_of_every_kind_come_through_the_search() {
    let kinds = [
        ("trips-24m", "count"),
        ("attr.visits", "money"),
        ("attr.share", "number"),
        ("attr.vip", "flag"),
        ("attr.since", "day"),
        ("home-city", "text"),
    ];
    let guest = Guest {
        facts: kinds.map(|(key, kind)| (key.into(), kind, key != "trips-24m")).to_vec(),
        reasons: vec![],
        ..touchy(9)
    };
    let plugin = segmentation(&open(&guest));
    let row = |trips: i64| {
        vec![
            Value::Int(trips),
            if trips % 2 == 0 {
                Value::Null
            } else {
                Value::Int(i64::MAX)
            },
            Value::Number(0.5),
            Value::Flag(trips % 3 == 0),
            Value::Int(20_468),
            if trips % 5 == 0 {
                Value::Null
            } else {
                Value::Text(format!("城{trips}"))
            },
        ]
    };
    let rows: Vec<Vec<Value>> = (0..40).map(|n| row(if n == 29 { 9 } else { 100 + n })).collect();
    let mut buffers: Vec<ColumnBuffer> = plugin
        .description()
        .facts
        .iter()
        .map(|fact| ColumnBuffer::new(fact.kind))
        .collect();
    for row in &rows {
        for (buffer, value) in buffers.iter_mut().zip(row) {
            buffer.push(value);
        }
    }
    let columns: Vec<Column<'_>> = buffers.iter().map(ColumnBuffer::as_column).collect();
    let fault = plugin
        .classify(&context(), rows.len(), &columns)
        .expect_err("row 29 traps");
    assert_eq!(fault.row, Some(29));
}

#[test]
fn what_is_no_rows_fault_names_none() {
    let always = Guest {
        before: "unreachable".into(),
        ..Guest::default()
    };
    assert_eq!(classify(&open(&always), &[1, 2]).expect_err("it traps").row, None);
    let refuses = Guest {
        before: "(return (call $refuse (i32.const 1024) (i32.const 9)))".into(),
        ..Guest::default()
    };
    assert_eq!(classify(&open(&refuses), &[1, 2]).expect_err("it refuses").row, None);
    let many = Guest {
        before: "(if (i32.gt_u (local.get $rows) (i32.const 5)) (then unreachable))".into(),
        ..Guest::default()
    };
    assert_eq!(
        classify(&open(&many), &[1; 9]).expect_err("nine are too many").row,
        None
    );
}

fn only(bytes: &[u8], cases: &str) -> golden::CaseResult {
    let packed = pack::attach(bytes, Some(cases.as_bytes()), None).expect("the cases have their format");
    let plugin = engine()
        .open(&posthouse_engine::digest(&packed), &packed)
        .expect("the description is harmless");
    let cases = pack::golden_cases(&packed).expect("the cases are inside");
    golden::run(&plugin, &cases).remove(0)
}

#[test]
fn a_golden_case_shows_the_row_and_the_basket() {
    let case = r#"[{"name": "case", "today": "2026-01-15",
        "rows": [{"trips-24m": 1}, {"trips-24m": 3, "recency-days": 12}, {"trips-24m": 2}],
        "expect": [{"segment": null}, {"segment": null}, {"segment": null}]}]"#;
    let result = only(&touchy(3).build(), case);
    let row = r#"row 1: {"trips-24m": 3, "trips-12m": 0, "recency-days": 12}"#;
    assert_eq!(result.asked.as_ref().map(|asked| asked.en.as_str()), Some(row));
    assert!(
        result.problems()[0].en.ends_with(&format!("; asked about {row}")),
        "{:?}",
        result.problems()
    );

    let offer = PromotionGuest {
        before: "unreachable".into(),
        ..PromotionGuest::default()
    };
    let case = r#"[{"name": "case", "today": "2026-01-15", "facts": {"trips-24m": 3},
        "lines": [{"unit_price": 500, "departs": "2026-03-01"}], "expect": []}]"#;
    let asked = r#""facts": {"trips-24m": 3, "recency-days": null}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "departs": "2026-03-01", "travellers": 1, "unit_price": 500, "quantity": 1}]"#;
    let result = only(&offer.build(), case);
    assert_eq!(result.asked.map(|asked| asked.en).as_deref(), Some(asked));
}

#[test]
fn a_refusal_shows_the_row_and_the_basket() {
    let refused = refusal(&touchy(i32::MAX).build());
    assert_eq!(refused.code, "self_test_fault");
    let row = r#"asked about row 0: {"trips-24m": 2147483647, "trips-12m": 2147483647, "recency-days": 2147483647}"#;
    assert!(refused.detail.en.ends_with(row), "{refused}");
    // a basket with a price that nobody asks
    let offer = PromotionGuest {
        before: "(if (i64.gt_s (i64.load offset=56 (local.get $lines)) (i64.const 90000000000)) (then unreachable))"
            .into(),
        ..PromotionGuest::default()
    };
    let refused = refusal(&offer.build());
    assert_eq!(refused.code, "self_test_fault");
    let asked = r#"asked about "facts": {"trips-24m": 0, "recency-days": 0}, "channel": "app", "lines": [{"sku": "S1", "kind": "tour", "travellers": 10000, "unit_price": 100000000000, "quantity": 10000}]"#;
    assert!(refused.detail.en.ends_with(asked), "{refused}");
}

#[test]
fn a_promotions_fault_names_no_row() {
    let offer = PromotionGuest {
        before: "unreachable".into(),
        ..PromotionGuest::default()
    };
    let fault = open_promotion(&offer)
        .decide(&context(), &basket(3), &facts())
        .expect_err("it traps");
    assert_eq!((fault.code(), fault.row), ("trap", None));
}
