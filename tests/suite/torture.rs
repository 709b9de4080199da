//! Power cuts at random moments of imports, events, runs and activations: nothing acknowledged is lost, nothing is doubled, and no
//! activation is half done.
//!
//! A few cuts in every suite; `make torture` makes a hundred on each engine, from another seed every time.

use super::intake::{event, facts};
use super::segments::CLOCK;
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

on_both_engines!(power_cuts_at_random_moments);

/// Customers that each round brings.
const CUSTOMERS: usize = 300;
/// Rows of each round's file.
const ROWS: usize = 2_000;
const BINDING: &str = "/api/v1/bindings/segmentation/cut";

pub(super) fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Everyone with more trips than `edge` is in the second segment.
fn rule(keys: [&str; 2], edge: i64) -> Guest {
    Guest {
        facts: vec![
            ("trips-total".into(), "count", false),
            ("trips-12m".into(), "count", false),
            ("recency-days".into(), "count", true),
        ],
        reasons: vec![("trips".into(), "{trips-total} trips".into())],
        segments: keys.map(str::to_owned).to_vec(),
        segment: format!("(i32.gt_s (local.get $v) (i32.const {edge}))"),
        ..Guest::default()
    }
}

struct Rule {
    digest: String,
    keys: [&'static str; 2],
    edge: i64,
}

/// What was asked of the server, and what it acknowledged.
#[derive(Default)]
struct Asked {
    /// Bookings by the member they belong to, over all rounds.
    trips: BTreeMap<String, i64>,
    /// Highest revision that an answer named.
    revision: usize,
    /// Each sender of the last round, and how many events it has sent.
    sent: Vec<(u64, u64)>,
}

/// What one round sends.
struct Round {
    number: u64,
    file: String,
}

impl Round {
    fn new(number: u64) -> Self {
        let mut file = String::from("external_id,customer_member_no,booked_at,amount\n");
        for row in 0..ROWS {
            writeln!(
                file,
                "{number}-{row},R{number}C{},2025-06-10,{}",
                row * row % CUSTOMERS,
                100 + row % 7
            )
            .unwrap();
        }
        Self { number, file }
    }

    fn member(&self, sender: u64, i: u64) -> String {
        format!("R{}C{}", self.number, (i * 4 + sender) % CUSTOMERS as u64)
    }

    fn booking(&self, sender: u64, i: u64) -> Value {
        let id = format!("{}-{sender}-{i}", self.number);
        let member = self.member(sender, i);
        event(
            "booking.confirmed",
            &id,
            "2026-01-14T09:00:00+08:00",
            &[("member_no", &member)],
            json!({"amount": 100}),
        )
    }

