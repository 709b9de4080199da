//! Segments over time: as-of, flow and sample, over random histories.
//!
//! The test keeps notes of its own. Its rules are so simple that it knows from the bookings it sends who belongs where; it waits until
//! the server agrees, notes the division with its instant, and goes on: bookings and cancellations, new customers, other rules,
//! rollbacks, runs, days that turn. Then every question about the past is answered from the notes and compared.

use super::intake::event;
use super::segments::{bind, date};
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

on_both_engines!(the_past_equals_the_notes, what_cannot_be_answered_says_so);

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2026-01-10, noon in Shanghai.
const BEGIN: i64 = 1_768_017_600_000;
/// Every segment that any of the rules has.
const KEYS: [&str; 4] = ["rare", "frequent", "one", "gold"];

/// A small generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// The test's rules: trips of two years decide.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Plain,
    Golden,
}

impl Rule {
    fn component(self) -> Vec<u8> {
        // 65535 is no segment
        let (segments, segment): (&[&str], &str) = match self {
            Self::Plain => (
                &["rare", "frequent"],
                "(select (i32.const 65535) (i32.gt_s (local.get $v) (i32.const 3)) (i32.eqz (local.get $v)))",
            ),
            Self::Golden => (
                &["frequent", "one", "gold"],
                "(select (i32.const 65535)
                         (select (i32.const 1) (select (i32.const 2) (i32.const 0) (i32.gt_s (local.get $v) (i32.const 5)))
                                 (i32.eq (local.get $v) (i32.const 1)))
                         (i32.eqz (local.get $v)))",
            ),
        };
        Guest {
            name: format!("{self:?}").to_lowercase(),
            facts: vec![("trips-24m".into(), "count", false)],
            segments: segments.iter().map(|key| (*key).to_owned()).collect(),
            segment: segment.into(),
            ..Guest::default()
        }
        .build()
    }

    fn decide(self, trips: usize) -> Option<&'static str> {
        match (self, trips) {
            (_, 0) => None,
            (Self::Plain, 1..=3) => Some("rare"),
            (Self::Golden, 1) => Some("one"),
            (Self::Golden, 6..) => Some("gold"),
            _ => Some("frequent"),
        }
    }
}

/// Who was where at an instant, and how many customers there were. Several notes may have the same instant: the clock stands still.
struct Note {
    at: i64,
    places: BTreeMap<String, &'static str>,
    customers: usize,
    revision: usize,
}

struct World {
    server: Server,
    client: Client,
    dice: Dice,
    now: i64,
    /// Bookings that stand, by member: id and day.
    bookings: BTreeMap<String, Vec<(String, i64)>>,
    ids: BTreeMap<String, String>,
    /// The rule of each revision.
    rules: Vec<Rule>,
    /// The rules that a rollback would walk back through, the one in force last.
    standing: Vec<Rule>,
    sent: usize,
    notes: Vec<Note>,
}

