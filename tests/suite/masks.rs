//! What people of a role see: nothing that is kept from them, and nobody who is not theirs.

use super::intake::event;
use super::segments::{CLOCK, bind};
use posthouse_tests::campaigns::basket;
use posthouse_tests::{Answer, Client, Database, Options, Server, plugins};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_engines!(
    what_a_role_does_not_see_is_nowhere,
    people_see_their_own_customers,
    a_document_is_looked_at_with_an_entry,
);

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let owner = server.agency("silk");
    (server, owner)
}

/// Somebody who is signed in, and their id.
fn person(server: &Server, owner: &Client, email: &str, role: &str, branch: &Value) -> (Client, String) {
    let body = json!({"email": email, "role": role, "branch": branch});
    let invited = owner.post("/api/v1/staff", &body).expect(201);
    let body = json!({"token": invited["token"], "password": "seventh camel on the road"});
    let joined = Client::new(&server.base, "").post("/api/v1/join", &body).expect(201);
    let id = invited["staff"]["id"].as_str().unwrap().to_owned();
    (Client::new(&server.base, joined["token"].as_str().unwrap()), id)
}

/// A customer written down by hand, who has booked something.
fn customer(client: &Client, number: &str, told: Value, amount: i64) -> String {
    let mut body = told;
    let identities = body["identities"].as_array_mut().unwrap();
    identities.push(json!({"kind": "member_no", "value": number}));
    let made = client.post("/api/v1/customers", &body).expect(201);
    let at = "2026-01-10T09:00:00+08:00";
    let data =
        json!({"amount": amount, "cost": amount / 2, "destination": "Kyoto", "booking_id": format!("b-{number}")});
    client.events(&[event(
        "booking.confirmed",
        &format!("b-{number}"),
        at,
        &[("member_no", number)],
        data,
    )]);
    made["id"].as_str().unwrap().to_owned()
}

