//! Decisions made again from the command line, and the rules of campaigns named there.

use super::command_line::{run, text};
use super::quotes::{rule, start};
use posthouse_tests::guest::Saving;
use posthouse_tests::server::program;
use posthouse_tests::{Campaigns, Database};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

on_both_engines!(
    a_decision_is_made_again,
    the_rule_of_a_campaign_is_named_by_its_extension_point,
);

fn decision(shop: &Campaigns) -> String {
    let quote = shop.quote(None, 100_000, &[]);
    quote["adjustments"][0]["decision"].as_str().unwrap().to_owned()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one document on stdout")
}

fn a_decision_is_made_again(database: Database) {
    let (server, shop) = start(database);
    let plan = shop.plan(&rule(Saving::Rate(1_000)), 1, json!({}));
    let campaign = shop.run("spring", &plan);
    let id = decision(&shop);
    let replay = |words: &[&str]| run(&server, &shop.client, &[&["replay"], words].concat());
    let digest = plan["rule"]["digest"].as_str().unwrap();
    let said = |id: &str| {
        let output = replay(&[id]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let words = said(&id);
    for part in [
        &format!("Decision {id} of 2026-01-15 12:00 Asia/Shanghai says the same, byte for byte.\n"),
        "promotion/spring, revision 1\n",
        &format!("plugin    rate-1000 1.2.3, {}\n", &digest[..12]),
        "settings  {}\n",
        "\"rate\":1000",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    // another rule is in force by now, and the decision is made by the one of then
    shop.amend(&campaign, &rule(Saving::Rate(2_000)));
    assert!(said(&decision(&shop)).contains("promotion/spring, revision 2\n"));
    assert_eq!(said(&id), words);
    let found = document(&replay(&[&id, "--json"]));
    assert_eq!(
        (
            found["identical"].as_bool(),
            found["digest"].as_str(),
            found["revision"].as_i64()
        ),
        (Some(true), Some(digest), Some(1)),
        "{found}"
    );
    assert_eq!((&found["plugin"], &found["config"]), (&json!("rate-1000"), &json!({})));
    let nobody = replay(&["00000000-0000-7000-8000-000000000000"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(
        text(&nobody.stderr).contains("GET /api/v1/decisions"),
        "{}",
        text(&nobody.stderr)
    );
    for bad in [&["spring"][..], &[]] {
        assert_eq!(replay(bad).status.code(), Some(2), "{bad:?}");
    }
}

fn the_rule_of_a_campaign_is_named_by_its_extension_point(database: Database) {
    let (server, shop) = start(database);
    let plugin = |words: &[&str]| run(&server, &shop.client, &[&["plugin"], words].concat());
    let file = server.folder.path().join("offer.wasm");
    std::fs::write(&file, rule(Saving::Rate(1_000))).unwrap();
    let file = file.to_str().unwrap();
    let plan = shop.plan(&rule(Saving::Rate(1_000)), 1, json!({}));
    let campaign = shop.run("spring", &plan);
    shop.amend(&campaign, &rule(Saving::Rate(2_000)));

    // where a promotion goes from its upload
    let pushed = text(&plugin(&["push", file]).stdout);
    let digest = plan["rule"]["digest"].as_str().unwrap();
    let named = format!("\"rule\": {{\"digest\": \"{digest}\", \"config\": {{}}}}");
    assert!(pushed.contains(&named) && pushed.contains("/amendments"), "{pushed}");
    for command in ["preview", "activate"] {
        let refused = plugin(&[command, "promotion/spring", file]);
        assert_eq!(refused.status.code(), Some(2), "{command}");
        let told = text(&refused.stderr);
        assert!(told.contains("/api/v1/campaigns/spring/amendments"), "{told}");
        let refused = plugin(&[command, "calls", file]);
        assert_eq!(refused.status.code(), Some(1), "{command}");
        assert!(
            text(&refused.stderr).contains("with a campaign"),
            "{}",
            text(&refused.stderr)
        );
    }
    let history = text(&plugin(&["history", "promotion/spring"]).stdout);
    assert_eq!(history.matches("activation").count(), 2, "{history}");
    let back = plugin(&["rollback", "promotion/spring"]);
    assert!(back.status.success(), "{}", text(&back.stderr));
    let told = text(&back.stdout);
    assert!(
        told.starts_with("promotion/spring is at revision 3: ")
            && told.contains("brings back revision 1")
            && told.contains("Quotes from now on")
            && !told.contains("segment"),
        "{told}"
    );
    assert_eq!(shop.quote(None, 100_000, &[])["price"], 90_000);
    let history = text(&plugin(&["history", "promotion/spring"]).stdout);
    assert!(history.contains("rollback to 1"), "{history}");
    let logs = text(&plugin(&["logs", "promotion/spring"]).stdout);
    assert!(logs.contains("promotion/spring have logged nothing"), "{logs}");
    let list = text(&plugin(&["list"]).stdout);
    assert!(list.contains("promotion/spring (revision 3)"), "{list}");
    // a segment rule of the same name would be another
    let unknown = plugin(&["history", "spring"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        text(&unknown.stderr).contains("plugin list"),
        "{}",
        text(&unknown.stderr)
    );
    assert_eq!(plugin(&["history", "care/spring"]).status.code(), Some(2));
}

/// Answers every request with a document, but for the one about the agency.
fn answers(document: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let agency = json!({"slug": "silk", "name": "Silk", "time_zone": "Asia/Shanghai", "currency": "CNY", "country": "CN", "today": "2026-01-15"});
    let (document, agency) = (document.to_string(), agency.to_string());
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut request = BufReader::new(socket.try_clone().unwrap());
            let (mut length, mut body) = (0, &document);
            loop {
                let mut line = String::new();
                request.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if line.starts_with("get ") && line.contains("/agency") {
                    body = &agency;
                }
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            request.take(length).read_to_end(&mut Vec::new()).unwrap();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            write!(socket, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    base
}

/// No server gives other bytes than then, so one is made up that does.
#[test]
fn another_answer_than_then_fails() {
    let id = "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f";
    let replay = json!({
        "decision": id, "at": "2026-01-15T02:00:00.000Z", "extension_point": "promotion", "binding": "spring", "revision": 1,
        "plugin": "early-bird", "version": "1.0.0", "digest": "0123456789abcdef", "config": {}, "identical": false,
        "difference": {"at": "/offers/0/rate", "then": 500, "now": 700}, "output": {"offers": []}, "fuel": 9,
    });
    let ask = |words: &[&str]| {
        let base = answers(&replay);
        let mut command = Command::new(program());
        command.arg("replay").arg(id).args(words);
        let output = command
            .env("POSTHOUSE_URL", &base)
            .env("POSTHOUSE_API_KEY", "ph_x")
            .output();
        output.expect("the command runs")
    };
    let told = ask(&[]);
    assert_eq!(told.status.code(), Some(1), "{}", text(&told.stderr));
    let words = text(&told.stdout);
    assert!(
        words.contains("at /offers/0/rate:\n\n  then      500\n  now       700\n"),
        "{words}"
    );
    let told = ask(&["--json"]);
    assert_eq!((told.status.code(), document(&told)), (Some(1), replay.clone()));
}
