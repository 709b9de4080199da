//! What happens is told to those who want to know: signed, at least once, in order of its subject, whatever they answer.

use super::intake::event;
use super::quotes::{confirm, customer, rule};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Came, Campaigns, Client, Database, Options, Receiver, Reply, Server, eventually};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

on_both_engines!(
    what_happens_is_told_once_signed_and_in_order,
    a_receiver_that_misbehaves_delays_nobody,
    of_one_subject_nothing_overtakes,
    a_power_cut_loses_nothing,
    secrets_are_rotated,
    what_is_given_up_is_replayed,
    what_an_earlier_address_answers_is_not_this_ones_fault,
    a_webhook_is_changed_and_deleted,
    a_test_that_fails_holds_no_other_up,
    a_run_tells_its_moves_in_pieces,
    the_command_line_knows_them,
);

const PATIENCE: Duration = Duration::from_secs(30);

fn start(database: Database) -> (Server, Client) {
    let options = Options {
        clock: Some("fixed:2026-01-15T04:00:00Z"),
        env: vec![("POSTHOUSE_WEBHOOKS__ALLOW_PRIVATE", "true".into())],
    };
    let server = Server::start(database, options);
    let client = server.agency("teller");
    (server, client)
}

/// A webhook that leads there; its path and secret.
pub(super) fn webhook(client: &Client, url: &str, types: &[&str]) -> (String, String) {
    let made = client
        .post("/api/v1/webhooks", &json!({"url": url, "types": types}))
        .expect(201);
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    (path, made["secret"].as_str().unwrap().to_owned())
}

pub(super) fn deliveries(client: &Client, webhook: &str, state: &str) -> Vec<Value> {
    client.all(&format!("{webhook}/deliveries?state={state}"))
}

/// What waits is tried now instead of at its time.
fn hurry(client: &Client, webhook: &str) {
    client.patch(webhook, &json!({"active": true})).expect(200);
}

