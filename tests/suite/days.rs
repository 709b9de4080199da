//! The turn of the day for many customers: in the background, and whoever looks meanwhile sees the last day that was wholly turned.

use super::intake::event;
use super::segments::{CLOCK, bind};
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

on_both_engines!(
    a_look_during_the_turn_is_of_the_last_day,
    a_turn_survives_kill_9,
    two_hosts_turn_everybody_once,
);

/// So many that folding them again takes a while.
const PEOPLE: usize = 24_000;
/// Eight months after the clock at the start: everybody's only trip is more than a year ago by then.
const LATER: &str = "fixed:2026-09-15T04:00:00Z";
const PATIENCE: Duration = Duration::from_secs(180);

/// A server, and an agency whose customers each travelled once, within the year, with a rule that tells who did.
fn begin(database: Database) -> (Server, Client) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("days");
    let mut file = String::from("customer_member_no,booking_id,booked_at,amount\n");
    for n in 0..PEOPLE {
        file += &format!("M{n},B{n},2025-0{}-10,{}.00\n", 3 + n % 6, 100 + n % 900);
    }
    client.import("bookings", file.as_bytes());
    let rule = Guest {
        name: "lately".into(),
        facts: vec![("trips-12m".into(), "count", false)],
        segments: vec!["gone".into(), "lately".into()],
        reasons: vec![("trips".into(), "{trips-12m} trips".into())],
        segment: "(i32.gt_s (local.get $v) (i32.const 0))".into(),
        ..Guest::default()
    };
    bind(&client, "trips", &rule.build(), json!({}));
    (server, client)
}

/// The day of the facts, how many are left to be turned, and how many are in each segment.
fn standing(client: &Client) -> (Value, Option<u64>, [u64; 2]) {
    let list = client.get("/api/v1/segments").expect(200);
    let count = |key: &str| {
        let items = list["items"].as_array().unwrap().iter();
        items
            .filter(|item| item["key"] == key)
            .map(|item| item["count"].as_u64().unwrap())
            .sum()
    };
    (
        list["day"].clone(),
        list["turning"]["left"].as_u64(),
        [count("gone"), count("lately")],
    )
}

fn until_turned(client: &Client, people: [u64; 2]) {
    eventually("the day is turned and the rules have run", PATIENCE, || {
        (standing(client) == (json!("2026-09-15"), None, people)).then_some(())
    });
}

fn follow_to(server: &mut Server, client: &mut Client, clock: &'static str) {
    server.restart_at(clock);
    client.base.clone_from(&server.base);
}

fn trips(client: &Client, member: &str) -> Value {
    let found = client.get(&format!("/api/v1/customers?q={member}")).expect(200);
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    client.get(&format!("/api/v1/customers/{id}")).expect(200)["facts"]["trips-12m"].clone()
}

fn a_look_during_the_turn_is_of_the_last_day(database: Database) {
    let (mut server, mut client) = begin(database);
    let everyone = PEOPLE as u64;
    assert_eq!(standing(&client), (json!("2026-01-15"), None, [0, everyone]));

    follow_to(&mut server, &mut client, LATER);
    let (day, left, counts) = standing(&client);
    assert!(
        left.is_some_and(|left| left > 0),
        "{left:?} left: this test needs more customers, or a slower machine"
    );
    assert_eq!((day, counts), (json!("2026-01-15"), [0, everyone]));
    // one customer is always as of today: by the turn, by the look at them, or by what happens to them
    let seen = event(
        "booking.confirmed",
        "new",
        "2026-09-15T09:00:00+08:00",
        &[("member_no", "M7")],
        json!({"amount": 500}),
    );
    assert_eq!(client.events(&[seen])["accepted"], 1);
    assert_eq!((trips(&client, "M7"), trips(&client, "M23999")), (json!(1), json!(0)));
    // everyone together is as of one day: before the turn all of them travelled within the year, afterwards one
    let export = eventually("an export is not overtaken by the turn", PATIENCE, || {
        client
            .try_send("GET", "/api/v1/facts/export?format=jsonl", "", &[], &[])
            .ok()
    });
    let all: u64 = export
        .text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["trips-12m"]
                .as_u64()
                .unwrap()
        })
        .sum();
    match export.header("posthouse-day") {
        "2026-01-15" => assert_eq!(all, everyone),
        "2026-09-15" => assert_eq!(all, 1),
        day => panic!("facts of {day}"),
    }
    until_turned(&client, [everyone - 1, 1]);
    // whoever asks for a run gets one of today
    let run = client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
    assert_eq!(run["items"][0]["customers"], everyone, "{run}");
}

