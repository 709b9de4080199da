//! Components that would cost whoever lets them in more than they are worth.

use crate::{engine, refusal};
use posthouse_engine::{Engine, EngineConfig, Limits, pack};
use posthouse_tests::guest::{Guest, PromotionGuest, costly};
use std::time::{Duration, Instant};

#[test]
fn functions_that_take_long_to_compile() {
    insta::assert_snapshot!(refusal(&costly::long_function(150_000)), @"too_costly_to_compile: the function at byte 1269 has 1350002 bytes, 131072 are allowed: split it");
    insta::assert_snapshot!(refusal(&costly::nested_loops(1, 2_000, 10)), @"too_costly_to_compile: the function at byte 1265 has 2000 locals, 1000 are allowed: split it");
    insta::assert_snapshot!(refusal(&costly::nested_loops(1, 10, 1_000)), @"too_costly_to_compile: the function at byte 1265 has 513 blocks inside each other, 512 are allowed: split it");
    engine()
        .admit(&costly::nested_loops(1, 100, 500))
        .expect("it is unusual, no more");
}

#[test]
fn lists_that_are_written_out() {
    insta::assert_snapshot!(refusal(&costly::written_out_tables(20, 20_000)), @"too_costly_to_compile: 400000 elements in its tables' segments or more, 20000 are allowed: leave out what is not used");
    insta::assert_snapshot!(refusal(&costly::scattered_data(90_000)), @"too_costly_to_compile: 90002 data segments or more, 1000 are allowed: leave out what is not used");
    insta::assert_snapshot!(refusal(&costly::many_types(16_000)), @"too_costly_to_compile: 16010 types or more, 4000 are allowed: leave out what is not used");
    insta::assert_snapshot!(refusal(&costly::many_exports(2_000)), @"too_costly_to_compile: 2000 exports or more, 1000 are allowed: leave out what is not used");
}

#[test]
fn an_empty_memory_takes_no_room_in_machine_code() {
    let home = tempfile::tempdir().expect("a folder");
    let engine = Engine::new(EngineConfig {
        cache_dir: Some(home.path().to_owned()),
        ..EngineConfig::default()
    })
    .expect("an engine");
    engine
        .admit(&costly::sparse_memory())
        .expect("nothing is wrong with it");
    let files = std::fs::read_dir(home.path()).expect("the cache");
    let bytes: u64 = files
        .map(|file| file.and_then(|file| file.metadata()).expect("a file").len())
        .sum();
    assert!((1..1 << 20).contains(&bytes), "{bytes} bytes for two that are not zero");
}

#[test]
fn a_panic_of_a_library_is_a_refusal() {
    let digest = posthouse_engine::digest(&costly::text_between_components());
    let refused = refusal(&costly::text_between_components());
    assert_eq!(refused.code, "check_broke_down");
    assert!(
        refused.detail.en.ends_with(&digest) && refused.detail.zh.contains(&digest),
        "{refused}"
    );
    crate::works(&crate::open(&Guest::default()));
}

/// What comes of a schema, and how long it took.
fn schema(schema: String) -> (Result<(), String>, Duration) {
    let guest = Guest {
        schema,
        ..Guest::default()
    }
    .build();
    let begin = Instant::now();
    let admitted = engine().admit(&guest);
    (admitted.map(drop).map_err(|error| error.to_string()), begin.elapsed())
}

