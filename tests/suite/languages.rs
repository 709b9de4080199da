//! One mistake, two languages: whoever asks in Chinese is answered in Chinese, also about what went wrong before they asked.

use super::command_line::text;
use posthouse_tests::client::Answer;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    a_mistake_is_answered_in_the_language_asked,
    rejected_rows_are_explained_to_whoever_reads,
    the_command_line_speaks_the_language_of_its_user,
    wrong_fields_are_named,
    a_browser_is_shown_what_is_here,
);

const CHINESE: (&str, &str) = ("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");

fn start(database: Database) -> (Server, Client) {
    let options = Options {
        clock: Some("fixed:2026-01-15T04:00:00Z"),
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("bilingual");
    (server, client)
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// The same request, for a reader of English and for one of Chinese.
fn both(client: &Client, method: &str, path: &str, body: &str) -> [Answer; 2] {
    let kind = if body.is_empty() { "" } else { "application/json" };
    let send = |headers: &[(&str, &str)]| client.try_send(method, path, kind, body.as_bytes(), headers).unwrap();
    [send(&[]), send(&[CHINESE])]
}

fn a_mistake_is_answered_in_the_language_asked(database: Database) {
    let (_server, client) = start(database);
    let events = |event: Value| json!({ "events": [event] }).to_string();
    for (method, path, body, code) in [
        ("GET", "/api/v1/nowhere", String::new(), "unknown_path"),
        ("GET", "/api/v1/customers/7", String::new(), "not_found"),
        ("GET", "/api/v1/customers?limit=0", String::new(), "bad_limit"),
        ("GET", "/api/v1/customers?limit=x", String::new(), "bad_query"),
        ("GET", "/api/v1/campaigns?cursor=x", String::new(), "bad_cursor"),
        ("POST", "/api/v1/events", "{".to_owned(), "bad_json"),
        ("POST", "/api/v1/events", "[]".to_owned(), "bad_body"),
        ("POST", "/api/v1/events", json!({ "event": [] }).to_string(), "bad_body"),
        (
            "PUT",
            "/api/v1/stacking-groups/A",
            json!({"mode": "best", "title": {"zh-CN": "a", "en": "a"}}).to_string(),
            "bad_mode",
        ),
        ("DELETE", "/api/v1/stacking-groups/none", String::new(), "not_found"),
        (
            "PUT",
            "/api/v1/attributes/name",
            json!({"kind": "text", "title": {"zh-CN": "a", "en": "a"}}).to_string(),
            "bad_key",
        ),
        ("GET", "/api/v1/insights/pareto?window=12y", String::new(), "bad_window"),
    ] {
        let [english, chinese] = both(&client, method, path, &body);
        assert_eq!(english.status, chinese.status, "{method} {path}");
        let (english_body, chinese_body) = (english.json(), chinese.json());
        assert_eq!(english_body["code"], code, "{method} {path}: {english_body}");
        assert_eq!(chinese_body["code"], code, "codes are never translated");
        for part in ["title", "detail"] {
            let (en, zh) = (
                english_body[part].as_str().unwrap(),
                chinese_body[part].as_str().unwrap(),
            );
            assert!(!is_chinese(en) && is_chinese(zh), "{method} {path}: {en} / {zh}");
        }
        assert_eq!(
            (english.header("content-language"), chinese.header("content-language")),
            ("en", "zh-CN")
        );
        assert!(
            chinese.header("vary").contains("accept-language"),
            "{}",
            chinese.header("vary")
        );
    }
    // an event is rejected in the answer, not as a problem
    let stranger = events(
        json!({"source": "shop", "external_id": "1", "type": "booking.confirmed", "occurred_at": "soon",
        "customer": {"identities": [{"kind": "phone", "value": "13800138000"}]}}),
    );
    let [english, chinese] = both(&client, "POST", "/api/v1/events", &stranger);
    let detail = |answer: &Answer| answer.expect(200)["rejected"][0]["detail"].as_str().unwrap().to_owned();
    assert!(
        !is_chinese(&detail(&english)) && is_chinese(&detail(&chinese)),
        "{}",
        detail(&chinese)
    );
    // without a key nobody is known, and is told so all the same
    let stranger = Client::new(&client.base, "ph_nobody");
    let [_, chinese] = both(&stranger, "GET", "/api/v1/segments", "");
    assert!(
        is_chinese(chinese.expect(401)["detail"].as_str().unwrap()),
        "{}",
        chinese.text
    );
}

fn rejected_rows_are_explained_to_whoever_reads(database: Database) {
    let (_server, client) = start(database);
    let file = "customer_member_no,booked_at,amount\nM1,2025-05-01,10\nM2,soon,10\nM3,2025-05-01,much\n";
    let dry = client
        .start_import_of("kind=bookings&dry_run=true", "a.csv", file.as_bytes(), None)
        .expect(202);
    let dry = client.imported(dry["id"].as_str().unwrap());
    let job = client.import("bookings", file.as_bytes());
    let [english, chinese] = both(
        &client,
        "GET",
        &format!("/api/v1/imports/{}", dry["id"].as_str().unwrap()),
        "",
    );
    let example = |answer: &Answer| {
        answer.expect(200)["report"]["rejections"][0]["examples"][0]["detail"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(
        !is_chinese(&example(&english)) && is_chinese(&example(&chinese)),
        "{}",
        example(&chinese)
    );
    // the row was decided before anybody asked, and is explained in either language
    let [english, chinese] = both(
        &client,
        "GET",
        &format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()),
        "",
    );
    let lines = |answer: &Answer| answer.text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (en, zh) = (lines(&english), lines(&chinese));
    assert_eq!(en[0], "customer_member_no,booked_at,amount,surplus,row,code,reason");
    assert_eq!(en[0], zh[0], "headers are for programs");
    assert_eq!((en.len(), zh.len()), (3, 3));
    for (en, zh) in en.iter().zip(&zh).skip(1) {
        assert!(!is_chinese(en) && is_chinese(zh), "{en} / {zh}");
        let cells = |line: &str| line.split(',').take(6).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cells(en), cells(zh), "cells and codes are as they were");
    }
    // a file that is refused as a whole
    let refused = client
        .start_import_of("kind=bookings", "b.csv", b"colour,shape\nred,round\n", None)
        .expect(202);
    let refused = client.imported(refused["id"].as_str().unwrap());
    let [english, chinese] = both(
        &client,
        "GET",
        &format!("/api/v1/imports/{}", refused["id"].as_str().unwrap()),
        "",
    );
    let failure = |answer: &Answer| answer.expect(200)["failure"]["detail"].as_str().unwrap().to_owned();
    assert!(
        !is_chinese(&failure(&english)) && is_chinese(&failure(&chinese)),
        "{}",
        failure(&chinese)
    );
}

fn the_command_line_speaks_the_language_of_its_user(database: Database) {
    let (server, client) = start(database);
    let run = |words: &[&str], lang: &str| {
        let mut command = server.command(words);
        command
            .env("POSTHOUSE_URL", &client.base)
            .env("POSTHOUSE_API_KEY", &client.key)
            .env("LANG", lang);
        command.output().unwrap()
    };
    let file = server.folder.path().join("bookings.csv");
    std::fs::write(
        &file,
        "customer_member_no,booked_at,amount\nM1,2025-05-01,10\nM2,soon,10\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let english = run(&["import", "bookings", path], "en_GB.UTF-8");
    let chinese = run(&["import", "bookings", path], "zh_CN.UTF-8");
    assert!(
        !is_chinese(&text(&english.stdout)) && is_chinese(&text(&chinese.stdout)),
        "{}",
        text(&chinese.stdout)
    );
    // the first error file is English and stays; the second has its reasons in Chinese
    let reasons = |name: &str| std::fs::read_to_string(format!("{path}.{name}.csv")).unwrap();
    assert!(
        !is_chinese(&reasons("errors")) && is_chinese(&reasons("errors-2")),
        "{}",
        reasons("errors-2")
    );
    // what the server says, and what the command says itself
    for words in [
        &["segments", "a.b"][..],
        &["replay", "00000000-0000-7000-8000-000000000000"],
        &["import", "bookings", "no-such-file.csv"],
        &["import", "trains", "x"],
        &["fly"],
    ] {
        let (english, chinese) = (run(words, "C"), run(words, "zh_CN.UTF-8"));
        assert_eq!(english.status.code(), chinese.status.code(), "{words:?}");
        assert!(
            !is_chinese(&text(&english.stderr)),
            "{words:?}: {}",
            text(&english.stderr)
        );
        assert!(
            is_chinese(&text(&chinese.stderr)),
            "{words:?}: {}",
            text(&chinese.stderr)
        );
    }
    // the flag is stronger than the environment
    for (words, expected) in [
        (&["--help", "--lang", "zh-CN"][..], true),
        (&["--lang", "en", "segments"], false),
    ] {
        let said = run(words, if expected { "C" } else { "zh_CN.UTF-8" });
        assert_eq!(
            is_chinese(&text(&said.stdout)),
            expected,
            "{words:?}: {}",
            text(&said.stdout)
        );
    }
}

fn wrong_fields_are_named(database: Database) {
    let (_server, client) = start(database);
    let campaign = |budget: Value| {
        json!({"key": "spring", "name": "Spring", "type": "festival", "plan": {
            "goal": {"purpose": "Fill the spring departures"}, "window": {"from": "2026-02-01", "to": "2026-03-01"},
            "budget": budget, "stacking": {"group": "season", "priority": 1}, "rule": {"digest": "d", "config": {}}}})
    };
    for (method, path, body, en, zh) in [
        (
            "POST",
            "/api/v1/campaigns",
            campaign(json!({"total": "50000元"})),
            "plan.budget.total: expected a whole number of fen, got \"50000元\"",
            "plan.budget.total：应为以分为单位的整数，收到的是 \"50000元\"",
        ),
        (
            "POST",
            "/api/v1/campaigns",
            campaign(json!({"total": 5_000_000, "per_costumer": 1})),
            "plan.budget.per_costumer: field \"per_costumer\" is not known; known are total, per_customer, per_day",
            "plan.budget.per_costumer：字段 \"per_costumer\" 无法识别；可用的有 total, per_customer, per_day",
        ),
        (
            "POST",
            "/api/v1/quotes",
            json!({"channel": "app", "lines": [{"sku": "a", "kind": "tour", "travellers": 2, "unit_price": 12.5, "quantity": 1}]}),
            "lines[0].unit_price: expected a whole number of fen, got 12.5; CNY 12.50 is 1250",
            "lines[0].unit_price：应为以分为单位的整数，收到的是 12.5；CNY 12.50 写作 1250",
        ),
        (
            "POST",
            "/api/v1/quotes",
            json!({"channel": "app", "lines": [{"sku": "a", "kind": "bus", "travellers": 2, "unit_price": 1, "quantity": 1}]}),
            "lines[0].kind: \"bus\" is not known; use tour, hotel",
            "lines[0].kind：\"bus\" 无法识别；可用 tour, hotel",
        ),
        (
            "POST",
            "/api/v1/events",
            json!({"events": {"source": "shop"}}),
            "events: expected a list, got an object",
            "events：应为列表，收到的是对象",
        ),
        (
            "PUT",
            "/api/v1/bindings/segmentation/rfm",
            json!({"digest": 7}),
            "digest: expected a text, got 7",
            "digest：应为文本，收到的是 7",
        ),
        (
            "PUT",
            "/api/v1/bindings/segmentation/rfm",
            json!({"config": {}}),
            "digest is missing",
            "缺少 digest",
        ),
    ] {
        let [english, chinese] = both(&client, method, path, &body.to_string());
        for (answer, part) in [(english, en), (chinese, zh)] {
            let problem = answer.expect(422);
            assert_eq!(problem["code"], "bad_body");
            assert!(problem["detail"].as_str().unwrap().contains(part), "{part}: {problem}");
        }
    }
}

fn a_browser_is_shown_what_is_here(database: Database) {
    let (_server, client) = start(database);
    let browser = (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    );
    let get = |path: &str, headers: &[(&str, &str)]| client.try_send("GET", path, "", &[], headers).unwrap();
    for (headers, tag, part) in [
        (&[browser][..], "lang=\"en\"", "What is here"),
        (&[browser, CHINESE], "lang=\"zh-CN\"", "这里有什么"),
    ] {
        let page = get("/api", headers);
        assert_eq!(
            (page.status, page.content_type.as_str()),
            (200, "text/html; charset=utf-8")
        );
        for part in [
            tag,
            part,
            "href=\"/api/openapi.json\"",
            "href=\"/metrics\"",
            "/api/v1",
            "posthouse --help",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        for foreign in ["<script", "http://", "https://", "src=", "style=", "onclick"] {
            assert!(!page.text.contains(foreign), "{foreign}");
        }
        let lost = get("/nowhere/%3Cscript%3E", headers);
        assert_eq!(
            (lost.status, lost.content_type.as_str()),
            (404, "text/html; charset=utf-8")
        );
        assert!(
            lost.text.contains(tag) && !lost.text.contains("<script"),
            "{}",
            lost.text
        );
        // a program's mistake stays a problem, also in a browser
        assert_eq!(get("/api/v1/nowhere", headers).problem(404), "unknown_path");
    }
    let document = get("/api", &[]).expect(200);
    assert_eq!(
        (&document["name"], &document["openapi"]),
        (&json!("posthouse"), &json!("/api/openapi.json"))
    );
    assert_eq!(get("/nowhere", &[]).problem(404), "unknown_path");
}
