//! A further extension point: let in, tried, asked and measured by the same machinery as those of the host, which knows nothing of it.

mod point;

use crate::{Guest, context, undrawn, works};
use point::Voice;
use posthouse_engine::{
    Decider, Engine, EngineConfig, ExtensionPoint, LoadError, Points, PromotionPlugin, golden, pack,
};
use posthouse_tests::guest::VoiceGuest;
use std::sync::OnceLock;
use std::time::Duration;

fn points() -> Points {
    Points::default().with(ExtensionPoint::of::<Voice>())
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let config = EngineConfig {
            points: points(),
            ..EngineConfig::default()
        };
        Engine::new(config).expect("an engine")
    })
}

/// Calls back whoever gave a three.
fn three() -> VoiceGuest {
    VoiceGuest {
        score: 3,
        ..VoiceGuest::default()
    }
}

fn with_cases(guest: &VoiceGuest, cases: &str) -> Vec<u8> {
    pack::attach_for(&points(), &guest.build(), Some(cases.as_bytes()), None).expect("the cases have their format")
}

fn refused(engine: &Engine, bytes: &[u8]) -> String {
    match engine.admit(bytes) {
        Err(LoadError::Refused(refusal)) => undrawn(refusal).to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

const CASES: &str =
    r#"[{"name": "unhappy", "score": 3, "expect": true}, {"name": "happy", "score": 9, "expect": false}]"#;

#[test]
fn it_is_let_in_and_asked() {
    let admitted = engine().admit(&with_cases(&three(), CASES)).expect("harmless");
    assert_eq!(admitted.plugin.extension_point().as_str(), "voice");
    let json = serde_json::to_value(&admitted.self_test).expect("it has a JSON form");
    assert_eq!(json["golden_cases"], 2);
    // plain, two hostile ones twice, two of facts, seven of texts, 64 made up, the largest; on three days
    assert_eq!(json["scores_tried"], 3 * (1 + 4 + 2 + 7 + 64 + 1));
    assert_eq!(json["largest_call"]["fuel"], admitted.self_test.full.fuel);
    let [tried, _] = admitted.self_test.words();
    assert_eq!(tried.zh, "试过 237 个评分");

    let loaded = engine().loaded(&admitted.digest).expect("it is ready");
    assert!(loaded.front::<PromotionPlugin>().is_none());
    let voice: Decider<Voice> = loaded.front().expect("it is one of voice");
    let said = |score: i64| voice.decide(&context(), &score, &[]).map(|decided| decided.answer);
    assert_eq!((said(3), said(4)), (Ok(true), Ok(false)));
    assert_eq!(said(101).expect_err("that is no score").code(), "host");

    let bench = loaded.bench(1, Duration::ZERO).expect("harmless");
    let json = serde_json::to_value(&bench.sizes).expect("it has a JSON form");
    assert_eq!(
        (&json[0]["scores"], &json[0]["fuel_per_score"]),
        (&1.into(), &serde_json::Value::Null)
    );
    assert!(json[0]["fuel"].as_u64() > Some(0), "{json}");
    // those of the host are there as before
    works(&engine().admit(&Guest::default().build()).expect("harmless").plugin);
}

#[test]
fn its_refusals_speak_of_it() {
    let wrong = with_cases(&three(), &CASES.replace("true", "false"));
    insta::assert_snapshot!(refused(engine(), &wrong), @r#"golden_case_failed: golden case "unhappy": call_back is true, expected false"#);
    let other = r#"[{"name": "rows", "today": "2026-01-15", "rows": [], "expect": []}]"#;
    insta::assert_snapshot!(refused(engine(), &with_cases(&three(), other)), @r#"golden_case_failed: golden case "rows": the case has `rows`, as for a segmentation; for a voice it has the `score` of an answer"#);
    let trap = VoiceGuest {
        before: VoiceGuest::at_score(100, "unreachable"),
        ..three()
    };
    insta::assert_snapshot!(refused(engine(), &trap.build()), @r#"self_test_fault: self-test with the highest score: the plugin stopped: wasm `unreachable` instruction executed (in function 8); asked about "facts": {}, "score": 100"#);
    // and an engine that does not speak it says so
    insta::assert_snapshot!(refused(crate::engine(), &three().build()), @r#"unsupported_contract: the export posthouse:plugin/segmentation@1.0.0 or posthouse:plugin/promotion@1.0.0 or posthouse:plugin/loyalty@1.0.0 or posthouse:plugin/complaint-routing@1.0.0 is missing; the component exports posthouse:plugin/descriptor@1.0.0, posthouse:plugin/voice@1.0.0. A plugin exports its descriptor and the extension point it serves"#);
}

#[test]
fn its_cases_are_its_own() {
    let mixed = r#"[{"name": "a", "score": 3, "expect": true}, {"name": "b", "today": "2026-01-15", "lines": [], "expect": []}]"#;
    let said = points().cases(mixed.as_bytes()).expect_err("two points");
    insta::assert_snapshot!(said, @"golden cases: 1 of 2 have the score of a voice, the others do not; one file has the cases of one extension point");
    assert!(golden::parse(CASES.as_bytes()).is_err(), "the host knows no scores");
}