fn a_turn_survives_kill_9(database: Database) {
    let (mut server, mut client) = begin(database);
    let everyone = PEOPLE as u64;
    follow_to(&mut server, &mut client, LATER);
    let begun = eventually("some are turned", PATIENCE, || {
        let (_, left, _) = standing(&client);
        left.is_none_or(|left| left < everyone).then_some(left)
    });
    assert!(
        begun.is_some_and(|left| left > 0),
        "{begun:?} left: this test needs more customers, or a slower machine"
    );
    server.kill();
    // without the file it is not known any more of which day the facts were
    if database == Database::Postgres {
        std::fs::remove_dir_all(server.folder.path().join("data/frames")).unwrap();
    }
    follow_to(&mut server, &mut client, LATER);
    let (day, left, counts) = standing(&client);
    assert!(left.unwrap_or(0) <= begun.unwrap_or(0), "{left:?} after {begun:?}");
    if left.is_some() {
        let known = if database == Database::Postgres {
            Value::Null
        } else {
            json!("2026-01-15")
        };
        assert_eq!((day, counts), (known, [0, everyone]));
    }
    // an activation waits for the day, as everybody is to be decided on the same one
    let digest = client.get("/api/v1/segments").expect(200)["items"][0]["digest"].clone();
    let rule = json!({"digest": digest, "config": {}});
    eventually("the rule is put into force", PATIENCE, || {
        let answer = client.put("/api/v1/bindings/segmentation/again", &rule);
        match answer.status {
            200 => Some(()),
            _ => {
                assert_eq!(answer.problem(503), "day_turning");
                None
            }
        }
    });
    let list = client.get("/api/v1/segments").expect(200);
    let again = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["binding"] == "again" && item["key"] == "gone");
    assert_eq!(again.unwrap()["count"], everyone, "{list}");
    eventually("the rules have run", PATIENCE, || {
        let list = client.get("/api/v1/segments").expect(200);
        let items = list["items"].as_array().unwrap().clone();
        items
            .iter()
            .any(|item| item["binding"] == "trips" && item["key"] == "gone" && item["count"] == everyone)
            .then_some(())
    });
}

/// A further host of the same database.
struct Host {
    child: Child,
    base: String,
}

impl Host {
    fn start(server: &Server) -> Self {
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &server.database,
            "--clock",
            LATER,
        ];
        let mut command = server.command(&words);
        let first = server.folder.path().join("data");
        command
            .env("POSTHOUSE_DATA", server.folder.path().join("second"))
            .env("POSTHOUSE_SECRET_FILE", first.join("secret"));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a second host starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = lines.find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned));
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            base: base.expect("it says where it listens"),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many customers a host has folded again since it was started.
fn turned(base: &str) -> u64 {
    let text = Client::new(base, "").get("/metrics").text;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("posthouse_customers_turned_total "));
    line.map_or(0, |count| count.parse().unwrap())
}

fn two_hosts_turn_everybody_once(database: Database) {
    let (mut server, mut client) = begin(database);
    follow_to(&mut server, &mut client, LATER);
    // SQLite knows one host; there the same one is asked twice
    let second = (database == Database::Postgres).then(|| Host::start(&server));
    let base = second.as_ref().map_or(&server.base, |host| &host.base);
    let other = Client::new(base, &client.key);
    std::thread::scope(|scope| {
        for client in [&client, &other] {
            scope.spawn(|| until_turned(client, [PEOPLE as u64, 0]));
        }
    });
    let all = turned(&server.base) + second.as_ref().map_or(0, |host| turned(&host.base));
    assert_eq!(all, PEOPLE as u64);
}
