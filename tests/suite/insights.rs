//! What can be learnt of all customers together, against slow computations from the export of facts.

use super::intake::facts;
use super::segments::date;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    the_pareto_view_equals_a_slow_computation,
    loyal_customers_meet_the_indicators_that_are_known,
    the_rfm_map_equals_a_slow_computation,
);

pub(crate) const TODAY: i64 = 20_468;

/// A few hundred customers with prices and, mostly, costs; some sell at a loss, some never booked.
pub(crate) fn file() -> String {
    let mut state = 0x853c_49e6_748f_ea9b_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut file = String::from("customer_member_no,booked_at,amount,cost,status\n");
    for customer in 0..333 {
        let wealth = 1 + next(20) * next(20);
        for _ in 0..next(5) {
            let amount = wealth * (1 + next(900));
            let cost = match next(4) {
                0 => String::new(),
                _ => (amount * (60 + next(50)) / 100).to_string(),
            };
            let status = if next(9) == 0 { "cancelled" } else { "paid" };
            let day = date(TODAY - next(1000) as i64);
            file += &format!("C{customer},{day},{amount},{cost},{status}\n");
        }
    }
    file
}

fn shares(found: &Value, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12, "{what}: {found} {expected}"),
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

fn the_pareto_view_equals_a_slow_computation(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("pareto");
    let empty = client.get("/api/v1/insights/pareto").expect(200);
    assert_eq!(
        (&empty["customers"], &empty["points"], &empty["four_fifths"]),
        (&json!(0), &json!([]), &Value::Null)
    );
    client.import("bookings", file().as_bytes());
    client.import("customers", b"member_no\nNEVER\n");
    let all = facts(&client);
    for (window, spend, margin) in [
        ("12m", "spend-12m", Some("margin-12m")),
        ("24m", "spend-24m", None),
        ("total", "spend-total", None),
    ] {
        compare(&client, &all, ("spend", window), (spend, margin), margin);
    }
    compare(
        &client,
        &all,
        ("margin", "12m"),
        ("margin-12m", Some("spend-12m")),
        Some("margin-12m"),
    );
    let get = |query: &str| client.get(&format!("/api/v1/insights/pareto?{query}"));
    assert_eq!(get("by=margin&window=24m").problem(422), "margin_window");
    assert_eq!(get("window=36m").problem(422), "bad_window");
    assert_eq!(get("by=luck").problem(422), "bad_measure");
}

fn compare(
    client: &Client,
    all: &BTreeMap<String, BTreeMap<String, String>>,
    (by, window): (&str, &str),
    (ranked, beside): (&str, Option<&str>),
    margin: Option<&str>,
) {
    let money =
        |row: &BTreeMap<String, String>, key: Option<&str>| key.map_or(0, |key| row[key].parse::<i64>().unwrap());
    let mut people: Vec<(i64, i64)> = all
        .values()
        .map(|row| (money(row, Some(ranked)), money(row, beside)))
        .collect();
    people.retain(|pair| *pair != (0, 0));
    people.sort_by_key(|pair| (-pair.0, -pair.1));
    let sum = |n: usize, pick: fn(&(i64, i64)) -> i64| people.iter().take(n).map(pick).sum::<i64>();
    let n = people.len();
    assert!(n > 100 && n < all.len());
    let view = client
        .get(&format!("/api/v1/insights/pareto?window={window}&by={by}"))
        .expect(200);
    assert_eq!(
        (&view["window"], &view["by"], &view["day"], &view["currency"]),
        (&json!(window), &json!(by), &json!("2026-01-15"), &json!("CNY"))
    );
    assert_eq!(
        (&view["customers"], &view["excluded"]),
        (&json!(n), &json!(all.len() - n))
    );
    let other = if by == "spend" { "margin" } else { "spend" };
    let points = view["points"].as_array().unwrap();
    assert_eq!(points.len(), 100);
    for (position, point) in points.iter().enumerate() {
        let customers = (n as f64 * (position + 1) as f64 / 100.0 - 1e-9).ceil() as usize;
        let what = format!("{by} {window} {point}");
        assert_eq!(
            (&point["percent"], &point["customers"]),
            (&json!(position + 1), &json!(customers)),
            "{what}"
        );
        assert_eq!(point[by], json!(sum(customers, |pair| pair.0)), "{what}");
        let known = margin.is_some();
        assert_eq!(
            point[other],
            json!(known.then(|| sum(customers, |pair| pair.1))),
            "{what}"
        );
        let part = |pick: fn(&(i64, i64)) -> i64| Some(sum(customers, pick) as f64 / sum(n, pick) as f64);
        shares(&point[format!("{by}_share")], part(|pair| pair.0), &what);
        shares(
            &point[format!("{other}_share")],
            if known { part(|pair| pair.1) } else { None },
            &what,
        );
    }
    shares(&view["top_fifth_share"], points[19][format!("{by}_share")].as_f64(), by);
    let enough = (1..=n)
        .find(|m| sum(*m, |pair| pair.0) as f64 >= 0.8 * sum(n, |pair| pair.0) as f64)
        .unwrap();
    assert_eq!(view["four_fifths"]["customers"], json!(enough), "{by} {window}");
    shares(&view["four_fifths"]["share"], Some(enough as f64 / n as f64), by);
}

