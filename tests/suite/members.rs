//! Members through power cuts: every booking earns once, every order is made once under its key, and the books tie out to the point.

use super::command_line::{run, text};
use super::intake::event;
use super::people::person;
use posthouse_tests::plugins::packed;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

on_both_engines!(
    points_are_exact_through_power_cuts,
    the_command_line_does_what_is_done_by_hand,
    a_kept_answer_is_told_to_who_still_sees_as_much,
    terms_are_changed_on_top_of_what_they_are,
);

const CLOCK: Option<&str> = Some("fixed:2026-01-15T04:00:00Z");
const MEMBERS: usize = 4;
/// Points of a booking, and of an order.
const EARNED: i64 = 100;
const PRICE: i64 = 30;

fn programme(client: &Client) {
    let digest = client.admit(&packed("points-and-tiers"));
    // whoever is in a higher tier would earn more
    let even = json!({"member": 100, "silver": 100, "gold": 100, "platinum": 100});
    let rule = json!({"digest": digest, "config": {"multipliers": even}});
    client.put("/api/v1/bindings/loyalty/main", &rule).expect(200);
    let terms = json!({"name": {"zh-CN": "里程", "en": "miles"}, "enrol": "automatic", "since": "2025-01-01"});
    client.put("/api/v1/loyalty/programme", &terms).expect(200);
    let pillow =
        json!({"key": "pillow", "kind": "gift", "title": {"zh-CN": "旅行枕", "en": "Travel pillow"}, "points": PRICE});
    client.post("/api/v1/rewards", &pillow).expect(201);
}

fn booking(owner: usize, id: &str, kind: &str) -> Value {
    let member = format!("M{owner}");
    event(
        &format!("booking.{kind}"),
        &format!("{id}-{kind}"),
        "2026-01-14T09:00:00+08:00",
        &[("member_no", &member)],
        json!({"booking_id": id, "amount": EARNED * 100}),
    )
}

/// Who goes on asking while the server is ended and started.
struct Crowd {
    base: RwLock<String>,
    asked: AtomicU64,
    members: Vec<String>,
}