fn text(at: i64) -> String {
    let (day, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (hour, minute, second, ms) = (rest / HOUR, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z", date(day))
}

/// The day it is in Shanghai.
fn local_day(at: i64) -> i64 {
    (at + 8 * HOUR).div_euclid(DAY)
}

impl World {
    fn start(database: Database, seed: u64) -> Self {
        let server = Server::start(
            database,
            Options {
                clock: Some(format!("fixed:{}", text(BEGIN)).leak()),
                ..Options::default()
            },
        );
        let client = server.agency("history");
        Self {
            server,
            client,
            dice: Dice(seed),
            now: BEGIN,
            bookings: BTreeMap::new(),
            ids: BTreeMap::new(),
            rules: Vec::new(),
            standing: Vec::new(),
            sent: 0,
            notes: Vec::new(),
        }
    }

    fn go_to(&mut self, at: i64) {
        self.now = at;
        self.server.restart_at(format!("fixed:{}", text(at)).leak());
        self.client.base.clone_from(&self.server.base);
        self.note();
    }

    /// Waits until the server says what the test knows, and writes it down.
    fn note(&mut self) {
        let today = local_day(self.now);
        let mut places = BTreeMap::new();
        if let Some(rule) = self.rules.last() {
            for (member, bookings) in &self.bookings {
                let trips = bookings.iter().filter(|(_, day)| today - 730 < *day && *day <= today);
                if let Some(segment) = rule.decide(trips.count()) {
                    places.insert(self.ids[member].clone(), segment);
                }
            }
        }
        eventually("the server says what the test knows", Duration::from_secs(30), || {
            (self.listed() == places).then_some(())
        });
        self.notes.push(Note {
            at: self.now,
            places,
            customers: self.ids.len(),
            revision: self.rules.len(),
        });
    }

    /// Who is where by the lists of today, one after the other: somebody who moves meanwhile is in the last that has them.
    fn listed(&self) -> BTreeMap<String, &'static str> {
        let mut found = BTreeMap::new();
        for key in KEYS {
            let mut cursor = String::new();
            loop {
                let path = format!("/api/v1/segments/hist.{key}/members?limit=1000{cursor}");
                let page = self.client.get(&path);
                if page.status == 404 {
                    break; // the rule in force has no such segment
                }
                let page = page.expect(200);
                for member in page["items"].as_array().unwrap() {
                    found.insert(member["customer_id"].as_str().unwrap().to_owned(), key);
                }
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
        }
        found
    }

    /// Bookings of a few customers, some of them new, and cancellations of others.
    fn events(&mut self, customers: usize) {
        let mut events = Vec::new();
        let mut busy = BTreeSet::new();
        for _ in 0..customers {
            let member = format!("C{}", self.dice.below(140));
            if !busy.insert(member.clone()) {
                continue;
            }
            self.sent += 1;
            let id = format!("e{}", self.sent);
            let standing = self.bookings.entry(member.clone()).or_default();
            let today = local_day(self.now);
            let old = standing.iter().position(|(_, day)| *day < today - 1);
            let cancels = self.dice.below(3) == 0;
            let who = [("member_no", member.as_str())];
            if let Some(position) = old.filter(|_| cancels) {
                let (booking, _) = standing.remove(position);
                let data = json!({"booking_id": booking});
                events.push(event("booking.cancelled", &id, &text(self.now), &who, data));
                continue;
            }
            // some of two years ago, whose window ends soon
            let day = match self.dice.below(3) {
                0 => today,
                1 => today - 725 - self.dice.below(8) as i64,
                _ => today - self.dice.below(700) as i64,
            };
            standing.push((id.clone(), day));
            let at = text(day * DAY);
            events.push(event("booking.confirmed", &id, &at, &who, json!({"amount": 10_000})));
        }
        let answer = self.client.events(&events);
        assert_eq!(answer["accepted"].as_u64(), Some(events.len() as u64), "{answer}");
        self.learn_ids();
        self.note();
    }

    fn learn_ids(&mut self) {
        for (member, row) in super::intake::facts(&self.client) {
            self.ids.insert(member, row["customer_id"].clone());
        }
    }

    fn activate(&mut self, rule: Rule) {
        bind(&self.client, "hist", &rule.component(), json!({}));
        self.rules.push(rule);
        self.standing.push(rule);
        self.note();
    }

    /// Something that moves somebody.
    fn act(&mut self) {
        match self.dice.below(6) {
            0 => {
                let rule = if self.rules.last() == Some(&Rule::Plain) {
                    Rule::Golden
                } else {
                    Rule::Plain
                };
                self.activate(rule);
            }
            1 if self.standing.len() > 1 => {
                self.client
                    .post("/api/v1/bindings/segmentation/hist/rollback", &json!({}))
                    .expect(200);
                self.standing.pop();
                self.rules.push(self.standing[self.standing.len() - 1]);
                self.note();
            }
            2 => {
                self.client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
                self.note();
            }
            _ => {
                let customers = 1 + self.dice.below(25) as usize;
                self.events(customers);
            }
        }
    }

    /// The last note of `at` or before.
    fn then(&self, at: i64) -> Option<&Note> {
        self.notes.iter().rev().find(|note| note.at <= at)
    }

    /// Since when a customer had been where they were by then.
    fn since(&self, customer: &str, at: i64) -> Option<i64> {
        let segment = self.then(at)?.places.get(customer)?;
        let before = self.notes.iter().rev().skip_while(|note| note.at > at);
        let stayed = before.take_while(|note| note.places.get(customer) == Some(segment));
        stayed.last().map(|note| note.at)
    }

    /// An instant of the past to ask for, as it is written and as the last millisecond that counts.
    fn any_instant(&mut self) -> (String, i64) {
        let span = (self.now - BEGIN + 2 * DAY) as u64;
        let at = BEGIN - 2 * DAY + self.dice.below(span + 1) as i64;
        match self.dice.below(4) {
            // at a step exactly, and right before it
            0 => {
                let note = self.dice.below(self.notes.len() as u64) as usize;
                let at = self.notes[note].at - self.dice.below(2) as i64;
                (text(at), at)
            }
            1 => (text(at), at),
            _ => (date(local_day(at)), (local_day(at) + 1) * DAY - 8 * HOUR - 1),
        }
    }

    fn members(&self, key: &str, as_of: &str) -> BTreeMap<String, Value> {
        // in small pages, so that the cursor is used
        let (mut members, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let path = format!("/api/v1/segments/hist.{key}/members?as_of={as_of}&limit=37{cursor}");
            let page = self.client.get(&path).expect(200);
            for member in page["items"].as_array().unwrap() {
                assert!(member["score"].is_null() && member["reason"].is_null(), "{member}");
                let id = member["customer_id"].as_str().unwrap().to_owned();
                assert!(members.insert(id, member["since"].clone()).is_none(), "{member} twice");
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return members,
            }
        }
    }
}

fn the_past_equals_the_notes(database: Database) {
    for seed in [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03] {
        let mut world = World::start(database, seed);
        let mut file = String::from("external_id,customer_member_no,booked_at,amount\n");
        for customer in 0..120 {
            let member = format!("C{customer}");
            for trip in 0..world.dice.below(7) {
                let (id, day) = (
                    format!("b{customer}-{trip}"),
                    local_day(BEGIN) - world.dice.below(760) as i64,
                );
                file += &format!("{id},{member},{},100.00\n", date(day));
                world.bookings.entry(member.clone()).or_default().push((id, day));
            }
        }
        world.client.import("bookings", file.as_bytes());
        world.learn_ids();
        world.note();
        world.go_to(BEGIN + 30 * HOUR);
        world.activate(Rule::Plain);
        for step in 0..9 {
            let hours = 1 + world.dice.below(60) as i64;
            world.go_to(world.now + hours * HOUR);
            for _ in 0..1 + world.dice.below(2) {
                world.act();
            }
            if step == 3 {
                // each rule is in force at some time, whatever the dice say
                world.activate(Rule::Golden);
            }
        }
        for _ in 0..40 {
            compare_as_of(&mut world);
            compare_flow(&mut world);
            compare_sample(&mut world);
        }
        compare_trend(&mut world);
    }
}

fn compare_trend(world: &mut World) {
    let trend = world.client.get("/api/v1/segments/hist/trend?months=2").expect(200);
    let days: Vec<String> = trend["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(days.len(), 3);
    assert_eq!(days[2], date(local_day(world.now)));
    for segment in trend["segments"].as_array().unwrap() {
        let key = segment["key"].as_str().unwrap();
        for (place, day) in days.iter().enumerate() {
            let members = world.members(key, day).len();
            assert_eq!(segment["members"][place], json!(members), "{key} on {day}");
        }
    }
    let now: u64 = trend["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| segment["members"][2].as_u64().unwrap())
        .sum();
    assert!(now > 0 && now <= trend["customers"][2].as_u64().unwrap());
    assert_eq!(
        world.client.get("/api/v1/segments/hist/trend?months=0").problem(422),
        "bad_range"
    );
    assert_eq!(
        world.client.get("/api/v1/segments/none/trend").problem(404),
        "not_found"
    );
}

fn compare_as_of(world: &mut World) {
    let (asked, at) = world.any_instant();
    let note = world.then(at);
    let nobody = BTreeMap::new();
    let places = note.map_or(&nobody, |note| &note.places);
    for key in KEYS {
        let found = world.members(key, &asked);
        let expected: BTreeMap<String, Value> = places
            .iter()
            .filter(|(_, segment)| **segment == key)
            .map(|(id, _)| (id.clone(), json!(text(world.since(id, at).unwrap()))))
            .collect();
        assert_eq!(found, expected, "{key} as of {asked}");
    }
    let page = world
        .client
        .get(&format!("/api/v1/segments/hist.frequent/members?as_of={asked}"))
        .expect(200);
    let revision = note.map(|note| note.revision).filter(|revision| *revision > 0);
    assert_eq!(page["as_of"]["revision"], json!(revision), "as of {asked}");
    assert_eq!(page["as_of"]["at"], text(at), "as of {asked}");
    let id = {
        let pick = world.dice.below(world.ids.len() as u64) as usize;
        world.ids.values().nth(pick).unwrap().clone()
    };
    let customer = world
        .client
        .get(&format!("/api/v1/customers/{id}?as_of={asked}"))
        .expect(200);
    let place = &customer["segments"][0];
    let expected = world.then(at).and_then(|note| note.places.get(&id));
    assert_eq!(place["key"], json!(expected), "{id} as of {asked}");
    assert_eq!(
        place["since"],
        json!(world.since(&id, at).map(text)),
        "{id} as of {asked}"
    );
    assert_eq!(place["title"].is_object(), expected.is_some(), "{customer}");
}

fn compare_flow(world: &mut World) {
    let (one, other) = (world.any_instant(), world.any_instant());
    let ((from, earlier), (to, later)) = if one.1 <= other.1 { (one, other) } else { (other, one) };
    let flow = world
        .client
        .get(&format!("/api/v1/segments/hist/flow?from={from}&to={to}"))
        .expect(200);
    let (old, new) = (world.then(earlier), world.then(later));
    let place = |note: Option<&Note>, id: &str| note.and_then(|note| note.places.get(id).copied());
    // who was there at the later end: ids in the order of their creation are not known to the test, but their number is
    let customers = new.map_or(0, |note| note.customers);
    let mut cells: BTreeMap<(Option<&str>, Option<&str>), u64> = BTreeMap::new();
    let mut nowhere = customers as u64;
    for id in world.ids.values() {
        let pair = (place(old, id), place(new, id));
        if pair != (None, None) {
            *cells.entry(pair).or_default() += 1;
            nowhere -= 1;
        }
    }
    if nowhere > 0 {
        cells.insert((None, None), nowhere);
    }
    let found: BTreeMap<_, _> = flow["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            (
                (cell["from"].as_str(), cell["to"].as_str()),
                cell["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, cells, "from {from} to {to}: {flow}");
    let sum = |wanted: &dyn Fn(Option<&str>, Option<&str>) -> bool| -> u64 {
        cells
            .iter()
            .filter(|((a, b), _)| wanted(*a, *b))
            .map(|(_, count)| count)
            .sum()
    };
    for segment in flow["segments"].as_array().unwrap() {
        let key = segment["key"].as_str();
        let expected = json!({
            "key": key, "title": segment["title"],
            "from": sum(&|a, _| a == key), "to": sum(&|_, b| b == key),
            "entering": sum(&|a, b| a != key && b == key), "leaving": sum(&|a, b| a == key && b != key),
        });
        assert_eq!(segment, &expected, "from {from} to {to}");
    }
    let before = old.map_or(0, |note| note.customers);
    assert_eq!(
        (&flow["customers"], &flow["newcomers"], &flow["changed"]),
        (
            &json!(customers),
            &json!(customers - before),
            &json!(sum(&|a, b| a != b))
        ),
        "from {from} to {to}"
    );
}

/// A customer's ticket, as the decision on draws describes it.
fn ticket(seed: &str, number: u64) -> u64 {
    let digest = Sha256::digest(seed);
    let (first, rest) = digest.split_at(8);
    let keys = [first, &rest[..8]].map(|bytes| u64::from_be_bytes(bytes.try_into().unwrap()));
    keys.into_iter().fold(number, |ticket, key| {
        let mut z = ticket ^ key;
        for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
            z = (z ^ (z >> shift)).wrapping_mul(factor);
        }
        z ^ (z >> 31)
    })
}

fn compare_sample(world: &mut World) {
    let (asked, at) = world.any_instant();
    let key = KEYS[world.dice.below(4) as usize];
    let (seed, size) = (
        format!("s{}", world.dice.below(1000)),
        1 + world.dice.below(40) as usize,
    );
    let nobody = BTreeMap::new();
    let places = world.then(at).map_or(&nobody, |note| &note.places);
    // customers are numbered in the order in which they joined, which is the order of the export
    let export = world.client.get("/api/v1/facts/export?format=jsonl").text;
    let numbers: BTreeMap<String, u64> = export
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["customer_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .zip(0..)
        .collect();
    let mut tickets: Vec<(u64, &String)> = places
        .iter()
        .filter(|(_, segment)| **segment == key)
        .map(|(id, _)| (ticket(&seed, numbers[id]), id))
        .collect();
    tickets.sort();
    let path = format!("/api/v1/segments/hist.{key}/sample?size={size}&seed={seed}");
    let sample = world.client.get(&format!("{path}&as_of={asked}")).expect(200);
    let drawn = |sample: &Value| -> Vec<String> {
        let items = sample["items"].as_array().unwrap().iter();
        items
            .map(|person| person["customer_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected: Vec<String> = tickets.iter().take(size).map(|(_, id)| (*id).clone()).collect();
    assert_eq!(drawn(&sample), expected, "{key} as of {asked}");
    assert_eq!(sample["members"], json!(tickets.len()), "{key} as of {asked}");
    for person in sample["items"].as_array().unwrap() {
        let member = person["member_no"].as_str().unwrap();
        assert_eq!(person["customer_id"], world.ids[member]);
    }
    // the present is the same question as of now, where the rule in force has the segment
    let present = world.client.get(&path);
    if present.status == 200 {
        let now = world
            .client
            .get(&format!("{path}&as_of={}", text(world.now)))
            .expect(200);
        assert_eq!(drawn(&present.json()), drawn(&now));
    } else {
        assert_eq!(present.problem(404), "not_found");
        assert!(
            !world
                .notes
                .last()
                .unwrap()
                .places
                .values()
                .any(|segment| *segment == key)
        );
    }
}

fn what_cannot_be_answered_says_so(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("limits");
    let phone = [("phone", "13800138000"), ("member_no", "M1")];
    client.events(&[event(
        "booking.confirmed",
        "b",
        "2026-01-15T01:00:00Z",
        &phone,
        json!({"amount": 1}),
    )]);
    bind(&client, "hist", &Rule::Plain.component(), json!({}));
    let members = "/api/v1/segments/hist.rare/members";
    for (path, code) in [
        (format!("{members}?as_of=2026-01-16"), "as_of_in_future"),
        (format!("{members}?as_of=2026-01-15T04:00:01Z"), "as_of_in_future"),
        (format!("{members}?as_of=yesterday"), "bad_as_of"),
        (format!("{members}?as_of=2026-01-15&cursor=x"), "bad_cursor"),
        (
            "/api/v1/segments/hist/flow?from=2026-01-15&to=2026-01-14".into(),
            "bad_range",
        ),
        (
            "/api/v1/segments/hist/flow?from=2026-01-15&to=2026-01-17".into(),
            "as_of_in_future",
        ),
        ("/api/v1/segments/hist.rare/sample?size=0".into(), "bad_size"),
        ("/api/v1/segments/hist.rare/sample?size=1001".into(), "bad_size"),
        (
            format!("/api/v1/segments/hist.rare/sample?seed={}", "x".repeat(201)),
            "bad_seed",
        ),
    ] {
        assert_eq!(client.get(&path).problem(422), code, "{path}");
    }
    for path in [
        "/api/v1/segments/hist.gold/members?as_of=2026-01-15",
        "/api/v1/segments/other.rare/members?as_of=2026-01-15",
        "/api/v1/segments/other/flow?from=2026-01-14&to=2026-01-15",
        "/api/v1/segments/hist.gold/sample",
        "/api/v1/segments/hist/sample",
    ] {
        assert_eq!(client.get(path).problem(404), "not_found", "{path}");
    }
    assert_eq!(
        client.get("/api/v1/segments/hist/flow?from=2026-01-14").problem(400),
        "bad_query"
    );
    // before the binding existed
    let before = client.get(&format!("{members}?as_of=2026-01-14")).expect(200);
    assert_eq!(
        (&before["items"], &before["as_of"]["revision"]),
        (&json!([]), &Value::Null)
    );
    let today = client.get(&format!("{members}?as_of=2026-01-15")).expect(200);
    assert_eq!(
        (today["items"].as_array().unwrap().len(), &today["as_of"]["revision"]),
        (1, &json!(1))
    );
    // whoever was drawn can be called
    let sample = client.get("/api/v1/segments/hist.rare/sample?size=5").expect(200);
    assert_eq!(
        (&sample["items"][0]["phones"], &sample["items"][0]["member_no"]),
        (&json!(["+8613800138000"]), &json!("M1"))
    );
    let seed = sample["seed"].as_str().unwrap();
    let again = client
        .get(&format!("/api/v1/segments/hist.rare/sample?size=5&seed={seed}"))
        .expect(200);
    assert_eq!(again, sample, "the seed repeats the draw");
}