fn loyal_customers_meet_the_indicators_that_are_known(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("loyal");
    client.import("bookings", file().as_bytes());
    let all = facts(&client);
    let number = |row: &BTreeMap<String, String>, key: &str| row[key].parse::<i64>().unwrap();
    // the 80th percentile: the smallest spend that four of five travellers do not exceed
    let mut spends: Vec<i64> = all
        .values()
        .filter(|row| number(row, "trips-24m") > 0)
        .map(|row| number(row, "spend-24m"))
        .collect();
    spends.sort_unstable();
    let enough = |spend: &&i64| spends.iter().filter(|other| other <= spend).count() * 5 >= spends.len() * 4;
    let high = *spends.iter().find(enough).unwrap();
    for (query, trips, spend, at_least) in [
        ("", 2, high, 2),
        ("&at_least=1", 2, high, 1),
        ("&trips=3&spend=400000&at_least=1", 3, 400_000, 1),
        ("&at_least=3", 2, high, 3),
    ] {
        let mut expected = BTreeMap::new();
        let mut by_count = [0; 6];
        let mut met = [0, 0];
        for row in all.values() {
            let signs = [number(row, "trips-24m") >= trips, number(row, "spend-24m") >= spend];
            let names = ["frequency", "spend"]
                .into_iter()
                .zip(signs)
                .filter_map(|(name, met)| met.then_some(name));
            let names: Vec<&str> = names.collect();
            met = [met[0] + i32::from(signs[0]), met[1] + i32::from(signs[1])];
            by_count[names.len()] += 1;
            if names.len() >= at_least {
                expected.insert(row["customer_id"].clone(), names);
            }
        }
        let view = client
            .get(&format!("/api/v1/insights/loyal?limit=1{query}"))
            .expect(200);
        assert_eq!(
            (&view["customers"], &view["loyal"], &view["at_least"], &view["by_count"]),
            (
                &json!(all.len()),
                &json!(expected.len()),
                &json!(at_least),
                &json!(by_count)
            ),
            "{query}"
        );
        let indicators: Vec<(Value, Value, Value)> = view["indicators"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["threshold"].clone(), one["has_source"].clone(), one["met"].clone()))
            .collect();
        let unfed = |threshold: f64| (json!(threshold), json!(false), json!(0));
        assert_eq!(
            indicators,
            [
                (json!(trips as f64), json!(true), json!(met[0])),
                (json!(spend as f64), json!(true), json!(met[1])),
                unfed(4.0),
                unfed(1.0),
                unfed(1.0),
            ],
            "{query}"
        );
        let mut found = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = client
                .get(&format!("/api/v1/insights/loyal?limit=7{query}{cursor}"))
                .expect(200);
            for customer in page["items"].as_array().unwrap() {
                found.insert(
                    customer["customer_id"].as_str().unwrap().to_owned(),
                    customer["met"].clone(),
                );
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let expected: BTreeMap<String, Value> = expected.into_iter().map(|(id, names)| (id, json!(names))).collect();
        assert_eq!(found, expected, "{query}");
        assert!(at_least == 3 || !found.is_empty());
    }
    let get = |query: &str| client.get(&format!("/api/v1/insights/loyal?{query}"));
    assert_eq!(get("trips=-1").problem(422), "bad_threshold");
    assert_eq!(get("satisfaction=NaN").problem(422), "bad_threshold");
    assert_eq!(get("at_least=6").problem(422), "bad_at_least");
    assert_eq!(get("cursor=x").problem(422), "bad_cursor");
}