/// Whether what came is signed with this secret, as others check it.
fn is_signed(secret: &str, came: &Came) -> bool {
    let names = came.headers.iter().filter(|(name, _)| name.starts_with("webhook-"));
    let headers: ureq::http::HeaderMap = names
        .map(|(name, value)| (name.parse::<ureq::http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    Webhook::new(secret).unwrap().verify(&came.body, &headers).is_ok()
}

pub(super) fn verify(secret: &str, came: &Came) {
    assert!(is_signed(secret, came), "{:?}", came.headers);
}

/// What was taken by subject, in its order, each type once for each id.
pub(super) fn told(taken: &[Came]) -> BTreeMap<String, Vec<String>> {
    let ids: BTreeSet<&str> = taken.iter().map(Came::id).collect();
    assert_eq!(ids.len(), taken.len(), "each id once");
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for came in taken {
        told.entry(came.subject()).or_default().push(came.kind());
    }
    told
}

fn seen(client: &Client, id: &str, member: &str) {
    let seen = event(
        "site.viewed",
        id,
        "2026-01-15T09:00:00+08:00",
        &[("member_no", member)],
        json!({"product": "Lijiang"}),
    );
    client.events(&[seen]);
}

fn booked(client: &Client, id: &str, kind: &str, member: &str, booking: &str) {
    let data = json!({"booking_id": booking, "amount": 450_000, "destination": "Lijiang"});
    client.events(&[event(
        kind,
        id,
        "2026-01-15T09:00:00+08:00",
        &[("member_no", member)],
        data,
    )]);
}

fn what_happens_is_told_once_signed_and_in_order(database: Database) {
    let (_server, client) = start(database);
    let receiver = Receiver::taking();
    let (path, secret) = webhook(&client, &format!("{}/all", receiver.base), &["*"]);
    let (_, narrow) = webhook(
        &client,
        &format!("{}/quotes", receiver.base),
        &["quote.*", "customer.created"],
    );

    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let plan = shop.plan(&rule(Saving::Rate(1_000)), 1, json!({}));
    let campaign = shop.run("spring", &plan);
    let guest = customer(&client, "M1");
    let quote = shop.quote(Some(&guest), 500_000, &[]);
    confirm(&client, &quote, "B-1").expect(200);
    booked(&client, "e1", "booking.confirmed", "M1", "B-1");
    booked(&client, "e2", "booking.cancelled", "M1", "B-1");
    for action in ["pause", "resume", "end"] {
        shop.step(&campaign, action);
    }
    let file = "member_no,booked_at,amount,booking_id\nM2,2026-01-10,100,B-2\n";
    let import = client.import("bookings", file.as_bytes());

    let at = |base: &str| {
        let taken = receiver.taken().into_iter();
        taken.filter(|came| came.path == base).collect::<Vec<_>>()
    };
    let quote_id = quote["id"].as_str().unwrap();
    eventually("everything is told", PATIENCE, || {
        let told = told(&at("/all"));
        let returned = told
            .get(&format!("quote/{quote_id}"))
            .is_some_and(|kinds| kinds.len() == 2);
        let ended = told
            .get(&format!("campaign/{campaign}"))
            .is_some_and(|kinds| kinds.len() == 6);
        (returned && ended && told.contains_key(&format!("import/{}", import["id"].as_str().unwrap()))).then_some(())
    });
    let all = at("/all");
    let told_all = told(&all);
    let of = |subject: &str| told_all.get(subject).map(Vec::as_slice).unwrap_or_default();
    assert_eq!(
        of(&format!("campaign/{campaign}")),
        [
            "campaign.submitted",
            "campaign.approved",
            "campaign.started",
            "campaign.paused",
            "campaign.resumed",
            "campaign.ended"
        ]
    );
    assert_eq!(
        of(&format!("customer/{guest}")),
        ["customer.created", "customer.updated", "customer.updated"]
    );
    assert_eq!(of("booking/B-1"), ["booking.confirmed", "booking.cancelled"]);
    assert_eq!(of("booking/B-2"), ["booking.confirmed"]);
    assert_eq!(of(&format!("quote/{quote_id}")), ["quote.confirmed", "quote.returned"]);
    assert_eq!(of("binding/promotion/spring"), ["plugin.activated"]);
    for came in &all {
        verify(&secret, came);
        assert!(!is_signed(&narrow, came), "with its own secret");
        let event = came.json();
        assert_eq!(
            (&event["specversion"], &event["source"], &event["id"]),
            (&json!("1.0"), &json!("/agencies/teller"), &json!(came.id()))
        );
        assert_eq!(event["time"], "2026-01-15T04:00:00.000Z", "business time: {event}");
        assert!(came.headers["content-type"].starts_with("application/cloudevents+json"));
    }
    let find = |kind: &str| all.iter().find(|came| came.kind() == kind).unwrap().json()["data"].clone();
    let confirmed = find("quote.confirmed");
    assert_eq!(
        (&confirmed["list_price"], &confirmed["price"], &confirmed["booking_id"]),
        (&json!(500_000), &json!(450_000), &json!("B-1"))
    );
    assert_eq!(
        find("quote.returned")["campaigns"],
        json!([{"campaign_id": campaign, "amount": 50_000}])
    );
    let finished = find("import.finished");
    assert_eq!((&finished["state"], &finished["accepted"]), (&json!("done"), &json!(1)));
    assert_eq!(find("booking.cancelled")["status"], "cancelled");

    // the other is told what it wants, under the same ids
    let wanted = BTreeSet::from(["customer.created", "quote.confirmed", "quote.returned"].map(str::to_owned));
    let some = eventually("the other is told as much", PATIENCE, || {
        let some = at("/quotes");
        (some.iter().map(Came::kind).collect::<BTreeSet<String>>().len() >= wanted.len()).then_some(some)
    });
    assert_eq!(some.iter().map(Came::kind).collect::<BTreeSet<String>>(), wanted);
    let ids = |kind: &str, list: &[Came]| -> Vec<String> {
        let of_kind = list.iter().filter(|came| came.kind() == kind);
        of_kind.map(|came| came.id().to_owned()).collect()
    };
    assert_eq!(ids("quote.confirmed", &some), ids("quote.confirmed", &all));
    some.iter().for_each(|came| verify(&narrow, came));

    // and it is known what became of it
    eventually("all is delivered", PATIENCE, || {
        deliveries(&client, &path, "pending").is_empty().then_some(())
    });
    let delivered = deliveries(&client, &path, "delivered");
    assert_eq!(delivered.len(), all.len());
    assert!(
        delivered
            .iter()
            .all(|row| row["status"] == 200 && row["answer"] == "thanks" && row["attempts"] == 1)
    );
}

fn a_receiver_that_misbehaves_delays_nobody(database: Database) {
    let (server, client) = start(database);
    let other = server.agency("other");
    let victim = Receiver::taking();
    let lure = format!("{}/lured", victim.base);
    let receiver = Receiver::start(move |came, before| match came.path.as_str() {
        "/fails-once" if before == 0 => Reply::Status(500, "not now"),
        "/hangs" => Reply::Hang(Duration::from_secs(60)),
        "/drips" => Reply::Drip,
        "/redirects" => Reply::Redirect(lure.clone()),
        "/closes" => Reply::Close,
        "/gone" => Reply::Status(410, "moved out"),
        _ => Reply::Take,
    });
    let kinds = ["fails-once", "hangs", "drips", "redirects", "closes", "gone", "fine"];
    let paths: BTreeMap<&str, String> = kinds
        .into_iter()
        .map(|kind| {
            (
                kind,
                webhook(&client, &format!("{}/{kind}", receiver.base), &["customer.*"]).0,
            )
        })
        .collect();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (dead, _) = webhook(&client, &format!("http://{nobody}/"), &["customer.*"]);
    webhook(&other, &format!("{}/other", receiver.base), &["customer.*"]);

    let members: Vec<String> = (0..12).map(|n| format!("M{n}")).collect();
    for member in &members {
        customer(&client, member);
        customer(&other, member);
    }
    let taken = |path: &str| {
        let taken = receiver.taken().into_iter();
        taken.filter(|came| came.path == path).collect::<Vec<_>>()
    };
    for path in ["/fine", "/other"] {
        eventually("those who answer are told", PATIENCE, || {
            (taken(path).len() == 12).then_some(())
        });
        told(&taken(path));
    }
    // a hanging receiver takes 15 s for each attempt: nobody has waited for it
    assert_eq!(client.get(&paths["hangs"]).expect(200)["failures"], 0);
    // after a failure it is tried again in 5 s, and each arrives once
    eventually("the first failures are made good", PATIENCE, || {
        (taken("/fails-once").len() == 12).then_some(())
    });
    told(&taken("/fails-once"));
    let state = |kind: &str| client.get(&paths[kind]).expect(200);
    eventually("each failure is noted", PATIENCE, || {
        let noted = |kind: &str| state(kind)["failures"].as_i64() > Some(0);
        (["hangs", "redirects", "closes"].into_iter().all(noted)).then_some(())
    });
    let answer = |kind: &str| -> (Option<i64>, String) {
        let tried = |row: &&Value| row["attempts"].as_i64() > Some(0);
        let rows = client.all(&format!("{}/deliveries", paths[kind]));
        let row = rows.iter().find(tried).unwrap();
        (row["status"].as_i64(), row["answer"].as_str().unwrap().to_owned())
    };
    assert_eq!(answer("redirects").0, Some(302));
    assert!(victim.came().is_empty(), "nobody follows");
    let (status, text) = answer("hangs");
    assert_eq!(status, None);
    assert_eq!(text, "no answer within 15 s");
    assert_eq!(answer("closes").0, None);
    // a status that came is an answer, however long its words take
    eventually("who drips is told all the same", Duration::from_secs(60), || {
        (!deliveries(&client, &paths["drips"], "delivered").is_empty()).then_some(())
    });
    eventually("who is gone is told nothing more", PATIENCE, || {
        (state("gone")["state"] == "gone").then_some(())
    });
    assert!(receiver.came().iter().filter(|came| came.path == "/gone").count() <= 8);
    eventually("it is noted that nobody is there", PATIENCE, || {
        let dead = client.get(&dead).expect(200);
        (dead["health"] == "down" && dead["pending"] == 12).then_some(())
    });
}

fn of_one_subject_nothing_overtakes(database: Database) {
    let (_server, client) = start(database);
    // whatever is told of M1's booking fails at first
    let receiver = Receiver::start(|came, before| {
        if came.subject() == "booking/B-1" && before == 0 {
            Reply::Status(503, "")
        } else {
            Reply::Take
        }
    });
    let (path, _) = webhook(&client, &receiver.base, &["booking.*"]);
    for (n, kind) in ["booking.inquiry", "booking.confirmed", "booking.paid"]
        .into_iter()
        .enumerate()
    {
        booked(&client, &format!("a{n}"), kind, "M1", "B-1");
        booked(&client, &format!("b{n}"), kind, "M2", "B-2");
    }
    let other = |taken: &[Came]| taken.iter().filter(|came| came.subject() == "booking/B-2").count();
    eventually("the other booking is told", PATIENCE, || {
        (other(&receiver.taken()) == 3).then_some(())
    });
    assert!(
        receiver
            .came()
            .iter()
            .all(|came| came.subject() == "booking/B-2" || came.kind() == "booking.inquiry"),
        "what comes later waits for what failed"
    );
    for _ in 0..3 {
        eventually("the next one failed", PATIENCE, || {
            let rows = deliveries(&client, &path, "pending");
            rows.iter().any(|row| row["attempts"] == 1).then_some(())
        });
        let before = receiver.taken().len();
        hurry(&client, &path);
        eventually("it is told", PATIENCE, || {
            (receiver.taken().len() > before).then_some(())
        });
    }
    let told = told(&receiver.taken());
    for booking in ["booking/B-1", "booking/B-2"] {
        assert_eq!(
            told[booking],
            ["booking.inquiry", "booking.confirmed", "booking.paid"],
            "{booking}"
        );
    }
}

fn a_power_cut_loses_nothing(database: Database) {
    let (mut server, mut client) = start(database);
    let open = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let door = std::sync::Arc::clone(&open);
    let receiver = Receiver::start(move |_, _| {
        if door.load(std::sync::atomic::Ordering::SeqCst) {
            Reply::Take
        } else {
            Reply::Status(502, "closed")
        }
    });
    let (path, secret) = webhook(&client, &receiver.base, &["customer.*", "booking.*"]);
    let mut made = BTreeSet::new();
    for round in 0..4 {
        for n in 0..10 {
            made.insert(customer(&client, &format!("M{round}-{n}")));
            booked(
                &client,
                &format!("e{round}-{n}"),
                "booking.paid",
                &format!("M{round}-{n}"),
                &format!("B{round}-{n}"),
            );
        }
        // committed, and not yet delivered
        server.kill();
        server.restart();
        client.base.clone_from(&server.base);
    }
    open.store(true, std::sync::atomic::Ordering::SeqCst);
    hurry(&client, &path);
    eventually("everything arrives", Duration::from_secs(60), || {
        deliveries(&client, &path, "pending").is_empty().then_some(())
    });
    let taken = receiver.taken();
    taken.iter().for_each(|came| verify(&secret, came));
    // it may be told twice, under the same id, if the power fails between the answer and its note
    let mut firsts: Vec<&Came> = Vec::new();
    for came in &taken {
        if firsts.iter().all(|first| first.id() != came.id()) {
            firsts.push(came);
        }
    }
    let firsts: Vec<Came> = firsts.into_iter().cloned().collect();
    let told = told(&firsts);
    assert_eq!(told.len(), made.len() + 40);
    for id in &made {
        assert_eq!(
            told[&format!("customer/{id}")],
            ["customer.created", "customer.updated"],
            "{id}"
        );
    }
}

fn secrets_are_rotated(database: Database) {
    let (_server, client) = start(database);
    let receiver = Receiver::taking();
    let (path, first) = webhook(&client, &receiver.base, &["customer.*"]);
    let whole = client.get(&path).expect(200);
    assert!(whole.get("secret").is_none(), "shown once: {whole}");
    let rotated = client.patch(&path, &json!({"rotate_secret": true})).expect(200);
    let second = rotated["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert!(rotated["earlier_secret_until"].is_string());
    customer(&client, "M1");
    let came = eventually("it is told", PATIENCE, || receiver.taken().pop());
    assert_eq!(came.headers["webhook-signature"].split(' ').count(), 2);
    verify(&first, &came);
    verify(&second, &came);
    // of three only the last two
    let third = client.patch(&path, &json!({"rotate_secret": true})).expect(200)["secret"].clone();
    customer(&client, "M2");
    let came = eventually("it is told", PATIENCE, || receiver.taken().into_iter().nth(1));
    verify(&second, &came);
    verify(third.as_str().unwrap(), &came);
    assert!(!is_signed(&first, &came));
}

fn what_an_earlier_address_answers_is_not_this_ones_fault(database: Database) {
    let (_server, client) = start(database);
    let receiver = Receiver::start(|came, _| match came.path.as_str() {
        "/slow-farewell" => {
            std::thread::sleep(Duration::from_secs(3));
            Reply::Status(410, "moved out")
        }
        _ => Reply::Take,
    });
    let (path, _) = webhook(
        &client,
        &format!("{}/slow-farewell", receiver.base),
        &["customer.created"],
    );
    customer(&client, "M1");
    eventually("it is under way", PATIENCE, || {
        (!receiver.came().is_empty()).then_some(())
    });
    client
        .patch(&path, &json!({"url": format!("{}/new", receiver.base)}))
        .expect(200);
    customer(&client, "M2");
    let at_new = || receiver.taken().iter().filter(|came| came.path == "/new").count();
    eventually("the new address is told both", PATIENCE, || {
        (at_new() == 2).then_some(())
    });
    let webhook = client.get(&path).expect(200);
    assert_eq!((&webhook["state"], &webhook["failures"]), (&json!("active"), &json!(0)));
}

fn what_is_given_up_is_replayed(database: Database) {
    let (_server, client) = start(database);
    let open = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let door = std::sync::Arc::clone(&open);
    let receiver = Receiver::start(move |_, _| {
        if door.load(std::sync::atomic::Ordering::SeqCst) {
            Reply::Take
        } else {
            Reply::Status(500, "out of \u{1b}[31morder")
        }
    });
    let (path, _) = webhook(&client, &receiver.base, &["customer.created"]);
    customer(&client, "M1");
    // eight attempts, hurried
    for attempt in 1..=8 {
        eventually("it is tried", PATIENCE, || {
            (receiver.came().len() == attempt).then_some(())
        });
        eventually("that is noted", PATIENCE, || {
            let rows = client.all(&format!("{path}/deliveries"));
            (rows[0]["attempts"] == attempt).then_some(())
        });
        hurry(&client, &path);
    }
    let dead = deliveries(&client, &path, "dead");
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (&dead[0]["status"], &dead[0]["answer"], &dead[0]["next_at"]),
        (&json!(500), &json!("out of  [31morder"), &Value::Null)
    );
    assert!(dead[0]["ended_at"].is_string());
    assert_eq!(client.get(&path).expect(200)["dead"], 1);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receiver.came().len(), 8, "it is left alone");
    open.store(true, std::sync::atomic::Ordering::SeqCst);
    let replayed = client.send("POST", &format!("{path}/replay"), "", &[]).expect(202);
    assert_eq!(replayed["replayed"], 1);
    eventually("it is told after all", PATIENCE, || {
        (receiver.taken().len() == 1).then_some(())
    });
    let ids: BTreeSet<String> = receiver.came().iter().map(|came| came.id().to_owned()).collect();
    assert_eq!(ids.len(), 1, "under the same id");
    eventually("that is noted", PATIENCE, || {
        (deliveries(&client, &path, "delivered").len() == 1).then_some(())
    });
    // what was delivered is sent again if it is named
    let number = deliveries(&client, &path, "delivered")[0]["delivery"].clone();
    let body = json!({"deliveries": [number]});
    assert_eq!(client.post(&format!("{path}/replay"), &body).expect(202)["replayed"], 1);
    eventually("it is told again", PATIENCE, || {
        (receiver.taken().len() == 2).then_some(())
    });
}

fn a_webhook_is_changed_and_deleted(database: Database) {
    let (server, client) = start(database);
    let receiver = Receiver::taking();
    let url = receiver.base.clone();
    let post = |body: Value| client.post("/api/v1/webhooks", &body);
    assert_eq!(
        post(json!({"url": "example.com", "types": ["*"]})).problem(422),
        "bad_webhook_url"
    );
    assert_eq!(
        post(json!({"url": url, "types": ["quotes.*"]})).problem(422),
        "bad_event_type"
    );
    assert_eq!(post(json!({"url": url, "types": []})).problem(422), "bad_event_type");
    assert_eq!(
        post(json!({"url": url, "types": ["*"], "note": "a\nb"})).problem(422),
        "bad_note"
    );
    let (path, _) = webhook(&client, &url, &["customer.*"]);
    let etag = client.get(&path).etag.unwrap();
    let changed = client
        .patch(&path, &json!({"active": false, "note": "CRM"}))
        .expect(200);
    assert_eq!((&changed["state"], &changed["note"]), (&json!("paused"), &json!("CRM")));
    let headers = [("if-match", etag.as_str())];
    let stale = client.try_send("PATCH", &path, "application/json", b"{\"note\": \"x\"}", &headers);
    assert_eq!(stale.unwrap().problem(412), "version_changed");
    assert_eq!(client.patch(&path, &json!({})).problem(422), "nothing_changed");
    let test = format!("{path}/test");
    assert_eq!(client.send("POST", &test, "", &[]).problem(409), "webhook_not_active");
    // what happens while it is paused is not told later
    customer(&client, "M1");
    client.patch(&path, &json!({"active": true})).expect(200);
    let event = client.send("POST", &test, "", &[]).expect(202)["event_id"].clone();
    let came = eventually("the test arrives", PATIENCE, || receiver.taken().pop());
    assert_eq!(
        (came.kind().as_str(), came.id()),
        ("webhook.test", event.as_str().unwrap())
    );
    assert_eq!(receiver.taken().len(), 1);
    let types = client.get("/api/v1/webhooks/event-types").expect(200);
    assert!(
        types["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind["name"] == "quote.returned")
    );
    // a key that is not the owner's sees nothing of it, nor does another agency
    let key = client
        .post("/api/v1/keys", &json!({"name": "shop", "scopes": ["read", "rules"]}))
        .expect(201);
    let shop = Client::new(&client.base, key["api_key"].as_str().unwrap());
    assert_eq!(shop.get("/api/v1/webhooks").problem(403), "scope_missing");
    assert_eq!(server.agency("other").get(&path).problem(404), "not_found");
    client.send("DELETE", &path, "", &[]).expect(204);
    assert_eq!(client.get(&path).problem(404), "not_found");
    customer(&client, "M2");
    assert_eq!(receiver.taken().len(), 1);
    for n in 0..20 {
        webhook(&client, &format!("{url}/{n}"), &["*"]);
    }
    assert_eq!(
        post(json!({"url": url, "types": ["*"]})).problem(409),
        "too_many_webhooks"
    );
}

fn a_test_that_fails_holds_no_other_up(database: Database) {
    let (_server, client) = start(database);
    let receiver = Receiver::start(|_, _| Reply::Status(500, "not yet"));
    let (path, _) = webhook(&client, &receiver.base, &["quote.*"]);
    for tests in 1..=2 {
        client.send("POST", &format!("{path}/test"), "", &[]).expect(202);
        eventually("it is tried at once", PATIENCE, || {
            let tried = |row: &&Value| row["attempts"].as_i64() > Some(0);
            (deliveries(&client, &path, "pending").iter().filter(tried).count() == tests).then_some(())
        });
    }
}

fn a_run_tells_its_moves_in_pieces(database: Database) {
    let (_server, client) = start(database);
    let receiver = Receiver::taking();
    let rows: String = (0..1_200).map(|n| format!("M{n},2026-01-10,{}\n", 100 + n)).collect();
    client.import("bookings", format!("member_no,booked_at,amount\n{rows}").as_bytes());
    webhook(&client, &receiver.base, &["segment.moved", "plugin.*"]);
    let digest = client.admit(&posthouse_tests::plugins::packed("rfm"));
    let body = json!({"digest": digest, "config": {}, "mode": "active"});
    client.put("/api/v1/bindings/segmentation/value", &body).expect(200);
    let moves = |taken: &[Came]| -> Vec<Value> {
        let moved = taken.iter().filter(|came| came.kind() == "segment.moved");
        moved
            .flat_map(|came| came.json()["data"]["moves"].as_array().unwrap().clone())
            .collect()
    };
    let all = eventually("everybody moved", PATIENCE, || {
        Some(moves(&receiver.taken())).filter(|all| all.len() >= 1_200)
    });
    let customers: BTreeSet<String> = all
        .iter()
        .map(|moved| moved["customer_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(customers.len(), 1_200);
    let members = client.segments_by_customer("value");
    for moved in &all {
        assert_eq!(moved["from"], Value::Null);
        assert_eq!(moved["to"], members[moved["customer_id"].as_str().unwrap()], "{moved}");
    }
    assert!(receiver.taken().iter().any(|came| came.kind() == "plugin.activated"));
    // one by one, as they happen
    let before = receiver.taken().len();
    customer(&client, "somebody");
    seen(&client, "v1", "somebody");
    booked(&client, "e1", "booking.paid", "somebody", "B-1");
    let last = eventually("somebody moved", PATIENCE, || receiver.taken().into_iter().nth(before));
    assert_eq!(
        (last.kind().as_str(), last.subject().as_str()),
        ("segment.moved", "binding/segmentation/value")
    );
    assert_eq!(last.json()["data"]["moves"][0]["from"], Value::Null);
}

fn the_command_line_knows_them(database: Database) {
    let (server, client) = start(database);
    let receiver = Receiver::taking();
    let run = |language: &str, words: &[&str]| {
        let output = server
            .command(words)
            .env("POSTHOUSE_URL", &server.base)
            .env("POSTHOUSE_API_KEY", &client.key)
            .env("LANG", language)
            .output()
            .expect("the command runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let en = |words: &[&str]| run("C", words);
    assert!(en(&["webhooks"]).contains("There are no webhooks"));
    let made = en(&[
        "webhooks",
        "create",
        &receiver.base,
        "--types",
        "customer.*,quote.*",
        "--note",
        "CRM",
    ]);
    assert!(made.contains("\n  whsec_"), "{made}");
    let listed: Value = serde_json::from_str(&en(&["webhooks", "--json"])).unwrap();
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(made.contains(&id));
    assert!(en(&["webhooks"]).contains("customer.*, quote.*  well"));
    en(&["webhooks", "test", &id]);
    let sent = eventually("the test is noted", PATIENCE, || {
        Some(en(&["webhooks", "deliveries", &id, "--state", "delivered"])).filter(|text| text.contains("webhook.test"))
    });
    assert!(sent.contains("200 thanks"), "{sent}");
    assert!(en(&["webhooks", "pause", &id]).contains("is paused; nothing is sent"));
    assert!(en(&["webhooks", "show", &id]).contains("paused"));
    assert!(en(&["webhooks", "resume", &id]).contains("is active; everything waiting is tried now"));
    assert!(en(&["webhooks", "rotate", &id]).contains("\n  whsec_"));
    assert!(en(&["webhooks", "show", &id]).contains("earlier secret until"));
    assert!(en(&["webhooks", "replay", &id]).contains("No dead deliveries"));
    let number = sent
        .lines()
        .nth(1)
        .and_then(|row| row.split_whitespace().next())
        .unwrap();
    assert_eq!(
        en(&["webhooks", "replay", &id, "--deliveries", &format!("{number},999999")]),
        "1 delivery will be sent again. Left alone, as not found or still pending: 1.\n"
    );
    assert!(en(&["webhooks", "deliveries", &id, "--state", "dead"]).contains("No dead deliveries"));
    assert!(en(&["webhooks", "types"]).contains("quote.returned"));
    let zh = |words: &[&str]| run("zh_CN.UTF-8", words);
    assert!(zh(&["webhooks"]).contains("正常"));
    assert!(zh(&["webhooks", "types"]).contains("报价已随订单确认"));
    assert!(zh(&["webhooks", "delete", &id]).contains("已删除"));
    assert!(zh(&["webhooks"]).contains("还没有 Webhook"));
}