#[test]
fn schemas_of_many_patterns() {
    let refused = |text: String| schema(text).0.expect_err("it is too much");
    insta::assert_snapshot!(refused(costly::schema_of_patterns(300)), @"bad_config_schema: the schema has 300 different patterns, 64 are allowed");
    insta::assert_snapshot!(refused(costly::schema_of_patterns(64)), @r#"bad_config_schema: the schema is not valid JSON Schema 2020-12: "\\p{L}{22}0" is not a "regex"; a pattern has no look-around and no back-references, and may take 64 KiB when it is compiled, as one of 64"#);
    let long = format!(r#"{{"properties":{{"x":{{"pattern":"{}"}}}}}}"#, "a|".repeat(3_000));
    insta::assert_snapshot!(refused(long), @"bad_config_schema: the patterns of the schema have 6000 bytes together, 4096 are allowed");
    let one = schema(costly::schema_of_patterns(1)).0;
    assert_eq!(one, Ok(()), "one of them is nobody's burden");
    // the most that patterns may have of what is dearest to look up
    let classes = vec![r"\\p{L}"; 680].join("|");
    let (_, took) = schema(format!(r#"{{"properties":{{"x":{{"pattern":"(?i){classes}"}}}}}}"#));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn schemas_that_lead_from_one_part_to_the_next() {
    let chain: Vec<String> = (0..2_000)
        .map(|at| format!(r##""a{at}":{{"$ref":"#/$defs/a{}"}}"##, at + 1))
        .collect();
    let text = format!(
        r##"{{"properties":{{"x":{{"$ref":"#/$defs/a0"}}}},"$defs":{{{},"a2000":{{}}}}}}"##,
        chain.join(",")
    );
    insta::assert_snapshot!(schema(text).0.expect_err("it is too deep"), @"bad_config_schema: with its references written out the schema is nested deeper than 256");
}

#[test]
fn golden_cases_that_are_none() {
    let refused = |cases: &str| refusal(&costly::with_golden(cases));
    insta::assert_snapshot!(refused(r#"[{"name": 7, "rows": {}}]"#), @"golden_case_failed: golden cases: invalid type: integer `7`, expected a string at line 1 column 11");
    insta::assert_snapshot!(refused(r#"[{"name": "a", "today": "2026-01-15", "rows": {}}]"#), @"golden_case_failed: golden cases: invalid type: map, expected a sequence at line 1 column 46");
    insta::assert_snapshot!(refused(r#"{"rows": "#), @"golden_case_failed: golden cases: invalid type: map, expected a sequence at line 1 column 0");
}

fn with_cases(guest: &[u8], cases: &str) -> Vec<u8> {
    pack::attach(guest, Some(cases.as_bytes()), None).expect("a component")
}

#[test]
fn golden_cases_are_counted_before_they_are_built() {
    let guest = Guest::default().build();
    let refused = |cases: &str| refusal(&with_cases(&guest, cases));
    insta::assert_snapshot!(refused(&costly::golden_of_rows(95_000)), @"golden_case_failed: the golden cases have 1900058 bytes together, 524288 are allowed");
    insta::assert_snapshot!(refused(&costly::golden_of_rows(20_000)), @"golden_case_failed: the golden cases have 20000 rows or lines together, 10000 are allowed");
    let many = vec![r#"{"name":"a","today":"2026-01-15","rows":[],"expect":[]}"#; 201].join(",");
    insta::assert_snapshot!(refused(&format!("[{many}]")), @"golden_case_failed: 201 golden cases, 200 are allowed");
    let lines = vec![r#"{"unit_price":1}"#; 10_001].join(",");
    let cases = format!(r#"[{{"name":"a","today":"2026-01-15","lines":[{lines}],"expect":[]}}]"#);
    insta::assert_snapshot!(refusal(&with_cases(&PromotionGuest::default().build(), &cases)), @"golden_case_failed: the golden cases have 10001 rows or lines together, 10000 are allowed");
}

#[test]
fn golden_cases_stop_at_the_first_failures() {
    // each case burns all of its fuel
    let endless = Guest {
        before: "(if (i32.eq (local.get $rows) (i32.const 1)) (then (loop $again (br $again))))".into(),
        ..Guest::default()
    }
    .build();
    let case = |number: usize| {
        format!(r#"{{"name":"{number}","today":"2026-01-15","rows":[{{}}],"expect":[{{"segment":null}}]}}"#)
    };
    let cases: Vec<String> = (0..200).map(case).collect();
    let begin = Instant::now();
    let refused = refusal(&with_cases(&endless, &format!("[{}]", cases.join(","))));
    assert!(
        refused.detail.en.contains(r#""19""#) && !refused.detail.en.contains(r#""20""#),
        "{refused}"
    );
    assert!(begin.elapsed() < Duration::from_secs(60));
}

#[test]
fn golden_cases_share_their_fuel() {
    let guest = Guest::default();
    let case = r#"{"name":"one","today":"2026-01-15","rows":[{"trips-24m":5}],"expect":[{"segment":"frequent"}]}"#;
    let packed = with_cases(&guest.build(), &format!("[{case},{case},{case}]"));
    engine().admit(&packed).expect("they are few");
    let engine = Engine::new(EngineConfig {
        limits: Limits {
            golden_fuel: 100,
            ..Limits::default()
        },
        ..EngineConfig::default()
    })
    .expect("an engine");
    insta::assert_snapshot!(engine.admit(&packed).expect_err("they burn more"), @r#"golden_case_failed: the golden cases burn more than 100 units of fuel together; there are 2 after "one": leave some out"#);
}
