//! The host's memory while guests go wrong, many thousand times.

use crate::{Guest, classify, open};
use posthouse_engine::Plugin;
use std::process::Command;

/// Some seconds without optimisation.
const CALLS: usize = 100_000;
/// More than this after the first tenth is a leak: 47 bytes a call.
const MOST_GROWTH: u64 = 4 << 20;

/// Memory of this process that is in use, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells about processes");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).expect("a number");
    kib.parse::<u64>().expect("a number") << 10
}

/// One guest for each way in which a call can end badly without burning all its fuel.
fn evil() -> Vec<(Plugin, &'static str)> {
    let guest = |before: &str| Guest {
        before: before.into(),
        ..Guest::default()
    };
    let traps = guest("(call $say (i32.const 3) (i32.const 1024) (i32.const 9)) unreachable");
    let refuses = guest("(return (call $refuse (i32.const 1024) (i32.const 9)))");
    let grows = guest("(drop (memory.grow (i32.const 1000)))");
    let points_nowhere =
        guest("(return (call $answer (i32.const 1024) (i32.const 300000) (i32.const 1024) (i32.const 3)))");
    let short = Guest {
        segment_rows: "(i32.const 2)".into(),
        ..Guest::default()
    };
    let evil = [
        (traps, "trap"),
        (refuses, "refused"),
        (grows, "memory"),
        (points_nowhere, "bad_output"),
        (short, "bad_output"),
    ];
    evil.into_iter().map(|(guest, code)| (open(&guest), code)).collect()
}

/// In a process of its own, as other tests beside it need memory too.
#[test]
fn memory_stays_flat_over_faulty_calls() {
    let program = std::env::current_exe().expect("the test runs from a file");
    let ran = Command::new(program)
        .args(["--exact", "flat::faulty_calls", "--ignored", "--nocapture"])
        .output()
        .expect("the test runs again");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("1 passed"), "it ran: {said}");
    println!("{said}");
}

#[test]
#[ignore = "memory_stays_flat_over_faulty_calls runs it by itself"]
fn faulty_calls() {
    let evil = evil();
    let mut before = 0;
    for call in 0..CALLS {
        if call == CALLS / 10 {
            before = resident();
        }
        let (plugin, code) = &evil[call % evil.len()];
        let fault = classify(plugin, &[1, 2, 3]).expect_err("an evil guest does not answer");
        assert_eq!(fault.code(), *code);
    }
    let after = resident();
    println!(
        "{} KiB after {} faulty calls, {} KiB after {CALLS}",
        before >> 10,
        CALLS / 10,
        after >> 10
    );
    assert!(after < before + MOST_GROWTH, "{before} bytes grew to {after}");
    crate::works(&open(&Guest::default()));
}
