//! What a rule that fails says of the customer whose facts bring that about, and of those who would move: to whom, and how much.

use super::author::{cargo_project, house, plugin, project, talkative, views};
use super::campaigns::with_key;
use super::command_line::{run, text};
use super::intake::event;
use super::segments::bind;
use posthouse_tests::campaigns::Campaigns;
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::{Client, Database, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    a_fault_names_the_customer_to_those_who_may_read,
    a_failed_offer_names_the_basket,
    a_small_base_shows_everyone_who_would_move
);

fn id_of(client: &Client, member: &str) -> String {
    let found = client.get(&format!("/api/v1/customers?q={member}")).expect(200);
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

/// The detail of a refusal.
fn detail(client: &Client, method: &str, path: &str, body: &Value) -> String {
    let answer = client.send(method, path, "application/json", body.to_string().as_bytes());
    answer.json()["detail"].as_str().unwrap().to_owned()
}

fn a_fault_names_the_customer_to_those_who_may_read(database: Database) {
    let (server, owner) = house(database);
    let author = with_key(&server, &owner, &["rules"]);
    views(&owner, "A", 0, 1);
    views(&owner, "B", 0, 1);
    let path = "/api/v1/bindings/segmentation/talk";
    bind(&owner, "talk", &talkative().build(), json!({}));
    views(&owner, "B", 1, 540);
    let stale = |client: &Client| client.get(path).expect(200)["stale_reason"].as_str().map(str::to_owned);
    let reason = eventually("the rule fails", Duration::from_secs(20), || stale(&owner));
    let culprit = id_of(&owner, "B");
    // whoever looks at the binding reads how it fails; what the rule wrote is for those who may read customers
    assert!(
        reason.contains("the facts of one customer bring it about") && reason.contains("it logged: "),
        "{reason}"
    );
    let told = stale(&author).unwrap();
    assert!(
        told.contains("the facts of one customer bring it about") && !told.contains("logged"),
        "{told}"
    );

    let lines = |client: &Client| -> Vec<(String, String)> {
        let all = client.all(&format!("{path}/logs"));
        let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
        all.iter()
            .map(|line| (text(line, "level"), text(line, "message")))
            .collect()
    };
    let about = (
        "about".to_owned(),
        format!("the facts of customer {culprit} bring it about"),
    );
    let all = eventually("the log is written", Duration::from_secs(10), || {
        Some(lines(&owner)).filter(|lines| lines.contains(&about))
    });
    let seen = lines(&author);
    assert_eq!(seen.len() + 1, all.len(), "all but one are lines for an author as well");
    for (level, message) in &seen {
        assert_ne!(level, "about");
        assert_eq!(
            level != "fault",
            message.starts_with("(what a rule writes"),
            "{level}: {message}"
        );
    }

    // an activation and a preview that fail name the customer in the answer
    let digest = owner.admit(
        &Guest {
            version: "1.2.4".into(),
            ..talkative()
        }
        .build(),
    );
    let body = json!({"digest": digest, "config": {}});
    let preview = json!({"digest": digest, "config": {}, "name": "talk"});
    for (method, path, body) in [("PUT", path, &body), ("POST", "/api/v1/segmentation/preview", &preview)] {
        let whole = detail(&owner, method, path, body);
        let named = format!("the facts of customer {culprit} bring it about");
        assert!(whole.contains(&named) && whole.contains("it logged: "), "{whole}");
        let told = detail(&author, method, path, body);
        assert!(told.contains("a key with the scope read is shown whose"), "{told}");
        assert!(!told.contains(&culprit) && !told.contains("logged"), "{told}");
        for words in [&whole, &told] {
            assert!(
                words.contains("wasm `unreachable`") && !words.contains("541"),
                "no facts: {words}"
            );
        }
    }
}

fn a_failed_offer_names_the_basket(database: Database) {
    let (server, owner) = house(database);
    let author = with_key(&server, &owner, &["rules"]);
    views(&owner, "A", 0, 1);
    let guest = PromotionGuest {
        before: PromotionGuest::at_price(4711, "unreachable"),
        ..PromotionGuest::default()
    };
    let campaigns = Campaigns::new(&owner);
    campaigns.group("season", "best-of");
    campaigns.run("fragile", &campaigns.plan(&guest.build(), 1, json!({})));
    let quote = json!({"customer_id": id_of(&owner, "A"), "channel": "app", "lines": [
        {"sku": "YN-7", "kind": "tour", "travellers": 2, "unit_price": 4_711, "quantity": 1}]});
    owner.post("/api/v1/quotes", &quote).expect(201);
    let path = "/api/v1/bindings/promotion/fragile/logs";
    let about = eventually("the log is written", Duration::from_secs(10), || {
        let lines = owner.all(path);
        lines.into_iter().find(|line| line["level"] == "about")
    });
    let wanted = format!(
        r#"customer {}, "channel": "app", "lines": [{{"sku": "YN-7", "kind": "tour", "travellers": 2, "unit_price": 4711, "quantity": 1}}]"#,
        id_of(&owner, "A")
    );
    assert_eq!(about["message"], wanted);
    let seen = author.all(path);
    assert!(seen.iter().all(|line| line["level"] == "fault"), "{seen:?}");
}

/// Everyone who has looked at a page is in.
fn lookers() -> Guest {
    Guest {
        name: "lookers".into(),
        segment: "(i32.const 0)".into(),
        ..talkative()
    }
}

fn a_small_base_shows_everyone_who_would_move(database: Database) {
    let (server, owner) = house(database);
    let author = with_key(&server, &owner, &["rules"]);
    let visitors = |from: usize, to: usize| {
        let one = |i: usize| {
            let member = format!("M{i}");
            event(
                "site.viewed",
                &member,
                "2026-01-14T09:00:00+08:00",
                &[("member_no", &member)],
                json!({}),
            )
        };
        owner.events(&(from..to).map(one).collect::<Vec<_>>());
    };
    visitors(0, 100);
    let digest = owner.admit(&lookers().build());
    let body = json!({"digest": digest, "config": {}, "name": "looks"});
    let preview = |client: &Client| client.post("/api/v1/segmentation/preview", &body).expect(200);
    let sample = |preview: &Value| preview["sample"].as_array().unwrap().len();
    assert_eq!(sample(&preview(&owner)), 100);
    let words = |client: &Client, more: &[&str]| {
        let words = [&["plugin", "preview", "looks", &digest[..12]], more].concat();
        text(&run(&server, client, &words).stdout)
    };
    let told = words(&owner, &[]);
    assert!(told.contains("\n100 movers:\n") && told.contains("M99"), "{told}");
    // one more, and a few stand for all
    visitors(100, 101);
    assert_eq!(sample(&preview(&owner)), 3);
    let told = words(&owner, &[]);
    assert!(
        told.contains("A sample of 3 of 101 movers; --all lists everyone:"),
        "{told}"
    );
    let told = words(&owner, &["--all"]);
    assert!(told.contains("\n101 movers:\n") && told.contains("M100"), "{told}");
    // who they are is not for everyone
    let hidden = preview(&author);
    assert_eq!((sample(&hidden), &hidden["changed"]), (0, &json!(101)));
    let moves = format!("/api/v1/segmentation/previews/{}/moves", hidden["id"].as_str().unwrap());
    assert_eq!(author.get(&moves).problem(403), "scope_missing");
    assert_eq!(owner.all(&moves).len(), 101);
    let told = words(&author, &[]);
    assert!(
        told.contains("101 movers; who they are is shown to a key with the scope read."),
        "{told}"
    );
}

#[test]
fn facts_are_listed_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let output = plugin(folder.path(), &["facts", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document on stdout");
    let facts = document["facts"].as_array().unwrap();
    let (_server, client) = house(Database::Sqlite);
    let catalogue = client.get("/api/v1/facts").expect(200);
    assert_eq!(facts.len(), catalogue["items"].as_array().unwrap().len());
    let spend = facts.iter().find(|fact| fact["key"] == "spend-24m").unwrap();
    assert_eq!(
        (&spend["kind"], &spend["unit"], &spend["nullable"]),
        (&json!("money"), &json!("minor units"), &json!(false))
    );
    assert!(spend["meaning"]["zh-CN"].as_str().unwrap().contains("730"), "{spend}");
    let found = text(&plugin(folder.path(), &["facts", "返程"]).stdout);
    assert!(
        found.contains("days-since-return  count  Option<i32>    days"),
        "{found}"
    );
    assert!(!found.contains("spend-24m"), "{found}");
    let none = text(&plugin(folder.path(), &["facts", "shoe"]).stdout);
    assert!(none.contains("No fact has shoe in it"), "{none}");
}

#[test]
fn arithmetic_that_overflows_and_state_are_told_and_a_folder_is_pushed() {
    let (server, client) = house(Database::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let score = "within_days.saturating_sub(days) as f32";
    // 3,000 days: 3,000,000,000, which 32 bits make -1,294,967,296 of
    const LEAD: &str = "{ let lead = days.saturating_add(2_993); (lead * 1_000_000) as f32 }";
    let line = project(folder.path(), "hasty", score, LEAD);
    let golden = r#"[{"name": "home", "today": "2026-01-15", "rows": [{}, {"days-since-return": 7}],
        "expect": [{"segment": null}, {"segment": "send-greeting"}]}]"#;
    std::fs::write(folder.path().join("golden.json"), golden).unwrap();
    let place = format!("panicked at src/lib.rs:{line}:");
    let output = cargo_project(folder.path(), &["test"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    for part in [
        place.as_str(),
        "attempt to multiply with overflow",
        r#"asked about row 1: {"days-since-return": 7, "open-complaints": 0, "spend-24m": 0}"#,
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // what no case has, the self-test tries
    let rule = std::fs::read_to_string(folder.path().join("src/lib.rs")).unwrap();
    let written = |from: &str, to: &str| {
        assert!(rule.contains(from), "{from}");
        std::fs::write(folder.path().join("src/lib.rs"), rule.replace(from, to)).unwrap();
    };
    written(LEAD, "(within_days - days) as f32");
    assert!(cargo_project(folder.path(), &["test"]).status.success());
    let told = text(&cargo_project(folder.path(), &["check"]).stderr);
    for part in [
        "self_test_fault",
        place.as_str(),
        "attempt to subtract with overflow",
        r#"{"days-since-return": -2147483648, "#,
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // a count of rows in a `static`
    written(
        LEAD,
        "{ static SEEN: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(0);
           SEEN.fetch_add(1, std::sync::atomic::Ordering::Relaxed).saturating_add(days) as f32 }",
    );
    let told = text(&cargo_project(folder.path(), &["check"]).stderr);
    assert!(told.contains("row_dependence") && told.contains("`static`s"), "{told}");
    // a folder is packed and pushed in one go; packing refuses what an upload would
    let push = |folder: &std::path::Path| {
        let built = posthouse_tests::root().join("target/test-plugins/sample/target");
        let mut command = server.command(&["plugin", "push", "."]);
        command.current_dir(folder).env("CARGO_TARGET_DIR", built);
        command
            .env("POSTHOUSE_URL", &client.base)
            .env("POSTHOUSE_API_KEY", &client.key);
        command.output().expect("the command runs")
    };
    let refused = push(folder.path());
    assert!(!refused.status.success() && text(&refused.stderr).contains("row_dependence"));
    written(LEAD, score);
    let pushed = push(folder.path());
    assert!(pushed.status.success(), "{}", text(&pushed.stderr));
    assert!(
        text(&pushed.stdout).contains("hasty 0.1.0 is revision"),
        "{}",
        text(&pushed.stdout)
    );
    assert!(folder.path().join("hasty.wasm").is_file());
    assert_eq!(client.all("/api/v1/plugins").len(), 1);
}

#[test]
fn a_server_draws_its_own_self_test_and_says_how_to_repeat_it() {
    let (_server, client) = house(Database::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let by_place = Guest {
        segment: "(i32.and (local.get $i) (i32.const 1))".into(),
        ..Guest::default()
    }
    .build();
    std::fs::write(folder.path().join("odd.wasm"), &by_place).unwrap();
    let check = |more: &[&str]| {
        let output = plugin(folder.path(), &[&["check", "odd.wasm"], more].concat());
        assert!(!output.status.success());
        text(&output.stderr)
    };
    let seed = |told: &str| {
        let (_, seed) = told.split_once("`posthouse plugin check FILE --seed ").expect("a seed");
        seed.split('`').next().unwrap().to_owned()
    };
    let refused = || client.upload(&by_place).expect(422);
    let (first, again) = (refused(), refused());
    let told = first["detail"].as_str().unwrap();
    assert_eq!(
        (&first["code"], &first["detail"]),
        (&json!("row_dependence"), &again["detail"])
    );
    let alone = check(&[]);
    assert!(alone.contains("row_dependence"), "{alone}");
    assert_ne!(seed(told), seed(&alone), "the server draws from its secret");
    let repeated = check(&["--seed", &seed(told)]);
    assert!(repeated.contains(told), "{repeated}\nis not\n{told}");
}
