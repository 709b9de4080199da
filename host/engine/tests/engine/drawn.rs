//! The self-test is drawn, so that no plugin can tell it from life.

use crate::{engine, refusal, refusal_by};
use posthouse_engine::{Draws, Engine, EngineConfig, pack};
use posthouse_tests::guest::{Guest, PromotionGuest};

fn drawing(draws: Draws) -> Engine {
    Engine::new(EngineConfig {
        draws,
        ..EngineConfig::default()
    })
    .expect("an engine")
}

fn of_secret(secret: u8) -> Engine {
    drawing(Draws::of_secret(&[secret; 32]))
}

/// Decides by the row's place if this holds, else by the row.
fn by_place_if(condition: &str) -> Guest {
    Guest {
        segment: format!(
            "(if (result i32) {condition} (then (i32.and (local.get $i) (i32.const 1))) \
             (else (i32.gt_s (local.get $v) (i32.const 3))))"
        ),
        ..Guest::default()
    }
}

/// What the self-test could once be told by: its seed, its day, and settings of two bytes.
const AS_ONCE: &str = "(i32.and (i64.eqz (local.get $seed)) (i32.and (i32.eq (local.get $today) (i32.const 20468)) \
    (i32.eq (local.get $config_length) (i32.const 2))))";

/// The seed a refusal names.
fn named(told: &str) -> u64 {
    let (_, seed) = told.split_once("--seed ").expect("it names a seed");
    seed.split('`').next().expect("its end").parse().expect("a number")
}

#[test]
fn whoever_behaves_only_as_the_test_once_was_is_refused() {
    let guest = by_place_if(&format!("(i32.eqz {AS_ONCE})"));
    for secret in 1..9 {
        let refused = refusal_by(&of_secret(secret), &guest.build());
        assert_eq!(refused.code, "row_dependence", "{refused}");
    }
}

#[test]
fn a_day_to_come_is_met_in_the_test() {
    // from 2031-01-01 on: three days of twelve years are drawn
    let guest = by_place_if("(i32.ge_s (local.get $today) (i32.const 22280))").build();
    let refused = (1..21)
        .filter(|secret| of_secret(*secret).admit(&guest).is_err())
        .count();
    assert!((10..=20).contains(&refused), "{refused} of 20");
}

#[test]
fn a_host_draws_the_same_again_and_another_host_others() {
    let guest = by_place_if("(i32.const 1)").build();
    let told = |engine: &Engine| refusal_by(engine, &guest).detail.en;
    let (first, second) = (told(&of_secret(1)), told(&of_secret(2)));
    assert_eq!(first, told(&of_secret(1)));
    assert_ne!(first, second);
    // of a component, too: who knows the seed of one knows nothing of the next
    let other = Guest {
        version: "9.9.9".into(),
        ..by_place_if("(i32.const 1)")
    };
    assert_ne!(
        named(&first),
        named(&refusal_by(&of_secret(1), &other.build()).detail.en)
    );
    for said in [first, second] {
        let again = drawing(Draws::of_seed(named(&said)));
        assert_eq!(told(&again), said, "the number repeats it");
    }
}

#[test]
fn a_refusal_shows_what_was_drawn_in_both_languages() {
    let refused = refusal_by(engine(), &by_place_if("(i32.const 1)").build());
    for part in [
        r#"; asked about row 1: {"trips-24m": "#,
        r#"; drawn: "today": "20"#,
        r#", "seed": "#,
        r#", "config": {}; `posthouse plugin check FILE --seed "#,
    ] {
        assert!(refused.detail.en.contains(part), "{part}: {refused}");
    }
    assert!(
        refused.detail.zh.contains("；抽取的条件：\"today\": "),
        "{}",
        refused.detail.zh
    );
}

#[test]
fn settings_of_golden_cases_and_examples_are_tried() {
    let longer = "(i32.gt_u (local.get $config_length) (i32.const 2))";
    engine()
        .admit(&by_place_if(longer).build())
        .expect("it has no other settings");
    let golden = br#"[{"name": "one", "today": "2026-01-15", "config": {"edge": 9}, "rows": [{"trips-24m": 9}], "expect": [{"segment": "rare", "score": 9}]}]"#;
    let packed = pack::attach(&by_place_if(longer).build(), Some(golden), None).expect("a component");
    assert_eq!(refusal(&packed).code, "row_dependence");
    let schema = r#"{"type":"object","additionalProperties":false,"examples":[{"edge":0},{"edge":7}],
        "properties":{"edge":{"type":"integer","minimum":1}}}"#;
    let told = Guest {
        schema: schema.into(),
        ..by_place_if(longer)
    };
    let told = refusal_by(engine(), &told.build());
    assert!(told.detail.en.contains(r#""config": {"edge":7}"#), "{told}");
}

#[test]
fn a_promotion_is_asked_on_drawn_days() {
    let guest = |condition: &str| PromotionGuest {
        before: format!("(if {condition} (then unreachable))"),
        ..PromotionGuest::default()
    };
    let never = guest("(i32.eq (local.get $today) (i32.const 20468))").build();
    engine().admit(&never).expect("that day is not drawn for it");
    let told = refusal_by(
        engine(),
        &guest("(i32.ne (local.get $today) (i32.const 20468))").build(),
    );
    assert!(
        told.code == "self_test_fault" && told.detail.en.contains("; drawn: \"today\": "),
        "{told}"
    );
}
