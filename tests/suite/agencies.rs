//! Keys of agencies and the secret of the host. That agencies do not see each other is in `isolation`.

use posthouse_tests::{Client, Database, Options, Server};
use serde_json::json;

on_both_engines!(keys_are_scoped_and_revocable, a_host_with_another_secret_is_refused,);

fn booking(id: &str, member: &str) -> serde_json::Value {
    json!({"source": "shop", "external_id": id, "type": "booking.confirmed", "occurred_at": "2026-01-10T09:00:00+08:00",
        "customer": {"identities": [{"kind": "member_no", "value": member}]}, "data": {"amount": 120_000}})
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
    let mut server = Server::start(database, Options::default());
    if matches!(database, Database::Sqlite) {
        // beside another there is no host at all on a file
        assert!(server.stop());
    }
    let output = server
        .command(&["serve", "--listen", "127.0.0.1:0", "--database", &server.database])
        .env("POSTHOUSE_SECRET", "07".repeat(32))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("another secret"), "{said}");
}
