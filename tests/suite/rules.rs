//! The reference plugins beside `rfm`: everyone's segments against the rules written once more over the exported facts, what
//! other settings change, groups that overlap, and the policies that staff act on.

use super::expected::{self, Expected};
use super::intake::{self, event};
use super::segments::{self, CLOCK, bind, date};
use posthouse_tests::{Client, Database, Options, Server, plugins};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both_engines!(
    four_rules_equal_an_independent_computation,
    other_settings_move_whom_they_should,
    settings_are_described_and_contradictions_refused,
    the_rows_of_a_call_are_a_setting,
);

const TODAY: i64 = 20_468;
const THEMES: [&str; 5] = ["family", "亲子", "Beach", "snow", "culture"];
const PLACES: [&str; 5] = ["三亚", "Bali", "Hokkaido", "北京", "Kyoto"];

type Row = BTreeMap<String, String>;
/// Segment by customer id.
type Members = BTreeMap<String, String>;

/// Customers of all ages with habits of their own, prospects, and visits to the site.
fn populated(database: Database) -> (Server, Client) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("rules");
    let mut state = 0x9e6c_63d0_876a_3f6b_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut file = String::from("customer_member_no,booked_at,amount,destination,theme,status\n");
    let mut events = Vec::new();
    for customer in 0..400 {
        let member = format!("C{customer}");
        let (habit, first, theme, place) = (next(8), 1 + next(2_000), next(5) as usize, next(5) as usize);
        for _ in 0..=next(1 + habit) {
            let day = date(TODAY - next(first) as i64);
            let amount = 500 + next(3_000) * (1 + habit);
            let status = if next(12) == 0 { "cancelled" } else { "paid" };
            file += &format!("{member},{day},{amount},{},{},{status}\n", PLACES[place], THEMES[theme]);
        }
        for visit in 0..next(10).saturating_sub(4) {
            let kind = ["site.viewed", "site.searched"][next(2) as usize];
            let at = format!("{}T10:00:00+08:00", date(TODAY - 1 - next(40) as i64));
            let id = format!("v{customer}-{visit}");
            events.push(event(kind, &id, &at, &[("member_no", &member)], json!({})));
        }
    }
    for prospect in 0..30 {
        let (id, member) = (format!("p{prospect}"), format!("P{prospect}"));
        let known = [("member_no", member.as_str())];
        events.push(event(
            "profile.updated",
            &id,
            "2026-01-02T10:00:00+08:00",
            &known,
            json!({}),
        ));
    }
    assert_eq!(client.import("bookings", file.as_bytes())["rejected"], 0);
    for some in events.chunks(200) {
        assert_eq!(client.events(some)["rejected"], json!([]));
    }
    (server, client)
}

fn number(row: &Row, key: &str) -> Option<i64> {
    row[key].parse().ok()
}

fn count(row: &Row, key: &str) -> i64 {
    number(row, key).expect("counts are known")
}

fn members<'a>(rows: &'a [Row], segment: impl Fn(&'a Row) -> Option<&'a str>) -> Members {
    let place = |row: &'a Row| Some((row["customer_id"].clone(), segment(row)?.to_owned()));
    rows.iter().filter_map(place).collect()
}

/// RFM by the computation that its own test uses.
fn rfm(rows: &[Row]) -> Members {
    let facts = |row: &Row| Expected {
        total: count(row, "trips-total"),
        in_24m: count(row, "trips-24m"),
        spend_24m: count(row, "spend-24m"),
        recency: number(row, "recency-days"),
        ..Expected::default()
    };
    let all = rows
        .iter()
        .map(|row| (row["customer_id"].clone(), facts(row)))
        .collect();
    let classes = expected::rfm(&all).into_iter();
    classes.map(|(id, (segment, _))| (id, segment.to_owned())).collect()
}

/// Stages as a list of sentences, the first that is true.
fn lifecycle(rows: &[Row], at_risk_days: i64, mature_trips: i64) -> Members {
    members(rows, |row| {
        assert_eq!(count(row, "badly-resolved-12m"), 0, "nothing feeds complaints yet");
        let trips = count(row, "trips-total");
        let silent = number(row, "recency-days").unwrap_or(-1);
        let known = number(row, "first-trip-days").unwrap_or(-1);
        let sentences = [
            ("prospect", trips == 0),
            ("lost", silent >= 730),
            ("at-risk", silent >= at_risk_days),
            ("new", known < 90),
            ("mature", trips >= mature_trips && known - silent >= 730),
            ("active", true),
        ];
        sentences.into_iter().find(|(_, holds)| *holds).map(|(stage, _)| stage)
    })
}