/// Every item of a list, page by page.
fn paged(client: &Client, path: &str) -> Vec<Value> {
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

fn ids(answer: &[Value], key: &str) -> BTreeSet<String> {
    answer
        .iter()
        .map(|item| item[key].as_str().unwrap().to_owned())
        .collect()
}

/// Everybody in the segments of a binding.
fn everybody_in(client: &Client, binding: &str) -> Vec<Value> {
    let segments = client.get("/api/v1/segments").expect(200);
    let own = segments["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|segment| segment["binding"] == binding);
    own.flat_map(|segment| {
        let key = segment["key"].as_str().unwrap();
        paged(client, &format!("/api/v1/segments/{binding}.{key}/members?limit=1"))
    })
    .collect()
}

fn what_a_role_does_not_see_is_nowhere(database: Database) {
    let (server, owner) = start(database);
    let wang = json!({"identities": [{"kind": "phone", "value": "13912345678"}, {"kind": "email", "value": "secret.wang@example.com"},
        {"kind": "passport", "value": "E98765432"}], "name": "王小明", "attributes": {"birth_date": "1987-06-05", "home_city": "Suzhou"}});
    let id = customer(&owner, "M1", wang, 7_654_321);
    // known by a number alone, so that a list has nothing better to call them by
    customer(
        &owner,
        "M2",
        json!({"identities": [{"kind": "phone", "value": "13700001111"}]}),
        200,
    );
    let told = json!({"note": "call 13912345678", "channel": "phone"});
    owner.events(&[event(
        "contact.made",
        "c1",
        "2026-01-12T09:00:00+08:00",
        &[("member_no", "M1")],
        told,
    )]);
    bind(&owner, "rfm", &plugins::packed("rfm"), json!({}));
    owner.segments_by_customer("rfm");
    owner
        .post("/api/v1/quotes", &basket(Some(&id), 10_000, &[]))
        .expect(201);
    let role = json!({"title": {"zh-CN": "看不见", "en": "Sees little"}, "permissions": ["read", "exports", "quotes", "rules", "intake"],
        "masks": ["contact", "money", "birth"], "rows": "all"});
    owner.put("/api/v1/roles/blind", &role).expect(201);
    let (blind, _) = person(&server, &owner, "blind@silk.example", "blind", &Value::Null);
    let secrets = [
        "7654321",
        "76543.21",
        "3827160",
        "13912345678",
        "39****5678",
        "secret",
        "s***@",
        "1987-06-05",
        "E98765432",
        "13700001111",
        "37****1111",
    ];
    let shows = |answer: &Answer, path: &str| {
        for secret in secrets {
            assert!(!answer.text.contains(secret), "{path} shows {secret}: {}", answer.text);
        }
    };
    let segment = everybody_in(&blind, "rfm");
    assert_eq!(segment.len(), 2, "who is where is not hidden");
    let place = owner.get(&format!("/api/v1/customers/{id}")).expect(200)["segments"][0].clone();
    let key = place["key"].as_str().unwrap();
    assert!(place["score"].is_number() && place["reason"].is_object(), "{place}");
    for path in [
        "/api/v1/customers".to_owned(),
        "/api/v1/customers?q=%E7%8E%8B".to_owned(),
        format!("/api/v1/customers?segment=rfm.{key}"),
        format!("/api/v1/customers/{id}"),
        format!("/api/v1/customers/{id}/timeline"),
        format!("/api/v1/customers/{id}?as_of=2026-01-15"),
        format!("/api/v1/segments/rfm.{key}/members"),
        format!("/api/v1/segments/rfm.{key}/members?as_of=2026-01-15"),
        format!("/api/v1/segments/rfm.{key}/sample?seed=1"),
        "/api/v1/facts/export?format=csv".to_owned(),
        "/api/v1/facts/export?format=jsonl".to_owned(),
        "/api/v1/bindings/segmentation/rfm/logs".to_owned(),
    ] {
        assert_eq!(owner.get(&path).status, 200, "{path}");
        let answer = blind.get(&path);
        assert_eq!(answer.status, 200, "{path} {}", answer.text);
        shows(&answer, &path);
    }
    let seen = blind.get(&format!("/api/v1/customers/{id}")).expect(200);
    assert_eq!(seen["masked"], json!(["contact", "money", "birth"]));
    assert_eq!(
        (&seen["profile"]["name"], &seen["profile"]["home_city"]),
        (&json!("王小明"), &json!("Suzhou"))
    );
    assert!(
        seen["facts"].get("spend-24m").is_none() && seen["facts"].get("age").is_none(),
        "{}",
        seen["facts"]
    );
    assert_eq!(seen["facts"]["trips-24m"], 1);
    let numbers = seen["identities"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|own| own["value"].is_string());
    assert_eq!(numbers.count(), 1, "the member number: {}", seen["identities"]);
    let booked = seen["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["type"] == "booking.confirmed")
        .unwrap();
    assert_eq!(booked["data"], json!({"destination": "Kyoto", "booking_id": "b-M1"}));
    assert!(seen["segments"][0]["score"].is_null(), "{}", seen["segments"]);
    let head = blind.get("/api/v1/facts/export?format=csv").text;
    assert!(
        head.contains("trips-24m") && !head.contains("spend") && !head.contains("birth-date"),
        "{head}"
    );
    // nor are they found by it
    for (q, found) in [
        ("%E7%8E%8B", 1),
        ("wxm", 1),
        ("M1", 1),
        ("13912345678", 0),
        ("5678", 0),
        ("139", 0),
        ("secret.wang%40example.com", 0),
        ("secret", 0),
        ("ecret", 0),
    ] {
        let path = format!("/api/v1/customers?q={q}");
        assert_eq!(blind.all(&path).len(), found, "{q}");
        assert_eq!(owner.all(&path).len(), 1, "{q}");
    }
    let quote = owner.all("/api/v1/quotes")[0]["id"].as_str().unwrap().to_owned();
    for path in [
        "quotes",
        &format!("quotes/{quote}"),
        "insights/pareto",
        "insights/loyal",
        "insights/clv",
        "decisions",
        "clashes",
    ] {
        let path = format!("/api/v1/{path}");
        assert_eq!(owner.get(&path).status, 200, "{path}");
        assert_eq!(blind.get(&path).problem(403), "data_masked", "{path}");
    }
    assert_eq!(
        blind
            .post("/api/v1/quotes", &basket(Some(&id), 10_000, &[]))
            .problem(403),
        "data_masked"
    );
    // a guide sees how to reach people, and not what they spend
    let (guide, guide_id) = person(&server, &owner, "guide@silk.example", "guide", &Value::Null);
    assert_eq!(guide.get(&format!("/api/v1/customers/{id}")).problem(404), "not_found");
    owner
        .put(&format!("/api/v1/customers/{id}/owner"), &json!({"owner": guide_id}))
        .expect(200);
    let seen = guide.get(&format!("/api/v1/customers/{id}")).expect(200);
    assert!(
        seen.to_string().contains("13912345678") && !seen.to_string().contains("7654321"),
        "{seen}"
    );
    assert_eq!(guide.all("/api/v1/customers?q=5678").len(), 1);
}

fn people_see_their_own_customers(database: Database) {
    let (server, owner) = start(database);
    let name = |name: &str| json!({"identities": [], "name": name});
    let mut made = Vec::new();
    for (number, called) in [("M1", "王一"), ("M2", "王二"), ("M3", "王三"), ("M4", "王四")] {
        made.push(customer(&owner, number, name(called), 100_000));
    }
    bind(&owner, "rfm", &plugins::packed("rfm"), json!({}));
    owner.segments_by_customer("rfm");
    let branch = owner.post("/api/v1/branches", &json!({"name": "静安"})).expect(201)["id"].clone();
    let (one, one_id) = person(&server, &owner, "one@silk.example", "sales", &branch);
    let (other, other_id) = person(&server, &owner, "other@silk.example", "sales", &branch);
    assert!(one.all("/api/v1/customers").is_empty());
    let bulk = json!({"customers": [made[0], made[1], made[0]], "owner": one_id});
    assert_eq!(
        owner.post("/api/v1/customers/owner", &bulk).expect(200)["owner"]["id"],
        one_id.as_str()
    );
    owner
        .put(
            &format!("/api/v1/customers/{}/owner", made[2]),
            &json!({"owner": other_id}),
        )
        .expect(200);
    let own: BTreeSet<String> = made[..2].iter().cloned().collect();
    let theirs = &made[2];
    // lists, searches and segments have their own
    assert_eq!(ids(&paged(&one, "/api/v1/customers?limit=1"), "id"), own);
    assert_eq!(ids(&paged(&one, "/api/v1/customers?q=%E7%8E%8B&limit=1"), "id"), own);
    assert_eq!(ids(&one.all("/api/v1/customers?q=wang"), "id"), own);
    assert!(one.all("/api/v1/customers?q=M3").is_empty());
    assert_eq!(ids(&everybody_in(&one, "rfm"), "customer_id"), own);
    let key = everybody_key(&owner, theirs);
    assert!(
        !ids(
            &one.all(&format!("/api/v1/segments/rfm.{key}/members?as_of=2026-01-15")),
            "customer_id"
        )
        .contains(theirs)
    );
    assert_eq!(owner.all("/api/v1/customers?q=M1")[0]["owner"]["id"], one_id.as_str());
    // whatever is asked of others, they are not there
    let quote = owner
        .post("/api/v1/quotes", &basket(Some(theirs), 10_000, &[]))
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        "",
        "/timeline",
        "?as_of=2026-01-15",
        "/documents/passport",
        "/bookings",
        "/standing",
        "/quotes",
    ] {
        assert_eq!(
            one.get(&format!("/api/v1/customers/{theirs}{path}")).problem(404),
            "not_found",
            "{path}"
        );
    }
    assert_eq!(
        one.patch(&format!("/api/v1/customers/{theirs}"), &json!({"name": "X"}))
            .problem(404),
        "not_found"
    );
    assert_eq!(
        one.put(&format!("/api/v1/customers/{theirs}/owner"), &json!({"owner": one_id}))
            .problem(404),
        "not_found"
    );
    let both = json!({"customers": [made[0], theirs], "owner": one_id});
    assert_eq!(one.post("/api/v1/customers/owner", &both).problem(404), "not_found");
    assert_eq!(
        one.send(
            "PUT",
            &format!("/api/v1/customers/{}/links/family/{theirs}", made[0]),
            "",
            &[]
        )
        .problem(404),
        "not_found"
    );
    assert_eq!(
        one.post("/api/v1/quotes", &basket(Some(theirs), 10_000, &[]))
            .problem(404),
        "not_found"
    );
    assert_eq!(one.get(&format!("/api/v1/quotes/{quote}")).problem(404), "not_found");
    for step in ["confirm", "release"] {
        assert_eq!(
            one.post(&format!("/api/v1/quotes/{quote}/{step}"), &json!({"booking_id": "b9"}))
                .problem(404),
            "not_found"
        );
    }
    let own_quote = one
        .post("/api/v1/quotes", &basket(Some(&made[0]), 10_000, &[]))
        .expect(201);
    assert_eq!(
        ids(&one.all("/api/v1/quotes"), "id"),
        BTreeSet::from([own_quote["id"].as_str().unwrap().to_owned()])
    );
    assert_eq!(other.get(&format!("/api/v1/quotes/{quote}")).status, 200);
    assert_eq!(one.get("/api/v1/insights/pareto").problem(403), "data_masked");
    assert_eq!(one.get("/api/v1/facts/export").problem(403), "scope_missing");
    // whom they write down is theirs, and whom they hand over is theirs no more
    let new = one
        .post(
            "/api/v1/customers",
            &json!({"identities": [{"kind": "member_no", "value": "M9"}]}),
        )
        .expect(201);
    assert_eq!(new["owner"]["id"], one_id.as_str());
    one.put(
        &format!("/api/v1/customers/{}/owner", made[1]),
        &json!({"owner": other_id}),
    )
    .expect(200);
    assert_eq!(
        one.get(&format!("/api/v1/customers/{}", made[1])).problem(404),
        "not_found"
    );
    assert_eq!(other.get(&format!("/api/v1/customers/{}", made[1])).status, 200);
    assert_eq!(one.all("/api/v1/customers").len(), 2);
    // another host knows as well, and so does a branch
    let role =
        json!({"title": {"zh-CN": "店长", "en": "Manager"}, "permissions": ["read", "intake"], "rows": "branch"});
    owner.put("/api/v1/roles/manager", &role).expect(201);
    let (manager, _) = person(&server, &owner, "manager@silk.example", "manager", &branch);
    assert_eq!(manager.all("/api/v1/customers").len(), 4, "nobody has M4");
    assert_eq!(manager.all("/api/v1/customers?q=%E7%8E%8B").len(), 3);
    if database == Database::Postgres {
        let beside = server.beside();
        let there = Client::new(&beside.base, &manager.key);
        assert_eq!(there.all("/api/v1/customers").len(), 4);
        owner
            .put(
                &format!("/api/v1/customers/{}/owner", made[3]),
                &json!({"owner": one_id}),
            )
            .expect(200);
        assert_eq!(there.all("/api/v1/customers").len(), 5, "at once");
    }
    owner
        .put(&format!("/api/v1/customers/{}/owner", made[0]), &json!({"owner": null}))
        .expect(200);
    assert_eq!(
        one.get(&format!("/api/v1/customers/{}", made[0])).problem(404),
        "not_found"
    );
    let nobody = json!({"owner": "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f"});
    assert_eq!(
        owner
            .put(&format!("/api/v1/customers/{}/owner", made[0]), &nobody)
            .problem(422),
        "unknown_owner"
    );
    let entries = owner.all(&format!("/api/v1/audit?subject=customer/{}", made[1]));
    let own: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["action"] == "customer.own")
        .collect();
    assert_eq!(
        (own.len(), &own[0]["detail"]["before"], &own[0]["actor"]["kind"]),
        (2, &json!(one_id), &json!("staff"))
    );
}

/// The segment that a customer is in.
fn everybody_key(client: &Client, id: &str) -> String {
    let place = client.get(&format!("/api/v1/customers/{id}")).expect(200)["segments"][0].clone();
    place["key"].as_str().unwrap().to_owned()
}

fn a_document_is_looked_at_with_an_entry(database: Database) {
    let (server, owner) = start(database);
    let told = json!({"identities": [{"kind": "passport", "value": "E 9876-5432"}], "name": "王小明"});
    let id = customer(&owner, "M1", told, 100);
    let path = format!("/api/v1/customers/{id}/documents");
    let lead = person(&server, &owner, "lead@silk.example", "crm_lead", &Value::Null).0;
    let specialist = person(&server, &owner, "spec@silk.example", "crm_specialist", &Value::Null).0;
    assert!(
        !lead.get(&format!("/api/v1/customers/{id}")).text.contains("98765432"),
        "not by itself"
    );
    let looks = || {
        let entries = owner.all(&format!("/api/v1/audit?subject=customer/{id}"));
        entries
            .into_iter()
            .filter(|entry| entry["action"] == "customer.look")
            .collect::<Vec<_>>()
    };
    assert_eq!(
        specialist.get(&format!("{path}/passport")).problem(403),
        "scope_missing"
    );
    assert!(looks().is_empty());
    let shown = lead.get(&format!("{path}/passport")).expect(200);
    assert_eq!(shown, json!({"kind": "passport", "number": "E98765432"}));
    let looked = looks();
    assert_eq!(
        (looked.len(), &looked[0]["detail"], &looked[0]["actor"]["kind"]),
        (1, &json!({"kind": "passport"}), &json!("staff"))
    );
    for other in ["id_card", "phone", "nonsense"] {
        assert_eq!(
            lead.get(&format!("{path}/{other}")).problem(404),
            "not_found",
            "{other}"
        );
    }
    assert_eq!(looks().len(), 1);
}