    /// Sends bookings one after the other until the server is gone; how many were sent, all but the last acknowledged.
    fn send_events(&self, client: &Client, sender: u64) -> u64 {
        for i in 0.. {
            let body = json!({"events": [self.booking(sender, i)]}).to_string();
            match client.try_send("POST", "/api/v1/events", "application/json", body.as_bytes(), &[]) {
                Ok(answer) if answer.status == 200 => assert_eq!(answer.json()["accepted"], 1, "{}", answer.text),
                Ok(answer) => panic!("{} {}", answer.status, answer.text),
                Err(_) => return i + 1,
            }
        }
        unreachable!("the server is ended")
    }
}

/// Asks the same again and again until the server is gone; what it answered.
fn until_the_cut(mut ask: impl FnMut(usize) -> Result<posthouse_tests::Answer, ureq::Error>) -> Vec<Value> {
    let mut answers = Vec::new();
    while let Ok(answer) = ask(answers.len()) {
        answers.push(answer.expect(200));
    }
    answers
}

fn power_cuts_at_random_moments(database: Database) {
    let rounds = setting("POSTHOUSE_TEST_TORTURE", 5);
    let mut seed = setting("POSTHOUSE_TEST_SEED", 20_260_115).max(1);
    println!("{database:?}: {rounds} cuts, POSTHOUSE_TEST_SEED={seed}");
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let mut server = Server::start(database, options);
    let mut client = server.agency("torture");
    let rules = [(["one", "more"], 1), (["few", "many"], 7)].map(|(keys, edge)| Rule {
        digest: client.admit(&rule(keys, edge).build()),
        keys,
        edge,
    });
    let first = json!({"digest": rules[1].digest, "config": {}});
    client.put(BINDING, &first).expect(200);
    let mut asked = Asked {
        revision: 1,
        ..Asked::default()
    };
    for number in 0..rounds {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let round = Round::new(number);
        storm(
            &mut server,
            &client,
            &rules,
            &round,
            &mut asked,
            Duration::from_millis(10 + seed % 700),
        );
        server.restart();
        client.base.clone_from(&server.base);
        check(&client, &rules, &round, &mut asked);
    }
}

/// Everything at once, and then the cut.
fn storm(server: &mut Server, client: &Client, rules: &[Rule], round: &Round, asked: &mut Asked, delay: Duration) {
    let known = asked.revision;
    std::thread::scope(|scope| {
        let import = scope.spawn(|| client.try_import("bookings", round.file.as_bytes()));
        let senders: Vec<_> = (0..4)
            .map(|sender| scope.spawn(move || (sender, round.send_events(client, sender))))
            .collect();
        let swaps = scope.spawn(|| {
            until_the_cut(|swap| {
                // revisions count from one, and the first is of the second rule
                let rule = &rules[(known + swap + 1) % 2];
                let body = json!({"digest": rule.digest, "config": {}}).to_string();
                client.try_send("PUT", BINDING, "application/json", body.as_bytes(), &[])
            })
        });
        let runs = scope.spawn(|| {
            until_the_cut(|_| client.try_send("POST", "/api/v1/segmentation/runs", "application/json", b"{}", &[]))
        });
        // the moment of the cut is what is random here
        std::thread::sleep(delay);
        server.kill();
        runs.join().unwrap();
        for (turn, bound) in swaps.join().unwrap().iter().enumerate() {
            assert_eq!(bound["revision"], json!(known + turn + 1), "{bound}");
            asked.revision = known + turn + 1;
        }
        if let Ok(answer) = import.join().unwrap() {
            assert_eq!(answer.status, 202, "{}", answer.text);
        }
        for (sender, sent) in senders.into_iter().map(|sender| sender.join().unwrap()) {
            for i in 0..sent {
                *asked.trips.entry(round.member(sender, i)).or_default() += 1;
            }
            asked.sent.push((sender, sent));
        }
    });
}

/// What stands after the restart.
fn check(client: &Client, rules: &[Rule], round: &Round, asked: &mut Asked) {
    // of each sender's events all but the last were acknowledged; the last one may have landed or not
    for (sender, sent) in std::mem::take(&mut asked.sent) {
        let mut events: Vec<Value> = (0..sent).map(|i| round.booking(sender, i)).collect();
        let last = client.events(&events.split_off(sent as usize - 1));
        assert_eq!(last["rejected"], json!([]), "{last}");
        for acknowledged in events.chunks(500) {
            let answer = client.events(acknowledged);
            assert_eq!(answer["duplicates"], json!(acknowledged.len()), "{answer}");
        }
    }
    let job = client.import("bookings", round.file.as_bytes());
    assert_eq!((&job["state"], &job["rejected"]), (&json!("done"), &json!(0)), "{job}");
    for row in 0..ROWS {
        *asked
            .trips
            .entry(format!("R{}C{}", round.number, row * row % CUSTOMERS))
            .or_default() += 1;
    }
    let facts = facts(client);
    let counted: BTreeMap<String, i64> = facts
        .iter()
        .map(|(member, row)| (member.clone(), row["trips-total"].parse().unwrap()))
        .collect();
    assert_eq!(counted, asked.trips, "every booking is counted once");
    // the revision that an answer named is there, and at most the one whose answer was lost
    let mut history = client.all(&format!("{BINDING}/history"));
    history.reverse();
    assert!(
        (asked.revision..=asked.revision + 1).contains(&history.len()),
        "{history:?}"
    );
    asked.revision = history.len();
    for (before, entry) in history.iter().enumerate() {
        assert_eq!(entry["revision"], json!(before + 1));
        assert_eq!(entry["digest"], json!(rules[(before + 1) % 2].digest));
    }
    let rule = &rules[asked.revision % 2];
    let expected: BTreeMap<String, String> = facts
        .values()
        .map(|row| {
            let trips: i64 = row["trips-total"].parse().unwrap();
            (
                row["customer_id"].clone(),
                rule.keys[usize::from(trips > rule.edge)].to_owned(),
            )
        })
        .collect();
    // rules follow what was recorded, they are not part of it
    eventually(
        "everyone is where the active rule puts them",
        Duration::from_secs(60),
        || (client.segments_by_customer("cut") == expected).then_some(()),
    );
}
