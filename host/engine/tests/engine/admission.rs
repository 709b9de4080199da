//! What an upload is refused for. Every refusal has its stable code and a sentence.

use crate::{Guest, engine, refusal, works};
use posthouse_engine::pack;

#[test]
fn a_harmless_plugin_is_let_in() {
    let golden = br#"[{"name": "two guests", "today": "2026-01-15",
        "rows": [{"trips-24m": 1}, {"trips-24m": 9, "recency-days": 3}],
        "expect": [{"segment": "rare", "score": 1, "reason": null}, {"segment": "frequent"}]}]"#;
    let bytes = pack::attach(&Guest::default().build(), Some(golden), None).expect("a component");
    let admitted = engine().admit(&bytes).expect("nothing is wrong with it");
    assert_eq!(admitted.digest, posthouse_engine::digest(&bytes));
    assert_eq!(admitted.description.name, "harmless");
    assert_eq!(
        admitted
            .segments
            .iter()
            .map(|segment| segment.key.as_str())
            .collect::<Vec<_>>(),
        ["rare", "frequent"]
    );
    let test = &admitted.self_test;
    assert_eq!(test.golden_cases, 1);
    assert!(test.tried > 8_192);
    assert!((10..100).contains(&test.fuel_per_part), "{test:?}");
    let json = serde_json::to_value(&admitted.self_test).expect("it has a JSON form");
    assert_eq!(json["rows_tried"], test.tried);
    assert_eq!(json["fuel_per_row"], test.fuel_per_part);
    assert_eq!(json["full_chunk"]["fuel"], test.full.fuel);
    assert_eq!(admitted.size, bytes.len());
    works(&admitted.plugin);
    let json = serde_json::to_value(&admitted.description).expect("a description has a JSON form");
    assert_eq!(
        json["facts"][2],
        serde_json::json!({"key": "recency-days", "kind": "count", "nullable": true})
    );
}

#[test]
fn scores_have_a_title_or_none() {
    let titled = |zh: &str, en: &str| Guest {
        score_title: Some((zh.into(), en.into())),
        ..Guest::default()
    };
    let title = |guest: &Guest| {
        let plugin = engine().admit(&guest.build()).expect("nothing is wrong with it").plugin;
        let plugin = plugin
            .front::<posthouse_engine::SegmentationPlugin>()
            .expect("a segmentation");
        plugin
            .score_title()
            .map(|title| (title.zh_cn.clone(), title.en.clone()))
    };
    assert_eq!(title(&titled("次数", "trips")), Some(("次数".into(), "trips".into())));
    assert_eq!(title(&titled("", "trips")), Some(("trips".into(), "trips".into())));
    assert_eq!(title(&Guest::default()), None);
    for (zh, en) in [
        ("", " "),
        ("次数", &*"x".repeat(201)),
        ("次\u{7}数", "trips"),
        ("次\n数", "trips"),
        ("次\u{202e}数", "trips"),
        ("次\u{e0041}数", "trips"),
    ] {
        assert_eq!(refusal(&titled(zh, en).build()).code, "bad_descriptor", "{zh:?} {en:?}");
    }
}

/// A guest that objects to settings with this many bytes: its path is its first fact, its text its name.
fn objecting(length: usize) -> Guest {
    Guest {
        validate: format!(
            "(if (i32.eq (local.get $config_length) (i32.const {length}))
               (then (return (call $object (i32.const 1024) (i32.const 9) (i32.const 1024) (i32.const 9)))))"
        ),
        ..Guest::default()
    }
}