impl Crowd {
    /// Sends something until it is answered; its answer. A key makes it once; without one it is the same however often it is said.
    fn insist(&self, client: &Client, path: &str, body: &Value, key: Option<&str>) -> (u16, Value) {
        let (mut client, body) = (client.clone(), body.to_string());
        loop {
            client.base.clone_from(&self.base.read().unwrap());
            self.asked.fetch_add(1, Ordering::Relaxed);
            let headers: Vec<_> = key.into_iter().map(|key| ("idempotency-key", key)).collect();
            match client.try_send("POST", path, "application/json", body.as_bytes(), &headers) {
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => return (answer.status, answer.json()),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Books, and orders what there may not be points enough for; the orders that were made, by their state.
    fn live(&self, client: &Client, who: usize, round: usize) -> Vec<(usize, String, &'static str)> {
        let mut orders = Vec::new();
        for i in 0..4 {
            let owner = (who + i) % MEMBERS;
            let id = format!("B{round}-{who}-{i}");
            let events = json!({"events": [booking(owner, &id, "confirmed"), booking(owner, &id, "completed")]});
            let (status, sent) = self.insist(client, "/api/v1/events", &events, None);
            assert_eq!((status, &sent["rejected"]), (200, &json!([])), "{sent}");
            let path = format!("/api/v1/members/{}/redeem", self.members[owner]);
            let (status, made) = self.insist(client, &path, &json!({"reward": "pillow"}), Some(&format!("o-{id}")));
            if status != 201 {
                assert_eq!(
                    (status, made["code"].as_str()),
                    (409, Some("not_enough_points")),
                    "{made}"
                );
                continue;
            }
            let order = made["id"].as_str().unwrap().to_owned();
            let end = ["fulfil", "cancel", ""][i % 3];
            if !end.is_empty() {
                let path = format!("/api/v1/redemptions/{order}/{end}");
                let (status, ended) = self.insist(client, &path, &json!({}), None);
                assert_eq!(status, 200, "{ended}");
            }
            orders.push((owner, order, end));
        }
        orders
    }
}

fn points_are_exact_through_power_cuts(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let mut server = Server::start(database, options);
    let mut client = server.agency("points");
    programme(&client);
    let first: Vec<Value> = (0..MEMBERS)
        .flat_map(|owner| ["confirmed", "completed"].map(|kind| booking(owner, &format!("first-{owner}"), kind)))
        .collect();
    client.events(&first);
    let members: Vec<String> = eventually("everybody is a member", Duration::from_secs(30), || {
        let all = client.all("/api/v1/members");
        let id = |member: &Value| member["customer_id"].as_str().unwrap().to_owned();
        (all.len() == MEMBERS).then(|| all.iter().map(id).collect())
    });
    let mut crowd = Crowd {
        base: RwLock::new(server.base.clone()),
        asked: AtomicU64::new(0),
        members,
    };
    // by the owners of bookings: a list is in an order of its own
    let owner = |id: &String| {
        let customer = client.get(&format!("/api/v1/customers/{id}")).expect(200);
        let text = customer["identities"].to_string();
        (0..MEMBERS)
            .find(|owner| text.contains(&format!("\"M{owner}\"")))
            .unwrap()
    };
    crowd.members.sort_by_key(owner);
    let mut orders = Vec::new();
    let rounds = 3;
    for round in 0..rounds {
        let before = crowd.asked.load(Ordering::Relaxed);
        std::thread::scope(|scope| {
            let (crowd, client) = (&crowd, &client);
            let all: Vec<_> = (0..8)
                .map(|who| scope.spawn(move || crowd.live(client, who, round)))
                .collect();
            // at another moment every time
            let soon = before + 10 + 17 * round as u64;
            eventually("some have asked", Duration::from_secs(30), || {
                (crowd.asked.load(Ordering::Relaxed) > soon).then_some(())
            });
            server.kill();
            server.restart();
            crowd.base.write().unwrap().clone_from(&server.base);
            orders.extend(all.into_iter().flat_map(|one| one.join().unwrap()));
        });
    }
    client.base.clone_from(&server.base);
    let bookings = (MEMBERS + rounds * 8 * 4) as i64;
    eventually("everything was asked about", Duration::from_secs(60), || {
        let all = client.all("/api/v1/members");
        let sum = |key: &str| {
            all.iter()
                .map(|member| member["status"][key].as_i64().unwrap())
                .sum::<i64>()
        };
        (sum("available") == bookings * EARNED).then_some(())
    });
    assert_eq!(client.all("/api/v1/loyalty/occasions?state=waiting"), [0; 0]);
    assert_eq!(client.all("/api/v1/loyalty/occasions?state=review"), [0; 0]);

    // as many orders as were answered, each in the state it was brought to
    let known: BTreeMap<String, String> = client
        .all("/api/v1/redemptions")
        .iter()
        .map(|order| {
            ["id", "state"]
                .map(|key| order[key].as_str().unwrap().to_owned())
                .into()
        })
        .collect();
    let wanted: BTreeMap<String, String> = orders
        .iter()
        .map(|(_, id, end)| {
            let state = match *end {
                "fulfil" => "fulfilled",
                "cancel" => "cancelled",
                _ => "requested",
            };
            (id.clone(), state.to_owned())
        })
        .collect();
    assert_eq!(known, wanted);
    let ends: BTreeSet<&str> = orders.iter().map(|(_, _, end)| *end).collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    for (owner, id) in crowd.members.iter().enumerate() {
        let member = client.get(&format!("/api/v1/members/{id}")).expect(200);
        let own = |wanted: &str| {
            orders
                .iter()
                .filter(|(whose, _, end)| *whose == owner && *end == wanted)
                .count() as i64
        };
        let points = &member["points"];
        let earned = member["status"]["available"].as_i64().unwrap();
        let (held, spent) = (own("") * PRICE, own("fulfil") * PRICE);
        assert_eq!(
            (
                points["held"].as_i64(),
                points["available"].as_i64(),
                points["owed"].as_i64()
            ),
            (Some(held), Some(earned - held - spent), Some(0)),
            "{member}"
        );
        let path = format!("/api/v1/members/{id}/ledger?from=2025-01-01&to=2026-01-15");
        let lines = client.all(&path);
        let moved = |wallet: &str, key: &str| {
            let own = lines.iter().filter(|line| line["wallet"] == wallet);
            own.map(|line| line["changed"][key].as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!(moved("points", "available"), earned - held - spent);
        assert_eq!((moved("points", "held"), moved("status", "available")), (held, earned));
        let earned_by: Vec<_> = lines
            .iter()
            .filter(|line| line["kind"] == "earned")
            .map(|line| &line["decision"])
            .collect();
        let decisions: BTreeSet<String> = earned_by.iter().map(ToString::to_string).collect();
        assert_eq!(
            (earned_by.len() as i64, decisions.len() as i64),
            (2 * earned / EARNED, earned / EARNED)
        );
    }
}

/// A server with a programme and one member, who has a hundred points.
fn one_member(database: Database) -> (Server, Client, String) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("points");
    programme(&client);
    client.events(&["confirmed", "completed"].map(|kind| booking(0, "first", kind)));
    let id = eventually("the member has earned", Duration::from_secs(30), || {
        let all = client.all("/api/v1/members");
        let member = all.first().filter(|member| member["points"]["available"] == EARNED)?;
        Some(member["customer_id"].as_str().unwrap().to_owned())
    });
    (server, client, id)
}

fn the_command_line_does_what_is_done_by_hand(database: Database) {
    let (server, client, id) = one_member(database);
    let said = |client: &Client, words: &[&str]| {
        let done = run(&server, client, words);
        assert!(done.status.success(), "{words:?}: {}", text(&done.stderr));
        text(&done.stdout)
    };
    let card = "00000001";
    assert!(said(&client, &["members"]).contains(card));
    assert!(said(&client, &["members", "show", card]).contains(&id));
    assert!(said(&client, &["members", "statement", card]).contains("closing 100"));
    let asked = said(&client, &["members", "adjust", card, "-30", "--reason", "booked twice"]);
    let wanted = asked.trim().rsplit(' ').next().unwrap();
    assert!(said(&client, &["members", "waiting"]).contains("booked twice"));
    let own = run(&server, &client, &["members", "approve", wanted]);
    assert!(
        !own.status.success()
            && text(&own.stderr)
                .trim_end()
                .ends_with("than the one who asked for it [own_adjustment]"),
        "{}",
        text(&own.stderr)
    );
    let body = json!({"name": "second", "scopes": ["approvals", "read"]});
    let made = client.post("/api/v1/keys", &body).expect(201);
    let other = Client::new(&client.base, made["api_key"].as_str().unwrap());
    assert!(said(&other, &["members", "approve", wanted]).contains("Approved"));
    assert!(said(&client, &["members", "redeem", card, "pillow"]).contains("30 points are set aside"));
    let short = run(&server, &client, &["members", "redeem", card, "pillow"]);
    assert!(short.status.success(), "{}", text(&short.stderr));
    assert!(said(&client, &["members", "statement", card]).contains("closing 10"));
    // the number that the agency gave the customer is nobody's card
    for nobody in ["M0", "99999999"] {
        let refused = run(&server, &client, &["members", "redeem", nobody, "pillow"]);
        assert!(
            !refused.status.success() && text(&refused.stderr).contains(nobody),
            "{}",
            text(&refused.stderr)
        );
    }
}

fn a_kept_answer_is_told_to_who_still_sees_as_much(database: Database) {
    let (server, owner, id) = one_member(database);
    let role = |masks: Value| {
        let title = json!({"zh-CN": "柜台", "en": "Desk"});
        let body = json!({"title": title, "permissions": ["intake", "read"], "masks": masks, "rows": "all"});
        owner.put("/api/v1/roles/desk", &body)
    };
    assert!([200, 201].contains(&role(json!([])).status));
    let (desk, _) = person(&server, &owner, "desk@silk.example", "desk");
    let body = json!({"wallet": "points", "points": 12, "reason": "as agreed"}).to_string();
    let path = format!("/api/v1/members/{id}/adjust");
    let send = || {
        let headers = [("idempotency-key", "once")];
        desk.try_send("POST", &path, "application/json", body.as_bytes(), &headers)
            .unwrap()
    };
    let first = send().expect(202);
    assert_eq!(send().expect(202)["id"], first["id"], "the same one");
    role(json!(["money"])).expect(200);
    let now = send();
    assert!(
        (400..500).contains(&now.status) && !now.text.contains("as agreed"),
        "{}",
        now.text
    );
}

/// Whoever names no version changes what they name, however many others do so at once; whoever names one is told when it is past.
fn terms_are_changed_on_top_of_what_they_are(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("club");
    let put = |terms: &Value, tag: Option<&str>| {
        let headers: Vec<_> = tag.into_iter().map(|tag| ("If-Match", tag)).collect();
        let (path, body) = ("/api/v1/loyalty/programme", terms.to_string());
        let answer = client.try_send("PUT", path, "application/json", body.as_bytes(), &headers);
        answer.unwrap()
    };
    let nothing = put(&json!({"value_of_100": 200}), Some("*"));
    assert_eq!(
        (nothing.status, nothing.json()["code"].as_str()),
        (412, Some("version_changed"))
    );
    put(&json!({"enrol": "on_request"}), None).expect(200);
    put(&json!({"value_of_100": 200}), Some("*")).expect(200);
    let terms = [
        json!({"transfer_per_day": 7}),
        json!({"return_grace_days": 11}),
        json!({"referrals_per_year": 3}),
    ];
    std::thread::scope(|scope| {
        for terms in &terms {
            scope.spawn(|| put(terms, None).expect(200));
        }
    });
    let now = client.get("/api/v1/loyalty/programme").expect(200);
    let said = [
        "value_of_100",
        "transfer_per_day",
        "return_grace_days",
        "referrals_per_year",
    ]
    .map(|key| now[key].as_i64());
    assert_eq!(said, [200, 7, 11, 3].map(Some));
    assert_eq!(now["enrol"], "on_request");
    let stale = put(&json!({"value_of_100": 300}), Some("\"1\""));
    assert_eq!(
        (stale.status, stale.json()["code"].as_str()),
        (412, Some("version_changed"))
    );
}
