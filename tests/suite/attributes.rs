//! Fields of the agency's own: defined, told by events and by hand, read by rules.

use super::intake::{event, facts};
use super::segments::{CLOCK, bind};
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    attributes_are_told_and_read_by_rules,
    definitions_are_checked_and_the_agencys_own
);

fn told(member: &str, id: &str, attributes: Value) -> Value {
    let mut one = event(
        "profile.updated",
        id,
        "2026-01-14T09:00:00+08:00",
        &[("member_no", member)],
        json!({}),
    );
    one["customer"]["attributes"] = attributes;
    one
}

fn define(client: &Client, key: &str, kind: &str) -> posthouse_tests::client::Answer {
    let body = json!({"kind": kind, "title": {"zh-CN": "级别", "en": "Level"}, "sensitivity": "ordinary"});
    client.put(&format!("/api/v1/attributes/{key}"), &body)
}

fn by_level() -> Guest {
    Guest {
        facts: vec![
            ("attr.card-level".into(), "count", true),
            ("trips-12m".into(), "count", false),
            ("recency-days".into(), "count", true),
        ],
        reasons: vec![("level".into(), "level {attr.card-level}".into())],
        ..Guest::default()
    }
}

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("own");
    (server, client)
}

fn attributes_are_told_and_read_by_rules(database: Database) {
    let (mut server, mut client) = start(database);
    // told before it is defined: kept, and it counts once it is
    let early = client.events(&[
        told("A", "a1", json!({"card-level": 7, "nickname": "小李"})),
        told("B", "b1", json!({"card_level": "gold"})),
        told("C", "c1", json!({})),
    ]);
    assert_eq!(early["accepted"], 3, "{early}");
    let plugin = by_level().build();
    let digest = client.admit(&plugin);
    let path = "/api/v1/bindings/segmentation/levels";
    let body = json!({"digest": digest, "config": {}});
    assert_eq!(client.put(path, &body).problem(422), "unknown_fact");
    define(&client, "card-level", "count").expect(200);
    bind(&client, "levels", &plugin, json!({}));
    let level = |client: &Client, member: &str| facts(client)[member]["attr.card-level"].clone();
    assert_eq!((level(&client, "A"), level(&client, "B")), ("7".into(), String::new()));
    let frequent = |client: &Client| client.all("/api/v1/segments/levels.frequent/members").len();
    assert_eq!(frequent(&client), 1);
    // from now on values must be of its kind
    let sent = client.events(&[
        told("B", "b2", json!({"card-level": "gold"})),
        told("B", "b3", json!({"card-level": "9"})),
        told("A", "a2", json!({"card-level": 1})),
    ]);
    assert_eq!(
        (&sent["accepted"], &sent["rejected"][0]["code"]),
        (&json!(2), &json!("bad_attribute")),
        "{sent}"
    );
    eventually("the rule follows", Duration::from_secs(10), || {
        // A leaves, B comes
        (frequent(&client) == 1 && level(&client, "B") == "9").then_some(())
    });
    // by hand, and seen on the customer
    let found = client.get("/api/v1/customers?q=C").expect(200);
    let customer = format!("/api/v1/customers/{}", found["items"][0]["id"].as_str().unwrap());
    let refused = client.patch(&customer, &json!({"attributes": {"card-level": "x"}}));
    assert_eq!(refused.problem(422), "bad_attribute");
    let view = client
        .patch(&customer, &json!({"attributes": {"card-level": 4}}))
        .expect(200);
    assert_eq!(view["facts"]["attr.card-level"], 4);
    eventually("and followed", Duration::from_secs(10), || {
        (frequent(&client) == 2).then_some(())
    });
    // by a file
    let file = "member_no,attr.card-level,nonsense\nD,8,x\nE,high,y\n";
    let job = client.import("customers", file.as_bytes());
    assert_eq!(
        (&job["accepted"], &job["rejected"], &job["warned"]),
        (&json!(2), &json!(0), &json!(1)),
        "{job}"
    );
    assert_eq!(job["ignored_columns"], json!(["nonsense"]), "{job}");
    assert_eq!(level(&client, "D"), "8");
    let catalogue = client.get("/api/v1/facts").expect(200);
    let own = catalogue["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&own["key"], &own["kind"], &own["nullable"], &own["source"]),
        (
            &json!("attr.card-level"),
            &json!("count"),
            &json!(true),
            &json!("attributes")
        )
    );
    // a restart, from the saved frame and without it
    let before = facts(&client);
    for stop in [Server::stop as fn(&mut Server) -> bool, |server| {
        server.kill();
        std::fs::remove_dir_all(server.folder.path().join("data/frames")).is_ok()
    }] {
        assert!(stop(&mut server));
        server.restart();
        client.base.clone_from(&server.base);
        assert!(facts(&client) == before);
    }
    // a rule in force keeps its attribute; once nobody reads it, it can go and come back as another kind
    let own = "/api/v1/attributes/card-level";
    assert_eq!(client.send("DELETE", own, "", &[]).problem(409), "attribute_in_use");
    let plain = client.admit(&Guest::default().build());
    client
        .put(path, &json!({"digest": plain, "config": {}, "grant": ["trips-24m"]}))
        .expect(200);
    assert_eq!(client.send("DELETE", own, "", &[]).status, 204);
    assert!(!facts(&client)["A"].contains_key("attr.card-level"));
    define(&client, "card-level", "text").expect(200);
    assert_eq!(level(&client, "B"), "9");
    assert_eq!(client.put(path, &body).problem(422), "wrong_fact_kind");
}

fn definitions_are_checked_and_the_agencys_own(database: Database) {
    let (server, client) = start(database);
    for (key, kind, code) in [
        ("Card", "count", "bad_key"),
        ("home-city", "text", "bad_key"),
        ("card", "colour", "bad_kind"),
    ] {
        assert_eq!(define(&client, key, kind).problem(422), code, "{key} {kind}");
    }
    let untitled = json!({"kind": "text", "title": {"zh-CN": "级别", "en": ""}});
    assert_eq!(
        client.put("/api/v1/attributes/card", &untitled).problem(422),
        "bad_title"
    );
    define(&client, "card", "count").expect(200);
    assert_eq!(define(&client, "card", "text").problem(409), "kind_is_settled");
    let renamed = json!({"kind": "count", "title": {"zh-CN": "卡级", "en": "Card"}});
    client.put("/api/v1/attributes/card", &renamed).expect(200);
    let list = client.get("/api/v1/attributes").expect(200);
    assert_eq!(
        (&list["items"][0]["title"]["en"], &list["items"][0]["sensitivity"]),
        (&json!("Card"), &json!("personal"))
    );
    let other = server.agency("other");
    assert_eq!(other.get("/api/v1/attributes").expect(200)["items"], json!([]));
    assert_eq!(
        other.send("DELETE", "/api/v1/attributes/card", "", &[]).problem(404),
        "not_found"
    );
}