#[test]
fn settings_are_looked_at_by_the_plugin() {
    let plugin = engine()
        .admit(&objecting(10).build())
        .expect("it takes its defaults")
        .plugin;
    assert_eq!(plugin.validate("{}"), Ok(vec![]));
    let problems = plugin.validate(r#"{"edge":3}"#).expect("an answer");
    assert_eq!((problems.len(), problems[0].path.as_str()), (1, "trips-24m"));
    insta::assert_snapshot!(problems[0].words(), @"trips-24m: trips-24m");
    insta::assert_snapshot!(refusal(&objecting(2).build()), @"bad_descriptor: the plugin refuses its own defaults, `{}`: trips-24m: trips-24m");
    let golden = br#"[{"name": "edge", "today": "2026-01-15", "config": {"edge": 3}, "rows": [], "expect": []}]"#;
    let with = posthouse_engine::pack::attach(&objecting(10).build(), Some(golden), None).expect("a component");
    insta::assert_snapshot!(refusal(&with), @r#"golden_case_failed: golden case "edge": config: trips-24m: trips-24m"#);
}

#[test]
fn what_it_finds_wrong_is_hostile_as_well() {
    let with = |validate: &str| {
        let guest = Guest {
            validate: validate.into(),
            ..Guest::default()
        };
        crate::open(&guest).validate("{}")
    };
    // more of them than are told, without a text
    let many = "(local.set $at (call $alloc (i32.const 12)))
        (i32.store8 (local.get $at) (i32.const 1))
        (i32.store offset=4 (local.get $at) (i32.const 300000))
        (i32.store offset=8 (local.get $at) (i32.const 1000))
        (return (local.get $at))";
    let problems = with(many).expect("an answer");
    assert_eq!(problems.len(), 21);
    assert_eq!(problems[20].words().en, "and 980 more");
    assert_eq!(problems[0].words().en, "the plugin does not say why");
    let none = many.replace("(i32.const 1000)", "(i32.const 0)");
    assert_eq!(with(&none).expect("an answer").len(), 1, "it refuses all the same");
    assert_eq!(
        with("(loop $again (br $again))").expect_err("it does not end").code(),
        "out_of_fuel"
    );
    assert_eq!(with("unreachable").expect_err("it stops").code(), "trap");
    let nowhere = many.replace("(i32.const 1000)", "(i32.const 100000000)");
    assert_eq!(with(&nowhere).expect_err("there is no such list").code(), "bad_output");
}

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("the text is valid")
}

#[test]
fn other_files() {
    insta::assert_snapshot!(refusal(b""), @"not_a_component: the file does not begin like a WebAssembly component");
    insta::assert_snapshot!(refusal(b"PK\x03\x04 a zip file"), @"not_a_component: the file does not begin like a WebAssembly component");
    insta::assert_snapshot!(refusal(b"\0asm\x07\0\x01\0"), @"not_a_component: the version in the file's header is not that of a WebAssembly component");
    insta::assert_snapshot!(refusal(&text("(module)")), @"not_a_component: this is a core module; make a component of it with `posthouse plugin build` or `wasm-tools component new`");
    let random: Vec<u8> = (0..4_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    insta::assert_snapshot!(refusal(&random), @"not_a_component: the file does not begin like a WebAssembly component");
    let random = [b"\0asm\x0d\0\x01\0", random.as_slice()].concat();
    insta::assert_snapshot!(refusal(&random), @"truncated: the file ends in the middle, after 11 bytes; upload it again");
}

#[test]
fn cut_off_anywhere() {
    let whole = Guest::default().build();
    for end in [4, 9, 100, whole.len() / 2, whole.len() - 1] {
        assert_eq!(refusal(&whole[..end]).code, "truncated", "{end}");
    }
    insta::assert_snapshot!(refusal(&whole[..100]), @"truncated: the file ends in the middle, after 82 bytes; upload it again");
}

#[test]
fn every_flipped_byte_is_survived() {
    let whole = Guest::default().build();
    for at in (8..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let _ = engine().admit(&bytes);
    }
    works(&crate::open(&Guest::default()));
}

#[test]
fn machine_code_from_outside() {
    let compiled = wasmtime::Engine::default()
        .precompile_component(&Guest::default().build())
        .expect("wasmtime compiles what the engine compiles");
    insta::assert_snapshot!(refusal(&compiled), @"precompiled_refused: the file holds machine code; upload the component (.wasm) itself, this host compiles it");
    assert_eq!(refusal(b"\x7fELF\x02\x01\x01").code, "precompiled_refused");
}

#[test]
fn imports() {
    insta::assert_snapshot!(refusal(&text(r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#)), @"wasi_import: the component imports wasi:cli/environment@0.2.0; plugins have no files, clock, network or randomness. Build for wasm32-unknown-unknown, or stub WASI when componentizing");
    insta::assert_snapshot!(refusal(&text(r#"(component (import "evil:net/socket@1.0.0" (instance)))"#)), @"unknown_import: the component imports evil:net/socket@1.0.0; the only import allowed is posthouse:plugin/log");
    insta::assert_snapshot!(refusal(&text(r#"(component (import "posthouse:plugin/clock@1.0.0" (instance)))"#)), @"unknown_import: the component imports posthouse:plugin/clock@1.0.0; the only import allowed is posthouse:plugin/log");
    insta::assert_snapshot!(refusal(&text(r#"(component (import "posthouse:plugin/log@1.4.0" (instance)))"#)), @"unsupported_contract: the component imports posthouse:plugin/log@1.4.0; this host speaks 1.0");
    insta::assert_snapshot!(refusal(&text(r#"(component (import "now" (func)))"#)), @"unknown_import: the component imports now; the only import allowed is posthouse:plugin/log");
}

#[test]
fn exports() {
    insta::assert_snapshot!(refusal(&text("(component)")), @"unsupported_contract: the export posthouse:plugin/descriptor@1.0.0 is missing; the component exports nothing. A plugin exports its descriptor and the extension point it serves");
    let export = |names: &[&str]| {
        let exports: String = names
            .iter()
            .map(|name| format!("(export \"{name}\" (instance $i))"))
            .collect();
        text(&format!("(component (instance $i) {exports})"))
    };
    let newer = [
        "posthouse:plugin/descriptor@1.0.0",
        "posthouse:plugin/segmentation@2.0.0",
    ];
    insta::assert_snapshot!(refusal(&export(&newer)), @"unsupported_contract: the component exports posthouse:plugin/segmentation@2.0.0; this host speaks 1.0: update the host or build against 1.0");
    let with = |points: &[&str]| {
        let names: Vec<String> = ["descriptor@1.0.0"]
            .iter()
            .chain(points)
            .map(|name| format!("posthouse:plugin/{name}"))
            .collect();
        refusal(&export(&names.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    insta::assert_snapshot!(with(&[]), @"unsupported_contract: the export posthouse:plugin/segmentation@1.0.0 or posthouse:plugin/promotion@1.0.0 or posthouse:plugin/loyalty@1.0.0 or posthouse:plugin/complaint-routing@1.0.0 is missing; the component exports posthouse:plugin/descriptor@1.0.0. A plugin exports its descriptor and the extension point it serves");
    insta::assert_snapshot!(with(&["promotion@2.1.0"]), @"unsupported_contract: the component exports posthouse:plugin/promotion@2.1.0; this host speaks 1.0: update the host or build against 1.0");
    insta::assert_snapshot!(with(&["promotion@0.9.0"]), @"unsupported_contract: the component exports posthouse:plugin/promotion@0.9.0; this host speaks 1.0: build against 1.0");
    insta::assert_snapshot!(with(&["segmentation@1.0.0", "promotion@1.0.0"]), @"several_extension_points: the component serves segmentation and promotion; a plugin serves exactly one extension point: make a component for each");
    insta::assert_snapshot!(with(&["promotion@1.0.0", "care@1.0.0"]), @"several_extension_points: the component serves promotion and care; a plugin serves exactly one extension point: make a component for each");
    insta::assert_snapshot!(with(&["care@1.0.0"]), @"unsupported_contract: the component serves the extension point care, which this host does not speak yet; it speaks segmentation, promotion, loyalty and complaint-routing");
    insta::assert_snapshot!(with(&["promotion@1.0.0"]), @"unsupported_contract: the component does not export posthouse:plugin/descriptor@1.0.0#describe; build it with this release's SDK, which `posthouse plugin upgrade` brings into a project");
    let hollow = [
        "posthouse:plugin/descriptor@1.0.0",
        "posthouse:plugin/segmentation@1.0.0",
    ];
    insta::assert_snapshot!(refusal(&export(&hollow)), @"unsupported_contract: the component does not export posthouse:plugin/descriptor@1.0.0#describe; build it with this release's SDK, which `posthouse plugin upgrade` brings into a project");
}

#[test]
fn modules_that_want_too_much() {
    let module = |inside: &str| refusal(&text(&format!("(component (core module {inside}))")));
    insta::assert_snapshot!(module("(memory i64 1)"), @"memory64: a memory has 64-bit addresses; build for wasm32");
    insta::assert_snapshot!(module("(memory 1 2 shared)"), @"threads: a memory is shared between threads; build without threads");
    insta::assert_snapshot!(module("(memory 600)"), @"memory_too_large: the memories begin with 39321600 bytes, 33554432 are allowed");
    insta::assert_snapshot!(module("(table 100000 funcref)"), @"table_too_large: a table begins with 100000 elements, 20000 are allowed");
    insta::assert_snapshot!(module(&"(func)".repeat(20_001)), @"too_many_functions: 20001 functions or more, 20000 are allowed: leave out what is not used");
    let nested = "(component ".repeat(6) + &")".repeat(6);
    insta::assert_snapshot!(refusal(&text(&nested)), @"too_deep: components are nested deeper than 4; link them into one");
    insta::assert_snapshot!(refusal(&vec![0; (2 << 20) + 1]), @"too_large: 2097153 bytes, 2097152 are allowed: build with optimisation for size and strip debug info");
}

#[test]
fn atomics_and_relaxed_simd() {
    let with = |code: &str| format!("(component (core module (memory 1) (func {code})))");
    let ours = |wat: &str| {
        let mut bytes = Guest::default().build();
        // a further module beside the ones of a plugin that exports what it must
        bytes.extend_from_slice(&text(wat)[8..]);
        refusal(&bytes)
    };
    insta::assert_snapshot!(ours(&with("(drop (i32.atomic.load (i32.const 0)))")), @"threads: threads support is not enabled (at byte 9046)");
    insta::assert_snapshot!(ours(&with("(drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0)))")), @"invalid: relaxed SIMD support is not enabled (at byte 9080)");
}

#[test]
fn descriptors() {
    let refused = |guest: Guest| refusal(&guest.build());
    insta::assert_snapshot!(refused(Guest { describe: "unreachable".into(), ..Guest::default() }), @"bad_descriptor: the plugin stopped: wasm `unreachable` instruction executed (in function 3)");
    let broken = "(i32.store8 (i32.const 1024) (i32.const 255))";
    insta::assert_snapshot!(refused(Guest { describe: broken.into(), ..Guest::default() }), @"bad_descriptor: the plugin's answer is not usable: describe(): invalid utf-8 sequence of 1 bytes from index 0");
    insta::assert_snapshot!(refused(Guest { name: "Not kebab".into(), ..Guest::default() }), @r#"bad_descriptor: name "Not kebab" must be lower-case words joined by hyphens"#);
    insta::assert_snapshot!(refused(Guest { version: "1.0".into(), ..Guest::default() }), @r#"bad_descriptor: version "1.0" is not a semantic version: unexpected end of input while parsing minor version number"#);
    insta::assert_snapshot!(refused(Guest { title: ("".into(), " ".into()), ..Guest::default() }), @"bad_descriptor: title has no text; give it in one language at least, best in zh-CN and en");
    insta::assert_snapshot!(refused(Guest { title: ("题".into(), "x".repeat(201)), ..Guest::default() }), @"bad_descriptor: title.en has 201 bytes, 200 are allowed");
    insta::assert_snapshot!(refused(Guest { segments: vec!["a".into(), "a".into()], ..Guest::default() }), @r#"bad_descriptor: segments[1].key "a" is used twice"#);
    insta::assert_snapshot!(refused(Guest { segments: vec![], ..Guest::default() }), @"bad_descriptor: 0 segments; declare 1 to 1000");
    insta::assert_snapshot!(refused(Guest { segments: (0..1_001).map(|n| format!("s{n}")).collect(), ..Guest::default() }), @"bad_descriptor: 1001 segments; declare 1 to 1000");
}

#[test]
fn facts() {
    let refused = |key: &str, kind: &'static str, nullable: bool| {
        let facts = vec![("trips-24m".into(), "count", false), (key.into(), kind, nullable)];
        refusal(
            &Guest {
                facts,
                ..Guest::default()
            }
            .build(),
        )
    };
    insta::assert_snapshot!(refused("shoe-size", "count", true), @r#"unknown_fact: "shoe-size" is not in the catalogue of facts, which `posthouse plugin facts` lists"#);
    insta::assert_snapshot!(refused("trips-12m", "money", false), @r#"wrong_fact_kind: the fact "trips-12m" is declared as `money`, its kind is `count`; in Rust its field is `i32`"#);
    insta::assert_snapshot!(refused("recency-days", "count", false), @r#"nullable_fact: the fact "recency-days" can be unknown: declare it nullable and handle that; in Rust its field is an `Option<i32>`"#);
    insta::assert_snapshot!(refused("trips-24m", "count", false), @r#"bad_descriptor: facts[1] "trips-24m" is declared twice"#);
    let facts = vec![
        ("trips-24m".into(), "count", true),
        ("attr.vip-level".into(), "text", true),
    ];
    let reasons = vec![("vip".into(), "{attr.vip-level} ({trips-24m})".into())];
    engine()
        .admit(
            &Guest {
                facts,
                reasons,
                ..Guest::default()
            }
            .build(),
        )
        .expect("attributes are checked at binding");
}

#[test]
fn quantiles_and_reasons() {
    let quantile = |fact: &str, buckets, among: Option<&str>| {
        let quantiles = vec![(fact.into(), buckets, among.map(Into::into))];
        refusal(
            &Guest {
                quantiles,
                ..Guest::default()
            }
            .build(),
        )
    };
    insta::assert_snapshot!(quantile("spend-24m", 5, None), @r#"bad_descriptor: quantiles[0].fact "spend-24m" is not among the declared facts"#);
    insta::assert_snapshot!(quantile("trips-24m", 1, None), @"bad_descriptor: quantiles[0].buckets is 1; ask for 2 to 1000");
    insta::assert_snapshot!(quantile("trips-24m", 5, Some("open-complaints")), @r#"bad_descriptor: quantiles[0].among "open-complaints" is not among the declared facts"#);
    let reason = |code: &str, text: &str| {
        let reasons = vec![("first".into(), "x".into()), (code.into(), text.into())];
        refusal(
            &Guest {
                reasons,
                ..Guest::default()
            }
            .build(),
        )
    };
    insta::assert_snapshot!(reason("first", "y"), @r#"bad_descriptor: reasons[1].code "first" is used twice"#);
    insta::assert_snapshot!(reason("second", "{spend-24m} spent"), @"bad_descriptor: reasons[1].text.zh-cn: {spend-24m} is neither among the declared facts nor an argument of the reason");
    insta::assert_snapshot!(reason("second", "{trips-24m spent"), @"bad_descriptor: reasons[1].text.zh-cn: a brace without its partner");
    insta::assert_snapshot!(reason("second", &"x".repeat(201)), @"bad_descriptor: reasons[1].text.zh-cn has 201 bytes, 200 are allowed");
}

#[test]
fn state_carried_by_row_position() {
    let refused = |guest: &Guest| {
        let told = refusal(&guest.build()).to_string();
        let (told, row) = told.split_once("; asked about row ").expect("the row is shown");
        assert!(row.contains(r#""trips-24m": "#), "{row}");
        told.to_owned()
    };
    let neighbours = Guest {
        segment: "(i32.and (local.get $i) (i32.const 1))".into(),
        ..Guest::default()
    };
    insta::assert_snapshot!(refused(&neighbours), @"row_dependence: row 1 of the self-test gets another segment with fewer rows around it: decide each row by itself, without counters, `static`s, neighbours or the row's place; ask for quantiles to learn about the population");
    let total = Guest {
        score: "(f32.convert_i32_s (local.get $rows))".into(),
        ..Guest::default()
    };
    insta::assert_snapshot!(refused(&total), @"row_dependence: row 0 of the self-test gets another score with fewer rows around it: decide each row by itself, without counters, `static`s, neighbours or the row's place; ask for quantiles to learn about the population");
}

#[test]
fn scores_left_out_count_as_zero() {
    let scored = "(i32.gt_u (local.get $scores) (i32.const 100))";
    let guest = Guest {
        scored: scored.into(),
        score: "(f32.const 0)".into(),
        ..Guest::default()
    };
    let plugin = engine()
        .admit(&guest.build())
        .expect("a small chunk may go without")
        .plugin;
    let answer = crate::classify(&plugin, &[1]).expect("harmless");
    assert_eq!(
        (&answer.score, answer.score_of(0), answer.reason_of(0)),
        (&None, 0.0, posthouse_engine::NONE)
    );
}

#[test]
fn too_slow_for_a_full_chunk() {
    let extra = "(func $slow (local $n i32) (loop $l (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const 3000)))))";
    let segment = "(call $slow) (i32.const 0)";
    let refused = refusal(
        &Guest {
            extra: extra.into(),
            segment: segment.into(),
            ..Guest::default()
        }
        .build(),
    );
    insta::assert_snapshot!(refused, @"self_test_fault: self-test with a full chunk: the plugin burnt its 60960000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line");
}

#[test]
fn hostile_rows() {
    let segment = "(if (i32.eq (local.get $v) (i32.const 0x7fffffff)) (then unreachable)) (i32.const 0)";
    insta::assert_snapshot!(refusal(&Guest { segment: segment.into(), ..Guest::default() }.build()), @r##"self_test_fault: self-test with the largest values: the plugin stopped: wasm `unreachable` instruction executed (in classify); asked about row 0: {"trips-24m": 2147483647, "trips-12m": 2147483647, "recency-days": 2147483647}"##);
}

#[test]
fn golden_cases() {
    let bytes = Guest {
        quantiles: vec![("trips-24m".into(), 3, None)],
        ..Guest::default()
    }
    .build();
    let refused = |rows: &str, expect: &str| {
        let cases = format!(r#"[{{"name": "case", "today": "2026-01-15", {rows}, "expect": {expect}}}]"#);
        refusal(&pack::attach(&bytes, Some(cases.as_bytes()), None).expect("the cases have their format"))
    };
    let none = r#"[{"segment": null}]"#;
    insta::assert_snapshot!(refused(r#""rows": [{"trips-24m": 9}]"#, r#"[{"segment": "rare"}]"#), @r#"golden_case_failed: golden case "case": row 0: segment is "frequent", expected "rare""#);
    insta::assert_snapshot!(refused(r#""rows": [{}]"#, r#"[{"segment": "rare", "score": 1.5}]"#), @r#"golden_case_failed: golden case "case": row 0: score is 0, expected 1.5"#);
    insta::assert_snapshot!(refused(r#""rows": [{}]"#, r#"[{"segment": "rare", "reason": "few-trips"}]"#), @r#"golden_case_failed: golden case "case": row 0: reason is none, expected "few-trips""#);
    insta::assert_snapshot!(refused(r#""rows": [{"trips": 9}]"#, none), @r#"golden_case_failed: golden case "case": row 0: "trips" is not among the facts the plugin declares"#);
    insta::assert_snapshot!(refused(r#""rows": [{"trips-24m": "nine"}]"#, none), @r#"golden_case_failed: golden case "case": row 0: trips-24m must be a whole number from -2147483648 to 2147483647, it is "nine""#);
    insta::assert_snapshot!(refused(r#""rows": [{"trips-24m": null}]"#, none), @r#"golden_case_failed: golden case "case": row 0: trips-24m is null, but the plugin declares it as never unknown"#);
    insta::assert_snapshot!(refused(r#""rows": []"#, none), @r#"golden_case_failed: golden case "case": 0 rows but 1 expected answers"#);
    insta::assert_snapshot!(refused(r#""config": {"edge": 0}, "rows": [{}]"#, none), @r#"golden_case_failed: golden case "case": config: /edge: 0 is less than the minimum of 1"#);
    insta::assert_snapshot!(refused(r#""quantiles": {"trips-12m": [1]}, "rows": [{}]"#, none), @r#"golden_case_failed: golden case "case": quantiles: the plugin does not ask for a table of "trips-12m""#);
    insta::assert_snapshot!(refused(r#""quantiles": {"trips-24m": [1]}, "rows": [{}]"#, none), @r#"golden_case_failed: golden case "case": quantiles: "trips-24m" needs 2 rising edges, or none"#);
}
