//! What a day begins with, and where one customer stands.

use super::campaigns::{Office, with_key};
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    what_waits_is_there_for_whom_it_waits,
    what_happened_is_counted,
    a_customer_has_trips_and_a_place,
);

/// A booking of a member, booked on a day.
fn booking(id: &str, member: &str, booked: &str, status: &str, data: Value) -> Value {
    let mut event = json!({"source": "shop", "external_id": id, "type": format!("booking.{status}"),
        "occurred_at": format!("{booked}T09:00:00+08:00"), "customer": {"identities": [{"kind": "member_no", "value": member}]},
        "data": {"booking_id": id}});
    for (key, value) in data.as_object().unwrap() {
        event["data"][key] = value.clone();
    }
    event
}

fn start(database: Database, clock: &'static str) -> (Server, Client) {
    let options = Options {
        clock: Some(clock),
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("today");
    (server, client)
}

/// Waits until so many have booked since yesterday.
fn followed(client: &Client, customers: u64) {
    eventually("the frame follows", Duration::from_secs(20), || {
        let page = client
            .get("/api/v1/customers?fact=recency-days:0..1&limit=1")
            .expect(200);
        (page["total"] == customers).then_some(())
    });
}

/// Kinds and names of what waits, in order.
fn waits(client: &Client) -> Vec<(String, String)> {
    let today = client.get("/api/v1/today").expect(200);
    let text = |need: &Value, key: &str| need[key].as_str().unwrap().to_owned();
    let needs = today["needs"].as_array().unwrap();
    needs
        .iter()
        .map(|need| (text(need, "kind"), text(need, "name")))
        .collect()
}

fn what_waits_is_there_for_whom_it_waits(database: Database) {
    let office = Office::open(database);
    let Office { server, owner, .. } = &office;
    assert_eq!(waits(owner), []);
    office.draft("one", 10);
    office
        .planner
        .post("/api/v1/campaigns/one/submit", &json!({}))
        .expect(200);
    for task in [
        json!({"title": "this evening", "due_at": "2026-01-15T20:00:00+08:00"}),
        json!({"title": "late", "due_on": "2026-01-14"}),
        json!({"title": "tomorrow", "due_on": "2026-01-16"}),
        json!({"title": "of somebody", "due_on": "2026-01-14", "assignee": "Ms Wang"}),
        json!({"title": "some day"}),
    ] {
        owner.post("/api/v1/tasks", &task).expect(201);
    }
    let phone = json!({"kind": "phone", "value": "13800138000"});
    let mut known = booking("B1", "M1", "2026-01-10", "confirmed", json!({}));
    known["customer"]["identities"]
        .as_array_mut()
        .unwrap()
        .push(phone.clone());
    owner.events(&[known]);
    owner.events(&[booking("B2", "M2", "2026-01-10", "confirmed", json!({}))]);
    let mut torn = booking("B3", "M2", "2026-01-10", "confirmed", json!({}));
    torn["customer"]["identities"].as_array_mut().unwrap().push(phone);
    assert_eq!(owner.events(&[torn])["rejected"][0]["code"], "identity_conflict");
    let file = "customer_member_no,booked_at,amount\nM1,2026-01-02,100\nM1,yesterday,100\nM2,2026-01-03,1\n";
    let job = owner.start_import("bookings", file.as_bytes()).expect(202);
    owner.imported(job["id"].as_str().unwrap());
    let pair = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    let task = |name: &str| pair("task", name);
    let (conflict, approval) = (pair("conflict", "B3"), pair("approval", "Spring"));
    let all = waits(owner);
    assert_eq!(all.first(), Some(&task("late")), "{all:?}");
    assert_eq!(all.last(), Some(&task("this evening")), "{all:?}");
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(all.contains(&conflict) && all.contains(&approval), "{all:?}");
    let today = owner.get("/api/v1/today").expect(200);
    let import = today["needs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|need| need["kind"] == "import")
        .unwrap();
    assert_eq!((&import["count"], &import["beside"]), (&json!(1), &json!(2)));
    // whoever only reads has nothing to approve and no files; whoever planned does not approve
    assert_eq!(waits(&office.reader), [task("late"), task("this evening")]);
    let agrees = with_key(server, owner, &["read", "approvals"]);
    assert_eq!(waits(&agrees), [task("late"), approval, task("this evening")]);
    office.planner.get("/api/v1/today").problem(403);
    // more of a kind than are listed
    for n in 0..12 {
        owner
            .post(
                "/api/v1/tasks",
                &json!({"title": format!("t{n}"), "due_on": "2026-01-13"}),
            )
            .expect(201);
    }
    let today = office.reader.get("/api/v1/today").expect(200);
    assert_eq!(today["needs"].as_array().unwrap().len(), 8);
    assert_eq!(today["more"], json!([{"kind": "task", "count": 6}]));
}

fn what_happened_is_counted(database: Database) {
    let (_server, client) = start(database, "manual:2026-01-14T04:00:00Z");
    let yesterday = [
        booking(
            "A1",
            "M1",
            "2026-01-14",
            "confirmed",
            json!({"amount": 10_000, "departs": "2026-01-15", "returns": "2026-01-20",
            "destination": "Kyoto", "travellers": 3}),
        ),
        booking(
            "A2",
            "M2",
            "2026-01-10",
            "confirmed",
            json!({"amount": 5_000, "departs": "2026-01-01", "returns": "2026-01-15"}),
        ),
        booking("A3", "M3", "2026-01-14", "inquiry", json!({"amount": 900})),
        booking("A4", "M4", "2026-01-14", "paid", json!({"amount": 300})),
        booking(
            "A5",
            "M4",
            "2026-01-14",
            "confirmed",
            json!({"amount": 70_000, "departs": "2026-01-15"}),
        ),
        booking("A6", "M4", "2026-01-14", "cancelled", json!({"booking_id": "A5"})),
    ];
    assert_eq!(client.events(&yesterday)["accepted"], 6);
    client.post("/api/v1/clock", &json!({"advance": "1d"})).expect(200);
    let today = [
        booking("C1", "M4", "2026-01-15", "confirmed", json!({"amount": 1_000})),
        booking("C2", "M5", "2026-01-15", "confirmed", json!({"amount": 2_000})),
    ];
    client.events(&today);
    followed(&client, 3);
    let seen = client.get("/api/v1/today").expect(200);
    assert_eq!(seen["day"], "2026-01-15");
    let happened = &seen["happened"];
    assert_eq!(
        (&happened["bookings"], &happened["amount"], &happened["new_customers"]),
        (&json!(2), &json!(10_300), &json!(4)),
        "{happened}"
    );
    let trip = |way: &str| {
        assert_eq!(seen[way]["customers"], 1, "{seen}");
        let trips = seen[way]["trips"].as_array().unwrap();
        assert_eq!(trips.len(), 1, "{seen}");
        trips[0].clone()
    };
    let (departs, returns) = (trip("departs"), trip("returns"));
    assert_eq!(
        (&departs["booking_id"], &departs["label"]),
        (&json!("A1"), &json!("M1"))
    );
    assert_eq!(
        (&departs["destination"], &departs["travellers"]),
        (&json!("Kyoto"), &json!(3))
    );
    assert_eq!(
        (&returns["booking_id"], &returns["departs"]),
        (&json!("A2"), &json!("2026-01-01"))
    );
}

fn a_customer_has_trips_and_a_place(database: Database) {
    let (server, client) = start(database, "fixed:2026-01-15T04:00:00Z");
    client.events(&[
        booking(
            "B1",
            "M1",
            "2026-01-14",
            "confirmed",
            json!({"amount": 10_000, "product": "P", "departs": "2026-03-01"}),
        ),
        booking("B2", "M1", "2025-12-05", "completed", json!({"amount": 7_000})),
        booking("B3", "M1", "2024-12-31", "completed", json!({"amount": 9_000})),
        booking("B4", "M1", "2026-01-02", "cancelled", json!({"amount": 1})),
        booking("B5", "M2", "2026-01-14", "confirmed", json!({"amount": 26_001})),
        booking("B6", "M3", "2026-01-14", "confirmed", json!({"amount": 26_000})),
        booking("B7", "M4", "2026-01-14", "inquiry", json!({"amount": 99_000})),
    ]);
    followed(&client, 3);
    let id = |member: &str| {
        let found = client.get(&format!("/api/v1/customers?q={member}")).expect(200);
        found["items"][0]["id"].as_str().unwrap().to_owned()
    };
    let (first, wisher) = (id("M1"), id("M4"));
    let of = |id: &str, door: &str| client.get(&format!("/api/v1/customers/{id}/{door}"));
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = of(&first, &format!("bookings?limit=3{cursor}")).expect(200);
        read.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(read, ["B1", "B4", "B2", "B3"], "the latest booked first");
    let newest = &of(&first, "bookings?limit=1").expect(200)["items"][0];
    assert_eq!(
        (
            &newest["status"],
            &newest["booked_on"],
            &newest["departs"],
            &newest["product"],
            &newest["savings"]
        ),
        (
            &json!("confirmed"),
            &json!("2026-01-14"),
            &json!("2026-03-01"),
            &json!("P"),
            &json!([])
        )
    );
    let standing = of(&first, "standing").expect(200);
    let months = standing["months"].as_array().unwrap();
    let booked: Vec<&Value> = months.iter().filter(|month| month["bookings"] != 0).collect();
    assert_eq!((months.len(), &months[0]["month"]), (12, &json!("2025-02")));
    assert_eq!(
        booked,
        [
            &json!({"month": "2025-12", "bookings": 1, "amount": 7_000}),
            &json!({"month": "2026-01", "bookings": 1, "amount": 10_000})
        ]
    );
    assert_eq!(
        standing["spend"],
        json!({"place": 2, "customers": 4, "percent": 50}),
        "as much as one other"
    );
    assert_eq!(of(&wisher, "standing").expect(200)["spend"], Value::Null);
    assert_eq!(of(&first, "quotes").expect(200), json!({"items": [], "next": null}));
    let stranger = server.agency("others");
    for door in ["bookings", "quotes", "standing"] {
        stranger.get(&format!("/api/v1/customers/{first}/{door}")).problem(404);
    }
    for door in ["bookings?cursor=x", "quotes?cursor=x"] {
        assert_eq!(of(&first, door).problem(422), "bad_cursor", "{door}");
    }
}
