//! Guests that go wrong while they run. Each has its exact fault, and the next call works.

use crate::{Guest, context, engine, fault, open, segmentation, works};
use posthouse_engine::{Engine, EngineConfig, Fault, FaultKind, Limits, LogLevel, Usage};

#[test]
fn endless_loop() {
    let fault = fault(Guest {
        before: "(loop $again (br $again))".into(),
        ..Guest::default()
    });
    assert_eq!(fault.kind, FaultKind::OutOfFuel { budget: 20_015_000 });
    assert_eq!(fault.code(), "out_of_fuel");
    assert_eq!(fault.receipt.usage.fuel, 20_015_000);
    insta::assert_snapshot!(fault, @"the plugin burnt its 20015000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line");
}

#[test]
fn slower_than_the_wall_clock() {
    let limits = Limits {
        decision_fuel: 1 << 60,
        deadline_ms: 30,
        ..Limits::default()
    };
    let engine = Engine::new(EngineConfig {
        limits,
        ..EngineConfig::default()
    })
    .expect("an engine");
    let guest = Guest {
        before: "(loop $again (br $again))".into(),
        ..Guest::default()
    }
    .build();
    let plugin = engine
        .open(&posthouse_engine::digest(&guest), &guest)
        .expect("the description is harmless");
    let fault = crate::classify(&plugin, &[1]).expect_err("it does not end");
    assert_eq!(fault.kind, FaultKind::Deadline { limit_ms: 30 });
    assert!(!fault.counts_against_plugin());
    insta::assert_snapshot!(fault, @"the call took longer than 30 ms although fuel was left: the machine is overloaded; try again, and raise `deadline-ms` if it stays");
}

/// What a guest that is given 100 ms of processor time for its 20 million units of fuel comes to.
fn within_100_ms(extra: &str, before: &str) -> Fault {
    let guest = Guest {
        extra: extra.into(),
        before: before.into(),
        ..Guest::default()
    };
    component_within_100_ms(&guest.build())
}

fn component_within_100_ms(guest: &[u8]) -> Fault {
    let limits = Limits {
        cpu_ms: 100,
        ..Limits::default()
    };
    let config = EngineConfig {
        limits,
        ..EngineConfig::default()
    };
    let engine = Engine::new(config).expect("an engine");
    let plugin = engine.open(&posthouse_engine::digest(guest), guest);
    crate::classify(&plugin.expect("the description is harmless"), &[1]).expect_err("it does not end")
}

#[test]
fn loads_all_over_a_large_memory() {
    // a ring through 2^18 places of 64 bytes, each far from the one before, and then round and round: each load waits for the last
    let ring = "(drop (memory.grow (i32.const 264)))
      (local.set $i (i32.const 0))
      (loop $next
        (i32.store offset=524288 (i32.shl (local.get $i) (i32.const 6))
          (i32.shl (i32.and (i32.add (i32.mul (local.get $i) (i32.const 166125)) (i32.const 100003)) (i32.const 0x3ffff)) (i32.const 6)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 0x40000))))";
    let load = "(i32.load offset=524288 ".repeat(64);
    let round = format!(
        "(loop $again (local.set $i {load} (local.get $i){}) (br $again))",
        ")".repeat(64)
    );
    let fault = within_100_ms("", &format!("{ring} {round}"));
    assert_eq!(
        fault.kind,
        FaultKind::OutOfTime { limit_ms: 100 },
        "{:?}",
        fault.receipt
    );
    assert!(fault.counts_against_plugin());
    let Usage { fuel, cpu_micros, .. } = fault.receipt.usage;
    assert!(
        fuel < 20_015_000 && (100_000..200_000).contains(&cpu_micros),
        "{fuel} units, {cpu_micros} µs"
    );
    insta::assert_snapshot!(fault, @"the plugin used its 100 ms of processor time although fuel was left: look for large memory that is read all over or written again and again, or do less work per row or line");
}

#[test]
fn what_goes_through_much_memory_is_paid_by_the_byte() {
    let fill = "(loop $again (memory.fill (i32.const 20000) (i32.const 120) (i32.const 500000)) (br $again))";
    let fault = within_100_ms("", fill);
    assert_eq!(fault.code(), "out_of_fuel", "{:?}", fault.receipt);
}

#[test]
fn references_to_functions_have_their_price() {
    let extra = "(func $other) (elem declare func $other)";
    let fault = within_100_ms(extra, "(loop $again (drop (ref.func $other)) (br $again))");
    assert_eq!(fault.code(), "out_of_fuel", "{:?}", fault.receipt);
    let Usage { fuel, cpu_micros, .. } = fault.receipt.usage;
    assert!(cpu_micros < fuel * 7 / 1_000, "{cpu_micros} µs for {fuel} units");
}

