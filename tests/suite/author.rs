//! What the author of a plugin sees: what a rule costs, what it said, and where a mistake is.

use super::command_line::{run, text};
use super::intake::event;
use super::segments::{CLOCK, bind};
use posthouse_tests::guest::Guest;
use posthouse_tests::server::program;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

on_both_engines!(what_a_rule_says_can_be_read, a_log_is_bounded);

/// `posthouse plugin …` without a server.
pub(crate) fn plugin(folder: &Path, words: &[&str]) -> Output {
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

/// Says a line at every call that has rows; traps for somebody who looked at exactly 541 pages.
pub(crate) fn talkative() -> Guest {
    let segment = format!(
        "(if (result i32) {} (then (call $say (i32.const 3) (i32.const 1024) (i32.const 9)) unreachable) (else (i32.const 0)))",
        Guest::at_value(541)
    );
    Guest {
        name: "talkative".into(),
        facts: vec![
            ("views-30d".into(), "count", false),
            ("trips-12m".into(), "count", false),
            ("recency-days".into(), "count", true),
        ],
        reasons: vec![],
        before: "(if (local.get $rows) (then (call $say (i32.const 1) (i32.const 1024) (i32.const 5))))".into(),
        segment,
        ..Guest::default()
    }
}

pub(crate) fn views(client: &Client, member: &str, from: usize, count: usize) {
    let one = |i| {
        let id = format!("{member}-{i}");
        let who = [("member_no", member)];
        event("site.viewed", &id, "2026-01-14T09:00:00+08:00", &who, json!({}))
    };
    client.events(&(from..from + count).map(one).collect::<Vec<_>>());
}

pub(crate) fn house(database: Database) -> (Server, Client) {
    let clock = CLOCK;
    let server = Server::start(
        database,
        Options {
            clock,
            ..Options::default()
        },
    );
    let client = server.agency("author");
    (server, client)
}

/// Level, cause and message, the newest first.
fn lines(client: &Client) -> Vec<(String, String, String)> {
    let page = client.get("/api/v1/bindings/segmentation/talk/logs").expect(200);
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    let lines = page["items"].as_array().unwrap().iter();
    lines
        .map(|line| (text(line, "level"), text(line, "cause"), text(line, "message")))
        .collect()
}

fn what_a_rule_says_can_be_read(database: Database) {
    let (server, client) = house(database);
    views(&client, "A", 0, 1);
    let binding = bind(&client, "talk", &talkative().build(), json!({}));
    let path = "/api/v1/bindings/segmentation/talk/logs";
    let until = |count: usize| {
        let patience = Duration::from_secs(10);
        eventually("the lines are there", patience, || {
            Some(lines(&client)).filter(|lines| lines.len() >= count)
        })
    };
    let said = |level: &str, cause: &str, message: &str| (level.to_owned(), cause.to_owned(), message.to_owned());
    let line = until(1).remove(0);
    assert_eq!((line.0.as_str(), line.1.as_str()), ("info", "activation"));
    assert_eq!(line.2.len(), 5, "{line:?}");
    views(&client, "A", 1, 1);
    assert_eq!(until(2)[0].1, "change");
    // a call that fails leaves its lines and its end behind
    views(&client, "A", 2, 539);
    let fault = until(6);
    assert_eq!(fault[2], said("error", "change", "views-30d"));
    assert_eq!((fault[1].0.as_str(), fault[1].1.as_str()), ("fault", "change"));
    assert!(fault[1].2.contains("unreachable"), "{fault:?}");
    assert_eq!((fault[0].0.as_str(), fault[0].1.as_str()), ("about", "change"));
    assert_eq!(
        client
            .post("/api/v1/segmentation/runs", &json!({"binding": "talk"}))
            .problem(422),
        "trap"
    );
    assert_eq!(until(10)[0].1, "request");

    let all = client.all(path);
    assert_eq!(all.len(), 10);
    assert_eq!(all[0]["at"], "2026-01-15T04:00:00.000Z");
    assert_eq!(all[0]["digest"], binding["digest"]);
    let first = client.get(&format!("{path}?limit=3")).expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let next = first["next"].as_str().unwrap();
    let rest = client.get(&format!("{path}?limit=7&cursor={next}")).expect(200);
    assert_eq!(
        (&rest["items"][0], &rest["items"][6], &rest["next"]),
        (&all[3], &all[9], &Value::Null)
    );
    assert_eq!(client.get(&format!("{path}?cursor=soon")).problem(422), "bad_cursor");
    assert_eq!(
        client.get("/api/v1/bindings/segmentation/nobody/logs").problem(404),
        "not_found"
    );

    let printed = text(&run(&server, &client, &["plugin", "logs", "talk", "--lines", "3"]).stdout);
    let printed: Vec<&str> = printed.lines().collect();
    assert_eq!(printed.len(), 6, "{printed:?}");
    assert!(printed[5].starts_with("talk is stale since"), "{}", printed[5]);
    assert!(printed[0].starts_with("when (Asia/Shanghai)  level"), "{}", printed[0]);
    let digest = &binding["digest"].as_str().unwrap()[..12];
    for (line, words) in [
        (printed[1], format!("error  request  {digest}  views-30d")),
        (
            printed[2],
            format!("fault  request  {digest}  the plugin stopped: wasm `unreachable`"),
        ),
        (printed[3], format!("about  request  {digest}  the facts of customer ")),
    ] {
        let wanted = format!("2026-01-15 12:00:00   {words}");
        assert!(line.starts_with(&wanted), "{line}");
    }
    // a rule that fails before it comes into force says why under its own digest; a binding that never was has no log
    let other = Guest {
        version: "1.2.4".into(),
        ..talkative()
    };
    let digest = client.admit(&other.build());
    for name in ["talk", "first"] {
        let path = format!("/api/v1/bindings/segmentation/{name}");
        let body = json!({"digest": digest, "config": {}});
        assert_eq!(client.put(&path, &body).problem(422), "trap");
    }
    assert_eq!(until(14)[0].1, "activation");
    let all = client.all(path);
    assert_eq!((all.len(), all[0]["digest"].as_str()), (14, Some(digest.as_str())));
    assert_eq!(
        client.get("/api/v1/bindings/segmentation/first/logs").problem(404),
        "not_found"
    );
    let document = run(&server, &client, &["plugin", "logs", "talk", "--json"]).stdout;
    let document: Value = serde_json::from_slice(&document).expect("one document on stdout");
    assert_eq!(document["items"].as_array().unwrap().last(), Some(&all[0]));
}

fn a_log_is_bounded(database: Database) {
    let (_server, client) = house(database);
    views(&client, "A", 0, 1);
    // 32 lines of a call are kept; 40 calls say more than a log keeps
    let before = "(if (local.get $rows) (then (loop $again
        (call $say (i32.const 1) (i32.const 1024) (i32.const 5))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 100))))
        (local.set $i (i32.const 0))))";
    let flood = Guest {
        before: before.into(),
        ..talkative()
    };
    bind(&client, "talk", &flood.build(), json!({}));
    let path = "/api/v1/bindings/segmentation/talk/logs";
    for _ in 0..40 {
        client
            .post("/api/v1/segmentation/runs", &json!({"binding": "talk"}))
            .expect(200);
    }
    eventually("the last run's lines are there", Duration::from_secs(20), || {
        (client.all(path).len() == 1_000).then_some(())
    });
    // what comes now pushes the oldest out
    bind(&client, "talk", &talkative().build(), json!({}));
    eventually("the last line is there", Duration::from_secs(10), || {
        let page = client.get(&format!("{path}?limit=1")).expect(200);
        (page["items"][0]["cause"] == "activation").then_some(())
    });
    let all = client.all(path);
    assert_eq!(all.len(), 1_000);
    assert!(all[1..].iter().all(|line| line["cause"] == "request"));
}

