//! Lists kept under a name.

use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(views_are_ones_own_until_they_are_shared);

fn titles(client: &Client) -> Vec<String> {
    let views = client.get("/api/v1/views?list=customers").expect(200);
    let title = |view: &Value| view["title"].as_str().unwrap().to_owned();
    views["items"].as_array().unwrap().iter().map(title).collect()
}

fn view(title: &str, query: &str, shared: bool) -> Value {
    json!({"list": "customers", "title": title, "query": query, "shared": shared})
}

fn views_are_ones_own_until_they_are_shared(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let other = |scopes: &[&str]| {
        let key = owner
            .post("/api/v1/keys", &json!({"name": "other", "scopes": scopes}))
            .expect(201);
        Client::new(&server.base, key["api_key"].as_str().unwrap())
    };
    let (reader, lead, blind) = (other(&["read"]), other(&["read", "team"]), other(&["intake"]));
    let save = |client: &Client, body: &Value| client.post("/api/v1/views", body);
    let mine = save(&owner, &view(" Often ", "fact=trips-24m%3A2..", false)).expect(200);
    assert_eq!(
        (&mine["title"], &mine["own"], &mine["shared"]),
        (&json!("Often"), &json!(true), &json!(false))
    );
    let shared = save(&owner, &view("Best", "sort=-spend-24m", true)).expect(200);
    let theirs = save(&reader, &view("Often", "sort=age", false)).expect(200);
    assert_eq!(titles(&owner), ["Best", "Often"]);
    assert_eq!(titles(&reader), ["Often", "Best"], "one's own first");
    assert_eq!(titles(&lead), ["Best"]);
    // a name is one view
    let again = save(&owner, &view("Often", "fact=trips-24m%3A3..", false)).expect(200);
    assert_eq!(
        (&again["id"], &again["query"]),
        (&mine["id"], &json!("fact=trips-24m%3A3.."))
    );
    assert_eq!(titles(&owner), ["Best", "Often"]);
    let delete = |client: &Client, view: &Value| {
        client.send(
            "DELETE",
            &format!("/api/v1/views/{}", view["id"].as_str().unwrap()),
            "",
            &[],
        )
    };
    assert_eq!(delete(&reader, &shared).problem(403), "scope_missing");
    assert_eq!(
        delete(&lead, &mine).problem(404),
        "not_found",
        "what others keep for themselves is not there"
    );
    delete(&lead, &shared).expect(204);
    assert_eq!(delete(&owner, &shared).problem(404), "not_found");
    delete(&reader, &theirs).expect(204);
    assert_eq!(titles(&owner), ["Often"]);
    assert_eq!(titles(&reader), [""; 0]);
    // what no list has is kept by none
    for (body, code) in [
        (view("", "", false), "bad_view"),
        (view(&"x".repeat(61), "", false), "bad_view"),
        (view("x", "sort=a b", false), "bad_view"),
        (view("x", "sort=年", false), "bad_view"),
        (view("x", &"a".repeat(4_001), false), "bad_view"),
        (json!({"list": "quotes", "title": "x", "query": ""}), "unknown_list"),
    ] {
        assert_eq!(save(&owner, &body).problem(422), code, "{body}");
    }
    assert_eq!(blind.get("/api/v1/views?list=customers").problem(403), "scope_missing");
    for number in 1..50 {
        save(&owner, &view(&format!("n{number}"), "", false)).expect(200);
    }
    assert_eq!(
        save(&owner, &view("one more", "", false)).problem(409),
        "too_many_views"
    );
    save(&owner, &view("n7", "sort=age", false)).expect(200);
}
