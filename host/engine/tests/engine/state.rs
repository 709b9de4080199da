//! What a rule keeps in a `static`: nothing of it outlives a call, and inside a call the self-test looks for its effect.

use crate::{Guest, classify, engine, open, refusal};

/// Remembers in a global how many rows it has seen.
fn counting(segment: &str) -> Guest {
    let count = "(global.set $seen (i32.add (global.get $seen) (i32.const 1)))";
    Guest {
        extra: "(global $seen (mut i32) (i32.const 0))".into(),
        segment: format!("(block (result i32) {count} {segment})"),
        ..Guest::default()
    }
}

#[test]
fn a_count_of_rows_is_refused() {
    for segment in [
        // every other row, every row after the first, and only the last of a full call
        "(i32.and (global.get $seen) (i32.const 1))",
        "(i32.gt_s (global.get $seen) (i32.const 1))",
        "(i32.gt_s (global.get $seen) (i32.const 8191))",
    ] {
        let refused = refusal(&counting(segment).build());
        assert_eq!(refused.code, "row_dependence", "{segment}: {refused}");
        assert!(refused.detail.en.contains("`static`s"), "{refused}");
    }
}

#[test]
fn a_memory_of_the_row_before_is_refused() {
    let segment = "(block (result i32) (i32.gt_s (global.get $last) (local.get $v)) (global.set $last (local.get $v)))";
    let guest = Guest {
        extra: "(global $last (mut i32) (i32.const 0))".into(),
        segment: segment.into(),
        ..Guest::default()
    };
    assert_eq!(refusal(&guest.build()).code, "row_dependence");
}

#[test]
fn a_cache_without_effect_passes() {
    // keeps the last value with its answer, and takes the answer from there when the value comes again
    let segment = "(if (result i32) (i32.eq (global.get $key) (local.get $v)) (then (global.get $value)) (else
        (global.set $key (local.get $v))
        (global.set $value (i32.gt_s (local.get $v) (i32.const 3)))
        (global.get $value)))";
    let guest = Guest {
        extra: "(global $key (mut i32) (i32.const -1)) (global $value (mut i32) (i32.const 0))".into(),
        segment: segment.into(),
        ..Guest::default()
    };
    engine().admit(&guest.build()).expect("it changes nothing");
}

#[test]
fn nothing_is_remembered_from_call_to_call() {
    let calls = Guest {
        extra: "(global $calls (mut i32) (i32.const 0))".into(),
        before: "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))".into(),
        segment: "(i32.gt_s (global.get $calls) (i32.const 1))".into(),
        ..Guest::default()
    };
    let plugin = open(&calls);
    for _ in 0..3 {
        assert_eq!(classify(&plugin, &[1, 2]).expect("harmless").segment, [0, 0]);
    }
    engine().admit(&calls.build()).expect("every call is the first");
}