fn the_rfm_map_equals_a_slow_computation(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("rfm");
    let empty = client.get("/api/v1/insights/rfm").expect(200);
    assert_eq!(
        (&empty["customers"], empty["cells"].as_array().unwrap().len()),
        (&json!(0), 25)
    );
    client.import("bookings", file().as_bytes());
    client.import("customers", b"member_no\nNEVER\n");
    let all = facts(&client);
    let number = |row: &BTreeMap<String, String>, key: &str| row[key].parse::<i64>().unwrap();
    let guests: Vec<(i64, i64, i64)> = all
        .values()
        .filter(|row| number(row, "trips-24m") > 0)
        .map(|row| {
            (
                number(row, "recency-days"),
                number(row, "trips-24m"),
                number(row, "spend-24m"),
            )
        })
        .collect();
    // of those who travelled, how many fifths lie below somebody
    let fifth = |of: fn(&(i64, i64, i64)) -> i64, value: i64| {
        let mut values: Vec<i64> = guests.iter().map(of).collect();
        values.sort_unstable();
        let edge = |j: usize| values[(j * values.len()).div_ceil(5) - 1];
        1 + (1..5).filter(|j| edge(*j) < value).count()
    };
    let mut expected: BTreeMap<(usize, usize), (u64, i64, usize)> = BTreeMap::new();
    for guest in &guests {
        let place = (6 - fifth(|guest| guest.0, guest.0), fifth(|guest| guest.1, guest.1));
        let cell = expected.entry(place).or_default();
        *cell = (cell.0 + 1, cell.1 + guest.2, cell.2 + fifth(|guest| guest.2, guest.2));
    }
    let map = client.get("/api/v1/insights/rfm").expect(200);
    assert_eq!(map["customers"], json!(guests.len()));
    assert_eq!(map["others"], json!(all.len() - guests.len()));
    for cell in map["cells"].as_array().unwrap() {
        let place = (
            cell["recency"].as_u64().unwrap() as usize,
            cell["frequency"].as_u64().unwrap() as usize,
        );
        let (customers, spend, money) = expected.get(&place).copied().unwrap_or_default();
        assert_eq!(
            (&cell["customers"], &cell["spend"]),
            (&json!(customers), &json!(spend)),
            "{cell}"
        );
        let mean = (customers > 0).then(|| (money * 100 / customers as usize) as f64 / 100.0);
        shares(&cell["money"], mean, "money");
        // the cell's bounds lead to the same customers
        if customers > 0 {
            let bound = |key: &str| cell[key].as_i64().map(|bound| bound.to_string()).unwrap_or_default();
            let fact = |key: &str, from: &str, to: &str| format!("fact={key}:{}..{}", bound(from), bound(to));
            let path = format!(
                "/api/v1/customers?limit=1&{}&{}",
                fact("recency-days", "recency_days_from", "recency_days_to"),
                fact("trips-24m", "trips_from", "trips_to")
            );
            assert_eq!(client.get(&path).expect(200)["total"], json!(customers), "{path}");
        }
    }
}
