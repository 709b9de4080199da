//! Several agencies in one server: another agency's things are not there.

use posthouse_tests::{Client, Database, Options, Server, plugins};
use serde_json::json;

on_both_engines!(
    another_agencys_things_are_404,
    keys_are_scoped_and_revocable,
    a_host_with_another_secret_is_refused,
);

fn booking(id: &str, member: &str) -> serde_json::Value {
    json!({"source": "shop", "external_id": id, "type": "booking.confirmed", "occurred_at": "2026-01-10T09:00:00+08:00",
        "customer": {"identities": [{"kind": "member_no", "value": member}]}, "data": {"amount": 120_000}})
}

fn another_agencys_things_are_404(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let (ours, theirs) = (server.agency("ours"), server.agency("theirs"));
    ours.events(&[booking("b1", "M1")]);
    let customer = ours.get("/api/v1/customers").expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let digest = ours.admit(&plugins::packed("rfm"));
    let bound = ours.put(
        "/api/v1/bindings/segmentation/rfm",
        &json!({"digest": digest, "config": {}}),
    );
    bound.expect(200);
    let preview = ours
        .post(
            "/api/v1/segmentation/preview",
            &json!({"digest": digest, "config": {}, "name": "rfm"}),
        )
        .expect(200);
    let preview = preview["id"].as_str().unwrap();
    let job = ours.import("customers", b"member_no\nM2\n");
    let job = job["id"].as_str().unwrap();

    let single = [
        format!("/api/v1/customers/{customer}"),
        format!("/api/v1/plugins/{digest}"),
        "/api/v1/bindings/segmentation/rfm".into(),
        "/api/v1/bindings/segmentation/rfm/history".into(),
        "/api/v1/bindings/segmentation/rfm/logs".into(),
        format!("/api/v1/segmentation/previews/{preview}/moves"),
        "/api/v1/segments/rfm.champions/members".into(),
        "/api/v1/segments/rfm.champions/members?as_of=2026-01-01".into(),
        "/api/v1/segments/rfm.champions/sample?as_of=2026-01-01".into(),
        "/api/v1/segments/rfm.champions/sample".into(),
        "/api/v1/segments/rfm/flow?from=2026-01-01&to=2026-01-02".into(),
        format!("/api/v1/customers/{customer}?as_of=2026-01-01"),
        format!("/api/v1/customers/{customer}/timeline"),
        format!("/api/v1/imports/{job}"),
        format!("/api/v1/imports/{job}/errors.csv"),
    ];
    for path in &single {
        assert_eq!(ours.get(path).status, 200, "{path}");
        assert_eq!(theirs.get(path).problem(404), "not_found", "{path}");
    }
    assert_eq!(
        theirs
            .patch(&format!("/api/v1/customers/{customer}"), &json!({"name": "x"}))
            .problem(404),
        "not_found"
    );
    assert_eq!(
        theirs
            .post("/api/v1/bindings/segmentation/rfm/rollback", &json!({}))
            .problem(404),
        "not_found"
    );
    let foreign = json!({"digest": digest, "config": {}});
    assert_eq!(
        theirs.put("/api/v1/bindings/segmentation/rfm", &foreign).problem(404),
        "not_found"
    );
    let foreign = json!({"digest": digest, "config": {}, "name": "rfm"});
    assert_eq!(
        theirs.post("/api/v1/segmentation/preview", &foreign).problem(404),
        "not_found"
    );
    for (insight, found, nothing) in [
        ("pareto", "customers", json!(0)),
        ("loyal", "customers", json!(0)),
        ("clv", "latest", json!(null)),
    ] {
        let answer = theirs.get(&format!("/api/v1/insights/{insight}")).expect(200);
        assert_eq!(answer[found], nothing, "{insight} {answer}");
    }
    for list in ["customers", "plugins", "bindings", "segments"] {
        assert_eq!(
            theirs.get(&format!("/api/v1/{list}")).expect(200)["items"],
            json!([]),
            "{list}"
        );
    }
    assert_eq!(theirs.get("/api/v1/facts/export?format=jsonl").text, "");
    // the same identities and ids are other people and other records there
    assert_eq!(theirs.events(&[booking("b1", "M1")])["accepted"], 1);
    assert_eq!(
        theirs.get("/api/v1/customers").expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

fn keys_are_scoped_and_revocable(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("keys");
    let made = owner
        .post("/api/v1/keys", &json!({"name": "website", "scopes": ["intake"]}))
        .expect(201);
    let website = Client::new(&server.base, made["api_key"].as_str().unwrap());
    assert_eq!(website.events(&[booking("b1", "M1")])["accepted"], 1);
    assert_eq!(website.get("/api/v1/customers").problem(403), "scope_missing");
    assert_eq!(website.upload(b"\0asm").problem(403), "scope_missing");
    assert_eq!(
        website
            .post("/api/v1/keys", &json!({"name": "more", "scopes": ["owner"]}))
            .problem(403),
        "scope_missing"
    );
    let revoked = owner.send(
        "DELETE",
        &format!("/api/v1/keys/{}", made["id"].as_str().unwrap()),
        "",
        &[],
    );
    assert!(matches!(revoked.status, 200 | 204), "{}", revoked.text);
    assert_eq!(
        website.post("/api/v1/events", &json!({"events": []})).problem(401),
        "key_unknown"
    );
    assert_eq!(
        Client::new(&server.base, "").get("/api/v1/customers").problem(401),
        "key_missing"
    );
    let longer = format!("{}0", owner.key);
    for key in ["nonsense", "ph_00000000000000000000000000000000_00", &longer] {
        let answer = Client::new(&server.base, key).get("/api/v1/customers");
        assert_eq!(answer.problem(401), "key_unknown", "{key:?}");
    }
}

fn a_host_with_another_secret_is_refused(database: Database) {
    let server = Server::start(database, Options::default());
    let output = server
        .command(&["serve", "--listen", "127.0.0.1:0", "--database", &server.database])
        .env("POSTHOUSE_SECRET", "07".repeat(32))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("another secret"), "{said}");
}
