//! What answers say to people: whom they mean, what is missing, what was wrong.

use super::command_line::{run, text};
use super::intake::event;
use super::segments::{CLOCK, bind};
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    people_without_a_name_can_be_recognised,
    grants_are_asked_for_before_and_are_facts,
    a_conflict_names_booking_and_record
);

fn people_without_a_name_can_be_recognised(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("labels");
    let known = [
        ("member_no", "M001"),
        ("phone", "13800138000"),
        ("email", "wang@example.com"),
        ("device", "d-1"),
    ];
    let mut events: Vec<Value> = (0..)
        .zip(known)
        .map(|(i, known)| {
            event(
                "site.viewed",
                &format!("e{i}"),
                "2026-01-14T09:00:00+08:00",
                &[known],
                json!({}),
            )
        })
        .collect();
    let mut named = event(
        "site.viewed",
        "named",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "M002")],
        json!({}),
    );
    named["customer"]["name"] = json!("王小明");
    events.push(named);
    assert_eq!(client.events(&events)["accepted"], 5);
    bind(&client, "visits", &Guest::default().build(), json!({}));

    let members = client.all("/api/v1/segments/visits.rare/members");
    let customers = client.all("/api/v1/customers");
    let words = text(&run(&server, &client, &["segments", "visits.rare", "--limit", "2"]).stdout);
    assert!(
        words.contains("visits.rare has 5 customers, 2 of them listed"),
        "{words}"
    );
    let listed = members
        .iter()
        .filter(|member| words.contains(member["label"].as_str().unwrap()));
    assert_eq!(listed.count(), 2, "{words}");
    let words = text(&run(&server, &client, &["segments"]).stdout);
    assert!(words.contains("visits.rare      5"), "{words}");
    assert_eq!(
        run(&server, &client, &["segments", "visits.none"]).status.code(),
        Some(1)
    );
    let preview = json!({"digest": members_of_nothing(&client), "config": {}, "name": "visits"});
    let preview = client.post("/api/v1/segmentation/preview", &preview).expect(200);
    let moves = client.all(&format!(
        "/api/v1/segmentation/previews/{}/moves",
        preview["id"].as_str().unwrap()
    ));
    let expected = ["+86138****8000", "M001", "w***@example.com", "王小明"];
    for list in [&members, &customers, &moves] {
        let mut labels: Vec<&str> = list.iter().map(|who| who["label"].as_str().unwrap()).collect();
        labels.sort_unstable();
        let shortened = labels.iter().position(|label| label.starts_with('…'));
        let shortened = labels.remove(shortened.expect("the one with a device only"));
        assert_eq!(labels, expected);
        let id = |who: &Value| who["customer_id"].as_str().or(who["id"].as_str()).unwrap().to_owned();
        let end = shortened.trim_start_matches('…');
        assert!(
            end.len() == 8 && list.iter().any(|who| id(who).ends_with(end)),
            "{shortened}"
        );
        let mut numbers: Vec<&str> = list.iter().filter_map(|who| who["member_no"].as_str()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, ["M001", "M002"]);
    }
    let sample = preview["sample"].as_array().unwrap();
    assert_eq!(sample.len(), 5, "a small base is shown whole");
    assert!(sample.iter().all(|mover| moves.contains(mover)), "{sample:?}");
    let words = text(&run(&server, &client, &["plugin", "preview", "visits", "nobody"]).stdout);
    assert!(
        sample
            .iter()
            .all(|mover| words.contains(mover["label"].as_str().unwrap())),
        "{words}"
    );
}

/// A rule that moves everyone out of `rare`.
fn members_of_nothing(client: &Client) -> String {
    client.admit(
        &Guest {
            name: "nobody".into(),
            segments: vec!["some".into(), "others".into()],
            ..Guest::default()
        }
        .build(),
    )
}

fn grants_are_asked_for_before_and_are_facts(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("grants");
    bind(&client, "calls", &Guest::default().build(), json!({}));
    let curious = Guest {
        name: "curious".into(),
        facts: vec![
            ("views-30d".into(), "count", false),
            ("trips-12m".into(), "count", false),
            ("recency-days".into(), "count", true),
        ],
        reasons: vec![],
        schema: r#"{"type":"object","additionalProperties":false}"#.into(),
        ..Guest::default()
    };
    let digest = client.admit(&curious.build());
    let preview = |name: &str| {
        let body = json!({"digest": digest, "config": {}, "name": name});
        client.post("/api/v1/segmentation/preview", &body).expect(200)["grant_needed"].clone()
    };
    assert_eq!(preview("calls"), json!(["views-30d"]));
    assert_eq!(
        preview("not-there-yet"),
        json!([]),
        "a first activation grants what is declared"
    );
    let words = text(&run(&server, &client, &["plugin", "preview", "calls", "curious"]).stdout);
    assert!(
        words.contains("posthouse plugin activate calls curious --grant views-30d\n"),
        "{words}"
    );

    let path = "/api/v1/bindings/segmentation/calls";
    let put = |grant: Value| client.put(path, &json!({"digest": digest, "config": {}, "grant": grant}));
    assert_eq!(put(json!(["views-30d", "view-30d"])).problem(422), "unknown_fact");
    let other = json!({"digest": digest, "config": {}, "grant": ["shoe-size"]});
    let fresh = client.put("/api/v1/bindings/segmentation/fresh", &other);
    assert_eq!(fresh.problem(422), "unknown_fact", "also for a first activation");
    let refused = run(
        &server,
        &client,
        &["plugin", "activate", "calls", "curious", "--settings", "{\"a\": 1}"],
    );
    assert!(
        text(&refused.stderr).contains("plugin curious has no settings"),
        "{}",
        text(&refused.stderr)
    );
    let file = server.folder.path().join("settings.json");
    std::fs::write(&file, "{}").unwrap();
    let settings = file.to_str().unwrap();
    let words = [
        "plugin",
        "activate",
        "calls",
        "curious",
        "--grant",
        "views-30d",
        "--settings",
        settings,
    ];
    let done = run(&server, &client, &words);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(preview("calls"), json!([]));
}

fn a_conflict_names_booking_and_record(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("conflicts");
    let paid = |id: &str, member: &str| {
        event(
            "booking.paid",
            id,
            "2026-01-14T09:00:00+08:00",
            &[("member_no", member)],
            json!({"booking_id": "B-7", "amount": 1}),
        )
    };
    let other = event(
        "site.viewed",
        "v",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "M2")],
        json!({}),
    );
    client.events(&[paid("E-1", "M1"), other]);
    let refused = client.events(&[paid("E-2", "M2")])["rejected"][0].clone();
    assert_eq!(refused["code"], "identity_conflict");
    let detail = refused["detail"].as_str().unwrap();
    for part in ["record E-2 of", "booking B-7 is recorded", "member_no M2"] {
        assert!(detail.contains(part), "{detail}");
    }
}
