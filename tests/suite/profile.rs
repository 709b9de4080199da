//! The living profile: how customers are found, what they like, whom they belong to, and every touch.

use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    customers_are_found_by_parts,
    what_is_found_follows_what_changes,
    pages_of_a_search_hold_everyone_once,
);

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("profile");
    (server, client)
}

/// `text` as a query takes it.
fn quoted(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Member numbers of those who are found, in their order.
fn found(client: &Client, q: &str) -> String {
    let answer = client.get(&format!("/api/v1/customers?q={}", quoted(q))).expect(200);
    let members: Vec<&str> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["member_no"].as_str().unwrap())
        .collect();
    members.join(" ")
}

fn person(client: &Client, member: &str, name: &str, latin: Option<&str>, phone: &str) -> String {
    let body = json!({"identities": [{"kind": "member_no", "value": member}, {"kind": "phone", "value": phone},
            {"kind": "email", "value": format!("mail.{member}@example.com")}],
        "name": name, "attributes": {"name_latin": latin}});
    let view = client.post("/api/v1/customers", &body).expect(201);
    format!("/api/v1/customers/{}", view["id"].as_str().unwrap())
}

fn customers_are_found_by_parts(database: Database) {
    let (server, client) = start(database);
    person(&client, "K1", "李伟", None, "13800138001");
    person(&client, "K2", "伟业旅游", None, "13900139002");
    person(&client, "K3", "王小明", None, "13700001380");
    person(&client, "K4", "曾乐", Some("ZENG LE"), "13612344321");
    person(&client, "K5", "Christine Liwei", None, "+16502530000");
    person(&client, "1380", "欧阳震华", None, "13512345678");
    for (q, expected) in [
        // parts of names; who begins with it comes before who has it inside
        ("伟", "K2 K1"),
        ("李伟", "K1"),
        ("小明", "K3"),
        ("阳震", "1380"),
        // pinyin, whole and in parts, and initials
        ("liwei", "K1 K5"),
        ("Li Wei", "K1 K5"),
        ("wei", "K2 K1"),
        ("xiaoming", "K3"),
        ("lw", "K1"),
        ("wxm", "K3"),
        ("oyzh", "1380"),
        ("ouyang", "1380"),
        // every reading of a surname
        ("cengle", "K4"),
        ("zeng", "K4"),
        ("zengyue", "K4"),
        ("le zeng", "K4"),
        // words in letters, and inside of them when no word begins so
        ("chris", "K5"),
        ("hristi", "K5"),
        // telephone numbers: the end, the middle, the beginning; a number that is the text comes first
        ("8001", "K1"),
        ("0013", "K1 K2 K3"),
        ("+86 138", "K1 1380 K3"),
        ("1380", "1380 K1 K3"),
        ("138-0013", "K1"),
        ("253 0000", "K5"),
        // beginnings of addresses and member numbers
        ("mail.k4", "K4"),
        ("k", "K1 K2 K3 K4 K5"),
        ("张三", ""),
    ] {
        assert_eq!(found(&client, q), expected, "{q}");
    }
    // another agency's customers are not found
    let other = server.agency("other");
    assert_eq!(found(&other, "李伟"), "");
}

fn what_is_found_follows_what_changes(database: Database) {
    let (_server, client) = start(database);
    let path = person(&client, "M1", "张三", None, "13800138001");
    client.patch(&path, &json!({"name": "赵四"})).expect(200);
    assert_eq!(
        (found(&client, "张三").as_str(), found(&client, "zhangsan").as_str()),
        ("", "")
    );
    assert_eq!(found(&client, "zhaos"), "M1");
    let second = json!({"identities": [{"kind": "phone", "value": "13911112222"}]});
    client.patch(&path, &second).expect(200);
    assert_eq!(
        (found(&client, "2222").as_str(), found(&client, "8001").as_str()),
        ("M1", "M1")
    );
    // by event and by file as well
    let event = json!({"source": "shop", "external_id": "e1", "type": "profile.updated", "occurred_at": "2026-01-15T11:59:00+08:00",
        "customer": {"identities": [{"kind": "member_no", "value": "M2"}], "name": "孙悟空"}});
    client.events(&[event]);
    client.import("customers", "member_no,name\nM3,猪八戒\n".as_bytes());
    assert_eq!(
        (found(&client, "swk").as_str(), found(&client, "bajie").as_str()),
        ("M2", "M3")
    );
}

/// Everyone who is found, seven on a page.
fn paged(client: &Client, q: &str) -> Vec<Value> {
    let path = format!("/api/v1/customers?q={}&limit=7", quoted(q));
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{cursor}")).expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn pages_of_a_search_hold_everyone_once(database: Database) {
    let (_server, client) = start(database);
    let rows: String = (0..40)
        .map(|n| format!("N{n:02},{}伟\n", ["李", "伟"][n % 2]))
        .collect();
    client.import("customers", format!("member_no,name\n{rows}").as_bytes());
    for (q, expected) in [("伟", 40), ("liwei", 20), ("n", 40), ("1", 13)] {
        let items = paged(&client, q);
        let mut members: Vec<&str> = items.iter().map(|item| item["member_no"].as_str().unwrap()).collect();
        members.sort_unstable();
        members.dedup();
        assert_eq!((items.len(), members.len()), (expected, expected), "{q}");
    }
    let first = &paged(&client, "伟")[0];
    assert_eq!(first["profile"]["name"], "伟伟", "who begins so comes first");
    for cursor in ["7", "a.b", "1"] {
        let answer = client.get(&format!("/api/v1/customers?q=x&cursor={cursor}"));
        assert_eq!(answer.problem(422), "bad_cursor", "{cursor}");
    }
}
