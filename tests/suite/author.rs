//! What the author of a plugin sees: what a rule costs, what it said, and where a mistake is.

use super::command_line::text;
use posthouse_tests::guest::Guest;
use posthouse_tests::server::program;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// `posthouse plugin …` without a server.
fn plugin(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("plugin").args(words).current_dir(folder);
    command.output().expect("the command runs")
}

fn written(folder: &Path, guest: &Guest) {
    std::fs::write(folder.join("rule.wasm"), guest.build()).unwrap();
}

#[test]
fn fuel_is_the_same_in_every_bench() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &Guest::default());
    let measure = |words: &[&str]| -> Value {
        let output = plugin(folder.path(), &[&["bench", "rule.wasm", "--json"], words].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one document on stdout")
    };
    let (first, second) = (measure(&[]), measure(&[]));
    let fuel = |document: &Value| -> Vec<(u64, u64)> {
        let sizes = document["sizes"].as_array().unwrap().iter();
        sizes
            .map(|size| (size["rows"].as_u64().unwrap(), size["fuel"].as_u64().unwrap()))
            .collect()
    };
    assert_eq!(fuel(&first), fuel(&second));
    assert_eq!(first["call"]["fuel"], second["call"]["fuel"]);
    let rows: Vec<u64> = fuel(&first).iter().map(|(rows, _)| *rows).collect();
    assert_eq!(rows, [1, 64, 1_024, 8_192]);
    let call = first["call"]["fuel"].as_u64().unwrap();
    for size in first["sizes"].as_array().unwrap() {
        let (rows, fuel) = (size["rows"].as_f64().unwrap(), size["fuel"].as_u64().unwrap());
        let per_row = size["fuel_per_row"].as_f64().unwrap();
        assert!((per_row - (fuel - call) as f64 / rows).abs() < 0.01, "{size}");
        let (ns, fastest) = (size["ns"].as_u64().unwrap(), size["fastest_ns"].as_u64().unwrap());
        assert!(
            0 < fastest && fastest <= ns && size["calls"].as_u64() > Some(1),
            "{size}"
        );
        assert!(
            (size["ns_per_row"].as_f64().unwrap() - ns as f64 / rows).abs() < 0.01,
            "{size}"
        );
        assert_eq!(size["peak_memory"], 8 << 16, "{size}");
    }
    assert_eq!((&first["name"], &first["seed"]), (&"harmless".into(), &1.into()));
    let words = text(&plugin(folder.path(), &["bench", "rule.wasm"]).stdout);
    for part in ["harmless 1.2.3", "fuel/row", "ns/row", "8192", "seed 1"] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn other_rows_burn_other_fuel_and_a_fault_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // a rule that does more for some rows than for others
    let segment = "(if (i32.gt_s (local.get $v) (i32.const 5)) (then (nop) (nop) (drop (i32.const 7)))) (i32.const 0)";
    let guest = Guest {
        segment: segment.into(),
        ..Guest::default()
    };
    written(folder.path(), &guest);
    let fuel = |seed: &str| {
        let output = plugin(folder.path(), &["bench", "rule.wasm", "--seed", seed, "--json"]);
        let document: Value = serde_json::from_slice(&output.stdout).expect("one document on stdout");
        document["sizes"][3]["fuel"].as_u64().unwrap()
    };
    assert_ne!(fuel("1"), fuel("2"));
    let before = "(call $say (i32.const 3) (i32.const 1024) (i32.const 9)) unreachable";
    let guest = Guest {
        before: before.into(),
        ..Guest::default()
    };
    written(folder.path(), &guest);
    let output = plugin(folder.path(), &["bench", "rule.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.contains("unreachable") && told.contains("log: trips-24m"),
        "{told}"
    );
}