/// Quadrants by counting, for each customer, how many of those who travelled spent no more.
fn quadrants(rows: &[Row], percentile: usize, loyal_trips: i64, loyal_days: i64) -> Members {
    let travelled = |row: &&Row| count(row, "trips-24m") > 0;
    let spends: Vec<i64> = rows
        .iter()
        .filter(travelled)
        .map(|row| count(row, "spend-24m"))
        .collect();
    let share = |limit: i64| spends.iter().filter(|spend| **spend <= limit).count() * 100;
    // the smallest spend that so many do not exceed
    let large = spends
        .iter()
        .copied()
        .filter(|spend| share(*spend) >= percentile * spends.len())
        .min();
    members(rows, |row| {
        let is_large = count(row, "spend-24m") >= large.unwrap_or(i64::MAX);
        let lately = number(row, "recency-days").is_some_and(|days| days <= loyal_days);
        match (is_large, count(row, "trips-24m") >= loyal_trips && lately) {
            _ if !travelled(&row) => None,
            (true, true) => Some("large-loyal"),
            (true, false) => Some("large-occasional"),
            (false, true) => Some("small-loyal"),
            (false, false) => Some("small-occasional"),
        }
    })
}

fn interest(rows: &[Row], themes: &[&str], places: &[&str], visits: i64) -> Members {
    let lower = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| word.to_lowercase()).collect() };
    let (themes, places) = (lower(themes), lower(places));
    members(rows, |row| {
        let likes = themes.contains(&row["favourite-theme"].to_lowercase())
            || places.contains(&row["favourite-destination"].to_lowercase());
        let looks = count(row, "views-30d") + count(row, "searches-30d") >= visits;
        likes.then_some(if looks { "looking-around" } else { "fond" })
    })
}

fn sea() -> Value {
    json!({"themes": ["beach"], "destinations": ["三亚", "bali"], "visits": 2})
}

fn exported(client: &Client) -> Vec<Row> {
    intake::facts(client).into_values().collect()
}