/// Handles are the host's to make, to find and to drop: a call into it each time, for a few units of fuel.
#[test]
fn resources_made_and_dropped() {
    let guest = Guest {
        before: "(loop $again (call $drop (call $new (i32.const 1))) (br $again))".into(),
        ..Guest::default()
    };
    let fault = component_within_100_ms(&guest.with_a_resource());
    let usage = fault.receipt.usage;
    assert!(fault.counts_against_plugin() && usage.cpu_micros < 200_000, "{usage:?}");
    insta::assert_snapshot!(fault, @"the plugin used its 100 ms of processor time although fuel was left: look for large memory that is read all over or written again and again, or do less work per row or line");
}

/// Each handle that is kept is memory of the host, which no limit of memories sees.
#[test]
fn resources_made_and_kept() {
    let guest = Guest {
        before: "(loop $again (drop (call $new (i32.const 1))) (br $again))".into(),
        ..Guest::default()
    };
    let fault = component_within_100_ms(&guest.with_a_resource());
    let usage = fault.receipt.usage;
    assert!(fault.counts_against_plugin() && usage.cpu_micros < 200_000, "{usage:?}");
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: classify(): cannot allocate another handle: store handle limit exceeded");
}

#[test]
fn deep_recursion() {
    let extra = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    let before = "(drop (call $deep (i32.const 0)))";
    let fault = fault(Guest {
        extra: extra.into(),
        before: before.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "trap");
    insta::assert_snapshot!(fault, @"the plugin stopped: call stack exhausted (in deep < deep < deep < deep < deep < deep < deep < deep)");
}

#[test]
fn memory_bomb() {
    let before = "(loop $again (drop (memory.grow (i32.const 16))) (br $again))";
    let fault = fault(Guest {
        before: before.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "memory");
    assert!(fault.receipt.usage.peak_memory <= 32 << 20);
    insta::assert_snapshot!(fault, @"the plugin asked for 34078720 bytes of memory, 33554432 are allowed: keep less in memory at a time");
}

#[test]
fn table_bomb() {
    let extra = "(table $bomb 1 funcref)";
    let before = "(loop $again (drop (table.grow $bomb (ref.null func) (i32.const 1000))) (br $again))";
    let fault = fault(Guest {
        extra: extra.into(),
        before: before.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for 20001 elements of a table, 20000 are allowed: keep less in memory at a time");
}

#[test]
fn output_bomb() {
    let before = "(drop (memory.grow (i32.const 200)))
      (return (call $answer (i32.const 1024) (i32.const 6000000) (i32.const 1024) (i32.const 3)))";
    let fault = fault(Guest {
        before: before.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "bad_output");
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: classify(): it has more than 4194304 bytes");
}

#[test]
fn answer_outside_of_memory() {
    let before = "(return (call $answer (i32.const 1024) (i32.const 300000) (i32.const 1024) (i32.const 3)))";
    let fault = fault(Guest {
        before: before.into(),
        ..Guest::default()
    });
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: classify(): list pointer/length out of bounds of memory");
}

#[test]
fn log_flood() {
    let flood = "(memory.fill (i32.const 20000) (i32.const 120) (i32.const 5000))
      (loop $again (call $say (i32.const 2) (i32.const 20000) (i32.const 5000)) (br $again))";
    let fault = fault(Guest {
        before: flood.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "out_of_fuel");
    assert_eq!(fault.receipt.log.len(), 32);
    assert!(
        fault
            .receipt
            .log
            .iter()
            .all(|line| line.message.len() <= 1024 && line.level == LogLevel::Warn)
    );
    assert!(
        (15_000..20_000).contains(&fault.receipt.usage.log_lines),
        "{}",
        fault.receipt.usage.log_lines
    );
}

#[test]
fn a_few_lines_are_kept_with_the_answer() {
    let before = "(call $say (i32.const 1) (i32.const 1024) (i32.const 9))";
    let plugin = open(&Guest {
        before: before.into(),
        ..Guest::default()
    });
    let answer = crate::classify(&plugin, &[1]).expect("logging is harmless");
    assert_eq!(
        (answer.log[0].level, answer.log[0].message.as_str()),
        (LogLevel::Info, "trips-24m")
    );
    assert_eq!(answer.usage.log_lines, 1);
}

#[test]
fn wrong_lengths() {
    let short = Guest {
        segment_rows: "(i32.const 2)".into(),
        ..Guest::default()
    };
    insta::assert_snapshot!(fault(short), @"the plugin's answer is not usable: segment: 2 entries for 3 rows");
    let long = Guest {
        score_rows: "(i32.const 4)".into(),
        ..Guest::default()
    };
    let fault = fault(long);
    assert_eq!(fault.code(), "bad_output");
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: score: 4 entries for 3 rows");
}

#[test]
fn index_out_of_range() {
    let fault = fault(Guest {
        segment: "(local.get $i)".into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "bad_output");
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: segment: row 2 has index 2, there are 2 segments");
}

#[test]
fn no_segment_is_in_range() {
    let plugin = open(&Guest {
        segment: "(i32.const 65535)".into(),
        ..Guest::default()
    });
    assert_eq!(
        crate::classify(&plugin, &[1, 2]).expect("none is an answer").segment,
        [posthouse_engine::NONE; 2]
    );
}

#[test]
fn nan_score() {
    let fault = fault(Guest {
        score: "(f32.div (f32.const 0) (f32.const 0))".into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "bad_output");
    insta::assert_snapshot!(fault, @"the plugin's answer is not usable: score: row 0 has NaN, it must be a finite number");
}

#[test]
fn trap_with_names() {
    let extra = "(func $divide_by_nothing (result i32) (i32.div_s (i32.const 1) (i32.const 0)))";
    let before = "(drop (call $divide_by_nothing))";
    let fault = fault(Guest {
        extra: extra.into(),
        before: before.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "trap");
    insta::assert_snapshot!(fault, @"the plugin stopped: integer divide by zero (in divide_by_nothing < classify)");
}

#[test]
fn trap_in_a_function_of_rust() {
    let extra = "(func $_ZN7welcome8classify17h0123456789abcdefE (unreachable))";
    let fault = fault(Guest {
        extra: extra.into(),
        before: "(call $_ZN7welcome8classify17h0123456789abcdefE)".into(),
        ..Guest::default()
    });
    insta::assert_snapshot!(fault, @"the plugin stopped: wasm `unreachable` instruction executed (in welcome::classify < classify)");
}

#[test]
fn its_own_refusal() {
    let before = "(return (call $refuse (i32.const 1024) (i32.const 9)))";
    let fault = fault(Guest {
        before: before.into(),
        ..Guest::default()
    });
    assert_eq!(fault.code(), "refused");
    insta::assert_snapshot!(fault, @"the plugin refused the call: trips-24m");
}

#[test]
fn refusal_that_is_no_text() {
    let before = "(i32.store (i32.const 16) (i32.const -1)) (return (call $refuse (i32.const 16) (i32.const 4)))";
    insta::assert_snapshot!(fault(Guest { before: before.into(), ..Guest::default() }), @"the plugin's answer is not usable: classify(): invalid utf-8 sequence of 1 bytes from index 0");
}

#[test]
fn nothing_survives_a_call() {
    let extra = "(global $calls (mut i32) (i32.const 0))";
    let before = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))";
    let score = "(f32.convert_i32_s (i32.add (global.get $calls) (i32.load (i32.const 8))))";
    let plugin = open(&Guest {
        extra: extra.into(),
        before: before.into(),
        score: score.into(),
        ..Guest::default()
    });
    for _ in 0..100 {
        assert_eq!(
            crate::classify(&plugin, &[1]).expect("it counts").score,
            Some(vec![2.0])
        );
    }
}

#[test]
fn many_calls_at_once_wait_for_a_place() {
    let plugin = open(&Guest::default());
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| (0..20).for_each(|_| works(&plugin)));
        }
    });
}

#[test]
fn a_wrong_call_is_the_hosts_fault() {
    let plugin = open(&Guest::default());
    let wrong = segmentation(&plugin)
        .classify(&context(), 1, &[])
        .expect_err("columns are missing");
    insta::assert_snapshot!(wrong, @"the host could not make the call: 0 columns for 3 declared facts");
    let rows = vec![0; engine().limits().chunk_rows + 1];
    let wrong = crate::classify(&plugin, &rows).expect_err("too many rows");
    assert!(!wrong.counts_against_plugin());
    insta::assert_snapshot!(wrong, @"the host could not make the call: 8193 rows in one chunk, 8192 are the most");
}

/// What guests come to, a line each.
fn faults(guests: Vec<Guest>) -> String {
    guests.into_iter().map(|guest| format!("{}\n", fault(guest))).collect()
}

#[test]
fn answers_that_point_nowhere() {
    let before = |before: &str| Guest {
        before: before.into(),
        ..Guest::default()
    };
    let reasons = |reason: &str, length: &str| {
        before(&format!(
            "(local.set $i (call $answer (i32.const 300000) (i32.const 3) (i32.const 300000) (i32.const 3)))
             (i32.store8 offset=24 (local.get $i) (i32.const 1))
             (i32.store16 (i32.const 310000) (i32.const {reason}))
             (i32.store offset=28 (local.get $i) (i32.const 310000))
             (i32.store offset=32 (local.get $i) (i32.const {length}))
             (return (local.get $i))"
        ))
    };
    let said = faults(vec![
        before("(return (i32.const -16))"),
        before("(return (i32.const 1025))"),
        before("(i32.store8 (i32.const 300000) (i32.const 7)) (return (i32.const 300000))"),
        reasons("1", "3"),
        reasons("0", "4"),
        Guest {
            score: "(f32.const -inf)".into(),
            ..Guest::default()
        },
    ]);
    insta::assert_snapshot!(said, @r"
    the plugin's answer is not usable: classify(): pointer out of bounds of memory
    the plugin's answer is not usable: classify(): return pointer not aligned
    the plugin's answer is not usable: classify(): invalid expected discriminant
    the plugin's answer is not usable: reason: row 0 has index 1, there are 1 reasons
    the plugin's answer is not usable: reason: 4 entries for 3 rows
    the plugin's answer is not usable: score: row 0 has -inf, it must be a finite number
    ");
}

#[test]
fn memory_given_out_wrongly() {
    let realloc = |realloc: &str| Guest {
        realloc: realloc.into(),
        ..Guest::default()
    };
    let said = faults(vec![
        realloc("(i32.const -16)"),
        realloc("(i32.const 1)"),
        realloc("unreachable"),
        realloc("(loop $again (br $again)) (i32.const 0)"),
    ]);
    insta::assert_snapshot!(said, @r"
    the plugin's answer is not usable: classify(): realloc return: beyond end of memory
    the plugin's answer is not usable: classify(): realloc return: result not aligned
    the plugin stopped: wasm `unreachable` instruction executed (in function 2)
    the plugin burnt its 20015000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line
    ");
}

#[test]
fn logs_that_are_none() {
    let say = |words: &str| Guest {
        before: format!("(i32.store (i32.const 16) (i32.const -1)) (call $say {words})"),
        ..Guest::default()
    };
    let said = faults(vec![
        say("(i32.const 1) (i32.const 16) (i32.const 4)"),
        say("(i32.const 1) (i32.const 524280) (i32.const 9)"),
        say("(i32.const 9) (i32.const 1024) (i32.const 9)"),
        say("(i32.const 1) (i32.const 1024) (i32.const -1)"),
    ]);
    insta::assert_snapshot!(said, @r"
    the plugin's answer is not usable: classify(): invalid utf-8 sequence of 1 bytes from index 0
    the plugin's answer is not usable: classify(): string pointer/length out of bounds of memory
    the plugin's answer is not usable: classify(): unexpected discriminant: 9
    the plugin's answer is not usable: classify(): string pointer/length out of bounds of memory
    ");
}

#[test]
fn evil_before_the_first_call() {
    let refused = |guest: Guest| crate::refusal(&guest.build()).to_string();
    let describe = |describe: &str| Guest {
        describe: describe.into(),
        ..Guest::default()
    };
    let extra = |extra: &str| Guest {
        extra: extra.into(),
        ..Guest::default()
    };
    let said = [
        describe("(loop $again (br $again))"),
        describe("(loop $again (drop (memory.grow (i32.const 16))) (br $again))"),
        describe("(return (i32.const -4))"),
        extra("(func $begin (loop $again (br $again))) (start $begin)"),
        extra("(func $begin unreachable) (start $begin)"),
    ];
    insta::assert_snapshot!(said.map(refused).join("\n"), @r"
    bad_descriptor: the plugin burnt its 20000000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line
    bad_descriptor: the plugin asked for 34078720 bytes of memory, 33554432 are allowed: keep less in memory at a time
    bad_descriptor: the plugin's answer is not usable: describe(): pointer out of bounds of memory
    bad_descriptor: the plugin burnt its 20000000 units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line
    bad_descriptor: the plugin stopped: wasm `unreachable` instruction executed (in begin)
    ");
    works(&open(&Guest::default()));
}