/// A project like the one of `plugin new`, with its SDK and what cargo has built for it, so that only the rule itself is compiled.
pub(crate) fn project(folder: &Path, name: &str, from: &str, to: &str) -> usize {
    let sample = posthouse_tests::root().join("target/test-plugins/sample");
    let sample = sample
        .canonicalize()
        .expect("`make test-build` makes the sample project");
    std::fs::create_dir(folder.join("src")).unwrap();
    std::fs::copy(sample.join("golden.json"), folder.join("golden.json")).unwrap();
    // a name of its own, as cargo would take packages of one name in one target folder for the same
    let renamed = |file: &str| {
        let text = std::fs::read_to_string(sample.join(file)).unwrap();
        text.replace("name = \"sample\"", &format!("name = \"{name}\""))
    };
    std::fs::write(folder.join("Cargo.lock"), renamed("Cargo.lock")).unwrap();
    let manifest = renamed("Cargo.toml");
    let sdk = format!("path = \"{}\"", sample.join("sdk").display());
    assert!(manifest.contains("path = \"sdk\""), "{manifest}");
    std::fs::write(folder.join("Cargo.toml"), manifest.replace("path = \"sdk\"", &sdk)).unwrap();
    let rule = std::fs::read_to_string(sample.join("src/lib.rs")).unwrap();
    let (before, after) = rule.split_once(from).expect("the template has this line");
    std::fs::write(folder.join("src/lib.rs"), [before, to, after].concat()).unwrap();
    before.lines().count().max(1)
}