fn four_rules_equal_an_independent_computation(database: Database) {
    let (_server, client) = populated(database);
    for (binding, plugin, config) in [
        ("rfm", "rfm", json!({})),
        ("lifecycle", "lifecycle", json!({})),
        ("value-quadrants", "value-quadrants", json!({})),
        ("interest-family", "interest", json!({})),
        ("interest-sea", "interest", sea()),
    ] {
        bind(&client, binding, &plugins::packed(plugin), config);
    }
    let rows = exported(&client);
    assert!(rows.len() > 400, "{} customers", rows.len());
    let (family, sea) = (
        interest(&rows, &["family", "亲子"], &[], 3),
        interest(&rows, &["beach"], &["三亚", "bali"], 2),
    );
    // `rfm` has a test of its own; here it only stands beside the others
    for (binding, expected, segments) in [
        ("rfm", rfm(&rows), 8),
        ("lifecycle", lifecycle(&rows, 365, 4), 6),
        ("value-quadrants", quadrants(&rows, 80, 2, 365), 4),
        ("interest-family", family.clone(), 2),
        ("interest-sea", sea.clone(), 2),
    ] {
        let kinds: BTreeSet<&String> = expected.values().collect();
        assert!(
            kinds.len() >= segments,
            "segments of {binding} that are empty prove little: {kinds:?}"
        );
        assert_eq!(client.segments_by_customer(binding), expected, "{binding}");
    }

    // groups of several bindings overlap: somebody is in both, and each binding says why
    let both = family
        .keys()
        .find(|id| sea.contains_key(*id))
        .expect("somebody likes both");
    let view = client.get(&format!("/api/v1/customers/{both}")).expect(200);
    let places: BTreeMap<&str, &Value> = view["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["binding"].as_str().unwrap(), place))
        .collect();
    assert_eq!(places.len(), 5, "{view}");
    for (binding, expected) in [("interest-family", &family), ("interest-sea", &sea)] {
        let place = places[binding];
        assert_eq!(place["key"].as_str(), expected.get(both).map(String::as_str), "{place}");
        let texts = &place["reason"]["text"];
        assert!(
            texts["zh-CN"].as_str().is_some_and(|text| text.contains("30 天")) && texts["en"].is_string(),
            "{place}"
        );
    }
    assert_eq!(places["interest-family"]["reason"]["code"], "favourite-theme");
    assert_eq!(places["interest-sea"]["reason"]["code"], "favourite-destination");

    // what staff see of a quadrant
    let segments = client.get("/api/v1/segments").expect(200);
    let policies: BTreeMap<&str, &Value> = segments["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|segment| segment["binding"] == "value-quadrants")
        .map(|segment| (segment["key"].as_str().unwrap(), &segment["policy"]))
        .collect();
    let text = |key: &str, language: &str| policies[key][language].as_str().unwrap_or_default().to_owned();
    assert_eq!(policies.len(), 4);
    assert!(text("large-loyal", "zh-CN").contains("专属客户经理"), "{policies:?}");
    assert!(text("large-loyal", "en").contains("account manager"), "{policies:?}");
    assert!(text("small-occasional", "en").contains("random sample"), "{policies:?}");
    let shown = places["value-quadrants"];
    if let Some(key) = shown["key"].as_str() {
        assert_eq!(
            &&shown["policy"], &policies[key],
            "a customer's page has the same policy"
        );
    }
}

/// Previews the settings, compares the moves with what they should be, activates, and compares again.
fn moves(client: &Client, plugin: &str, config: Value, before: &Members, after: &Members) {
    let digest = bind(client, plugin, &plugins::packed(plugin), json!({}))["digest"].clone();
    assert_eq!(&client.segments_by_customer(plugin), before);
    let request = json!({"digest": digest, "config": config, "name": plugin});
    let preview = client.post("/api/v1/segmentation/preview", &request).expect(200);
    let id = preview["id"].as_str().unwrap();
    let moved: BTreeMap<String, (Option<String>, Option<String>)> = client
        .all(&format!("/api/v1/segmentation/previews/{id}/moves"))
        .iter()
        .map(|one| {
            let side = |key: &str| one[key].as_str().map(str::to_owned);
            (side("customer_id").unwrap(), (side("from"), side("to")))
        })
        .collect();
    let everyone: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let expected: BTreeMap<_, _> = everyone
        .into_iter()
        .map(|id| (id.clone(), (before.get(id).cloned(), after.get(id).cloned())))
        .filter(|(_, (from, to))| from != to)
        .collect();
    assert!(!expected.is_empty(), "{plugin}: settings that move nobody show nothing");
    assert_eq!(moved, expected, "{plugin}");
    assert_eq!(preview["changed"].as_u64(), Some(expected.len() as u64));
    bind(client, plugin, &plugins::packed(plugin), config);
    assert_eq!(&client.segments_by_customer(plugin), after, "{plugin}");
}

fn other_settings_move_whom_they_should(database: Database) {
    let (_server, client) = populated(database);
    let rows = exported(&client);
    moves(
        &client,
        "lifecycle",
        json!({"at_risk_days": 240, "mature_trips": 3}),
        &lifecycle(&rows, 365, 4),
        &lifecycle(&rows, 240, 3),
    );
    moves(
        &client,
        "value-quadrants",
        json!({"large_percentile": 55, "loyal_trips": 3, "loyal_days": 200}),
        &quadrants(&rows, 80, 2, 365),
        &quadrants(&rows, 55, 3, 200),
    );
    moves(
        &client,
        "interest",
        json!({"themes": ["family", "SNOW"], "destinations": ["Kyoto"], "visits": 1}),
        &interest(&rows, &["family", "亲子"], &[], 3),
        &interest(&rows, &["family", "snow"], &["kyoto"], 1),
    );
}

fn settings_are_described_and_contradictions_refused(database: Database) {
    let (_server, client) = populated(database);
    for (plugin, contradiction, sentence, out_of_bounds) in [
        (
            "lifecycle",
            json!({"at_risk_days": 400, "lost_days": 410}),
            "/lost_days: lost_days is 410; it has to be at_risk_days and stay_days together, 430, or more",
            json!({"stay_days": 6}),
        ),
        (
            "value-quadrants",
            json!({"loyal_trips": 1, "loyal_days": 730}),
            "everyone who travelled in 24 months is loyal",
            json!({"large_percentile": 82}),
        ),
        (
            "interest",
            json!({"themes": []}),
            "themes and destinations are both empty",
            json!({"themes": [""]}),
        ),
    ] {
        let digest = client.admit(&plugins::packed(plugin));
        let path = format!("/api/v1/bindings/segmentation/{plugin}");
        let put = |config: &Value| client.put(&path, &json!({"digest": digest, "config": config}));
        let refused = put(&contradiction);
        assert_eq!(refused.problem(422), "bad_config", "{plugin}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(sentence), "{detail}");
        assert_eq!(put(&out_of_bounds).problem(422), "bad_config", "{plugin}");
        assert_eq!(client.get(&path).status, 404, "nothing is bound");

        let described = client.get(&format!("/api/v1/plugins/{digest}")).expect(200);
        let schema = match &described["config_schema"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        for (name, setting) in schema["properties"].as_object().unwrap() {
            let chinese = &setting["x-zh-CN"];
            let texts = [
                &setting["title"],
                &setting["description"],
                &chinese["title"],
                &chinese["description"],
            ];
            assert!(texts.iter().all(|text| text.is_string()), "{plugin}: {name}: {setting}");
            assert!(!setting["default"].is_null(), "{plugin}: {name}: {setting}");
            let bounded = setting["maximum"].is_number() || setting["maxItems"].is_number();
            assert!(bounded, "{plugin}: {name}: {setting}");
        }
    }
}

fn the_rows_of_a_call_are_a_setting(database: Database) {
    let options = Options {
        clock: CLOCK,
        env: vec![("POSTHOUSE_PLUGINS__LIMITS__CHUNK_ROWS", "16".into())],
    };
    let server = Server::start(database, options);
    let client = server.agency("small-calls");
    let all = segments::purchases(100);
    assert_eq!(
        client.import("bookings", segments::file(&all).as_bytes())["rejected"],
        0
    );
    let bound = bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    assert_eq!(bound["diff"]["customers"], 100, "{bound}");
    expected::compare(&client, "rfm", &all, TODAY);
}
