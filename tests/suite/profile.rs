//! The living profile: how customers are found, what they like, whom they belong to, and every touch.

use posthouse_tests::{Client, Database, Options, Server, eventually, plugins};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    customers_are_found_by_parts,
    what_is_found_follows_what_changes,
    pages_of_a_search_hold_everyone_once,
    preferences_are_told_shown_and_taken_back,
    preferences_of_the_wrong_kind_are_refused,
    customers_are_linked_in_both_directions,
    the_timeline_has_every_touch,
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
        // as one text, then both words: 游 is also read liu
        ("Li Wei", "K1 K5 K2"),
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

/// What is shown of a customer's preferences: `key=value (source kind)`, in order.
fn preferred(view: &Value) -> String {
    let mut shown: Vec<String> = view["preferences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["shown"] == true)
        .map(|p| {
            let text = |key: &str| p[key].as_str().unwrap().to_owned();
            format!("{}={} ({})", text("key"), text("value"), text("source_kind"))
        })
        .collect();
    shown.sort_unstable();
    shown.join(", ")
}

fn told(id: &str, kind: &str, at: &str, preferences: &Value) -> Value {
    json!({"source": "shop", "external_id": id, "type": kind, "occurred_at": at,
        "customer": {"identities": [{"kind": "member_no", "value": "M1"}], "preferences": preferences}})
}

fn preferences_are_told_shown_and_taken_back(database: Database) {
    let (_server, client) = start(database);
    let path = person(&client, "M1", "李伟", None, "13800138001");
    let seen =
        json!({"destination": "Kyoto", "theme": {"value": "hiking", "confidence": 70, "source_kind": "inferred"}});
    let said = json!({"destination": ["Yunnan", "Kyoto"], "pace": "慢", "season": "秋"});
    let sent = client.events(&[
        told("e1", "site.viewed", "2026-01-10T09:00:00+08:00", &seen),
        told("e2", "profile.updated", "2026-01-09T09:00:00+08:00", &said),
        // older than what is known of the pace
        told(
            "e3",
            "profile.updated",
            "2026-01-08T09:00:00+08:00",
            &json!({"pace": "fast"}),
        ),
    ]);
    assert_eq!(sent["accepted"], 3, "{sent}");
    let view = client.get(&path).expect(200);
    assert_eq!(
        preferred(&view),
        "destination=Kyoto (observed), destination=Yunnan (declared), pace=relaxed (declared), season=autumn (declared), theme=hiking (inferred)"
    );
    let hiking = view["preferences"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["value"] == "hiking");
    let hiking = hiking.unwrap();
    assert_eq!(
        (&hiking["confidence"], &hiking["source"], &hiking["at"]),
        (&json!(70), &json!("shop"), &json!("2026-01-10T01:00:00.000Z"))
    );
    // by hand: what is told of a key takes the place of what was, null takes it back
    let change = json!({"preferences": {"destination": ["Iceland"], "theme": null, "budget": 500_000}});
    let view = client.patch(&path, &change).expect(200);
    assert_eq!(
        preferred(&view),
        "budget=500000 (declared), destination=Iceland (declared), pace=relaxed (declared), season=autumn (declared)"
    );
    let view = client
        .patch(&path, &json!({"preferences": {"budget": null}}))
        .expect(200);
    assert!(!preferred(&view).contains("budget"), "{view}");
    // what was said stays in the history, and what is older than the taking back stays away
    assert_eq!(view["preferences"].as_array().unwrap().len(), 9, "{view}");
    client.events(&[told(
        "e4",
        "site.viewed",
        "2026-01-11T09:00:00+08:00",
        &json!({"theme": "sea"}),
    )]);
    assert!(!preferred(&client.get(&path).expect(200)).contains("theme"));
}

fn preferences_of_the_wrong_kind_are_refused(database: Database) {
    let (_server, client) = start(database);
    let path = person(&client, "M1", "李伟", None, "13800138001");
    for (told, code) in [
        (json!({"colour": "blue"}), "unknown_preference"),
        (json!({"budget": "a lot"}), "bad_preference"),
        (json!({"pace": ["slow", "fast"]}), "bad_preference"),
        (json!({"diet": {"value": "vegan", "confidence": 200}}), "bad_preference"),
        (json!({"diet": {"value": "vegan", "sure": true}}), "bad_preference"),
    ] {
        let answer = client.patch(&path, &json!({"preferences": told}));
        assert_eq!(answer.problem(422), code, "{told}");
    }
    let sent = client.events(&[told(
        "e1",
        "profile.updated",
        "2026-01-10T09:00:00+08:00",
        &json!({"pace": "x"}),
    )]);
    assert_eq!(sent["rejected"][0]["code"], "bad_preference");
    assert_eq!(client.get(&path).expect(200)["preferences"], json!([]));
}

fn customers_are_linked_in_both_directions(database: Database) {
    let (server, client) = start(database);
    let (li, wang) = (
        person(&client, "M1", "李伟", None, "13800138001"),
        person(&client, "M2", "王小明", None, "13800138002"),
    );
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let link = |from: &str, kind: &str, to: &str| client.put(&format!("{from}/links/{kind}/{}", id(to)), &json!({}));
    let shown = |path: &str| -> Vec<String> {
        let view = client.get(path).expect(200);
        let links = view["links"].as_array().unwrap().iter();
        let text = |link: &Value, key: &str| link[key].as_str().unwrap().to_owned();
        links
            .map(|l| {
                format!(
                    "{} {} {} {}",
                    text(l, "kind"),
                    text(l, "direction"),
                    text(l, "label"),
                    text(l, "source")
                )
            })
            .collect()
    };
    for _ in 0..2 {
        // told twice, and of family from both sides, it is one link
        link(&li, "payer", &wang).expect(200);
        link(&li, "family", &wang).expect(200);
        link(&wang, "family", &li).expect(200);
    }
    assert_eq!(shown(&li), ["family mutual 王小明 console", "payer is 王小明 console"]);
    assert_eq!(shown(&wang), ["family mutual 李伟 console", "payer of 李伟 console"]);
    assert_eq!(
        client.get(&li).expect(200)["links"][0]["at"],
        "2026-01-15T04:00:00.000Z"
    );
    assert_eq!(link(&li, "payer", &li).problem(422), "link_to_self");
    assert_eq!(link(&li, "boss", &wang).problem(422), "bad_kind");
    // another agency's customer is not there, from either side
    let other = server.agency("other");
    let foreign = person(&other, "M1", "赵四", None, "13800138003");
    assert_eq!(link(&li, "payer", &foreign).problem(404), "not_found");
    for method in ["PUT", "DELETE"] {
        let path = format!("{li}/links/family/{}", id(&wang));
        assert_eq!(
            other.send(method, &path, "application/json", b"{}").problem(404),
            "not_found"
        );
    }
    for _ in 0..2 {
        let path = format!("{wang}/links/family/{}", id(&li));
        assert_eq!(client.send("DELETE", &path, "", &[]).status, 204);
    }
    assert_eq!(shown(&li), ["payer is 王小明 console"]);
}

fn the_timeline_has_every_touch(database: Database) {
    let (_server, client) = start(database);
    let digest = client.admit(&plugins::packed("rfm"));
    let path = person(&client, "M1", "李伟", None, "13800138001");
    client
        .put(
            "/api/v1/bindings/segmentation/rfm",
            &json!({"digest": digest, "config": {}}),
        )
        .expect(200);
    let booking = |n: usize| {
        json!({"source": "shop", "external_id": format!("b{n}"), "type": "booking.completed", "occurred_at": format!("2026-01-{:02}T09:00:00+08:00", n + 1),
            "customer": {"identities": [{"kind": "member_no", "value": "M1"}]}, "data": {"amount": 120_000}})
    };
    client.events(&(0..9).map(booking).collect::<Vec<_>>());
    let change = json!({"name": "李大伟", "preferences": {"pace": "slow"}});
    client.patch(&path, &change).expect(200);
    let touches = || -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("{path}/timeline?limit=4{cursor}")).expect(200);
            assert!(page["items"].as_array().unwrap().len() <= 4);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    };
    // the run of the activation, and the single move that follows the bookings
    let items = eventually("the rule follows", Duration::from_secs(10), || {
        let items = touches();
        let moves = items.iter().filter(|item| item["type"] == "segment.moved").count();
        (moves >= 2).then_some(items)
    });
    let count = |kind: &str| items.iter().filter(|item| item["type"] == kind).count();
    assert_eq!((count("booking.completed"), count("profile.updated")), (9, 2));
    let mut places: Vec<(&str, &str)> = items
        .iter()
        .map(|item| (item["source"].as_str().unwrap(), item["external_id"].as_str().unwrap()))
        .collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), items.len(), "nothing is told twice");
    let times: Vec<&str> = items.iter().map(|item| item["occurred_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "the latest comes first: {times:?}");
    let by_hand: Vec<&Value> = items.iter().filter(|item| item["data"]["name"] == "李大伟").collect();
    assert_eq!(by_hand[0]["data"]["preferences"], json!({"pace": "slow"}));
    let first_run = items
        .iter()
        .find(|item| item["external_id"].as_str().unwrap().starts_with("rfm/run-"))
        .expect("the activation moved everyone");
    assert_eq!(
        (&first_run["data"]["from"], &first_run["data"]["to"]),
        (&Value::Null, &json!("prospect"))
    );
    let moved = items
        .iter()
        .find(|item| item["external_id"].as_str().unwrap().starts_with("rfm/move-"))
        .expect("the bookings moved the customer");
    assert_eq!(moved["data"]["from"], "prospect");
    // the customer's view begins with the same
    let view = client.get(&path).expect(200);
    assert_eq!(view["timeline"].as_array().unwrap(), &items);
    assert_eq!(view["timeline_next"], Value::Null);
    let answer = client.get(&format!("{path}/timeline?cursor=zz"));
    assert_eq!(answer.problem(422), "bad_cursor");
}