pub(crate) fn cargo_project(folder: &Path, words: &[&str]) -> Output {
    let built = posthouse_tests::root().join("target/test-plugins/sample/target");
    let mut command = Command::new(program());
    command.arg("plugin").args(words).current_dir(folder);
    command.env("CARGO_TARGET_DIR", built);
    command.output().expect("the command runs")
}

#[test]
fn a_mistake_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let line = project(folder.path(), "mistaken", "Class::none()", "Class::of(\"nobody\")");
    std::fs::write(folder.path().join("mistaken.wasm"), "of yesterday").unwrap();
    for command in ["build", "check", "test", "bench", "pack"] {
        let output = cargo_project(folder.path(), &[command]);
        assert_eq!(output.status.code(), Some(1));
        let told = text(&output.stderr);
        let place = format!("--> src/lib.rs:{line}:");
        assert_eq!(told.matches(&place).count(), 1, "{command} says {place} once: {told}");
        assert_eq!(told.matches("error[E").count(), 1, "{told}");
        assert_eq!(text(&output.stdout), "");
        let old = "mistaken.wasm is unchanged; nothing new was packed";
        assert_eq!(told.contains(old), command == "pack", "{command}: {told}");
    }
    let lies = std::fs::read_to_string(folder.path().join("mistaken.wasm")).unwrap();
    assert_eq!(lies, "of yesterday");
    // cases that cannot be read are told with their place, before anything is built
    std::fs::write(
        folder.path().join("golden.json"),
        "[{\"name\": \"one\",\n  \"rows\": 5}]",
    )
    .unwrap();
    let told = text(&cargo_project(folder.path(), &["pack"]).stderr);
    assert!(
        told.contains("golden.json: ") && told.contains("at line 2 column 11"),
        "{told}"
    );
    assert!(!told.contains("error[E"), "{told}");
}

#[test]
fn a_panic_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let line = project(
        folder.path(),
        "panicking",
        "Class::none()",
        "None.expect(\"nobody came home\")",
    );
    let place = format!("panicked at src/lib.rs:{line}:");
    for command in ["test", "check", "bench"] {
        let output = cargo_project(folder.path(), &[command]);
        assert_eq!(output.status.code(), Some(1));
        let told = text(&output.stdout) + &text(&output.stderr);
        assert!(
            told.contains(&place) && told.contains("nobody came home"),
            "{command}: {told}"
        );
        // where it happened, then the stack without what Rust does to end a program
        let (at, stack) = (told.find(&place), told.find("the plugin stopped"));
        assert!(at < stack, "{command}: {told}");
        let stack = told[stack.unwrap()..].lines().next().unwrap();
        assert!(
            stack.contains("(in posthouse_sdk::segmentation::"),
            "{command}: {stack}"
        );
        assert!(
            !stack.contains("core::") && !stack.contains("std::"),
            "{command}: {stack}"
        );
    }
}
