//! Once means once: a key is carried out once whatever becomes of the server meanwhile, and a commit whose answer got lost is no second one.

use super::exactly_once::{CROWD, entries, id_of};
use super::quotes::{rule, start};
use posthouse_tests::campaigns::basket;
use posthouse_tests::guest::Saving;
use posthouse_tests::{Answer, Campaigns, Client, Database, Line, Options, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

on_both_engines!(keys_through_ten_power_cuts, what_holds_a_secret_is_made_once);

/// How long after a start the last of a crowd may wait. It is a matter of 2 s on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a crowd sends for a key until everybody has an answer.
struct Keyed {
    number: usize,
    /// Where the server is; a new one after each start.
    base: RwLock<String>,
    attempts: AtomicU64,
    quotes: Mutex<BTreeSet<String>>,
}

impl Keyed {
    /// Asks for a quote and confirms it, each under its key, as often as it takes.
    fn insist(&self, client: &Client) {
        let mut client = client.clone();
        let quote = self.answer(&mut client, "/api/v1/quotes", &basket(None, 10_000, &[]), "quote", 201);
        let id = id_of(&quote);
        let (path, booking) = (
            format!("/api/v1/quotes/{id}/confirm"),
            json!({"booking_id": format!("B-{}", self.number)}),
        );
        let confirmed = self.answer(&mut client, &path, &booking, "confirm", 200);
        assert_eq!(confirmed["state"], "confirmed");
        self.quotes.lock().unwrap().insert(id);
    }

    fn answer(&self, client: &mut Client, path: &str, body: &Value, what: &str, status: u16) -> Value {
        let key = format!("{what}-{}", self.number);
        loop {
            client.base.clone_from(&self.base.read().unwrap());
            self.attempts.fetch_add(1, Ordering::SeqCst);
            let body = body.to_string();
            let sent = client.try_send(
                "POST",
                path,
                "application/json",
                body.as_bytes(),
                &[("idempotency-key", &key)],
            );
            match sent {
                Ok(answer) if answer.status == status => return answer.json(),
                // the server is stopping or starting
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}

fn keys_through_ten_power_cuts(database: Database) {
    let (mut server, mut shop) = start(database);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    let mut slowest = Duration::ZERO;
    for number in 0..10 {
        let keyed = Keyed {
            number,
            base: RwLock::new(server.base.clone()),
            attempts: AtomicU64::new(0),
            quotes: Mutex::default(),
        };
        std::thread::scope(|scope| {
            let crowd: Vec<_> = (0..CROWD).map(|_| scope.spawn(|| keyed.insist(&shop.client))).collect();
            // at another moment every time: before the first has arrived, while they are at work, after some were answered
            let soon = (number as u64 * 37) % 160;
            eventually("some have asked", PATIENCE, || {
                (keyed.attempts.load(Ordering::SeqCst) > soon
                    || crowd.iter().all(std::thread::ScopedJoinHandle::is_finished))
                .then_some(())
            });
            server.kill();
            server.restart();
            let began = Instant::now();
            keyed.base.write().unwrap().clone_from(&server.base);
            for one in crowd {
                one.join().unwrap();
            }
            slowest = slowest.max(began.elapsed());
        });
        shop.move_to(&server.base);
        assert_eq!(keyed.quotes.lock().unwrap().len(), 1, "one quote for everybody");
        let spent = 700 * (number as i64 + 1);
        assert_eq!(
            (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
            ((0, spent), (0, spent))
        );
    }
    println!("the last of {CROWD} was answered {slowest:?} after a start");
    assert!(slowest < PATIENCE, "the last was answered after {slowest:?}");
    let quotes = shop.client.all("/api/v1/quotes");
    let bookings: BTreeSet<&str> = quotes
        .iter()
        .map(|quote| quote["booking_id"].as_str().unwrap())
        .collect();
    assert_eq!((quotes.len(), bookings.len()), (10, 10));
    let kinds = entries(&shop, &campaign);
    assert_eq!((kinds["reserve"], kinds["commit"], kinds.len()), (10, 10, 2));
}

/// Sends something with a key, twice.
fn twice(client: &Client, path: &str, body: &Value, key: &str) -> [Answer; 2] {
    [0, 1].map(|_| {
        let body = body.to_string();
        let sent = client.try_send(
            "POST",
            path,
            "application/json",
            body.as_bytes(),
            &[("idempotency-key", key)],
        );
        sent.unwrap()
    })
}

fn what_holds_a_secret_is_made_once(database: Database) {
    let (_server, shop) = start(database);
    let plan = shop.plan(&rule(Saving::Amount(700)), 1, json!({"needs_coupon": true}));
    let campaign = shop.run("spring", &plan);
    let client = &shop.client;
    let keys_made = || {
        let log = client.all("/api/v1/audit");
        log.iter().filter(|entry| entry["action"] == "key.create").count()
    };
    let before = keys_made();
    let [first, again] = twice(
        client,
        "/api/v1/keys",
        &json!({"name": "shop", "scopes": ["quotes"]}),
        "k",
    );
    let id = first.expect(201)["id"].clone();
    assert_eq!(again.problem(409), "answer_lost");
    assert!(
        again.text.contains(id.as_str().unwrap()),
        "it names the key: {}",
        again.text
    );
    assert_eq!(keys_made(), before + 1);

    let hook = json!({"url": "https://example.com/posthouse", "types": ["quote.*"]});
    let [first, again] = twice(client, "/api/v1/webhooks", &hook, "w");
    first.expect(201);
    assert_eq!(again.problem(409), "answer_lost");
    assert_eq!(
        client.get("/api/v1/webhooks").expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let path = format!("/api/v1/campaigns/{campaign}/coupons");
    let [first, again] = twice(client, &path, &json!({"label": "Fair", "count": 3}), "c");
    assert_eq!(first.expect(201)["codes"].as_array().unwrap().len(), 3);
    assert_eq!(again.problem(409), "answer_lost");
    let batches = client.get(&path).expect(200);
    let states: Vec<&Value> = batches["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|batch| &batch["state"])
        .collect();
    assert_eq!(states, ["ready"]);
}

/// A quote that was confirmed meanwhile is answered as it stands.
#[test]
fn a_quote_answers_for_itself() {
    let (_server, shop) = start(Database::Sqlite);
    let ask = || {
        let body = basket(None, 10_000, &[]).to_string();
        let sent = shop.client.try_send(
            "POST",
            "/api/v1/quotes",
            "application/json",
            body.as_bytes(),
            &[("idempotency-key", "q")],
        );
        sent.unwrap()
    };
    let first = ask();
    assert_eq!(
        (ask().expect(201), ask().header("idempotent-replayed")),
        (first.expect(201), "true")
    );
    let id = id_of(&first.json());
    let confirm = format!("/api/v1/quotes/{id}/confirm");
    shop.client.post(&confirm, &json!({"booking_id": "B-1"})).expect(200);
    assert_eq!(ask().expect(201)["state"], "confirmed");
}

#[test]
fn answers_to_commits_that_get_lost_make_nothing_twice() {
    let line = Line::to(&posthouse_tests::postgres::database());
    let options = Options {
        clock: Some("fixed:2026-01-15T04:00:00Z"),
        ..Options::default()
    };
    let server = Server::start_on(line.url(), options);
    let shop = Campaigns::new(&server.agency("lost"));
    shop.group("season", "stackable");
    let plan = shop.plan(
        &rule(Saving::Amount(7)),
        1,
        json!({"needs_coupon": true, "budget": {"total": 100_000_000}}),
    );
    let campaign = shop.run("spring", &plan);
    let batch = json!({"label": "Fair", "count": 200, "uses": 1});
    let batch = shop
        .client
        .post(&format!("/api/v1/campaigns/{campaign}/coupons"), &batch)
        .expect(201);
    let codes: Vec<&str> = batch["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["code"].as_str().unwrap())
        .collect();
    // a host asks seven times: of 400 commits all seven get lost in one run of some 700
    line.lose(6);
    // each code is good for one quote: whoever is told that it is used up has met their own ghost
    let ids: Vec<String> = std::thread::scope(|scope| {
        let askers: Vec<_> = codes
            .chunks(codes.len() / 8)
            .map(|codes| {
                let shop = &shop;
                scope.spawn(move || {
                    let quote = |code: &&str| {
                        let quote = shop.quote(None, 1_000, &[code]);
                        assert_eq!(quote["price"], 993, "{quote}");
                        let id = id_of(&quote);
                        let path = format!("/api/v1/quotes/{id}/confirm");
                        shop.client.post(&path, &json!({"booking_id": id})).expect(200);
                        id
                    };
                    codes.iter().map(quote).collect::<Vec<_>>()
                })
            })
            .collect();
        askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect()
    });
    // with a key anything else can be sent again until it is known what became of it
    let send_until_known = |path: &str, body: &Value, key: &str| loop {
        let body = body.to_string();
        let sent = shop.client.try_send(
            "POST",
            path,
            "application/json",
            body.as_bytes(),
            &[("idempotency-key", key)],
        );
        let answer = sent.unwrap();
        match answer.status {
            503 => assert!(
                ["outcome_unknown", "database_busy"].contains(&&*answer.problem(503)),
                "{}",
                answer.text
            ),
            _ => return answer,
        }
    };
    for number in 0..20 {
        let member = json!([{"kind": "member_no", "value": format!("M{number}")}]);
        let answer = send_until_known(
            "/api/v1/customers",
            &json!({"name": "Li", "identities": member}),
            &format!("c{number}"),
        );
        assert!(
            answer.status == 201 || answer.problem(409) == "answer_lost",
            "{}",
            answer.text
        );
        let answer = send_until_known(
            "/api/v1/tasks",
            &json!({"title": format!("T{number}")}),
            &format!("t{number}"),
        );
        assert!(
            answer.status == 201 || answer.problem(409) == "answer_lost",
            "{}",
            answer.text
        );
    }
    line.lose(0);
    assert!(line.lost() > 40, "{} answers got lost", line.lost());
    let quotes: BTreeSet<String> = shop.client.all("/api/v1/quotes").iter().map(id_of).collect();
    assert_eq!((quotes.len(), &quotes), (codes.len(), &ids.into_iter().collect()));
    let spent = 7 * codes.len() as i64;
    assert_eq!(
        (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
        ((0, spent), (0, spent))
    );
    assert_eq!(shop.client.all("/api/v1/customers").len(), 20);
    assert_eq!(shop.client.all("/api/v1/tasks").len(), 20);
}
