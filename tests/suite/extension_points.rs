//! Plugins of several extension points side by side: each is known for what it decides, and asked for nothing else.

use super::command_line::{run, text};
use super::segments::CLOCK;
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::server::program;
use posthouse_tests::{Database, Options, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

on_both_engines!(a_plugin_decides_one_thing);

fn a_plugin_decides_one_thing(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("points");
    let segmentation = client.admit(&Guest::default().build());
    let offer = client.upload(&PromotionGuest::default().build()).expect(201);
    assert_eq!(offer["extension_point"], "promotion");
    assert_eq!(offer["segments"], json!([]));
    assert!(offer["self_test"]["baskets_tried"].as_u64() > Some(80), "{offer}");
    let listed = client.get("/api/v1/plugins").expect(200);
    let points: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|view| &view["extension_point"])
        .collect();
    assert_eq!(points, ["segmentation", "promotion"]);

    // it cannot be asked who is in which segment, and what is in force stays
    let path = "/api/v1/bindings/segmentation/calls";
    client
        .put(path, &json!({"digest": segmentation, "config": {}}))
        .expect(200);
    let body = json!({"digest": offer["digest"], "config": {}});
    let refused = client.put(path, &body);
    assert_eq!(refused.problem(422), "wrong_extension_point");
    let told = &refused.json()["detail"];
    let told = told.as_str().unwrap();
    assert!(
        told.contains("harmless-offer 1.2.3 is a promotion, here a segmentation is needed"),
        "{told}"
    );
    assert_eq!(client.get(path).expect(200)["digest"], segmentation);

    let file = server.folder.path().join("offer.wasm");
    let again = PromotionGuest {
        version: "1.3.0".into(),
        ..PromotionGuest::default()
    };
    std::fs::write(&file, again.build()).unwrap();
    let output = run(&server, &client, &["plugin", "push", file.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(said.contains("harmless-offer 1.3.0 is revision"), "{said}");
    assert!(said.contains(" baskets, ") && said.contains(" fuel a call."), "{said}");
}

/// `posthouse plugin …` without a server.
fn plugin(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("plugin").args(words).current_dir(folder);
    command.output().expect("the command runs")
}

#[test]
fn the_author_of_a_promotion_is_told_of_baskets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("offer.wasm"), PromotionGuest::default().build()).unwrap();
    let said = |words: &[&str]| {
        let output = plugin(folder.path(), words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let words = said(&["check", "offer.wasm"]);
    for part in [
        "harmless-offer 1.2.3 would be let in as a promotion.",
        "reads     trips-24m, recency-days",
        "reasons   welcome",
        " baskets tried",
        " fuel a call with one line",
        "a full basket takes",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let document: Value = serde_json::from_str(&said(&["check", "offer.wasm", "--json"])).expect("one document");
    assert_eq!(document["extension_point"], "promotion");

    let words = said(&["bench", "offer.wasm"]);
    assert!(
        words.contains("lines") && words.contains("100") && words.contains("seed 1"),
        "{words}"
    );
    let bench = || -> Value { serde_json::from_str(&said(&["bench", "offer.wasm", "--json"])).expect("one document") };
    let fuel = |document: &Value| -> Vec<(u64, u64)> {
        let sizes = document["sizes"].as_array().unwrap().iter();
        sizes
            .map(|size| (size["lines"].as_u64().unwrap(), size["fuel"].as_u64().unwrap()))
            .collect()
    };
    let (first, second) = (bench(), bench());
    assert_eq!(first["extension_point"], "promotion");
    assert_eq!(fuel(&first), fuel(&second));
    assert_eq!(fuel(&first).iter().map(|size| size.0).collect::<Vec<_>>(), [1, 10, 100]);
}

/// The component with golden cases inside, as `plugin pack` puts them there.
fn packed(component: &[u8], cases: &str) -> Vec<u8> {
    let length = |mut length: usize| {
        let mut bytes = Vec::new();
        while length > 0x7f {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes
    };
    let name = "posthouse:golden";
    let inside = [&length(name.len())[..], name.as_bytes(), cases.as_bytes()].concat();
    [component, &[0], &length(inside.len()), &inside].concat()
}

#[test]
fn golden_cases_of_a_promotion_name_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let case = |name: &str, expect: &str| {
        format!(r#"{{"name": "{name}", "today": "2026-01-15", "lines": [{{"unit_price": 9}}], "expect": [{expect}]}}"#)
    };
    let cases = [
        case("a tenth off", r#"{"line": 0, "rate": 1000, "reason": "welcome"}"#),
        case("a gift", r#"{"line": 0, "amount": 9}"#),
    ];
    let component = packed(&PromotionGuest::default().build(), &format!("[{}]", cases.join(",")));
    std::fs::write(folder.path().join("offer.wasm"), component).unwrap();
    let output = plugin(folder.path(), &["test", "offer.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(
        told.contains("a gift\n  line 0: saving is rate 1000, expected amount 9\n"),
        "{told}"
    );
    assert!(told.contains("1 of 2 golden cases passed."), "{told}");
}
