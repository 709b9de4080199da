//! What can be learnt of all customers together, against slow computations from the export of facts.

use super::intake::facts;
use super::segments::date;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(the_pareto_view_equals_a_slow_computation);

const TODAY: i64 = 20_468;

/// A few hundred customers with prices and, mostly, costs; some sell at a loss, some never booked.
fn file() -> String {
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
